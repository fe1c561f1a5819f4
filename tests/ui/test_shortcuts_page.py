"""The page of shortcuts: found, changed by pressing keys, refused in words, put back."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.pages.shortcuts import ShortcutsPage
from desktop_app.ui.shortcuts import COMMANDS, CommandId, Shortcuts
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.shortcut_row import ShortcutRow
from tests.ui.hands import buttons, child, press, press_button, seen, words, write

CONTROL = Qt.KeyboardModifier.ControlModifier
SEARCH = "Change the keys of: Search all chats"


class Desk:
    """The page in a window that has the keys."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.keys = Shortcuts(self.window)
        self.done: list[str] = []
        self.keys.bind(CommandId.NEW_CHAT, lambda: self.done.append("new"))
        self.keys.bind(CommandId.LEAVE, lambda: self.done.append("leave"))
        self.page = ShortcutsPage(theme, self.keys, self.window)
        self.page.resize(800, 600)
        self.window.resize(800, 600)
        self.window.show()
        self.window.activateWindow()

    def catch(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Change the keys of the search."""
        button = child(self.page, QPushButton, SEARCH)
        button.setFocus()
        button.click()
        press(button, key, modifier)

    def row(self) -> list[str]:
        found = next(row for row in self.page.findChildren(ShortcutRow) if row.command.id is CommandId.SEARCH)
        return words(found)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_all_commands_are_listed_and_found(desk: Desk) -> None:
    assert len(seen(desk.page, ShortcutRow)) == len(COMMANDS)
    field = child(desk.page, QLineEdit, "Filter the shortcuts")
    write(field, "CTRL+SHIFT chat")
    assert [row.command.id for row in seen(desk.page, ShortcutRow)] == [
        CommandId.TEMPORARY_CHAT,
        CommandId.NEW_FOLDER,
        CommandId.ATTACH,
        CommandId.COPY_ANSWER,
        CommandId.COPY_CODE,
    ]
    assert "Pages" not in words(desk.page)
    write(field, " nothing")
    assert "No command has these words." in words(desk.page)


def test_the_next_keys_are_taken_and_do_nothing_else(desk: Desk) -> None:
    assert "Reset the keys of: Search all chats" not in buttons(desk.page)
    desk.catch(Qt.Key.Key_J, CONTROL)
    assert desk.keys.keys(CommandId.SEARCH) == "Ctrl+J"
    assert desk.row() == ["Search all chats", "Ctrl+J"]
    press_button(desk.page, "Reset the keys of: Search all chats")
    assert desk.row() == ["Search all chats", "Ctrl+K"]


def test_escape_keeps_the_keys_and_leaves_nothing(desk: Desk) -> None:
    desk.catch(Qt.Key.Key_Escape)
    assert desk.keys.keys(CommandId.SEARCH) == "Ctrl+K"
    assert desk.done == []
    assert SEARCH in buttons(desk.page)


def test_going_elsewhere_keeps_the_keys(desk: Desk) -> None:
    desk.catch(Qt.Key.Key_Shift)
    desk.page.focus_search()
    assert SEARCH in buttons(desk.page)
    press(desk.window, Qt.Key.Key_N, CONTROL)
    assert desk.done == ["new"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_A, Qt.Key.Key_Delete])
def test_a_key_alone_is_refused_in_words(desk: Desk, key: Qt.Key) -> None:
    desk.catch(key)
    assert desk.row()[-1] == "Press it together with Ctrl or Alt: alone it is for writing."
    assert desk.keys.keys(CommandId.SEARCH) == "Ctrl+K"


def test_keys_that_are_taken_are_replaced_on_request(desk: Desk) -> None:
    desk.catch(Qt.Key.Key_N, CONTROL)
    assert desk.done == []
    assert desk.row()[-1] == "Ctrl+N stands for “New chat”. If you replace it, that has no keys."
    press_button(desk.page, "Keep it as it is")
    assert desk.row() == ["Search all chats", "Ctrl+K"]
    desk.catch(Qt.Key.Key_N, CONTROL)
    press_button(desk.page, "Replace")
    assert desk.row() == ["Search all chats", "Ctrl+N"]
    assert "no keys" in words(desk.page)
    press_button(desk.page, "Reset all")
    assert "no keys" not in words(desk.page)
    assert desk.keys.keys(CommandId.NEW_CHAT) == "Ctrl+N"
