"""What happened, as marks on the time axis of Monitor."""

from dataclasses import dataclass
from enum import Enum


class MarkKind(Enum):
    """What kind of thing happened; each is drawn in a shape of its own."""

    STARTED = "started"
    """An engine is being started."""
    READY = "ready"
    STOPPED = "stopped"
    FAILED = "failed"
    OUT_OF_MEMORY = "out of memory"
    MODEL = "model"
    """Another model is talked to."""
    ANSWER = "answer"
    """One or more answers were finished."""
    WARNING = "warning"


@dataclass(frozen=True)
class Mark:
    """One thing that happened."""

    at: float
    """`clock.seconds_now()`."""
    kind: MarkKind
    words: str
    """A short sentence, e.g. `Guide is ready.`"""
