"""The line below an answer that says what follows from it, e.g. that all columns of a comparison go on from it.

`message_answer` owns one where a `Note` is offered.
"""

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label, plain, set_property, tip
from desktop_app.ui.widgets.looks import Looks
from desktop_app.ui.widgets.message_actions import Note

_ABOVE = 4
_ICON = 16
_GAP = 5
"""Between the icon and the words, pixels."""
_PADDING = 8
"""Left of the icon, as in a button: it stays where it is when it is pressed."""
_BEHIND = 4
"""Right of the words."""
_LINE = 28
_ROUND = 8


class NoteLine(QWidget):
    """An icon, words and a button; the button below the words where there is no room beside them."""

    chosen = Signal(object)
    """A `MessageAction`."""

    def __init__(self, theme: Theme, looks: Looks, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._note = Note("")
        self._wide = 0
        """Of the frame, pixels."""
        self._words = label(role="second", wrap=True)
        self._words.setParent(self)
        self._button = button("", self._on_clicked, "quiet")
        self._button.setParent(self)
        self.set_looks(looks)

    def set_looks(self, looks: Looks) -> None:
        """Write in another font, and take the icon in other colours."""
        self._font = QFont(looks.body)
        self._font.setPointSizeF(self._font.pointSizeF() * 0.9)
        self._words.setFont(self._font)
        self._button.setFont(self._font)
        self._draw()

    def show_note(self, note: Note) -> None:
        """Say *note*; the button stays the same one, so that the keyboard stays on it."""
        if note == self._note:
            return
        self._note = note
        self._words.setText(note.words)
        self._words.setVisible(bool(note.words))
        self._words.setToolTip(tip(note.told))
        set_property(self._words, "role", "" if note.framed else "second")
        self._button.setText(plain(note.button))
        self._button.setVisible(bool(note.button))
        self._button.setAccessibleName(f"{note.words}: {note.button}" if note.words else note.button)
        self._button.setAccessibleDescription(note.told)
        self._button.setToolTip(tip(note.told))
        set_property(self._button, "role", "link" if note.words else "quiet")
        self._draw()

    def arrange(self, width: int) -> int:
        """Place the parts in *width* pixels; the height that they take."""
        line = self._theme.grown(_LINE)
        size = self._button.sizeHint() if self._note.button else QSize(0, 0)
        if not self._note.words:
            self._button.setGeometry(0, _ABOVE, min(size.width(), width), line)
            return _ABOVE + line
        left = _PADDING + self._theme.grown(_ICON) + _GAP
        room = width - left - _BEHIND
        whole = self._words.fontMetrics().horizontalAdvance(self._note.words) + 4
        beside = whole + size.width() <= room
        taken = min(whole, room)
        self._wide = left + taken + (size.width() if beside else 0) + _BEHIND
        height = max(line, self._words.heightForWidth(taken) + 4)
        self._words.setGeometry(left, _ABOVE, taken, height)
        if not self._note.button:
            return _ABOVE + height
        x, top = (left + taken, _ABOVE) if beside else (left - 4, _ABOVE + height)
        self._button.setGeometry(x, top, min(size.width(), width - x), line)
        return top + line

    def paintEvent(self, event: QPaintEvent) -> None:
        """The icon, and a frame around what counts."""
        if not self._note.words:
            return
        tokens, side = self._theme.tokens, self._theme.grown(_ICON)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._note.framed:
            painter.setPen(QColor(tokens.accent_text))
            painter.setBrush(QColor(tokens.accent_soft))
            frame = QRectF(0.5, _ABOVE + 0.5, self._wide - 1, self.height() - _ABOVE - 1)
            painter.drawRoundedRect(frame, _ROUND, _ROUND)
        colour = tokens.accent_text if self._note.framed else tokens.second
        top = _ABOVE + (self._theme.grown(_LINE) - side) // 2
        self._theme.icon(self._note.icon, colour).paint(painter, _PADDING, top, side, side)
        painter.end()

    def _draw(self) -> None:
        alone = bool(self._note.button) and not self._note.words
        self._button.setIcon(self._theme.icon(self._note.icon) if alone else QIcon())
        self._button.setIconSize(self._theme.icon_size(_ICON))
        self.update()

    def _on_clicked(self) -> None:
        if self._note.action is not None:
            self.chosen.emit(self._note.action)
