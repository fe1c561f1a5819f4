"""Errors that a person reads: what happened, why, and the one thing to do about it.

    UserError
    └── EngineError: the engine could not be installed, started or reached

Everything below raises these; `ui/` and `terminal/` show them. Any other exception is a fault of ours.
"""

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


class UserError(Exception):
    """A failure in words.

    Args:
        title: one sentence in plain words: what happened.
        reason: why, with the numbers that were seen; may be empty.
        remedy: what the button beside it does.
        details: the raw words of the other program, shown on demand.
    """

    def __init__(self, title: str, reason: str = "", remedy: Remedy = Remedy.NONE, details: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.reason = reason
        self.remedy = remedy
        self.details = details

    def sentence(self) -> str:
        """Title and reason as one line of text."""
        return f"{self.title} {self.reason}".strip()


class EngineError(UserError):
    """The engine could not be installed, started or reached."""
