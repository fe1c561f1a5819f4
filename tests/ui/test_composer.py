"""The composer under fingers: what Enter, Shift+Enter, the button and a narrow window do."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QToolButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.sampling import Mode
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.composer import Composer
from tests.ui.hands import child, click, press, press_button, write


class Desk:
    """A composer on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.composer = Composer(theme)
        self.sent: list[str] = []
        self.stops = 0
        self.composer.sent.connect(self.sent.append)
        self.composer.stop_clicked.connect(self._on_stop)
        self.composer.resize(500, 120)
        qtbot.addWidget(self.composer)
        self.composer.show()
        self.composer.show_state("Message Guide…", True, False)

    def _on_stop(self) -> None:
        self.stops += 1

    @property
    def field(self) -> QPlainTextEdit:
        return child(self.composer, QPlainTextEdit)

    @property
    def button(self) -> QToolButton:
        return next(one for one in self.composer.findChildren(QToolButton) if one.property("role") == "send")

    def hint(self) -> str:
        found = self.composer.findChild(QLabel, "hint")
        assert found is not None
        return found.text()

    def write(self, text: str) -> None:
        write(self.field, text)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        press(self.field, key, modifier)

    def click(self) -> None:
        click(self.button)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_sends_and_clears(desk: Desk, key: Qt.Key) -> None:
    desk.write("Hello")
    desk.press(key)
    assert desk.sent == ["Hello"]
    assert desk.composer.text() == ""


def test_shift_enter_breaks_the_line(desk: Desk) -> None:
    desk.write("one")
    desk.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    desk.write("two")
    desk.press(Qt.Key.Key_Return)
    assert desk.sent == ["one\ntwo"]


def test_blank_text_is_not_sent(desk: Desk) -> None:
    desk.write("   ")
    desk.press(Qt.Key.Key_Return)
    assert desk.sent == []
    assert not desk.button.isEnabled()


def test_the_button_sends(desk: Desk) -> None:
    assert desk.button.accessibleName() == "Send"
    desk.write("Hello")
    desk.click()
    assert desk.sent == ["Hello"]


def test_while_an_answer_is_written_the_button_stops_it_and_enter_queues_what_was_typed(desk: Desk) -> None:
    desk.composer.show_state("Message Guide…", False, True)
    assert desk.button.accessibleName() == "Stop the answer"
    assert desk.hint() == "Esc stops"
    desk.click()
    assert desk.stops == 1
    desk.write("The next question")
    assert desk.button.accessibleName() == "Queue"
    assert desk.hint() == "Enter queues it until this answer has ended · Esc stops"
    press_button(desk.composer, "Stop the answer")
    assert desk.stops == 2
    desk.press(Qt.Key.Key_Return)
    assert (desk.sent, desk.composer.text()) == (["The next question"], "")
    assert desk.button.accessibleName() == "Stop the answer"


def test_before_a_model_is_ready_one_may_write_and_is_told_why_it_cannot_be_sent(desk: Desk) -> None:
    desk.composer.show_state("Write here; it can be sent when Guide is ready", False, False)
    desk.write("Hello")
    desk.press(Qt.Key.Key_Return)
    assert (desk.sent, desk.composer.text()) == ([], "Hello")
    assert not desk.button.isEnabled()
    assert desk.hint() == "Can be sent as soon as a model is ready"


def test_tab_leaves_the_field(desk: Desk) -> None:
    desk.composer.setFocus()
    desk.write("Hello")
    desk.press(Qt.Key.Key_Tab)
    assert desk.composer.text() == "Hello"
    assert QApplication.focusWidget() is not desk.field


def test_it_grows_with_its_lines_and_then_scrolls(desk: Desk) -> None:
    heights = []
    for count in (1, 2, 8, 30):
        desk.composer.set_text("\n".join(["line"] * count))
        heights.append(desk.field.height())
    assert heights[0] < heights[1] < heights[2] == heights[3]
    desk.composer.set_text("")
    assert desk.field.height() == heights[0]


def test_it_grows_when_a_narrow_window_breaks_its_lines(desk: Desk) -> None:
    desk.composer.set_text("a few words " * 10)
    before = desk.field.height()
    desk.composer.resize(330, 300)
    assert desk.field.height() > before
    desk.composer.resize(1200, 300)
    assert desk.field.height() < before


def test_unfinished_input_of_an_input_method_is_not_sent(desk: Desk) -> None:
    desk.composer.setFocus()
    QApplication.sendEvent(desk.field, QInputMethodEvent("にほ", []))
    desk.press(Qt.Key.Key_Return)
    assert desk.sent == []


def test_enter_while_an_input_method_composes_sends_nothing_of_what_stands_there(desk: Desk) -> None:
    desk.write("Hello")
    QApplication.sendEvent(desk.field, QInputMethodEvent("にほ", []))
    desk.press(Qt.Key.Key_Return)
    assert (desk.sent, desk.composer.text()) == ([], "Hello")
    done = QInputMethodEvent("", [])
    done.setCommitString("日本")
    QApplication.sendEvent(desk.field, done)
    desk.press(Qt.Key.Key_Return)
    assert desk.sent == ["Hello日本"]


def test_up_in_an_empty_field_asks_for_the_last_question(desk: Desk) -> None:
    asked: list[None] = []
    desk.composer.edit_last_asked.connect(lambda: asked.append(None))
    desk.press(Qt.Key.Key_Up)
    assert len(asked) == 1
    desk.write("a")
    desk.press(Qt.Key.Key_Up)
    desk.press(Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert len(asked) == 1


def test_what_is_given_back_stands_above_what_was_written_and_can_be_undone(desk: Desk) -> None:
    desk.write("new")
    desk.composer.put_back("old")
    assert desk.composer.text() == "old\n\nnew"
    desk.field.undo()
    assert desk.composer.text() == "new"


def test_a_text_to_go_on_with_is_asked_for_in_other_words(desk: Desk) -> None:
    desk.composer.show_mode(Mode.COMPLETION)
    assert desk.field.placeholderText() == "Begin a text, the model goes on"
    assert desk.hint().startswith("Enter lets the model go on")
    desk.composer.show_state("Write here, send when a model is ready", False, False)
    assert desk.field.placeholderText() == "Write here, send when a model is ready"


def test_a_restored_text_has_the_cursor_at_its_end(desk: Desk) -> None:
    desk.composer.set_text("draft")
    desk.write("!")
    assert desk.composer.text() == "draft!"


def test_focus_shows_on_the_frame(desk: Desk, qtbot: QtBot) -> None:
    desk.composer.activateWindow()
    desk.composer.setFocus()
    qtbot.waitUntil(desk.field.hasFocus)
    frame = desk.field.parentWidget()
    assert frame is not None
    assert frame.property("focused") is True
    desk.field.clearFocus()
    assert frame.property("focused") is False


def test_what_is_sent_too_early_waits_for_the_model(desk: Desk) -> None:
    early: list[None] = []
    desk.composer.sent_early.connect(lambda: early.append(None))
    desk.composer.show_state("Message Guide…", False, False, can_wait=True)
    desk.write("Hello")
    desk.press(Qt.Key.Key_Return)
    desk.press(Qt.Key.Key_Return)
    assert (early, desk.sent, desk.composer.text()) == ([None], [], "Hello")
    assert desk.hint() == "Goes as soon as the model is ready"

    desk.composer.show_state("Message Guide…", True, False)
    assert (desk.sent, desk.composer.text()) == (["Hello"], "")


def test_a_text_that_was_changed_waits_for_another_enter(desk: Desk) -> None:
    desk.composer.show_state("Message Guide…", False, False, can_wait=True)
    desk.write("Hello")
    desk.press(Qt.Key.Key_Return)
    desk.write(" you")
    desk.composer.show_state("Message Guide…", True, False)
    assert desk.sent == []


def test_a_start_that_fails_sends_nothing(desk: Desk) -> None:
    desk.composer.show_state("Message Guide…", False, False, can_wait=True)
    desk.write("Hello")
    desk.press(Qt.Key.Key_Return)
    desk.composer.show_state("Write here…", False, False)
    desk.composer.show_state("Message Guide…", True, False)
    assert (desk.sent, desk.composer.text()) == ([], "Hello")
