"""What is offered for a message, and what becomes of it."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import MessageState
from desktop_app.ui.theme import Theme
from desktop_app.ui.tokens import DARK, LIGHT, Tokens
from desktop_app.ui.widgets.message_actions import _FAINT, MessageAction, QuietButton, _blend, offer
from desktop_app.ui.widgets.message_view import MessageView
from desktop_app.ui.widgets.transcript import Transcript
from tests.ui.hands import buttons, child, press, press_button, write
from tests.ui.transcripts import (
    answer,
    answer_view,
    question,
    question_view,
    settle,
    shown_transcript,
    visible_prose,
    words,
)


@pytest.fixture
def transcript(qtbot: QtBot, theme: Theme) -> Transcript:
    made = shown_transcript(qtbot, theme)
    made.show_path((question(1), answer(2, "Because.")), {})
    settle(qtbot, made)
    return made


def menu_of(view: QWidget) -> QMenu:
    menus = [menu for menu in view.findChildren(QMenu) if menu.isVisible()]
    assert len(menus) == 1
    return menus[0]


def entries(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def choose(view: QWidget, text: str) -> None:
    menu = menu_of(view)
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


def right_click(view: QWidget) -> None:
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(3, 3), view.mapToGlobal(QPoint(3, 3)))
    QApplication.sendEvent(view, event)


def test_every_action_has_a_button_or_a_place_in_the_menu(transcript: Transcript) -> None:
    assert buttons(question_view(transcript, 1)) == ["Copy question", "Edit question", "More"]
    assert buttons(answer_view(transcript, 2)) == [
        "Copy answer",
        "Regenerate",
        "Edit answer",
        "Branch into a new chat",
        "Try with another model",
        "More",
    ]
    for button in transcript.findChildren(QuietButton):
        assert button.toolTip() == button.accessibleName()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    press_button(question_view(transcript, 1), "More")
    assert entries(menu_of(question_view(transcript, 1))) == [
        "Regenerate answer",
        "Branch into a new chat",
        "Delete message",
        "Delete this and everything after it",
    ]


@pytest.mark.parametrize(
    ("state", "text", "logprobs", "expected"),
    [
        (MessageState.STREAMING, "Wor", True, ((), ())),
        (MessageState.FAILED, "", False, (("Regenerate",), ("Details", "Delete message"))),
        (MessageState.CUT, "Wor", False, (("Copy", "Regenerate", "Edit"), ("Continue", "Details"))),
        (MessageState.COMPLETE, "Wor", True, (("Copy", "Regenerate"), ("Details", "Show how sure it was"))),
    ],
)
def test_what_is_offered_depends_on_how_an_answer_ended(
    state: MessageState, text: str, logprobs: bool, expected: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    offered = offer(replace(answer(1, text, state), logprobs=logprobs))
    for actions, words_ in zip((offered.buttons, offered.more), expected, strict=True):
        assert tuple(action.value for action in actions)[: len(words_)] == words_


def test_what_the_page_has_to_do_is_told(qtbot: QtBot, transcript: Transcript) -> None:
    for name, action in (
        ("Regenerate", MessageAction.REGENERATE),
        ("Branch into a new chat", MessageAction.BRANCH),
        ("Try with another model", MessageAction.TRY_WITH),
    ):
        with qtbot.waitSignal(transcript.action) as asked:
            press_button(answer_view(transcript, 2), name)
        assert asked.args == [2, action]
    press_button(answer_view(transcript, 2), "More")
    with qtbot.waitSignal(transcript.action) as asked:
        choose(answer_view(transcript, 2), "Delete this and everything after it")
    assert asked.args == [2, MessageAction.DELETE_FOLLOWING]
    assert transcript.menu_place(2, MessageAction.TRY_WITH).y() > 0


@pytest.mark.parametrize("over_text", [False, True])
def test_a_right_click_offers_the_same_in_words(qtbot: QtBot, transcript: Transcript, over_text: bool) -> None:
    view: MessageView = answer_view(transcript, 2)
    right_click(visible_prose(transcript).viewport() if over_text else view)
    found = entries(menu_of(view))
    assert found[0] == "Select all"
    assert {"Copy answer", "Regenerate", "Edit answer", "Details", "Delete message"} <= set(found)
    choose(view, "Copy answer")
    assert QGuiApplication.clipboard().text() == "Because."
    transcript.selection.select_all()
    right_click(view)
    assert entries(menu_of(view))[:2] == ["Copy selection", "Copy selection as plain text"]
    choose(view, "Copy selection")
    assert QGuiApplication.clipboard().text() == "Why?\n\nBecause."


def is_clear(button: QuietButton) -> bool:
    return button._awake


def test_buttons_are_clear_where_the_mouse_or_the_keyboard_is(transcript: Transcript) -> None:
    first = child(question_view(transcript, 1), QuietButton, "Copy question")
    last = child(answer_view(transcript, 2), QuietButton, "Copy answer")
    QApplication.sendEvent(question_view(transcript, 1), QEvent(QEvent.Type.Leave))
    assert (is_clear(first), is_clear(last)) == (False, True)
    point = QPointF(1, 1)
    QApplication.sendEvent(question_view(transcript, 1), QEnterEvent(point, point, point))
    assert is_clear(first)
    QApplication.sendEvent(question_view(transcript, 1), QEvent(QEvent.Type.Leave))
    assert not is_clear(first)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    assert is_clear(first)
    press(first, Qt.Key.Key_Right)
    assert child(question_view(transcript, 1), QuietButton, "Edit question").hasFocus()
    assert is_clear(first)


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_faint_buttons_can_still_be_seen(tokens: Tokens) -> None:
    faint = QColor(_blend(tokens.second, tokens.background, _FAINT))
    assert contrast(faint, QColor(tokens.background)) >= 3


def contrast(one: QColor, other: QColor) -> float:
    """As WCAG 2.2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_question_is_changed_in_its_place(qtbot: QtBot, transcript: Transcript) -> None:
    press_button(question_view(transcript, 1), "Edit question")
    field = child(question_view(transcript, 1), QPlainTextEdit, "Edit question")
    assert field.hasFocus()
    assert field.toPlainText() == "Why?"
    write(field, " And how?")
    with qtbot.waitSignal(transcript.edited) as edited:
        press(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert edited.args == [1, "Why? And how?"]
    assert words(transcript) == "Why?\nBecause."


def test_escape_gives_up_and_nothing_is_said_when_nothing_changed(qtbot: QtBot, transcript: Transcript) -> None:
    with qtbot.assertNotEmitted(transcript.edited):
        transcript.edit(2)
        field = child(answer_view(transcript, 2), QPlainTextEdit, "Edit answer")
        assert "Because." not in words(transcript)
        write(field, " More.")
        press(field, Qt.Key.Key_Escape)
        transcript.edit(2)
        press_button(answer_view(transcript, 2), "Save")
    assert words(transcript) == "Why?\nBecause."


def test_what_is_being_edited_survives_scrolling_and_another_chat(qtbot: QtBot, transcript: Transcript) -> None:
    path = (question(1), *(answer(key, "Long.\n\n" * 30) for key in range(2, 30)))
    transcript.show_path(path, {})
    settle(qtbot, transcript)
    transcript.edit(1)
    write(child(question_view(transcript, 1), QPlainTextEdit), " Unsaved")
    transcript.follow()
    settle(qtbot, transcript)
    assert question_view(transcript, 1).in_use
    transcript.show_path((question(100),), {})
    settle(qtbot, transcript)
    transcript.show_path(path, {})
    transcript.go_to(1)
    settle(qtbot, transcript)
    assert child(question_view(transcript, 1), QPlainTextEdit).toPlainText() == "Why? Unsaved"
