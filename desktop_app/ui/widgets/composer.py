"""Where a person writes: Enter sends, Shift+Enter breaks the line, the button sends or stops."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, card, label, set_property

_LINES = 8
"""The field grows up to this many lines, then scrolls."""


class _Field(QPlainTextEdit):
    """A text field that says when its lines were broken anew because it became wider or narrower."""

    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class Composer(QWidget):
    """A growing text field with one round button."""

    sent = Signal(str)
    sent_early = Signal()
    """Somebody sent while no model was ready: the text waits in the field, and goes when one is."""
    stop_clicked = Signal()
    text_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._can_send = False
        self._can_wait = False
        self._waiting = False
        self._answering = False
        self._frame = card("composer")
        self._field = _Field()
        self._field.setFont(theme.body_font(11))
        self._field.setAccessibleName("Message")
        self._field.setTabChangesFocus(True)
        self._field.installEventFilter(self)
        self._field.textChanged.connect(self._on_text_changed)
        self._field.textChanged.connect(self.text_changed)
        self._field.textChanged.connect(self._fit_height)
        self._field.resized.connect(self._fit_height)
        self._hint = label("", "second")
        self._button = IconButton(theme, "send", "Send", self._on_button_clicked)
        self._button.setProperty("role", "send")
        self.setFocusProxy(self._field)
        self._build()
        theme.changed.connect(self._draw_button)
        self._draw_button()
        self._fit_height()

    def show_state(self, placeholder: str, can_send: bool, answering: bool, can_wait: bool = False) -> None:
        """Say whom the message is for, whether it can be sent now, and whether an answer is being written.

        *can_wait*: what is sent too early may wait for a model.
        """
        self._can_send, self._answering, self._can_wait = can_send, answering, can_wait
        self._field.setPlaceholderText(placeholder)
        self._draw_button()
        if self._waiting and can_send:
            self._send()
        elif self._waiting and not can_wait:
            self._on_text_changed()

    def text(self) -> str:
        """What is written at the moment."""
        return self._field.toPlainText()

    def set_text(self, text: str) -> None:
        """Put *text* into the field, with the cursor at its end."""
        self._field.setPlainText(text)
        self._field.moveCursor(self._field.textCursor().MoveOperation.End)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter sends; Shift+Enter breaks the line; focus shows on the frame."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key_pressed(event)
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            set_property(self._frame, "focused", event.type() is QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)

    def _on_key_pressed(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                return False
            if not self._answering:
                self._send()
            return True
        return False

    def _on_button_clicked(self) -> None:
        if self._answering:
            self.stop_clicked.emit()
        else:
            self._send()

    def _send(self) -> None:
        text = self.text().strip()
        if text and self._can_send:
            self._field.clear()
            self.sent.emit(text)
        elif text and self._can_wait and not self._waiting:
            self._waiting = True
            self._draw_button()
            self.sent_early.emit()

    def _on_text_changed(self) -> None:
        """Another text: it waits for another Enter."""
        self._waiting = False
        self._draw_button()

    def _fit_height(self) -> None:
        metrics = self._field.fontMetrics()
        lines = min(max(1, int(self._field.document().size().height())), _LINES)
        self._field.setFixedHeight(metrics.lineSpacing() * lines + 14)
        scroll = Qt.ScrollBarPolicy.ScrollBarAsNeeded if lines == _LINES else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self._field.setVerticalScrollBarPolicy(scroll)

    def _draw_button(self) -> None:
        name = "Stop the answer" if self._answering else "Send"
        self._button.setToolTip(f"{name} (Esc)" if self._answering else f"{name} (Enter)")
        self._button.setAccessibleName(name)
        sendable = self._can_send or (self._can_wait and not self._waiting)
        enabled = self._answering or (sendable and bool(self.text().strip()))
        self._button.setEnabled(enabled)
        colour = self._theme.tokens.on_accent if enabled else self._theme.tokens.disabled
        self._button.setIcon(self._theme.icon("stop" if self._answering else "send", colour))
        self._hint.setText(self._hint_words())

    def _hint_words(self) -> str:
        if self._answering:
            return "Esc stops"
        if self._waiting:
            return "Goes as soon as the model is ready"
        if not self._can_send and not self._can_wait and self.text().strip():
            return "Can be sent as soon as a model is ready"
        return "Enter sends · Shift+Enter for a new line"

    def _build(self) -> None:
        self._button.setIconSize(QSize(18, 18))
        row = QHBoxLayout()
        # As far in as the text of the field, which keeps a margin around its document.
        row.addSpacing(int(self._field.document().documentMargin()))
        row.addWidget(self._hint)
        row.addStretch()
        row.addWidget(self._button)
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(12, 10, 10, 10)
        inside.setSpacing(4)
        inside.addWidget(self._field)
        inside.addLayout(row)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._frame)
