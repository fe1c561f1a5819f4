"""Models that lie on this computer, and models of the Hub, as the rest of the program speaks of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.model_spec import ModelSpec


class Source(Enum):
    """Where a model on this computer lies. The value is what people read."""

    GUIDE = "Ships with the program"
    OURS = "Downloaded here"
    CACHE = "Hugging Face cache"
    ADDED = "A folder of yours"
    VARIABLE = "MODEL_PATH"


class Condition(Enum):
    """Whether a model on this computer can be served. The value is what people read."""

    READY = "Ready"
    UNFINISHED = "Not finished"
    """Its download was begun and can be continued."""
    DAMAGED = "Damaged"
    """Files are missing or wrong; `problem` says which."""


@dataclass(frozen=True)
class LocalModel:
    """A model on this computer."""

    ref: ModelRef
    source: Source
    condition: Condition
    spec: ModelSpec
    size_bytes: int
    """What it takes of the disk."""
    modified: float = 0.0
    """Seconds since 1970."""
    repo_id: str = ""
    """Where it came from, e.g. `Qwen/Qwen3-0.6B`; empty when that is not known."""
    commit: str = ""
    problem: UserError | None = None
    """Why it cannot be served; None when it can."""
    chat: bool | None = None
    """Whether it has a chat template."""

    @property
    def ours(self) -> bool:
        """Whether we downloaded it, so that it may be deleted as a whole."""
        return self.source is Source.OURS


@dataclass(frozen=True)
class Deletion:
    """What deleting a model would do."""

    model: LocalModel
    freed_bytes: int
    """What the disk gains; less than the model's size where another revision shares files."""
    words: str
    """What goes and what stays, in a sentence."""
    allowed: bool = True
    """Whether the program may do it: never with what it did not put there, unless it is in the Hugging Face cache and
    the person was told that other programs use that."""


class Gate(Enum):
    """Whether a repository's owner must be asked first."""

    OPEN = "open"
    AUTOMATIC = "auto"
    MANUAL = "manual"


@dataclass(frozen=True)
class HubFile:
    """A file of a repository."""

    path: str
    """Relative, with `/`."""
    size_bytes: int
    sha256: str = ""
    """Of large files."""
    git_sha1: str = ""
    """Git's hash of the others: sha1 over `blob <size>\\0` and the content."""


@dataclass(frozen=True)
class HubModel:
    """A repository of the Hub."""

    repo_id: str
    commit: str = ""
    gate: Gate = Gate.OPEN
    licence: str = ""
    downloads: int = 0
    likes: int = 0
    modified: str = ""
    """ISO 8601 date, UTC."""
    spec: ModelSpec | None = None
    """What its files say; None where only the list was asked."""
    files: tuple[HubFile, ...] = ()
    """What serving needs; empty where only the list was asked."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Why files were left out, with their bytes, e.g. `old formats that can run programs`."""

    @property
    def download_bytes(self) -> int:
        """What a download fetches."""
        return sum(file.size_bytes for file in self.files)


class DownloadStage(Enum):
    """Where a download stands. The value is what people read."""

    WAITING = "Waiting"
    LOOKING = "Looking at its files"
    RUNNING = "Downloading"
    CHECKING = "Checking what is there"
    PAUSED = "Paused"
    DONE = "Done"
    FAILED = "Stopped"


@dataclass(frozen=True)
class DownloadStatus:
    """One download."""

    repo_id: str
    stage: DownloadStage
    commit: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    bytes_per_second: float = 0.0
    """Over the last seconds; 0 while nothing is known."""
    files_done: int = 0
    files_total: int = 0
    file: str = ""
    """The largest file in hand; empty between files."""
    note: str = ""
    """What it waits for, e.g. `The Hub asks us to wait 20 seconds.`; empty for nothing."""
    model: ModelRef | None = None
    """When it is done: what can be started."""
    keeps: bool = False
    """Whether giving up deletes nothing, because the model was there before: it is being repaired."""
    error: UserError | None = None

    @property
    def seconds_left(self) -> float | None:
        """At the speed of the last seconds; None while that is not known."""
        left = self.total_bytes - self.done_bytes
        return left / self.bytes_per_second if self.bytes_per_second > 0 and left >= 0 else None

    @property
    def active(self) -> bool:
        """Whether it goes on by itself."""
        return self.stage in (
            DownloadStage.WAITING, DownloadStage.LOOKING, DownloadStage.RUNNING, DownloadStage.CHECKING
        )  # fmt: skip
