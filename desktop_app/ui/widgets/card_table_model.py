"""The rows of the table of graphics cards: each card, and below it the programs that hold its memory.

`card_table` owns one. Figures come twice a second, so only cells that say something else are told of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from desktop_app.domain.machine import GpuSample, MemoryUser, Throttle
from desktop_app.domain.units import memory_words
from desktop_app.ui.widgets.basics import tip
from desktop_app.ui.widgets.monitor_words import (
    NOTHING_KNOWN,
    card_name,
    card_state,
    clock_of,
    memory_of,
    power_of,
    share_words,
    temperature_of,
    user_words,
)

_FEW = 3
"""Programs below a card that are all shown; of more, all but the two largest are folded."""
_LARGEST = 2
_USUAL = frozenset({Throttle.POWER, Throttle.OTHER})

Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """The columns, from left to right; the first ones matter most."""

    CARD = 0
    USE = 1
    MEMORY = 2
    TEMPERATURE = 3
    POWER = 4
    CLOCK = 5

    @property
    def words(self) -> str:
        """The heading."""
        return self.name.capitalize()


class RowKind(Enum):
    """What a row is about."""

    CARD = "card"
    PROGRAM = "program"
    FOLD = "fold"
    """Shows more programs, or fewer."""


@dataclass(frozen=True)
class Row:
    """What a row shows."""

    kind: RowKind
    card: int
    """The number of its card."""
    cells: tuple[str, ...]
    """A text for every `Column`."""
    state: str = ""
    """Of a card: what holds it back, or why nothing is known of it, as words below its name."""
    warns: bool = False
    """Whether the state is worth a sign."""
    share: float | None = None
    """Of the card's memory in use, 0…1."""


class CardModel(QAbstractTableModel):
    """Cards and programs as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cards: tuple[GpuSample, ...] = ()
        self._rows: tuple[Row, ...] = ()
        self._unfolded: frozenset[int] = frozenset()

    @property
    def cards(self) -> tuple[GpuSample, ...]:
        """As shown."""
        return self._cards

    def show_cards(self, cards: Sequence[GpuSample]) -> None:
        """Show *cards*."""
        self._cards = tuple(cards)
        self._take(rows_of(self._cards, self._unfolded))

    def toggle(self, fold: int) -> None:
        """Show all programs of a card, or the largest again; *fold* is the row that says so."""
        self._unfolded ^= {self._rows[fold].card}
        self._take(rows_of(self._cards, self._unfolded))

    def fold_of(self, card: int) -> int:
        """The row that folds the programs of the card with this number; -1 when none does."""
        kind = RowKind.FOLD
        return next((at for at, row in enumerate(self._rows) if row.kind is kind and row.card == card), -1)

    def row(self, number: int) -> Row:
        """The row at *number*."""
        return self._rows[number]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """How many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """How many columns there are."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """A cell's text; for ears with what stands below it."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        text = row.cells[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        first = index.column() == Column.CARD
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{text}. {row.state}" if first and row.state else text
        if role == Qt.ItemDataRole.ToolTipRole and first and row.kind is RowKind.CARD:
            return tip(". ".join(part for part in (self._cards[row.card].name, row.state) if part))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        """The headings; figures stand at the right of their columns."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return Column(section).words
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def _take(self, rows: tuple[Row, ...]) -> None:
        before = self._rows
        if [(row.kind, row.card) for row in before] != [(row.kind, row.card) for row in rows]:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
            return
        self._rows = rows
        for number, (old, new) in enumerate(zip(before, rows, strict=True)):
            if old != new:
                for column in _changed(old, new):
                    index = self.index(number, column)
                    self.dataChanged.emit(index, index)


def rows_of(cards: Sequence[GpuSample], unfolded: frozenset[int] = frozenset()) -> tuple[Row, ...]:
    """The rows of *cards*; all programs are shown of those whose numbers are in *unfolded*."""
    rows: list[Row] = []
    for number, card in enumerate(cards):
        rows.append(_card_row(card, number, len(cards)))
        shown = card.users if len(card.users) <= _FEW or number in unfolded else card.users[:_LARGEST]
        rows += (Row(RowKind.PROGRAM, number, _cells(user_words(user), user.used_bytes)) for user in shown)
        if len(card.users) > _FEW:
            rows.append(Row(RowKind.FOLD, number, _fold_cells(card.users[len(shown) :])))
    return tuple(rows)


def _card_row(card: GpuSample, number: int, count: int) -> Row:
    cells = (
        card_name(card, number, count),
        "asleep" if card.asleep else share_words(card.busy),
        memory_of(card),
        NOTHING_KNOWN if card.asleep else temperature_of(card),
        NOTHING_KNOWN if card.asleep else power_of(card),
        NOTHING_KNOWN if card.asleep else clock_of(card),
    )
    share = card.used_bytes / card.total_bytes if card.total_bytes and not card.asleep else None
    # At its power limit a card is whenever it works hard: that is told, but nothing to be warned of.
    held = bool(card.note) or (not card.asleep and not card.throttles <= _USUAL)
    return Row(RowKind.CARD, number, cells, card_state(card), held, None if share is None else round(share, 2))


def _cells(name: str, size: int) -> tuple[str, ...]:
    return (name, "", memory_words(size), "", "", "")


def _fold_cells(hidden: Sequence[MemoryUser]) -> tuple[str, ...]:
    if not hidden:
        return ("Show fewer programs", "", "", "", "", "")
    return _cells(f"Show {len(hidden)} more programs", sum(user.used_bytes for user in hidden))


def _changed(old: Row, new: Row) -> list[int]:
    """The columns that look different."""
    changed = [column for column in Column if old.cells[column] != new.cells[column]]
    if (old.state, old.warns) != (new.state, new.warns) and Column.CARD not in changed:
        changed.append(Column.CARD)
    if old.share != new.share and Column.MEMORY not in changed:
        changed.append(Column.MEMORY)
    return [int(column) for column in changed]
