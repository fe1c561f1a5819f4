"""The engine's bar in every state: what it says, what its one button asks for, and that long names fit."""

from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.engine import EngineStage, EngineStatus, StartPhase, StartProgress
from desktop_app.domain.errors import EngineError
from desktop_app.domain.launch import ModelRef
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.engine_bar import EngineBar
from desktop_app.ui.widgets.engine_words import beside_words, status_words
from tests.ui.hands import buttons, child, press_button, seen, words

GUIDE = ModelRef("Guide", Path("/models/guide"), is_guide=True)
OTHER = ModelRef("R&D-7B", Path("/models/other"))
AWAY = ModelRef("Qwen3-32B", address="http://models.example.org:8000/v1")
PHASES = (StartPhase.LOADING_ENGINE, StartPhase.READING_WEIGHTS, StartPhase.OPENING)


_SIGNALS = (
    "start_clicked",
    "stop_clicked",
    "install_clicked",
    "guide_chosen",
    "folder_asked",
    "server_asked",
    "settings_clicked",
)


class Desk:
    """A bar on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.bar = EngineBar(theme)
        self.asked: list[str] = []
        for name in _SIGNALS:
            getattr(self.bar, name).connect(lambda name=name: self.asked.append(name))
        self.bar.engine_chosen.connect(lambda key: self.asked.append(f"choose {key}"))
        self.bar.stop_asked.connect(lambda key: self.asked.append(f"stop {key}"))
        qtbot.addWidget(self.bar)
        self.bar.resize(668, self.bar.height())
        self.bar.show()

    def show(self, stage: EngineStage, model: ModelRef | None = GUIDE, **more: object) -> None:
        self.bar.show_status(EngineStatus(stage, model, **more))  # type: ignore[arg-type]  # a test's own names

    def menu(self) -> list[str]:
        menu = self.model_button().menu()
        assert isinstance(menu, QMenu)
        return [action.text() for action in menu.actions() if not action.isSeparator()]

    def choose(self, text: str) -> None:
        menu = self.model_button().menu()
        assert isinstance(menu, QMenu)
        next(action for action in menu.actions() if action.text() == text).trigger()

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
    progress = StartProgress(StartPhase.READING_WEIGHTS, 3, 4, PHASES, 5.0, 8.0)
    assert (
        status_words(EngineStatus(EngineStage.STARTING, GUIDE, progress)) == "Reading weights, 3 of 4 · about 8 s left"
    )
    assert status_words(EngineStatus(EngineStage.READY, GUIDE, context_tokens=8192)) == "keeps 8,192 tokens in mind"
    error = EngineError("Not enough memory.")
    assert status_words(EngineStatus(EngineStage.FAILED, GUIDE, error=error)) == "Not enough memory."
    assert status_words(EngineStatus(EngineStage.STOPPED, note="Stopped.")) == "Stopped."
    assert status_words(EngineStatus(EngineStage.READY, GUIDE, note="Ready after 14 s.")) == "Ready after 14 s."
    first = StartProgress(StartPhase.LOADING_ENGINE, phases=PHASES, first=True)
    said = status_words(EngineStatus(EngineStage.STARTING, GUIDE, first))
    assert said == "Loading the engine · first start takes longer than the next ones"


def test_progress_is_the_share_of_the_whole_start(desk: Desk) -> None:
    desk.show(EngineStage.STARTING, progress=StartProgress(StartPhase.OPENING, seconds=9.0, share=0.95))
    bar = child(desk.bar, QProgressBar)
    assert bar.isVisible()
    assert bar.value() / bar.maximum() == pytest.approx(0.95)
    desk.show(EngineStage.READY)
    assert not bar.isVisible()


def test_the_first_start_shows_that_something_goes_on_without_a_share(desk: Desk) -> None:
    desk.show(EngineStage.STARTING, progress=StartProgress(StartPhase.LOADING_ENGINE))
    bar = child(desk.bar, QProgressBar)
    assert (bar.minimum(), bar.maximum()) == (0, 0)


def test_the_menu_offers_models_servers_and_settings(desk: Desk) -> None:
    desk.show(EngineStage.STOPPED)
    menu = desk.model_button().menu()
    assert isinstance(menu, QMenu)
    for action in menu.actions():
        action.trigger()
    assert desk.asked == ["guide_chosen", "folder_asked", "server_asked", "settings_clicked"]


def test_the_menu_lists_what_runs_and_stops_the_others(desk: Desk) -> None:
    weights = StartProgress(StartPhase.READING_WEIGHTS, 3, 4, PHASES)
    guide = EngineStatus(EngineStage.READY, GUIDE, memory_bytes=2**30)
    other = EngineStatus(EngineStage.STARTING, OTHER, weights)
    away = EngineStatus(EngineStage.READY, AWAY, address=AWAY.address)
    desk.bar.show_status(guide)
    desk.bar.show_engines((guide, other, away))
    assert desk.menu()[:5] == [
        "Guide · ready · 1.0 GB",
        "R&&D-7B · starting",
        "Qwen3-32B · connected · models.example.org:8000",
        "Stop R&&D-7B",
        "Disconnect from Qwen3-32B",
    ]
    for text in desk.menu()[1:5]:
        desk.choose(text)
    keys = (OTHER.key, AWAY.key)
    assert desk.asked == [f"{verb} {key}" for verb in ("choose", "stop") for key in keys]


def test_the_menu_offers_models_of_this_computer(desk: Desk) -> None:
    chosen: list[ModelRef] = []
    desk.bar.model_chosen.connect(chosen.append)
    asked: list[bool] = []
    desk.bar.local_wanted.connect(lambda: asked.append(True))
    desk.show(EngineStage.STOPPED)
    desk.bar.show_engines((EngineStatus(EngineStage.STOPPED, OTHER),))
    before = desk.menu()
    desk.bar.open_menu()
    assert asked
    small = ModelRef("small", Path("/models/small"))
    desk.bar.show_local((GUIDE, OTHER, small))
    assert desk.menu() == [before[0], "Start small", *before[1:]], "once each, in the open menu"
    desk.choose("Start small")
    assert chosen == [small]
    desk.bar.show_engines((EngineStatus(EngineStage.STOPPED, OTHER), EngineStatus(EngineStage.READY, small)))
    assert not any(text.startswith("Start") for text in desk.menu())
    desk.bar.show_local([ModelRef(f"model {number}", Path(f"/models/{number}")) for number in range(20)])
    assert [text for text in desk.menu() if text.startswith("Start")][-1] == "Start model 11"
    assert "8 more on this computer…" in desk.menu()
    desk.bar.show_local(())
    assert not any("on this computer" in text for text in desk.menu())


def test_an_open_menu_takes_new_words_and_keeps_its_entries(desk: Desk) -> None:
    other = EngineStatus(EngineStage.READY, OTHER)
    desk.show(EngineStage.READY)
    desk.bar.show_engines((other,))
    menu = desk.model_button().menu()
    assert isinstance(menu, QMenu)
    before = menu.actions()
    desk.bar.show_engines((EngineStatus(EngineStage.READY, OTHER, memory_bytes=2**31),))
    assert menu.actions() == before
    assert desk.menu()[0] == "R&&D-7B · ready · 2.0 GB"
    desk.bar.show_engines(())
    assert desk.menu()[0].startswith("Guide, the small model")


def test_a_model_at_rest_says_what_runs_beside_it(desk: Desk) -> None:
    other = EngineStatus(EngineStage.READY, OTHER)
    desk.show(EngineStage.STOPPED, note="Stopped.")
    desk.bar.show_engines((EngineStatus(EngineStage.STOPPED, GUIDE), other))
    assert "Stopped. R&D-7B is running" in words(desk.bar)
    assert desk.bar.accessibleDescription() == "Guide: Stopped. Stopped. R&D-7B is running"
    desk.show(EngineStage.READY, context_tokens=2048)
    assert "keeps 2,048 tokens in mind" in words(desk.bar)
    desk.show(EngineStage.STOPPED)
    desk.bar.show_engines(())
    assert not any("R&D" in one for one in words(desk.bar))


def test_what_runs_beside_a_model_in_words() -> None:
    chosen = EngineStatus(EngineStage.STOPPED, GUIDE)
    away = EngineStatus(EngineStage.READY, AWAY, address=AWAY.address)
    guide = replace(GUIDE, own_key="fp8")
    ready = [EngineStatus(EngineStage.READY, model) for model in (OTHER, replace(OTHER, folder=Path("/b")), guide)]
    starting = EngineStatus(EngineStage.STARTING, ModelRef("Phi-4", Path("/phi")))
    assert beside_words(chosen, (chosen, away)) == ""
    assert beside_words(chosen, (chosen, starting)) == "Phi-4 is starting"
    assert (
        beside_words(chosen, (chosen, away, *ready, starting))
        == "R&D-7B × 2 and Guide with other options are running, Phi-4 is starting"
    )


def test_a_server_elsewhere_is_left_and_not_stopped(desk: Desk) -> None:
    desk.show(EngineStage.READY, AWAY, address=AWAY.address, context_tokens=4096)
    assert {"Connected", "keeps 4,096 tokens in mind · at models.example.org:8000"} <= set(words(desk.bar))
    press_button(desk.bar, "Disconnect")
    desk.show(EngineStage.STOPPED, AWAY)
    press_button(desk.bar, "Connect")
    assert desk.asked == ["stop_clicked", "start_clicked"]


def test_settings_belong_to_a_model_on_this_computer(desk: Desk) -> None:
    desk.show(EngineStage.STOPPED)
    press_button(desk.bar, "Settings of this model")
    assert desk.asked == ["settings_clicked"]
    for model in (None, AWAY):
        desk.show(EngineStage.STOPPED, model)
        assert "Settings of this model" not in buttons(desk.bar)
        assert "Settings of this model…" not in desk.menu()


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
