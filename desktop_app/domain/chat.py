"""Conversations and their messages, as values."""

from dataclasses import dataclass, field, replace
from enum import Enum


class Role(Enum):
    """Who says a message; the values are the ones of the OpenAI protocol."""

    USER = "user"
    ASSISTANT = "assistant"


class MessageState(Enum):
    """How a message ended, or that it has not yet."""

    COMPLETE = "complete"
    STREAMING = "streaming"
    STOPPED = "stopped"
    """Somebody pressed Stop."""
    CUT = "cut"
    """The model reached its limit of tokens."""
    INTERRUPTED = "interrupted"
    """The program or the engine went away in the middle."""
    FAILED = "failed"


@dataclass(frozen=True)
class Timing:
    """What an answer took. Seconds and tokens; 0 when unknown."""

    first_token_seconds: float = 0.0
    """From sending the question to the first word (TTFT)."""
    decode_seconds: float = 0.0
    """From the first word to the last."""
    prompt_tokens: int = 0
    answer_tokens: int = 0

    @property
    def tokens_per_second(self) -> float:
        """Decode speed: the wait for the first token is left out, and so is that token (1/TPOT)."""
        if self.answer_tokens < 2 or self.decode_seconds <= 0:
            return 0.0
        return (self.answer_tokens - 1) / self.decode_seconds

    def words(self) -> str:
        """E.g. `41 tokens/s · 312 tokens · first word after 0.31 s`; empty when nothing is known."""
        if not self.answer_tokens:
            return ""
        speed = f"{self.tokens_per_second:.0f} tokens/s · " if self.tokens_per_second else ""
        count = "1 token" if self.answer_tokens == 1 else f"{self.answer_tokens:,} tokens"
        return f"{speed}{count} · first word after {self.first_token_seconds:.2f} s"


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    id: int
    role: Role
    text: str
    state: MessageState = MessageState.COMPLETE
    model: str = ""
    """The name of the model that answered; empty for questions."""
    created: float = 0.0
    """Unix time, seconds."""
    timing: Timing = field(default_factory=Timing)
    error: str = ""
    """Why it failed, as a sentence."""

    def with_text(self, text: str) -> "Message":
        """The same message with other text."""
        return replace(self, text=text)


@dataclass(frozen=True)
class Conversation:
    """A conversation in the list; its messages are loaded when it is opened."""

    id: int
    title: str
    updated: float
    """Unix time of the last message, seconds."""
    titled: bool = False
    """True when a person chose the title."""


@dataclass(frozen=True)
class Delta:
    """A piece of an answer as it arrives."""

    text: str = ""
    finish: MessageState | None = None
    prompt_tokens: int = 0
    answer_tokens: int = 0
    """Tokens so far as the engine counts them; 0 when this piece does not say."""


TITLE_LENGTH = 48


def title_from(text: str) -> str:
    """A conversation's title from its first question: its first line, cut at a word, at most 48 characters."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "New chat")
    line = " ".join(line.split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH].rsplit(" ", 1)[0]
    return f"{cut.rstrip('.,;:')}…"
