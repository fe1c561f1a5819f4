"""Searching a log: the field, how many records have the words, and the way from one to the next."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, label
from desktop_app.ui.widgets.log_model import LogModel
from desktop_app.ui.widgets.log_view import LogList
from desktop_app.ui.widgets.speech import announce, listening

_SPOKEN = 200
"""Characters of a found record that a screen reader says."""


class LogFind(QWidget):
    """Looks for words in what *view* shows. Enter or F3: the next record; with Shift: the one before."""

    left = Signal()
    """Somebody is done searching."""

    def __init__(self, theme: Theme, model: LogModel, view: LogList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._view = view
        self._wanted = False
        """True while the first hit is still to be shown."""
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search the log (Ctrl+F)")
        self.field.setAccessibleName("Search the log")
        self.field.setMaxLength(200)
        self._count = label("", "second")
        self._before = IconButton(theme, "arrow-up", "Previous match (Shift+F3)", self.show_previous)
        self._after = IconButton(theme, "arrow-down", "Next match (F3)", self.show_next)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addSpacing(4)
        row.addWidget(self._count)
        row.addWidget(self._before)
        row.addWidget(self._after)
        self.field.textChanged.connect(self._on_text_changed)
        self.field.installEventFilter(self)
        model.changed.connect(self._on_model_changed)
        view.selected.connect(self._draw)
        self._draw()

    def begin(self) -> None:
        """Put the cursor into the field."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_next(self) -> None:
        """Choose the next record that has the words; after the last one, the first."""
        self._show(1)

    def show_previous(self) -> None:
        """Choose the one before; before the first one, the last."""
        self._show(-1)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Enter goes on, Esc leaves."""
        if not isinstance(event, QKeyEvent):
            return False
        escape = event.key() == Qt.Key.Key_Escape
        if event.type() is QEvent.Type.ShortcutOverride and escape:
            event.accept()
            return True
        if event.type() is not QEvent.Type.KeyPress:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._show(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            return True
        if escape:
            self.field.clear()
            self.left.emit()
        return escape

    def _show(self, way: int) -> None:
        found = self._model.found
        if not self._model.words or not found.count:
            return
        record = self._view.current
        if record is None:
            at = found.position(self._view.top) if way > 0 else found.count - 1
        else:
            at = found.position(record.number)
            at += way if way < 0 or (at < found.count and found.number(at) == record.number) else 0
        self._view.choose(found.number(at % found.count))
        # The keyboard stays in the field, so nobody hears of the row that was chosen.
        if (record := self._view.current) and listening():
            announce(self.field, f"{self._count.text()}. {record.message[:_SPOKEN]}")

    def _on_text_changed(self, text: str) -> None:
        self.field.setClearButtonEnabled(bool(text))
        self._model.search(text)
        self._wanted = bool(text)
        self._draw()

    def _on_model_changed(self) -> None:
        if self._wanted and self._model.done:
            self._wanted = False
            self._show_nearest()
        self._draw()

    def _show_nearest(self) -> None:
        """The record that is chosen while its words are being written stays, if it has them."""
        found, record = self._model.found, self._view.current
        if found.count:
            at = found.position(record.number if record else self._view.top)
            self._view.choose(found.number(min(at, found.count - 1)))

    def _draw(self) -> None:
        searching = bool(self._model.words)
        count = self._model.found.count if searching else 0
        self._before.setEnabled(count > 0)
        self._after.setEnabled(count > 0)
        self._count.setVisible(searching)
        self._count.setText(self._words(count))

    def _words(self, count: int) -> str:
        record, found = self._view.current, self._model.found
        if not count:
            return "none" if self._model.done else "…"
        at = found.position(record.number) if record else count
        if record and at < count and found.number(at) == record.number:
            return f"{at + 1:,} of {count:,}"
        return f"{count:,} found"
