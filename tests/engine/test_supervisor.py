"""The supervisor as a child process, with the stand-in engine below it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop_app.engine import supervisor
from desktop_app.engine.supervisor import Entry, entry, family, kill_all, table
from tests.conftest import wait_until
from tests.engine_fakes import FAKE_ENGINE, alive, answers, make_model


class Run:
    """A supervisor with an engine below it."""

    def __init__(self, folder: Path, files: tuple[Path, ...] = (), **behaviour: object) -> None:
        self.socket = folder / "s"
        model = make_model(folder, "tiny", **behaviour)
        engine = [sys.executable, "-I", "-S", str(FAKE_ENGINE), "--model", str(model.folder), "--uds", str(self.socket)]
        self.process = self._spawn(folder, supervisor.command(engine, files))
        self.leader = int(self.status()["started"]["pid"])

    @staticmethod
    def _spawn(folder: Path, command: list[str]) -> subprocess.Popen[bytes]:
        with (folder / "log").open("wb") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def status(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        status: dict[str, Any] = json.loads(self.process.stdout.readline() or b"{}")
        return status

    def say(self, word: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + b"\n")
        self.process.stdin.flush()

    def hang_up(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def below(self) -> set[int]:
        return set(family(table(), [self.process.pid]))

    def wait_for_children(self, count: int) -> set[int]:
        wait_until(lambda: len(self.below()) == count + 2, "the children")
        return self.below()

    def close(self) -> None:
        for pid in (self.leader, self.process.pid):
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()


class Runner:
    """Makes runs and cleans up behind them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.runs: list[Run] = []

    def __call__(self, files: tuple[Path, ...] = (), **behaviour: object) -> Run:
        run = Run(self._folder, files, **behaviour)
        self.runs.append(run)
        return run


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Runner]:
    runner = Runner(tmp_path)
    yield runner
    for run in runner.runs:
        run.close()


def test_a_loading_engine_is_killed_at_once(start: Runner) -> None:
    run = start(ready_after=60, children=2, escaped=1)
    family_before = run.wait_for_children(3)

    run.say(b"stop")

    assert run.status() == {"exited": -signal.SIGKILL, "asked": True, "survivors": []}
    assert run.process.wait() == 0
    assert not any(alive(pid) for pid in family_before)


def test_a_ready_engine_is_asked_first(start: Runner) -> None:
    run = start()
    wait_until(lambda: answers(run.socket), "the engine")

    run.say(b"ready")
    run.say(b"stop")

    assert run.status() == {"exited": 0, "asked": True, "survivors": []}


def test_words_may_come_in_pieces(start: Runner) -> None:
    run = start()
    wait_until(lambda: answers(run.socket), "the engine")
    assert run.process.stdin is not None
    for piece in (b"rea", b"dy\nst", b"op\n"):
        run.process.stdin.write(piece)
        run.process.stdin.flush()

    assert run.status()["exited"] == 0


def test_an_engine_that_does_not_listen_is_killed_after_the_polite_time(start: Runner) -> None:
    run = start(ignore_term=True, children=1)
    wait_until(lambda: answers(run.socket), "the engine")
    family_before = run.below()
    run.say(b"ready")
    run.say(b"stop")

    assert run.status() == {"exited": -signal.SIGKILL, "asked": True, "survivors": []}
    run.process.wait()
    assert not any(alive(pid) for pid in family_before)


def test_the_end_of_the_window_ends_everything(start: Runner) -> None:
    run = start(ready_after=60, children=1, escaped=1)
    family_before = run.wait_for_children(2)

    run.hang_up()

    assert run.status()["asked"] is True
    run.process.wait()
    assert not any(alive(pid) for pid in family_before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything_and_nobody_asked_for_it(start: Runner, number: signal.Signals) -> None:
    run = start(ready_after=60, children=1)
    family_before = run.wait_for_children(1)

    os.kill(run.process.pid, number)

    assert run.status() == {"exited": None, "asked": False, "survivors": []}
    run.process.wait()
    assert not any(alive(pid) for pid in family_before)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes a handler away")
@pytest.mark.parametrize("ready", [False, True])
def test_a_signal_ends_an_engine_that_would_swallow_it(start: Runner, ready: bool) -> None:
    run = start(ready_after=0 if ready else 60, children=1, escaped=1)
    family_before = run.wait_for_children(2)
    if ready:
        wait_until(lambda: answers(run.socket), "the engine")
        run.say(b"ready")

    os.kill(run.leader, signal.SIGTERM)

    assert run.status() == {"exited": -signal.SIGTERM, "asked": False, "survivors": []}
    run.process.wait()
    assert not any(alive(pid) for pid in family_before)


_CORE = """
import subprocess, sys, time
from pathlib import Path
code, kind = Path("/proc/self/cmdline").read_text().split("\\0")[4], sys.argv[1]
if len(sys.argv) == 2:
    subprocess.Popen([sys.executable, "-I", "-S", "-c", code, kind, "core"])
elif kind == "VLLM::EngineCore":
    Path("/proc/self/comm").write_text(kind)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="names are read in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["VLLM::EngineCore", "from multiprocessing.spawn import spawn_main"])
def test_an_engine_that_lost_a_process_is_ended(tmp_path: Path, kind: str, number: signal.Signals) -> None:
    process = Run._spawn(tmp_path, supervisor.command([sys.executable, "-I", "-S", "-c", _CORE, kind], []))
    try:
        assert process.stdout is not None
        leader = json.loads(process.stdout.readline())["started"]["pid"]
        wait_until(lambda: core_of(leader), "the core")
        before = turns(process.pid)
        wait_until(lambda: turns(process.pid) >= before + 2, "the supervisor's look at it")

        os.kill(core_of(leader), number)

        assert json.loads(process.stdout.readline()) == {"exited": None, "asked": False, "survivors": []}
        process.wait()
        assert not alive(leader)
    finally:
        process.kill()
        process.communicate()


_WITH_LAST_WORDS = """
import subprocess, sys, time
from pathlib import Path
code = Path("/proc/self/cmdline").read_text().split("\\0")[4]
if len(sys.argv) == 2:
    subprocess.Popen([sys.executable, "-I", "-S", "-c", code, sys.argv[1], "core"]).wait()
    if sys.argv[1] == "tells":
        time.sleep(0.5)
        sys.exit(7)
Path("/proc/self/comm").write_text("VLLM::EngineCore")
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it looks every second")
@pytest.mark.parametrize(("kind", "code"), [("tells", 7), ("stays", None)])
def test_a_ready_engine_is_watched_without_a_clock(tmp_path: Path, kind: str, code: int | None) -> None:
    command = [sys.executable, "-I", "-S", "-c", _WITH_LAST_WORDS, kind]
    process = Run._spawn(tmp_path, supervisor.command(command, []))
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        leader = json.loads(process.stdout.readline())["started"]["pid"]
        wait_until(lambda: core_of(leader), "the core")
        before = turns(process.pid)
        wait_until(lambda: turns(process.pid) >= before + 2, "the supervisor's look at it")
        process.stdin.write(b"ready\n")
        process.stdin.flush()
        wait_until(lambda: len(ends_watched(process.pid)) == 2, "its listening to the window and the core")

        os.kill(core_of(leader), signal.SIGKILL)

        assert json.loads(process.stdout.readline()) == {"exited": code, "asked": False, "survivors": []}
        process.wait()
        assert not alive(leader)
    finally:
        process.kill()
        process.communicate()


def ends_watched(pid: int) -> list[str]:
    """The files of a process that stand for other processes."""
    return [file.name for file in Path(f"/proc/{pid}/fd").iterdir() if "pidfd" in str(file.readlink())]


def core_of(leader: int) -> int:
    """The one child of *leader*, once it is what it is to be; 0 before that."""
    for pid, item in family(table(), [leader]).items():
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        if pid != leader and line.endswith(b"core\0") and (b"spawn_main" in line or item.name == "VLLM::EngineCor"):
            return pid
    return 0


_HELPED = """
import os, subprocess, sys, time
from pathlib import Path
code = Path("/proc/self/cmdline").read_text().split("\\0")[4]
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, "-I", "-S", "-c", code, "core"])
else:
    Path("/proc/self/comm").write_text("VLLM::EngineCore")
    if os.fork() == 0:
        time.sleep(600)
    Path("/proc/self/comm").write_text("VLLM::EngineCore")
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="names are read in /proc")
def test_a_helper_that_bears_the_name_of_a_part_may_end(tmp_path: Path) -> None:
    process = Run._spawn(tmp_path, supervisor.command([sys.executable, "-I", "-S", "-c", _HELPED], []))
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        leader = json.loads(process.stdout.readline())["started"]["pid"]
        wait_until(lambda: len(cores_of(leader)) == 2, "the core and its helper")
        before = turns(process.pid)
        wait_until(lambda: turns(process.pid) >= before + 2, "the supervisor's look at them")

        os.kill(max(cores_of(leader)), signal.SIGKILL)
        before = turns(process.pid)
        wait_until(lambda: turns(process.pid) >= before + 4, "the supervisor's patience")

        assert len(cores_of(leader)) == 1
        process.stdin.write(b"stop\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["asked"]
    finally:
        process.kill()
        process.communicate()


def cores_of(leader: int) -> list[int]:
    return [pid for pid, item in family(table(), [leader]).items() if item.name == "VLLM::EngineCor"]


def turns(pid: int) -> int:
    """How often a process has gone to sleep."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


def test_an_engine_that_ends_by_itself_leaves_nobody_behind(start: Runner) -> None:
    run = start(exit=3, children=2, escaped=2)

    assert run.status() == {"exited": 3, "asked": False, "survivors": []}
    assert run.process.wait() == 0
    assert not family(table(), [run.process.pid, run.leader], [run.leader])


def test_a_killed_engine_leaves_nobody_behind(start: Runner) -> None:
    run = start(ready_after=60, children=1, escaped=1)
    family_before = run.wait_for_children(2)

    os.kill(run.leader, signal.SIGKILL)

    assert run.status() == {"exited": -signal.SIGKILL, "asked": False, "survivors": []}
    run.process.wait()
    assert not any(alive(pid) for pid in family_before)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_killed_supervisor_takes_the_leader_along(start: Runner) -> None:
    run = start(ready_after=60)

    os.kill(run.process.pid, signal.SIGKILL)

    wait_until(lambda: not alive(run.leader), "the leader's death")


def test_the_given_files_are_removed_in_the_end(start: Runner, tmp_path: Path) -> None:
    record, folder, other = tmp_path / "record", tmp_path / "folder", tmp_path / "other"
    record.write_text("x")
    other.mkdir()
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "link").symlink_to(other)
    run = start(files=(record, tmp_path / "never-there", folder), ready_after=60)

    run.say(b"stop")
    run.process.wait()

    assert not record.exists()
    assert not folder.exists()
    assert other.exists()


def test_a_program_that_is_not_there_is_reported(tmp_path: Path) -> None:
    process = Run._spawn(tmp_path, supervisor.command([str(tmp_path / "no-python"), "-m", "vllm"], []))
    out, _ = process.communicate()

    assert "no-python" in json.loads(out)["failed"]
    assert process.returncode == 1


def test_the_engine_has_a_private_session_and_no_input(start: Runner) -> None:
    run = start(ready_after=60)

    found = entry(run.leader)

    assert found is not None
    assert found.session == run.leader != os.getsid(0)
    assert Path(f"/proc/{run.leader}/fd/0").readlink() == Path(os.devnull)


def test_the_table_holds_us_and_our_parent() -> None:
    us = entry(os.getpid())

    assert us is not None
    assert (us.parent, us.session) == (os.getppid(), os.getsid(0))
    assert table()[us.pid] == us


def test_a_name_with_brackets_and_spaces_does_not_confuse_the_table(tmp_path: Path) -> None:
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([str(program), "60"])
    try:
        wait_until(lambda: (found := entry(process.pid)) is not None and found.name == "a) S 1 (b", "its name")
        found = entry(process.pid)
        assert found is not None
        assert found.parent == os.getpid()
    finally:
        process.kill()
        process.wait()


def test_a_process_that_waits_to_be_reaped_is_gone() -> None:
    process = subprocess.Popen(["/bin/true"])
    wait_until(lambda: entry(process.pid) is None, "its end")
    process.wait()


def test_ps_says_the_same_as_proc() -> None:
    ours = supervisor._table_from_ps()[os.getpid()]

    assert ours.parent == os.getppid()
    assert ours.session == os.getpgrp()


def test_a_family_is_found_through_parents_and_sessions() -> None:
    def process(pid: int, parent: int, session: int) -> Entry:
        return Entry(pid, parent, session, 0.0, "x")

    processes = {
        item.pid: item
        for item in (
            process(10, 1, 10),
            process(11, 10, 11),
            process(12, 11, 12),
            process(20, 1, 10),
            process(30, 1, 30),
        )
    }

    assert set(family(processes, [10])) == {10, 11, 12}
    assert set(family(processes, [], [10])) == {10, 11, 12, 20}
    assert set(family(processes, [99])) == set()


def test_what_cannot_be_killed_is_named() -> None:
    ghost = Entry(2**22 + 1, 1, 1, 0.0, "ghost")

    assert kill_all(lambda: {ghost.pid: ghost}, seconds=0.1) == [ghost.pid]


def test_the_resource_tracker_is_left_alone_at_first() -> None:
    code = "import time; time.sleep(0.3)  # multiprocessing.resource_tracker"
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", code])
    begin = time.monotonic()
    wait_until(lambda: supervisor.is_tracker(process.pid), "its command line")

    assert kill_all(lambda: family(table(), [process.pid])) == []

    assert process.wait() == 0, f"it ended by itself after {time.monotonic() - begin:.1f} s"
