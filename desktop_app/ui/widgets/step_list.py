"""Steps of a long work, as a column: done, at work, still to come. In shape and words, not in colour alone."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.ui.theme import Theme

_ROW = 28
_TIGHT_ROW = 24
_MANY = 8
"""Steps; more of them stand closer, so that they fit into a small window."""
_DOT = 16
_FULL_TURN = 360 * 16
"""Qt counts angles in sixteenths of a degree."""


class StepList(QWidget):
    """Draws the steps; `show_step()` says which one is at work."""

    def __init__(self, theme: Theme, steps: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._steps = tuple(steps)
        self._current = -1
        self._detail = ""
        self._share: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Steps")
        theme.changed.connect(self._dress)

    def show_steps(self, steps: Sequence[str]) -> None:
        """These are the steps from now on; which of them is at work stays as it was."""
        if tuple(steps) != self._steps:
            self._steps = tuple(steps)
            self._describe()
            self.updateGeometry()
            self.update()

    def show_step(self, current: int, detail: str = "", share: float | None = None) -> None:
        """Step *current* (from 0) is at work; all before it are done.

        *detail* stands at its right; *share* is how much of it is done, 0…1, None when nobody knows.
        """
        if (current, detail, share) == (self._current, self._detail, self._share):
            return
        moved = current != self._current
        self._current, self._detail, self._share = current, detail, share
        if moved:
            self._describe()
        self.update()

    def _dress(self) -> None:
        self.updateGeometry()
        self.update()

    def _describe(self) -> None:
        known = 0 <= self._current < len(self._steps)
        words = f"Step {self._current + 1} of {len(self._steps)}: {self._steps[self._current]}" if known else ""
        self.setAccessibleDescription(words)

    @property
    def _row(self) -> int:
        return self._theme.scaled(_ROW if len(self._steps) <= _MANY else _TIGHT_ROW)

    def sizeHint(self) -> QSize:
        """One row for each step."""
        return QSize(320, self._row * len(self._steps))

    def minimumSizeHint(self) -> QSize:
        """Rows keep their height."""
        return QSize(200, self._row * len(self._steps))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw every row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, text in enumerate(self._steps):
            self._paint_row(painter, index, text)

    def _paint_row(self, painter: QPainter, index: int, text: str) -> None:
        tokens, height = self._theme.tokens, self._row
        top = index * height
        dot = self._theme.grown(_DOT)
        centre = QPointF(dot / 2 + 2, top + height / 2)
        done, now = index < self._current, index == self._current
        if index + 1 < len(self._steps):
            painter.setPen(QPen(QColor(tokens.good if done else tokens.line), 2))
            painter.drawLine(centre + QPointF(0, dot / 2 + 2), centre + QPointF(0, height - dot / 2 - 2))
        painter.save()
        painter.translate(centre)
        painter.scale(dot / _DOT, dot / _DOT)
        self._paint_dot(painter, QPointF(0, 0), done, now)
        painter.restore()
        font = self._theme.body_font(10.5)
        font.setWeight(font.Weight.DemiBold if now else font.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text if done or now else tokens.second))
        left = dot + 16
        detail = self._detail if now else ""
        room = painter.fontMetrics().horizontalAdvance(text)
        painter.drawText(QRectF(left, top, self.width() - left, height), Qt.AlignmentFlag.AlignVCenter, text)
        if detail:
            painter.setFont(self._theme.figures_font(9.5))
            painter.setPen(QColor(tokens.second))
            rect = QRectF(left + room + 16, top, self.width() - left - room - 18, height)
            shown = painter.fontMetrics().elidedText(detail, Qt.TextElideMode.ElideMiddle, int(rect.width()))
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown)

    def _paint_dot(self, painter: QPainter, centre: QPointF, done: bool, now: bool) -> None:
        tokens = self._theme.tokens
        radius = _DOT / 2
        painter.setBrush(QColor(tokens.good_soft) if done else Qt.BrushStyle.NoBrush)
        arc = now and self._share is not None
        painter.setPen(QPen(QColor(tokens.good if done else tokens.accent if now and not arc else tokens.line), 2))
        painter.drawEllipse(centre, radius - 1, radius - 1)
        if done:
            painter.setPen(QPen(QColor(tokens.good), 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPolyline(
                [centre + QPointF(-3.2, 0.2), centre + QPointF(-0.8, 2.8), centre + QPointF(3.4, -2.6)]
            )
        elif now and self._share is not None:
            painter.setPen(QPen(QColor(tokens.accent), 2))
            # An arc that grows clockwise from the top, on the ring of a step to come.
            ring = QRectF(centre - QPointF(radius - 1, radius - 1), centre + QPointF(radius - 1, radius - 1))
            painter.drawArc(ring, _FULL_TURN // 4, -int(_FULL_TURN * min(1.0, max(0.04, self._share))))
        elif now:
            painter.setBrush(QColor(tokens.accent))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(centre, 3, 3)
