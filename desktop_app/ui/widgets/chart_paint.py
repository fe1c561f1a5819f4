"""Paints curves: lines with their shapes, the area of a single one, stacks.

How it is done was chosen with a stopwatch, for 600 values: points are handed to Qt as one block of bytes, 27 µs instead
of 245. A line of one pixel is drawn antialiased without its outline being computed, 50 to 250 µs instead of 1,400 to
25,000 at 1.5 pixels, so that a thicker one is several thin ones. Areas are not antialiased: a line is their edge.
"""

import sys
from array import array
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QByteArray, QDataStream, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from desktop_app.ui.widgets.basics import mixed
from desktop_app.ui.widgets.chart_axis import Scale
from desktop_app.ui.widgets.chart_data import Track, stacked
from desktop_app.ui.widgets.chart_look import ChartLook

_THICK = 1.7
"""Of a line, logical pixels."""
_MARKER = 7.0
_MARKERS = 5
"""Shapes on a curve, about; those of other curves stand elsewhere, so that none hides another."""
_SOFT = 0.16
"""How much of the colour of a single curve its area has."""
_BYTES_OF_A_POINT = 16


def polygon(columns: Sequence[float], values: Sequence[float]) -> QPolygonF:
    """Points with these coordinates."""
    points = array("d", bytes(_BYTES_OF_A_POINT * len(values)))
    points[0::2], points[1::2] = array("d", columns), array("d", values)
    stream = QDataStream(QByteArray(len(values).to_bytes(4, sys.byteorder) + points.tobytes()))
    little = sys.byteorder == "little"
    stream.setByteOrder(QDataStream.ByteOrder.LittleEndian if little else QDataStream.ByteOrder.BigEndian)
    made = QPolygonF()
    stream >> made
    return made


def paint_lines(painter: QPainter, tracks: Sequence[Track], scale: Scale, look: ChartLook) -> None:
    """All curves, the first one on top; a single one with its area."""
    painter.save()
    painter.setClipRect(scale.plot.adjusted(0, -2, 1, 1))
    if len(tracks) == 1:
        colour = mixed(look.colour(0), look.card, _SOFT)
        _paint_area(painter, tracks[0], scale, colour)
    for number in reversed(range(len(tracks))):
        paint_line(painter, tracks[number], scale, look.colour(number))
    if len(tracks) > 1:
        for number in reversed(range(len(tracks))):
            _paint_markers(painter, number, tracks, scale, look)
    painter.restore()


def paint_stack(painter: QPainter, tracks: Sequence[Track], scale: Scale, look: ChartLook) -> None:
    """Each curve as an area on those before it."""
    painter.save()
    painter.setClipRect(scale.plot.adjusted(0, -2, 1, 1))
    on_top = stacked(tracks)
    for number in reversed(range(len(on_top))):
        # What lies below is painted over this one.
        _paint_area(painter, on_top[number], scale, look.area(number))
        _paint_area(painter, on_top[number], scale, None, look, number)
        paint_line(painter, on_top[number], scale, look.colour(number))
    painter.restore()


def paint_line(painter: QPainter, track: Track, scale: Scale, colour: QColor) -> None:
    """One curve; where it is unknown there is nothing."""
    ratio = painter.device().devicePixelRatioF()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, 1)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    passes = max(2, round(_THICK * ratio))
    for points in _lines(track, scale):
        for number in range(passes):
            away = (number - (passes - 1) / 2) * _THICK / (passes * ratio) * 1.1
            painter.drawPolyline(points.translated(away * 0.7, away))


def paint_dots(painter: QPainter, places: Sequence[tuple[int, QPointF]], look: ChartLook) -> None:
    """The shapes of curves at the places where they are read."""
    for number, place in places:
        _stamp(painter, number, place, _MARKER + 2, look)


def _stamp(painter: QPainter, number: int, middle: QPointF, size: float, look: ChartLook) -> None:
    stamp = look.stamp(number, size, painter.device().devicePixelRatioF())
    half = stamp.deviceIndependentSize().width() / 2
    painter.drawPixmap(QPointF(middle.x() - half, middle.y() - half), stamp)


def _paint_markers(painter: QPainter, number: int, tracks: Sequence[Track], scale: Scale, look: ChartLook) -> None:
    window, track = scale.window, tracks[number]
    every = max(1, round(window.count / _MARKERS))
    # At columns of all time, so that they walk with the curve.
    begin = (number * every // len(tracks) - window.first) % every
    stamp = look.stamp(number, _MARKER, painter.device().devicePixelRatioF())
    half, width = stamp.deviceIndependentSize().width() / 2, scale.column_width
    left = scale.plot.left() - half
    for column in range(begin, window.count, every):
        value = track.at(column)
        if value is not None:
            painter.drawPixmap(QPointF(left + column * width, scale.y(value) - half), stamp)


def _paint_area(
    painter: QPainter,
    track: Track,
    scale: Scale,
    colour: QColor | None,
    look: ChartLook | None = None,
    number: int = 0,
) -> None:
    """What lies below a curve, in *colour* or with the hatch of curve *number*."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour if colour is not None or look is None else look.hatch(number))
    for points in _lines(track, scale):
        floor = scale.plot.bottom()
        points.append(QPointF(points.last().x(), floor))
        points.append(QPointF(points.first().x(), floor))
        painter.drawPolygon(points)


def _lines(track: Track, scale: Scale) -> Iterator[QPolygonF]:
    """The points of each run of *track* in the plot; one that is alone becomes a short line."""
    width = scale.column_width
    place = QTransform(width, 0, 0, -scale.plot.height() / scale.top, scale.plot.left(), scale.plot.bottom())
    for begin, end in track.runs:
        columns: Sequence[float] = _COLUMNS[begin:end]
        values: Sequence[float] = track.values[begin:end]
        if end - begin == 1:
            reach = max(0.5, 1.5 / width)
            columns, values = (begin - reach, begin + reach), (values[0], values[0])
        yield place.map(polygon(columns, values))


_COLUMNS = array("d", range(4096))
"""More than a history has buckets."""


def paint_swatch(painter: QPainter, number: int, room: QRectF, look: ChartLook, *, area: bool) -> None:
    """The colour and the shape of a curve for the legend."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = room.center()
    if area:
        side = room.width()
        square = QRectF(room.left(), middle.y() - side / 2, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        for brush in (look.area(number), look.hatch(number)):
            painter.setBrush(brush)
            painter.drawRect(square)
        painter.setPen(QPen(look.colour(number), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(square)
        return
    painter.setPen(QPen(look.colour(number), 2))
    painter.drawLine(QPointF(room.left(), middle.y()), QPointF(room.right(), middle.y()))
    _stamp(painter, number, middle, _MARKER, look)
