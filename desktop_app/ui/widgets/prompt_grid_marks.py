"""The shapes before the words of a mark: each can be told from the others without its colour."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.prompt_grid_words import Mark, Shape

SHAPE = 12
"""Logical pixels across at the usual size of words."""
GAP = 5
"""Between shape and word."""


def paint_shape(painter: QPainter, centre: QPointF, shape: Shape, colour: QColor, scale: float = 1.0) -> None:
    """Paint *shape*, *scale* times twelve logical pixels across."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(centre)
    painter.scale(scale, scale)
    pen = QPen(colour, 1.7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _paint(painter, shape, colour)
    painter.restore()


def _paint(painter: QPainter, shape: Shape, colour: QColor) -> None:
    if shape is Shape.TICK:
        painter.drawPolyline(_points((-4, 0.4), (-1.2, 3.4), (4.2, -3.4)))
    elif shape is Shape.CROSS:
        painter.drawLine(QPointF(-3.4, -3.4), QPointF(3.4, 3.4))
        painter.drawLine(QPointF(3.4, -3.4), QPointF(-3.4, 3.4))
    elif shape is Shape.QUESTION:
        painter.drawArc(QRectF(-2.8, -5, 5.6, 5.4), 180 * 16, -230 * 16)
        painter.drawLine(QPointF(0, 0.8), QPointF(0, 1.6))
        painter.drawPoint(QPointF(0, 4.6))
    elif shape is Shape.CLOCK:
        painter.drawEllipse(QPointF(0, 0), 4.8, 4.8)
        painter.drawPolyline(_points((0, -2.6), (0, 0.2), (2.1, 1.6)))
    elif shape is Shape.TRIANGLE:
        painter.drawPolygon(_points((0, -4.6), (5.2, 4.2), (-5.2, 4.2)))
        painter.drawLine(QPointF(0, -1.2), QPointF(0, 1.2))
        painter.drawPoint(QPointF(0, 2.9))
    elif shape is Shape.SQUARE:
        painter.drawRoundedRect(QRectF(-3.8, -3.8, 7.6, 7.6), 1.5, 1.5)
    elif shape is Shape.DOTS:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for x in (-4, 0, 4):
            painter.drawEllipse(QPointF(x, 0), 1.4, 1.4)


def _points(*at: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in at])


class MarkLabel(QWidget):
    """A mark as a widget: its shape and its word."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._mark = Mark(Shape.NONE, "", "second")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def mark(self) -> Mark:
        """What is shown."""
        return self._mark

    def show_mark(self, mark: Mark) -> None:
        """Show another one; nothing at all without words."""
        self._mark = mark
        self.setAccessibleName(mark.words)
        self.setVisible(bool(mark.words))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As large as its word."""
        metrics = QFontMetricsF(self.font())
        width = metrics.horizontalAdvance(self._mark.words) + self._theme.scaled(SHAPE + GAP) + 2
        return QSize(round(width + 0.5), round(metrics.height() + 0.5))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw shape and word."""
        painter = QPainter(self)
        colour, scale = QColor(getattr(self._theme.tokens, self._mark.tone)), self._theme.text_scale
        paint_shape(painter, QPointF(SHAPE / 2 * scale, self.height() / 2), self._mark.shape, colour, scale)
        painter.setPen(colour)
        rest = self.rect().adjusted(self._theme.scaled(SHAPE + GAP), 0, 0, 0)
        painter.drawText(rest, int(Qt.AlignmentFlag.AlignVCenter), self._mark.words)

    def _dress(self) -> None:
        self.setFont(self._theme.body_font(9, self._theme.body_font().Weight.DemiBold))
        self.updateGeometry()
        self.update()
