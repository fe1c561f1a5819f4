"""The installed engines: what each says of itself, and what can be done with it."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.installation import (
    CheckProgress,
    EngineCheck,
    EngineEnvironment,
    EngineKind,
    InstalledEngine,
)
from desktop_app.ui.widgets.engine_list import EngineList, EngineRow
from tests.ui.hands import buttons, child, press_button, seen, words

OURS = EngineEnvironment(Path("/data/engines/cpu-0.32.0/bin/python"), "0.32.0", EngineKind.CPU, managed=True)
FOUND = EngineEnvironment(Path("/home/a/venv/bin/python"), "0.31.1", EngineKind.CUDA, managed=False)
IMAGE = EngineEnvironment(Path("/usr/bin/podman"), "0.33.0", EngineKind.CUDA, False, "vllm/vllm-openai:v0.33.0")
ENGINES = (InstalledEngine(OURS, True, 2_600_000_000), InstalledEngine(FOUND, False), InstalledEngine(IMAGE, False))


class Desk:
    """The list on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot) -> None:
        self.list = EngineList()
        self.asked: list[tuple[str, str]] = []
        names = ("chosen", "check_asked", "check_cancelled", "repair_asked", "update_asked", "remove_asked")
        for name in names:
            getattr(self.list, name).connect(lambda key, name=name: self.asked.append((name, key)))
        qtbot.addWidget(self.list)
        self.list.resize(700, 500)
        self.list.show()
        self.show()

    def show(
        self,
        checking: CheckProgress | None = None,
        busy: bool = False,
        engines: tuple[InstalledEngine, ...] = ENGINES,
    ) -> None:
        self.list.show_engines(engines, checking, busy)
        QApplication.sendPostedEvents()  # Qt shows what joins a visible layout a moment later

    def row(self, environment: EngineEnvironment) -> EngineRow:
        return child(self.list, EngineRow, environment.name)


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_each_says_what_it_is(desk: Desk) -> None:
    assert {"vLLM 0.32.0 for the processor", "in use", "2.6 GB"} <= set(words(desk.row(OURS)))
    assert any("not ours" in one for one in words(desk.row(FOUND)))
    assert "vllm/vllm-openai:v0.33.0, run by podman" in words(desk.row(IMAGE))
    assert "in use" not in words(desk.row(FOUND))


def test_what_can_be_done_depends_on_whose_it_is(desk: Desk) -> None:
    assert buttons(desk.row(OURS)) == ["Check", "Repair", "Update", "Remove"]
    assert buttons(desk.row(FOUND)) == ["Use this one", "Check", "Forget"]
    assert buttons(desk.row(IMAGE)) == ["Use this one", "Forget"]
    for name in ("Check", "Repair", "Update"):
        press_button(desk.row(OURS), name)
    press_button(desk.row(FOUND), "Use this one")
    assert desk.asked == [
        ("check_asked", OURS.key),
        ("repair_asked", OURS.key),
        ("update_asked", OURS.key),
        ("chosen", FOUND.key),
    ]


def test_removing_says_what_it_frees_and_asks_first(desk: Desk) -> None:
    row = desk.row(OURS)
    press_button(row, "Remove")
    question = "Remove vLLM 0.32.0 for the processor from this computer? 2.6 GB of the disk become free."
    assert any(one.startswith(question) for one in words(row))
    assert buttons(row) == ["Remove", "Keep it"]
    assert child(row, QPushButton, "Keep it").hasFocus()
    press_button(row, "Keep it")
    assert desk.asked == []
    press_button(row, "Remove")
    press_button(row, "Remove")
    assert desk.asked == [("remove_asked", OURS.key)]
    assert buttons(row) == ["Check", "Repair", "Update", "Remove"]


def test_what_is_not_ours_is_only_forgotten(desk: Desk) -> None:
    press_button(desk.row(FOUND), "Forget")
    assert any("It stays on the disk" in one for one in words(desk.row(FOUND)))
    press_button(desk.row(FOUND), "Forget")
    assert desk.asked == [("remove_asked", FOUND.key)]


def test_a_check_shows_how_far_it_is_and_can_be_cancelled(desk: Desk) -> None:
    desk.show(CheckProgress(OURS.key, 12_000, 31_000, 2))
    assert "Comparing files, 12,000 of 31,000; 2 not as they should be" in words(desk.row(OURS))
    press_button(desk.row(OURS), "Cancel the check")
    assert desk.asked == [("check_cancelled", OURS.key)]
    assert not child(desk.row(FOUND), QPushButton, "Check").isEnabled()


@pytest.mark.parametrize("check", [EngineCheck(31_000), EngineCheck(31_000, ("a.py",), ("b.py", "c.py"))])
def test_the_result_of_a_check_is_told_in_words(desk: Desk, check: EngineCheck) -> None:
    desk.show(engines=(replace(ENGINES[0], last_check=check),))
    assert check.words() in words(desk.list)


def test_one_on_which_nothing_ever_ran_says_so(desk: Desk) -> None:
    desk.show(engines=(replace(ENGINES[2], tried=False),))
    assert "No model was started on it yet." in words(desk.list)


def test_while_something_is_installed_nothing_else_can_be_begun(desk: Desk) -> None:
    desk.show(busy=True)
    assert not any(one.isEnabled() for one in seen(desk.list, QPushButton))


def test_an_open_question_outlives_news_of_other_engines(desk: Desk) -> None:
    press_button(desk.row(FOUND), "Forget")
    desk.show(CheckProgress(OURS.key, 1, 2))
    assert "Keep it" in buttons(desk.row(FOUND))


def test_without_engines_there_is_no_empty_frame(desk: Desk) -> None:
    desk.show(engines=())
    assert not desk.list.isVisible()
