"""The list of conversations: grouped, searched, chosen, renamed, moved and deleted, by mouse and by keyboard."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListView, QMenu
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Conversation, Folder, Found
from desktop_app.services.chat_files import Form
from desktop_app.services.chat_view import ChatsState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.conversation_list import ConversationList
from desktop_app.ui.widgets.conversation_list_model import MIME
from desktop_app.ui.widgets.conversation_list_view import ChatListView
from desktop_app.ui.widgets.folder_dialog import FolderDialog
from tests.ui.hands import buttons, child, click, press, press_button, words, write

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def at(days_ago: int) -> float:
    """Noon, some days before today."""
    day = datetime.now().astimezone().replace(hour=12) - timedelta(days=days_ago)
    return day.timestamp()


CHATS = ChatsState(
    (
        Conversation(1, "Bread without yeast", at(0)),
        Conversation(2, "A letter to the landlord", at(0)),
        Conversation(3, "Bread with yeast", at(1)),
        Conversation(4, "Old", at(400)),
    )
)
SORTED = ChatsState(
    (
        Conversation(5, "Dear", at(3), pinned=True),
        Conversation(6, "Flat", at(2), folder=8),
        *CHATS.conversations,
    ),
    folders=(Folder(8, "Home"), Folder(9, "Work")),
)
FOUND = replace(
    CHATS,
    searched="bread",
    found=(
        Found(1, "Bread without yeast", 11, "how to bake bread", ((12, 17),), at(0)),
        Found(1, "Bread without yeast", 12, "bread again", ((0, 5),), at(0)),
        Found(3, "Bread with yeast", None, "", (), at(1)),
    ),
)


class Desk:
    """A list on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self._qtbot = qtbot
        self.list = ConversationList(theme)
        self.said: list[tuple[object, ...]] = []
        for name in (
            "new_clicked",
            "temporary_clicked",
            "chosen",
            "found_chosen",
            "search_changed",
            "renamed",
            "pin_asked",
            "move_asked",
            "folder_added",
            "folder_renamed",
            "folder_removed",
            "folder_folded",
            "delete_asked",
            "bin_asked",
            "export_asked",
            "import_asked",
        ):
            getattr(self.list, name).connect(lambda *args, name=name: self.said.append((name, *args)))
        self.list.resize(250, 700)
        qtbot.addWidget(self.list)
        self.list.show()
        self.list.show_chats(CHATS, None)

    @property
    def view(self) -> ChatListView:
        return child(self.list, ChatListView)

    @property
    def search(self) -> QLineEdit:
        return child(self.list, QLineEdit, "Search chats")

    def rows(self) -> list[str]:
        return [entry.text for entry in self.view.rows.entries]

    def choose(self, title: str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        index = self.view.rows.index(self.rows().index(title))
        middle = self.view.visualRect(index).center()
        QTest.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, modifier, middle)

    def menu(self, title: str) -> QMenu:
        index = self.view.rows.index(self.rows().index(title))
        self.view.customContextMenuRequested.emit(self.view.visualRect(index).center())
        return self.list.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)[-1]

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        press(self.view, key, modifier)

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


def pick(menu: QMenu, *path: str) -> None:
    """Trigger what *path* leads to."""
    for name in path[:-1]:
        found = next(action for action in menu.actions() if action.text() == name).menu()
        assert isinstance(found, QMenu)
        menu = found
    next(action for action in menu.actions() if action.text() == path[-1]).trigger()


def test_conversations_stand_below_their_heading(desk: Desk) -> None:
    desk.list.show_chats(SORTED, None)
    assert desk.rows() == [
        *("Pinned", "Dear", "Home", "Flat", "Work", "Today", "Bread without yeast", "A letter to the landlord"),
        *("Yesterday", "Bread with yeast", "Earlier", "Old"),
    ]


def test_an_empty_list_says_what_will_be_here(desk: Desk) -> None:
    empty = next(label for label in desk.list.findChildren(QLabel) if label.text().startswith("Your chats"))
    assert empty.isHidden()
    desk.list.show_chats(ChatsState(), None)
    assert not empty.isHidden()


def test_a_click_opens_and_the_open_one_is_marked_without_being_opened_again(desk: Desk) -> None:
    desk.choose("Bread with yeast")
    assert desk.said == [("chosen", 3)]
    desk.list.show_chats(CHATS, 3)
    assert desk.view.currentIndex().data() == "Bread with yeast"
    desk.list.show_chats(CHATS, None)
    assert not desk.view.currentIndex().isValid()
    assert desk.said == [("chosen", 3)]


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


def test_the_keyboard_walks_over_headings_and_up_to_the_search(desk: Desk) -> None:
    desk.list.activateWindow()
    desk.list.show_chats(CHATS, 2)
    desk.press(Qt.Key.Key_Down)
    assert desk.said == [("chosen", 3)]
    desk.list.show_chats(CHATS, 1)
    desk.press(Qt.Key.Key_Up)
    assert QApplication.focusWidget() is desk.search
    press(desk.search, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is desk.view


@pytest.mark.parametrize("key", [Qt.Key.Key_Home, Qt.Key.Key_PageUp])
def test_the_first_chat_is_one_key_away(desk: Desk, key: Qt.Key) -> None:
    desk.list.show_chats(CHATS, 4)
    desk.press(key)
    assert desk.said == [("chosen", 1)]
    desk.list.show_chats(CHATS, 1)
    desk.press(Qt.Key.Key_End)
    assert desk.said[1:] == [("chosen", 4)]
    desk.press(key, SHIFT)
    assert len(desk.view.selected_ids) == 4


def test_f2_renames_in_place(desk: Desk) -> None:
    desk.list.show_chats(CHATS, 1)
    desk.press(Qt.Key.Key_F2)
    desk.retitle("  Flat bread ")
    assert desk.said == [("renamed", 1, "Flat bread")]


@pytest.mark.parametrize(("title", "end"), [("Flat bread", Qt.Key.Key_Escape), ("  ", Qt.Key.Key_Return)])
def test_escape_and_an_empty_title_keep_the_title(desk: Desk, title: str, end: Qt.Key) -> None:
    desk.list.show_chats(CHATS, 1)
    desk.press(Qt.Key.Key_F2)
    desk.retitle(title, end)
    assert desk.said == []
    assert "Bread without yeast" in desk.rows()


def test_a_change_during_renaming_waits_for_its_end(desk: Desk) -> None:
    desk.list.show_chats(CHATS, 1)
    desk.list.rename(1)
    desk.list.show_chats(ChatsState(CHATS.conversations[:2]), 1)
    assert desk.editor().isVisible()
    assert "Old" in desk.rows()
    desk.retitle("x", Qt.Key.Key_Escape)
    assert desk.rows() == ["Today", "Bread without yeast", "A letter to the landlord"]


def test_delete_asks_for_the_selected_one(desk: Desk) -> None:
    desk.press(Qt.Key.Key_Delete)
    desk.list.show_chats(CHATS, 4)
    desk.press(Qt.Key.Key_Delete)
    assert desk.said == [("delete_asked", [4])]


def test_the_menu_is_about_the_chat_under_it(desk: Desk) -> None:
    desk.list.show_chats(SORTED, 1)
    menu = desk.menu("Old")
    assert [one.text() for one in menu.actions()] == ["Rename", "Pin", "Move to folder", "Export", "", "Delete"]
    pick(menu, "Pin")
    pick(menu, "Move to folder", "Work")
    pick(menu, "Export", "Markdown")
    pick(menu, "Delete")
    assert desk.said == [
        ("pin_asked", [4], True),
        ("move_asked", [4], 9),
        ("export_asked", [4], Form.MARKDOWN),
        ("delete_asked", [4]),
    ]
    menu.close()


def test_what_is_pinned_is_unpinned_and_what_is_in_a_folder_taken_out(desk: Desk) -> None:
    desk.list.show_chats(SORTED, None)
    pick(desk.menu("Dear"), "Unpin")
    pick(desk.menu("Flat"), "Move to folder", "Out of the folder")
    assert desk.said == [("pin_asked", [5], False), ("move_asked", [6], None)]


def test_a_temporary_chat_has_no_place_to_be_moved_to(desk: Desk) -> None:
    state = ChatsState((Conversation(2**30, "Secret", at(0), temporary=True),))
    desk.list.show_chats(state, None)
    assert [one.text() for one in desk.menu("Secret").actions()] == ["Rename", "Export", "", "Delete"]
    assert "temporary" in str(desk.view.rows.index(1).data(Qt.ItemDataRole.AccessibleTextRole))
    desk.choose("Secret")
    desk.list.rename(2**30)
    desk.retitle("Told")
    desk.press(Qt.Key.Key_Delete)
    assert desk.said == [("chosen", 2**30), ("renamed", 2**30, "Told"), ("delete_asked", [2**30])]


def test_several_chats_at_once(desk: Desk) -> None:
    desk.list.show_chats(CHATS, 1)
    desk.choose("Old", CONTROL)
    assert words(desk.list)[-1] == "2 chats selected"
    press_button(desk.list, "Delete")
    desk.choose("A letter to the landlord", CONTROL)
    pick(desk.menu("Old"), "Pin")
    desk.list.show_chats(replace(CHATS, undo="x"), 1)
    assert desk.view.selected_ids == [1, 2, 4]
    press_button(desk.list, "Select only the open chat")
    assert desk.view.selected_ids == [1]
    assert "Select only the open chat" not in buttons(desk.list)
    assert desk.said == [("delete_asked", [1, 4]), ("pin_asked", [1, 2, 4], True)]


def test_shift_and_arrows_select_without_opening(desk: Desk) -> None:
    desk.list.show_chats(CHATS, 1)
    desk.press(Qt.Key.Key_Down, SHIFT)
    desk.press(Qt.Key.Key_Down, SHIFT)
    assert desk.view.selected_ids == [1, 2, 3]
    assert desk.said == []


def test_what_is_selected_and_goes_is_no_longer_selected(desk: Desk) -> None:
    desk.list.show_chats(CHATS, 1)
    desk.choose("Old", CONTROL)
    desk.list.show_chats(ChatsState(CHATS.conversations[:3]), 1)
    assert desk.view.selected_ids == [1]
    assert "Delete" not in buttons(desk.list)


def test_folders_are_folded_by_mouse_and_by_keyboard(desk: Desk) -> None:
    desk.list.show_chats(SORTED, 5)
    desk.choose("Home")
    assert "Flat" not in desk.rows()
    assert "Home, folder, 1 chat, folded" in [
        desk.view.rows.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)
    ]
    desk.press(Qt.Key.Key_Right)
    assert "Flat" in desk.rows()
    desk.press(Qt.Key.Key_Right)
    desk.press(Qt.Key.Key_Delete)
    desk.press(Qt.Key.Key_Return)
    assert "Flat" not in desk.rows()
    assert desk.said == [("folder_folded", 8, True), ("folder_folded", 8, False), ("folder_folded", 8, True)]
    desk.list.fold(())
    assert "Flat" in desk.rows()


def test_a_folder_is_renamed_and_removed(desk: Desk) -> None:
    desk.list.show_chats(SORTED, None)
    pick(desk.menu("Work"), "Rename")
    desk.retitle("Job")
    pick(desk.menu("Work"), "Remove the folder (its chats stay)")
    assert desk.said == [("folder_renamed", 9, "Job"), ("folder_removed", 9)]


def test_a_new_folder_has_a_name(desk: Desk) -> None:
    desk.list.show_chats(SORTED, None)
    pick(desk.menu("Old"), "Move to folder", "New folder…")
    dialog = child(desk.list, FolderDialog)
    field = child(dialog, QLineEdit, "Name of the folder")
    press(field, Qt.Key.Key_Return)
    assert dialog.isVisible()
    write(field, " Recipes ")
    press(field, Qt.Key.Key_Return)
    assert desk.said == [("folder_added", "Recipes", [4])]


def test_chats_are_dropped_where_a_chat_can_lie(desk: Desk) -> None:
    desk.list.show_chats(SORTED, None)
    rows, move = desk.view.rows, Qt.DropAction.MoveAction
    data = rows.mimeData([rows.index(desk.rows().index(title)) for title in ("Old", "Bread with yeast")])
    assert rows.dropMimeData(data, move, -1, -1, rows.index(desk.rows().index("Work")))
    assert rows.dropMimeData(data, move, -1, -1, rows.index(desk.rows().index("Flat")))
    assert not rows.flags(rows.index(desk.rows().index("Dear"))) & Qt.ItemFlag.ItemIsDropEnabled
    damaged = QMimeData()
    damaged.setData(MIME, b"4x,,\xff")
    assert not rows.dropMimeData(damaged, move, -1, -1, rows.index(2))
    assert desk.said == [("move_asked", [4, 3], 9), ("move_asked", [4, 3], 8)]


def test_search_shows_what_was_found_and_clearing_brings_the_list_back(desk: Desk) -> None:
    desk.list.focus_search()
    write(desk.search, "bread")
    assert desk.said[-1] == ("search_changed", "bread")
    assert "Today" in desk.rows(), "the list stays until there is something to show"
    desk.list.show_chats(FOUND, 2)
    assert desk.rows() == ["Bread without yeast", "Bread without yeast", "Bread with yeast"]
    press(desk.search, Qt.Key.Key_Escape)
    assert desk.rows()[0] == "Today"
    assert desk.said[-1] == ("search_changed", "")
    assert desk.view.currentIndex().data() == "A letter to the landlord"


def test_nothing_found(desk: Desk) -> None:
    write(desk.search, "wine")
    desk.list.show_chats(replace(CHATS, searched="wine"), None)
    assert "No chat has this." in words(desk.list)


def test_enter_opens_the_first_hit_and_arrows_the_next(desk: Desk) -> None:
    desk.list.activateWindow()
    write(desk.search, "bread")
    desk.list.show_chats(FOUND, 1)
    del desk.said[:]
    press(desk.search, Qt.Key.Key_Return)
    press(desk.search, Qt.Key.Key_Down)
    desk.press(Qt.Key.Key_Down)
    desk.press(Qt.Key.Key_Down)
    desk.press(Qt.Key.Key_Return)
    assert desk.said == [
        ("found_chosen", 1, 11, "bread"),
        ("found_chosen", 1, 12, "bread"),
        ("found_chosen", 3, None, "bread"),
        ("found_chosen", 3, None, "bread"),
    ]


def test_two_hits_in_a_chat_are_one_chat(desk: Desk) -> None:
    write(desk.search, "bread")
    desk.list.show_chats(FOUND, 1)
    desk.view.selectAll()
    assert desk.view.selected_ids == [1, 3]


def test_a_chat_in_which_an_answer_is_written_says_so(desk: Desk) -> None:
    index = desk.view.rows.index(1)
    desk.list.show_chats(CHATS, None, frozenset((1,)))
    assert "an answer is being written" in str(index.data(Qt.ItemDataRole.AccessibleTextRole))
    desk.list.show_chats(CHATS, None)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Bread without yeast"


def test_new_temporary_bin_and_import(desk: Desk) -> None:
    for name in ("New chat", "Bin", "Import…"):
        press_button(desk.list, name)
    press_button(desk.list, "More to begin")
    menu = desk.list.findChildren(QMenu)[-1]
    menu.actions()[0].trigger()
    menu.close()
    assert desk.said == [("new_clicked",), ("bin_asked",), ("import_asked",), ("temporary_clicked",)]


def test_a_title_is_text_and_nothing_else(desk: Desk) -> None:
    title = "<b>A & B</b>" + " long" * 60
    desk.list.show_chats(ChatsState((Conversation(9, title, at(0)),), folders=(Folder(1, "a & b"),)), None)
    assert desk.rows() == ["a & b", "Today", title]
    assert desk.view.horizontalScrollBar().maximum() == 0
    places = desk.menu(title).actions()[2].menu()
    assert isinstance(places, QMenu)
    assert places.actions()[0].text() == "a && b"


def test_a_click_on_the_same_state_draws_nothing_again(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(desk.view.rows.dataChanged):
        desk.list.show_chats(CHATS, None)
        click(desk.search)
