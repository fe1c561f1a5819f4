"""A run of the stand-in engine, from its start to the proof of its end."""

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.machine import Machine
from desktop_app.engine import launch, leftovers
from desktop_app.engine.process import EngineProcess, Exit
from desktop_app.engine.supervisor import family, table
from desktop_app.paths import Paths
from tests.conftest import reach, wait_until
from tests.engine_fakes import alive, answers, make_environment, make_model

MACHINE = Machine("a processor", 2, 8 << 30, frozenset())


class Engines:
    """Starts the stand-in with the shipped launch code, and leaves none behind."""

    def __init__(self, paths: Paths, folder: Path) -> None:
        self._paths = paths
        self._folder = folder
        self.lines: list[str] = []
        self.started: list[EngineProcess] = []

    async def __call__(self, **behaviour: object) -> EngineProcess:
        model = make_model(self._folder, "tiny", **behaviour)
        plan = launch.default_plan(model, make_environment(self._folder), self._paths, MACHINE)
        environment = launch.process_environment(plan, self._paths, os.environ)
        engine = await EngineProcess.start(launch.command(plan), environment, self._paths, self.lines.append)
        self.started.append(engine)
        return engine

    async def ready(self, **behaviour: object) -> EngineProcess:
        engine = await self(**behaviour)
        await reach(lambda: answers(self._paths.socket), "the engine")
        await engine.mark_ready()
        return engine


@pytest.fixture
async def engines(paths: Paths, tmp_path: Path) -> AsyncIterator[Engines]:
    made = Engines(paths, tmp_path)
    yield made
    for engine in made.started:
        await engine.stop()


def members(engine: EngineProcess) -> set[int]:
    return set(family(table(), [engine.pid]))


def children() -> set[int]:
    return {pid for pid, item in table().items() if item.parent == os.getpid()}


def gone(pids: set[int]) -> bool:
    return not any(alive(pid) for pid in pids)


async def test_start_ready_and_a_proved_stop(engines: Engines, paths: Paths) -> None:
    engine = await engines.ready()
    everybody = members(engine)
    assert {engine.pid, engine.leader} <= everybody
    assert paths.running.exists()
    assert await engine.memory_bytes() > 0

    report = await engine.stop()

    assert report.survivors == ()
    assert report.freed_bytes > 0
    assert gone(everybody)
    assert not paths.socket.exists()
    assert not paths.running.exists()
    end = await engine.wait()
    assert (end.code, end.asked) == (0, True)


async def test_its_words_arrive_and_are_logged_privately(engines: Engines, paths: Paths) -> None:
    engine = await engines.ready()
    await engine.stop()

    assert any("Resolved architecture" in line for line in engines.lines)
    assert list(engine.tail) == engines.lines
    assert "Resolved architecture" in paths.engine_log.read_text("utf-8")
    assert stat.S_IMODE(paths.engine_log.stat().st_mode) == 0o600


async def test_a_stop_while_it_loads_does_not_wait_for_it(engines: Engines) -> None:
    engine = await engines(ready_after=60, children=1)
    await reach(lambda: len(members(engine)) == 3, "the child")
    everybody = members(engine)

    report = await engine.stop()

    assert report.survivors == ()
    assert gone(everybody)
    assert await engine.wait() == Exit(-signal.SIGKILL, asked=True)


async def test_stubborn_descendants_in_other_sessions_are_ended_too(engines: Engines) -> None:
    engine = await engines.ready(children=2, escaped=2)
    everybody = members(engine)
    assert len(everybody) == 6

    report = await engine.stop()

    assert report.survivors == ()
    assert gone(everybody)


async def test_an_engine_that_fails_reports_its_code_and_its_last_words(engines: Engines, paths: Paths) -> None:
    log = Path(__file__).parents[1] / "data" / "vllm_logs" / "f_no_weights.log"
    engine = await engines(log=str(log), exit=1, children=1)

    end = await engine.wait()

    assert (end.code, end.asked) == (1, False)
    assert any("Cannot find any model weights" in line for line in engine.tail)
    assert not paths.running.exists()


async def test_a_killed_engine_is_noticed(engines: Engines, paths: Paths) -> None:
    engine = await engines.ready(children=1)
    everybody = members(engine)

    os.kill(engine.leader, signal.SIGKILL)
    end = await engine.wait()

    assert (end.code, end.asked) == (-signal.SIGKILL, False)
    assert gone(everybody)
    assert not paths.socket.exists()


async def test_when_the_supervisor_is_killed_the_rest_is_ended_from_here(engines: Engines, paths: Paths) -> None:
    engine = await engines.ready(children=1, escaped=1)
    everybody = members(engine)

    os.kill(engine.pid, signal.SIGKILL)
    end = await engine.wait()

    assert (end.code, end.asked) == (None, False)
    assert gone(everybody)
    assert not paths.socket.exists()
    assert not paths.running.exists()


async def test_a_stop_after_the_end_is_harmless(engines: Engines) -> None:
    engine = await engines(exit=1)
    await engine.wait()

    report = await engine.stop()

    assert report.survivors == ()
    assert report.freed_bytes == 0


async def test_two_stops_at_once(engines: Engines) -> None:
    engine = await engines.ready()

    first, second = await asyncio.gather(engine.stop(), engine.stop())

    assert first.survivors == second.survivors == ()


async def test_a_python_that_is_not_there(paths: Paths) -> None:
    with pytest.raises(EngineError) as caught:
        await EngineProcess.start([str(paths.root / "python")], {}, paths, lambda line: None)

    assert caught.value.remedy is Remedy.INSTALL
    assert "python" in caught.value.details


async def test_a_start_that_is_cancelled_leaves_nothing(engines: Engines, paths: Paths) -> None:
    task = asyncio.create_task(engines(ready_after=60, children=1))
    await reach(paths.running.exists, "the record")
    record = leftovers.read_record(paths)
    assert record is not None

    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await (await task).stop()

    await reach(lambda: gone({mark.pid for mark in record.members}), "its end")
    await reach(lambda: not paths.running.exists(), "the record to go")


async def test_a_record_that_cannot_be_written_ends_the_start(engines: Engines, paths: Paths) -> None:
    paths.running.mkdir()
    before = children()

    with pytest.raises(OSError, match=r"running\.json"):
        await engines(ready_after=60)

    await reach(lambda: children() <= before, "its end")


async def test_a_stale_socket_is_not_in_the_way(engines: Engines, paths: Paths) -> None:
    paths.socket.write_text("stale", "utf-8")

    await engines.ready()


async def test_the_record_grows_with_the_engine(engines: Engines, paths: Paths) -> None:
    engine = await engines(ready_after=60, children=2)
    await reach(lambda: len(members(engine)) == 4, "the children")

    await engine.refresh()

    record = leftovers.read_record(paths)
    assert record is not None
    assert {mark.pid for mark in record.members} == members(engine)


_WINDOW = """
import asyncio, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from desktop_app.engine.process import EngineProcess
from desktop_app.paths import Paths

async def main():
    engine = await EngineProcess.start(sys.argv[3:], dict(os.environ), Paths(Path(sys.argv[2])), lambda line: None)
    print(engine.pid, engine.leader, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await engine.refresh()
    print("written", flush=True)
    await engine.wait()

asyncio.run(main())
"""


def window(paths: Paths, folder: Path, **behaviour: object) -> tuple[subprocess.Popen[str], int, int]:
    """A program that runs an engine; it is killed by the test. Also the pids of supervisor and leader."""
    model = make_model(folder, "tiny", **behaviour)
    plan = launch.default_plan(model, make_environment(folder), paths, MACHINE)
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", _WINDOW, root, str(paths.root), *launch.command(plan)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    supervisor, leader = process.stdout.readline().split()
    return process, int(supervisor), int(leader)


def close(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()


async def test_the_engine_of_another_window_is_not_disturbed(paths: Paths, tmp_path: Path, engines: Engines) -> None:
    process, supervisor, leader = window(paths, tmp_path)
    wait_until(lambda: answers(paths.socket), "the engine")

    with pytest.raises(EngineError) as caught:
        await engines()

    assert caught.value.title == "Another window of vLLM Desktop runs a model."
    assert alive(leader)
    assert answers(paths.socket)
    close(process)
    wait_until(lambda: not alive(supervisor), "the end of the supervisor")


@pytest.mark.parametrize("ready_after", [0, 60])
def test_a_killed_window_leaves_no_engine_behind(paths: Paths, tmp_path: Path, ready_after: float) -> None:
    process, supervisor, _ = window(paths, tmp_path, ready_after=ready_after, children=1, escaped=1)
    wait_until(lambda: len(family(table(), [supervisor])) == 4, "the children")
    if not ready_after:
        wait_until(lambda: answers(paths.socket), "the engine")
    everybody = set(family(table(), [supervisor]))

    close(process)

    wait_until(lambda: gone(everybody), "the end of everybody")
    assert not paths.socket.exists()
    assert not paths.running.exists()


async def test_when_window_and_supervisor_are_killed_the_next_start_ends_the_rest(paths: Paths, tmp_path: Path) -> None:
    process, supervisor, leader = window(paths, tmp_path, ready_after=60, children=2, escaped=1)
    wait_until(lambda: len(family(table(), [supervisor])) == 5, "the children")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "written\n"
    below = set(family(table(), [supervisor])) - {supervisor, leader}

    os.kill(supervisor, signal.SIGSTOP)  # or it would notice the window's end before its own
    close(process)
    os.kill(supervisor, signal.SIGKILL)
    wait_until(lambda: not alive(leader), "the leader's end")
    assert all(alive(pid) for pid in below)
    ended = await leftovers.end_leftovers(paths)

    assert {item.pid for item in ended} == below
    assert all(item.ended for item in ended)
    assert gone(below)
    assert not paths.running.exists()
    assert await leftovers.end_leftovers(paths) == []


async def test_when_the_end_cannot_be_proved_a_stop_still_comes_back(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_record: leftovers.Record) -> leftovers.Record:
        raise RuntimeError("a fault")

    engine = await engines.ready()
    everybody = members(engine)
    monkeypatch.setattr(leftovers, "refresh", broken)
    monkeypatch.setattr(leftovers, "end", broken)

    report = await engine.stop()

    assert (report.survivors, report.freed_bytes) == ((), 0)
    assert (await engine.wait()).asked
    assert gone(everybody)
    assert "a fault" in caplog.text
