"""A grid of answers for Qt: a row for each prompt and repeat, a column for each column of the experiment.

`prompt_grid` owns one. A change costs as much as it has cells, however many there are besides: only these are drawn
again, and a row that the filter lets in or out comes and goes by itself.
"""

from collections.abc import Iterable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from desktop_app.domain.experiment import CellHead
from desktop_app.services.compare_view import CompareState, GridChange
from desktop_app.ui.widgets.basics import tip
from desktop_app.ui.widgets.prompt_grid_rows import Facts, GridRows, Key, Order, Row, Show
from desktop_app.ui.widgets.prompt_grid_words import Head, cell_sentence, head_of, one_line, row_sentence

CELL = int(Qt.ItemDataRole.UserRole)
"""The role under which an index gives its `CellHead`; None where nothing is asked."""
ROW = CELL + 1
"""The role under which the vertical header gives its `Row`."""
HEAD = CELL + 2
"""The role under which the horizontal header gives its `Head`."""

_TIP_LENGTH = 1500
"""Characters of a prompt in its tooltip."""
_MANY = 100
"""Changes of a filtered list that are cheaper made at once than row by row."""

Index = QModelIndex | QPersistentModelIndex


class GridModel(QAbstractTableModel):
    """The answers that are shown."""

    sifted = Signal()
    """Rows have come, gone, or count otherwise."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hidden = False
        """Whether names and figures are hidden."""
        self.rows = GridRows()
        self._cells: dict[Key, CellHead] = {}
        self._state = CompareState()
        self._columns: tuple[int, ...] = ()
        self._heads: tuple[Head, ...] = ()

    @property
    def columns(self) -> tuple[int, ...]:
        """The ids of the columns, from left to right."""
        return self._columns

    @property
    def only_titles(self) -> bool:
        """Whether nothing but titles stands above the columns."""
        return not any(head.result or head.medians or head.failure for head in self._heads)

    def show_state(self, state: CompareState) -> None:
        """Show the prompts and the columns of *state*."""
        before, self._state = self._state, state
        columns = tuple(one.column.id for one in state.columns)
        if _frame_of(before) != _frame_of(state) or columns != self._columns or state.hidden is not self.hidden:
            self._begin_again(state, columns)
        heads = _heads_of(state)
        if heads != self._heads:
            self._heads = heads
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(0, len(columns) - 1))

    def show_change(self, change: GridChange) -> None:
        """Show what is new in the cells."""
        if change.whole:
            self.beginResetModel()
            self._cells = dict(change.cells)
            self.rows.judge_all(self._cells)
            self.endResetModel()
        else:
            self._take(change)
        self.sifted.emit()

    def choose(self, show: Show, order: Order) -> None:
        """Show these rows in this order."""
        if (show, order) == (self.rows.show, self.rows.order):
            return
        self.beginResetModel()
        self.rows.show, self.rows.order = show, order
        self.rows.sift()
        self.endResetModel()
        self.sifted.emit()

    def head_at(self, index: Index) -> CellHead | None:
        """The cell there."""
        if not index.isValid():
            return None
        row = self.rows.row(index.row())
        return self._cells.get((row.prompt.id, self._columns[index.column()], row.repeat))

    def index_of(self, prompt: int, column: int, repeat: int) -> QModelIndex:
        """Where a cell is shown; an invalid index when it is not."""
        number = self.rows.number_of(prompt, repeat)
        place = None if number is None else self.rows.place_of(number)
        if place is None or column not in self._columns:
            return QModelIndex()
        return self.index(place, self._columns.index(column))

    def rowCount(self, parent: Index | None = None) -> int:
        """As many as are shown."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """One for each column of the experiment."""
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """The cell itself, its beginning, all of it in words."""
        if role == CELL:
            return self.head_at(index)
        if role == Qt.ItemDataRole.DisplayRole:
            head = self.head_at(index)
            return head.snippet if head else ""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            title, row = self._heads[index.column()].title, self.rows.row(index.row())
            return cell_sentence(self.head_at(index), row, title, hidden=self.hidden)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        """What stands above a column; the prompt of a row."""
        if orientation is Qt.Orientation.Horizontal:
            return self._of_column(self._heads[section], role) if section < len(self._heads) else None
        return self._of_row(self.rows.row(section), role) if section < len(self.rows) else None

    def _of_column(self, head: Head, role: int) -> object:
        if role == HEAD:
            return head
        if role == Qt.ItemDataRole.DisplayRole:
            return head.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return head.sentence
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip("\n".join(part for part in (head.title, head.result, head.medians, head.failure) if part))
        return None

    def _of_row(self, row: Row, role: int) -> object:
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.number}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row_sentence(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            reference = f"\n\nReference: {one_line(row.prompt.reference)}" if row.prompt.reference else ""
            return tip(f"{row.prompt.text[:_TIP_LENGTH]}{reference}")
        return None

    def _begin_again(self, state: CompareState, columns: tuple[int, ...]) -> None:
        experiment = state.experiment
        self.beginResetModel()
        self.hidden, self._columns, self._heads = state.hidden, columns, _heads_of(state)
        if experiment is None:
            self.rows.fill((), 1, columns)
        else:
            self.rows.fill(experiment.prompts, experiment.options.repeats, columns)
        self.rows.judge_all(self._cells)
        self.endResetModel()
        self.sifted.emit()

    def _take(self, change: GridChange) -> None:
        """Take over the cells that changed, then their rows."""
        numbers = set()
        for key in change.changed:
            head = change.cells.get(key)
            if head is None:
                self._cells.pop(key, None)
            else:
                self._cells[key] = head
            number = self.rows.number_of(key[0], key[2])
            if number is not None:
                numbers.add(number)
        self._judge(numbers)
        self._tell(change.changed)

    def _judge(self, numbers: Iterable[int]) -> None:
        """Let rows come and go, and change their places, by what their cells say now."""
        news = [(number, facts) for number in numbers if (facts := self.rows.judge(number, self._cells)) is not None]
        if len(news) > _MANY and (self.rows.show is not Show.ALL or self.rows.order is not Order.PROMPTS):
            self.beginResetModel()
            for number, facts in news:
                self.rows.learn(number, facts)
            self.rows.sift()
            self.endResetModel()
            return
        for number, facts in news:
            before, after = self.rows.place_of(number), self.rows.place_for(facts, number)
            if before is None and after is None:
                self.rows.learn(number, facts)
            elif before is None or after is None:
                self._come_or_go(before, after, number, facts)
            elif after in (before, before + 1):
                self.rows.take_out(before)
                self.rows.learn(number, facts)
                self.rows.put_in(before, number)
            else:
                self.beginMoveRows(QModelIndex(), before, before, QModelIndex(), after)
                self.rows.take_out(before)
                self.rows.learn(number, facts)
                self.rows.put_in(after - (after > before), number)
                self.endMoveRows()

    def _come_or_go(self, before: int | None, after: int | None, number: int, facts: Facts) -> None:
        if before is not None:
            self.beginRemoveRows(QModelIndex(), before, before)
            self.rows.take_out(before)
            self.rows.learn(number, facts)
            self.endRemoveRows()
        elif after is not None:
            self.beginInsertRows(QModelIndex(), after, after)
            self.rows.learn(number, facts)
            self.rows.put_in(after, number)
            self.endInsertRows()

    def _tell(self, changed: Iterable[Key]) -> None:
        for prompt, column, repeat in changed:
            index = self.index_of(prompt, column, repeat)
            if index.isValid():
                self.dataChanged.emit(index, index)


def _frame_of(state: CompareState) -> tuple[object, ...]:
    """What decides which rows there are."""
    one = state.experiment
    return () if one is None else (one.id, one.prompts, one.options.repeats)


def _heads_of(state: CompareState) -> tuple[Head, ...]:
    known = {} if state.hidden else {one.column: one for one in state.figures}
    return tuple(head_of(one, known.get(one.column.id)) for one in state.columns)
