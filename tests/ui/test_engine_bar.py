"""The engine's bar in every state: what it says, what its one button asks for, and that long names fit."""

from html import unescape
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.engine import EngineStage, EngineStatus, ModelRef, StartPhase, StartProgress
from desktop_app.domain.errors import EngineError
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.engine_bar import EngineBar, status_words, time_left
from tests.ui.hands import buttons, child, press_button, seen, words

GUIDE = ModelRef("Guide", Path("/models/guide"), is_guide=True)


class Desk:
    """A bar on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.bar = EngineBar(theme)
        self.asked: list[str] = []
        for name in ("start_clicked", "stop_clicked", "install_clicked", "guide_chosen", "folder_asked"):
            getattr(self.bar, name).connect(lambda name=name: self.asked.append(name))
        qtbot.addWidget(self.bar)
        self.bar.resize(668, self.bar.height())
        self.bar.show()

    def show(self, stage: EngineStage, model: ModelRef | None = GUIDE, **more: object) -> None:
        self.bar.show_status(EngineStatus(stage, model, **more))  # type: ignore[arg-type]  # a test's own names

    def model_button(self) -> QPushButton:
        return next(one for one in self.bar.findChildren(QPushButton) if one.menu())


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


@pytest.mark.parametrize(
    ("stage", "action", "asked"),
    [
        (EngineStage.NOT_INSTALLED, "Install the engine", "install_clicked"),
        (EngineStage.STOPPED, "Start", "start_clicked"),
        (EngineStage.STARTING, "Cancel", "stop_clicked"),
        (EngineStage.READY, "Stop", "stop_clicked"),
        (EngineStage.FAILED, "Start", "start_clicked"),
    ],
)
def test_the_one_button(desk: Desk, stage: EngineStage, action: str, asked: str) -> None:
    desk.show(stage)
    assert stage.value in words(desk.bar)
    press_button(desk.bar, action)
    assert desk.asked == [asked]


def test_while_it_stops_there_is_nothing_to_press(desk: Desk) -> None:
    desk.show(EngineStage.STOPPING)
    assert not child(desk.bar, QPushButton, "Start").isEnabled()


def test_words_of_each_state() -> None:
    progress = StartProgress(StartPhase.READING_WEIGHTS, 3, 4, 5.0, 13.0)
    assert (
        status_words(EngineStatus(EngineStage.STARTING, GUIDE, progress)) == "Reading weights, 3 of 4 · about 8 s left"
    )
    assert status_words(EngineStatus(EngineStage.READY, GUIDE, context_tokens=8192)) == "keeps 8,192 tokens in mind"
    error = EngineError("Not enough memory.")
    assert status_words(EngineStatus(EngineStage.FAILED, GUIDE, error=error)) == "Not enough memory."
    assert status_words(EngineStatus(EngineStage.STOPPED, note="Stopped.")) == "Stopped."


@pytest.mark.parametrize(
    ("seconds", "expected", "said"),
    [
        (0.0, None, "the first start takes longest"),
        (2.0, 12.4, "about 10 s left"),
        (12.0, 12.4, "a moment longer than last time"),
        (60.0, 12.4, "a moment longer than last time"),
    ],
)
def test_time_left(seconds: float, expected: float | None, said: str) -> None:
    assert time_left(seconds, expected) == said


def test_progress_waits_before_the_end_rather_than_claim_to_be_done(desk: Desk) -> None:
    desk.show(EngineStage.STARTING, progress=StartProgress(StartPhase.OPENING, seconds=99.0, expected_seconds=10.0))
    bar = child(desk.bar, QProgressBar)
    assert bar.isVisible()
    assert bar.value() / bar.maximum() == pytest.approx(0.95)
    desk.show(EngineStage.READY)
    assert not bar.isVisible()


def test_the_first_start_shows_that_something_goes_on_without_a_share(desk: Desk) -> None:
    desk.show(EngineStage.STARTING, progress=StartProgress(StartPhase.LOADING_ENGINE))
    bar = child(desk.bar, QProgressBar)
    assert (bar.minimum(), bar.maximum()) == (0, 0)


def test_the_menu_offers_the_guide_and_a_folder(desk: Desk) -> None:
    menu = desk.model_button().menu()
    assert isinstance(menu, QMenu)
    for action in menu.actions():
        action.trigger()
    assert desk.asked == ["guide_chosen", "folder_asked"]


def test_the_menu_opens_without_a_loop_of_its_own(desk: Desk) -> None:
    desk.bar.open_menu()
    menu = desk.model_button().menu()
    assert menu.isVisible()
    menu.close()


def test_a_long_name_is_cut_in_the_middle_and_told_whole(desk: Desk, qtbot: QtBot) -> None:
    name = "somebody/A-Very-Long-Family-Of-Models-With-Many-Words-Instruct-2507-FP8-dynamic & more"
    desk.show(EngineStage.READY, ModelRef(name, Path("/m")), context_tokens=4096)
    button = desk.model_button()
    assert "…" in button.text()
    assert name in unescape(button.toolTip())
    assert name in button.accessibleName()
    qtbot.waitUntil(lambda: button.width() >= button.sizeHint().width())
    assert child(desk.bar, QPushButton, "Stop").geometry().right() <= desk.bar.width()


def test_an_ampersand_is_shown_as_one(desk: Desk) -> None:
    desk.show(EngineStage.READY, ModelRef("R&D", Path("/m")))
    assert "R&&D" in desk.model_button().text()
    assert desk.model_button().shortcut().isEmpty()


def test_what_a_screen_reader_hears(desk: Desk) -> None:
    desk.show(EngineStage.READY, context_tokens=2048)
    assert desk.bar.accessibleDescription() == "Guide: Ready. keeps 2,048 tokens in mind"
    assert all(buttons(desk.bar))
    assert all(bar.accessibleName() for bar in seen(desk.bar, QProgressBar))
