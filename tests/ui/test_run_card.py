"""What the card says before, during and after a run."""

import pytest
from PySide6.QtWidgets import QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.experiment import Column, Experiment, ExperimentKind
from desktop_app.domain.launch import ModelRef
from desktop_app.services.compare_view import ColumnState, CompareState, PlanState, RunState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.run_card import RunCard, ended_words, progress_words
from tests.ui.hands import buttons, child, press_button, seen, words

COLUMNS = tuple(ColumnState(Column(key, ModelRef(name)), name) for key, name in ((1, "Qwen"), (2, "Gemma"), (3, "Phi")))
TOGETHER = PlanState("All three fit into memory together (5.1 of 12 GB).", ((1, 2, 3),))
APART = PlanState("They run one after another, in about 6 min.", ((1,), (3, 2)), 360.0, "Phi is slow.", ("Llama",))


def state(
    plan: PlanState | None = None,
    run: RunState | None = None,
    kind: ExperimentKind = ExperimentKind.PROMPTS,
    *,
    waiting: int = 0,
    failed: int = 0,
    done: int = 0,
) -> CompareState:
    experiment = Experiment(1, "E", kind, tuple(one.column for one in COLUMNS))
    return CompareState(experiment, COLUMNS, waiting=waiting, failed=failed, done=done, plan=plan, run=run)


class Desk:
    """A card on the screen, and what was clicked."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.card = RunCard(theme)
        self.clicked: list[str] = []
        self.card.run_clicked.connect(lambda: self.clicked.append("run"))
        self.card.stop_clicked.connect(lambda: self.clicked.append("stop"))
        self.card.rerun_clicked.connect(lambda: self.clicked.append("rerun"))
        qtbot.addWidget(self.card)
        self.card.resize(800, 100)

    def show(self, shown: CompareState) -> None:
        self.card.show_state(shown)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_it_hides_when_there_is_nothing_to_say(desk: Desk) -> None:
    for quiet in (CompareState(), state(done=60), state(TOGETHER, done=60)):
        desk.show(quiet)
        assert desk.card.isHidden()


def test_what_fits_together_is_one_line(desk: Desk, qtbot: QtBot) -> None:
    desk.show(state(TOGETHER, kind=ExperimentKind.CONVERSATION))
    assert words(desk.card) == [TOGETHER.words]
    assert buttons(desk.card) == []
    qtbot.waitUntil(lambda: desk.card.height() < 4 * desk.card.fontMetrics().lineSpacing())
    # Once the first answers are there it has nothing new to say.
    desk.show(state(TOGETHER, kind=ExperimentKind.CONVERSATION, done=3))
    assert desk.card.isHidden()


def test_batches_stops_and_warning_are_said_beforehand(desk: Desk) -> None:
    desk.show(state(APART, waiting=60))
    told = words(desk.card)
    assert [told.index(one) for one in ("first", "Qwen", "then", "Phi + Gemma")] == sorted(
        told.index(one) for one in ("first", "Qwen", "then", "Phi + Gemma")
    )
    assert {"Stopped to make room: Llama.", "Phi is slow."} <= set(told)
    press_button(desk.card, "Run")
    assert desk.clicked == ["run"]


def test_a_run_says_how_far_it_is(desk: Desk) -> None:
    desk.show(state(APART, RunState("Starting Gemma", 12, 60, 1, 2, 240.0, 0.5), waiting=48, done=12))
    assert {"Starting Gemma", "12 of 60 · start 50 % · about 4 min left", "done", "now"} <= set(words(desk.card))
    assert "Stopped to make room: Llama." not in words(desk.card)
    bar = child(desk.card, QProgressBar, "Progress of the run")
    assert (bar.value(), bar.maximum()) == (12, 60)
    assert child(desk.card, QProgressBar, "Progress of the engine's start").value() == 500
    assert buttons(desk.card) == ["Stop"]
    press_button(desk.card, "Stop")
    assert desk.clicked == ["stop"]


def test_stopping_cannot_be_asked_for_twice(desk: Desk) -> None:
    desk.show(state(run=RunState("Asking Qwen", 12, 60, seconds_left=9.0, stopping=True), waiting=48, done=12))
    press_button(desk.card, "Stopping…")
    assert desk.clicked == []
    assert len(seen(desk.card, QProgressBar)) == 1


def test_what_failed_and_what_waits_can_be_run(desk: Desk) -> None:
    desk.show(state(waiting=40, failed=3, done=17))
    assert {"3 failed or stopped", "40 wait"} <= set(words(desk.card))
    press_button(desk.card, "Run them again")
    press_button(desk.card, "Continue")
    assert desk.clicked == ["rerun", "run"]
    desk.show(state(waiting=1, done=17))
    assert words(desk.card) == ["1 waits"]


def test_the_keyboard_goes_from_run_to_stop_and_back(desk: Desk, qtbot: QtBot) -> None:
    desk.show(state(waiting=60))
    desk.card.show()
    desk.card.activateWindow()
    qtbot.waitUntil(desk.card.isActiveWindow)
    child(desk.card, QPushButton, "Run").setFocus()
    desk.show(state(run=RunState("Asking Qwen", 0, 60), waiting=60))
    assert child(desk.card, QPushButton, "Stop").hasFocus()
    desk.show(state(run=RunState("Asking Qwen", 12, 60), waiting=48, done=12))
    assert child(desk.card, QPushButton, "Stop").hasFocus()
    desk.show(state(waiting=40, done=20))
    assert child(desk.card, QPushButton, "Continue").hasFocus()


def test_words_are_broken_and_not_squeezed(desk: Desk, qtbot: QtBot) -> None:
    desk.show(state(APART, waiting=60))
    qtbot.waitUntil(lambda: desk.card.height() > 100)
    wide = desk.card.height()
    desk.card.resize(240, desk.card.height())
    qtbot.waitUntil(lambda: desk.card.height() > wide)


def test_counts_are_said_once() -> None:
    assert progress_words(RunState("Asking Qwen, 12 of 60", 12, 60, seconds_left=30)) == "about 30 s left"
    assert progress_words(RunState("Asking Qwen", 1200, 6000)) == "1,200 of 6,000"


def test_stop_may_stand_elsewhere(desk: Desk) -> None:
    running = state(run=RunState("Asking Qwen", 12, 60), waiting=48, done=12)
    desk.card.offer_stop(False)
    desk.show(running)
    assert buttons(desk.card) == []
    desk.card.offer_stop(True)
    assert buttons(desk.card) == ["Stop"]
    desk.show(state(waiting=48, done=12))
    desk.card.offer_stop(False)
    desk.card.offer_stop(True)
    assert buttons(desk.card) == ["Continue"]


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        (state(done=12), "All 12 answers are there."),
        (state(done=1), "The answer is there."),
        (state(done=11, failed=1), "11 of 12 answers are there; 1 failed or was stopped."),
        (state(done=1, failed=2, waiting=9), "1 of 12 answers is there; 2 failed or were stopped; 9 wait."),
        (state(failed=2, waiting=1), "0 of 3 answers are there; 2 failed or were stopped; 1 waits."),
    ],
)
def test_the_end_of_a_run_in_a_sentence(ended: CompareState, told: str) -> None:
    assert ended_words(RunState("Asking Qwen", 1, 12), ended) == told


def test_the_end_of_a_run_that_only_checked() -> None:
    assert ended_words(RunState("Qwen judges", 0, 0), state(done=12)) == "All answers are checked."
    assert ended_words(RunState("Stopping", 0, 0, stopping=True), state(done=12)) == "All 12 answers are there."
