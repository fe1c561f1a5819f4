"""What keys do within a chat, and within the columns of an experiment; `main_window` binds them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop_app.ui.pages.chat import ChatPage
from desktop_app.ui.shortcuts import CommandId

if TYPE_CHECKING:
    from desktop_app.ui.widgets.compare_columns import CompareColumns

CHAT_COMMANDS: dict[CommandId, Callable[[ChatPage], object]] = {
    CommandId.NEW_CHAT: lambda chat: chat.new_chat(),
    CommandId.TEMPORARY_CHAT: lambda chat: chat.new_temporary_chat(),
    CommandId.NEW_FOLDER: lambda chat: chat.new_folder(),
    CommandId.SEARCH: lambda chat: chat.search(),
    CommandId.TOGGLE_LIST: lambda chat: chat.toggle_list(),
    CommandId.ATTACH: lambda chat: chat.attach(),
    CommandId.REGENERATE: lambda chat: chat.regenerate_last(),
    CommandId.PREVIOUS_VERSION: lambda chat: chat.previous_version(),
    CommandId.NEXT_VERSION: lambda chat: chat.next_version(),
    CommandId.PREVIOUS_MESSAGE: lambda chat: chat.transcript.step(-1),
    CommandId.NEXT_MESSAGE: lambda chat: chat.transcript.step(1),
    CommandId.COPY_ANSWER: lambda chat: chat.copy_last_answer(),
    CommandId.COPY_CODE: lambda chat: chat.copy_last_code(),
    CommandId.FOLLOW: lambda chat: chat.follow(),
    CommandId.TOGGLE_SETTINGS: lambda chat: chat.toggle_settings(),
}

COLUMN_COMMANDS: dict[CommandId, Callable[["CompareColumns"], object]] = {
    CommandId.PREVIOUS_VERSION: lambda columns: columns.step_column(-1),
    CommandId.NEXT_VERSION: lambda columns: columns.step_column(1),
    CommandId.PREVIOUS_MESSAGE: lambda columns: columns.step_message(-1),
    CommandId.NEXT_MESSAGE: lambda columns: columns.step_message(1),
    CommandId.FOLLOW: lambda columns: columns.follow(),
}
"""What keys that move within a chat do where answers are compared: nobody is taken from there to the chat by them."""
