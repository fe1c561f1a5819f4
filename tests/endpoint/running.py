"""The stand-in engine as a child process, for the tests of `endpoint/` and of the services above it."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from desktop_app.domain.chat import Delta, Message, Role
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.address import Where, as_address, parse_address
from desktop_app.endpoint.client import Endpoint
from desktop_app.endpoint.probe import readiness

FAKE_ENGINE = Path(__file__).resolve().parents[1] / "fake_engine.py"
TLS = Path(__file__).resolve().parents[1] / "data" / "tls"
"""`here.pem` is a certificate with its key for localhost, `stranger.pem` for another name, both signed by `ca.pem`.
Made once with `openssl`; the authority's key was thrown away."""
MODEL = "tiny"


class Running:
    """A stand-in engine that serves, and the way to it."""

    def __init__(self, where: Where, process: asyncio.subprocess.Process) -> None:
        self.address = as_address(where)
        self.socket = self.address.socket or Path()
        self.process = process
        self.endpoint = Endpoint(where, MODEL)

    async def metrics(self) -> EngineMetrics:
        return await self.endpoint.metrics()

    async def idle(self) -> bool:
        return (await self.metrics()).running == 0


@asynccontextmanager
async def running(folder: Path, *flags: str, **behaviour: object) -> AsyncIterator[Running]:
    """A stand-in engine that does what *behaviour* says (`tests/fake_engine_wire.py`), ready to be asked."""
    socket = folder / "e.sock"
    socket.unlink(missing_ok=True)
    engine = Running(socket, await _spawn(folder, ["--uds", str(socket), *flags], behaviour))
    try:
        await eventually(lambda: _ready(socket))
        yield engine
    finally:
        await _end(engine)


@asynccontextmanager
async def elsewhere(
    folder: Path, host: str = "127.0.0.1", certificate: str = "", key: str = "", **behaviour: object
) -> AsyncIterator[Running]:
    """The same on a port, with TLS where a certificate is named; *key* is the one that is sent."""
    flags = ["--host", host, "--port", "0"]
    if certificate:
        flags += ["--ssl-certfile", str(TLS / certificate)]
    process = await _spawn(folder, flags, behaviour, stdout=asyncio.subprocess.PIPE)
    engine = Running(Path(), process)
    try:
        url = await _announced(process)
        address = replace(parse_address(url, key), base=f"{behaviour.get('prefix', '')}/v1")
        engine = Running(address, process)
        yield engine
    finally:
        await _end(engine)


async def _spawn(
    folder: Path, flags: list[str], behaviour: dict[str, object], stdout: int = asyncio.subprocess.DEVNULL
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-S", str(FAKE_ENGINE), "--model", str(folder), "--served-model-name", MODEL, *flags),
        env={**os.environ, "FAKE_ENGINE": json.dumps(behaviour)},
        stdout=stdout,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def _announced(process: asyncio.subprocess.Process) -> str:
    """The address that the log of a server says."""
    assert process.stdout is not None
    async for line in process.stdout:
        message: str = json.loads(line)["message"]
        if "Starting vLLM server on " in message:
            return message.rpartition(" ")[2]
    raise AssertionError("the stand-in ended before it listened")


async def _end(engine: Running) -> None:
    await engine.endpoint.close()
    if engine.process.returncode is None:
        engine.process.kill()
    await engine.process.communicate()


async def eventually(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until *condition*, plain or a coroutine function, is true."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if await result if asyncio.iscoroutine(result) else result:
            return
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)


def question(text: str = "Why?") -> tuple[Message, ...]:
    return (Message(1, Role.USER, text),)


async def whole(endpoint: Endpoint, text: str = "Why?", request: Mapping[str, object] | None = None) -> list[Delta]:
    """Every delta of the answer to one question."""
    return await collect(endpoint.stream_chat(question(text), request or {}))


async def collect(batches: AsyncGenerator[list[Delta], None]) -> list[Delta]:
    """Every delta."""
    return [delta async for batch in batches for delta in batch]


def words(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


async def _ready(where: Where) -> bool:
    return (await readiness(where, MODEL)).ready
