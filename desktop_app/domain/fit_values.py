"""What is said of how a model fits a machine: wishes, verdicts, memory in parts, proposals. Values only.

`domain/fit` is the door to these and to the rules. Sizes in bytes, lengths in tokens.
"""

from dataclasses import dataclass
from enum import Enum

from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import FlagValue

USUAL_CONTEXT = 8192
"""Tokens that a model is judged with when nobody chose: a long conversation."""


class Verdict(Enum):
    """How a model would run. The value is what people read."""

    RUNS_WELL = "Runs well"
    TIGHT = "Tight"
    PROCESSOR = "Processor only"
    """There is a card that vLLM can use, but only the computer's memory holds it, or only the processor reads it."""
    SLOW = "Slow here"
    """It fits, but too much has to be read for every word: without a card, or with one that shares the memory."""
    TOO_BIG = "Too big"
    UNSUITED = "Does not run here"
    """vLLM does not run on this processor, or cannot read its format on this processor or card."""
    UNKNOWN = "Not known"


@dataclass(frozen=True)
class Wish:
    """What a person wants of a model."""

    context: int = 0
    """Tokens of one conversation; 0 for `USUAL_CONTEXT`, or the model's own when that is shorter."""
    people: int = 1
    """Conversations of that length at the same time."""
    kv_dtype: str = "auto"
    """The format of the KV cache, by vLLM's name."""
    cards: int = 0
    """Cards to share it out among; 0 for as few as suffice."""


@dataclass(frozen=True)
class MemoryParts:
    """What a model will take of the computer's or the card's memory, and what is left; together the total. Bytes."""

    weights: int
    kv_cache: int
    overhead: int
    """What the engine's processes need besides; an estimate."""
    others: int
    """What other programs and our other engines have now, or were promised."""
    free: int
    """What would be left; 0 when it does not fit."""
    total: int
    kept: int = 0
    """What of `free` must stay free: for the screen, the desktop and what starts later."""

    @property
    def needed(self) -> int:
        """What the model takes."""
        return self.weights + self.kv_cache + self.overhead

    @property
    def missing(self) -> int:
        """Bytes that it needs beyond what may be used now; 0 when it fits."""
        return max(0, self.needed + self.others + self.kept - self.total)


@dataclass(frozen=True)
class Measured:
    """What the engine said of a model once it was loaded, in bytes; 0 for what it did not say."""

    weights: int = 0
    """Of all cards together."""
    overhead: int = 0
    """Of each card, or of the computer's memory."""
    kv_token_bytes: float = 0.0
    """Bytes of KV cache for each token, over all layers and cards."""


@dataclass(frozen=True)
class Fit:
    """How a model fits a machine."""

    verdict: Verdict
    reason: str
    """The verdict's reason, one sentence with its figures."""
    place: str = ""
    """Where it would live: `NVIDIA RTX 4090`, `4 × RTX 3090` or `the computer's memory`; empty when not known."""
    kind: EngineKind | None = None
    cards: int = 0
    """Cards that it would be shared out among; 0 for the processor."""
    parts: MemoryParts | None = None
    """Of the computer's memory or of each card; None when it is not known."""
    context: int = 0
    """Tokens that were reckoned with."""
    longest: int = 0
    """The longest context that there is room for; 0 when none, or not known."""
    measured: bool = False
    """Whether the figures are the engine's own, of an earlier start, rather than an estimate."""
    devices: tuple[int, ...] = ()
    """The cards that it would live on, by their places in `Machine.gpus`, in order; empty for the processor."""

    @property
    def card(self) -> int | None:
        """The one card that it would live on, by its place in `Machine.gpus`; None for the processor and several."""
        return self.devices[0] if len(self.devices) == 1 else None

    @property
    def fits_now(self) -> bool:
        """Whether it can be started as it was wished for, with what is free now."""
        return self.parts is not None and not self.parts.missing and self.kind is not None


@dataclass(frozen=True)
class Proposal:
    """One thing that would make a model fit, or fit better."""

    words: str
    """What to do, as a button says it: `Use a context of 8,192`, `Keep the conversation in fp8`."""
    effect: str
    """What it would bring, in a sentence with its figure."""
    fit: Fit
    """The verdict after it."""
    wish: Wish | None = None
    """The wish that this is about; None for the other kinds."""
    flags: tuple[tuple[str, FlagValue | None], ...] = ()
    """Flags of vLLM to set for the model."""
    sibling: str = ""
    """The repository of a smaller copy of the model; empty when this is not about one."""
    program: str = ""
    """The program to close; empty when this is not about one."""
    stop: bool = False
    """Whether our other models are to be stopped."""


@dataclass(frozen=True)
class Surroundings:
    """What the machine alone does not say."""

    engine: EngineKind | None = None
    """The kind of engine that is installed; None for whatever suits the machine."""
    taken_bytes: int = 0
    """Promised to our other engines."""
