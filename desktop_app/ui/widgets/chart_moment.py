"""Paints what changes most often in a chart: the figures of its legend, and the moment at which the curves are read."""

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from desktop_app.domain.curves import Form
from desktop_app.ui.widgets.chart_ground import paint_time
from desktop_app.ui.widgets.chart_heat import row_edges
from desktop_app.ui.widgets.chart_look import ChartLook, height_of, width_of
from desktop_app.ui.widgets.chart_paint import paint_dots
from desktop_app.ui.widgets.chart_scene import Scene

_PAD = 8
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


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
    painter.setPen(QPen(look.second, 1))
    edge = round(x) + 0.5
    painter.drawLine(QLineF(edge, plot.top(), edge, plot.bottom()))
    if scene.chart.form is Form.HEAT:
        if row is not None:
            edges = row_edges(plot, len(scene.chart.curves))
            painter.setPen(QPen(look.text, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            high = max(5.0, edges[row + 1] - edges[row])
            middle = (edges[row + 1] + edges[row]) / 2
            painter.drawRect(QRectF(x - 3, middle - high / 2, 6, high))
    else:
        paint_dots(painter, _dots(scene, column, x), look)
    _paint_words(painter, scene, x, words, look)


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
