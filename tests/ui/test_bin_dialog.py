"""The bin: what can come back, what goes for good, and that nothing goes without a question."""

import time

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Conversation, DeletedConversation
from desktop_app.services.chat_view import ChatsState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.bin_dialog import BinDialog
from desktop_app.ui.widgets.conversation_list_view import ChatListView
from tests.ui.hands import buttons, child, press_button, seen, words


class Desk:
    """An open bin, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.dialog = BinDialog(theme)
        self.said: list[tuple[object, ...]] = []
        self.dialog.restore_asked.connect(lambda ids: self.said.append(("restore", ids)))
        self.dialog.delete_asked.connect(lambda ids: self.said.append(("delete", ids)))
        self.dialog.empty_asked.connect(lambda: self.said.append(("empty",)))
        qtbot.addWidget(self.dialog)
        self.dialog.open()

    def put(self, *ids: int) -> None:
        deleted = tuple(DeletedConversation(Conversation(key, f"Chat {key}", 0.0), time.time()) for key in ids)
        self.dialog.show_state(ChatsState(bin=deleted))

    def choose(self, row: int) -> None:
        view = child(self.dialog, ChatListView)
        view.setCurrentIndex(view.rows.index(row))

    def enabled(self) -> set[str]:
        return {one.text() for one in seen(self.dialog, QPushButton) if one.isEnabled()}


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_an_empty_bin_says_so(desk: Desk) -> None:
    desk.put()
    assert "The bin is empty." in words(desk.dialog)
    assert seen(desk.dialog, ChatListView) == []
    assert desk.enabled() == {"Close"}


def test_what_is_chosen_comes_back(desk: Desk) -> None:
    desk.put(1, 2)
    assert "Restore" not in desk.enabled()
    desk.choose(1)
    press_button(desk.dialog, "Restore")
    assert desk.said == [("restore", [2])]
    desk.put(1)
    assert "Restore" not in desk.enabled()


def test_for_good_only_after_a_question(desk: Desk) -> None:
    desk.put(1, 2)
    desk.choose(0)
    press_button(desk.dialog, "Delete for good…")
    assert "Delete 1 chat for good? This cannot be undone." in words(desk.dialog)
    assert "Restore" not in desk.enabled()
    press_button(desk.dialog, "Keep")
    assert desk.said == []
    press_button(desk.dialog, "Delete for good…")
    press_button(desk.dialog, "Delete for good")
    assert desk.said == [("delete", [1])]
    assert "Delete for good" not in buttons(desk.dialog)


def test_emptying_only_after_a_question(desk: Desk) -> None:
    desk.put(1, 2)
    press_button(desk.dialog, "Empty the bin…")
    assert "Empty the bin: delete 2 chats for good? This cannot be undone." in words(desk.dialog)
    press_button(desk.dialog, "Delete for good")
    assert desk.said == [("empty",)]
