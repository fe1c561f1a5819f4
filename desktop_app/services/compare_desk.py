"""One experiment in memory, and how it is shown: named, or with everything hidden that tells which column is which.

`compare_stage.py` keeps the open one and the one that runs. Nothing here touches the disk.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from desktop_app.domain.chat import Message, Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell, CellHead, CellState, Column, Experiment, ExperimentKind, Vote
from desktop_app.domain.experiment_words import column_title, settings_words
from desktop_app.domain.ratings import Rating
from desktop_app.services.compare_carrying import going_on, stopped_and_carried
from desktop_app.services.compare_cells import Cells
from desktop_app.services.compare_columns import in_order
from desktop_app.services.compare_mask import Key, Mask
from desktop_app.services.compare_view import (
    ColumnFigures,
    ColumnState,
    CompareState,
    GoingOn,
    GridChange,
    PairState,
    PlanState,
    RunState,
)


class Desk:
    """An experiment that is open or runs.

    Args:
        experiment: what is compared.
        cells: its answers.
        votes: what was said of them.
    """

    def __init__(self, experiment: Experiment, cells: Cells, votes: Sequence[Vote] = ()) -> None:
        self.experiment = experiment
        self.cells = cells
        self.votes = tuple(votes)
        self.plan: PlanState | None = None
        self.run: RunState | None = None
        self.pair: PairState | None = None
        self.ratings: tuple[Rating, ...] = ()
        self.figures: tuple[ColumnFigures, ...] = ()
        """By the order of `experiment.shown`."""
        self.figures_words: tuple[str, ...] = ()
        self.sources: dict[int, dict[int, int]] | None = None
        """For each column what its answers came from, and as the how-manieth question that was first so; None while it
        has not been read."""
        self.differences: tuple[str, ...] = ()
        self.objections: tuple[str, ...] = ()
        self.error: UserError | None = None
        self._said: dict[int, tuple[str, str]] = {}
        self._drawn: dict[int, ColumnState] = {}
        """Columns as they were shown last, as long as nothing in them changes."""
        self._questions: dict[int, Message] = {}
        self._hidden_answers: dict[int, tuple[Message, Message]] = {}
        """Answers as they are and as they are shown: what did not change stays the same object."""
        self._mask: Mask | None = None
        self._order: tuple[Column, ...] = ()
        self._shown = experiment
        """The experiment as it may be seen."""
        self._grid: dict[Key, CellHead] = {}
        self._touched: set[Key] = set()
        self._grid_is_old = True
        self.look_again()

    @property
    def id(self) -> int:
        """The experiment's."""
        return self.experiment.id

    @property
    def hidden(self) -> bool:
        """Whether names are hidden: from the first question of a blind experiment on, until they are revealed.

        Also while every answer of it is to be asked for once more.
        """
        begun = self._mask is not None or self.run is not None or bool(self.cells.answered())
        return self.experiment.blind and begun

    @property
    def mask(self) -> Mask | None:
        """What hides names just now."""
        return self._mask

    @property
    def shown_ids(self) -> list[int]:
        """The columns that are compared."""
        return [column.id for column in self.experiment.shown]

    @property
    def waiting(self) -> int:
        """Cells that have not been asked."""
        return self.cells.count(self.shown_ids, CellState.WAITING)

    def put_experiment(self, experiment: Experiment) -> None:
        """Columns, prompts, options or title are others now."""
        self.experiment = experiment
        self.look_again()

    def put_cells(self, cells: Cells) -> None:
        """All cells were read anew."""
        self.cells = cells
        self.look_again()

    def put_cell(self, cell: Cell) -> None:
        """What became of a cell."""
        if cell.provenance is not None:
            self.note_source(cell.column, cell.provenance, cell.order)
        self._touch(self.cells.put(cell))

    def note_source(self, column: int, provenance: int, order: int) -> None:
        """Remember what an answer of a column came from, and as the how-manieth question it was asked."""
        if self.sources is not None:
            known = self.sources.setdefault(column, {})
            known[provenance] = min(order, known.get(provenance, order))

    def sources_in_order(self) -> dict[int, list[int]]:
        """For each column what its answers came from, in the order in which they were asked."""
        return {column: sorted(known, key=known.__getitem__) for column, known in (self.sources or {}).items()}

    def add_cells(self, heads: Iterable[CellHead]) -> None:
        """Cells that were made."""
        heads = list(heads)
        self.cells.add(heads)
        for head in heads:
            self._touch((head.prompt, head.column, head.repeat))

    def wait_again(self, cell_ids: Sequence[int]) -> None:
        """Cells that are to be asked again."""
        self.cells.wait_again(cell_ids)
        for cell_id in cell_ids:
            if key := self.cells.key_of(cell_id):
                self._touch(key)

    def grow(self, cell_id: int, message: Message) -> None:
        """How far an answer is."""
        if key := self.cells.grow(cell_id, message):
            self._drawn.pop(key[1], None)

    def say(self, column: int, words: str, failure: str) -> None:
        """What a column's engine does, and why there are no more answers."""
        self._said[column] = (words, failure)
        self._drawn.pop(column, None)

    def come_to_rest(self) -> None:
        """Nothing goes on any more; why columns failed stays. Answers whose end could not be stored wait again."""
        self.run = None
        self.wait_again([head.id for head in self.cells.heads.values() if head.state is CellState.RUNNING])
        for column, (_, failure) in list(self._said.items()):
            self.say(column, "", failure)

    def forget_said(self) -> None:
        """A new run begins."""
        self._said.clear()
        self._drawn.clear()

    def look_again(self) -> None:
        """Everything may be shown in another way."""
        before = [column.id for column in self._order] if self._mask else []
        self._order = in_order(self.experiment, self.hidden)
        self._mask = Mask(self._order) if self.hidden else None
        self._shown = self._mask.experiment(self.experiment) if self._mask else self.experiment
        if before != [column.id for column in self._order]:
            self._hidden_answers.clear()
        self._drawn.clear()
        self._grid_is_old = True

    def real_column(self, column: int) -> int:
        """The column that is meant by an id which was shown."""
        return self._mask.real_column(column) if self._mask else column

    def real_head(self, cell: int) -> CellHead | None:
        """The cell that is meant by an id which was shown."""
        key = self._mask.key_of(cell) if self._mask else None
        return self.cells.heads.get(key) if key else self.cells.head_of(cell)

    def state(self) -> CompareState:
        """What pages draw."""
        if self.hidden != (self._mask is not None):
            self.look_again()
        mask, ids, said = self._mask, self.shown_ids, self._going_on()
        again = self.cells.count(ids, CellState.FAILED, CellState.STOPPED)
        return CompareState(
            experiment=self._shown,
            columns=tuple(self._column_state(column, said.get(column.id, {})) for column in self._order),
            figures=() if mask else self.figures,
            figures_words=() if mask else self.figures_words,
            hidden=mask is not None,
            waiting=self.waiting,
            # One that all go on from is as finished as it is going to be.
            failed=again - stopped_and_carried(self.experiment, self.cells),
            done=self.cells.count(ids, CellState.DONE),
            plan=mask.plan(self.plan) if mask and self.plan else self.plan,
            run=mask.run(self.run) if mask and self.run else self.run,
            pair=self.pair,
            ratings=() if mask else self.ratings,
            votes=len(self.votes),
            differences=() if mask else self.differences,
            objections=() if mask else self.objections,
            error=self.error,
        )

    def grid_change(self, version: int, whole: bool = False) -> GridChange:
        """What changed in the grid since this was asked last.

        Args:
            version: of the change.
            whole: whether everything counts as changed.
        """
        if self.hidden != (self._mask is not None):
            self.look_again()
        self._touched.update(self.cells.catch_up())
        whole = whole or self._grid_is_old
        changed = self._draw_grid() if self._grid_is_old else self._draw_cells(self._touched)
        self._touched.clear()
        return GridChange(version, whole, self._grid, frozenset() if whole else changed)

    def _draw_grid(self) -> frozenset[Key]:
        self._grid = {}
        self._grid_is_old = False
        return self._draw_cells(self.cells.heads)

    def _draw_cells(self, keys: Iterable[Key]) -> frozenset[Key]:
        changed, shown = set(), set(self.shown_ids)
        for key in keys:
            head = self.cells.heads[key]
            if head.column in shown:
                head = self._mask.head(head) if self._mask else head
                key = (head.prompt, head.column, head.repeat)  # noqa: PLW2901 - the one that is shown
                self._grid[key] = head
                changed.add(key)
        return frozenset(changed)

    def _touch(self, key: Key) -> None:
        self._touched.add(key)
        self._drawn.pop(key[1], None)

    def _column_state(self, column: Column, said: dict[int, GoingOn]) -> ColumnState:
        drawn = self._drawn.get(column.id) or self._draw_column(column)
        if drawn.going_on != said:
            drawn = replace(drawn, going_on=said)
        self._drawn[column.id] = drawn
        return drawn

    def _going_on(self) -> dict[int, dict[int, GoingOn]]:
        """For each column what there is to say below its answers, by the ids that are shown."""
        found: dict[int, dict[int, GoingOn]] = {}
        if self.experiment.kind is ExperimentKind.CONVERSATION:
            for key, one in going_on(self.experiment, self.cells, cache(self._named), resting=self.run is None):
                shown = self._mask.cell_id(key) if self._mask else self.cells.heads[key].id
                found.setdefault(key[1], {})[shown] = one
        return found

    def _named(self, column: int) -> tuple[int | None, str]:
        """Where a column is shown, and what it may be called."""
        place = next((at for at, one in enumerate(self._order) if one.id == column), None)
        if self._mask:
            return place, "a column" if place is None else self._mask.title(column)
        among = self.experiment.columns if place is None else self.experiment.shown
        known = self.experiment.column(column)
        return place, column_title(known, among) if known else "a column"

    def _draw_column(self, column: Column) -> ColumnState:
        words, failure = self._said.get(column.id, ("", ""))
        cells = self._cells_of(column) if self.experiment.kind is ExperimentKind.CONVERSATION else []
        messages = tuple(message for cell in cells for message in self._turn(cell))
        if (mask := self._mask) is None:
            shown = self.experiment.shown
            title, settings = column_title(column, shown), settings_words(column, shown)
            return ColumnState(column, title, settings, words, failure, messages, tuple(cells))
        return ColumnState(
            mask.column(column),
            mask.title(column.id),
            words=mask.words(words),
            failure=mask.failure(failure),
            messages=messages,
            cells=tuple(mask.cell(cell) for cell in cells),
        )

    def _cells_of(self, column: Column) -> list[Cell]:
        keys = ((one.id, column.id, 0) for one in self.experiment.prompts if one.column in (None, column.id))
        return [cell for key in keys if (cell := self.cells.whole.get(key))]

    def _turn(self, cell: Cell) -> tuple[Message, ...]:
        """A question and, as soon as it is asked, its answer."""
        question = self._question(cell.prompt)
        return (question,) if cell.state is CellState.WAITING else (question, self._answer(cell))

    def _question(self, prompt: int) -> Message:
        known = self._questions.get(prompt)
        text = one.text if (one := self.experiment.prompt(prompt)) else ""
        if known is None or known.text != text:
            known = self._questions[prompt] = Message(-prompt, Role.USER, text)
        return known

    def _answer(self, cell: Cell) -> Message:
        if self._mask is None:
            return cell.answer
        before = self._hidden_answers.get(cell.id)
        if before is None or before[0] is not cell.answer:
            before = (cell.answer, self._mask.message(cell.answer, (cell.prompt, cell.column, cell.repeat)))
            self._hidden_answers[cell.id] = before
        return before[1]
