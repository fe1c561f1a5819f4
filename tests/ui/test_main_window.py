"""The whole window, worked by hand: real services, the stand-in engine as a child process, the program's event loop."""

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QPixmap, QPixmapCache
from PySide6.QtWidgets import QApplication, QCheckBox, QFileDialog, QToolButton

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.chat import MessageState
from desktop_app.domain.engine import EngineStage
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.units import disk_words
from desktop_app.engine.supervisor import family, table
from desktop_app.paths import Paths
from desktop_app.ui.shortcuts import CommandId
from desktop_app.ui.widgets.model_menu import ModelMenu
from desktop_app.ui.widgets.rail import Rail
from tests.conftest import reach
from tests.engine_fakes import make_model
from tests.ui.desk import Desk, play, with_engine
from tests.ui.hands import buttons, child, press, press_button, words, write

SLOW: dict[str, Any] = {"chunk": "word ", "tokens": 100_000, "tokens_per_second": 200}


@pytest.fixture
def data(tmp_path: Path) -> Paths:
    return with_engine(tmp_path)


async def ask(desk: Desk, text: str) -> None:
    count = len(desk.messages)
    write(desk.field, text)
    press(desk.field, Qt.Key.Key_Return)
    await reach(lambda: len(desk.messages) >= count + 2, "the question")


async def answered(desk: Desk) -> None:
    await reach(
        lambda: desk.messages and desk.messages[-1].state is not MessageState.STREAMING, "the end of the answer"
    )


def test_from_start_to_an_answer_to_stop(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        desk.model(answer="Because it is.")
        assert "Skip for now" not in buttons(desk.window)
        press_button(desk.window, "Start")
        await desk.reach(EngineStage.READY)
        await ask(desk, "Why is it so?")
        assert desk.field.toPlainText() == ""
        await answered(desk)
        assert desk.messages[-1].text == "Because it is."
        await reach(lambda: desk.titles() == ["Why is it so?"], "its title in the list")
        press_button(desk.window, "Stop")
        await desk.reach(EngineStage.STOPPED)
        assert any(one.startswith("Stopped.") for one in words(desk.window))
        assert data.engine_sockets() == []

    play(qapp, data, scene)


def test_the_first_window_offers_set_up_and_skipping_is_remembered(qapp: QApplication, tmp_path: Path) -> None:
    async def first(desk: Desk) -> None:
        await desk.quiet()
        assert "Chat with open models on this computer" in words(desk.window)
        assert {"Set up and chat", "Skip for now"} <= set(buttons(desk.window))
        assert desk.window.focusWidget().accessibleName() == "Set up and chat"
        press_button(desk.window, "Skip for now")
        await desk.quiet()
        assert desk.window.chat.isVisible()
        assert desk.field.hasFocus()

    async def later(desk: Desk) -> None:
        await desk.quiet()
        assert desk.window.chat.isVisible()
        assert "Not installed" in words(desk.window)

    play(qapp, Paths(tmp_path / "data"), first)
    play(qapp, Paths(tmp_path / "data"), later)


def test_what_will_be_downloaded_is_shown_before_anything_starts(qapp: QApplication, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        press_button(desk.window, "Skip for now")
        await desk.quiet()
        press_button(desk.window, "Install the engine")
        await desk.quiet()
        assert desk.window.room.engines.isVisible()
        plan = desk.program.setup.state.value.plan
        assert plan is not None
        assert f"about {disk_words(plan.download_bytes)}, once" in words(desk.window)
        assert not desk.program.setup.state.value.busy

    play(qapp, Paths(tmp_path / "data"), scene)


def test_without_an_engine_the_page_of_logs_leads_to_one(qapp: QApplication, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        press_button(desk.window, "Skip for now")
        await desk.quiet()
        desk.window.room.show_log()
        press_button(desk.window.room.log, "Start the model")
        await desk.quiet()
        assert desk.window.room.engines.isVisible()
        assert desk.program.setup.state.value.plan is not None
        assert "Install" in buttons(desk.window.room.engines)

    play(qapp, Paths(tmp_path / "data"), scene)


def test_the_settings_of_a_model_that_runs_say_so_when_they_are_first_looked_at(
    qapp: QApplication, data: Paths
) -> None:
    async def scene(desk: Desk) -> None:
        await desk.serve()
        desk.window.activateWindow()
        desk.field.setFocus()
        desk.window.room.show_settings()
        await reach(lambda: not desk.program.model_settings.state.value.loading, "the settings")
        await desk.quiet()
        assert desk.window.focusWidget() is desk.window.room.settings
        assert "Running" in words(desk.window.room.settings)
        assert "Start" not in buttons(desk.window.room.settings)

    play(qapp, data, scene)


@pytest.mark.parametrize("way", ["button", "escape"])
def test_an_answer_is_stopped(qapp: QApplication, data: Paths, way: str) -> None:
    async def scene(desk: Desk) -> None:
        await desk.serve(**SLOW)
        await ask(desk, "Tell me everything.")
        await reach(lambda: desk.messages[-1].text, "the first words")
        if way == "button":
            press_button(desk.window, "Stop the answer")
        else:
            press(desk.field, Qt.Key.Key_Escape)
        await answered(desk)
        assert desk.messages[-1].state is MessageState.STOPPED
        await reach(lambda: "Send" in buttons(desk.window), "the end of the answer")
        assert desk.stage is EngineStage.READY

    play(qapp, data, scene)


def test_escape_on_the_engine_page_goes_back_and_stops_nothing(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await desk.serve(**SLOW)
        await ask(desk, "Tell me everything.")
        desk.window.room.show_engines()
        press(desk.window, Qt.Key.Key_Escape)
        assert desk.window.chat.isVisible()
        assert desk.messages[-1].state is MessageState.STREAMING

    play(qapp, data, scene)


def test_the_next_start_brings_back_conversation_draft_and_place(qapp: QApplication, data: Paths) -> None:
    async def first(desk: Desk) -> None:
        await desk.serve(answer="Yes.")
        await ask(desk, "Is it so?")
        await answered(desk)
        write(desk.field, "What I meant to ask next")
        desk.window.resize(QSize(780, 640))

    async def second(desk: Desk) -> None:
        assert [one.text for one in desk.messages] == ["Is it so?", "Yes."]
        assert desk.field.toPlainText() == "What I meant to ask next"
        assert desk.window.size() == QSize(780, 640)
        press(desk.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        assert desk.field.toPlainText() == ""
        write(desk.field, "Something new")
        desk.window.chat.list.chosen.emit(desk.program.chats.state.value.conversations[0].id)
        await reach(lambda: desk.messages, "the conversation")
        assert desk.field.toPlainText() == "What I meant to ask next"
        desk.window.chat.new_chat()
        assert desk.field.toPlainText() == "Something new"

    play(qapp, data, first)
    play(qapp, data, second)


def test_the_model_that_was_used_last_is_offered_again(qapp: QApplication, data: Paths) -> None:
    async def first(desk: Desk) -> None:
        await desk.serve("chosen")
        await desk.quiet()

    async def second(desk: Desk) -> None:
        assert {"Choose a model; chosen: chosen", "Start chosen"} <= set(buttons(desk.window))

    play(qapp, data, first)
    play(qapp, data, second)


def test_an_engine_that_dies_is_told_beside_the_chat_with_a_way_on(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await desk.serve(answer="Yes.")
        await ask(desk, "Is it so?")
        await answered(desk)
        for pid in set(family(table(), [os.getpid()])) - {os.getpid()}:
            os.kill(pid, signal.SIGKILL)
        await desk.reach(EngineStage.FAILED)
        error = desk.program.serving.status.value.error
        assert error is not None
        assert error.title in words(desk.window.chat)
        assert error.remedy.value in buttons(desk.window.chat)
        press_button(desk.window.chat, "Dismiss")
        assert error.title not in words(desk.window.chat)
        press_button(desk.window, "Start")
        await desk.reach(EngineStage.READY)

    play(qapp, data, scene)


def test_a_start_that_fails_shows_its_log_on_request(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        desk.model(exit=3)
        press_button(desk.window, "Start")
        await desk.reach(EngineStage.FAILED)
        assert "tiny is not running" in words(desk.window)
        press_button(desk.window.chat, "Show the log")
        assert desk.window.room.log.isVisible()
        log = desk.window.room.log.log
        assert log is not None
        assert any("Resolved architecture" in log.record(number).message for number in range(log.oldest, log.end))

    play(qapp, data, scene)


def test_the_log_is_that_of_the_engine_that_was_asked_for(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        desk.window.room.show_log()
        assert desk.window.room.log.log is None
        await desk.serve("first")
        await desk.serve("second")
        first, second = (one.key for one in desk.program.serving.engines.value)
        desk.window.room.show_log(first)
        assert desk.window.room.log.log is desk.program.serving.log_of(first)
        desk.window.room.show_log(second)
        assert desk.window.room.log.log is desk.program.serving.log_of(second)

    play(qapp, data, scene)


def test_remedies_reach_their_verbs(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        def choose(remedy: Remedy) -> None:
            desk.window.chat.remedy_chosen.emit(remedy)

        desk.model()
        choose(Remedy.START)
        await desk.reach(EngineStage.READY)
        await desk.program.serving.stop()
        choose(Remedy.RETRY)
        await desk.reach(EngineStage.READY)
        choose(Remedy.USE_GUIDE)
        await reach(lambda: desk.program.serving.status.value.model == desk.program.guide, "the Guide")
        await desk.reach(EngineStage.READY)
        choose(Remedy.CHOOSE_MODEL)
        assert desk.window.model_room.models.isVisible()
        choose(Remedy.SHOW_LOG)
        assert desk.window.room.log.isVisible()
        choose(Remedy.SETTINGS)
        assert desk.window.room.settings.isVisible()
        choose(Remedy.ENGINES)
        assert desk.window.room.engines.isVisible()
        choose(Remedy.INSTALL)
        assert desk.window.room.engines.isVisible()

    play(qapp, data, scene)


def test_a_folder_that_holds_no_model_does_not_stop_the_one_that_runs(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await desk.serve()
        press(desk.window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
        child(desk.window, QFileDialog).fileSelected.emit(str(data.root))
        await desk.quiet()
        assert desk.stage is EngineStage.READY
        assert "There is no model in this folder." in words(desk.window.chat)
        press_button(desk.window.chat, "Dismiss")
        assert "There is no model in this folder." not in words(desk.window.chat)

    play(qapp, data, scene)


def test_a_chosen_folder_is_served(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        folder = desk.model("chosen").folder
        press(desk.window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
        child(desk.window, QFileDialog).fileSelected.emit(str(folder))
        await desk.reach(EngineStage.READY)
        assert "Choose a model; chosen: chosen" in buttons(desk.window)

    play(qapp, data, scene)


def test_the_menu_of_models_starts_one_that_lies_on_this_computer(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        folder = data.models / "them" / "small"
        shutil.copytree(make_model(desk.folder, "small").folder, folder)
        press(desk.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        menu = child(desk.window, ModelMenu)

        def start() -> QAction | None:
            return next((one for one in menu.actions() if one.text().startswith("Start ")), None)

        await reach(start, "the model in the open menu")
        assert menu.isVisible()
        action = start()
        assert action is not None
        assert action.text().endswith("small")
        action.trigger()
        menu.close()
        await desk.reach(EngineStage.READY)
        chosen = desk.program.serving.status.value.model
        assert chosen is not None
        assert chosen.folder == folder

    play(qapp, data, scene)


def test_deleting_can_be_undone(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await desk.serve(answer="Yes.")
        await ask(desk, "Is it so?")
        await answered(desk)
        await desk.quiet()
        press(desk.chats, Qt.Key.Key_Delete)
        await reach(lambda: not desk.titles(), "the end of the conversation")
        assert "Deleted “Is it so?”." in words(desk.window)
        press_button(desk.window, "Undo")
        await reach(lambda: desk.titles() == ["Is it so?"], "the conversation")
        assert "Undo" not in buttons(desk.window)

    play(qapp, data, scene)


def test_a_failure_in_the_chat_is_told_and_can_be_dismissed(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await desk.quiet()
        state = desk.program.conversations.state
        state.set(replace(state.value, error=UserError("Your chats cannot be saved.", "The disk is full.")))
        assert "Your chats cannot be saved." in words(desk.window.chat)
        press_button(desk.window.chat, "Dismiss")
        assert "Your chats cannot be saved." not in words(desk.window.chat)

    play(qapp, data, scene)


def test_a_data_folder_that_cannot_be_opened_is_told_and_tried_again(qapp: QApplication, data: Paths) -> None:
    data.database.mkdir()

    async def scene(desk: Desk) -> None:
        assert "Try again" in buttons(desk.window)
        asked: list[bool] = []
        desk.window.reopen_asked.connect(lambda: asked.append(True))
        press_button(desk.window, "Try again")
        assert asked
        assert "Try again" not in buttons(desk.window)
        shutil.rmtree(data.database)
        assert await desk.program.open() is None

    play(qapp, data, scene)


def test_shortcuts(qapp: QApplication, data: Paths) -> None:
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

    async def scene(desk: Desk) -> None:
        window = desk.window
        for key, modifier, shown in (
            (Qt.Key.Key_2, control, lambda: window.model_room.models),
            (Qt.Key.Key_3, control, lambda: window.compare_room.compare),
            (Qt.Key.Key_4, control, lambda: window.monitor_room.monitor),
            (Qt.Key.Key_5, control, lambda: window.room.engines),
            (Qt.Key.Key_6, control, lambda: window.room.log),
            (Qt.Key.Key_Comma, control, lambda: window.room.settings),
            (Qt.Key.Key_Comma, control | shift, lambda: window.preference_room.preferences),
            (Qt.Key.Key_Slash, control, lambda: window.preference_room.shortcuts),
            (Qt.Key.Key_1, control, lambda: window.chat),
        ):
            press(window, key, modifier)
            assert shown().isVisible()
        assert desk.field.hasFocus()
        press(window, Qt.Key.Key_K, control)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert focus.accessibleName() == "Search chats"
        press(window, Qt.Key.Key_N, control)
        assert desk.field.hasFocus()

    play(qapp, data, scene)


def test_other_keys_are_kept_and_told(qapp: QApplication, data: Paths) -> None:
    control = Qt.KeyboardModifier.ControlModifier

    async def first(desk: Desk) -> None:
        desk.window.shortcuts.rebind(CommandId.MODELS, "Ctrl+M")
        await desk.quiet()

    async def second(desk: Desk) -> None:
        press(desk.window, Qt.Key.Key_M, control)
        assert desk.window.model_room.models.isVisible()
        assert child(desk.window, QToolButton, "Models").toolTip() == "Models (Ctrl+M)"

    play(qapp, data, first)
    play(qapp, data, second)


def test_larger_text_is_kept(qapp: QApplication, data: Paths) -> None:
    control = Qt.KeyboardModifier.ControlModifier

    async def first(desk: Desk) -> None:
        before = desk.field.font().pointSizeF()
        press(desk.window, Qt.Key.Key_Plus, control)
        press(desk.window, Qt.Key.Key_Plus, control)
        assert desk.field.font().pointSizeF() == pytest.approx(1.2 * before)
        await desk.quiet()

    async def second(desk: Desk) -> None:
        assert desk.program.settings.text_scale == 1.2
        assert desk.window.chat.list.font().pointSizeF() == pytest.approx(12.6)
        press(desk.window, Qt.Key.Key_0, control)
        assert desk.window.chat.list.font().pointSizeF() == pytest.approx(10.5)

    play(qapp, data, first)
    play(qapp, data, second)


def test_preferences_on_the_rail(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        press_button(desk.window, "Preferences")
        page = desk.window.preference_room.preferences
        assert page.isVisible()
        press_button(page, "Dark")
        child(page, QCheckBox, "Better titles").click()
        await desk.quiet()
        assert desk.program.settings.appearance is Appearance.DARK
        assert not desk.program.settings.improve_titles
        press_button(page, "Keyboard shortcuts")
        assert desk.window.preference_room.shortcuts.isVisible()
        assert child(desk.window, QToolButton, "Preferences").isChecked()
        press(desk.window, Qt.Key.Key_Escape)
        assert desk.window.chat.isVisible()

    play(qapp, data, scene)


def test_the_rail_for_a_mouse_and_for_a_screen_reader(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        rail = {one.accessibleName(): one for one in child(desk.window, Rail).findChildren(QToolButton)}
        rail["Models"].click()
        assert desk.window.model_room.models.isVisible()
        rail["Models"].click()
        assert desk.window.model_room.models.isVisible()
        # What AT-SPI calls `Toggle`.
        rail["Engine"].toggle()
        assert desk.window.room.engines.isVisible()
        assert [name for name, one in rail.items() if one.isChecked()] == ["Engine"]

    play(qapp, data, scene)


def test_gauges_rest_while_nobody_can_see_them(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        frames = desk.program.gauges.frames
        await reach(lambda: frames.value.machine.total_bytes, "the first frame")
        assert desk.attended()
        picture = QPixmap(8, 8)
        picture.fill()
        assert QPixmapCache.insert("kept", picture)
        desk.window.hide()
        assert not desk.attended()
        assert not QPixmapCache.find("kept", picture), "Qt wakes again and again while it keeps pictures"
        desk.window.show()
        assert desk.attended()

    play(qapp, data, scene)


def test_closing_in_mid_answer_keeps_what_came_and_leaves_no_process(qapp: QApplication, data: Paths) -> None:
    async def first(desk: Desk) -> None:
        await desk.serve(**SLOW, children=1)
        await ask(desk, "Tell me everything.")
        await reach(lambda: desk.messages[-1].text, "the first words")

    async def second(desk: Desk) -> None:
        assert desk.messages[-1].state is MessageState.INTERRUPTED
        assert desk.messages[-1].text.startswith("word")

    play(qapp, data, first)
    assert list(data.records.iterdir()) == []
    play(qapp, data, second)
