"""Keys and commands: which ask for what, how they are changed, and what no key may do."""

from collections.abc import Mapping
from functools import partial

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.shortcuts import COMMANDS, CommandId, Shortcuts, refusal
from tests.ui.hands import press

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Desk:
    """A window with keys, what they did and what was to be kept."""

    def __init__(self, window: QWidget) -> None:
        self.window = window
        self.kept: list[Mapping[str, str]] = []
        self.done: list[CommandId] = []
        self.keys = Shortcuts(window, self.kept.append)
        for command in COMMANDS:
            self.keys.bind(command.id, partial(self.done.append, command.id))

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = CONTROL) -> list[CommandId]:
        del self.done[:]
        press(self.window, key, modifier)
        return self.done


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    return Desk(window)


def test_every_command_has_its_own_keys_words_and_place() -> None:
    keys = [key for command in COMMANDS for key in (command.keys, command.also) if key]
    assert len(set(keys)) == len(keys)
    assert {command.id for command in COMMANDS} == set(CommandId)
    assert len({command.words for command in COMMANDS}) == len(COMMANDS)
    for command in COMMANDS:
        assert refusal(command.id, command.keys) == "", command
        assert QKeySequence(command.keys).toString(QKeySequence.SequenceFormat.PortableText) == command.keys


def test_keys_do_what_is_bound(desk: Desk) -> None:
    assert desk.press(Qt.Key.Key_N) == [CommandId.NEW_CHAT]
    assert desk.press(Qt.Key.Key_N, CONTROL | SHIFT) == [CommandId.NEW_FOLDER]
    assert desk.press(Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier) == [CommandId.LEAVE]
    assert desk.press(Qt.Key.Key_Equal) == desk.press(Qt.Key.Key_Plus) == [CommandId.LARGER]


def test_other_keys(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.keys.changed):
        assert desk.keys.rebind(CommandId.SEARCH, "Ctrl+J") is None
    assert desk.press(Qt.Key.Key_J) == [CommandId.SEARCH]
    assert desk.press(Qt.Key.Key_K) == []
    assert desk.kept == [{"search": "Ctrl+J"}]
    assert not desk.keys.is_usual(CommandId.SEARCH)
    desk.keys.reset(CommandId.SEARCH)
    assert desk.press(Qt.Key.Key_K) == [CommandId.SEARCH]
    assert desk.kept[-1] == {}


def test_keys_that_are_taken_are_not_given_without_a_word(desk: Desk) -> None:
    other = desk.keys.rebind(CommandId.SEARCH, "Ctrl+N")
    assert other is not None
    assert other.id is CommandId.NEW_CHAT
    assert (desk.keys.keys(CommandId.SEARCH), desk.kept) == ("Ctrl+K", [])
    desk.keys.rebind(CommandId.SEARCH, "Ctrl+N", replace=True)
    assert desk.press(Qt.Key.Key_N) == [CommandId.SEARCH]
    assert desk.keys.words(CommandId.NEW_CHAT) == ""
    back = desk.keys.reset(CommandId.NEW_CHAT)
    assert back is not None
    assert back.id is CommandId.SEARCH
    desk.keys.reset_all()
    assert desk.press(Qt.Key.Key_N) == [CommandId.NEW_CHAT]
    assert desk.press(Qt.Key.Key_K) == [CommandId.SEARCH]


def test_a_second_way_to_type_keys_gives_way(desk: Desk) -> None:
    desk.keys.rebind(CommandId.SEARCH, "Ctrl+=")
    assert desk.press(Qt.Key.Key_Equal) == [CommandId.SEARCH]
    desk.keys.rebind(CommandId.SEARCH, "Ctrl+J")
    desk.keys.rebind(CommandId.LARGER, "Ctrl+L", replace=True)
    assert desk.press(Qt.Key.Key_Equal) == []


def test_what_was_kept_is_taken_and_nonsense_is_not(desk: Desk) -> None:
    desk.keys.load(
        {
            "search": "Ctrl+Shift+F",
            "new_chat": "Ctrl+O",
            "attach": "",
            "regenerate": "no such key",
            "quit": "Q",
            "unheard of": "Ctrl+J",
        }
    )
    assert desk.press(Qt.Key.Key_F, CONTROL | SHIFT) == [CommandId.SEARCH]
    assert desk.press(Qt.Key.Key_O) == [CommandId.NEW_CHAT], "what was chosen comes before what is usual"
    assert desk.keys.keys(CommandId.OPEN_FOLDER) == ""
    assert desk.keys.keys(CommandId.ATTACH) == ""
    assert desk.keys.keys(CommandId.REGENERATE) == "Ctrl+R"
    assert desk.keys.keys(CommandId.QUIT) == "Ctrl+Q"


@pytest.mark.parametrize(
    ("command", "keys", "words"),
    [
        (CommandId.NEW_CHAT, "N", "Ctrl or Alt"),
        (CommandId.NEW_CHAT, "Shift+N", "Ctrl or Alt"),
        (CommandId.NEW_CHAT, "Del", "Ctrl or Alt"),
        (CommandId.NEW_CHAT, "Return", "Ctrl or Alt"),
        (CommandId.NEW_CHAT, "Ctrl+C", "copying"),
        (CommandId.NEW_CHAT, "Esc", "leaves"),
        (CommandId.NEW_CHAT, "Ctrl+X, Ctrl+C", "no name"),
        (CommandId.NEW_CHAT, "", "no name"),
        (CommandId.QUIT, "F5", "no single key"),
        (CommandId.NEW_CHAT, "F5", ""),
        (CommandId.QUIT, "Ctrl+F5", ""),
        (CommandId.LEAVE, "Esc", ""),
    ],
)
def test_which_keys_are_refused(command: CommandId, keys: str, words: str) -> None:
    said = refusal(command, keys)
    assert words in said if words else said == ""


def test_tooltips_follow(desk: Desk, qtbot: QtBot) -> None:
    button, gone = QPushButton(), QPushButton()
    qtbot.addWidget(button)
    desk.keys.tell(button, "Search", CommandId.SEARCH)
    desk.keys.tell(gone, "Search", CommandId.SEARCH)
    assert button.toolTip() == "Search (Ctrl+K)"
    gone.deleteLater()
    QApplication.sendPostedEvents(gone, QEvent.Type.DeferredDelete)
    desk.keys.rebind(CommandId.SEARCH, "Ctrl+J")
    assert button.toolTip() == "Search (Ctrl+J)"
    desk.keys.rebind(CommandId.SEARCH, "")
    assert button.toolTip() == "Search"
