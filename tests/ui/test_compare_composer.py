"""Asking all columns together, or each by itself."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.services.compare_view import CompareState, RunState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.compare_columns import CompareColumns
from desktop_app.ui.widgets.compare_composer import Asking, CompareComposer
from desktop_app.ui.widgets.compare_fields import LONGEST_PASTE, NO_FILES, TOO_LONG, ColumnField, PromptField
from desktop_app.ui.widgets.composer_field import LONG_TEXT
from desktop_app.ui.widgets.pump import Pump
from tests.ui.compare_states import answered, column, comparison, hidden
from tests.ui.hands import buttons, child, press, press_button, seen, words, write

STATE = answered(3)


class Desk:
    """Columns with their composer on the screen."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.window = QWidget()
        self.columns = CompareColumns(theme, Pump(self.window))
        self.composer = CompareComposer(theme)
        self.columns.host(self.composer)
        below = QVBoxLayout(self.window)
        below.addWidget(self.columns, 1)
        below.addWidget(self.composer)
        self.sent = QSignalSpy(self.composer.sent)
        self.stopped = QSignalSpy(self.composer.stop_clicked)
        qtbot.addWidget(self.window)
        self.window.resize(900, 600)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.show(STATE)

    def show(self, state: CompareState) -> None:
        self.columns.show_state(state)
        self.composer.show_state(state)

    @property
    def field(self) -> PromptField:
        return child(self.composer, PromptField)

    def small(self, place: int) -> QPlainTextEdit:
        fields = sorted(seen(self.columns, ColumnField), key=ColumnField.x)
        return child(fields[place], PromptField)

    def said(self) -> list[list[object]]:
        return [self.sent.at(at) for at in range(self.sent.count())]


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_one_field_asks_all_columns(desk: Desk) -> None:
    assert desk.field.placeholderText() == "Ask all three columns…"
    write(desk.field, "Why?")
    press(desk.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    write(desk.field, "How?")
    press(desk.field, Qt.Key.Key_Return)
    assert desk.said() == [["Why?\nHow?", None]]
    assert not desk.composer.text()
    press(desk.field, Qt.Key.Key_Return)
    assert len(desk.said()) == 1


def test_each_column_can_be_asked_by_itself(desk: Desk) -> None:
    press_button(desk.composer, "One each")
    assert not desk.field.isVisible()
    assert desk.small(1).accessibleName().startswith("Message to B")
    write(desk.small(1), "Only you")
    press_button(desk.columns, next(name for name in names(desk.columns) if name.startswith("Send to B")))
    assert desk.said() == [["Only you", 2]]
    assert not desk.small(1).toPlainText()


def test_what_is_written_is_handed_out_and_kept_when_the_way_changes(desk: Desk) -> None:
    write(desk.field, "Hello")
    press_button(desk.composer, "One each")
    assert [desk.small(place).toPlainText() for place in range(3)] == ["Hello"] * 3
    write(desk.small(2), " Bob")
    press_button(desk.composer, "One for all")
    assert desk.composer.text() == "Hello"
    desk.composer.set_text("")
    press_button(desk.composer, "One each")
    assert [desk.small(place).toPlainText() for place in range(3)] == ["", "", "Hello Bob"]


def test_what_is_written_for_a_column_belongs_to_its_experiment(desk: Desk) -> None:
    desk.composer.set_asking(Asking.EACH)
    write(desk.small(0), "Mine")
    assert STATE.experiment
    desk.show(replace(STATE, experiment=replace(STATE.experiment, id=8)))
    assert not desk.small(0).toPlainText()
    desk.show(STATE)
    assert desk.small(0).toPlainText() == "Mine"


def test_while_columns_answer_one_can_stop_and_write_but_not_send(desk: Desk) -> None:
    desk.show(replace(STATE, run=RunState("Asking", 1, 3)))
    write(desk.field, "Next")
    press(desk.field, Qt.Key.Key_Return)
    assert not desk.said()
    assert desk.composer.text() == "Next"
    assert any("when these answers have ended" in one for one in words(desk.composer))
    assert "Send" not in buttons(desk.composer)  # Stop has its place
    press_button(desk.composer, "Stop")
    assert desk.stopped.count() == 1
    desk.show(replace(STATE, run=RunState("Stopping", 1, 3, stopping=True)))
    assert not child(desk.composer, QPushButton, "Stop").isEnabled()
    desk.show(STATE)
    assert "Send" in buttons(desk.composer)
    assert "Stop" not in buttons(desk.composer)
    press(desk.field, Qt.Key.Key_Return)
    assert desk.said() == [["Next", None]]


def test_with_fewer_than_two_columns_there_is_nothing_to_send(desk: Desk) -> None:
    desk.show(comparison(column(1)))
    write(desk.field, "Why?")
    press(desk.field, Qt.Key.Key_Return)
    assert not desk.said()
    assert "A comparison needs two columns" in words(desk.composer)
    assert not child(desk.composer, QToolButton, "Send").isEnabled()


def test_hidden_columns_are_asked_by_their_place(desk: Desk) -> None:
    desk.composer.set_asking(Asking.EACH)
    desk.show(hidden(STATE))
    assert desk.small(1).accessibleName() == "Message to Column 2"


def test_the_switch_says_in_words_and_shape_which_way_is_on(desk: Desk) -> None:
    for name, other in (("One each", "One for all"), ("One for all", "One each")):
        press_button(desk.composer, name)
        assert child(desk.composer, QPushButton, name).isChecked()
        assert not child(desk.composer, QPushButton, other).isChecked()


def test_long_texts_go_into_the_field_up_to_a_limit_and_files_are_refused(desk: Desk) -> None:
    QGuiApplication.clipboard().setText("word " * (LONG_TEXT // 4))
    desk.field.paste()
    assert len(desk.composer.text()) > LONG_TEXT
    desk.composer.set_text("")
    QGuiApplication.clipboard().setText("x" * (LONGEST_PASTE + 1))
    desk.field.paste()
    assert not desk.composer.text()
    assert TOO_LONG in words(desk.composer)
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile("/tmp/notes.txt")])
    desk.field.insertFromMimeData(files)
    assert NO_FILES in words(desk.composer)
    write(desk.field, "a")
    assert NO_FILES not in words(desk.composer)


def names(parent: QWidget) -> list[str]:
    return [one.accessibleName() for one in seen(parent, QToolButton)]


def test_who_writes_below_a_column_goes_on_writing_when_names_are_hidden(desk: Desk, qtbot: QtBot) -> None:
    desk.window.activateWindow()
    qtbot.waitUntil(desk.window.isActiveWindow)
    desk.composer.set_asking(Asking.EACH)
    desk.small(1).setFocus()
    write(desk.small(1), "Why")
    desk.show(hidden(STATE))
    assert desk.small(1).hasFocus()
    write(desk.small(1), "?")
    assert desk.small(1).toPlainText() == "Why?"
    desk.window.setFocus()
    desk.composer.take_focus()
    assert desk.small(0).hasFocus()
    desk.composer.set_asking(Asking.ALL)
    desk.composer.take_focus()
    assert desk.field.hasFocus()


@pytest.mark.parametrize("asking", Asking)
def test_the_keyboard_is_in_a_field_before_and_after_an_answer(desk: Desk, qtbot: QtBot, asking: Asking) -> None:
    desk.composer.set_asking(asking)
    desk.window.activateWindow()
    qtbot.waitUntil(desk.window.isActiveWindow)
    field = desk.field if asking is Asking.ALL else desk.small(0)
    write(field, "Why?")
    if asking is Asking.ALL:
        send = child(desk.composer, QToolButton, "Send")
        send.setFocus()
        press(send, Qt.Key.Key_Space)
        assert desk.said() == [["Why?", None]]
        assert field.hasFocus()
    desk.show(replace(STATE, run=RunState("Asking", 1, 3)))
    stop = child(desk.composer, QPushButton, "Stop")
    stop.setFocus()
    press(stop, Qt.Key.Key_Space)
    assert desk.stopped.count() == 1
    assert field.hasFocus()
