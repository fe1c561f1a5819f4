"""Failures made for real on the real engine: each gets its sentence, and where the remedy is a flag, it is pressed.

They are made below our own window: with the command line, the environment and the process that `services` uses, and
where our own code would prevent a failure, past it. Two run at the same time; a test waits for its own.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import FlagValue, LaunchPlan, ModelRef, ModelSettings, Preset
from desktop_app.domain.machine import Machine
from desktop_app.engine import failures, launch
from desktop_app.engine.phases import PhaseReader, expected_phases
from desktop_app.engine.process import EngineProcess
from desktop_app.hardware.probe import probe
from desktop_app.paths import EnginePlaces, Paths, resources
from tests import engine_cache
from tests.e2e import models

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

Flags = tuple[tuple[str, FlagValue | None], ...]
_START_SECONDS = 400
_AT_ONCE = 2


def _guide(folder: Path) -> Path:
    shutil.copytree(resources() / "guide", folder)
    return folder


def _changed(**changes: object) -> Callable[[Path], Path]:
    """The Guide with another config.json."""

    def make(folder: Path) -> Path:
        config = _guide(folder) / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | changes), "utf-8")
        return folder

    return make


def _without(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (_guide(folder) / name).unlink()
        return folder

    return make


def _holding(name: str, content: bytes) -> Callable[[Path], Path]:
    """The Guide with other bytes in one of its files."""

    def make(folder: Path) -> Path:
        (_guide(folder) / name).write_bytes(content)
        return folder

    return make


def _plain(words: list[str]) -> list[str]:
    return words


@dataclass(frozen=True)
class Case:
    """One failure: how it is made, and what must be said and offered."""

    title: str
    reason: str = ""
    button: Remedy | Flags = Remedy.CHOOSE_MODEL
    flags: tuple[tuple[str, FlagValue], ...] = ()
    model: Callable[[Path], Path] = _guide
    preset: Preset = Preset.QUICK
    variables: Mapping[str, str] = field(default_factory=dict)
    command: Callable[[list[str]], list[str]] = _plain
    kill: str = ""
    """The process to kill when the engine is ready."""
    network: bool = False
    """Whether it is left in our network."""


_DAMAGED = "The model is damaged."
_UNKNOWN = " does not know this kind of model."
_LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5184056\n"
_CODE = {"AutoConfig": "configuration_x.XConfig", "AutoModelForCausalLM": "modeling_x.XForCausalLM"}


def _limited(words: list[str]) -> list[str]:
    """With less memory than its libraries take."""
    return ["/bin/sh", "-c", 'ulimit -v 3500000; exec "$@"', "sh", *words]


def _on_a_port(words: list[str]) -> list[str]:
    """At the port that `taken_port` holds."""
    at = words.index("--uds")
    return [*words[:at], "--host", "127.0.0.1", "--port", str(_PORT.getsockname()[1]), *words[at + 2 :]]


def _with_another_python(words: list[str]) -> list[str]:
    return [sys.executable, *words[1:]]


_PORT = socket.socket()

CASES: dict[str, Case] = {
    "bad_path": Case("The model's folder is missing.", "does not exist", model=lambda folder: folder / "nothing"),
    "no_config": Case("This is not a model's folder.", "no config.json", model=_without("config.json")),
    "broken_config": Case(_DAMAGED, "config.json cannot be read", model=_holding("config.json", b'{"a": ')),
    "truncated": Case("A weight file is incomplete.", "Its end is missing", model=models.truncated),
    "lfs_pointer": Case("A weight file holds something else.", "Git LFS", model=_holding("model.safetensors", _LFS)),
    "missing_tensor": Case("The model is incomplete.", "model.layers.3.", model=_changed(num_hidden_layers=4)),
    "no_tokenizer": Case("The model has no tokenizer.", model=_without("tokenizer.json")),
    "unknown_architecture": Case(
        _UNKNOWN,
        "NobodyKnowsForCausalLM",
        Remedy.ENGINES,
        model=_changed(architectures=["NobodyKnowsForCausalLM"]),
    ),
    "custom_code": Case(
        "The model wants to run a program of its own.",
        "all your rights",
        Remedy.SETTINGS,
        model=_changed(model_type="x", auto_map=_CODE),
    ),
    "context_too_large": Case(
        "The context is longer than this model can keep in mind.",
        "100000 tokens were asked for, and it can take 2048",
        (("--max-model-len", "2048"),),
        (("--max-model-len", "100000"),),
    ),
    "room_for_no_request": Case(
        "Not enough memory for a context of this length.",
        "The largest context that fits: ",
        (("--max-model-len", ""),),
        (("--max-model-len", "2048"), ("--kv-cache-memory-bytes", "1M")),
    ),
    "more_than_memory": Case(
        "Not enough memory.",
        "It needs 1000.0 GB",
        (("--kv-cache-memory-bytes", ""),),
        (("--kv-cache-memory-bytes", "1000G"),),
    ),
    "misspelt_flag": Case(
        " has no setting --max-model-length.",
        "Did you mean --max-model-len?",
        (("--max-model-length", None), ("--max-model-len", "512")),
        (("--max-model-length", "512"),),
    ),
    "device_flag": Case(
        " has no setting --device.",
        "follows from the installed engine",
        (("--device", None),),
        (("--device", "cpu"),),
    ),
    "bad_number": Case(
        " does not understand the value of --max-num-seqs.",
        "abc",
        (("--max-num-seqs", None),),
        (("--max-num-seqs", "abc"),),
    ),
    "tool_parser": Case(
        " has no tool parser “foo”.",
        "fits the model",
        (("--tool-call-parser", None), ("--enable-auto-tool-choice", None)),
        (("--tool-call-parser", "foo"), ("--enable-auto-tool-choice", True)),
    ),
    "reasoning_parser": Case(
        " has no reasoning parser “foo”.", "", (("--reasoning-parser", None),), (("--reasoning-parser", "foo"),)
    ),
    "block_size": Case(
        "Memory for conversations cannot be given in such pieces.",
        "7 tokens",
        (("--block-size", None),),
        (("--block-size", "7"),),
    ),
    "chat_template": Case(
        "The chat template is not there.",
        "does not exist",
        (("--chat-template", None),),
        (("--chat-template", "/nonexistent/template.jinja"),),
    ),
    "sleep_mode": Case(
        "This computer cannot let an engine sleep.",
        "graphics card",
        (("--enable-sleep-mode", None),),
        (("--enable-sleep-mode", True),),
    ),
    "three_parts": Case(
        "The model cannot be divided into 3 parts.",
        "4 attention heads",
        (("--tensor-parallel-size", None), ("--pipeline-parallel-size", None)),
        (("--tensor-parallel-size", "3"),),
    ),
    "no_compiler": Case(
        "The engine cannot compile the model for speed.",
        "g++",
        (("--enforce-eager", True),),
        (("--enforce-eager", False),),
        variables={"CXX": "/nonexistent/g++"},
    ),
    "port_taken": Case("Another engine is still there.", button=Remedy.RETRY, command=_on_a_port, network=True),
    "little_memory": Case(
        "Not enough memory.",
        "3.0 GB more were needed",
        flags=(("--kv-cache-memory-bytes", "3G"),),
        command=_limited,
    ),
    "no_vllm": Case("The engine is not installed.", "no vLLM", Remedy.INSTALL, command=_with_another_python),
    "core_killed": Case("The engine was ended from outside.", "memory runs out", kill="EngineCor"),
}


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    error: EngineError
    code: int | None
    log: str
    mended: str = ""
    """What the engine printed after the button was pressed; empty when it became ready, or was not pressed."""


class Bench:
    """Starts engines, two at the same time, for the cases that were chosen."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self._folder = folder
        self._paths = Paths(folder / "data")
        self._environment: EngineEnvironment = engine_cache.borrow(self._paths)
        self._machine: Machine = probe()
        self._pressed: dict[object, asyncio.Future[str]] = {}
        self._outcomes: dict[str, Future[Outcome]] = {name: Future() for name in names}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run_all()), name="bench")
        self._thread.start()

    def outcome(self, name: str) -> Outcome:
        """What became of *name*; waits for it."""
        return self._outcomes[name].result(timeout=900)

    def close(self) -> None:
        """Wait for the rest."""
        self._thread.join()

    async def _run_all(self) -> None:
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(name: str) -> None:
            async with places:
                try:
                    self._outcomes[name].set_result(await self._run(name, CASES[name]))
                except BaseException as error:  # noqa: BLE001 - the test that waits for it fails with it
                    self._outcomes[name].set_exception(error)

        await asyncio.gather(*map(one, self._outcomes))

    async def _run(self, name: str, case: Case) -> Outcome:
        model = ModelRef("tiny", await asyncio.to_thread(case.model, self._folder / name))
        places = self._paths.engine(model.key)
        settings = ModelSettings(case.preset, case.flags)
        plan = launch.plan(model, self._environment, places, self._machine, settings)
        code, lines, phases = await self._until_the_end(plan, places, case)
        phase = None if case.kill else phases.progress.phase
        error = failures.explain(code, lines, plan, phase, self._machine)
        if not error.fix:
            return Outcome(error, code, "\n".join(lines))
        mended = settings.with_flags(error.fix.flags)
        again = launch.plan(model, self._environment, places, self._machine, mended)
        return Outcome(error, code, "\n".join(lines), await self._mended(again, places, case))

    async def _mended(self, plan: LaunchPlan, places: EnginePlaces, case: Case) -> str:
        """Press the button. What was seen ready once with the very same flags and files is not started again."""
        kind = (plan.flags, plan.variables, case.model)
        if kind not in self._pressed:
            self._pressed[kind] = asyncio.ensure_future(self._until_ready(plan, places))
        return await self._pressed[kind]

    async def _start(
        self, plan: LaunchPlan, places: EnginePlaces, case: Case, heard: Callable[[list[str]], None]
    ) -> EngineProcess:
        environment = launch.process_environment(plan, self._paths, places, os.environ) | dict(case.variables)
        words = case.command(launch.command(plan))
        return await EngineProcess.start(words, environment, places, self._paths, heard, needs_network=case.network)

    async def _until_the_end(
        self, plan: LaunchPlan, places: EnginePlaces, case: Case
    ) -> tuple[int | None, list[str], PhaseReader]:
        reader = PhaseReader(expected_phases(plan))
        lines: list[str] = []

        def heard(batch: list[str]) -> None:
            lines.extend(batch)
            for line in batch:
                reader.feed(line)

        engine = await self._start(plan, places, case, heard)
        try:
            async with asyncio.timeout(_START_SECONDS):
                if case.kill:
                    await _answers(places.socket)
                    _kill(engine.leader, case.kill)
                code = (await engine.wait()).code
        finally:
            await engine.stop()
        return code, lines, reader

    async def _until_ready(self, plan: LaunchPlan, places: EnginePlaces) -> str:
        """Nothing when it becomes ready, else what it printed."""
        lines: list[str] = []
        engine = await self._start(plan, places, Case(""), lines.extend)
        try:
            ready = asyncio.ensure_future(_answers(places.socket))
            over = asyncio.ensure_future(engine.wait())
            await asyncio.wait((ready, over), timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            became_ready = ready.done()
            for task in (ready, over):
                await _cancelled(task)
            return "" if became_ready else "\n".join(lines)
        finally:
            await engine.stop()


async def _cancelled(task: "asyncio.Future[Any]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _answers(path: Path) -> None:
    """Wait until the engine says that it is well."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_unix_connection(str(path))
            writer.write(b"GET /health HTTP/1.0\r\n\r\n")
            answer = await reader.read()
            writer.close()
            if b" 200 " in answer.split(b"\r\n", 1)[0]:
                return
        await asyncio.sleep(0.1)


def _kill(leader: int, name: str) -> None:
    server = psutil.Process(leader)
    for process in [server] if name == "server" else server.children(recursive=True):
        # Helpers come and go.
        with contextlib.suppress(psutil.NoSuchProcess):
            if name == "server" or name in process.name():
                process.send_signal(signal.SIGKILL)


@pytest.fixture(scope="module")
def bench(request: pytest.FixtureRequest, short_folder: Path) -> Iterator[Bench]:
    """All cases that this run has, in the order of the tests."""
    chosen = [
        item.callspec.params["name"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == Path(__file__) and hasattr(item, "callspec")
    ]
    with _PORT:
        _PORT.bind(("127.0.0.1", 0))
        _PORT.listen()
        made = Bench(short_folder / "failures", list(dict.fromkeys(map(str, chosen))))
        yield made
        made.close()


@pytest.mark.parametrize("name", CASES)
def test_a_failure_made_for_real(bench: Bench, name: str) -> None:
    case, outcome = CASES[name], bench.outcome(name)
    error = outcome.error
    assert case.title in error.title, outcome.log
    assert case.reason in error.reason
    if isinstance(case.button, Remedy):
        assert error.fix is None
        assert error.remedy is case.button
    else:
        assert error.fix
        assert {flag for flag, _ in error.fix.flags} == {flag for flag, _ in case.button}
        assert all(value in ("", dict(error.fix.flags)[flag]) for flag, value in case.button)
    assert failures.decisive_line(error) or case.kill == "server"
    assert outcome.mended == ""
