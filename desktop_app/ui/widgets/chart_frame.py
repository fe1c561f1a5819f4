"""Paints what is around curves, and what is read of them: card, title, legend, axes; figures, dots at a moment.

What stands still is painted once (`paint_ground`); the figures of the legend and the moment change most often.
"""

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from desktop_app.domain.curves import Form
from desktop_app.ui.widgets.chart_heat import row_edges
from desktop_app.ui.widgets.chart_layout import TICK_GAP, Layout, more_words
from desktop_app.ui.widgets.chart_look import ChartLook, height_of, width_of
from desktop_app.ui.widgets.chart_paint import paint_dots, paint_swatch
from desktop_app.ui.widgets.chart_scene import Scene
from desktop_app.ui.widgets.chart_words import nothing_words

ROUND = 10
"""Of the corners of a card, logical pixels."""
_PAD = 8
"""Left and right of the words that tell the moment, logical pixels."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def paint_ground(painter: QPainter, scene: Scene, size: QSizeF, look: ChartLook) -> None:
    """All of it, opaque."""
    layout = scene.layout
    painter.fillRect(QRectF(QPointF(0, 0), size), look.ground)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look.line, 1))
    painter.setBrush(look.card)
    painter.drawRoundedRect(QRectF(QPointF(0, 0), size).adjusted(0.5, 0.5, -0.5, -0.5), ROUND, ROUND)
    painter.setPen(look.text)
    painter.setFont(look.title)
    painter.drawText(layout.title, int(_LEFT | Qt.TextFlag.TextWordWrap), scene.chart.title)
    if not layout.help.isEmpty():
        painter.drawPixmap(layout.help.topLeft(), look.help)
    if scene.known:
        _paint_legend(painter, scene, look)
        _paint_grid(painter, scene, look)
        if scene.timed:
            paint_time(painter, scene, look)
    else:
        _paint_nothing(painter, scene, size, look)


def paint_time(painter: QPainter, scene: Scene, look: ChartLook, covered: QRectF | None = None) -> None:
    """Words of the time axis; those that something covers are left out."""
    painter.setFont(look.axis)
    painter.setPen(look.second)
    axis, floor = scene.layout.axis, scene.layout.plot.bottom()
    for tick in scene.times:
        room = QRectF(tick.left, axis.top(), width_of(look.axis, tick.words) + 1, axis.height())
        if covered is None or not room.intersects(covered):
            painter.drawText(room, _LEFT, tick.words)
        painter.fillRect(QRectF(round(scene.scale.x(tick.at)), floor, 1, 4), look.line)


def elided(painter: QPainter, text: str, room: QRectF) -> str:
    """*text* with … where it has no room."""
    return QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, room.width())


def _paint_legend(painter: QPainter, scene: Scene, look: ChartLook) -> None:
    layout, heat = scene.layout, scene.chart.form is Form.HEAT
    for entry in layout.entries:
        if heat and not entry.swatch.isEmpty():
            _paint_ramp(painter, entry.swatch, look)
        elif not entry.swatch.isEmpty():
            paint_swatch(painter, entry.item, entry.swatch, look, area=scene.chart.form is Form.STACK)
        painter.setFont(look.label)
        painter.setPen(look.second)
        painter.drawText(entry.label, _LEFT, elided(painter, entry.words, entry.label))
    if layout.hidden:
        painter.drawText(layout.more, _LEFT, more_words(layout.hidden))


def _paint_ramp(painter: QPainter, room: QRectF, look: ChartLook) -> None:
    height, width = room.height() * 0.6, room.width() / len(look.shades)
    for number, shade in enumerate(look.shades):
        place = QRectF(room.left() + number * width, room.center().y() - height / 2, width + 0.5, height)
        painter.fillRect(place, shade)


def _paint_grid(painter: QPainter, scene: Scene, look: ChartLook) -> None:
    plot, heat = scene.layout.plot, scene.chart.form is Form.HEAT
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setFont(look.axis)
    edges = row_edges(plot, len(scene.chart.curves)) if heat else []
    for tick in scene.ticks:
        row = int(tick.value)
        y = (edges[row] + edges[row + 1]) / 2 if heat else scene.scale.y(tick.value)
        if not heat:
            painter.fillRect(QRectF(plot.left(), round(y), plot.width(), 1), look.line)
        height = height_of(look.axis)
        painter.setPen(look.second)
        painter.drawText(QRectF(0, y - height / 2, plot.left() - TICK_GAP, height), _RIGHT, tick.words)


def _paint_nothing(painter: QPainter, scene: Scene, size: QSizeF, look: ChartLook) -> None:
    painter.setFont(look.label)
    painter.setPen(look.second)
    room = nothing_room(scene.layout, size)
    align = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
    painter.drawText(room, align, nothing_words(scene.chart, scene.span))


def nothing_room(layout: Layout, size: QSizeF) -> QRectF:
    """Where it is said why there is nothing to see."""
    return QRectF(
        layout.axis.left(), layout.title.bottom(), layout.axis.width(), size.height() - 2 * layout.title.bottom()
    )


def paint_figures(painter: QPainter, scene: Scene, texts: Sequence[str], changed: QRectF, look: ChartLook) -> None:
    """The figures of the legend that lie in *changed*."""
    for entry in scene.layout.entries:
        if not entry.figure.intersects(changed):
            continue
        painter.setFont(look.large if entry.large else look.figure)
        painter.setPen(look.text)
        painter.drawText(entry.figure, _RIGHT if entry.large else _LEFT, texts[entry.item])


def paint_moment(painter: QPainter, scene: Scene, column: int, row: int | None, words: str, look: ChartLook) -> None:
    """A line at *column*, a shape on each curve, and *words* below; in a heat map a frame around the place in *row*."""
    plot = scene.layout.plot
    x = scene.scale.x(scene.scale.window.time(column))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    heat, edge = scene.chart.form is Form.HEAT, round(x) + 0.5
    line = QLineF(edge, plot.top(), edge, plot.bottom())
    for colour, width in ((look.card, 3), (look.second, 1)) if heat else ((look.second, 1),):
        painter.setPen(QPen(colour, width))
        painter.drawLine(line)
    if not heat:
        paint_dots(painter, _dots(scene, column, x), look)
    elif row is not None:
        _paint_place(painter, scene, row, x, look)
    _paint_words(painter, scene, x, words, look)


def _paint_place(painter: QPainter, scene: Scene, row: int, x: float, look: ChartLook) -> None:
    """A frame that can be seen on every shade."""
    edges = row_edges(scene.layout.plot, len(scene.chart.curves))
    middle, high = (edges[row + 1] + edges[row]) / 2, max(5.0, edges[row + 1] - edges[row])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((look.card, 4.0), (look.text, 1.5)):
        painter.setPen(QPen(colour, width))
        painter.drawRect(QRectF(x - 4, middle - high / 2, 8, high))


def _dots(scene: Scene, column: int, x: float) -> list[tuple[int, QPointF]]:
    """Where the curves are at *column*; in a stack, how high they are together."""
    made, below = [], 0.0
    for number, track in enumerate(scene.tracks):
        value = track.at(column)
        if value is not None:
            below = below + value if scene.chart.form is Form.STACK else value
            y = max(scene.layout.plot.top(), scene.scale.y(below))
            made.append((number, QPointF(x, y)))
    return list(reversed(made))


def _paint_words(painter: QPainter, scene: Scene, x: float, words: str, look: ChartLook) -> None:
    axis = scene.layout.axis
    text = QFontMetricsF(look.axis).elidedText(words, Qt.TextElideMode.ElideRight, axis.width() - 2 * _PAD)
    width = width_of(look.axis, text) + 2 * _PAD
    left = min(max(axis.left(), x - width / 2), axis.right() - width)
    room = QRectF(left, axis.top(), width, height_of(look.axis) + 3)
    painter.fillRect(axis, look.card)
    paint_time(painter, scene, look, room)
    painter.setPen(QPen(look.line, 1))
    painter.setBrush(look.hover)
    painter.drawRoundedRect(room, room.height() / 2, room.height() / 2)
    painter.setFont(look.axis)
    painter.setPen(look.text)
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
