"""The program and its engine are killed in every way that matters: nothing stays behind, no word is lost."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.engine import leftovers
from desktop_app.engine.supervisor import entry
from desktop_app.paths import Paths
from tests.conftest import wait_until
from tests.e2e import models, traces
from tests.e2e.conftest import nothing_left
from tests.e2e.desktop import Desktop
from tests.e2e.steps import open_model, start_guide, wait_ready, while_loading

pytestmark = [pytest.mark.engine, pytest.mark.display, pytest.mark.timeout(900)]

_QUESTION = "Tell me a long story."
_WORDS_SECONDS = 120


def test_killed_while_the_engine_loads(desktop: Desktop, engine_data: Path) -> None:
    window = desktop.open(engine_data)
    window.focus(name="Message", role="text")
    window.type("This is not lost")
    window.find(name="Message", has="This is not lost")
    while_loading(window)
    engine = traces.everybody(engine_data)
    memory = traces.shared_memory(engine)
    assert len(engine) >= 2

    window.kill()

    nothing_left(engine_data)
    assert traces.living(engine) == []
    assert [file for file in memory if file.exists()] == []
    again = desktop.open(engine_data)
    again.find(name="Message", has="This is not lost")
    assert again.close() == 0


def test_cancelled_and_closed_while_the_engine_loads(desktop: Desktop, engine_data: Path) -> None:
    window = desktop.open(engine_data)
    while_loading(window)
    engine, known = traces.everybody(engine_data), traces.record(engine_data)
    assert known is not None
    # It must not become ready while the button is looked for.
    with traces.halted(known.leader.pid):
        window.press(name="Cancel")
    window.find(role="label", name="Stopped")
    assert traces.living(engine) == []
    assert traces.processes_of(engine_data, but=window.pid) == {}

    while_loading(window)
    engine = traces.everybody(engine_data)
    assert window.close() == 0
    assert traces.living(engine) == []
    nothing_left(engine_data, seconds=0)


def test_ctrl_c_in_a_terminal_while_the_engine_loads(desktop: Desktop, engine_data: Path) -> None:
    program = desktop.start(engine_data, "chat", _QUESTION)
    wait_until(lambda: any("Looking at the model" in line for line in desktop.printed(program.pid)), "the engine", 240)
    engine = traces.everybody(engine_data)
    assert len(engine) >= 2
    program.send_signal(signal.SIGINT)
    assert program.wait(120) == 130
    assert traces.living(engine) == []
    nothing_left(engine_data, seconds=0)


def test_stopped_and_killed_while_an_answer_streams(desktop: Desktop, engine_data: Path, tmp_path: Path) -> None:
    window = desktop.open(engine_data)
    open_model(window, models.endless(tmp_path / "endless"))
    wait_ready(window)
    window.focus(name="Message", role="text")
    window.type("Two")
    window.key("shift+Return")
    window.type("lines")
    window.key("Return")
    wait_until(lambda: len(answer(engine_data, 1)) > 100, "the first half of an answer", _WORDS_SECONDS)
    with traces.halted(traces.leader(tmp_path / "endless")):
        window.find(name="endless answered")
        window.find(name="Stop the answer")
        window.key("Escape")
    window.find(has="stopped by you")
    assert [state for _, _, state in traces.messages(engine_data)] == ["complete", "stopped"]
    assert traces.messages(engine_data)[0][1] == "Two\nlines"

    window.type(_QUESTION)
    window.key("Return")
    wait_until(lambda: len(answer(engine_data, 3)) > 100, "the first half of another answer", _WORDS_SECONDS)
    engine = traces.everybody(engine_data)
    memory = traces.shared_memory(engine)
    so_far = answer(engine_data, 3)
    window.kill()

    nothing_left(engine_data)
    assert traces.living(engine) == []
    assert [file for file in memory if file.exists()] == []
    again = desktop.open(engine_data)
    again.find(has="broken off. The program ended before this answer was complete")
    again.find(has=_QUESTION)
    again.find(role="list item", has="Two")
    kept = traces.messages(engine_data)
    assert [state for _, _, state in kept] == ["complete", "stopped", "complete", "interrupted"]
    assert kept[3][1].startswith(so_far)
    assert again.close() == 0


def answer(data: Path, index: int) -> str:
    """The text of message *index* as it is on the disk; empty before there is one."""
    found = traces.messages(data)
    return found[index][1] if len(found) > index else ""


@pytest.mark.parametrize("victim", ["supervisor", "leader"])
def test_the_engine_is_killed_under_the_window(desktop: Desktop, engine_data: Path, victim: str) -> None:
    window = desktop.open(engine_data)
    start_guide(window)
    engine = traces.everybody(engine_data)
    memory = traces.shared_memory(engine)
    known = traces.record(engine_data)
    assert known is not None

    os.kill(known.supervisor.pid if victim == "supervisor" else known.leader.pid, signal.SIGKILL)

    window.find(role="label", name="Failed")
    window.find(name="Failure")
    wait_until(lambda: not traces.living(engine), "the end of the whole engine")
    wait_until(lambda: not any(file.exists() for file in memory), "the end of its shared memory")
    wait_until(lambda: Paths(engine_data).engine_sockets() == [], "the end of its socket")
    wait_until(lambda: not any(Paths(engine_data).records.iterdir()), "the end of its record")
    assert window.close() == 0


def test_window_and_supervisor_killed_at_once(desktop: Desktop, engine_data: Path) -> None:
    window = desktop.open(engine_data)
    start_guide(window)
    known = traces.record(engine_data)
    assert known is not None
    # Halted first, so that neither sees the other die.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (window.pid, known.supervisor.pid):
            os.kill(pid, number)
    window.process.wait()

    again = desktop.open(engine_data)
    again.find(name="Start Guide")
    wait_until(lambda: not any(Paths(engine_data).records.iterdir()), "the end of the record")
    assert traces.processes_of(engine_data, but=again.pid) == {}
    assert again.close() == 0


@contextlib.contextmanager
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits until it is ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_was_left_behind_is_ended_and_nobody_else(desktop: Desktop, engine_data: Path) -> None:
    with sleeper() as orphan, sleeper() as stranger:
        record = leftovers.begin_record(orphan.pid, orphan.pid)
        theirs = entry(stranger.pid)
        assert record is not None
        assert theirs is not None
        # As a crash leaves it: the window is gone, and one number has been given to somebody else since then.
        reused = leftovers.Mark(theirs.pid, theirs.start - 1)
        members = (*record.members, reused)
        leftovers.write_record(
            Paths(engine_data).engine("0123456789").record,
            replace(record, owner=reused, leader=reused, members=members),
        )

        window = desktop.open(engine_data)

        wait_until(lambda: orphan.poll() is not None, "the end of the orphan")
        window.find(name="Start Guide")
        wait_until(lambda: not any(Paths(engine_data).records.iterdir()), "the end of the record")
        assert stranger.poll() is None
        assert window.close() == 0
