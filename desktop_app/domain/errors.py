"""Errors that a person reads: what happened, why, and the one thing to do about it.

    UserError
    └── EngineError: the engine could not be installed, started or reached

Everything below raises these; `ui/` and `terminal/` show them. Any other exception is a fault of ours.
"""

from dataclasses import dataclass
from enum import Enum


class Remedy(Enum):
    """What a button next to an error does. The value is the button's text."""

    NONE = ""
    RETRY = "Try again"
    INSTALL = "Install the engine"
    CHOOSE_MODEL = "Choose another model"
    USE_GUIDE = "Start the Guide instead"
    SHOW_LOG = "Show the log"
    START = "Start the model"
    SETTINGS = "Open its settings"
    ENGINES = "Look at the engines"
    FIX = "Mend it and start again"
    """Do what the error's `Fix` says, then start; the button bears the fix's own words."""


@dataclass(frozen=True)
class Fix:
    """What would mend a failed start."""

    words: str
    """The button's text, e.g. `Start with a context of 896`."""
    flags: tuple[tuple[str, str | bool | None], ...] = ()
    """Flags of vLLM to set for this model, or to take away (None)."""
    stop: tuple[str, ...] = ()
    """Keys of the engines to stop first (`ModelRef.key`)."""


class UserError(Exception):
    """A failure in words.

    Args:
        title: one sentence in plain words: what happened.
        reason: why, with the numbers that were seen; may be empty.
        remedy: what the button beside it does.
        details: the raw words of the other program, shown on demand.
        fix: what `Remedy.FIX` does; with one, the remedy is that.
    """

    def __init__(
        self, title: str, reason: str = "", remedy: Remedy = Remedy.NONE, details: str = "", fix: Fix | None = None
    ) -> None:
        super().__init__(title)
        self.title = title
        self.reason = reason
        self.remedy = Remedy.FIX if fix else remedy
        self.details = details
        self.fix = fix

    @property
    def button(self) -> str:
        """The text of the button that does the remedy; empty for none."""
        return self.fix.words if self.fix else self.remedy.value

    def sentence(self) -> str:
        """Title and reason as one line of text."""
        return f"{self.title} {self.reason}".strip()


class EngineError(UserError):
    """The engine could not be installed, started or reached.

    Args:
        title: see `UserError`, as all but the last.
        reason: …
        remedy: …
        details: …
        fix: …
        transient: whether the cause can be gone when it is tried again, with nothing changed.
    """

    def __init__(
        self,
        title: str,
        reason: str = "",
        remedy: Remedy = Remedy.NONE,
        details: str = "",
        fix: Fix | None = None,
        *,
        transient: bool = False,
    ) -> None:
        super().__init__(title, reason, remedy, details, fix)
        self.transient = transient
