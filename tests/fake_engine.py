"""A stand-in for vLLM: speaks its protocol on a Unix socket or a port, needs nothing but the standard library.

Run by the shipped launch code through the wrapper of `tests/engine_fakes.py`, or by hand:
`python tests/fake_engine.py --model FOLDER --served-model-name NAME --uds PATH [any vLLM flag]`, or with `--port 0`
(the port is logged) and `--ssl-certfile`, `--ssl-keyfile` instead of `--uds`: a server elsewhere.
What it does is decided by a JSON object in the variable FAKE_ENGINE and, above that, in `fake_engine.json` in
the model's folder; `Behaviour` lists the keys. The wire format was captured from vLLM 0.32.
"""

import asyncio
import json
import math
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

VERSION = "0.32.0"
FLAGS = Path(__file__).parent / "data" / "vllm_flags" / "0.32.0.json"
"""What vLLM 0.32.0 (CPU) answered; the helps are cut short."""
_TOKEN = re.compile(r"\s*\S+|\s+$")
_STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.stdout.close(); signal.pause()"
_SWALLOWED = {signal.SIGTERM, signal.SIGINT}


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


def read_behaviour(folder: Path) -> Behaviour:
    """Merge the variable and the file; a key that nobody knows is a mistake in the test."""
    wanted: dict[str, Any] = json.loads(os.environ.get("FAKE_ENGINE") or "{}")
    file = folder / "fake_engine.json"
    if file.is_file():
        wanted |= json.loads(file.read_text("utf-8"))
    unknown = wanted.keys() - {entry.name for entry in fields(Behaviour)}
    if unknown:
        raise SystemExit(f"fake_engine: unknown keys {sorted(unknown)}")
    return Behaviour(**wanted)


def read_flags(argv: list[str]) -> dict[str, str]:
    """Every `--flag value`; a flag without one maps to the empty string."""
    flags: dict[str, str] = {}
    for index, word in enumerate(argv):
        if word.startswith("--"):
            name, _, value = word.partition("=")
            following = argv[index + 1] if index + 1 < len(argv) else "--"
            flags[name] = value or ("" if following.startswith("--") else following)
    return flags


def log(message: str, name: str = "vllm.entrypoints", level: str = "INFO") -> None:
    """Print one record as vLLM's JSON formatter does."""
    record = {
        "asctime": time.strftime("%Y-%m-%d %H:%M:%S,000"),
        "levelname": level,
        "name": name,
        "processName": "MainProcess",
        "process": os.getpid(),
        "message": message,
        "vllm_process_name": "APIServer",
    }
    print(json.dumps(record), flush=True)


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


def prompt_of(messages: list[dict[str, Any]]) -> int:
    """Tokens of a conversation: its words and four for each message's frame."""
    return sum(len(tokenize(text_of(message.get("content")))) + 4 for message in messages)


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


class Server:
    """The routes of one served model."""

    def __init__(self, name: str, root: str, behaviour: Behaviour) -> None:
        self.name = name
        self.root = root
        self.behaviour = behaviour
        self.generated = 0
        self.prompted = 0
        self.running = 0
        self.health_asked = 0
        self.built: dict[str, bytes] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on one connection until the other side closes it."""
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        try:
            place = self._admit(path.partition("?")[0], headers)
            await self._route(method, place, body, reader, writer)
        except HttpError as error:
            await reply(writer, error.status, error.body)
        return headers.get("connection", "").lower() != "close"

    def _admit(self, path: str, headers: dict[str, str]) -> str:
        """The route below the prefix, if this server has it and the key is right."""
        behaviour = self.behaviour
        place = path.removeprefix(behaviour.prefix)
        if not path.startswith(behaviour.prefix) or place in behaviour.missing:
            return "/missing"
        wanted = f"Bearer {behaviour.api_key}"
        if behaviour.api_key and place.startswith("/v1") and headers.get("authorization") != wanted:
            raise UnauthorizedError
        return place

    async def _route(
        self, method: str, path: str, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if method == "GET" and path in ("/health", "/ping"):
            self.health_asked += 1
            sick = 0 < self.behaviour.sick_after < self.health_asked
            await send(writer, 503 if sick else 200, b"", "text/plain")
        elif method == "GET" and path == "/version":
            await reply(writer, 200, {"version": VERSION})
        elif method == "GET" and path == "/v1/models":
            await reply(writer, 200, self._models())
        elif method == "GET" and path == "/metrics":
            await send(writer, 200, self._metrics().encode(), "text/plain; version=0.0.4; charset=utf-8")
        elif method == "POST" and path == "/tokenize":
            await reply(writer, 200, self._tokenize(parse(body)))
        elif method == "POST" and path == "/v1/chat/completions":
            await self._chat(parse(body), reader, writer)
        elif method == "POST" and path == "/v1/completions":
            await self._chat(parse(body), reader, writer, of_text=True)
        else:
            await reply(writer, 404, {"detail": "Not Found"})

    def _models(self) -> dict[str, Any]:
        card = {
            "id": self.name,
            "object": "model",
            "created": 1795204253,
            "owned_by": "vllm",
            "root": self.root,
            "parent": None,
            "max_model_len": self.behaviour.max_model_len,
            "permission": [],
        }
        return {"object": "list", "data": [card]}

    def _metrics(self) -> str:
        labels = f'{{engine="0",model_name="{self.name}"}}'
        used = min(1.0, self.running * 0.1)
        series = [
            ("gauge", "vllm:num_requests_running", float(self.running)),
            ("gauge", "vllm:num_requests_waiting", 0.0),
            ("gauge", "vllm:kv_cache_usage_perc", used),
            ("counter", "vllm:prompt_tokens", float(self.prompted)),
            ("counter", "vllm:generation_tokens", float(self.generated)),
            ("counter", "vllm:num_preemptions", 0.0),
        ]
        lines = []
        for kind, name, value in series:
            exposed = f"{name}_total" if kind == "counter" else name
            lines += [f"# HELP {name} .", f"# TYPE {name} {kind}", f"{exposed}{labels} {value}"]
        text = "\n".join(lines) + "\n"
        for bucket in range(max(0, self.behaviour.metrics_bytes - len(text)) // 80):
            text += f'vllm:inter_token_latency_seconds_bucket{{engine="0",le="{bucket:011}"}} 1.0\n'
        return text

    def _tokenize(self, request: dict[str, Any]) -> dict[str, Any]:
        if "messages" in request:
            self._need_template()
            count = prompt_of(request["messages"])
        else:
            count = len(tokenize(str(request.get("prompt", ""))))
        limit = self.behaviour.max_model_len
        return {"count": count, "max_model_len": limit, "tokens": list(range(count)), "token_strs": None}

    async def _chat(
        self,
        request: dict[str, Any],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        of_text: bool = False,
    ) -> None:
        self._note(request)
        if not of_text:
            self._need_template()
        prompt, limit = self._check(request, of_text)
        self.prompted += prompt
        self.running += 1
        try:
            if self.behaviour.prebuilt:
                await self._send_built(request, prompt, limit, writer)
            else:
                answer = Answer(self.name, prompt, request, writer, self.behaviour, of_text)
                await self._generate(answer, limit, self._said(request, of_text, limit), reader)
        finally:
            self.running -= 1

    async def _send_built(self, request: dict[str, Any], prompt: int, limit: int, writer: asyncio.StreamWriter) -> None:
        key = json.dumps(request, sort_keys=True)
        words = self._words(text_of(request["messages"][-1].get("content")))[:limit]
        if key not in self.built:
            page = Page()
            answer = Answer(self.name, prompt, request, page, self.behaviour)
            for word in words:
                await answer.token(word)
            await answer.finish("stop")
            self.built[key] = bytes(page.data)
        self.generated += len(words)
        writer.write(self.built[key])
        await writer.drain()

    def _note(self, request: dict[str, Any]) -> None:
        if self.behaviour.record:
            with Path(self.behaviour.record).open("a", encoding="utf-8") as file:
                file.write(json.dumps(request) + "\n")

    def _need_template(self) -> None:
        if self.behaviour.base_model:
            text = "As of transformers v4.44, default chat template is no longer allowed, so you must provide one."
            raise HttpError(400, text)

    def _refuse_unknown(self, request: dict[str, Any]) -> None:
        for name in self.behaviour.unknown:
            if name in request or name in (request.get("stream_options") or {}):
                raise HttpError(400, f"Unrecognized request argument supplied: {name}", param=name)
        if "response_format" in request and self.behaviour.structured == "refuses":
            raise HttpError(400, "response_format is not supported by this engine.", param="response_format")

    def _said(self, request: dict[str, Any], of_text: bool, limit: int) -> list[str]:
        """The words of the answer."""
        if self.behaviour.silent:
            return []
        if "response_format" in request and self.behaviour.structured != "ignores":
            text = json.dumps(example_of(request["response_format"]["json_schema"]["schema"]))
            return tokenize(text if self.behaviour.structured == "keeps" else text[: len(text) // 2])
        question = str(request["prompt"]) if of_text else text_of(request["messages"][-1].get("content"))
        words = self._words(question)
        return (words * (limit // len(words) + 1))[:limit] if words and request.get("ignore_eos") else words

    def _check(self, request: dict[str, Any], of_text: bool = False) -> tuple[int, int]:
        """Tokens of the prompt and tokens that the answer may have."""
        behaviour = self.behaviour
        if behaviour.error:
            raise HttpError(int(behaviour.error.get("status", 400)), str(behaviour.error.get("message", "no")))
        if request.get("model", self.name) != self.name:
            text = f"The model `{request['model']}` does not exist. Valid aliases: {self.name}."
            raise HttpError(404, text, "NotFoundError", "model")
        self._refuse_unknown(request)
        if not of_text and not request.get("messages"):
            raise HttpError(400, "Cannot apply chat template to an empty conversation.")
        if request.get("stream_options") and not request.get("stream"):
            raise HttpError(400, "Stream options can only be defined when `stream=True`.", param="stream_options")
        prompt = len(tokenize(str(request["prompt"]))) if of_text else prompt_of(request["messages"])
        context = behaviour.max_model_len
        if prompt > context and not behaviour.swallows:
            text = (
                f"This model's maximum context length is {context} tokens. However, your prompt contains at "
                f"least {context + 1} input tokens, which exceeds this limit even without any output tokens. "
                f"Please reduce the length of the input prompt. (parameter=input_tokens, value={context + 1})"
            )
            raise HttpError(400, text, param="input_tokens")
        wanted = request.get("max_completion_tokens") or request.get("max_tokens") or context
        return prompt, min(int(wanted), max(1, context - prompt))

    async def _generate(self, answer: "Answer", limit: int, words: list[str], reader: asyncio.StreamReader) -> None:
        finish = "stop" if len(words) <= limit else "length"
        if self.behaviour.hang:
            await pause(3600, reader)
        elif await pause(self.behaviour.first_token_after, reader):
            async for word in self._paced(words[:limit], reader):
                self.generated += 1
                if not reader.at_eof():
                    await answer.token(word)
        if not reader.at_eof():
            await answer.finish(finish)

    async def _paced(self, words: list[str], reader: asyncio.StreamReader) -> AsyncIterator[str]:
        speed, start = self.behaviour.tokens_per_second, time.monotonic()
        for count, word in enumerate(words, 1):
            due = start + (count - 1) / speed if speed else 0.0
            if not await pause(due - time.monotonic(), reader):
                if not self.behaviour.deaf:
                    return
                await asyncio.sleep(due - time.monotonic())
            yield word
            if count == self.behaviour.die_after_tokens:
                os.kill(os.getpid(), signal.SIGKILL)

    def _words(self, question: str) -> list[str]:
        behaviour = self.behaviour
        if behaviour.chunk:
            return [behaviour.chunk] * (behaviour.tokens or 16)
        text = behaviour.answer or f"You said: **{question}**\n\n- one\n- two\n\n```python\nprint(1)\n```\n"
        words = tokenize(text, behaviour.characters)
        if not behaviour.tokens or not words:
            return words
        return (words * (behaviour.tokens // len(words) + 1))[: behaviour.tokens]


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


class Answer:
    """One chat completion on the wire, streamed or whole."""

    def __init__(
        self,
        model: str,
        prompt: int,
        request: dict[str, Any],
        writer: Writer,
        behaviour: Behaviour,
        of_text: bool = False,
    ) -> None:
        self._model = model
        self._behaviour = behaviour
        self._of_text = of_text
        self._prompt = prompt
        self._stream = bool(request.get("stream"))
        options = request.get("stream_options") or {}
        self._usage_at_end = bool(options.get("include_usage")) and not behaviour.no_usage
        self._usage_always = self._usage_at_end and bool(options.get("continuous_usage_stats"))
        self._writer = writer
        self._words: list[str] = []
        self._started = False
        self._id = f"chatcmpl-{os.urandom(8).hex()}"

    def _usage(self) -> dict[str, Any]:
        done = len(self._words)
        return {"prompt_tokens": self._prompt, "total_tokens": self._prompt + done, "completion_tokens": done}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": int(time.time()), "model": self._model}

    async def _event(self, choices: list[dict[str, Any]], **more: object) -> None:
        chunk = self._head("chat.completion.chunk") | {"choices": choices} | more
        if self._usage_always and "usage" not in chunk:
            chunk["usage"] = self._usage()
        await piece(self._writer, b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n")

    async def _start(self) -> None:
        self._started = True
        await start_stream(self._writer)
        choice = {
            "index": 0,
            "delta": {"role": "assistant", "content": ""},
            "logprobs": None,
            "finish_reason": None,
        }
        await self._event([choice], prompt_token_ids=None, prompt_text=None)

    async def token(self, word: str) -> None:
        """Send one token, the role before the first."""
        if self._stream and not self._started:
            await self._start()
        self._words.append(word)
        if self._stream and not self._behaviour.one_piece:
            delta = {"reasoning" if self._behaviour.thinks else "content": word}
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None, "token_ids": None}
            await self._event([choice])

    async def finish(self, reason: str) -> None:
        """Send the finish reason and the usage."""
        if not self._stream:
            await self._send_whole("".join(self._words), reason)
            return
        if not self._started:
            await self._start()
        if self._behaviour.one_piece and self._words:
            await self._event([{"index": 0, "delta": {"content": "".join(self._words)}, "finish_reason": None}])
        last = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": reason, "stop_reason": None}
        await self._event([last], system_fingerprint=f"vllm-{VERSION}-ab9c3e95")
        if self._usage_at_end:
            await self._event([], usage=self._usage())
        await piece(self._writer, b"data: [DONE]\n\n")
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    async def _send_whole(self, text: str, reason: str) -> None:
        thinks = self._behaviour.thinks
        message: dict[str, object] = {
            "role": "assistant",
            "content": None if thinks else text,
            "reasoning": text if thinks else None,
            "refusal": None,
            "tool_calls": [],
        }
        said: dict[str, object] = {"text": text} if self._of_text else {"message": message}
        choice = said | {"index": 0, "logprobs": None, "finish_reason": reason, "stop_reason": None}
        usage = None if self._behaviour.no_usage else self._usage()
        kind = "text_completion" if self._of_text else "chat.completion"
        await reply(self._writer, 200, self._head(kind) | {"choices": [choice], "usage": usage})


async def pause(seconds: float, reader: asyncio.StreamReader) -> bool:
    """Wait; False as soon as the client is gone."""
    end = time.monotonic() + seconds
    while not reader.at_eof():
        left = end - time.monotonic()
        await asyncio.sleep(min(0.02, max(0.0, left)))
        if left <= 0:
            return not reader.at_eof()
    return False


def example_of(schema: dict[str, Any]) -> object:
    """The simplest value that a JSON schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: example_of(part) for name, part in schema["properties"].items()}
    return {"boolean": True, "integer": 1, "string": "x"}.get(str(schema.get("type")))


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


def spawn_children(behaviour: Behaviour) -> None:
    """Start the children that a stop has to find."""
    for number in range(behaviour.children + behaviour.escaped):
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _STUBBORN],
            stdin=subprocess.DEVNULL,
            start_new_session=number >= behaviour.children,
        )


def print_start(name: str, folder: str, behaviour: Behaviour) -> None:
    """Say what vLLM says while it loads, or what a recorded log says."""
    if behaviour.log:
        sys.stdout.buffer.write(Path(behaviour.log).read_bytes())
        sys.stdout.flush()
        return
    log(f"vLLM server version {VERSION}, serving model {folder}")
    log(
        f"non-default args: {{'model': '{folder}', 'served_model_name': ['{name}']}}",
        "vllm.entrypoints.utils",
    )
    log("Resolved architecture: LlamaForCausalLM", "vllm.config.model")
    log(f"Using max model len {behaviour.max_model_len}", "vllm.config.model")
    log(f"Initializing a V1 LLM engine (v{VERSION}) with config: model='{folder}'", "vllm.v1.engine.core")
    log(f"Starting to load model {folder}...", "vllm.v1.worker.cpu_model_runner")
    sys.stderr.write("\rLoading safetensors checkpoint shards:   0% Completed | 0/1 [00:00<?, ?it/s]\n")
    sys.stderr.write("\rLoading safetensors checkpoint shards: 100% Completed | 1/1 [00:00<00:00, 9.00it/s]\n")
    sys.stderr.flush()
    log("Loading weights took 0.01 seconds", "vllm.model_executor.model_loader.default_loader")
    log(
        "CPU KV cache size: 131,072 tokens, Maximum concurrency for 2,048 tokens per request: 64.00x",
        "vllm.v1.core",
    )
    log("init engine (profile, create kv cache, warmup model) took 0.10 seconds", "vllm.v1.engine.core")


async def listen(server: Server, flags: dict[str, str]) -> tuple[asyncio.Server, str]:
    """Begin to listen where the flags say; the listener, and the address as vLLM logs it."""
    if "--port" not in flags:
        path = flags["--uds"]
        return await asyncio.start_unix_server(server.serve, path=path, limit=1 << 24), f"unix:{path}"
    tls = None
    if "--ssl-certfile" in flags:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(flags["--ssl-certfile"], flags.get("--ssl-keyfile"))
    host = flags.get("--host") or "127.0.0.1"
    listener = await asyncio.start_server(server.serve, host, int(flags["--port"]), ssl=tls, limit=1 << 24)
    port = listener.sockets[0].getsockname()[1]
    return listener, f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


async def run(name: str, flags: dict[str, str], behaviour: Behaviour) -> None:
    """Load, serve until SIGTERM or SIGINT, and leave the socket's file behind as vLLM does."""
    server = Server(name, flags["--model"], behaviour)
    done = asyncio.Event()
    await asyncio.sleep(behaviour.ready_after)
    listener, address = await listen(server, flags)
    if not behaviour.ignore_term:
        for number in _SWALLOWED:
            asyncio.get_running_loop().add_signal_handler(number, done.set)
    log(f"Starting vLLM server on {address}")
    print("INFO:     Application startup complete.", file=sys.stderr, flush=True)
    await done.wait()
    log("[shutdown] API server: shutdown triggered")
    listener.close()


def main(argv: list[str]) -> int:
    """Be vLLM, or the Python that is asked for its flags (`desktop_app/engine/flags.py`)."""
    if argv[-1].endswith("/flags.json"):
        Path(argv[-1]).write_bytes(FLAGS.read_bytes())
        return 0
    flags = read_flags(argv)
    folder, name = flags["--model"], flags.get("--served-model-name") or flags["--model"]
    behaviour = read_behaviour(Path(folder))
    for number in _SWALLOWED:
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o077)
    spawn_children(behaviour)
    print_start(name, folder, behaviour)
    if behaviour.exit is not None:
        return behaviour.exit
    asyncio.run(run(name, flags, behaviour))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
