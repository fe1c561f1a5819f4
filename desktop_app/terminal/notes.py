"""What the terminal says beside its answers: one line for every change, on standard error, each only once."""

import sys

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import UserError
from desktop_app.domain.start_clock import time_words
from desktop_app.services.setup import SetupState


class Notes:
    """Says what changes, and nothing twice in a row."""

    def __init__(self) -> None:
        self._last = ""

    def say(self, text: str) -> None:
        """Print *text* on standard error."""
        print(printable(text), file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """Print *text* unless it was the last note."""
        if text != self._last:
            self._last = text
            self.say(text)

    def forget(self) -> None:
        """The next note is said even if it is the same again."""
        self._last = ""

    def tell(self, error: UserError | None) -> None:
        """Say what failed, once, and what would mend it."""
        if error is not None:
            self.note(error.sentence())
            if error.fix is not None and error.fix.flags:
                self.note(f"It may help to use: {_flags(error)}")

    def on_setup(self, state: SetupState) -> None:
        """The state of an installation."""
        if state.progress is not None:
            self.note(f"{state.progress.step.value}: {state.progress.text}".rstrip(": "))
        self.tell(state.error)

    def on_status(self, status: EngineStatus) -> None:
        """The state of an engine."""
        name = status.model.name if status.model else "The model"
        if status.stage is EngineStage.STARTING and status.progress is not None:
            # Without the seconds that pass: a line for every phase is enough.
            stuck = f" {time_words(status.progress)}" if status.progress.stuck else ""
            self.note(f"{name}: {status.progress.words()} …{stuck}")
        elif status.stage is EngineStage.READY:
            self.note(f"{name} is ready.")
        elif status.stage is EngineStage.STOPPED and status.note:
            self.note(f"{name}: {status.note}")
        self.tell(status.error)


def _flags(error: UserError) -> str:
    flags = error.fix.flags if error.fix else ()
    return ", ".join(
        f"no {name}" if value is None else name if value is True else f"{name} {value}" for name, value in flags
    )


def printable(text: str) -> str:
    """The text without control characters: a model must not be able to work the terminal."""
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable())
