"""The list of experiments under fingers: begin, open, rename, duplicate, delete, search."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QListView, QMenu
from pytestqt.qtbot import QtBot

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import ExperimentHead, ExperimentKind
from desktop_app.services.compare_view import ExperimentsState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.experiment_list import ExperimentList
from desktop_app.ui.widgets.experiment_list_view import ExperimentView
from desktop_app.ui.widgets.experiment_list_words import models_words, progress_words, sifted, spoken
from tests.ui.hands import buttons, child, click, press, press_button, seen, words, write

SET = ExperimentKind.PROMPTS


def head(key: int, title: str, kind: ExperimentKind = ExperimentKind.CONVERSATION, failed: int = 0) -> ExperimentHead:
    return ExperimentHead(key, title, kind, 1000.0 * key, ("Qwen3-8B", "Gemma-3"), 30, 57, 60, failed)


SOME = ExperimentsState((head(1, "Poems"), head(2, "Sums", SET, 3)), loaded=True)
MANY = ExperimentsState(tuple(head(key, f"Experiment {key}") for key in range(1, 31)), loaded=True)


class Desk:
    """A list on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.list = ExperimentList(theme)
        self.asked: list[tuple[object, ...]] = []
        self.list.new_asked.connect(lambda kind: self.asked.append(("new", kind)))
        self.list.opened.connect(lambda key: self.asked.append(("open", key)))
        self.list.renamed.connect(lambda key, title: self.asked.append(("rename", key, title)))
        self.list.duplicated.connect(lambda key: self.asked.append(("duplicate", key)))
        self.list.deleted.connect(lambda key: self.asked.append(("delete", key)))
        self.list.undo_asked.connect(lambda: self.asked.append(("undo",)))
        self.list.ratings_asked.connect(lambda: self.asked.append(("ratings",)))
        self.list.error_dismissed.connect(lambda: self.asked.append(("dismiss",)))
        qtbot.addWidget(self.list)
        self.list.resize(850, 600)
        self.list.show()
        self.list.activateWindow()

    @property
    def view(self) -> ExperimentView:
        return child(self.list, ExperimentView)

    def titles(self) -> list[str]:
        return [one.title for one in self.view.rows.heads]

    def row(self, number: int) -> QPoint:
        return self.view.visualRect(self.view.rows.index(number)).center()


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_both_kinds_can_be_begun(desk: Desk) -> None:
    desk.list.show_state(SOME)
    press_button(desk.list, "Side by side")
    press_button(desk.list, "Prompt set")
    assert desk.asked == [("new", ExperimentKind.CONVERSATION), ("new", ExperimentKind.PROMPTS)]


def test_an_empty_list_offers_one_next_action(desk: Desk) -> None:
    assert "Compare two models" not in buttons(desk.list)  # nobody knows yet whether there are some
    desk.list.show_state(ExperimentsState((), loaded=True))
    assert "Ratings of all votes" not in buttons(desk.list)
    press_button(desk.list, "Compare two models")
    assert desk.asked == [("new", ExperimentKind.CONVERSATION)]


def test_click_and_enter_open(desk: Desk) -> None:
    desk.list.show_state(SOME)
    click(desk.view.viewport(), desk.row(1))
    desk.list.focus_first()
    press(desk.view, Qt.Key.Key_Up)
    press(desk.view, Qt.Key.Key_Return)
    assert desk.asked == [("open", 2), ("open", 1)]


def test_up_in_the_first_row_leaves_the_list(desk: Desk) -> None:
    desk.list.show_state(SOME)
    desk.list.focus_first()
    assert desk.view.hasFocus()
    press(desk.view, Qt.Key.Key_Up)
    assert not desk.view.hasFocus()


def test_delete_asks_nothing_and_can_be_undone(desk: Desk) -> None:
    desk.list.show_state(SOME)
    desk.list.focus_first()
    press(desk.view, Qt.Key.Key_Delete)
    desk.list.show_state(ExperimentsState(SOME.experiments[1:], True, "“Poems” was deleted"))
    assert "“Poems” was deleted" in words(desk.list)
    press(desk.view, Qt.Key.Key_Return)  # the keyboard is where the deleted one was
    press_button(desk.list, "Undo")
    assert desk.asked == [("delete", 1), ("open", 2), ("undo",)]


def test_a_title_is_edited_in_place_while_the_list_changes(desk: Desk, qtbot: QtBot) -> None:
    desk.list.show_state(SOME)
    desk.list.focus_first()
    press(desk.view, Qt.Key.Key_F2)
    editor = child(desk.view, QLineEdit, "Title of the experiment")
    desk.list.show_state(ExperimentsState((head(3, "New one"), *SOME.experiments), True))
    assert desk.titles() == ["Poems", "Sums"]
    editor.selectAll()
    write(editor, "Verses")
    press(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.asked == [("rename", 1, "Verses")])
    assert desk.titles() == ["New one", "Poems", "Sums"]


def test_an_empty_title_is_no_title(desk: Desk, qtbot: QtBot) -> None:
    desk.list.show_state(SOME)
    desk.list.rename(2)
    editor = child(desk.view, QLineEdit, "Title of the experiment")
    editor.selectAll()
    write(editor, "  ")
    press(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not seen(desk.view, QLineEdit))
    assert desk.asked == []


def test_the_dots_open_a_menu_and_nothing_else(desk: Desk) -> None:
    desk.list.show_state(SOME)
    place = desk.view._delegate.more_place(desk.view.visualRect(desk.view.rows.index(1)))
    click(desk.view.viewport(), place.center())
    menu = child(desk.view, QMenu)
    actions = {action.text().partition("\t")[0]: action for action in menu.actions() if action.text()}
    assert list(actions) == ["Open", "Rename", "Duplicate without answers", "Delete"]
    for name in ("Open", "Duplicate without answers", "Delete"):
        actions[name].trigger()
    menu.close()
    assert desk.asked == [("open", 2), ("duplicate", 2), ("delete", 2)]


def test_many_can_be_searched(desk: Desk) -> None:
    desk.list.show_state(SOME)
    assert not seen(desk.list, QLineEdit)
    desk.list.show_state(MANY)
    search = child(desk.list, QLineEdit, "Search experiments")
    write(search, "experiment 12")
    assert desk.titles() == ["Experiment 12"]
    write(search, "x")
    assert "No experiment has this." in words(desk.list)
    press(search, Qt.Key.Key_Escape)
    press(search, Qt.Key.Key_Down)
    press(desk.view, Qt.Key.Key_Return)
    assert desk.asked == [("open", 1)]


def test_the_row_with_the_keyboard_comes_into_sight(desk: Desk, qtbot: QtBot) -> None:
    desk.list.show_state(MANY)
    desk.list.focus_first()
    press(desk.view, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: 0 < desk.view.viewport().mapTo(desk.list, desk.row(29)).y() < desk.list.height())


def test_ratings_of_all_votes_are_asked_for(desk: Desk) -> None:
    desk.list.show_state(SOME)
    press_button(desk.list, "Ratings of all votes")
    assert desk.asked == [("ratings",)]


def test_a_failure_is_shown_and_dismissed(desk: Desk) -> None:
    desk.list.show_state(ExperimentsState((), True, error=UserError("It could not be deleted")))
    assert "It could not be deleted" in words(desk.list)
    press_button(desk.list, "Dismiss")
    assert desk.asked == [("dismiss",)]


def test_choices_stand_below_one_another_where_there_is_no_room(desk: Desk, qtbot: QtBot) -> None:
    desk.list.show_state(SOME)
    first, second = desk.list._choices
    qtbot.waitUntil(lambda: first.y() == second.y() > 0)
    desk.list.resize(460, 600)
    qtbot.waitUntil(lambda: first.y() < second.y())


def test_a_row_is_read_as_a_whole(desk: Desk) -> None:
    desk.list.show_state(SOME)
    view = child(desk.list, QListView, "Experiments")
    told = str(view.model().data(view.model().index(1, 0), Qt.ItemDataRole.AccessibleTextRole))
    assert told.startswith("Sums, Prompt set, Qwen3-8B, Gemma-3, 57 of 60 done, 3 failed, ")


def test_words() -> None:
    assert models_words(("A", "B", "A")) == "A × 2, B"
    assert models_words(tuple("ABCDEF")) == "A, B, C, D and 2 more"
    assert models_words(()) == "no models yet"
    one = ExperimentHead(1, "T", SET, 0, (), 500, 0, 0)
    assert progress_words(one) == "500 questions, not run yet"
    assert progress_words(ExperimentHead(1, "T", SET, 0, (), 0, 0, 0)) == "nothing asked yet"
    hidden = ExperimentHead(1, "T", SET, 0, ("A",), 1, 1, 1, blind=True)
    assert spoken(hidden, 0).startswith("T, Prompt set, names hidden, A, 1 of 1 done, ")
    assert sifted(SOME.experiments, "gemma prompt") == SOME.experiments[1:]
