"""The line below an answer: words, a button, or both."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.looks import looks_of
from desktop_app.ui.widgets.message_actions import MessageAction, Note
from desktop_app.ui.widgets.message_note import NoteLine
from tests.ui.hands import buttons, child, press_button, words

BOTH = Note("check", "All of it follows", "Undo", MessageAction.GO_ON_APART, told="Told in more words.", framed=True)


@pytest.fixture
def line(qtbot: QtBot, theme: Theme) -> Iterator[NoteLine]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(500, 200)
    made = NoteLine(theme, looks_of(theme), window)
    made.resize(500, 100)
    window.show()
    qtbot.waitExposed(window)
    yield made  # noqa: PT022 - the window has to live as long


def test_a_button_without_words_has_an_icon_and_says_more_to_those_who_ask(line: NoteLine) -> None:
    line.show_note(Note("go-on", "", "Go on", MessageAction.GO_ON, told="It <follows>."))
    button = child(line, QPushButton)
    assert not button.icon().isNull()
    assert (button.accessibleName(), button.accessibleDescription()) == ("Go on", "It <follows>.")
    assert button.toolTip() == "<qt>It &lt;follows&gt;.</qt>"
    assert words(line) == []
    spy = QSignalSpy(line.chosen)
    press_button(line, "Go on")
    assert [call[0] for call in [spy.at(at) for at in range(spy.count())]] == [MessageAction.GO_ON]


def test_the_same_button_goes_on_beside_words_so_that_the_keyboard_stays(line: NoteLine) -> None:
    line.show_note(Note("go-on", "", "Go on", MessageAction.GO_ON))
    button = child(line, QPushButton)
    line.show_note(BOTH)
    assert child(line, QPushButton) is button
    assert button.icon().isNull()
    assert buttons(line) == ["All of it follows: Undo"]
    assert words(line) == ["All of it follows"]
    line.show_note(replace(BOTH, button="", action=None))
    assert buttons(line) == []


def test_the_button_stands_below_where_there_is_no_room_beside_the_words(line: NoteLine) -> None:
    line.show_note(BOTH)
    wide = line.arrange(400)
    label, button = child(line, QLabel), child(line, QPushButton)
    assert button.x() >= label.geometry().right()
    assert label.y() == button.y()
    narrow = line.arrange(150)
    assert button.y() >= label.geometry().bottom()
    assert narrow > wide
    assert button.geometry().right() <= 150


def test_words_alone_break_where_they_must(line: NoteLine) -> None:
    line.show_note(Note("go-on", "Goes on from the answer of a model with a long name, which was taken away"))
    assert line.arrange(200) > line.arrange(900)
    assert child(line, QLabel).width() <= 900


def test_it_is_drawn_in_other_colours(line: NoteLine, theme: Theme) -> None:
    line.show_note(BOTH)
    line.resize(300, line.arrange(300))
    line.show()
    before = line.grab().toImage()
    line.show_note(replace(BOTH, framed=False))
    assert line.grab().toImage() != before
    line.set_looks(looks_of(theme))
