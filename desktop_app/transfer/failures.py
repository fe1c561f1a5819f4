"""Why a file could not be had, as the fetcher says it and its callers understand it."""

from enum import Enum


class Why(Enum):
    """Why a file could not be had."""

    REFUSED = "refused"
    """We are not let in, it is not there, or we do not know how to ask: pip, which knows the person's settings, may."""
    HASH = "hash"
    """What came is something else."""
    NETWORK = "network"
    """The connection broke again and again, or there is none, or the server is busy."""
    DISK = "disk"
    """The disk is full or cannot be written to."""
    STOPPED = "stopped"
    """It was not tried any more: what had failed another file concerns it too."""


class FetchError(Exception):
    """A file could not be had.

    Args:
        why: which kind of failure.
        words: what was seen.
        status: what the server answered; 0 when it did not.
        kind: the Hub's word for it (`X-Error-Code`), e.g. `GatedRepo`.
        wait: seconds after which the server wants to be asked again; None when it does not say.
    """

    def __init__(self, why: Why, words: str, status: int = 0, kind: str = "", wait: float | None = None) -> None:
        super().__init__(words)
        self.why = why
        self.status = status
        self.kind = kind
        self.wait = wait
