"""Paints what stands still in a chart: the card, title, legend without figures, grid, words of the vertical axis."""

from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from desktop_app.domain.curves import Form
from desktop_app.ui.widgets.chart_axis import time_ticks
from desktop_app.ui.widgets.chart_heat import row_edges
from desktop_app.ui.widgets.chart_layout import TICK_GAP, Layout, more_words
from desktop_app.ui.widgets.chart_look import ChartLook, height_of, width_of
from desktop_app.ui.widgets.chart_paint import paint_swatch
from desktop_app.ui.widgets.chart_scene import Scene
from desktop_app.ui.widgets.chart_words import labels, nothing_words

ROUND = 10
"""Of the corners of a card, logical pixels."""
_MIDDLE_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_MIDDLE_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


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
    painter.drawText(layout.title, int(_MIDDLE_LEFT | Qt.TextFlag.TextWordWrap), scene.chart.title)
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
    for tick in time_ticks(scene.scale, scene.span, scene.wall, axis, partial(width_of, look.axis)):
        room = QRectF(tick.left, axis.top(), width_of(look.axis, tick.words) + 1, axis.height())
        if covered is None or not room.intersects(covered):
            painter.drawText(room, _MIDDLE_LEFT, tick.words)
        painter.fillRect(QRectF(round(scene.scale.x(tick.at)), floor, 1, 4), look.line)


def elided(painter: QPainter, text: str, room: QRectF) -> str:
    """*text* with … where it has no room."""
    return QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, room.width())


def _paint_legend(painter: QPainter, scene: Scene, look: ChartLook) -> None:
    layout, heat = scene.layout, scene.chart.form is Form.HEAT
    words = labels(scene.chart)
    for entry in layout.entries:
        if heat and not entry.swatch.isEmpty():
            _paint_ramp(painter, entry.swatch, look)
        elif not entry.swatch.isEmpty():
            paint_swatch(painter, entry.item, entry.swatch, look, area=scene.chart.form is Form.STACK)
        painter.setFont(look.label)
        painter.setPen(look.second)
        painter.drawText(entry.label, _MIDDLE_LEFT, elided(painter, words[entry.item], entry.label))
    if layout.hidden:
        painter.drawText(layout.more, _MIDDLE_LEFT, more_words(layout.hidden))


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
        painter.drawText(QRectF(0, y - height / 2, plot.left() - TICK_GAP, height), _MIDDLE_RIGHT, tick.words)


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
