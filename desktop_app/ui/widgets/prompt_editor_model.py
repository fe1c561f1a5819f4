"""The table of prompts for Qt: number, prompt, reference answer. `prompt_editor_table` shows it."""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from desktop_app.domain.experiment import Prompt
from desktop_app.ui.widgets.prompt_editor_rows import Draft
from desktop_app.ui.widgets.prompt_grid_words import one_line

NUMBER, TEXT, REFERENCE = range(3)
"""The columns."""
_TITLES = ("No.", "Prompt", "Reference")
_LOCKED = "Has answers, and stays as it was asked. To ask it otherwise, add it anew; its reference can be changed."

Index = QModelIndex | QPersistentModelIndex


class PromptModel(QAbstractTableModel):
    """The prompts that are edited."""

    edited = Signal()
    """A person changed something."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft = Draft()

    def show_prompts(self, experiment: int, prompts: Sequence[Prompt], locked: AbstractSet[int]) -> None:
        """Show the prompts of an experiment, unless they are only the echo of what was typed here."""
        if self.draft.publish(experiment, prompts):
            self.beginResetModel()
            self.draft.locked = frozenset(locked)
            self.endResetModel()
        elif locked != self.draft.locked:
            self.draft.locked = frozenset(locked)
            if self.draft.prompts:
                last = self.index(len(self.draft.prompts) - 1, REFERENCE)
                self.dataChanged.emit(self.index(0, NUMBER), last)

    def add(self, prompts: Sequence[Prompt]) -> int:
        """Put these at the end; how many found room."""
        taken = self.draft.room_for(prompts)
        if taken:
            first = len(self.draft.prompts)
            self.beginInsertRows(QModelIndex(), first, first + len(taken) - 1)
            self.draft.prompts.extend(taken)
            self.endInsertRows()
            if any(prompt.text.strip() for prompt in taken):
                self.edited.emit()
        return len(taken)

    def remove(self, places: Collection[int]) -> int:
        """Take out the prompts there; how many went, as those with answers stay."""
        going = self.draft.free(places)
        if not going:
            return 0
        if _neighbours(going):
            self.beginRemoveRows(QModelIndex(), going[0], going[-1])
            self.draft.remove(going)
            self.endRemoveRows()
        else:
            self.beginResetModel()
            self.draft.remove(going)
            self.endResetModel()
        self.edited.emit()
        return len(going)

    def undo(self) -> None:
        """Bring back what was taken out last."""
        coming = self.draft.places_back
        if not coming:
            return
        if _neighbours(coming):
            self.beginInsertRows(QModelIndex(), coming[0], coming[-1])
            self.draft.undo()
            self.endInsertRows()
        else:
            self.beginResetModel()
            self.draft.undo()
            self.endResetModel()
        self.edited.emit()

    def prompt(self, index: Index) -> Prompt:
        """The prompt in that row."""
        return self.draft.prompts[index.row()]

    def rowCount(self, parent: Index | None = None) -> int:
        """One for each prompt."""
        return 0 if parent is not None and parent.isValid() else len(self.draft.prompts)

    def columnCount(self, parent: Index | None = None) -> int:
        """Number, prompt, reference."""
        return 0 if parent is not None and parent.isValid() else len(_TITLES)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Words can be written, except those that have been asked."""
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not index.isValid() or index.column() == NUMBER or self._stays(index):
            return usual
        return usual | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """A cell's words; in the first column, what is special about the prompt."""
        prompt, column = self.prompt(index), index.column()
        if role == Qt.ItemDataRole.EditRole:
            return prompt.reference if column == REFERENCE else prompt.text
        if role == Qt.ItemDataRole.DisplayRole:
            shown = prompt.reference if column == REFERENCE else prompt.text
            return f"{index.row() + 1:,}" if column == NUMBER else one_line(shown)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._sentence(index)
        if role == Qt.ItemDataRole.ToolTipRole and self.draft.is_locked(index.row()):
            return _LOCKED
        return None

    def setData(self, index: Index, value: object, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        """Take what was typed."""
        prompt, text = self.prompt(index), str(value)
        name = "reference" if index.column() == REFERENCE else "text"
        if self._stays(index) or text == getattr(prompt, name):
            return False
        self.draft.write(index.row(), replace(prompt, **{name: text}))  # type: ignore[arg-type]
        self.dataChanged.emit(index, index)
        self.edited.emit()
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        """The titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def note(self, index: Index) -> str:
        """What is special about the prompt there, in a word or two."""
        prompt, checks = self.prompt(index), len(self.prompt(index).checks)
        if self.draft.is_locked(index.row()):
            return "answered"
        own = "" if not checks else "1 own check" if checks == 1 else f"{checks} own checks"
        return own or one_line(prompt.name)

    def _stays(self, index: Index) -> bool:
        """Whether these are words that have been asked."""
        return index.column() == TEXT and self.draft.is_locked(index.row())

    def _sentence(self, index: Index) -> str:
        """A cell for a screen reader."""
        prompt, number = self.prompt(index), f"Prompt {index.row() + 1:,}"
        if index.column() == NUMBER:
            return f"{number} {self.note(index)}".strip()
        if index.column() == REFERENCE:
            return f"{number}, reference answer: {one_line(prompt.reference) or 'none'}"
        locked = ", has answers and stays" if self.draft.is_locked(index.row()) else ""
        return f"{number}{locked}: {one_line(prompt.text) or 'empty'}"


def _neighbours(places: Sequence[int]) -> bool:
    """Whether these stand without a gap. Where there are gaps, Qt would move all that is below for each of them."""
    return places[-1] - places[0] == len(places) - 1
