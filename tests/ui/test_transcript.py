"""The conversation as a person reads, scrolls and copies it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QKeySequence, QTextCursor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Message, MessageState, Role, Timing
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.message_actions import MessageAction
from desktop_app.ui.widgets.message_answer import AnswerView
from desktop_app.ui.widgets.message_question import QuestionView
from desktop_app.ui.widgets.transcript import Transcript
from tests.ui.hands import click, press, press_button
from tests.ui.transcripts import (
    answer,
    button,
    labels,
    question,
    row_height,
    settle,
    shown_transcript,
    visible_prose,
    words,
)

LONG = "A paragraph of some words.\n\n" * 200


@pytest.fixture
def transcript(qtbot: QtBot, theme: Theme) -> Transcript:
    return shown_transcript(qtbot, theme)


def test_a_conversation_is_shown_at_its_end(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages([question(1), answer(2, LONG + "The very end."), question(3, "And <b>now</b>?")])
    settle(qtbot, transcript)
    bar = transcript.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    assert words(transcript).endswith("The very end.\nAnd <b>now</b>?")
    transcript.show_messages([question(4, "Another conversation")])
    settle(qtbot, transcript)
    assert words(transcript) == "Another conversation"


def test_an_answer_grows_and_ends_with_what_it_took(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.put_message(question(1))
    transcript.put_message(answer(2, "", MessageState.STREAMING))
    settle(qtbot, transcript)
    assert "Waiting for the first word" in labels(transcript)
    for end in range(1, 40):
        transcript.put_message(answer(2, ("Some **bold** words. " * 10)[:end], MessageState.STREAMING))
    settle(qtbot, transcript)
    assert "Waiting for the first word" not in labels(transcript)
    timing = Timing(0.5, 2.0, 10, 21)
    transcript.put_message(replace(answer(2, "Some **bold** words, changed."), timing=timing))
    settle(qtbot, transcript)
    assert words(transcript) == "Why?\nSome bold words, changed."
    assert "10 tok/s · 21 tokens · first word after 0.50 s · finished" in labels(transcript)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (MessageState.STOPPED, "stopped by you"),
        (MessageState.CUT, "stopped at a limit of tokens"),
        (MessageState.INTERRUPTED, "broken off"),
    ],
)
def test_how_an_answer_ended_is_said_with_what_helps(
    qtbot: QtBot, transcript: Transcript, state: MessageState, expected: str
) -> None:
    transcript.show_messages([question(1), answer(2, "Text", state)])
    assert expected in labels(transcript)
    with qtbot.waitSignal(transcript.action) as asked:
        press_button(transcript, "Continue")
    assert asked.args == [2, MessageAction.CONTINUE]


def test_a_failure_is_a_sentence(transcript: Transcript) -> None:
    failed = answer(1, "", MessageState.FAILED)
    transcript.show_messages([replace(failed, error="The engine <i>went</i> away.")])
    assert "The engine <i>went</i> away." in labels(transcript)


def test_scrolling_up_stays_where_it_is_and_end_follows_again(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages([question(1), answer(2, LONG, MessageState.STREAMING)])
    settle(qtbot, transcript)
    bar = transcript.verticalScrollBar()
    bar.setValue(100)
    settle(qtbot, transcript)
    place = bar.value()
    transcript.put_message(answer(2, LONG + LONG, MessageState.STREAMING))
    settle(qtbot, transcript)
    assert bar.value() == place
    jump = button(transcript, "Jump to the newest")
    assert jump.isVisible()
    click(jump)
    assert bar.value() == bar.maximum()
    bar.setValue(100)
    press(transcript, Qt.Key.Key_End)
    assert transcript.following
    assert not jump.isVisible()
    transcript.put_message(answer(2, LONG + LONG + LONG))
    settle(qtbot, transcript)
    assert bar.value() == bar.maximum()


def test_what_is_read_stays_in_place_when_others_get_their_true_height(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages([answer(n, f"Message {n}.\n\n" + "- x\n" * (n % 17)) for n in range(300)])
    settle(qtbot, transcript)
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    settle(qtbot, transcript)
    rows = transcript._rows
    row = next(row for row in rows.realised if rows.top(row) >= bar.value())
    place = rows.top(row) - bar.value()
    for other in rows.all:
        if other.view is None:
            transcript._realise_row(other)
            assert rows.top(row) - bar.value() == place


def test_a_thousand_messages_make_widgets_only_for_what_is_near(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages([answer(n, f"Message {n}\n\n" * 5) for n in range(1000)])
    settle(qtbot, transcript)
    assert len(transcript.findChildren(AnswerView)) < 30
    bar = transcript.verticalScrollBar()
    for step in range(100):
        bar.setValue(bar.maximum() * step // 100)
    settle(qtbot, transcript)
    qtbot.waitUntil(lambda: len(transcript.findChildren(AnswerView)) < 60)


def test_a_removed_message_is_gone(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages([question(1, "one"), question(2, "two"), question(3, "three")])
    transcript.remove_message(2)
    transcript.remove_message(99)
    settle(qtbot, transcript)
    qtbot.waitUntil(lambda: len(transcript.findChildren(QuestionView)) == 2)
    assert words(transcript) == "one\nthree"


def test_copy_answer_gives_what_the_model_wrote(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages([answer(1, "Some **Markdown**\n\n- a")])
    with qtbot.waitSignal(transcript.copied) as copied:
        click(button(transcript, "Copy answer"))
    assert copied.args == ["Some **Markdown**\n\n- a"]
    assert QGuiApplication.clipboard().text() == "Some **Markdown**\n\n- a"


def test_ctrl_a_and_ctrl_c_copy_all_messages_as_they_were_written(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages([question(1, "Why?"), answer(2, "Some **bold**\nwords")])
    view = visible_prose(transcript)
    view.setFocus()
    qtbot.keySequence(view, QKeySequence(QKeySequence.StandardKey.SelectAll))
    qtbot.keySequence(view, QKeySequence(QKeySequence.StandardKey.Copy))
    mime = QGuiApplication.clipboard().mimeData()
    assert mime.text() == "Why?\n\nSome **bold**\nwords"
    assert not mime.hasHtml()


def test_a_link_is_told_only_when_it_is_clicked(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages([answer(1, "[a link to somewhere](https://example.org/x)")])
    view = visible_prose(transcript)
    cursor = QTextCursor(view.document())
    cursor.setPosition(3)
    with qtbot.waitSignal(transcript.link_clicked) as clicked:
        click(view.viewport(), view.cursorRect(cursor).center())
    assert clicked.args == ["https://example.org/x"]
    assert view.toPlainText() == "a link to somewhere"


def test_messages_say_who_speaks(transcript: Transcript) -> None:
    transcript.show_messages([question(1), answer(2, "Because.")])
    assert [view.accessibleName() for view in transcript.findChildren(QuestionView)] == ["You said"]
    assert [view.accessibleName() for view in transcript.findChildren(AnswerView)] == ["Guide answered"]


@pytest.mark.parametrize("form", ["![x](file://{})", "![x]({})", "<img src='{}'>", "[![x]({})](https://example.org)"])
def test_a_picture_that_would_hang_the_window_is_never_opened(
    transcript: Transcript, tmp_path: Path, form: str
) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    transcript.show_messages([question(1, form.format(pipe)), answer(2, form.format(pipe))])
    transcript.grab()
    assert words(transcript).count(str(pipe)) == 2


def test_assistive_technology_may_be_listening(qtbot: QtBot, transcript: Transcript) -> None:
    QAccessible.setActive(True)
    try:
        for end in range(1, 30):
            transcript.put_message(answer(1, "One sentence. Another one! And"[:end], MessageState.STREAMING))
        transcript.put_message(answer(1, "One sentence. Another one! And more."))
        settle(qtbot, transcript)
    finally:
        QAccessible.setActive(False)
    assert words(transcript) == "One sentence. Another one! And more."


def test_narrower_and_other_colours(qtbot: QtBot, transcript: Transcript, theme: Theme) -> None:
    transcript.show_messages([question(1), answer(2, "Words that go on. " * 30 + "\n\n```py\nx = 1\n```\n\n- a")])
    settle(qtbot, transcript)
    before, tall = words(transcript), row_height(transcript, 2)
    transcript.resize(350, 400)
    theme.changed.emit()
    settle(qtbot, transcript)
    assert words(transcript) == before
    assert row_height(transcript, 2) > tall


def test_messages_are_read_in_their_order(transcript: Transcript) -> None:
    transcript.show_messages(
        [Message(1, Role.USER, "Why?"), Message(2, Role.ASSISTANT, "So.", model="Guide"), Message(3, Role.USER, "Oh.")]
    )
    column = transcript.widget()
    assert column is not None
    names = [child.accessibleName() for child in column.children() if isinstance(child, QWidget)]
    assert [name for name in names if name] == ["You said", "Guide answered", "You said"]
