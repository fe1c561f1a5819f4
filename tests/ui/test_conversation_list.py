"""The list of conversations: grouped, searched, chosen, renamed and deleted, by mouse and by keyboard."""

from datetime import date, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListView, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Conversation
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.conversation_list import Age, ConversationList, age_of
from tests.ui.hands import child, click, press, write

TODAY = date(2026, 3, 10)


def at(days_ago: int) -> float:
    """Noon, some days before today."""
    day = datetime.now().astimezone().replace(hour=12) - timedelta(days=days_ago)
    return day.timestamp()


CHATS = (
    Conversation(1, "Bread without yeast", at(0)),
    Conversation(2, "A letter to the landlord", at(0)),
    Conversation(3, "Bread with yeast", at(1)),
    Conversation(4, "Old", at(400)),
)


class Desk:
    """A list on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self._qtbot = qtbot
        self.list = ConversationList(theme)
        self.said: list[tuple[object, ...]] = []
        self.list.chosen.connect(lambda key: self.said.append(("open", key)))
        self.list.renamed.connect(lambda key, title: self.said.append(("rename", key, title)))
        self.list.delete_asked.connect(lambda key: self.said.append(("delete", key)))
        self.list.new_clicked.connect(lambda: self.said.append(("new",)))
        self.list.resize(250, 500)
        qtbot.addWidget(self.list)
        self.list.show()
        self.list.show_conversations(CHATS, None)

    @property
    def view(self) -> QListView:
        return child(self.list, QListView)

    @property
    def search(self) -> QLineEdit:
        return child(self.list, QLineEdit, "Search chats")

    def rows(self) -> list[str]:
        model = self.view.model()
        return [str(model.index(row, 0).data()) for row in range(model.rowCount())]

    def choose(self, title: str) -> None:
        index = self.view.model().index(self.rows().index(title), 0)
        click(self.view.viewport(), self.view.visualRect(index).center())

    def press(self, key: Qt.Key) -> None:
        press(self.view, key)

    def editor(self) -> QLineEdit:
        found: list[QLineEdit] = self.view.viewport().findChildren(QLineEdit)
        return found[-1]

    def retitle(self, title: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
        editor = self.editor()
        editor.setText(title)
        press(editor, end)
        # Qt takes the text over in a later turn of its loop.
        self._qtbot.waitUntil(lambda: self.view.state() is not QListView.State.EditingState)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


@pytest.mark.parametrize(
    ("days", "age"),
    [(-1, Age.TODAY), (0, Age.TODAY), (1, Age.YESTERDAY), (2, Age.WEEK), (7, Age.WEEK), (8, Age.EARLIER)],
)
def test_ages(days: int, age: Age) -> None:
    moment = datetime(2026, 3, 10, 0, 5).astimezone() - timedelta(days=days)
    assert age_of(moment.timestamp(), TODAY) is age


def test_conversations_stand_below_the_heading_of_their_day(desk: Desk) -> None:
    assert desk.rows() == [
        "Today",
        "Bread without yeast",
        "A letter to the landlord",
        "Yesterday",
        "Bread with yeast",
        "Earlier",
        "Old",
    ]


def test_search_filters_without_regard_to_case_and_says_when_nothing_is_found(desk: Desk) -> None:
    empty = next(label for label in desk.list.findChildren(QLabel) if label.text().startswith("Your chats"))
    assert empty.isHidden()
    desk.list.focus_search()
    write(desk.search, "bREAD")
    assert desk.rows() == ["Today", "Bread without yeast", "Yesterday", "Bread with yeast"]
    write(desk.search, " wine")
    assert desk.rows() == []
    assert (empty.text(), empty.isHidden()) == ("No chat has this in its title.", False)
    desk.search.clear()
    assert len(desk.rows()) == 7


def test_an_empty_list_says_what_will_be_here(desk: Desk) -> None:
    desk.list.show_conversations((), None)
    assert "Your chats will show up here." in [label.text() for label in desk.list.findChildren(QLabel)]


def test_a_click_opens_and_the_open_one_is_marked_without_being_opened_again(desk: Desk) -> None:
    desk.choose("Bread with yeast")
    assert desk.said == [("open", 3)]
    desk.list.show_conversations(CHATS, 3)
    assert desk.view.currentIndex().data() == "Bread with yeast"
    desk.list.show_conversations(CHATS, None)
    assert not desk.view.currentIndex().isValid()
    assert desk.said == [("open", 3)]


def test_the_focus_alone_opens_and_deletes_nothing(desk: Desk) -> None:
    desk.list.activateWindow()
    desk.view.setFocus(Qt.FocusReason.TabFocusReason)
    desk.press(Qt.Key.Key_Delete)
    assert desk.said == []
    desk.press(Qt.Key.Key_Down)
    assert len(desk.said) == 1


def test_a_heading_cannot_be_chosen(desk: Desk) -> None:
    desk.choose("Yesterday")
    desk.press(Qt.Key.Key_Delete)
    desk.press(Qt.Key.Key_F2)
    assert desk.said == []


def test_the_keyboard_walks_over_headings(desk: Desk) -> None:
    desk.list.show_conversations(CHATS, 2)
    desk.press(Qt.Key.Key_Down)
    assert desk.said == [("open", 3)]


def test_f2_renames_in_place(desk: Desk) -> None:
    desk.list.show_conversations(CHATS, 1)
    desk.press(Qt.Key.Key_F2)
    desk.retitle("  Flat bread ")
    assert desk.said == [("rename", 1, "Flat bread")]


def test_escape_keeps_the_title(desk: Desk) -> None:
    desk.list.show_conversations(CHATS, 1)
    desk.press(Qt.Key.Key_F2)
    desk.retitle("Flat bread", Qt.Key.Key_Escape)
    assert desk.said == []
    assert "Bread without yeast" in desk.rows()


def test_an_empty_title_is_not_taken(desk: Desk) -> None:
    desk.list.show_conversations(CHATS, 1)
    desk.press(Qt.Key.Key_F2)
    desk.retitle("  ")
    assert desk.said == []
    assert "Bread without yeast" in desk.rows()


def test_a_change_during_renaming_waits_for_its_end(desk: Desk) -> None:
    desk.list.show_conversations(CHATS, 1)
    desk.list.rename(1)
    desk.list.show_conversations(CHATS[:2], 1)
    assert desk.editor().isVisible()
    desk.retitle("x", Qt.Key.Key_Escape)
    assert desk.rows() == ["Today", "Bread without yeast", "A letter to the landlord"]


def test_delete_asks_for_the_current_one(desk: Desk) -> None:
    desk.press(Qt.Key.Key_Delete)
    desk.list.show_conversations(CHATS, 4)
    desk.press(Qt.Key.Key_Delete)
    assert desk.said == [("delete", 4)]


def test_the_menu_renames_and_deletes_the_one_under_it(desk: Desk) -> None:
    index = desk.view.model().index(desk.rows().index("Old"), 0)
    desk.view.customContextMenuRequested.emit(desk.view.visualRect(index).center())
    menu = desk.list.findChildren(QMenu)[-1]
    rename, delete = menu.actions()
    assert (rename.text(), delete.text()) == ("Rename", "Delete")
    delete.trigger()
    assert desk.said == [("delete", 4)]
    menu.close()


def test_new_chat(desk: Desk) -> None:
    click(child(desk.list, QPushButton))
    assert desk.said == [("new",)]


def test_a_title_is_text_and_nothing_else(desk: Desk) -> None:
    title = "<b>A & B</b>" + " long" * 60
    desk.list.show_conversations((Conversation(9, title, at(0)),), None)
    assert desk.rows() == ["Today", title]
    assert desk.view.horizontalScrollBar().maximum() == 0
