"""Small shapes of the list of models: a star, a padlock, and a verdict's shape as an icon."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from desktop_app.domain.fit import Verdict
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.fit_badge import badge_colours, paint_shape

SHAPE = 14
"""Pixels of an icon, both ways, at the usual size of words."""

_STAR = (
    (6, 0.8),
    (7.6, 4.3),
    (11.4, 4.7),
    (8.6, 7.2),
    (9.4, 11),
    (6, 9),
    (2.6, 11),
    (3.4, 7.2),
    (0.6, 4.7),
    (4.4, 4.3),
)


def verdict_icon(verdict: Verdict, theme: Theme) -> QIcon:
    """The verdict's shape in its own colour."""
    icon, side = QIcon(), theme.grown(SHAPE)
    for ratio in (1, 2):
        pixmap = QPixmap(QSize(side, side) * ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        pixmap.setDevicePixelRatio(ratio)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_shape(painter, QPointF(side / 2, side / 2), verdict, badge_colours(verdict, theme)[0], side / SHAPE)
        painter.end()
        icon.addPixmap(pixmap)
    return icon


def draw_star(painter: QPainter, corner: QPointF, colour: QColor) -> None:
    """A star of 12 pixels: the suggestion."""
    path = QPainterPath(corner + QPointF(*_STAR[0]))
    for x, y in _STAR[1:]:
        path.lineTo(corner + QPointF(x, y))
    path.closeSubpath()
    painter.fillPath(path, colour)


def draw_lock(painter: QPainter, corner: QPointF, colour: QColor) -> None:
    """A padlock of 12 pixels: its owner must be asked."""
    painter.setPen(QPen(colour, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(corner.x() + 3.2, corner.y() + 0.9, 5.6, 7), 0, 180 * 16)
    path = QPainterPath()
    path.addRoundedRect(QRectF(corner.x() + 1.8, corner.y() + 5, 8.4, 6.2), 1.4, 1.4)
    painter.fillPath(path, colour)
