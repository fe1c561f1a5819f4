"""Which view shows a message. `transcript_column` imports it with the first message, since it brings all of them."""

from PySide6.QtWidgets import QWidget

from desktop_app.domain.chat import Message, Role
from desktop_app.ui.widgets.message_answer import AnswerView
from desktop_app.ui.widgets.message_question import QuestionView
from desktop_app.ui.widgets.message_unfolded import Unfolded
from desktop_app.ui.widgets.message_view import MessageView, Surroundings


def make_view(around: Surroundings, message: Message, unfolded: Unfolded, parent: QWidget) -> MessageView:
    """The view for *message*, empty yet."""
    kind = QuestionView if message.role is Role.USER else AnswerView
    return kind(around, message, unfolded, parent)
