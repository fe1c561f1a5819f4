"""What the stand-in engine is made of: what a test asks of it, and how things are written on the wire.

`fake_engine.py` and `fake_engine_chat.py` use it; standard library only.
"""

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, Protocol

_TOKEN = re.compile(r"\s*\S+|\s+$")


@dataclass
class Behaviour:
    """What a test asks of the stand-in."""

    answer: str = ""
    """What it says; empty: a little markdown that repeats the question."""
    chunk: str = ""
    """When set, every token is this text."""
    tokens: int = 0
    """Tokens of an answer (the answer is repeated or cut to that); 0: as many as the answer has."""
    tokens_per_second: float = 0.0
    """0: as fast as possible."""
    first_token_after: float = 0.0
    ready_after: float = 0.0
    """Seconds of loading, in which SIGTERM is swallowed as by vLLM."""
    ready_when: str = ""
    """A file: loading goes on until it is there."""
    go_on_when: str = ""
    """A file: every answer rests after its first word until it is there."""
    log: str = ""
    """A recorded log to print while loading."""
    exit: int | None = None
    """Exit with this code after the log."""
    die_after_tokens: int = 0
    """SIGKILL itself in mid-answer."""
    hang: bool = False
    """Accept a chat request and never answer."""
    ignore_term: bool = False
    children: int = 0
    """Children in the same session that ignore SIGTERM."""
    escaped: int = 0
    """Children in sessions of their own that ignore SIGTERM."""
    error: dict[str, Any] = field(default_factory=dict)
    """`status` and `message` of the answer to every chat request."""
    max_model_len: int = 2048
    characters: float = 0.0
    """Characters of a token, on average; 0: a token is a word."""
    prebuilt: bool = False
    """Put each answer together once and send it in one piece, as fast as it is read. For measuring the reader."""
    metrics_bytes: int = 0
    """How long `/metrics` is at least; vLLM's is about 80,000."""
    record: str = ""
    """A file to which every chat request's body is appended, a JSON line each."""
    api_key: str = ""
    """When set, `/v1` wants it, as vLLM does."""
    prefix: str = ""
    """A path below which everything lies, e.g. `/api`."""
    missing: list[str] = field(default_factory=list)
    """Routes that this server does not have, e.g. `/metrics`."""
    unknown: list[str] = field(default_factory=list)
    """Fields of a request (also of `stream_options`) that are refused, as stricter servers do."""
    sick_after: int = 0
    """When set, `/health` says 503 after so many answers."""
    base_model: bool = False
    """Without a chat template."""
    structured: str = "keeps"
    """What becomes of a JSON schema: `keeps`, `ignores`, `breaks` (half an object) or `refuses`."""
    deaf: bool = False
    """Go on with an answer when the client is gone."""
    swallows: bool = False
    """Take prompts of any length."""
    silent: bool = False
    """Answer with nothing."""
    one_piece: bool = False
    """Send a streamed answer as one event."""
    no_usage: bool = False
    """Never count tokens."""
    thinks: bool = False
    """Give everything as reasoning."""
    reasoning: str = ""
    """What it thinks before it answers."""
    reasoning_form: str = "field"
    """How the thoughts are sent: `field` (a reasoning parser runs), `tags`, or `end` (the template wrote the first)."""
    images: bool = False
    """Whether it takes pictures."""
    no_system: bool = False
    """Whether its chat template refuses a system prompt."""
    no_continuing: bool = False
    """Whether its chat template loses the last answer, so that it cannot be continued."""
    block_size: int = 16
    """Tokens of a block of the prefix cache."""


def tokenize(text: str, characters: float = 0.0) -> list[str]:
    """Words with the space before them, or pieces of so many characters; joined again they are the text."""
    if not characters:
        return _TOKEN.findall(text)
    count = math.ceil(len(text) / characters)
    return [text[int(i * characters) : int((i + 1) * characters)] for i in range(count)]


def text_of(content: object) -> str:
    """The words of a message's content: a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


class HttpError(Exception):
    """An answer with an error body."""

    def __init__(self, status: int, message: str, kind: str = "BadRequestError", param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"message": message, "type": kind, "param": param, "code": status}}


class UnauthorizedError(HttpError):
    """The key is missing or wrong; vLLM says so in a form of its own."""

    def __init__(self) -> None:
        super().__init__(401, "")
        self.body: dict[str, Any] = {"error": "Unauthorized"}


class Writer(Protocol):
    """What an answer is written to; `asyncio.StreamWriter` is one."""

    def write(self, data: bytes) -> None:
        """Take *data*."""

    async def drain(self) -> None:
        """Wait until there is room for more."""


class Page:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        """Append."""
        self.data += data

    async def drain(self) -> None:
        """There is always room."""


def parse(body: bytes) -> dict[str, Any]:
    """The request's JSON object."""
    try:
        request = json.loads(body)
    except ValueError:
        raise HttpError(400, "JSON decode error", "Bad Request") from None
    if not isinstance(request, dict):
        raise HttpError(400, "1 validation error: body must be an object", "Bad Request")
    return request


async def send(writer: Writer, status: int, body: bytes, kind: str) -> None:
    """One whole answer."""
    head = f"HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode("latin-1") + body)
    await writer.drain()


async def reply(writer: Writer, status: int, value: object) -> None:
    """One whole JSON answer."""
    await send(writer, status, json.dumps(value, ensure_ascii=False).encode(), "application/json")


async def start_stream(writer: Writer) -> None:
    """The head of an event stream."""
    kind = "content-type: text/event-stream; charset=utf-8"
    writer.write(f"HTTP/1.1 200 OK\r\n{kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
    await writer.drain()


async def piece(writer: Writer, data: bytes) -> None:
    """One piece of a chunked body."""
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    await writer.drain()
