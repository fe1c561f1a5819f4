"""What a self-test works with: the engine as far as it is known, the steps, and the two ways a check can end badly.

`self_test.py`, `self_test_steps.py` and `self_test_long.py` are the only users.
"""

from dataclasses import dataclass
from enum import Enum

from desktop_app.domain.chat import Message, Role
from desktop_app.domain.errors import UserError
from desktop_app.endpoint.ask import Reply
from desktop_app.endpoint.client import Endpoint

ANSWER_SECONDS = 60.0
"""The first question to an engine may compile something."""
GREEDY = {"temperature": 0.0}


class StepState(Enum):
    """How a step stands. The value is what people read."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "works"
    FAILED = "does not work"
    UNAVAILABLE = "not available"
    SKIPPED = "not tried"


@dataclass(frozen=True)
class Step:
    """One check."""

    name: str
    state: StepState = StepState.WAITING
    words: str = ""
    """What was seen, or why not, as a sentence."""
    seconds: float = 0.0
    """What it took."""


class FailedError(Exception):
    """It should work and does not; the text says how."""


class UnavailableError(Exception):
    """It cannot work here; the text says why."""


class Engine:
    """What is being tested, and what the steps learned about it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.context = endpoint.context_tokens
        self.version = ""
        """vLLM's; empty for another server."""
        self.chats = True
        """Whether it has a chat template."""

    @property
    def elsewhere(self) -> bool:
        """Whether it is a server that is not ours."""
        return self.endpoint.address.elsewhere

    async def ask(self, text: str, **options: object) -> Reply:
        """A whole answer, through the chat where there is one."""
        if not self.chats:
            return await self.complete(text, **options)
        try:
            options = {**GREEDY, **self._no_thinking(), **options}
            return await self.endpoint.chat(question(text), ANSWER_SECONDS, **options)
        except UserError as error:
            if "cannot hold a conversation" not in error.title:
                raise
            self.chats = False
            raise UnavailableError(error.sentence()) from error

    async def complete(self, text: str, **options: object) -> Reply:
        """What the model adds to *text*, without a template."""
        return await self.endpoint.complete(text, ANSWER_SECONDS, **{**GREEDY, **options})

    def _no_thinking(self) -> dict[str, object]:
        # Only vLLM is sure to pass over what a template does not know.
        return {"chat_template_kwargs": {"enable_thinking": False}} if self.version else {}


def question(text: str) -> list[Message]:
    """A conversation of one question."""
    return [Message(0, Role.USER, text)]


def short(text: str) -> str:
    """At most 60 characters of *text*, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:60].rstrip()}…"
