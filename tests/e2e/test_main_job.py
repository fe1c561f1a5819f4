"""The main job, from a fresh data folder to an answer and back, on the real engine through a real window."""

import json
import re
import stat
from pathlib import Path

import pytest

from desktop_app.paths import Paths, resources
from tests import engine_cache
from tests.e2e import models, traces
from tests.e2e.conftest import nothing_left
from tests.e2e.desktop import Desktop, Window
from tests.e2e.steps import open_model, wait_ready

pytestmark = [pytest.mark.engine, pytest.mark.display, pytest.mark.timeout(900)]

QUESTION = "How do I stop a model?"
_INSTALL_SECONDS = 1500


def known_answer(question: str = QUESTION) -> str:
    """What the Guide was taught to say, as Markdown."""
    suggested = json.loads((resources() / "guide" / "questions.json").read_text("utf-8"))["suggested"]
    return next(str(entry["answer"]) for entry in suggested if entry["question"] == question)


def as_shown(markdown: str) -> str:
    """A paragraph of Markdown as it is read on the screen."""
    return re.sub(r"\*\*|`", "", markdown)


@pytest.mark.timeout(_INSTALL_SECONDS + 300)
def test_from_a_fresh_folder_to_an_answer_and_back(desktop: Desktop) -> None:
    data = engine_cache.fresh_data()
    window = desktop.open(data)
    install_with_the_one_button(window, data)
    wait_ready(window)
    window.find(name="Message", state="focused")

    ask_and_read(window, data)
    private_while_it_runs(desktop, window, data)
    stop_and_prove(window, data)

    assert window.close() == 0
    nothing_left(data)
    find_everything_again(desktop.open(data))


def install_with_the_one_button(window: Window, data: Path) -> None:
    """Press it, see the steps, and wait for the chat."""
    window.find(has="Nothing you write leaves this computer")
    window.find(has="about 2.6 GB")
    window.press(name="Set up and chat")
    window.find(name="Steps", has="Step ")
    window.find(name="Progress of the installation")
    window.find(name="Cancel")

    def over() -> object:
        return window.look(name="Failure") or window.look(name="New chat")

    window.wait(over, "the end of the installation", _INSTALL_SECONDS)
    if window.look(name="Failure"):
        engine_cache.give_up(Paths(data).install_log.read_text("utf-8", "replace"))


def ask_and_read(window: Window, data: Path) -> None:
    """Type the question; the known answer is on the screen and on the disk."""
    window.type(QUESTION)
    window.key("Return")
    window.find(has=as_shown(known_answer()))
    expected = [("user", QUESTION, "complete"), ("assistant", known_answer(), "complete")]
    window.wait(lambda: traces.messages(data) == expected, f"{expected} on the disk")
    assert window.find(role="text", name="Message").text == ""


def private_while_it_runs(desktop: Desktop, window: Window, data: Path) -> None:
    """The socket is nobody else's, no other computer gets in, and the program says so itself."""
    paths = Paths(data)
    engine = traces.everybody(data)
    assert len(traces.living(engine)) >= 2
    assert traces.processes_of(data).keys() >= {window.pid, *traces.living(engine)}, "whom else would Stop miss?"
    (socket,) = paths.engine_sockets()
    assert socket.is_socket()
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert traces.doors({window.pid, *engine}) == []
    doctor = desktop.run(data, "doctor", "--json")
    report = json.loads(doctor.stdout)
    assert {promise["verdict"] for promise in report["promises"]} == {"ok"}, report["promises"]
    assert doctor.returncode == 0


def stop_and_prove(window: Window, data: Path) -> None:
    """Press Stop; only the window is left."""
    engine = traces.everybody(data)
    memory = traces.shared_memory(engine)
    assert engine
    window.press(name="Stop")
    window.find(role="label", name="Stopped")
    assert traces.living(engine) == []
    assert [file for file in memory if file.exists()] == []
    assert traces.processes_of(data, but=window.pid) == {}
    assert Paths(data).engine_sockets() == []


def find_everything_again(window: Window) -> None:
    """The second start goes straight to the chat, and the conversation is there."""
    window.find(name="Start")
    assert window.look(name="Set up and chat") is None
    window.find(role="list item", has=QUESTION[:20])
    window.find(has=as_shown(known_answer()))
    assert window.close() == 0


def test_chat_in_a_terminal(desktop: Desktop, engine_data: Path) -> None:
    program = desktop.run(engine_data, "chat", QUESTION)
    assert (program.stdout, program.returncode) == (known_answer() + "\n", 0), program.stderr
    assert "Guide is ready." in program.stderr
    nothing_left(engine_data, seconds=0)


def test_an_engine_that_cannot_start_says_why(desktop: Desktop, engine_data: Path, tmp_path: Path) -> None:
    model = models.of_unknown_kind(tmp_path / "future-model")
    program = desktop.run(engine_data, "chat", "--model", str(model), "Hello")
    assert (program.stdout, program.returncode) == ("", 1)
    assert "does not know" in program.stderr.splitlines()[-1], program.stderr
    nothing_left(engine_data, seconds=0)


def test_a_damaged_model_is_told_in_the_terminal(desktop: Desktop, engine_data: Path, tmp_path: Path) -> None:
    model = models.truncated(tmp_path / "half-a-model")
    program = desktop.run(engine_data, "chat", "--model", str(model), "Hello")
    assert (program.stdout, program.returncode) == ("", 1)
    assert "model.safetensors" in program.stderr.splitlines()[-1], program.stderr


def test_a_damaged_model_is_told_in_the_window(desktop: Desktop, engine_data: Path, tmp_path: Path) -> None:
    window = desktop.open(engine_data)
    open_model(window, models.truncated(tmp_path / "half-a-model"))
    window.find(role="label", name="Failed")
    window.find(has="model.safetensors")
    window.find(name="Choose another model")
    assert window.close() == 0
