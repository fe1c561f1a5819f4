"""The stand-in engine as a child process, for the tests of `endpoint/` and of the services above it."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from desktop_app.domain.chat import Delta, Message, Role
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.client import Endpoint
from desktop_app.endpoint.probe import readiness

FAKE_ENGINE = Path(__file__).resolve().parents[1] / "fake_engine.py"
MODEL = "tiny"


class Running:
    """A stand-in engine that serves, and the way to it."""

    def __init__(self, socket: Path, process: asyncio.subprocess.Process) -> None:
        self.socket = socket
        self.process = process
        self.endpoint = Endpoint(socket, MODEL)

    async def metrics(self) -> EngineMetrics:
        return await self.endpoint.metrics()

    async def idle(self) -> bool:
        return (await self.metrics()).running == 0


@asynccontextmanager
async def running(folder: Path, **behaviour: object) -> AsyncIterator[Running]:
    """A stand-in engine that does what *behaviour* says (`tests/fake_engine.py`), ready to be asked."""
    socket = folder / "e.sock"
    socket.unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-S", str(FAKE_ENGINE), "--model", str(folder), "--served-model-name", MODEL, "--uds", str(socket)),
        env={**os.environ, "FAKE_ENGINE": json.dumps(behaviour)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    engine = Running(socket, process)
    try:
        await eventually(lambda: _ready(socket))
        yield engine
    finally:
        await engine.endpoint.close()
        if process.returncode is None:
            process.kill()
        await process.wait()


async def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
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


async def whole(endpoint: Endpoint, text: str = "Why?", **sampling: float) -> list[Delta]:
    """Every delta of the answer to one question."""
    return [delta async for batch in endpoint.stream_chat(question(text), **sampling) for delta in batch]


def words(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


async def _ready(socket: Path) -> bool:
    return (await readiness(socket, MODEL)).ready
