"""A run of the stand-in engine, from its start to the proof of its end."""

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.launch import ModelRef
from desktop_app.engine import isolation, leftovers
from desktop_app.engine.process import EngineProcess, Exit
from desktop_app.engine.supervisor import family, table
from desktop_app.paths import EnginePlaces, Paths
from tests.conftest import reach, wait_until
from tests.engine_fakes import alive, answers, make_environment, make_model


class Engines:
    """Starts the stand-in below the shipped supervisor, and leaves none behind."""

    def __init__(self, paths: Paths, folder: Path) -> None:
        self._paths = paths
        self._folder = folder
        self.lines: list[str] = []
        self.started: list[EngineProcess] = []

    async def __call__(self, name: str = "tiny", **behaviour: object) -> EngineProcess:
        return await self.start(name, needs_network=False, **behaviour)

    async def start(self, name: str, *, needs_network: bool, **behaviour: object) -> EngineProcess:
        model = make_model(self._folder, name, **behaviour)
        places = self._paths.engine(model.key)
        line = command(self._folder, model, places)
        surroundings = dict(os.environ) | {"TMPDIR": str(places.tmp)}
        engine = await EngineProcess.start(
            line, surroundings, places, self._paths, self.lines.extend, needs_network=needs_network
        )
        self.started.append(engine)
        return engine

    async def ready(self, name: str = "tiny", **behaviour: object) -> EngineProcess:
        engine = await self(name, **behaviour)
        await reach(lambda: answers(engine.places.socket), "the engine")
        await engine.mark_ready()
        return engine


def command(folder: Path, model: ModelRef, places: EnginePlaces) -> list[str]:
    python = str(make_environment(folder).python)
    return [python, "--model", str(model.folder), "--served-model-name", model.name, "--uds", str(places.socket)]


@pytest.fixture
async def engines(paths: Paths, tmp_path: Path) -> AsyncIterator[Engines]:
    made = Engines(paths, tmp_path)
    yield made
    for engine in made.started:
        await engine.stop()


@pytest.fixture
def places(paths: Paths, tmp_path: Path) -> EnginePlaces:
    """Where the model `tiny` has its things."""
    return paths.engine(make_model(tmp_path, "tiny").key)


def nothing_of(places: EnginePlaces) -> bool:
    return not (places.socket.exists() or places.record.exists() or places.tmp.exists())


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sleep", "600"])


def network_of(pid: int | str) -> Path:
    return Path(f"/proc/{pid}/ns/net").readlink()


def members(engine: EngineProcess) -> set[int]:
    return set(family(table(), [engine.pid]))


def children() -> set[int]:
    return {pid for pid, item in table().items() if item.parent == os.getpid()}


def gone(pids: set[int]) -> bool:
    return not any(alive(pid) for pid in pids)


async def test_start_ready_and_a_proved_stop(engines: Engines, places: EnginePlaces) -> None:
    engine = await engines.ready()
    everybody = members(engine)
    assert {engine.pid, engine.leader} <= everybody
    assert places.record.exists()
    assert stat.S_IMODE(places.tmp.stat().st_mode) == 0o700
    assert await engine.memory_bytes() > 0

    report = await engine.stop()

    assert (report.survivors, report.released) == ((), True)
    assert report.freed_bytes > 0
    assert gone(everybody)
    assert nothing_of(places)
    end = await engine.wait()
    assert (end.code, end.asked) == (0, True)


async def test_its_words_arrive_and_are_logged_privately(engines: Engines, places: EnginePlaces) -> None:
    engine = await engines.ready()
    await engine.stop()

    assert any("Resolved architecture" in line for line in engines.lines)
    assert list(engine.tail) == engines.lines
    assert "Resolved architecture" in places.log.read_text("utf-8")
    assert stat.S_IMODE(places.log.stat().st_mode) == 0o600


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


async def test_an_engine_that_fails_reports_its_code_and_its_last_words(engines: Engines, places: EnginePlaces) -> None:
    log = Path(__file__).parents[1] / "data" / "vllm_logs" / "f_no_weights.log"
    engine = await engines(log=str(log), exit=1, children=1)

    end = await engine.wait()

    assert (end.code, end.asked) == (1, False)
    assert any("Cannot find any model weights" in line for line in engine.tail)
    assert not places.record.exists()


async def test_a_killed_engine_is_noticed(engines: Engines, places: EnginePlaces) -> None:
    engine = await engines.ready(children=1)
    everybody = members(engine)

    os.kill(engine.leader, signal.SIGKILL)
    end = await engine.wait()

    assert (end.code, end.asked) == (-signal.SIGKILL, False)
    assert gone(everybody)
    assert not places.socket.exists()


async def test_when_the_supervisor_is_killed_the_rest_is_ended_from_here(
    engines: Engines, places: EnginePlaces
) -> None:
    engine = await engines.ready(children=1, escaped=1)
    everybody = members(engine)

    os.kill(engine.pid, signal.SIGKILL)
    end = await engine.wait()

    assert (end.code, end.asked) == (None, False)
    assert gone(everybody)
    assert nothing_of(places)


async def test_a_stop_after_the_end_is_harmless(engines: Engines) -> None:
    engine = await engines(exit=1)
    await engine.wait()

    report = await engine.stop()

    assert (report.survivors, report.freed_bytes, report.released) == ((), 0, True)


async def test_two_stops_at_once(engines: Engines) -> None:
    engine = await engines.ready()

    first, second = await asyncio.gather(engine.stop(), engine.stop())

    assert first.survivors == second.survivors == ()


async def test_a_python_that_is_not_there(paths: Paths, places: EnginePlaces) -> None:
    with pytest.raises(EngineError) as caught:
        await EngineProcess.start([str(paths.root / "python")], {}, places, paths, lambda lines: None)

    assert caught.value.remedy is Remedy.INSTALL
    assert "python" in caught.value.details


async def test_a_start_that_is_cancelled_leaves_nothing(engines: Engines, places: EnginePlaces) -> None:
    task = asyncio.create_task(engines(ready_after=60, children=1))
    await reach(places.record.exists, "the record")
    record = leftovers.read_record(places.record)
    assert record is not None

    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await (await task).stop()

    assert gone({mark.pid for mark in record.members})
    assert nothing_of(places)


async def test_a_record_that_cannot_be_written_ends_the_start(engines: Engines, places: EnginePlaces) -> None:
    (places.record / "something").mkdir(parents=True)
    before = children()

    with pytest.raises(OSError, match=places.record.name):
        await engines(ready_after=60)

    assert children() <= before


async def test_a_stale_socket_is_not_in_the_way(engines: Engines, places: EnginePlaces) -> None:
    places.socket.write_text("stale", "utf-8")

    await engines.ready()


async def test_a_model_that_runs_cannot_be_started_twice(engines: Engines) -> None:
    engine = await engines.ready()

    with pytest.raises(EngineError) as caught:
        await engines()

    assert caught.value.title == "This model is running already."
    assert answers(engine.places.socket)


async def test_what_a_dead_window_left_is_not_in_the_way(engines: Engines, places: EnginePlaces) -> None:
    with sleeper() as orphan:
        record = leftovers.begin_record(orphan.pid, orphan.pid)
        assert record is not None
        leftovers.write_record(places.record, replace(record, owner=leftovers.Mark(2**22 + 1, 1.0)))

        await engines.ready()

        assert orphan.wait() == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("victim", ["leader", "supervisor"])
async def test_of_two_engines_one_is_killed(
    engines: Engines, paths: Paths, tmp_path: Path, victim: str, number: signal.Signals
) -> None:
    one, other = await asyncio.gather(engines.ready("one", children=1), engines.ready("other", children=1))
    (other.places.tmp / "something").write_text("x", "utf-8")
    theirs, others = members(one), members(other)

    os.kill(one.leader if victim == "leader" else one.pid, number)
    end = await one.wait()

    assert not end.asked
    assert gone(theirs)
    assert nothing_of(one.places)
    assert await leftovers.end_leftovers(paths) == []
    assert members(other) == others
    assert answers(other.places.socket)
    assert other.places.record.exists()
    assert (other.places.tmp / "something").exists()
    report = await other.stop()
    assert (report.survivors, report.released) == ((), True)
    assert gone(others)
    assert nothing_of(other.places)


async def test_of_two_engines_one_is_stopped_and_started_again(engines: Engines) -> None:
    one, other = await asyncio.gather(engines.ready("one"), engines.ready("other"))

    await one.stop()
    again = await engines.ready("one")

    assert answers(again.places.socket)
    assert answers(other.places.socket)


async def test_a_signal_from_outside_while_it_loads_is_not_lost(engines: Engines, places: EnginePlaces) -> None:
    engine = await engines(ready_after=60, children=1)
    await reach(lambda: len(members(engine)) == 3, "the child")
    everybody = members(engine)

    os.kill(engine.leader, signal.SIGTERM)

    assert await engine.wait() == Exit(-signal.SIGTERM, asked=False)
    assert gone(everybody)
    assert nothing_of(places)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_it_is_cut_off_unless_it_needs_the_network(engines: Engines) -> None:
    alone = await engines("alone")
    among_us = await engines.start("among us", needs_network=True)

    assert network_of(among_us.leader) == network_of("self")
    assert (network_of(alone.leader) != network_of("self")) == isolation.can_cut_off()


async def test_the_record_grows_with_the_engine(engines: Engines, places: EnginePlaces) -> None:
    engine = await engines(ready_after=60, children=2)
    await reach(lambda: len(members(engine)) == 4, "the children")

    await engine.refresh()

    record = leftovers.read_record(places.record)
    assert record is not None
    assert {mark.pid for mark in record.members} == members(engine)


_WINDOW = """
import asyncio, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from desktop_app.engine.process import EngineProcess
from desktop_app.paths import Paths

async def main():
    paths = Paths(Path(sys.argv[2]))
    places = paths.engine(sys.argv[3])
    engine = await EngineProcess.start(sys.argv[4:], dict(os.environ), places, paths, lambda lines: None)
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
    root = str(Path(__file__).parents[2])
    line = command(folder, model, paths.engine(model.key))
    process = subprocess.Popen(
        [sys.executable, "-c", _WINDOW, root, str(paths.root), model.key, *line],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
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


async def test_the_engine_of_another_window_is_not_disturbed(
    paths: Paths, places: EnginePlaces, tmp_path: Path, engines: Engines
) -> None:
    process, supervisor, leader = window(paths, tmp_path)
    wait_until(lambda: answers(places.socket), "the engine")

    with pytest.raises(EngineError) as caught:
        await engines()

    assert caught.value.title == "Another window of vLLM Desktop runs this model."
    assert await leftovers.end_leftovers(paths) == []
    assert alive(leader)
    assert answers(places.socket)
    close(process)
    wait_until(lambda: not alive(supervisor), "the end of the supervisor")


@pytest.mark.parametrize("ready_after", [0, 60])
def test_a_killed_window_leaves_no_engine_behind(
    paths: Paths, places: EnginePlaces, tmp_path: Path, ready_after: float
) -> None:
    process, supervisor, _ = window(paths, tmp_path, ready_after=ready_after, children=1, escaped=1)
    wait_until(lambda: len(family(table(), [supervisor])) == 4, "the children")
    if not ready_after:
        wait_until(lambda: answers(places.socket), "the engine")
    everybody = set(family(table(), [supervisor]))

    close(process)

    wait_until(lambda: gone(everybody), "the end of everybody")
    assert nothing_of(places)


async def test_when_window_and_supervisor_are_killed_the_next_start_ends_the_rest(
    paths: Paths, places: EnginePlaces, tmp_path: Path
) -> None:
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
    assert nothing_of(places)
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

    assert (report.survivors, report.freed_bytes, report.released) == ((), 0, False)
    assert (await engine.wait()).asked
    assert gone(everybody)
    assert "a fault" in caplog.text
