"""How a model is to be started: which model, with which settings, in which environment.

Pure values. `engine/launch` turns them into a command line, `store/` keeps the settings, pages change them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from hashlib import sha256
from pathlib import Path

from desktop_app.domain.installation import EngineEnvironment

FlagValue = str | bool
"""What a flag of vLLM is set to: a text, or on and off (`--flag`, `--no-flag`)."""


@dataclass(frozen=True)
class ModelRef:
    """A model: what it is called, and the folder it lies in or the server elsewhere that serves it."""

    name: str
    folder: Path = Path()
    """Empty for a server elsewhere."""
    is_guide: bool = False
    address: str = ""
    """Of a server elsewhere, e.g. `https://example.org/v1`; empty for a model on this computer."""
    own_key: str = ""
    """The key of its engine where the model runs a second time, with other options; empty for its ordinary engine."""

    @property
    def key(self) -> str:
        """Tells the engine of this model from others: short, stable, fit for a file's name."""
        return self.own_key or self.plain_key

    @property
    def plain_key(self) -> str:
        """The same of its ordinary engine, whatever options this one has."""
        identity = f"{self.address}\n{self.name}" if self.address else str(self.folder)
        return sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:10]


class Preset(Enum):
    """What a start aims at. The value is what people read."""

    QUICK = "Quick start"
    SPEED = "Most speed"
    MANY = "Many people"

    @property
    def words(self) -> str:
        """What it does, in a sentence."""
        return _PRESET_WORDS[self]


_PRESET_WORDS = {
    Preset.QUICK: "Ready soonest, and takes little memory: for one person at one computer.",
    Preset.SPEED: "Answers fastest once it runs; the start takes longer, the first one most.",
    Preset.MANY: "Answers many questions at the same time; takes more memory.",
}


@dataclass(frozen=True)
class ModelSettings:
    """What a person chose for a model; everything else follows from the preset and the machine."""

    preset: Preset = Preset.QUICK
    flags: tuple[tuple[str, FlagValue], ...] = ()
    """Flags of vLLM by their long name, e.g. `("--max-model-len", "8192")`; each at most once. They win over the
    preset's."""
    variables: tuple[tuple[str, str], ...] = ()
    """More variables of the engine's environment, by name."""

    def get(self, flag: str) -> FlagValue | None:
        """What *flag* was set to; None when it was not."""
        return dict(self.flags).get(flag)

    def with_flags(self, changes: Iterable[tuple[str, FlagValue | None]]) -> "ModelSettings":
        """The same with flags set, or taken away where the value is None."""
        flags = dict(self.flags)
        for name, value in changes:
            if value is None:
                flags.pop(name, None)
            else:
                flags[name] = value
        return replace(self, flags=tuple(flags.items()))


@dataclass(frozen=True)
class LaunchPlan:
    """Everything that decides how vLLM is started. Sizes in bytes."""

    model: ModelRef
    environment: EngineEnvironment
    socket: Path
    flags: tuple[tuple[str, FlagValue], ...] = field(default=())
    """Every flag beyond those that `engine/launch` always sets, preset and person's choice already merged."""
    variables: tuple[tuple[str, str], ...] = ()
    """More variables of the engine's environment, by name."""
    card: str = ""
    """The only graphics card to use, as `CUDA_VISIBLE_DEVICES` names it: the driver's number of it, or the UUID of an
    instance of a divided card; empty leaves the choice to CUDA."""
    memory_bytes: int = 0
    """What the engine will take of the computer's memory (on a processor) or of each card's, estimated."""
    fullest: int = 0
    """The card whose memory counts, by its place in `Machine.gpus`: of several, the one with the least room."""

    def get(self, flag: str) -> FlagValue | None:
        """What *flag* is set to; None when vLLM decides."""
        return dict(self.flags).get(flag)
