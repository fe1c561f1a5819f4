"""Experiments as values: the same words put to several models, or to one model under several settings.

An experiment is columns × prompts × repeats; each combination is a cell, which holds one answer and how it came about.
`services/compare*.py` runs them, `store/experiments*.py` keeps them. What is said about them in words stands in
`experiment_words.py`, ratings in `ratings.py`.
"""

from dataclasses import dataclass, field, fields
from enum import Enum
from hashlib import sha256
from typing import Any

from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.domain.launch import FlagValue, ModelRef
from desktop_app.domain.sampling import ChatSettings

MIN_COLUMNS = 2
MAX_COLUMNS = 6
MAX_PROMPTS = 10_000
MAX_REPEATS = 100
MAX_CONCURRENCY = 64


class ExperimentKind(Enum):
    """What is compared with what. The value is what people read."""

    CONVERSATION = "Side by side"
    """Every column is a conversation; a prompt follows what that column said before, or what all go on from."""
    PROMPTS = "Prompt set"
    """Every prompt stands for itself."""


class Pace(Enum):
    """Whether columns answer at the same time. The value is what people read."""

    TOGETHER = "All at once"
    """Soonest done; models that share a machine slow one another down."""
    ALONE = "One at a time"
    """Each answer has the machine to itself, so that speeds can be compared."""


@dataclass(frozen=True)
class Column:
    """A model with its settings."""

    id: int
    """Unique in its experiment, never given twice; a column that is changed after it answered gets a new one."""
    model: ModelRef
    settings: ChatSettings = field(default_factory=ChatSettings)
    flags: tuple[tuple[str, FlagValue], ...] = ()
    """Options of the engine that differ from what is chosen for the model, e.g. `("--kv-cache-dtype", "fp8")`."""
    name: str = ""
    """What a person calls it; empty for the model's name."""
    removed: bool = False
    """Taken away by a person; its answers are kept."""

    @property
    def engine_key(self) -> str:
        """Tells the engine that this column needs from others: columns with the same one share it."""
        if not self.flags or self.model.address:
            return self.model.key
        chosen = "\n".join(f"{flag}={value}" for flag, value in sorted(self.flags))
        return sha256(f"{self.model.key}\n{chosen}".encode()).hexdigest()[:10]

    @property
    def identity(self) -> str:
        """Tells contestants of votes from one another, over all experiments: model, settings and engine's options."""
        words = f"{self.engine_key}\n{sorted(self.settings.as_json().items())}"
        return sha256(words.encode("utf-8", "surrogateescape")).hexdigest()[:16]


class CheckKind(Enum):
    """How an answer is checked. The value is what people read."""

    CONTAINS = "Contains"
    EXACT = "Is exactly"
    REGEX = "Matches pattern"
    SCHEMA = "Is JSON of a form"
    JUDGE = "Judged by a model"


@dataclass(frozen=True)
class Check:
    """A check of answers."""

    kind: CheckKind
    text: str = ""
    """What must be there, the pattern, the JSON schema, or what the judge looks at; empty for the prompt's reference
    answer (for a schema: any JSON)."""
    ignore_case: bool = True
    """For CONTAINS, EXACT and REGEX."""


@dataclass(frozen=True)
class CheckResult:
    """What a check said of one answer."""

    kind: CheckKind
    passed: bool | None
    """None when it could not be decided."""
    why: str = ""
    """In a sentence; a judge's own words."""


@dataclass(frozen=True)
class Prompt:
    """One question of an experiment."""

    id: int
    text: str
    reference: str = ""
    """What a good answer says; checks use it."""
    column: int | None = None
    """The only column that is asked; None for all."""
    checks: tuple[Check, ...] = ()
    """Besides those of the experiment."""
    name: str = ""
    """From a file's column `name` or `id`; empty for none."""
    carried: int | None = None
    """The column whose answer to it all columns go on from; None when each goes on from its own."""

    def goes_on_from(self, column: int) -> int:
        """The column whose answer to it stands before the later questions to *column*."""
        return column if self.carried is None else self.carried


@dataclass(frozen=True)
class Options:
    """How an experiment is run."""

    pace: Pace = Pace.TOGETHER
    concurrency: int = 4
    """Questions that one engine is asked at the same time, in a prompt set."""
    repeats: int = 1
    seed: int | None = 1
    """Of the first repeat, the next one has the next number; a column with a seed of its own begins there. None for
    none."""
    shuffle: bool = True
    """Whether the order of columns changes from prompt to prompt: nobody always answers on a warm machine."""
    memory_limit: int = 0
    """Bytes that all its engines together may take; 0 for what is free."""
    checks: tuple[Check, ...] = ()
    """Of every answer."""
    judge: ModelRef | None = None
    """Who decides checks of kind JUDGE."""


@dataclass(frozen=True)
class Experiment:
    """What is compared, and how."""

    id: int
    title: str
    kind: ExperimentKind
    columns: tuple[Column, ...] = ()
    """All that there ever were; `shown` are those that are compared."""
    prompts: tuple[Prompt, ...] = ()
    options: Options = field(default_factory=Options)
    created: float = 0.0
    """Unix time, seconds."""
    updated: float = 0.0
    order_seed: int = 0
    """What the order of questions, and of sides in a vote, is drawn from."""
    blind: bool = False
    """Names and figures are hidden until somebody reveals them."""

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns that are compared, from left to right."""
        return tuple(column for column in self.columns if not column.removed)

    def column(self, column_id: int) -> Column | None:
        """The column with an id."""
        return next((column for column in self.columns if column.id == column_id), None)

    def prompt(self, prompt_id: int) -> Prompt | None:
        """The prompt with an id."""
        return next((prompt for prompt in self.prompts if prompt.id == prompt_id), None)


@dataclass(frozen=True)
class ExperimentHead:
    """An experiment in the list."""

    id: int
    title: str
    kind: ExperimentKind
    updated: float
    columns: tuple[str, ...]
    """Names of its models, from left to right."""
    prompts: int
    done: int
    """Cells that have an answer."""
    cells: int
    failed: int = 0
    blind: bool = False


class CellState(Enum):
    """How far a cell is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    """Somebody pressed Stop while it was being written."""


@dataclass(frozen=True)
class Cell:
    """One answer of one column to one prompt, and how it came about."""

    id: int
    prompt: int
    column: int
    repeat: int = 0
    """From 0."""
    state: CellState = CellState.WAITING
    answer: Message = field(default_factory=lambda: Message(0, Role.ASSISTANT, "", MessageState.STREAMING))
    """Its id is the cell's; timing, record (sampling as sent) and error stand in it."""
    order: int = 0
    """The how-manieth question of its experiment it was, from 1; 0 while it has not been asked."""
    beside: int = 0
    """How many other answers were being written meanwhile, at most."""
    memory: int = 0
    """Bytes that its engine took; 0 when that is not known."""
    provenance: int | None = None
    """Which `Provenance` it has."""
    checks: tuple[CheckResult, ...] = ()

    @property
    def passed(self) -> bool | None:
        """Whether every check passed; None without checks, or while one is undecided and none failed."""
        verdicts = [result.passed for result in self.checks]
        if any(verdict is False for verdict in verdicts):
            return False
        return None if not verdicts or None in verdicts else True


@dataclass(frozen=True)
class CellHead:
    """A cell in a grid of thousands: all but the long texts."""

    id: int
    prompt: int
    column: int
    repeat: int
    state: CellState
    snippet: str = ""
    """The first 160 characters of the answer, or of why there is none."""
    passed: bool | None = None
    tokens: int = 0
    speed: float = 0.0
    """Tokens per second without the wait."""
    first_word: float = 0.0
    """Seconds."""
    memory: int = 0
    cut: bool = False
    """Whether the answer reached a limit of tokens."""
    beside: int = 0
    """How many other answers were being written meanwhile, at most."""


@dataclass(frozen=True)
class Provenance:
    """What an answer came from, besides the question: everything that must be the same for figures to be comparable."""

    model: str = ""
    address: str = ""
    """Of a server elsewhere."""
    revision: str = ""
    """The commit of the model's files."""
    files: tuple[tuple[str, str], ...] = ()
    """Name and SHA-256 of every file of the model, by name."""
    template: str = ""
    """SHA-256 of the chat template; empty when it has none."""
    engine: str = ""
    """E.g. `vLLM 0.32.0 (CPU)`."""
    arguments: tuple[str, ...] = ()
    """The engine's: variables of its environment as `NAME=value`, then flags; no paths of this computer, no keys."""
    hardware: str = ""
    """Processor, cores, memory, cards and driver, in a line."""
    program: str = ""
    """This program's version."""

    def as_json(self) -> dict[str, object]:
        """Only what is known."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}

    @classmethod
    def from_json(cls, values: object) -> "Provenance":
        """What `as_json()` wrote; anything of another kind counts as not known."""
        known: dict[str, Any] = {}
        for field_ in fields(cls):
            value = values.get(field_.name) if isinstance(values, dict) else None
            if isinstance(field_.default, str):
                known[field_.name] = value if isinstance(value, str) else ""
            elif isinstance(value, list | tuple):
                items = [tuple(item) if isinstance(item, list) else item for item in value]
                known[field_.name] = tuple(item for item in items if _fits(field_.name, item))
        return cls(**known)


def _fits(name: str, item: object) -> bool:
    """Whether *item* may stand in the list *name* of a `Provenance`."""
    if name != "files":
        return isinstance(item, str)
    return isinstance(item, tuple) and len(item) == 2 and all(isinstance(part, str) for part in item)


class Verdict(Enum):
    """What somebody says of two answers. The value is what people read."""

    LEFT = "Left is better"
    RIGHT = "Right is better"
    TIE = "Equally good"
    BOTH_BAD = "Both are bad"


@dataclass(frozen=True)
class Vote:
    """One comparison of two answers."""

    id: int
    experiment: int
    prompt: int
    repeat: int
    left: int
    """The column whose answer was shown at the left."""
    right: int
    verdict: Verdict
    reason: str = ""
    blind: bool = True
    created: float = 0.0
    left_identity: str = ""
    """`Column.identity`, so that votes of several experiments can be counted together."""
    right_identity: str = ""
    left_name: str = ""
    right_name: str = ""
