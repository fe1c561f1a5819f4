"""Hands and eyes for transcripts: one that is shown, messages, what can be read."""

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.message_answer import AnswerView
from desktop_app.ui.widgets.message_question import QuestionView
from desktop_app.ui.widgets.prose import ProseView
from desktop_app.ui.widgets.text_view import TextView
from desktop_app.ui.widgets.transcript import Transcript


def shown_transcript(qtbot: QtBot, theme: Theme) -> Transcript:
    """An empty one, 700 pixels wide and 500 high."""
    made = Transcript(theme)
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    made.setFocus()
    qtbot.waitExposed(made)
    return made


def question(number: int, text: str = "Why?") -> Message:
    """A question."""
    return Message(number, Role.USER, text)


def answer(number: int, text: str, state: MessageState = MessageState.COMPLETE) -> Message:
    """An answer."""
    return Message(number, Role.ASSISTANT, text, state=state, model="Guide")


def settle(qtbot: QtBot, transcript: Transcript) -> None:
    """Wait until all is drawn."""
    qtbot.waitUntil(lambda: transcript._pump.idle)


def words(transcript: Transcript) -> str:
    """Everything that can be read, from the top."""
    views = [view for view in transcript.findChildren(TextView) if view.isVisible()]
    views.sort(key=lambda view: view.mapTo(transcript, QPoint(0, 0)).y())
    return "\n".join(view.toPlainText() for view in views)


def row_height(transcript: Transcript, key: int) -> int:
    """How tall a message is."""
    row = transcript._rows.get(key)
    assert row
    return transcript._rows.height(row)


def labels(transcript: Transcript) -> list[str]:
    """Every label that can be seen."""
    return [label.text() for label in transcript.findChildren(QLabel) if label.isVisible()]


def visible_prose(transcript: Transcript) -> ProseView:
    """The only prose in sight."""
    (view,) = (view for view in transcript.findChildren(ProseView) if view.isVisible())
    return view


def button(transcript: Transcript, name: str) -> QToolButton:
    """The first button of this name."""
    return next(found for found in transcript.findChildren(QToolButton) if found.accessibleName() == name)


def answer_view(transcript: Transcript, key: int) -> AnswerView:
    """The widgets of an answer."""
    row = transcript._rows.get(key)
    assert row
    assert isinstance(row.view, AnswerView)
    return row.view


def question_view(transcript: Transcript, key: int) -> QuestionView:
    """The widgets of a question."""
    row = transcript._rows.get(key)
    assert row
    assert isinstance(row.view, QuestionView)
    return row.view


def top_in_sight(transcript: Transcript, key: int) -> int:
    """Where a message begins, pixels below the upper edge of what is in sight."""
    row = transcript._rows.get(key)
    assert row
    return transcript._rows.top(row) - transcript.verticalScrollBar().value()
