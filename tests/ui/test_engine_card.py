"""The cards of what runs, in every state; and the way to the first when nothing does."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QProgressBar
from pytestqt.qtbot import QtBot

from desktop_app.domain.engine import EngineStage, EngineStatus, StartPhase, StartProgress
from desktop_app.domain.errors import EngineError, Fix, Remedy
from desktop_app.domain.launch import ModelRef
from desktop_app.paths import Paths
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.engine_card import EngineCard
from desktop_app.ui.widgets.running_engines import RunningEngines
from tests.ui.hands import buttons, child, press_button, seen, words

GUIDE = ModelRef("Guide", Path("/models/guide"), is_guide=True)
OTHER = ModelRef("R&D-7B", Path("/models/other"))
AWAY = ModelRef("Qwen3-32B", address="http://models.example.org:8000/v1")
READY = EngineStatus(
    EngineStage.READY,
    GUIDE,
    context_tokens=8192,
    note="Ready after 14 s.",
    engine="vLLM 0.32.0",
    memory_bytes=2**30,
)
FAILED = EngineStatus(EngineStage.FAILED, OTHER, error=EngineError("Too long.", fix=Fix("Start with 896")))
PATHS = Paths(Path("/data"))


def settle() -> None:
    """Qt shows what joins a visible layout a moment later."""
    QApplication.sendPostedEvents()


class Desk:
    """What runs, on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.running = RunningEngines(theme, PATHS)
        self.asked: list[tuple[object, ...]] = []
        names = ("chosen", "start_clicked", "stop_clicked", "settings_clicked", "log_clicked", "test_clicked")
        for name in names:
            getattr(self.running, name).connect(lambda key, name=name: self.asked.append((name, key)))
        self.running.remedy_chosen.connect(lambda key, remedy: self.asked.append((remedy, key)))
        qtbot.addWidget(self.running)
        self.running.resize(700, 600)
        self.running.show()

    def show(self, *engines: EngineStatus) -> None:
        self.running.show_current(engines[0])
        self.running.show_engines(engines)
        settle()

    def card(self, model: ModelRef) -> EngineCard:
        return child(self.running, EngineCard, model.name)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_a_ready_engine_says_everything_about_itself(desk: Desk) -> None:
    desk.show(READY)
    said = words(desk.card(GUIDE))
    socket = str(PATHS.engine(GUIDE.key).socket)
    assert {"Guide", "Ready", "8,192 tokens", "1.0 GB", "vLLM 0.32.0", "Ready after 14 s.", socket} <= set(said)
    assert buttons(desk.card(GUIDE)) == ["Settings", "Log", "Self-test", "Stop"]
    for name in buttons(desk.card(GUIDE)):
        press_button(desk.card(GUIDE), name)
    assert [name for name, _ in desk.asked] == ["settings_clicked", "log_clicked", "test_clicked", "stop_clicked"]
    assert {key for _, key in desk.asked} == {GUIDE.key}


def test_one_that_starts_shows_how_far_it_is_and_can_be_cancelled(desk: Desk) -> None:
    progress = StartProgress(StartPhase.READING_WEIGHTS, 3, 4, left=8.0, share=0.5)
    desk.show(EngineStatus(EngineStage.STARTING, OTHER, progress))
    assert "Reading weights, 3 of 4 · about 8 s left" in words(desk.running)
    assert child(desk.running, QProgressBar).value() == 500
    press_button(desk.running, "Cancel")
    assert desk.asked == [("stop_clicked", OTHER.key)]


def test_another_one_can_be_made_the_current_one(desk: Desk) -> None:
    desk.show(READY, EngineStatus(EngineStage.READY, OTHER))
    assert "answers the chats" in words(desk.card(GUIDE))
    assert "answers the chats" not in words(desk.card(OTHER))
    press_button(desk.card(OTHER), "Chat with it")
    assert desk.asked == [("chosen", OTHER.key)]


def test_a_failure_stands_on_its_own_card(desk: Desk) -> None:
    desk.show(READY, FAILED)
    assert "Too long." in words(desk.card(OTHER))
    assert buttons(desk.card(OTHER)) == ["Start with 896", "Show the log", "Settings"]
    press_button(desk.card(OTHER), "Start with 896")
    press_button(desk.card(OTHER), "Show the log")
    assert desk.asked == [(Remedy.FIX, OTHER.key), (Remedy.SHOW_LOG, OTHER.key)]


def test_a_server_elsewhere_has_no_settings_and_no_log(desk: Desk) -> None:
    desk.show(EngineStatus(EngineStage.READY, AWAY, address=AWAY.address))
    assert AWAY.address in words(desk.running)
    assert buttons(desk.running) == ["Self-test", "Disconnect"]


def test_cards_come_and_go_with_their_engines(desk: Desk) -> None:
    desk.show(READY, FAILED)
    first = desk.card(GUIDE)
    desk.show(READY)
    assert [one.accessibleName() for one in seen(desk.running, EngineCard)] == ["Guide"]
    desk.show(READY, EngineStatus(EngineStage.READY, AWAY, address=AWAY.address))
    assert desk.card(GUIDE) is first
    assert not any(one.startswith("No model runs") for one in words(desk.running))


def test_when_nothing_runs_there_is_one_thing_to_do(desk: Desk) -> None:
    desk.running.show_current(
        EngineStatus(EngineStage.STOPPED, OTHER, note="Stopped. 1.3 GB of memory are free again.")
    )
    assert words(desk.running) == ["No model runs. Stopped. 1.3 GB of memory are free again."]
    assert buttons(desk.running) == ["Start R&D-7B"]
    press_button(desk.running, "Start R&D-7B")
    assert desk.asked == [("start_clicked", OTHER.key)]


def test_without_an_engine_the_list_below_says_how_to_get_one(desk: Desk) -> None:
    desk.running.show_current(EngineStatus(EngineStage.NOT_INSTALLED, GUIDE))
    assert words(desk.running) == ["Models run in the engine vLLM, which is not installed yet."]
    assert buttons(desk.running) == []


def test_processes_of_others_are_shown_and_nothing_can_be_done_to_them(desk: Desk) -> None:
    desk.running.others.show_others(((4711, "vllm serve /data/llama", 3 * 2**30),))
    settle()
    assert {"process 4711", "vllm serve /data/llama", "3.0 GB"} <= set(words(desk.running.others))
    assert buttons(desk.running.others) == []
    desk.running.others.show_others(())
    assert not desk.running.others.isVisible()


@pytest.mark.parametrize("stage", list(EngineStage))
def test_every_state_has_its_word(desk: Desk, stage: EngineStage) -> None:
    for earlier in (READY, FAILED, EngineStatus(stage, GUIDE)):
        desk.show(earlier)
    assert stage.value in words(desk.running)
    assert bool(seen(desk.running, QProgressBar)) is (stage in (EngineStage.STARTING, EngineStage.STOPPING))
