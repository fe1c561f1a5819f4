"""Text with figures that change every second: nothing around it is laid out anew for that.

A `QLabel` asks for a new layout of its whole page with every text, which takes longer than drawing it. The cards of
Monitor use this one.
"""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

_FLAGS = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
_WIDEST = 400
"""Pixels that a long text asks for; it takes any width."""
_TALL = 1 << 14


class CalmText(QLabel):
    """Plain text in as many lines as it needs; it asks for room only when their number changes."""

    def __init__(self, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        if role:
            self.setProperty("role", role)

    def text(self) -> str:
        """What is shown."""
        return self._text

    def setText(self, text: str) -> None:
        """Show *text*."""
        if text == self._text:
            return
        before = self.heightForWidth(self.width())
        self._text = text
        self.setAccessibleName(text)
        if self.heightForWidth(self.width()) != before:
            self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """A narrower text is a taller one."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How tall it is when it is this wide."""
        return self.fontMetrics().boundingRect(QRect(0, 0, max(1, width), _TALL), _FLAGS, self._text).height()

    def sizeHint(self) -> QSize:
        """One line, if that is not too long."""
        width = min(_WIDEST, self.fontMetrics().horizontalAdvance(self._text) + 2)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(1, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lines."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), _FLAGS, self._text)
