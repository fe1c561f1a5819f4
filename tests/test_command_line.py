"""The command line from outside: every way in, and a sentence instead of a traceback for every way that is shut."""

import json
import os
import signal
from pathlib import Path

import pytest

from desktop_app.instance import lock
from desktop_app.paths import Paths
from tests.conftest import wait_until
from tests.programs import SECONDS, command, data_with_engine, run, running

_OTHER = "choose another folder with --data-dir"


def test_help_explains_the_commands(tmp_path: Path) -> None:
    said = run(tmp_path / "data", "--help").stdout
    for word in ("--data-dir", "chat", "doctor", "keep everything under DIR"):
        assert word in said
    assert "--yes" in run(tmp_path / "data", "chat", "--help").stdout
    assert "--json" in run(tmp_path / "data", "doctor", "--help").stdout
    for name in ("fit", "models", "download"):
        assert "exit codes: 0" in run(tmp_path / "data", name, "--help").stdout
    assert not (tmp_path / "data").exists()


def test_a_wrong_word_is_refused(tmp_path: Path) -> None:
    said = run(tmp_path / "data", "chatt")
    assert said.returncode == 2
    assert "chatt" in said.stderr


def test_a_number_that_is_none_is_named(tmp_path: Path) -> None:
    said = run(tmp_path / "data", "serve", "guide", "--port", "99999")
    assert said.returncode == 2
    assert said.stderr.endswith("argument --port: '99999' is no port, 0 to 65535\n")


def test_a_folder_whose_name_is_no_text_is_shown_somehow(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"odd-\xff")
    (odd / "models").mkdir(parents=True)
    said = run(odd, "models", MODEL_PATH=str(odd), PYTHONIOENCODING="ascii")
    assert (said.returncode, "Traceback" in said.stderr) == (0, False)


def test_ctrl_c_in_the_middle_of_a_look_is_no_traceback(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "machine.json")
    with running(command(tmp_path / "data", "models", "--machine", str(tmp_path / "machine.json"))) as child:
        with (tmp_path / "machine.json").open("w"):  # it waits for the rest of this file
            child.send_signal(signal.SIGINT)
            assert child.wait(SECONDS) == 130
        assert child.stderr is not None
        assert child.stderr.read() == ""


def test_doctor_prints_json_and_changes_nothing(tmp_path: Path) -> None:
    said = run(tmp_path / "data", "doctor", "--json")
    report = json.loads(said.stdout)
    assert report["engine"]["stage"] == "Not installed"
    assert said.returncode == 0
    assert not (tmp_path / "data").exists()


def test_doctor_speaks_to_people_too(tmp_path: Path) -> None:
    said = run(tmp_path / "data", "doctor")
    assert said.stdout.startswith("Machine\n")
    assert said.stdout.rstrip().endswith("Every promise holds.")


def test_without_a_screen_it_says_so_and_chats_here(tmp_path: Path) -> None:
    data = data_with_engine(tmp_path)
    said = run(data.root, said="")
    assert said.stderr.startswith("There is no display here, so no window can open.")
    assert "Guide is ready." in said.stderr
    assert said.returncode == 0


def test_a_second_window_is_refused_in_a_sentence(paths: Paths) -> None:
    with lock(paths):
        for arguments in ((), ("chat", "Hello")):
            said = run(paths.root, *arguments, QT_QPA_PLATFORM="offscreen")
            assert said.returncode == 1
            assert (
                said.stderr
                == f"vLLM Desktop is already open. Its data folder is {paths.root}. Close it, or {_OTHER}.\n"
            )
    with lock(paths):
        pass


def test_a_second_start_brings_the_window_in_front(tmp_path: Path) -> None:
    data = Paths(tmp_path / "data")
    with running(command(data.root), QT_QPA_PLATFORM="offscreen") as window:
        wait_until((data.runtime / "window.sock").exists, "the window")
        said = run(data.root, QT_QPA_PLATFORM="offscreen")
        assert (said.returncode, said.stderr) == (0, "")
        assert window.poll() is None


def test_the_lock_of_a_program_that_was_killed_is_free_again(tmp_path: Path) -> None:
    data = Paths(tmp_path / "data")
    with running(command(data.root), QT_QPA_PLATFORM="offscreen") as window:
        wait_until((data.logs / "program.log").exists, "the window")
        window.kill()
        window.wait()
    with lock(data):
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_window_that_is_told_to_end_ends_well(tmp_path: Path, number: signal.Signals) -> None:
    data = data_with_engine(tmp_path)
    with running(command(data.root), QT_QPA_PLATFORM="offscreen") as window:
        wait_until(data.database.exists, "the window")
        window.send_signal(number)
        assert window.wait(60) == 0
    assert (data.logs / "program.log").read_text("utf-8") == ""


def test_a_data_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = run(tmp_path / "file" / "data", "chat", "Hello", QT_QPA_PLATFORM="offscreen")
    assert said.returncode == 1
    assert said.stderr.startswith("The data folder cannot be used.")
    assert str(tmp_path / "file") in said.stderr
    assert "Traceback" not in said.stderr


def test_a_data_folder_may_be_given_after_the_command(tmp_path: Path) -> None:
    said = run(tmp_path / "ignored", "doctor", "--json", "--data-dir", str(tmp_path / "chosen"))
    assert json.loads(said.stdout)["data_folder"] == str(tmp_path / "chosen")
