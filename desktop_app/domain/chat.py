"""Conversations and their messages, as values."""

import re
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any, NamedTuple


class Role(Enum):
    """Who says a message; the values are the ones of the OpenAI protocol."""

    SYSTEM = "system"
    """Only in requests: what a conversation's system prompt becomes."""
    USER = "user"
    ASSISTANT = "assistant"


class MessageState(Enum):
    """How a message ended, or that it has not yet."""

    COMPLETE = "complete"
    STREAMING = "streaming"
    STOPPED = "stopped"
    """Somebody pressed Stop."""
    CUT = "cut"
    """The answer reached a limit of tokens: the one that was asked for, or the end of the context."""
    INTERRUPTED = "interrupted"
    """The program or the engine went away in the middle."""
    FAILED = "failed"


SHORTEST_DECODE = 0.05
"""Seconds. What comes within less came in one piece, and a speed made of it would be a fancy."""


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
        """Decode speed: the wait for the first token is left out, and so is that token (1/TPOT). 0 when not known."""
        if self.answer_tokens < 2 or self.decode_seconds < SHORTEST_DECODE:
            return 0.0
        return (self.answer_tokens - 1) / self.decode_seconds


@dataclass(frozen=True)
class AnswerRecord:
    """How an answer came about, stored with it. What is not known is None, 0 or empty."""

    finish: str = ""
    """The engine's own word for why it ended, e.g. `stop` or `length`."""
    stop_reason: str = ""
    """The stop string that ended it."""
    cached_tokens: int | None = None
    """Prompt tokens that the engine had kept from before."""
    queue_seconds: float | None = None
    """How long the question waited for its turn in the engine."""
    reasoning_tokens: int = 0
    reasoning_seconds: float = 0.0
    """From the first token of the reasoning to its last."""
    context_tokens: int = 0
    """The longest conversation that the engine accepted."""
    revision: str = ""
    """The commit of the model's files."""
    engine: str = ""
    """The engine and its version, e.g. `vLLM 0.32.0`."""
    request: str = ""
    """Sampling as it was sent: JSON, without messages, without prompt."""
    sent_messages: int = 0
    """How many messages of the conversation the model was given."""
    left_out: str = ""
    """Fields of the request that the server did not know and was therefore not sent, e.g. `top_k, min_p`."""
    continued_tokens: int = 0
    """Of the answer's tokens, those that came before it was continued."""

    def as_json(self) -> dict[str, object]:
        """Only what is known; that nothing came from a cache is known, too."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) != one.default}

    @classmethod
    def from_json(cls, values: object) -> "AnswerRecord":
        """What `as_json()` wrote; a value of another kind than it should be counts as not known."""
        known: dict[str, Any] = {}
        for field_ in fields(cls):
            value = values.get(field_.name) if isinstance(values, dict) else None
            wanted = (str,) if field_.type in (str, "str") else (int, float)
            if isinstance(value, wanted) and not isinstance(value, bool):
                known[field_.name] = value
        return cls(**known)


class AttachmentKind(Enum):
    """What becomes of an attachment in a request."""

    TEXT = "text"
    """Its text stands before the question."""
    IMAGE = "image"
    """It is sent as a picture."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a question. Its bytes are loaded when they are needed (`has_data`)."""

    id: int
    name: str
    kind: AttachmentKind
    media: str
    """Media type of what is sent, e.g. `text/plain` or `image/png`."""
    text: str = ""
    """What is sent of a document; empty for a picture."""
    data: bytes = field(default=b"", repr=False)
    """A picture as it is sent; empty for a document."""
    size: int = 0
    """Bytes of the file that was attached."""
    tokens: int = 0
    """As the engine counts them; 0 when nobody has asked yet."""
    note: str = ""
    """What a person should know, e.g. `12 pages, 2 without text`."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation, or one version of it."""

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
    parent: int | None = None
    """The message that this one follows; None for the first. Versions of a turn have one parent."""
    reasoning: str = ""
    """What the model thought before it answered; never sent back to it."""
    attachments: tuple[Attachment, ...] = ()
    record: AnswerRecord = field(default_factory=AnswerRecord)
    logprobs: bool = False
    """Whether the probabilities of its tokens were stored."""
    deleted: bool = False
    """Taken out by a person: neither shown nor sent, but what follows it is."""

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
    pinned: bool = False
    folder: int | None = None
    """The folder it lies in; None for none."""
    temporary: bool = False
    """Never written to the disk, gone with the program."""


@dataclass(frozen=True)
class Folder:
    """A folder of conversations. Folders do not nest."""

    id: int
    name: str


@dataclass(frozen=True)
class DeletedConversation:
    """A conversation in the bin."""

    conversation: Conversation
    deleted: float
    """Unix time, seconds."""


@dataclass(frozen=True)
class Found:
    """A place where a search met."""

    conversation: int
    title: str
    message: int | None
    """None when only the title has it."""
    snippet: str
    """The words around, at most 160 characters, one line."""
    marks: tuple[tuple[int, int], ...]
    """Begin and end of every hit in `snippet`."""
    created: float


@dataclass(frozen=True)
class TokenChance:
    """One token of an answer and what else it could have been."""

    text: str
    logprob: float
    """Natural logarithm of its probability."""
    others: tuple[tuple[str, float], ...] = ()
    """The likeliest tokens and their logprobs, the likeliest first; the chosen one may be among them."""


class Delta(NamedTuple):
    """A piece of an answer as it arrives. A tuple, since thousands are made in a second: 0.2 µs each instead of 0.9."""

    text: str = ""
    finish: MessageState | None = None
    prompt_tokens: int = 0
    answer_tokens: int = 0
    """Tokens so far as the engine counts them; 0 when this piece does not say."""
    reasoning: str = ""
    """A piece of what the model thinks before it answers."""
    cached_tokens: int | None = None
    reason: str = ""
    """The server's own word for `finish`."""
    stop_reason: str = ""
    """The stop string that ended it."""
    chances: tuple[TokenChance, ...] = ()
    """When asked for: the tokens of this piece."""
    reasoning_tokens: int = 0
    """Of `answer_tokens`, those that were thought; 0 when this piece does not say."""
    queue_seconds: float | None = None
    """How long the question waited for its turn in the engine."""
    engine: str = ""
    """The engine and its version, e.g. `vLLM 0.32.0`, where the answer says."""
    request: str = ""
    """In the first piece: what was really sent besides messages or prompt, as JSON."""
    left_out: tuple[str, ...] = ()
    """In the first piece: fields that the server did not know and was therefore not sent."""


TITLE_LENGTH = 48
_MARKS = re.compile(r"^(?:(?:#{1,6}|>|[-*+])\s+)+|^(?:```|~~~).*")
"""Of Markdown, at the beginning of a line: a heading, a quote, a list; the fence of a block of code has no words."""


def title_from(text: str) -> str:
    """A conversation's title from its first question: its first line of words, cut at a word, at most 48 characters."""
    lines = (_MARKS.sub("", part.strip()) for part in text.splitlines())
    line = " ".join(next(filter(None, lines), "New chat").split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH].rsplit(" ", 1)[0]
    return f"{cut.rstrip('.,;:')}…"
