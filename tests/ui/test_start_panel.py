"""The middle of an empty chat: one next action in every state."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QProgressBar
from pytestqt.qtbot import QtBot

from desktop_app.domain.engine import EngineStage, EngineStatus, StartPhase, StartProgress
from desktop_app.domain.errors import EngineError, Fix, Remedy
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.start_clock import TimedProgress
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.start_panel import StartPanel
from desktop_app.ui.widgets.step_list import StepList
from tests.ui.hands import buttons, child, press_button, seen, words

GUIDE = ModelRef("Guide", Path("/models/guide"), is_guide=True)
OTHER = ModelRef("R&D-7B", Path("/models/other"))
AWAY = ModelRef("Qwen3-32B", address="http://models.example.org:8000/v1")
PHASES = (StartPhase.LOADING_ENGINE, StartPhase.READING_MODEL, StartPhase.READING_WEIGHTS, StartPhase.OPENING)
QUESTIONS = ("How do I stop a model?", "Is my text sent anywhere?")


class Desk:
    """A panel on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.panel = StartPanel(theme, QUESTIONS)
        self.asked: list[object] = []
        self.panel.start_clicked.connect(lambda: self.asked.append("start"))
        self.panel.stop_clicked.connect(lambda: self.asked.append("stop"))
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


def test_a_start_shows_its_own_steps_and_no_others(desk: Desk) -> None:
    progress = StartProgress(StartPhase.READING_WEIGHTS, 3, 4, PHASES, seconds=7.0, left=13.0, share=0.35)
    desk.panel.show_status(EngineStatus(EngineStage.STARTING, OTHER, progress))
    said = words(desk.panel)
    assert {"R&D-7B is starting", "About 13 s left", "7 s so far"} <= set(said)
    assert child(desk.panel, StepList).accessibleDescription() == "Step 3 of 4: Reading weights"
    assert child(desk.panel, QProgressBar).value() == 350
    assert buttons(desk.panel) == []


def test_a_phase_that_nobody_expected_stands_at_the_step_before_it(desk: Desk) -> None:
    progress = StartProgress(StartPhase.COMPILING, phases=PHASES)
    desk.panel.show_status(EngineStatus(EngineStage.STARTING, OTHER, progress))
    assert child(desk.panel, StepList).accessibleDescription() == "Step 3 of 4: Reading weights"


def test_a_first_start_says_that_the_next_is_shorter_and_has_no_share(desk: Desk) -> None:
    progress = TimedProgress(StartPhase.LOADING_ENGINE, phases=PHASES, first=True, usual=14.0)
    desk.panel.show_status(EngineStatus(EngineStage.STARTING, OTHER, progress))
    assert "First start takes longer; the next about 14 s" in words(desk.panel)
    assert not seen(desk.panel, QProgressBar)


def test_a_start_that_seems_stuck_says_what_to_do(desk: Desk) -> None:
    progress = TimedProgress(StartPhase.READING_WEIGHTS, phases=PHASES, stuck=True, quiet=95.0, left=3.0, share=0.9)
    desk.panel.show_status(EngineStatus(EngineStage.STARTING, OTHER, progress))
    assert any(one.startswith("Seems stuck") for one in words(desk.panel))
    assert buttons(desk.panel) == ["Show the log", "Cancel"]
    press_button(desk.panel, "Show the log")
    press_button(desk.panel, "Cancel")
    assert desk.asked == [Remedy.SHOW_LOG, "stop"]


def test_a_second_try_is_told(desk: Desk) -> None:
    note = "The socket was taken. Trying once more."
    desk.panel.show_status(EngineStatus(EngineStage.STARTING, OTHER, StartProgress(PHASES[0]), note=note))
    assert note in words(desk.panel)


def test_a_failure_has_its_remedy_and_the_log_beside_it(desk: Desk) -> None:
    error = EngineError("Not enough memory.", "It needs 9 GB; 4 GB are free.", Remedy.USE_GUIDE, "MemoryError")
    desk.panel.show_status(EngineStatus(EngineStage.FAILED, OTHER, error=error))
    assert words(desk.panel) == ["R&D-7B is not running", "Not enough memory.", "It needs 9 GB; 4 GB are free."]
    assert buttons(desk.panel) == ["Start the Guide instead", "Show the log", "Details"]
    press_button(desk.panel, "Start the Guide instead")
    press_button(desk.panel, "Show the log")
    assert desk.asked == [Remedy.USE_GUIDE, Remedy.SHOW_LOG]


def test_a_failure_that_can_be_mended_has_the_fixs_own_words(desk: Desk) -> None:
    error = EngineError("The context is too long.", fix=Fix("Start with a context of 896"))
    desk.panel.show_status(EngineStatus(EngineStage.FAILED, OTHER, error=error))
    press_button(desk.panel, "Start with a context of 896")
    assert desk.asked == [Remedy.FIX]


def test_a_server_elsewhere_is_connected_and_never_said_to_keep_what_is_written(desk: Desk) -> None:
    desk.panel.show_status(EngineStatus(EngineStage.STOPPED, AWAY))
    press_button(desk.panel, "Connect to Qwen3-32B")
    assert desk.asked == ["start"]
    desk.panel.show_status(EngineStatus(EngineStage.STARTING, AWAY, StartProgress(StartPhase.OPENING)))
    assert "Connecting to Qwen3-32B" in words(desk.panel)
    assert not seen(desk.panel, StepList)
    desk.panel.show_status(EngineStatus(EngineStage.READY, AWAY, address=AWAY.address))
    assert "Qwen3-32B is served by models.example.org:8000: what you write is sent there." in words(desk.panel)


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
        desk.panel.show_status(EngineStatus(earlier, GUIDE, StartProgress(StartPhase.COMPILING)))
    progress = StartProgress(StartPhase.OPENING) if stage is EngineStage.STARTING else None
    desk.panel.show_status(EngineStatus(stage, GUIDE, progress, error))
    assert words(desk.panel)[0]
    assert bool(seen(desk.panel, StepList)) is (stage is EngineStage.STARTING)
    assert ("Try again" in buttons(desk.panel)) is (stage is EngineStage.FAILED)
