"""The small field below a column, in which only that column is asked.

`compare_composer` makes them and keeps what is written in them; `compare_columns` puts each below its column.
"""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, card, set_property
from desktop_app.ui.widgets.composer_field import MessageField
from desktop_app.ui.widgets.composer_look import composer_sheet

LONGEST_PASTE = 100_000
"""Characters of a pasted text that go into the field; a longer one would take seconds to lay out."""
NO_FILES = "Files cannot be attached here: paste their text"
TOO_LONG = f"Longer than {LONGEST_PASTE:,} characters: make a prompt set of a file instead"


class PromptField(MessageField):
    """A message field that takes words only; longer ones than that of a chat, for they cannot be attached."""

    refused = Signal(str)
    """Why something was not taken, in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.long_text_given.connect(self._on_long_text_given)
        self.files_given.connect(self._on_files_given)
        self.picture_given.connect(self._on_files_given)

    def question(self) -> str:
        """What is written, without blanks around it."""
        return self.toPlainText().strip()

    def _on_long_text_given(self, text: str) -> None:
        if len(text) > LONGEST_PASTE:
            self.refused.emit(TOO_LONG)
        else:
            self.insertPlainText(text)

    def _on_files_given(self, _given: object) -> None:
        self.refused.emit(NO_FILES)


class ColumnField(QWidget):
    """Asks one column: Enter sends, Shift+Enter breaks the line."""

    sent = Signal(str)
    text_changed = Signal(str)
    refused = Signal(str)

    def __init__(self, theme: Theme, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._can_send = False
        self._frame = card("composer")
        self._field = PromptField()
        self._send = IconButton(theme, "send", "Send", self._on_sent)
        self._send.setProperty("role", "send")
        self._field.setPlainText(text)
        self._field.moveCursor(QTextCursor.MoveOperation.End)
        self.setFocusProxy(self._field)
        self._build()
        self._field.installEventFilter(self)
        self._field.enter_pressed.connect(self._on_sent)
        self._field.textChanged.connect(self._on_changed)
        self._field.refused.connect(self.refused)
        theme.changed.connect(self._dress)
        self._dress()

    def show_state(self, name: str, can_send: bool) -> None:
        """Say whom it asks, and whether it can be sent now."""
        self._can_send = can_send
        self._field.setAccessibleName(f"Message to {name}")
        self._field.show_placeholder(f"Ask {name}…")
        self._send.setAccessibleName(f"Send to {name}")
        self._draw()

    def put_back(self, text: str) -> None:
        """Show *text* again, unless something else is being written."""
        if not self._field.question():
            self._field.setPlainText(text)
            self._field.moveCursor(QTextCursor.MoveOperation.End)

    def stops(self) -> list[QWidget]:
        """Where the Tab key stops, in order."""
        return [self._field, self._send]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Focus shows on the frame."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            set_property(self._frame, "focused", event.type() is QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)

    def _on_sent(self) -> None:
        text = self._field.question()
        if text and self._can_send:
            self._field.clear()
            self.sent.emit(text)

    def _on_changed(self) -> None:
        self.text_changed.emit(self._field.toPlainText())
        self._draw()

    def _draw(self) -> None:
        self._send.setEnabled(self._can_send and bool(self._field.question()))
        colour = self._theme.tokens.on_accent if self._send.isEnabled() else self._theme.tokens.disabled
        self._send.setIcon(self._theme.icon("send", colour))

    def _dress(self) -> None:
        self._field.setFont(self._theme.body_font())
        self._frame.setStyleSheet(self._theme.sheet(composer_sheet(self._theme.tokens)))
        self._field.fit_height()
        self._draw()

    def _build(self) -> None:
        inside = QHBoxLayout(self._frame)
        inside.setContentsMargins(8, 6, 6, 6)
        inside.setSpacing(4)
        inside.addWidget(self._field, 1, Qt.AlignmentFlag.AlignVCenter)
        inside.addWidget(self._send, 0, Qt.AlignmentFlag.AlignBottom)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(10, 6, 10, 6)
        outside.addWidget(self._frame)
