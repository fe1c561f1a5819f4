"""Steps of a long work, as a column: done, at work, still to come. In shape and words, not in colour alone."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.ui.theme import Theme

_ROW = 30
_DOT = 16


class StepList(QWidget):
    """Draws the steps; `show_step()` says which one is at work."""

    def __init__(self, theme: Theme, steps: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._steps = tuple(steps)
        self._current = -1
        self._detail = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Steps")
        theme.changed.connect(self.update)

    def show_step(self, current: int, detail: str = "") -> None:
        """Step *current* (from 0) is at work; all before it are done. *detail* stands at its right."""
        if (current, detail) == (self._current, self._detail):
            return
        if current != self._current:
            words = f"Step {current + 1} of {len(self._steps)}: {self._steps[current]}" if current >= 0 else ""
            self.setAccessibleDescription(words)
        self._current, self._detail = current, detail
        self.update()

    def sizeHint(self) -> QSize:
        """One row for each step."""
        return QSize(320, _ROW * len(self._steps))

    def minimumSizeHint(self) -> QSize:
        """Rows keep their height."""
        return QSize(200, _ROW * len(self._steps))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw every row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, text in enumerate(self._steps):
            self._paint_row(painter, index, text)

    def _paint_row(self, painter: QPainter, index: int, text: str) -> None:
        tokens = self._theme.tokens
        top = index * _ROW
        centre = QPointF(_DOT / 2 + 2, top + _ROW / 2)
        done, now = index < self._current, index == self._current
        if index + 1 < len(self._steps):
            painter.setPen(QPen(QColor(tokens.good if done else tokens.line), 2))
            painter.drawLine(centre + QPointF(0, _DOT / 2 + 2), centre + QPointF(0, _ROW - _DOT / 2 - 2))
        self._paint_dot(painter, centre, done, now)
        font = self._theme.body_font(10.5)
        font.setWeight(font.Weight.DemiBold if now else font.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text if done or now else tokens.second))
        left = _DOT + 16
        detail = self._detail if now else ""
        room = painter.fontMetrics().horizontalAdvance(text)
        painter.drawText(QRectF(left, top, self.width() - left, _ROW), Qt.AlignmentFlag.AlignVCenter, text)
        if detail:
            painter.setFont(self._theme.figures_font(9.5))
            painter.setPen(QColor(tokens.second))
            rect = QRectF(left + room + 16, top, self.width() - left - room - 18, _ROW)
            shown = painter.fontMetrics().elidedText(detail, Qt.TextElideMode.ElideMiddle, int(rect.width()))
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown)

    def _paint_dot(self, painter: QPainter, centre: QPointF, done: bool, now: bool) -> None:
        tokens = self._theme.tokens
        radius = _DOT / 2
        painter.setBrush(QColor(tokens.good_soft) if done else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tokens.good if done else tokens.accent if now else tokens.line), 2))
        painter.drawEllipse(centre, radius - 1, radius - 1)
        if done:
            painter.setPen(QPen(QColor(tokens.good), 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPolyline(
                [centre + QPointF(-3.2, 0.2), centre + QPointF(-0.8, 2.8), centre + QPointF(3.4, -2.6)]
            )
        elif now:
            painter.setBrush(QColor(tokens.accent))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(centre, 3, 3)
