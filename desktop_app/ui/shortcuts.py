"""The keys of the window: which command they ask for, changed by a person, told in tooltips.

The main window makes one `Shortcuts` and binds what each command does; the page of shortcuts changes keys. What differs
from the usual keys is handed to whoever keeps it, as a mapping from a command's id to keys (empty for none).
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from desktop_app.ui.shortcut_table import COMMANDS, Command, CommandId, Group

__all__ = ["COMMANDS", "Command", "CommandId", "Group", "Shortcuts", "refusal"]

_PORTABLE = QKeySequence.SequenceFormat.PortableText
_NATIVE = QKeySequence.SequenceFormat.NativeText
_TEXT_KEYS = frozenset(("Ctrl+A", "Ctrl+C", "Ctrl+V", "Ctrl+X", "Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+Y"))
"""What every field of text understands."""
_FUNCTIONS = range(Qt.Key.Key_F1.value, Qt.Key.Key_F35.value + 1)
_CHORD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


def refusal(command: CommandId, keys: str) -> str:
    """Why *keys* cannot stand for *command*, as a sentence; empty when they can."""
    sequence = QKeySequence.fromString(keys, _PORTABLE)
    if sequence.count() != 1 or _first(sequence).key() == Qt.Key.Key_unknown:
        return "This key has no name that could be kept."
    if sequence.toString(_PORTABLE) in _TEXT_KEYS:
        return f"{sequence.toString(_NATIVE)} is for copying and changing text, in this program as in others."
    if sequence == QKeySequence(Qt.Key.Key_Escape):
        return "" if command is CommandId.LEAVE else "Esc leaves a page or stops the answer, and nothing else."
    return _alone(_first(sequence), command)


def _first(sequence: QKeySequence) -> QKeyCombination:
    """The first stroke of a sequence."""
    stroke: QKeyCombination = sequence[0]  # type: ignore[index]  # PySide's stubs leave it out
    return stroke


def _alone(keys: QKeyCombination, command: CommandId) -> str:
    """A key without Ctrl or Alt is for writing; one that ends something is never pressed by mistake."""
    if keys.keyboardModifiers() & _CHORD:
        return ""
    if keys.key().value in _FUNCTIONS:
        return "Quitting needs Ctrl or Alt as well: no single key ends anything." if command is CommandId.QUIT else ""
    return "Press it together with Ctrl or Alt: alone it is for writing."


class Shortcuts(QObject):
    """Knows the keys of all commands, and has them do what is bound to them.

    Args:
        window: where the keys work.
        keep: is given what differs from the usual keys after each change.
    """

    changed = Signal()

    def __init__(self, window: QWidget, keep: Callable[[Mapping[str, str]], object] = lambda _chosen: None) -> None:
        super().__init__(window)
        self._window = window
        self._keep = keep
        self._commands = {command.id: command for command in COMMANDS}
        self._keys = {command.id: _clean(command.keys) for command in COMMANDS}
        self._bound: dict[CommandId, QShortcut] = {}
        self._told: list[tuple[QWidget, str, CommandId]] = []

    def load(self, chosen: Mapping[str, str]) -> None:
        """Take the keys that a person chose earlier; what makes no sense, or is taken, counts as not chosen."""
        for name, keys in chosen.items():
            command = self._commands.get(CommandId(name)) if name in self._commands else None
            if command is not None and (not keys or not refusal(command.id, keys)):
                self._keys[command.id] = _clean(keys)
        for command in COMMANDS:
            other = self.holder(self._keys[command.id], without=command.id)
            if other is not None:
                # Whose usual keys they are gives way: the other one was chosen.
                loser = command if self.is_usual(command.id) else other
                self._keys[loser.id] = ""
        self._apply()

    def bind(self, command: CommandId, slot: Callable[[], object]) -> None:
        """Have *command* do *slot*."""
        shortcut = QShortcut(self._window)
        shortcut.activated.connect(lambda: (slot(), None)[1])
        self._bound[command] = shortcut
        self._give(command)

    def keys(self, command: CommandId) -> str:
        """The keys of a command as they are stored; empty for none."""
        return self._keys[command]

    def words(self, command: CommandId) -> str:
        """The keys of a command as this system writes them; empty for none."""
        return QKeySequence.fromString(self._keys[command], _PORTABLE).toString(_NATIVE)

    def is_usual(self, command: CommandId) -> bool:
        """Whether nobody has changed its keys."""
        return self._keys[command] == _clean(self._commands[command].keys)

    def holder(self, keys: str, without: CommandId | None = None) -> Command | None:
        """The command that *keys* stand for, but for one."""
        wanted = _clean(keys)
        held = (one for one in COMMANDS if one.id is not without and wanted and self._keys[one.id] == wanted)
        return next(held, None)

    def rebind(self, command: CommandId, keys: str, replace: bool = False) -> Command | None:
        """Give *command* these keys, or none if they are empty.

        Returns:
            The command that has them; nothing was changed then, unless *replace* takes them from it.
        """
        other = self.holder(keys, without=command)
        if other is not None and not replace:
            return other
        if other is not None:
            self._keys[other.id] = ""
        self._keys[command] = _clean(keys)
        self._settle()
        return other

    def reset(self, command: CommandId, replace: bool = False) -> Command | None:
        """Give *command* its usual keys again; else as `rebind`."""
        return self.rebind(command, self._commands[command].keys, replace)

    def reset_all(self) -> None:
        """Give every command its usual keys."""
        self._keys = {command.id: _clean(command.keys) for command in COMMANDS}
        self._settle()

    def tell(self, widget: QWidget, words: str, command: CommandId) -> None:
        """Let *widget*'s tooltip be *words* with the command's keys, whatever they are by then."""
        entry = (widget, words, command)
        self._told.append(entry)
        widget.destroyed.connect(lambda: self._told.remove(entry))
        self._tell(*entry)

    def _tell(self, widget: QWidget, words: str, command: CommandId) -> None:
        keys = self.words(command)
        widget.setToolTip(f"{words} ({keys})" if keys else words)

    def _settle(self) -> None:
        self._apply()
        self._keep({one.id.value: self._keys[one.id] for one in COMMANDS if not self.is_usual(one.id)})

    def _apply(self) -> None:
        for command in self._bound:
            self._give(command)
        for entry in self._told:
            self._tell(*entry)
        self.changed.emit()

    def _give(self, command: CommandId) -> None:
        keys = [self._keys[command]]
        also = _clean(self._commands[command].also)
        if also and self.is_usual(command) and self.holder(also) is None:
            keys.append(also)
        self._bound[command].setKeys([QKeySequence.fromString(one, _PORTABLE) for one in keys if one])


def _clean(keys: str) -> str:
    """*keys* as Qt writes them."""
    return QKeySequence.fromString(keys, _PORTABLE).toString(_PORTABLE)
