"""The page that compares, as a person uses it: real services, stand-in engines, the whole window."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from desktop_app.domain.experiment import CellState, Column, ExperimentKind, Options, Verdict
from desktop_app.paths import Paths
from desktop_app.services.compare_view import CompareState
from desktop_app.ui.pages.compare import ComparePage
from desktop_app.ui.widgets.cell_view import CellView
from desktop_app.ui.widgets.compare_column import CompareColumn
from desktop_app.ui.widgets.compare_columns import CompareColumns
from desktop_app.ui.widgets.difference_view import DifferenceView
from desktop_app.ui.widgets.experiment_bar import View
from desktop_app.ui.widgets.experiment_list_view import ExperimentView
from desktop_app.ui.widgets.prompt_editor import PromptEditor
from desktop_app.ui.widgets.prompt_grid_view import GridView
from desktop_app.ui.widgets.rating_view import RatingView
from desktop_app.ui.widgets.vote_view import VoteView
from tests.conftest import reach
from tests.engine_fakes import make_model
from tests.ui.desk import Desk, play, with_engine
from tests.ui.hands import buttons, child, press, press_button, seen, words, write

CONTROL = Qt.KeyboardModifier.ControlModifier
FIRST, SECOND = "An answer of the first model", "An answer of another one"


@pytest.fixture
def data(tmp_path: Path) -> Paths:
    return with_engine(tmp_path)


def page(desk: Desk) -> ComparePage:
    return desk.window.compare_room.compare


def state(desk: Desk) -> CompareState:
    return desk.program.compare.state.value


def key(code: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the keyboard is."""
    press(focused(), code, modifier)


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None, "the keyboard is nowhere"
    return found


async def shown(desk: Desk) -> None:
    """The list of experiments, read."""
    desk.window.compare_room.show_compare()
    await reach(lambda: desk.program.experiments.state.value.loaded, "the list")


async def two_models(desk: Desk, sign: str = "") -> None:
    """Two models on this computer, and the list of experiments; the first one's answers end in *sign*."""
    for name, answer in (("first-model", FIRST + sign), ("second-model", SECOND)):
        await desk.program.models.add_folder(make_model(desk.folder, name, answer=answer).folder)
    await shown(desk)


async def begun(desk: Desk, name: str = "Side by side") -> None:
    press_button(page(desk), name)
    await reach(lambda: state(desk).experiment, "an experiment")


async def asked(desk: Desk, question: str) -> None:
    """Write a question where the keyboard is, send it, and wait for the answers."""
    write(focused(), question)
    key(Qt.Key.Key_Return)
    await reach(lambda: state(desk).experiment and state(desk).done and not state(desk).run, "the answers")
    await desk.quiet()


def test_a_question_is_answered_side_by_side_voted_on_blind_and_rated(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await two_models(desk)
        assert focused().accessibleName() == "Side by side"
        await begun(desk)
        assert [one.title for one in state(desk).columns] == ["first-model", "second-model"]
        assert focused().accessibleName() == "Message to all columns"
        await desk.program.compare.set_blind(True)
        await asked(desk, "Who are you?")
        assert {one.cells[0].answer.text for one in state(desk).columns} == {FIRST, SECOND}
        assert state(desk).hidden
        assert "Reveal" in buttons(page(desk))
        press_button(page(desk), "Differences")
        compared = child(page(desk), DifferenceView)
        await reach(lambda: len(compared.findChildren(QPlainTextEdit)) == 2, "two answers")
        press_button(page(desk), "Vote")
        votes = child(page(desk), VoteView)
        await reach(lambda: focused().accessibleName() == "The two answers", "the keyboard on the answers")
        assert "Reveal" not in buttons(page(desk))  # the votes have a button that does it
        key(Qt.Key.Key_Left)
        await reach(lambda: state(desk).votes == 1, "the vote")
        await reach(lambda: focused().accessibleName() == "Done & reveal", "the next thing to do")
        assert "Every pair of answers has been compared." in words(votes)
        key(Qt.Key.Key_Space)
        await reach(lambda: not state(desk).hidden and child(page(desk), RatingView).isVisible(), "the ratings")
        (vote,) = await desk.program.comparing.store.votes(None)
        assert (vote.verdict, vote.blind) == (Verdict.LEFT, True)
        assert "no rating yet" in words(child(page(desk), RatingView))  # of a single vote
        key(Qt.Key.Key_Escape)
        assert child(page(desk), CompareColumns).isVisible()
        key(Qt.Key.Key_Escape)
        assert focused() is child(page(desk), ExperimentView)
        await reach(lambda: [one.done for one in desk.program.experiments.state.value.experiments] == [2], "the list")
        assert desk.program.experiments.state.value.experiments[0].title == "Who are you?"
        press_button(page(desk), "Ratings of all votes")
        await reach(page(desk).ratings.isVisible, "all ratings")
        key(Qt.Key.Key_Escape)
        assert focused() is child(page(desk), ExperimentView)
        key(Qt.Key.Key_Return)
        await reach(lambda: state(desk).experiment, "the same experiment")
        assert focused().accessibleName() == "Message to all columns"
        await desk.quiet()

    play(qapp, data, scene)


def test_all_columns_are_asked_with_the_answer_that_somebody_chose(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        file = desk.folder / "asked.jsonl"
        for name, answer, record in (("first-model", FIRST, {"record": str(file)}), ("second-model", SECOND, {})):
            await desk.program.models.add_folder(make_model(desk.folder, name, answer=answer, **record).folder)
        await shown(desk)
        await begun(desk)
        await asked(desk, "Who are you?")
        right = sorted(seen(page(desk), CompareColumn), key=CompareColumn.x)[1]
        await reach(lambda: "Go on from this one" in buttons(right), "the choice")
        press_button(right, "Go on from this one")
        await reach(lambda: "Goes on from B’s answer" in words(page(desk)), "what that means for the other one")
        await reach(lambda: "All go on from this one" in words(right), "what was chosen")
        page(desk).focus_first()
        write(focused(), "And then?")
        key(Qt.Key.Key_Return)
        await reach(lambda: state(desk).done == 4 and not state(desk).run, "two more answers")
        last = json.loads(file.read_text("utf-8").splitlines()[-1])
        assert [one["content"] for one in last["messages"]] == ["Who are you?", SECOND, "And then?"]
        await reach(lambda: "All go on from this one: Undo" not in buttons(page(desk)), "that it is past")
        await desk.quiet()

    play(qapp, data, scene)


def test_a_prompt_set_is_run_looked_at_and_continued_in_a_chat(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await two_models(desk, "\x1b")
        await begun(desk, "Prompt set")
        assert focused().accessibleName() == "Write the first prompt"
        editor = child(page(desk), PromptEditor)
        editor.set_chosen.emit("facts")
        await reach(lambda: state(desk).waiting == 40, "twenty prompts for two columns")
        assert "Added “Facts”: 20 prompts." in words(page(desk))
        assert editor.isAncestorOf(focused())
        await reach(lambda: state(desk).plan, "the plan")
        press_button(page(desk), "Run")  # from the prompts, it shows the answers
        assert child(page(desk), GridView).isVisible()
        await reach(lambda: state(desk).done == 40 and not state(desk).run, "all answers")
        await desk.quiet()
        page(desk).board.focus_first()
        assert focused() is child(page(desk), GridView)
        QApplication.clipboard().clear()
        key(Qt.Key.Key_C, CONTROL)
        await reach(QApplication.clipboard().text, "a copy of the answer")
        assert QApplication.clipboard().text() == FIRST  # without the sign that would drive a terminal
        key(Qt.Key.Key_Return)
        await reach(lambda: focused().accessibleName() == "The whole answer", "the answer")
        await reach(lambda: "first-model" in words(child(page(desk), CellView)), "whose answer it is")
        key(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
        await reach(lambda: "second-model" in words(child(page(desk), CellView)), "the answer beside it")
        key(Qt.Key.Key_Escape)
        assert focused() is child(page(desk), GridView)
        key(Qt.Key.Key_Return)
        await reach(lambda: "Continue in a chat" in buttons(page(desk)), "the way on")
        press_button(page(desk), "Continue in a chat")
        await reach(lambda: len(desk.messages) == 2, "the chat")
        assert desk.window.chat.isVisible()
        assert desk.messages[1].text == SECOND
        await desk.quiet()

    play(qapp, data, scene)


def test_experiments_are_renamed_duplicated_deleted_and_brought_back(qapp: QApplication, data: Paths) -> None:
    def titles() -> list[str]:
        return [one.title for one in desks[0].program.experiments.state.value.experiments]

    desks: list[Desk] = []

    async def scene(desk: Desk) -> None:
        desks.append(desk)
        await shown(desk)
        await begun(desk)
        page(desk).board.bar.rename()
        write(focused(), "Poems")
        key(Qt.Key.Key_Return)
        await reach(lambda: titles() == ["Poems"], "another title")
        assert focused().accessibleName() == "More: rename, blind, export"
        key(Qt.Key.Key_Escape)
        listed = child(page(desk), ExperimentView)
        listed.duplicated.emit(listed.rows.heads[0].id)
        await reach(lambda: titles() == ["Poems (copy)", "Poems"], "a copy")
        listed.enter()
        key(Qt.Key.Key_Delete)
        await reach(lambda: len(titles()) == 1, "one less")
        press_button(page(desk), "Undo")
        await reach(lambda: len(titles()) == 2, "it is back")
        await desk.quiet()

    play(qapp, data, scene)


def test_escape_goes_back_step_by_step_and_stops_what_runs(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        for name in ("first-model", "second-model"):
            slow = make_model(desk.folder, name, tokens=100_000, tokens_per_second=20.0)
            await desk.program.models.add_folder(slow.folder)
        await shown(desk)
        await begun(desk)
        board = page(desk).board
        for view in (View.DIFFERENCES, View.VOTE, View.RATINGS, View.OPTIONS):
            board.show_view(view)
            assert board.isAncestorOf(focused())
            await desk.quiet()
            key(Qt.Key.Key_Escape)
            assert focused().accessibleName() == "Message to all columns"
        write(focused(), "Count to a million")
        key(Qt.Key.Key_Return)
        await reach(lambda: any(one.cells and one.cells[0].answer.text for one in state(desk).columns), "some words")
        write(focused(), "And then?")
        # There is one way to stop, wherever one looks.
        for view in (View.OPTIONS, View.ANSWERS):
            board.show_view(view)
            assert buttons(page(desk)).count("Stop") == 1
        QAccessible.setActive(True)  # what came of the run is announced
        try:
            key(Qt.Key.Key_Escape)
            await reach(lambda: state(desk).run is None, "the end of the run")
        finally:
            QAccessible.setActive(False)
        assert {one.cells[0].state for one in state(desk).columns} <= {CellState.STOPPED, CellState.WAITING}
        assert state(desk).experiment
        key(Qt.Key.Key_Escape)
        assert focused() is child(page(desk), ExperimentView)
        key(Qt.Key.Key_Escape)
        assert desk.window.chat.isVisible()
        desk.window.compare_room.show_compare()
        key(Qt.Key.Key_Return)
        await reach(lambda: state(desk).experiment, "the experiment")
        assert board.composer.text() == "And then?"  # what was written there is there again
        await desk.quiet()

    play(qapp, data, scene)


def test_keys_that_move_within_a_chat_move_among_columns_and_nobody_is_taken_from_the_page(
    qapp: QApplication, data: Paths
) -> None:
    async def scene(desk: Desk) -> None:
        alt = Qt.KeyboardModifier.AltModifier
        await two_models(desk)
        await begun(desk)
        await asked(desk, "Who are you?")
        columns = child(page(desk), CompareColumns)
        left, right = (one.transcript for one in columns._columns)
        key(Qt.Key.Key_Right, alt)
        assert focused() is left
        key(Qt.Key.Key_Right, alt)
        assert focused() is right
        key(Qt.Key.Key_Up, alt)
        assert right.isAncestorOf(focused())
        key(Qt.Key.Key_Left, alt)
        key(Qt.Key.Key_End, CONTROL)
        assert focused() is left
        press_button(page(desk), "Ratings")
        for code in (Qt.Key.Key_Up, Qt.Key.Key_Left):
            key(code, alt)
        assert page(desk).isVisible()

    play(qapp, data, scene)


def test_the_keyboard_comes_back_to_the_field_below_a_column_when_each_is_asked_by_itself(
    qapp: QApplication, data: Paths
) -> None:
    async def scene(desk: Desk) -> None:
        await two_models(desk)
        await begun(desk)
        press_button(page(desk), "One each")
        assert focused().accessibleName() == "Message to A · first-model"
        press_button(page(desk), "Ratings")
        key(Qt.Key.Key_Escape)
        assert focused().accessibleName() == "Message to A · first-model"

    play(qapp, data, scene)


def test_a_changed_column_keeps_its_answers_and_a_button_asks_what_it_misses(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await two_models(desk)
        await begun(desk)
        await asked(desk, "Who are you?")
        press_button(page(desk), "Change column A: first-model")
        editor = page(desk).editor
        assert editor.isAncestorOf(focused())
        child(editor, QPlainTextEdit, "System prompt").setPlainText("Never mind.")
        key(Qt.Key.Key_Escape)
        assert editor.isAncestorOf(focused())
        key(Qt.Key.Key_Escape)
        assert state(desk).columns[0].settings == ""
        assert focused().accessibleName() == "Message to all columns"
        press_button(page(desk), "Change column A: first-model")
        assert child(editor, QPlainTextEdit, "System prompt").toPlainText() == ""
        child(editor, QPlainTextEdit, "System prompt").setPlainText("Be brief.")
        key(Qt.Key.Key_Return, CONTROL)
        await reach(lambda: state(desk).waiting == 1, "an answer that is missing")
        assert state(desk).columns[0].settings == "own system prompt"
        await reach(lambda: "Continue" in buttons(page(desk)), "the way on")
        assert "1 waits" in words(page(desk))
        press_button(page(desk), "Continue")
        await reach(lambda: state(desk).done == 2 and not state(desk).run, "the answer")
        fields = [one for one in seen(page(desk), QWidget) if one.accessibleName() == "Message to all columns"]
        press_button(page(desk), "All details")
        await reach(lambda: focused().accessibleName() == "The whole answer", "its details")
        assert [one.isVisible() for one in fields] == [False]
        await reach(lambda: "How it came about" in buttons(page(desk)), "where it came from")
        key(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
        await reach(lambda: "second-model" in words(child(page(desk), CellView)), "the answer beside it")
        await desk.quiet()

    play(qapp, data, scene)


def test_a_question_that_cannot_be_kept_stands_in_its_field_again(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await two_models(desk)
        await begun(desk)
        experiment = state(desk).experiment
        assert experiment is not None
        await desk.program.comparing.store.delete(experiment.id)
        await desk.program.comparing.store.purge(0.0)
        await asked_in_vain(desk, "Who are you?")
        assert page(desk).board.composer.text() == "Who are you?"
        assert "Failure" in [one.accessibleName() for one in seen(page(desk), QWidget)]
        await desk.quiet()

    async def asked_in_vain(desk: Desk, question: str) -> None:
        write(focused(), question)
        key(Qt.Key.Key_Return)
        await reach(lambda: state(desk).error, "what failed")
        await desk.quiet()

    play(qapp, data, scene)


def test_without_an_engine_that_is_said_before_anything_is_asked(qapp: QApplication, paths: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await desk.program.first_run.skip()
        await shown(desk)
        await begun(desk)
        guide = [one.column.model.name for one in state(desk).columns]
        assert guide == ["Guide", "Guide"]  # one model, with two temperatures
        assert [one.settings for one in state(desk).columns] == ["", "temperature 0"]
        assert "No engine is installed." in words(page(desk))
        press_button(page(desk).board, "Install the engine")
        assert not page(desk).isVisible()
        elsewhere = desk.program.guide.__class__("far", Path(), address="http://127.0.0.1:9/v1")
        await desk.program.compare.new(ExperimentKind.CONVERSATION, [Column(0, elsewhere)] * 2)
        desk.window.compare_room.show_compare()
        assert "No engine is installed." not in words(page(desk))
        await desk.quiet()

    play(qapp, paths, scene)


def test_options_of_a_conversation_are_kept(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        await shown(desk)
        await begun(desk)
        press_button(page(desk), "Options")
        assert focused().accessibleName() == "Seed"
        key(Qt.Key.Key_A, CONTROL)
        write(focused(), "7")
        key(Qt.Key.Key_Escape)
        await reach(lambda: state(desk).experiment and options(desk).seed == 7, "the seed")
        await desk.quiet()

    def options(desk: Desk) -> Options:
        experiment = state(desk).experiment
        assert experiment is not None
        return experiment.options

    play(qapp, data, scene)
