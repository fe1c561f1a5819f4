"""What there is to say about a running engine: its stage, how far its start is, what went wrong.

Pure values. `services/serving` publishes them, pages draw them.
"""

from dataclasses import dataclass
from enum import Enum

from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef


class EngineStage(Enum):
    """The states of an engine. The value is the word that people read."""

    NOT_INSTALLED = "Not installed"
    STOPPED = "Stopped"
    STARTING = "Starting"
    READY = "Ready"
    STOPPING = "Stopping"
    FAILED = "Failed"


class StartPhase(Enum):
    """What a start is busy with, in order. The value is what people read. Not every start has every phase."""

    LOADING_ENGINE = "Loading the engine"
    READING_MODEL = "Looking at the model"
    STARTING_CORE = "Starting the engine's process"
    STARTING_WORKERS = "Starting the workers"
    READING_WEIGHTS = "Reading weights"
    COMPILING = "Compiling for speed"
    MEASURING = "Measuring memory"
    MAKING_ROOM = "Making room for conversations"
    CAPTURING = "Preparing the graphics card"
    FINISHING = "Warming up"
    OPENING = "Opening for questions"


@dataclass(frozen=True)
class StartProgress:
    """Where a start stands. Times in seconds."""

    phase: StartPhase
    done: int = 0
    total: int = 0
    """Done and total of this phase (weight files, graphs); 0 of 0 when it cannot be counted."""
    phases: tuple[StartPhase, ...] = tuple(StartPhase)
    """The phases that this start is expected to have, this one among them."""
    seconds: float = 0.0
    """Since the start began."""
    left: float | None = None
    """What is still to come, learned from earlier starts; None when nothing is known."""
    share: float | None = None
    """How much of the whole start is done, 0…1; None when nothing is known."""
    first: bool = False
    """Whether this model was never started like this before."""
    stuck: bool = False
    """Nothing was heard for three times as long as this phase took at most."""

    def words(self) -> str:
        """The phase in words, e.g. `Reading weights, 3 of 4`."""
        count = f", {self.done} of {self.total}" if self.total > 1 else ""
        return f"{self.phase.value}{count}"


@dataclass(frozen=True)
class EngineStatus:
    """The published state of one engine."""

    stage: EngineStage
    model: ModelRef | None = None
    progress: StartProgress | None = None
    error: UserError | None = None
    """What went wrong, until it is dismissed. Not only with stage FAILED: a folder without a model that was chosen
    while another model starts or runs, or before there is an engine, is told here and leaves the stage alone."""
    context_tokens: int = 0
    """The longest conversation the running model accepts, in tokens; 0 when unknown."""
    note: str = ""
    """A sentence about the last change, e.g. `Stopped. 1.3 GB of memory are free again.`"""
    engine: str = ""
    """What runs it, e.g. `vLLM 0.32.0`; empty while nothing does."""
    address: str = ""
    """Where a server elsewhere answers; empty for an engine of ours. Such a server can be left, not stopped."""
    memory_bytes: int = 0
    """What it takes, measured when it became ready; 0 when unknown."""

    @property
    def key(self) -> str:
        """Tells engines apart; empty while no model is chosen."""
        return self.model.key if self.model else ""

    def serves(self, key: str) -> bool:
        """Whether it is about the model with this key, with whatever options of its own."""
        return self.model is not None and self.model.plain_key == key

    @property
    def active(self) -> bool:
        """Whether there is something to stop."""
        return self.stage in (EngineStage.STARTING, EngineStage.READY, EngineStage.STOPPING)
