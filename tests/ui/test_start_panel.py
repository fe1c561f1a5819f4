"""The middle of an empty chat: one next action in every state."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.domain.engine import EngineStage, EngineStatus, ModelRef, StartPhase, StartProgress
from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.start_panel import StartPanel
from desktop_app.ui.widgets.step_list import StepList
from tests.ui.hands import buttons, child, press_button, seen, words

GUIDE = ModelRef("Guide", Path("/models/guide"), is_guide=True)
OTHER = ModelRef("R&D-7B", Path("/models/other"))
QUESTIONS = ("How do I stop a model?", "Is my text sent anywhere?")


class Desk:
    """A panel on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.panel = StartPanel(theme, QUESTIONS)
        self.asked: list[object] = []
        self.panel.start_clicked.connect(lambda: self.asked.append("start"))
        self.panel.install_clicked.connect(lambda: self.asked.append("install"))
        self.panel.remedy_chosen.connect(self.asked.append)
        self.panel.question_chosen.connect(self.asked.append)
        qtbot.addWidget(self.panel)
        self.panel.resize(640, 500)
        self.panel.show()


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_without_an_engine_it_offers_to_install_one(desk: Desk) -> None:
    desk.panel.show_status(EngineStatus(EngineStage.NOT_INSTALLED, GUIDE))
    assert words(desk.panel)[0] == "No engine yet"
    press_button(desk.panel, "Install the engine")
    assert desk.asked == ["install"]


def test_a_stopped_model_is_offered_by_name(desk: Desk) -> None:
    desk.panel.show_status(EngineStatus(EngineStage.STOPPED, OTHER, note="Stopped. 1.3 GB of memory are free again."))
    assert words(desk.panel) == ["R&D-7B is stopped", "Stopped. 1.3 GB of memory are free again."]
    press_button(desk.panel, "Start R&D-7B")
    assert desk.asked == ["start"]


def test_a_start_shows_its_steps(desk: Desk) -> None:
    progress = StartProgress(StartPhase.READING_WEIGHTS, 3, 4, seconds=7.0, expected_seconds=20.0)
    desk.panel.show_status(EngineStatus(EngineStage.STARTING, OTHER, progress))
    assert "R&D-7B is starting" in words(desk.panel)
    assert "7 s so far · about 13 s left" in words(desk.panel)
    assert child(desk.panel, StepList).accessibleDescription() == "Step 3 of 6: Reading weights"
    assert buttons(desk.panel) == []


def test_a_failure_has_its_remedy_and_no_second_button(desk: Desk) -> None:
    error = EngineError("Not enough memory.", "It needs 9 GB; 4 GB are free.", Remedy.USE_GUIDE, "MemoryError")
    desk.panel.show_status(EngineStatus(EngineStage.FAILED, OTHER, error=error))
    assert words(desk.panel) == ["R&D-7B is not running", "Not enough memory.", "It needs 9 GB; 4 GB are free."]
    assert buttons(desk.panel) == ["Start the Guide instead", "Details"]
    press_button(desk.panel, "Start the Guide instead")
    assert desk.asked == [Remedy.USE_GUIDE]


def test_the_guide_offers_questions_and_another_model_does_not(desk: Desk) -> None:
    desk.panel.show_status(EngineStatus(EngineStage.READY, GUIDE))
    assert buttons(desk.panel) == list(QUESTIONS)
    press_button(desk.panel, QUESTIONS[1])
    assert desk.asked == [QUESTIONS[1]]
    desk.panel.show_status(EngineStatus(EngineStage.READY, OTHER))
    assert buttons(desk.panel) == []
    assert "R&D-7B answers on this computer. Nothing is sent anywhere." in words(desk.panel)


@pytest.mark.parametrize("stage", list(EngineStage))
def test_every_state_has_a_headline_and_nothing_of_another_state(desk: Desk, stage: EngineStage) -> None:
    error = EngineError("It failed.", "", Remedy.RETRY) if stage is EngineStage.FAILED else None
    for earlier in EngineStage:
        desk.panel.show_status(EngineStatus(earlier, GUIDE, StartProgress(StartPhase.PREPARING)))
    desk.panel.show_status(EngineStatus(stage, GUIDE, error=error))
    assert words(desk.panel)[0]
    assert bool(seen(desk.panel, StepList)) is (stage is EngineStage.STARTING)
    assert ("Try again" in buttons(desk.panel)) is (stage is EngineStage.FAILED)
