"""An experiment as it travels: everything that its exports say, and what is left of it while names are hidden.

`services/experiment_files.py` hands it to the writers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random

from desktop_app.domain.chat import Message
from desktop_app.domain.experiment import Cell, CellState, Column, Experiment, Options, Prompt, Provenance, Vote
from desktop_app.domain.experiment_figures import ColumnFigures
from desktop_app.domain.experiment_words import hidden_title
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.ratings import Rating


def _as_it_is(cell: Cell) -> Cell:
    return cell


@dataclass(frozen=True)
class ExperimentParcel:
    """An experiment with all its answers. While it is blind, exports hide what the window hides."""

    experiment: Experiment
    cells: tuple[Cell, ...]
    """Those of columns that were taken away too; their texts may be left to `whole`."""
    provenance: Mapping[int, Provenance] = field(default_factory=dict)
    """By the ids that cells refer to."""
    votes: tuple[Vote, ...] = ()
    ratings: tuple[Rating, ...] = ()
    """Of its columns, best first."""
    figures: tuple[ColumnFigures, ...] = ()
    """Of the columns that are shown."""
    order: tuple[int, ...] = ()
    """The columns in the order in which the window shows them; counts while they are hidden: the first is `Column 1`.
    Empty for an order of the export's own."""
    whole: Callable[[Cell], Cell] = field(default=_as_it_is, repr=False, compare=False)
    """Gives one of the cells its texts, so that not all of them are held at the same time. It may block, and may raise
    UserError."""

    @property
    def hidden(self) -> bool:
        """Whether names, settings and figures may not be said yet."""
        return self.experiment.blind

    @cached_property
    def answers(self) -> Mapping[int, Mapping[int, Mapping[int, Cell]]]:
        """Cells by prompt, repeat and column."""
        found: dict[int, dict[int, dict[int, Cell]]] = {}
        for cell in self.cells:
            found.setdefault(cell.prompt, {}).setdefault(cell.repeat, {})[cell.column] = cell
        return found

    def of_column(self, column: int) -> list[Cell]:
        """The cells of one column, in the order in which they were asked."""
        return sorted((cell for cell in self.cells if cell.column == column), key=lambda cell: (cell.order, cell.id))


def veiled(parcel: ExperimentParcel) -> ExperimentParcel:
    """What somebody may read who is still to judge: questions and answers of `Column 1` and so on.

    Nothing else is in it: no names, settings, figures, votes, times or engines, and no ids that tell columns apart.
    """
    experiment = parcel.experiment
    places = {column.id: place for place, column in enumerate(_hidden_order(parcel), 1)}
    shown = sorted((cell for cell in parcel.cells if cell.column in places), key=lambda cell: _where(cell, places))
    return ExperimentParcel(
        replace(
            experiment,
            columns=tuple(Column(place, ModelRef(hidden_title(place - 1))) for place in places.values()),
            prompts=tuple(_veiled_prompt(one, places) for one in experiment.prompts),
            options=Options(repeats=experiment.options.repeats, checks=experiment.options.checks),
            order_seed=0,
        ),
        tuple(_veiled_cell(cell, number, places[cell.column]) for number, cell in enumerate(shown, 1)),
        whole=lambda cell: _veiled_cell(parcel.whole(shown[cell.id - 1]), cell.id, cell.column),
    )


def _hidden_order(parcel: ExperimentParcel) -> list[Column]:
    columns = list(parcel.experiment.shown)
    if {column.id for column in columns} == set(parcel.order):
        return sorted(columns, key=lambda column: parcel.order.index(column.id))
    # A seed of its own: the order of questions is drawn from the experiment's.
    Random(f"export {parcel.experiment.order_seed}").shuffle(columns)  # noqa: S311 - nobody is kept out by it
    return columns


def _where(cell: Cell, places: Mapping[int, int]) -> tuple[int, int, int]:
    return cell.prompt, cell.repeat, places[cell.column]


def _veiled_prompt(prompt: Prompt, places: Mapping[int, int]) -> Prompt:
    # A column that was taken away is not in it: 0 is nobody's.
    only, carried = (one if one is None else places.get(one, 0) for one in (prompt.column, prompt.carried))
    return replace(prompt, column=only, carried=carried)


def _veiled_cell(cell: Cell, number: int, place: int) -> Cell:
    answer, failed = cell.answer, cell.state is CellState.FAILED
    words = Message(
        number,
        answer.role,
        answer.text,
        answer.state,
        error="This answer failed. Why is told when the names are revealed." if failed else "",
        reasoning=answer.reasoning,
    )
    return Cell(number, cell.prompt, place, cell.repeat, cell.state, words, checks=cell.checks)
