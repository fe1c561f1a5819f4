"""The chat page as a whole: parts that give way where there is no room, lines above the composer, nothing lost."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QPlainTextEdit

from desktop_app.domain.answer_words import EndingRemedy
from desktop_app.domain.chat import Message, Role
from desktop_app.paths import Paths
from desktop_app.services.chat_view import Queued
from desktop_app.services.program import Program
from desktop_app.store.conversations import CHAIN
from desktop_app.ui.widgets.chat_settings import ChatSettingsPanel
from tests.conftest import reach
from tests.ui.desk import Desk, play, with_engine
from tests.ui.hands import buttons, child, press, press_button, words, write

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def data(tmp_path: Path) -> Paths:
    return with_engine(tmp_path)


async def written(program: Program, count: int) -> None:
    """A conversation with *count* messages, open."""
    questions = [Message(0, Role.USER, f"Question {number}", parent=CHAIN) for number in range(count)]
    created, _ = await program.stores.kept.create("Long", questions)
    await program.conversations.open(created.id)


def panel(desk: Desk) -> ChatSettingsPanel:
    return child(desk.window.chat, ChatSettingsPanel)


def test_the_list_gives_way_to_the_settings_in_a_narrow_window_and_comes_back(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        page = desk.window.chat
        desk.window.resize(900, 600)
        page.toggle_settings()
        assert not page.side.isVisible()
        await reach(lambda: page.middle.width() >= 480, "room for the text")
        desk.window.resize(1280, 800)
        await reach(page.side.isVisible, "the list beside the settings")
        desk.window.resize(900, 600)
        page.toggle_list()
        assert page.side.isVisible()
        assert not panel(desk).isVisible()
        page.toggle_list()
        page.toggle_settings()
        page.toggle_settings()
        assert not page.side.isVisible()  # it was folded away by hand
        await desk.quiet()

    play(qapp, data, scene)


def test_with_large_words_in_a_small_window_the_settings_cover_the_conversation(
    qapp: QApplication, data: Paths
) -> None:
    async def scene(desk: Desk) -> None:
        page = desk.window.chat
        desk.window.resize(900, 600)
        desk.window.preference_room.choose_text_scale(2.0)
        page.toggle_settings()
        await reach(lambda: panel(desk).width() == page.width(), "all the room")
        assert not page.middle.isVisible()
        assert panel(desk).isAncestorOf(desk.window.focusWidget())
        press(desk.window, Qt.Key.Key_Escape)
        assert page.middle.isVisible()
        assert desk.field.hasFocus()
        desk.window.preference_room.choose_text_scale(1.0)
        await desk.quiet()

    play(qapp, data, scene)


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize("width", [900, 1280, 1600])
def test_the_composer_stands_exactly_below_the_text(qapp: QApplication, data: Paths, count: int, width: int) -> None:
    async def scene(desk: Desk) -> None:
        await written(desk.program, count)
        desk.window.resize(width, 700)
        page = desk.window.chat
        column = page.transcript._column

        def edges() -> tuple[int, int, int, int]:
            frame = next(one for one in page.composer.findChildren(QFrame) if one.property("role") == "composer")
            left = frame.mapTo(page.middle, QPoint(0, 0)).x()
            return left, frame.width(), column.mapTo(page.middle, QPoint(column._left, 0)).x(), column._width

        await reach(lambda: edges()[:2] == edges()[2:], f"the same edges: {edges()}")
        assert (page.transcript.verticalScrollBar().maximum() > 0) is (count > 1)

    play(qapp, data, scene)


def test_the_keyboard_goes_back_to_the_field_when_the_settings_go(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        desk.window.chat.toggle_settings()
        assert desk.field.hasFocus()
        child(panel(desk), QPlainTextEdit, "System prompt").setFocus()
        press_button(panel(desk), "Close the settings")
        assert desk.field.hasFocus()

    play(qapp, data, scene)


def test_what_is_typed_as_the_system_prompt_stays_with_its_chat(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await written(desk.program, 1)
        desk.window.chat.toggle_settings()
        prompt = child(panel(desk), QPlainTextEdit, "System prompt")
        prompt.setPlainText("Answer in verse.")
        first = desk.program.conversations.state.value.open_id
        press(desk.window, Qt.Key.Key_N, CONTROL)
        await desk.quiet()
        assert desk.program.conversations.state.value.settings.system == ""
        assert prompt.toPlainText() == ""
        assert first is not None
        await desk.program.conversations.open(first)
        assert desk.program.conversations.state.value.settings.system == "Answer in verse."
        prompt.setPlainText("Answer in prose.")
        desk.window.close()
        await asyncio.sleep(0)  # as in the program, which is told that its window is closed

    async def again(desk: Desk) -> None:
        assert desk.program.conversations.state.value.settings.system == "Answer in prose."

    play(qapp, data, scene)
    play(qapp, data, again)


def test_a_temporary_chat_says_that_it_is_never_written(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        said = "Temporary chat: nothing of it is written to the disk."
        assert said not in words(desk.window)
        desk.window.chat.new_temporary_chat()
        assert said in words(desk.window)
        desk.window.chat.new_chat()
        assert said not in words(desk.window)

    play(qapp, data, scene)


def test_what_an_answer_waits_for_is_told_with_a_way_to_stop(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await written(desk.program, 1)
        state = desk.program.conversations.state
        state.set(replace(state.value, answering=True, waiting="Starting Qwen3-8B"))
        assert "Starting Qwen3-8B…" in words(desk.window.chat)
        assert "Stop" in buttons(desk.window.chat.middle)
        state.set(replace(state.value, answering=False, waiting=""))
        assert "Starting Qwen3-8B…" not in words(desk.window.chat)

    play(qapp, data, scene)


def test_questions_that_stop_held_up_are_sent_by_a_button(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await desk.serve(chunk="word ", tokens=100_000, tokens_per_second=200)
        write(desk.field, "First")
        press(desk.field, Qt.Key.Key_Return)
        await reach(lambda: desk.messages and desk.messages[-1].text, "the answer's beginning")
        write(desk.field, "Second")
        press(desk.field, Qt.Key.Key_Return)
        await reach(lambda: desk.program.conversations.state.value.queued, "the queue")
        assert "Send now" not in buttons(desk.window.chat)
        await desk.program.conversations.stop()
        assert "1 question waits." in words(desk.window.chat)
        press_button(desk.window.chat, "Send now")
        await reach(lambda: any(one.text == "Second" for one in desk.messages), "the second question")
        await desk.program.conversations.stop()
        assert "Send now" not in buttons(desk.window.chat)

    play(qapp, data, scene)


def test_questions_wait_for_a_model_without_a_button(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        state = desk.program.conversations.state
        state.set(replace(state.value, queued=(Queued("a"), Queued("b"))))
        assert "2 questions wait for a model." in words(desk.window.chat)
        assert "Send now" not in buttons(desk.window.chat)

    play(qapp, data, scene)


def test_ctrl_end_in_an_empty_field_goes_to_the_newest_words(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await written(desk.program, 40)
        bar = desk.window.chat.transcript.verticalScrollBar()
        await reach(lambda: bar.maximum() > 0, "a long chat")
        desk.field.setFocus()
        bar.setValue(0)
        press(desk.field, Qt.Key.Key_End, CONTROL)
        await reach(lambda: bar.value() == bar.maximum(), "the end")

    play(qapp, data, scene)


def test_searching_brings_the_list_back(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        desk.window.chat.toggle_list()
        press(desk.window, Qt.Key.Key_K, CONTROL)
        assert desk.window.chat.side.isVisible()
        assert child(desk.window, QLineEdit, "Search chats").hasFocus()
        await desk.quiet()

    play(qapp, data, scene)


def test_an_answer_that_was_too_short_leads_to_the_limit_and_a_full_context_to_the_model(
    qapp: QApplication, data: Paths
) -> None:
    async def scene(desk: Desk) -> None:
        page = desk.window.chat
        page.transcript.context_choice.emit(1, EndingRemedy.LONGER)
        assert panel(desk).isVisible()
        asked: list[bool] = []
        page.middle.larger_clicked.connect(lambda: asked.append(True))
        page.transcript.context_choice.emit(1, EndingRemedy.CONTEXT)
        assert asked == [True]
        await desk.quiet()

    play(qapp, data, scene)


def test_a_picture_that_the_model_does_not_take_is_told_before_it_is_sent(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await desk.serve()
        picture = QImage(8, 8, QImage.Format.Format_RGB32)
        picture.fill(Qt.GlobalColor.red)
        file = desk.folder / "red.png"
        assert picture.save(str(file))
        await desk.program.draft.add_files([file])
        await reach(lambda: any("takes no pictures" in one for one in words(desk.window)), "the warning")
        desk.program.draft.remove(0)
        assert not any("takes no pictures" in one for one in words(desk.window))

    play(qapp, data, scene)


def test_a_file_is_sent_with_what_it_takes_of_the_context(qapp: QApplication, data: Paths, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        await desk.serve(answer="Yes.")
        chat = desk.program.conversations
        file = tmp_path / "notes.txt"
        file.write_text("one two three", "utf-8")
        await desk.program.draft.add_files([file])
        await reach(lambda: chat.state.value.context.attached == (3,), "the figure")
        write(desk.field, "Is that so?")
        press(desk.field, Qt.Key.Key_Return)
        await reach(lambda: not chat.state.value.answering and len(desk.messages) == 2, "the answer")
        assert [one.tokens for one in desk.messages[0].attachments] == [3]

    play(qapp, data, scene)


def test_a_folder_that_was_folded_is_folded_the_next_time(qapp: QApplication, data: Paths) -> None:
    async def fold(desk: Desk) -> None:
        await desk.program.chats.add_folder("Work")
        (folder,) = desk.program.chats.state.value.folders
        desk.window.chat.list.folder_folded.emit(folder.id, True)
        await desk.quiet()

    async def look(desk: Desk) -> None:
        (folder,) = desk.program.chats.state.value.folders
        assert desk.window.chat.list._folded == {folder.id}

    play(qapp, data, fold)
    play(qapp, data, look)
