"""What stands around an answer: reasoning, details, how sure the model was."""

from dataclasses import replace
from math import log

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.answer_words import EndingRemedy
from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Timing, TokenChance
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.message_actions import MessageAction
from desktop_app.ui.widgets.message_chances import chance_words, readable
from desktop_app.ui.widgets.message_reasoning import Reasoning, reasoning_words
from desktop_app.ui.widgets.transcript import Transcript
from tests.ui.hands import child, click, press, press_button
from tests.ui.transcripts import answer, answer_view, labels, question, row_height, settle, shown_transcript, words

CHANCES = (
    TokenChance("Because", log(0.97)),
    TokenChance(" of", log(0.03), ((" it", log(0.6)), (" of", log(0.03)), ("\n", log(0.0001)))),
    TokenChance(" \u202e", log(0.3)),
    TokenChance("😀 it", log(0.6)),
)


@pytest.fixture
def transcript(qtbot: QtBot, theme: Theme) -> Transcript:
    return shown_transcript(qtbot, theme)


def thinking(text: str = "", **changes: object) -> Message:
    message = answer(2, text, MessageState.STREAMING)
    return replace(message, reasoning="First **this**, then that. " * 10, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (thinking(), "Thinking… about 70 tokens"),
        (thinking(record=AnswerRecord(reasoning_tokens=1200)), "Thinking… 1,200 tokens"),
        (thinking("So", record=AnswerRecord(reasoning_tokens=340, reasoning_seconds=12.2)), "12 s · 340 tokens"),
        (thinking("So", state=MessageState.COMPLETE), "Thought first · about 70 tokens"),
    ],
)
def test_what_was_thought_is_one_line(message: Message, expected: str) -> None:
    assert reasoning_words(message).endswith(expected)


def test_reasoning_costs_nothing_while_it_is_folded(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_path((question(1), thinking()), {})
    settle(qtbot, transcript)
    reasoning = child(answer_view(transcript, 2), Reasoning)
    assert reasoning._body.widget is None
    assert "Waiting for the first word" not in labels(transcript)
    head = child(reasoning, QToolButton)
    assert head.accessibleName() == "Thinking… about 70 tokens, folded"
    click(head)
    settle(qtbot, transcript)
    assert "First this, then that." in words(transcript)
    transcript.show_path((question(1), thinking("So it is.")), {})
    settle(qtbot, transcript)
    assert "So it is." in words(transcript)
    assert head.accessibleName().endswith("opened")
    press(head, Qt.Key.Key_Space)
    assert "First this" not in words(transcript)


def test_reasoning_stays_open_when_the_widgets_come_back(qtbot: QtBot, transcript: Transcript) -> None:
    path = (question(1), thinking("So.", state=MessageState.COMPLETE), *(answer(n, "x\n\n" * 50) for n in range(3, 30)))
    transcript.show_path(path, {})
    transcript.go_to(2)
    settle(qtbot, transcript)
    click(child(answer_view(transcript, 2), QToolButton, "Thought first · about 70 tokens, folded"))
    transcript.follow()
    settle(qtbot, transcript)
    row = transcript._rows.get(2)
    assert row
    assert row.view is None
    transcript.go_to(2)
    settle(qtbot, transcript)
    assert "First this, then that." in words(transcript)


def test_details_are_shown_on_demand(qtbot: QtBot, transcript: Transcript) -> None:
    record = AnswerRecord(finish="stop", engine="vLLM 0.32.0")
    transcript.show_path((question(1), replace(answer(2, "So."), timing=Timing(0.3, 2, 9, 81), record=record)), {})
    settle(qtbot, transcript)
    low = row_height(transcript, 2)
    answer_view(transcript, 2)._on_action(MessageAction.DETAILS)
    assert {"Engine", "vLLM 0.32.0", "Model", "Guide"} <= set(labels(transcript))
    assert row_height(transcript, 2) > low
    answer_view(transcript, 2)._on_action(MessageAction.DETAILS)
    assert "vLLM 0.32.0" not in labels(transcript)
    assert row_height(transcript, 2) == low


def test_a_remedy_that_is_gone_takes_no_room(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.put_message(answer(1, "Words.", MessageState.STOPPED))
    settle(qtbot, transcript)
    view, fresh = answer_view(transcript, 1), answer(2, "Words.")
    transcript.put_message(answer(1, "Words."))
    transcript.put_message(fresh)
    settle(qtbot, transcript)
    heights = [(view.arrange(width), answer_view(transcript, 2).arrange(width)) for width in range(200, 500, 5)]
    assert all(one == other for one, other in heights)


def test_a_full_context_asks_for_a_choice(qtbot: QtBot, transcript: Transcript) -> None:
    record = AnswerRecord(finish="length", context_tokens=100)
    full = replace(answer(2, "So", MessageState.CUT), timing=Timing(0.3, 2, 20, 80), record=record)
    transcript.show_path((question(1), full), {})
    settle(qtbot, transcript)
    with qtbot.waitSignal(transcript.context_choice) as asked:
        press_button(transcript, EndingRemedy.CONTEXT.value)
    assert asked.args == [2, EndingRemedy.CONTEXT]


def test_how_sure_the_model_was_is_said_for_every_token(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_path((question(1), replace(answer(2, "Because of it"), logprobs=True)), {})
    settle(qtbot, transcript)
    view = answer_view(transcript, 2)
    with qtbot.waitSignal(transcript.action) as asked:
        view._on_action(MessageAction.CHANCES)
    assert asked.args == [2, MessageAction.CHANCES]
    transcript.show_chances(2, CHANCES)
    settle(qtbot, transcript)
    assert view._chances
    tokens = view._chances.tokens
    assert tokens.toPlainText() == "Because of \\u202e😀 it"
    assert "below 5 %" in words(transcript).replace("\u00a0", " ")
    tokens.setFocus()
    press(tokens, Qt.Key.Key_Right)
    press(tokens, Qt.Key.Key_Right)
    assert chance_words(CHANCES[1]) in labels(transcript)
    place = QPointF(tokens.width() - 1, 5)
    cursor = tokens.textCursor()
    cursor.setPosition(tokens.document().characterCount() - 2)
    place = QPointF(tokens.cursorRect(cursor).center())
    none, move = Qt.MouseButton.NoButton, QEvent.Type.MouseMove
    event = QMouseEvent(move, place, tokens.mapToGlobal(place), none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(tokens.viewport(), event)
    assert chance_words(CHANCES[3]) in labels(transcript)
    press_button(transcript, "Show the answer")
    settle(qtbot, transcript)
    assert words(transcript) == "Why?\nBecause of it"


def test_chances_in_words() -> None:
    expected = "“ of” was 3.0 % likely. Instead: “ it” 60 %, “⏎” below 0.1 %."
    assert chance_words(CHANCES[1]) == expected
    assert chance_words(CHANCES[0]) == "“Because” was 97 % likely."
    assert chance_words(TokenChance("x", 0.0)) == "“x” was over 99 % likely."
    assert readable("a\u202eb\x1b\n👩\u200d💻") == "a\\u202eb\\u001b\n👩\u200d💻"


def test_other_colours_while_everything_is_open(qtbot: QtBot, transcript: Transcript, theme: Theme) -> None:
    shown = replace(thinking("So it is."), state=MessageState.COMPLETE, logprobs=True)
    transcript.show_path((question(1), shown), {}, seen_from=1, summary="Hello.")
    view = answer_view(transcript, 2)
    view._on_action(MessageAction.DETAILS)
    transcript.go_to(2, "then")
    transcript.show_chances(2, CHANCES)
    settle(qtbot, transcript)
    before = words(transcript)
    theme.changed.emit()
    transcript.resize(420, 500)
    settle(qtbot, transcript)
    assert words(transcript) == before
