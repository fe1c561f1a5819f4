"""Conversations as JSON, with nothing left out: `resources/chat-export.schema.json` describes it.

`services/chat_files` calls it, `json_reader` reads it back.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import fields

from desktop_app.domain.chat import Attachment, Message, MessageState, Timing
from desktop_app.interchange.parcel import Parcel

FORMAT = "vllm-desktop-chats"
VERSION = 1
"""A reader of version 1 must refuse a file with a higher one."""


class JsonWriter:
    """Writes one conversation to a line."""

    def __init__(self) -> None:
        self._first = True

    def begin(self, _titles: Sequence[str]) -> str:
        """Opens the list of conversations."""
        self._first = True
        return f'{{"format": "{FORMAT}", "version": {VERSION}, "chats": ['

    def chat(self, parcel: Parcel) -> Iterator[str]:
        """One conversation."""
        yield "\n" if self._first else ",\n"
        self._first = False
        yield json.dumps(chat_values(parcel), ensure_ascii=False, allow_nan=False)

    def end(self) -> str:
        """Closes the list."""
        return "\n]}\n"


def chat_values(parcel: Parcel) -> dict[str, object]:
    """A conversation as an object of JSON; what is empty is left out."""
    conversation = parcel.conversation
    values: dict[str, object] = {
        "title": conversation.title,
        "titled": conversation.titled,
        "pinned": conversation.pinned,
        "updated": conversation.updated,
        "folder": parcel.folder,
        "settings": parcel.settings.as_json(),
        "seen_from": parcel.seen_from,
        "summary": parcel.summary,
        "shown": [{"after": parent, "message": child} for parent, child in parcel.chosen.items()],
    }
    messages = [_message(message) for message in parcel.messages]
    return _known(values) | {"title": conversation.title, "messages": messages}


def _message(message: Message) -> dict[str, object]:
    # An answer that is being written now is, in the file, one that was broken off.
    state = MessageState.INTERRUPTED if message.state is MessageState.STREAMING else message.state
    always = {"id": message.id, "parent": message.parent, "role": message.role.value, "text": message.text}
    return always | _known(
        {
            "state": state.value,
            "model": message.model,
            "created": message.created,
            "reasoning": message.reasoning,
            "timing": _timing(message.timing),
            "record": message.record.as_json(),
            "error": message.error,
            "attachments": [_attachment(one) for one in message.attachments],
            "deleted": message.deleted,
        }
    )


def _timing(timing: Timing) -> dict[str, object]:
    return _known({field.name: getattr(timing, field.name) for field in fields(Timing)})


def _attachment(attachment: Attachment) -> dict[str, object]:
    always = {"name": attachment.name, "kind": attachment.kind.value, "media": attachment.media}
    return always | _known(
        {
            "text": attachment.text,
            "data": b64encode(attachment.data).decode("ascii"),
            "size": attachment.size,
            "tokens": attachment.tokens,
            "note": attachment.note,
        }
    )


def _known(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in (None, "", 0, 0.0, False, [], {})}
