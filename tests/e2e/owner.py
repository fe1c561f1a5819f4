"""A window without a window: runs engines with the shipped code and says on standard output what it sees.

`python -m tests.e2e.owner DATA [NAME=VALUE…] MODEL_FOLDER…` starts every model and prints a JSON object a line, each
with `model` and `status`: `started`, `phase`, `ready`, `words` (how many pieces of an answer so far), `answered`,
`stopped`, `exited`. It hears on standard input `stream NAME` and `stop NAME`; SIGTERM stops everything. It is over when
every engine is. NAME=VALUE are more variables of the engines' environment.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from desktop_app.domain.chat import Message, Role
from desktop_app.domain.engine import StartPhase
from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef, ModelSettings
from desktop_app.domain.machine import Machine
from desktop_app.endpoint.client import Endpoint
from desktop_app.endpoint.probe import readiness
from desktop_app.engine import environments, failures, launch
from desktop_app.engine.phases import PhaseReader
from desktop_app.engine.process import EngineProcess
from desktop_app.hardware.probe import probe
from desktop_app.paths import Paths

Begin = Callable[[str, str], None]
_FLAGS = (("--max-model-len", "auto"), ("--kv-cache-memory-bytes", str(128 * 1024 * 1024)))


class Engine:
    """One engine, from its start to its end."""

    def __init__(self, paths: Paths, model: ModelRef, variables: tuple[tuple[str, str], ...], machine: Machine) -> None:
        environment = environments.remembered(paths)
        assert environment is not None
        self._paths = paths
        self._machine = machine
        self._places = paths.engine(model.key)
        self._plan = launch.plan(
            model, environment, self._places, machine, ModelSettings(flags=_FLAGS, variables=variables)
        )
        self._reader = PhaseReader()
        self._phase: StartPhase | None = StartPhase.LOADING_ENGINE
        self._process: EngineProcess | None = None
        self._endpoint: Endpoint | None = None
        self.name = model.name

    def say(self, status: str, **more: object) -> None:
        print(json.dumps({"model": self.name, "status": status, **more}), flush=True)

    async def run(self) -> None:
        line, variables = launch.as_process(self._plan, self._paths, self._places, os.environ)
        process = await EngineProcess.start(line, variables, self._places, self._paths, self._hear)
        self._process = process
        self.say("started", supervisor=process.pid, leader=process.leader, key=self._places.key)
        ended = asyncio.create_task(process.wait())
        await self._get_ready(process, ended)
        end = await ended
        words = (
            ""
            if end.asked
            else failures.explain(end.code, process.tail, self._plan, self._phase, self._machine).sentence()
        )
        if self._endpoint is not None:
            await self._endpoint.close()
        self.say("exited", code=end.code, asked=end.asked, words=words)

    def _hear(self, lines: list[str]) -> None:
        if self._phase is None:
            return
        for line in lines:
            self._reader.feed(line)
        if self._reader.progress.phase is not self._phase:
            self._phase = self._reader.progress.phase
            self.say("phase", phase=self._phase.name)

    async def _get_ready(self, process: EngineProcess, ended: "asyncio.Task[object]") -> None:
        while not ended.done():
            if (await readiness(self._places.socket, self.name)).ready:
                await process.mark_ready()
                self._phase = None
                self._endpoint = Endpoint(self._places.socket, self.name)
                self.say("ready", memory=await process.memory_bytes())
                return
            await asyncio.wait([ended], timeout=0.1)

    async def stream(self) -> None:
        assert self._endpoint is not None
        pieces = 0
        error = ""
        try:
            async for batch in self._endpoint.stream_chat([Message(0, Role.USER, "Tell me a long story.")]):
                pieces += len(batch)
                self.say("words", count=pieces)
        except UserError as failure:
            error = failure.sentence()
        self.say("answered", count=pieces, error=error)

    async def stop(self) -> None:
        if self._process is not None:
            report = await self._process.stop()
            self.say(
                "stopped",
                seconds=report.seconds,
                freed=report.freed_bytes,
                survivors=report.survivors,
                released=report.released,
            )


async def main(arguments: list[str]) -> None:
    paths = Paths(Path(arguments[0]))
    variables = tuple((name, value) for name, _, value in (word.partition("=") for word in arguments[1:]) if value)
    machine = await asyncio.to_thread(probe)
    models = [ModelRef(Path(word).name, Path(word)) for word in arguments[1:] if "=" not in word]
    engines = {model.name: Engine(paths, model, variables, machine) for model in models}
    tasks: set[asyncio.Task[None]] = set()

    def begin(verb: str, name: str) -> None:
        task = asyncio.ensure_future(engines[name].stream() if verb == "stream" else engines[name].stop())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def stop_all() -> None:
        for name in engines:
            begin("stop", name)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop_all)
    listener = asyncio.create_task(listen(begin))
    await asyncio.gather(*(engine.run() for engine in engines.values()))
    await asyncio.gather(*tasks)
    listener.cancel()
    with suppress(asyncio.CancelledError):
        await listener


async def listen(begin: Begin) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        verb, _, name = line.decode().strip().partition(" ")
        begin(verb, name)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
