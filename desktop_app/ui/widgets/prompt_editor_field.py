"""What a prompt is written in, over its cell of the table. `prompt_editor_table` makes one for the time of writing."""

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QAbstractItemDelegate, QPlainTextEdit, QWidget

from desktop_app.ui.widgets.chat_settings_parts import PAUSE_MS

_FIELD = (4, 14)
"""Lines of what is written in, least and most."""
_AIR = 16

_Hint = QAbstractItemDelegate.EndEditHint


class PromptField(QPlainTextEdit):
    """What a prompt is written in. Enter goes to the next one, Shift+Enter to the next line."""

    paused = Signal()
    """Nobody types for a moment."""
    ended = Signal(object)
    """Somebody has finished; a `QAbstractItemDelegate.EndEditHint` says where to go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "entry")
        self._begun: str | None = None
        self._written = False
        self._gone = False
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.paused)
        self.textChanged.connect(self._pause.start)

    def begin(self, text: str) -> None:
        """Show what stands there; only once, as what was typed since must not be written over."""
        if self._begun is not None:
            return
        self.setPlainText(text)
        # As Qt gives it back: some kinds of spaces and line ends become others.
        self._begun = self.toPlainText()
        # Not all of it selected: a single key would be the end of it.
        self.moveCursor(QTextCursor.MoveOperation.End)

    @property
    def changed(self) -> bool:
        """Whether somebody wrote something."""
        self._written = self._written or self.toPlainText() != self._begun
        return self._written

    @property
    def gone(self) -> bool:
        """Whether the table has let go of it; it is only to be deleted."""
        return self._gone

    def let_go(self) -> None:
        """The table has let go of it."""
        self._gone = True
        self._pause.stop()

    @property
    def wanted_height(self) -> int:
        """Pixels: as many lines as there are, and a few to go on in."""
        least, most = _FIELD
        lines = min(most, max(least, int(self.document().size().height()) + 1))
        return self.fontMetrics().lineSpacing() * lines + _AIR

    def event(self, event: QEvent) -> bool:
        """Escape ends the writing; it must not leave the page."""
        override = isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that end the writing; whatever they are, what was typed stays."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        ends = {
            Qt.Key.Key_Escape: _Hint.NoHint,
            Qt.Key.Key_Tab: _Hint.EditNextItem,
            Qt.Key.Key_Backtab: _Hint.EditPreviousItem,
        }
        key = Qt.Key(event.key())
        if key in ends:
            self.ended.emit(ends[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not shift:
            self.ended.emit(_Hint.SubmitModelCache)
        else:
            super().keyPressEvent(event)
