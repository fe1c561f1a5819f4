"""A conversation that changes under the eyes of who reads it: versions, what the model sees, places that are sought."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QTextEdit
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Message, MessageState
from desktop_app.domain.tree import Place
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.message_actions import ActionBar, MessageAction
from desktop_app.ui.widgets.message_versions import VersionBar
from desktop_app.ui.widgets.transcript import Transcript
from desktop_app.ui.widgets.transcript_line import FORGOTTEN, SUMMARISED
from desktop_app.ui.widgets.transcript_marks import edit_of
from tests.ui.hands import buttons, child, press, press_button
from tests.ui.transcripts import (
    answer,
    answer_view,
    labels,
    question,
    question_view,
    settle,
    shown_transcript,
    top_in_sight,
    words,
)

LONG = "A paragraph of some words.\n\n" * 40


@pytest.fixture
def transcript(qtbot: QtBot, theme: Theme) -> Transcript:
    return shown_transcript(qtbot, theme)


def talk(count: int, text: str = "Some words.\n\n" * 4) -> tuple[Message, ...]:
    return tuple(question(n) if n % 2 else answer(n, f"{text}Number {n}.") for n in range(1, count + 1))


def test_another_version_leaves_what_is_above_untouched(qtbot: QtBot, transcript: Transcript) -> None:
    path = talk(40)
    transcript.show_path(path, {})
    settle(qtbot, transcript)
    transcript.verticalScrollBar().setValue(1500)
    settle(qtbot, transcript)
    first, second, *_ = transcript._rows.between(1500, 2000)
    place, kept = top_in_sight(transcript, first.key), first.view
    following = [answer(key, LONG) for key in range(101, 105)]
    transcript.show_path((*path[: second.index], answer(100, "Another version."), *following), {100: Place(2, 2)})
    settle(qtbot, transcript)
    assert top_in_sight(transcript, first.key) == place
    assert first.view is kept
    assert "Another version." in words(transcript)


def test_the_arrows_stay_under_the_mouse_and_keep_the_keyboard(qtbot: QtBot, transcript: Transcript) -> None:
    before = (question(1), answer(2, LONG), question(3, "And?"), answer(4, LONG))
    transcript.show_path(before, {2: Place(2, 3)})
    settle(qtbot, transcript)
    row = transcript._rows.all[1]
    transcript.verticalScrollBar().setValue(transcript._rows.end(row) - 300)
    settle(qtbot, transcript)
    arrow = child(answer_view(transcript, 2), QAbstractButton, "Previous version")
    arrow.setFocus(Qt.FocusReason.TabFocusReason)
    end = transcript._rows.end(row) - transcript.verticalScrollBar().value()
    with qtbot.waitSignal(transcript.action) as asked:
        press(arrow, Qt.Key.Key_Space)
    assert asked.args == [2, MessageAction.PREVIOUS_VERSION]
    other = (question(1), answer(5, LONG[:600]), question(6, "Or?"), answer(7, LONG))
    transcript.show_path(other, {5: Place(1, 3)})
    settle(qtbot, transcript)
    assert transcript._rows.end(transcript._rows.all[1]) - transcript.verticalScrollBar().value() == end
    # The first version has no previous one: the keyboard is on the arrow that leads back.
    assert transcript.window().focusWidget().accessibleName() == "Next version"


def test_versions_are_said_in_words(qtbot: QtBot, transcript: Transcript) -> None:
    path = (question(1), answer(2, "Because."))
    transcript.show_path(path, {2: Place(2, 3)})
    settle(qtbot, transcript)
    assert "2/3" in labels(transcript)
    assert {"Previous version", "Next version"} <= set(buttons(transcript))
    press_button(transcript, "Next version")
    transcript.show_path(path, {})
    assert "2/3" not in labels(transcript)
    assert "Next version" not in buttons(transcript)


def test_arrows_get_their_room_when_there_are_other_versions_again(qtbot: QtBot, transcript: Transcript) -> None:
    path = (question(1), answer(2, "So."))
    transcript.show_path(path, {})
    settle(qtbot, transcript)
    transcript.show_path(path, {1: Place(1, 2), 2: Place(1, 2)})
    for view in (question_view(transcript, 1), answer_view(transcript, 2)):
        arrows, buttons = view.findChild(VersionBar), view.findChild(ActionBar)
        assert isinstance(arrows, VersionBar)
        assert isinstance(buttons, ActionBar)
        assert arrows.width() >= arrows.sizeHint().width()
        assert not arrows.geometry().intersects(buttons.geometry())


def test_an_answer_that_grows_is_followed_and_a_new_question_too(qtbot: QtBot, transcript: Transcript) -> None:
    path = (question(1), answer(2, LONG))
    transcript.show_path(path, {})
    settle(qtbot, transcript)
    transcript.verticalScrollBar().setValue(0)
    grown = replace(path[1], text=LONG * 2, state=MessageState.STREAMING)
    transcript.show_path((path[0], grown), {})
    settle(qtbot, transcript)
    assert transcript.verticalScrollBar().value() == 0
    transcript.show_path((path[0], grown, question(3), answer(4, "", MessageState.STREAMING)), {})
    settle(qtbot, transcript)
    bar = transcript.verticalScrollBar()
    assert transcript.following
    assert bar.value() == bar.maximum()


def test_a_line_tells_what_the_model_no_longer_sees(qtbot: QtBot, transcript: Transcript) -> None:
    path = talk(6, "")
    transcript.show_path(path, {}, seen_from=5)
    settle(qtbot, transcript)
    assert FORGOTTEN in labels(transcript)
    line = transcript._column._line
    assert line.geometry().bottom() < question_view(transcript, 5).geometry().top()
    assert line.geometry().top() >= answer_view(transcript, 4).geometry().bottom()
    with qtbot.waitSignal(transcript.see_everything_asked):
        press_button(transcript, "Let it see everything again")
    transcript.show_path(path, {}, seen_from=5, summary="They said hello.")
    assert SUMMARISED in labels(transcript)
    tall = line.height()
    press_button(transcript, "Show the summary")
    assert "They said hello." in words(transcript)
    assert line.height() > tall
    assert line.geometry().bottom() < question_view(transcript, 5).geometry().top()
    transcript.show_path(path, {})
    assert not line.isVisible()


def test_what_was_sought_is_brought_into_sight_and_marked(qtbot: QtBot, transcript: Transcript) -> None:
    path = (*talk(100), answer(200, LONG + "The **needle** in it.\n\n" + LONG), question(300))
    transcript.show_path(path, {})
    settle(qtbot, transcript)
    transcript.verticalScrollBar().setValue(0)
    transcript.go_to(200, "the NEEDLE")
    settle(qtbot, transcript)
    marked = [edit_of(part) for part in answer_view(transcript, 200).parts() if edit_of(part).extraSelections()]
    (edit,) = marked
    assert isinstance(edit, QTextEdit)
    (mark,) = edit.extraSelections()
    assert mark.cursor.selectedText() == "The needle"
    assert 0 <= edit.mapTo(transcript, edit.cursorRect(mark.cursor).topLeft()).y() < transcript.height()
    press(transcript, Qt.Key.Key_Escape)
    assert not edit.extraSelections()
    transcript.go_to(200, "needle")
    QTest.mousePress(edit.viewport(), Qt.MouseButton.LeftButton, pos=edit.cursorRect(mark.cursor).center())
    assert not edit.extraSelections()
    transcript.go_to(999, "nowhere")
    transcript.go_to(1)
    assert 0 <= top_in_sight(transcript, 1) < 100


def test_marks_come_back_with_the_widgets_and_with_other_colours(
    qtbot: QtBot, transcript: Transcript, theme: Theme
) -> None:
    def marked() -> list[str]:
        edits = [edit_of(part) for part in answer_view(transcript, 2).parts()]
        return [mark.cursor.selectedText() for edit in edits for mark in edit.extraSelections()]

    transcript.show_path((question(1), answer(2, "A needle."), *(answer(n, LONG) for n in range(3, 30))), {})
    transcript.go_to(2, "needle")
    settle(qtbot, transcript)
    theme.changed.emit()
    settle(qtbot, transcript)
    assert marked() == ["needle"]
    first = answer_view(transcript, 2)
    transcript.follow()
    settle(qtbot, transcript)
    row = transcript._rows.get(2)
    assert row
    assert row.view is None
    transcript.verticalScrollBar().setValue(0)
    settle(qtbot, transcript)
    assert answer_view(transcript, 2) is not first
    assert marked() == ["needle"]
    assert transcript.verticalScrollBar().value() == 0
    press(transcript, Qt.Key.Key_Escape)
    settle(qtbot, transcript)
    assert marked() == []


def test_nothing_wakes_up_when_nothing_happens(qtbot: QtBot, transcript: Transcript) -> None:
    path = (question(1), answer(2, "$x$ and\n\n```py\nx = 1\n```\n\nmore", MessageState.STREAMING))
    transcript.show_path(path, {})
    transcript.show_path((path[0], replace(path[1], state=MessageState.COMPLETE)), {})
    settle(qtbot, transcript)
    timers = [*transcript.findChildren(QTimer), *transcript._column.looks.formulas.findChildren(QTimer)]
    assert len(timers) > 3
    qtbot.waitUntil(lambda: not any(timer.isActive() for timer in timers))


def test_a_hit_in_what_is_folded_unfolds_it(qtbot: QtBot, transcript: Transcript) -> None:
    thought = replace(answer(2, "Short."), reasoning="First the haystack.")
    transcript.show_path((question(1, "line\n" * 80 + "needle"), thought), {})
    settle(qtbot, transcript)
    transcript.go_to(1, "needle")
    settle(qtbot, transcript)
    assert "needle" in words(transcript)
    transcript.go_to(2, "haystack")
    settle(qtbot, transcript)
    assert "First the haystack." in words(transcript)


def test_space_turns_pages(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_path(talk(60), {})
    settle(qtbot, transcript)
    transcript.setFocus()
    bar = transcript.verticalScrollBar()
    press(transcript, Qt.Key.Key_Home)
    assert bar.value() == 0
    press(transcript, Qt.Key.Key_Space)
    assert bar.value() > 0
    press(transcript, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert bar.value() == 0


def test_another_version_of_the_first_question_is_the_same_chat(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_path((question(1), answer(2, LONG), question(3), answer(4, LONG)), {1: Place(1, 2)}, chat=7)
    settle(qtbot, transcript)
    transcript.verticalScrollBar().setValue(0)
    transcript.show_path((question(5, "Else?"), answer(6, LONG)), {5: Place(2, 2)}, chat=7)
    settle(qtbot, transcript)
    assert transcript.verticalScrollBar().value() == 0
    transcript.show_path((question(7), answer(8, LONG)), {}, chat=8)
    assert transcript.following


@pytest.mark.parametrize("same", [True, False])
def test_a_hidden_transcript_draws_when_it_is_shown_again(qtbot: QtBot, transcript: Transcript, same: bool) -> None:
    transcript.show_path((question(1), answer(2, "One.", MessageState.STREAMING)), {})
    settle(qtbot, transcript)
    transcript.hide()
    key = 2 if same else 3
    transcript.show_path((question(1), answer(key, "One. Two.", MessageState.STREAMING)), {})
    settle(qtbot, transcript)
    assert "Two." not in "".join(part.toPlainText() for part in transcript.findChildren(QTextEdit))
    transcript.show()
    settle(qtbot, transcript)
    assert "One. Two." in words(transcript)
