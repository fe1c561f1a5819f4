"""What the Compare page is told: one frozen state, published by `services/compare.py`; cells of grids come beside."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from desktop_app.domain.chat import Message
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell, CellHead, Column, Experiment, ExperimentHead
from desktop_app.domain.experiment_figures import ColumnFigures as ColumnFigures  # noqa: PLC0414 - pages find it here
from desktop_app.domain.ratings import Rating


@dataclass(frozen=True)
class ExperimentsState:
    """The list of experiments, newest first."""

    experiments: tuple[ExperimentHead, ...] = ()
    loaded: bool = False
    undo: str = ""
    """What the last deletion took, e.g. `“Poems” was deleted`, while it can be brought back."""
    running: int | None = None
    """The one that runs; another one may be open meanwhile."""
    error: UserError | None = None


@dataclass(frozen=True)
class GoingOn:
    """How columns go on after an answer, where that is not each from its own or can still be chosen."""

    marked: bool = False
    """All columns go on from this answer."""
    place: int | None = None
    """Where the column stands from whose answer this one goes on instead, from 0 at the left; None when it was taken
    away, and when there is none."""
    title: str = ""
    """What that column is called; empty when there is none."""
    can_mark: bool = False
    """Whether all columns can go on from this answer, because nothing was answered since."""
    can_undo: bool = False
    """Whether each column can go on from its own answer again."""


@dataclass(frozen=True)
class ColumnState:
    """One column as it is shown."""

    column: Column
    title: str
    """Its name; `Column 1` and so on, shuffled, while names are hidden."""
    settings: str = ""
    """How it differs from the other columns, in words, e.g. `temperature 0.2 · KV cache fp8`; empty while hidden."""
    words: str = ""
    """What its engine is doing, e.g. `Starting: reading weights`, `waits for its turn`; empty for nothing."""
    failure: str = ""
    """Why it has no more answers, in a sentence."""
    messages: tuple[Message, ...] = ()
    """Of a conversation: questions (ids are minus the prompt's) and answers (ids are the cell's), for a transcript."""
    cells: tuple[Cell, ...] = ()
    """Of a conversation: its cells, in the order of the prompts."""
    going_on: Mapping[int, GoingOn] = field(default_factory=dict)
    """What there is to say below answers, by their ids."""


@dataclass(frozen=True)
class PlanState:
    """What is going to happen when it is run, said beforehand."""

    words: str
    """E.g. `All three fit into memory together (5.1 of 12 GB).` or `Memory holds one of them at a time: they run one
    after another, in about 6 min.`"""
    batches: tuple[tuple[int, ...], ...] = ()
    """Columns that are in memory at the same time, in the order in which they come."""
    seconds: float = 0.0
    """Estimated; 0 when nothing is known."""
    warning: str = ""
    """What makes the result less than it seems, e.g. that a column does not fit at all."""
    stops: tuple[str, ...] = ()
    """Models that run now and will be stopped to make room."""


@dataclass(frozen=True)
class RunState:
    """A run that goes on."""

    words: str
    """What happens just now, e.g. `Asking Qwen3-8B, 12 of 60`."""
    done: int
    """Cells."""
    total: int
    batch: int = 0
    """Which batch of `PlanState.batches`, from 0."""
    batches: int = 1
    seconds_left: float | None = None
    share: float | None = None
    """Of the engine's start that is going on, 0…1; None when none is."""
    stopping: bool = False


@dataclass(frozen=True)
class PairState:
    """Two answers that somebody is asked to compare. Which column each is of is hidden until the vote."""

    prompt: int
    repeat: int
    question: str
    left: Cell
    right: Cell
    done: int
    """Comparisons made so far in this experiment."""
    left_over: int
    """Comparisons that could still be made."""


@dataclass(frozen=True)
class CompareState:
    """The experiment that is open."""

    experiment: Experiment | None = None
    columns: tuple[ColumnState, ...] = ()
    """Those that are shown, in the order in which they are shown."""
    figures: tuple[ColumnFigures, ...] = ()
    """In the same order; empty while hidden."""
    figures_words: tuple[str, ...] = ()
    """Why no column is called best where two have the figure, in sentences; empty while hidden."""
    hidden: bool = False
    """Whether names, settings and figures are hidden: in a blind experiment from the first question on, until they are
    revealed. Then all ids here are others than those that are stored, and every verb takes them."""
    waiting: int = 0
    """Cells that have not been asked."""
    failed: int = 0
    """Cells that failed or were stopped, but for those that all columns go on from."""
    done: int = 0
    plan: PlanState | None = None
    run: RunState | None = None
    pair: PairState | None = None
    """While somebody votes."""
    ratings: tuple[Rating, ...] = ()
    """Of this experiment's columns, best first; empty while hidden."""
    votes: int = 0
    differences: tuple[str, ...] = ()
    """In what runs of one column differ from one another, in sentences: an update of the engine, other files."""
    objections: tuple[str, ...] = ()
    """Why figures of the first column and of another one may not be compared, in sentences; empty while hidden."""
    elsewhere: str = ""
    """The title of another experiment that runs; empty for none."""
    error: UserError | None = None


@dataclass(frozen=True)
class GridChange:
    """What changed in a grid of cells; published at most ten times a second."""

    version: int = 0
    """Grows with every change."""
    whole: bool = True
    """Everything is to be drawn anew."""
    cells: Mapping[tuple[int, int, int], CellHead] = field(default_factory=dict)
    """All cells by prompt, column and repeat. The mapping is the service's own: look into it, do not keep it."""
    changed: frozenset[tuple[int, int, int]] = frozenset()
