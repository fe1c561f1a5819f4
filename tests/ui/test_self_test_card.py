"""The self-test on the screen."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.launch import ModelRef
from desktop_app.services.self_test import SelfTestState, verdict
from desktop_app.services.self_test_engine import Step, StepState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.self_test_card import SelfTestCard
from tests.ui.hands import buttons, child, press_button, words

GUIDE = ModelRef("Guide", Path("/models/guide"), is_guide=True)
STEPS = (Step("Chat", StepState.PASSED, "It answered with 12 words.", 0.8), Step("Streaming", StepState.RUNNING))
DONE = (STEPS[0], Step("Streaming", StepState.FAILED, "Nothing came.", 60.0))


class Desk:
    """The card on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.card = SelfTestCard(theme)
        self.asked: list[str] = []
        self.card.run_clicked.connect(self.asked.append)
        self.card.cancel_clicked.connect(lambda: self.asked.append("cancel"))
        qtbot.addWidget(self.card)
        self.card.resize(700, 300)
        self.card.show()

    def show(self, state: SelfTestState) -> None:
        self.card.show_state(state)
        QApplication.sendPostedEvents()  # Qt shows what joins a visible layout a moment later


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_it_says_what_it_would_do_and_needs_a_model_that_runs(desk: Desk) -> None:
    assert words(desk.card)[0].endswith("It needs a model that runs.")
    assert not child(desk.card, QPushButton, "Run the self-test").isEnabled()
    desk.card.show_current(EngineStatus(EngineStage.READY, GUIDE))
    press_button(desk.card, "Run the self-test")
    assert desk.asked == [GUIDE.key]


def test_while_it_runs_every_step_says_how_it_stands(desk: Desk) -> None:
    desk.show(SelfTestState(STEPS, running=True, model="Guide"))
    assert {"Testing Guide…", "Chat", "works", "It answered with 12 words.", "0.8 s", "running"} <= set(
        words(desk.card)
    )
    assert buttons(desk.card) == ["Cancel"]
    press_button(desk.card, "Cancel")
    assert desk.asked == ["cancel"]


def test_the_verdict_stands_above_in_words(desk: Desk) -> None:
    desk.show(SelfTestState(DONE, False, verdict(DONE), "Guide"))
    assert f"Guide: {verdict(DONE)}" in words(desk.card)
    assert "does not work" in words(desk.card)
    assert buttons(desk.card) == ["Run the self-test"]


def test_a_test_that_runs_again_begins_anew(desk: Desk) -> None:
    desk.show(SelfTestState(DONE, False, verdict(DONE), "Guide"))
    desk.show(SelfTestState((Step("Chat", StepState.RUNNING), Step("Streaming")), running=True, model="Guide"))
    assert not {"works", "does not work", "Nothing came."} & set(words(desk.card))
