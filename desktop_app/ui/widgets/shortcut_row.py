"""One line of the page of shortcuts: what the keys do, the keys, and how they are changed."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.ui.shortcuts import Command, Shortcuts, refusal
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, set_property
from desktop_app.ui.widgets.flow import Flow

_MODIFIERS = {Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr}
_KEYS_WIDTH = 150
_PRESS = "Press the new keys"


class KeyCatcher(QPushButton):
    """A button that takes the next keys that are pressed, once it is clicked. Esc gives up."""

    caught = Signal(str)
    """Keys as they are stored."""
    given_up = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__("Change", parent)
        self._name = name
        self._waiting = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda: self._wait(True))
        self._wait(False)

    def event(self, event: QEvent) -> bool:
        """While it waits, keys ask for nothing else, Tab included."""
        if self._waiting and isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() is QEvent.Type.KeyPress:
                self._take(event)
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Whoever goes elsewhere wants no other keys."""
        super().focusOutEvent(event)
        if self._waiting:
            self._wait(False)
            self.given_up.emit()

    def _take(self, event: QKeyEvent) -> None:
        if Qt.Key(event.key()) in _MODIFIERS:
            return
        self._wait(False)
        if event.key() == Qt.Key.Key_Escape and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.given_up.emit()
        else:
            keys = QKeySequence(event.keyCombination())
            self.caught.emit(keys.toString(QKeySequence.SequenceFormat.PortableText))

    def _wait(self, waiting: bool) -> None:
        self._waiting = waiting
        self.setText("Press keys…" if waiting else "Change")
        self.setAccessibleName(f"{_PRESS} for: {self._name}" if waiting else f"Change the keys of: {self._name}")


class ShortcutRow(QWidget):
    """A command with its keys.

    Args:
        theme: fonts.
        shortcuts: knows the keys and changes them.
        command: what the row is about.
    """

    def __init__(self, theme: Theme, shortcuts: Shortcuts, command: Command, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shortcuts = shortcuts
        self.command = command
        self._wanted = ""
        self._keys = label(role="keycap")
        self._none = label("no keys", "second")
        self._change = KeyCatcher(command.words)
        self._reset = button("Reset", lambda: self._ask(command.keys), "link")
        self._reset.setAccessibleName(f"Reset the keys of: {command.words}")
        self._told = card("notice")
        self._words = label(wrap=True)
        self._replace = button("Replace", self._on_replace_clicked)
        self._change.caught.connect(self._ask)
        self._change.given_up.connect(lambda: self._tell(""))
        self._change.clicked.connect(lambda: self._tell(f"{_PRESS} for “{command.words}”. Esc keeps the present ones."))
        shortcuts.changed.connect(self.draw)
        self._build(theme)
        self._tell("")
        self.draw()

    def matches(self, words: str) -> bool:
        """Whether the row has all of these words in what it does, in its group or in its keys."""
        text = f"{self.command.words} {self.command.group.value} {self._keys.text()}".casefold()
        return all(word in text for word in words.casefold().split())

    def draw(self) -> None:
        """Take the present keys."""
        keys = self._shortcuts.words(self.command.id)
        self._keys.setText(keys)
        self._keys.setAccessibleName(f"{self.command.words}: {keys or 'no keys'}")
        self._keys.setVisible(bool(keys))
        self._none.setVisible(not keys)
        self._reset.setVisible(not self._shortcuts.is_usual(self.command.id))

    def _ask(self, keys: str) -> None:
        """Take *keys* if they can be had; else say why not."""
        reason = refusal(self.command.id, keys)
        if reason:
            self._tell(reason, bad=True)
            return
        self._wanted = keys
        other = self._shortcuts.rebind(self.command.id, keys)
        if other is None:
            self._tell("")
            return
        shown = QKeySequence.fromString(keys).toString(QKeySequence.SequenceFormat.NativeText)
        self._tell(f"{shown} stands for “{other.words}”. If you replace it, that has no keys.", offer=True)

    def _on_replace_clicked(self) -> None:
        self._shortcuts.rebind(self.command.id, self._wanted, replace=True)
        self._tell("")
        self._change.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell(self, words: str, *, bad: bool = False, offer: bool = False) -> None:
        self._words.setText(words)
        self._replace.setVisible(offer)
        self._keep.setVisible(offer)
        set_property(self._told, "tone", "warn" if bad or offer else "")
        self._told.setVisible(bool(words))

    def _build(self, theme: Theme) -> None:
        keys = QWidget()
        keys.setMinimumWidth(theme.scaled(_KEYS_WIDTH))
        held = QHBoxLayout(keys)
        held.setContentsMargins(0, 0, 0, 0)
        held.addWidget(self._keys, 0, Qt.AlignmentFlag.AlignVCenter)
        held.addWidget(self._none)
        held.addStretch()
        words = label(self.command.words, wrap=True)
        words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(words, 1)
        row.addWidget(self._reset)
        row.addWidget(keys)
        row.addWidget(self._change)
        self._keep = button("Keep it as it is", lambda: self._tell(""), "plain")
        answers = Flow()
        answers.addWidget(self._replace)
        answers.addWidget(self._keep)
        inside = QVBoxLayout(self._told)
        inside.setContentsMargins(14, 10, 14, 10)
        inside.addWidget(self._words)
        inside.addLayout(answers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self._told)
