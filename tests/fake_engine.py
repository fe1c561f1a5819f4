"""A stand-in for vLLM: speaks its protocol on a Unix socket or a port, needs nothing but the standard library.

Run by the shipped launch code through the wrapper of `tests/engine_fakes.py`, or by hand:
`python tests/fake_engine.py --model FOLDER --served-model-name NAME --uds PATH [any vLLM flag]`, or with `--port 0`
(the port is logged) and `--ssl-certfile`, `--ssl-keyfile` instead of `--uds`: a server elsewhere.
What it does is decided by a JSON object in the variable FAKE_ENGINE and, above that, in `fake_engine.json` in
the model's folder; `fake_engine_wire.Behaviour` lists the keys. The wire format was captured from vLLM 0.32.
"""

import asyncio
import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

# It is run by path, and isolated (`-I`): nothing beside it would be found.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.fake_engine_chat import VERSION, Answer, Prompt, Said, form_of, read_limit, read_prompt, say, words_for
from tests.fake_engine_metrics import KV_TOKENS, Counters
from tests.fake_engine_wire import Behaviour, HttpError, Page, UnauthorizedError, parse, reply, send, text_of

FLAGS = Path(__file__).parent / "data" / "vllm_flags" / "0.32.0.json"
"""What vLLM 0.32.0 (CPU) answered; the helps are cut short."""
_STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.stdout.close(); signal.pause()"
_SWALLOWED = {signal.SIGTERM, signal.SIGINT}


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


class Server:
    """The routes of one served model."""

    def __init__(self, name: str, flags: dict[str, str], behaviour: Behaviour) -> None:
        self.name = name
        self.root = flags["--model"]
        self.detailed = "--enable-prompt-tokens-details" in flags
        self.timed = "--enable-per-request-metrics" in flags
        self.behaviour = behaviour
        self.counters = Counters()
        self.health_asked = 0
        self.built: dict[str, bytes] = {}
        self.blocks: set[tuple[str, ...]] = set()
        """Every beginning of a prompt, in whole blocks, that was seen."""

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
            told = self.counters.text(self.name, self.behaviour.block_size, self.behaviour.metrics_bytes)
            await send(writer, 200, told.encode(), "text/plain; version=0.0.4; charset=utf-8")
        elif method == "POST" and path == "/tokenize":
            await reply(writer, 200, self._tokenize(parse(body)))
        elif method == "POST" and path == "/v1/chat/completions":
            await self._complete(parse(body), reader, writer, of_text=False)
        elif method == "POST" and path == "/v1/completions":
            await self._complete(parse(body), reader, writer, of_text=True)
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

    def _tokenize(self, request: dict[str, Any]) -> dict[str, Any]:
        count = len(read_prompt(request, self.name, self.behaviour, "messages" not in request).tokens)
        limit = self.behaviour.max_model_len
        return {"count": count, "max_model_len": limit, "tokens": list(range(count)), "token_strs": None}

    async def _complete(
        self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, of_text: bool
    ) -> None:
        self._note(request)
        self._check(request)
        prompt = read_prompt(request, self.name, self.behaviour, of_text)
        limit = read_limit(request, prompt, self.behaviour)
        cached = self._cached(prompt)
        self.counters.prompted += len(prompt.tokens)
        self.counters.running += 1
        try:
            if self.behaviour.prebuilt:
                await self._send_built(request, prompt, limit, writer)
            else:
                answer = Answer(self.name, request, prompt, writer, self.behaviour, cached, self.timed)
                await self._generate(answer, say(request, prompt, limit, self.behaviour), reader)
        finally:
            self.counters.running -= 1

    def _cached(self, prompt: Prompt) -> int | None:
        """Tokens at the beginning of *prompt* that it shares with an earlier one, in whole blocks, not all of them."""
        size = self.behaviour.block_size
        whole = (len(prompt.tokens) - 1) // size
        shared = next((count for count in range(whole, 0, -1) if prompt.tokens[: count * size] in self.blocks), 0)
        self.blocks |= {prompt.tokens[: count * size] for count in range(1, len(prompt.tokens) // size + 1)}
        self.counters.hits += shared * size
        return shared * size if self.detailed else None

    async def _send_built(
        self, request: dict[str, Any], prompt: Prompt, limit: int, writer: asyncio.StreamWriter
    ) -> None:
        key = json.dumps(request, sort_keys=True)
        words = words_for(text_of(request["messages"][-1].get("content")), self.behaviour)[:limit]
        if key not in self.built:
            page = Page()
            answer = Answer(self.name, request, prompt, page, self.behaviour)
            for word in words:
                await answer.token(word)
            await answer.finish("stop")
            self.built[key] = bytes(page.data)
        self.counters.generated += len(words)
        self.counters.finished["stop"] += 1
        writer.write(self.built[key])
        await writer.drain()

    def _note(self, request: dict[str, Any]) -> None:
        if self.behaviour.record:
            with Path(self.behaviour.record).open("a", encoding="utf-8") as file:
                file.write(json.dumps(request) + "\n")

    def _check(self, request: dict[str, Any]) -> None:
        """Refuse what the test wants refused, and what vLLM refuses."""
        behaviour = self.behaviour
        if behaviour.error:
            raise HttpError(int(behaviour.error.get("status", 400)), str(behaviour.error.get("message", "no")))
        if request.get("model", self.name) != self.name:
            text = f"The model `{request['model']}` does not exist. Valid aliases: {self.name}."
            raise HttpError(404, text, "NotFoundError", "model")
        for name in behaviour.unknown:
            if name in request or name in (request.get("stream_options") or {}):
                raise HttpError(400, f"Unrecognized request argument supplied: {name}", param=name)
        if behaviour.structured == "refuses" and form_of(request) is not None:
            raise HttpError(400, "response_format is not supported by this engine.", param="response_format")
        if request.get("stream_options") and not request.get("stream"):
            raise HttpError(400, "Stream options can only be defined when `stream=True`.", param="stream_options")
        if "" in (request.get("stop") or []):
            raise HttpError(400, "stop cannot contain an empty string.")

    async def _generate(self, answer: Answer, said: Said, reader: asyncio.StreamReader) -> None:
        last = time.monotonic()
        if self.behaviour.hang:
            await pause(3600, reader)
        elif await pause(self.behaviour.first_token_after, reader):
            count = 0
            async for word in self._paced(said.words, reader):
                now, count = time.monotonic(), count + 1
                (self.counters.begin if count == 1 else self.counters.go_on)(now - last)
                last = now
                if not reader.at_eof():
                    # Who is gone is noticed a moment after the connection is: a deaf engine goes on even then.
                    with contextlib.suppress(*((ConnectionError,) if self.behaviour.deaf else ())):
                        await answer.token(word, thought=count <= said.thought)
        if not reader.at_eof():
            self.counters.finished[said.finish] += 1
            await answer.finish(said.finish, said.stop)

    async def _paced(self, words: Sequence[str], reader: asyncio.StreamReader) -> AsyncIterator[str]:
        speed, start = self.behaviour.tokens_per_second, time.monotonic()
        for count, word in enumerate(words, 1):
            due = start + (count - 1) / speed if speed else 0.0
            if not await pause(due - time.monotonic(), reader):
                if not self.behaviour.deaf:
                    return
                await asyncio.sleep(due - time.monotonic())
            yield word
            while not _is_there(self.behaviour.go_on_when):
                if not await pause(0.01, reader):
                    return
            if count == self.behaviour.die_after_tokens:
                os.kill(os.getpid(), signal.SIGKILL)


def _is_there(file: str) -> bool:
    return not file or Path(file).exists()


async def pause(seconds: float, reader: asyncio.StreamReader) -> bool:
    """Wait; False as soon as the client is gone."""
    end = time.monotonic() + seconds
    while not reader.at_eof():
        left = end - time.monotonic()
        await asyncio.sleep(min(0.02, max(0.0, left)))
        if left <= 0:
            return not reader.at_eof()
    return False


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
        f"CPU KV cache size: {KV_TOKENS:,} tokens, Maximum concurrency for 2,048 tokens per request: 64.00x",
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
    server = Server(name, flags, behaviour)
    done = asyncio.Event()
    await asyncio.sleep(behaviour.ready_after)
    while not _is_there(behaviour.ready_when):  # noqa: ASYNC110 - another process makes the file
        await asyncio.sleep(0.01)
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
