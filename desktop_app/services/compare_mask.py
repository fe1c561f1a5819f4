"""Names hidden: what somebody may see of columns and answers before they are revealed.

`compare_desk.py` shows everything through a `Mask` while an experiment is blind. Ids are replaced as well, by ones that
say where a column is shown and nothing else: those of the database follow the order in which columns were made.
"""

from collections.abc import Sequence
from dataclasses import replace

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Timing
from desktop_app.domain.experiment import (
    MAX_REPEATS,
    Cell,
    CellHead,
    CellState,
    Column,
    Experiment,
    Prompt,
)
from desktop_app.domain.launch import ModelRef
from desktop_app.services.compare_view import PlanState, RunState

Key = tuple[int, int, int]
"""A cell by its prompt, column and repeat."""

MASKED_IDS = 1 << 29
"""Ids that stand for others are not less than this; those of the database are."""
_PLACES = 8
"""More than there are columns, and two for the sides of a vote."""
LEFT_PLACE, RIGHT_PLACE = 6, 7
_PREPARED = "is being prepared"
_FAILED = "This answer failed. Why is told when the names are revealed."
_COLUMN_FAILED = "It could not go on. Why is told when the names are revealed."
_NOT_ALL = "Not every column can run. Which ones is told when the names are revealed."
_TOGETHER = "All columns run at the same time."
_IN_TURN = "Memory does not hold all columns at once: they run one after another."


class Mask:
    """Hides which column is which.

    Args:
        columns: as they are shown, from left to right.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._places = {column.id: place for place, column in enumerate(columns)}
        self._columns = [column.id for column in columns]

    def column_id(self, column: int) -> int:
        """What stands for a column's id."""
        return MASKED_IDS + self._places[column]

    def real_column(self, masked: int) -> int:
        """The column for which an id stands; the id itself when it stands for none."""
        place = masked - MASKED_IDS
        return self._columns[place] if 0 <= place < len(self._columns) else masked

    def cell_id(self, key: Key) -> int:
        """What stands for a cell's id."""
        prompt, column, repeat = key
        return placed_id(prompt, repeat, self._places[column])

    def key_of(self, masked: int) -> Key | None:
        """The cell for which an id stands; None when it stands for none."""
        number, place = divmod(masked - MASKED_IDS, _PLACES)
        prompt, repeat = divmod(number, MAX_REPEATS)
        return (prompt, self._columns[place], repeat) if masked >= MASKED_IDS and place < len(self._columns) else None

    def title(self, column: int) -> str:
        """What a column is called meanwhile."""
        return f"Column {self._places[column] + 1}"

    def column(self, column: Column) -> Column:
        """A column that says nothing but where it is shown."""
        return Column(self.column_id(column.id), ModelRef(self.title(column.id)))

    def experiment(self, experiment: Experiment) -> Experiment:
        """An experiment without its columns' names, settings and order."""
        columns = sorted(experiment.shown, key=lambda column: self._places[column.id])
        prompts = tuple(map(self._prompt, experiment.prompts))
        shown = tuple(self.column(column) for column in columns)
        return replace(experiment, columns=shown, prompts=prompts, order_seed=0)

    def real_columns(self, columns: Sequence[Column], experiment: Experiment) -> tuple[Column, ...]:
        """What is meant by columns some of which were hidden from whoever names them."""
        found = ((column, experiment.column(self.real_column(column.id))) for column in columns)
        return tuple(real if real is not None and column.id >= MASKED_IDS else column for column, real in found)

    def real_prompts(self, prompts: Sequence[Prompt], experiment: Experiment) -> tuple[Prompt, ...]:
        """What is meant by questions whose columns were hidden from whoever names them."""
        known = {one.id: one.column for one in experiment.prompts}
        return tuple(
            replace(one, column=known.get(one.id, self.real_column(one.column)))
            if one.column is not None and one.column >= MASKED_IDS
            else one
            for one in prompts
        )

    def message(self, message: Message, key: Key) -> Message:
        """An answer without what tells who gave it."""
        return anonymous(message, self.cell_id(key))

    def cell(self, cell: Cell) -> Cell:
        """A cell without what tells whose it is."""
        key = (cell.prompt, cell.column, cell.repeat)
        return _anonymous_cell(cell, self.cell_id(key), self.column_id(cell.column))

    def head(self, head: CellHead) -> CellHead:
        """A cell of a grid without what tells whose it is."""
        return CellHead(
            self.cell_id((head.prompt, head.column, head.repeat)),
            head.prompt,
            self.column_id(head.column),
            head.repeat,
            head.state,
            _FAILED if head.state is CellState.FAILED else head.snippet,
            head.passed,
        )

    @staticmethod
    def plan(plan: PlanState) -> PlanState:
        """A plan without names and sizes, and without who comes first: that is whoever runs already."""
        return PlanState(
            _TOGETHER if len(plan.batches) < 2 else _IN_TURN,
            seconds=plan.seconds,
            warning=_NOT_ALL if plan.warning else "",
            stops=plan.stops,
        )

    @staticmethod
    def run(run: RunState) -> RunState:
        """A run without names."""
        return replace(run, words=f"{run.done:,} of {run.total:,} answered")

    @staticmethod
    def words(words: str) -> str:
        """What an engine is doing, without what tells which one it is."""
        return _PREPARED if words else ""

    @staticmethod
    def failure(failure: str) -> str:
        """That a column failed, without why."""
        return _COLUMN_FAILED if failure else ""

    def _prompt(self, prompt: Prompt) -> Prompt:
        if prompt.column is None and prompt.carried is None:
            return prompt
        only, carried = (one if one is None else self._masked_column(one) for one in (prompt.column, prompt.carried))
        return replace(prompt, column=only, carried=carried)

    def _masked_column(self, column: int) -> int:
        # Of a column that was taken away nothing is shown.
        return self.column_id(column) if column in self._places else MASKED_IDS + _PLACES


def placed_id(prompt: int, repeat: int, place: int) -> int:
    """An id for an answer that says to what, and where it is shown."""
    return MASKED_IDS + (prompt * MAX_REPEATS + repeat) * _PLACES + place


def anonymous(message: Message, id_: int) -> Message:
    """An answer of which only the words are shown."""
    return replace(
        message,
        id=id_,
        model="",
        timing=Timing(),
        record=AnswerRecord(),
        created=0.0,
        logprobs=False,
        error=_FAILED if message.state is MessageState.FAILED else "",
    )


def at_side(cell: Cell, place: int) -> Cell:
    """A cell as it is shown at one side of a vote."""
    return _anonymous_cell(cell, placed_id(cell.prompt, cell.repeat, place), 0)


def _anonymous_cell(cell: Cell, id_: int, column: int) -> Cell:
    answer = anonymous(cell.answer, id_)
    return Cell(id_, cell.prompt, column, cell.repeat, cell.state, answer, checks=cell.checks)
