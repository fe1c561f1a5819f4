"""Our own JSON, read back. It may come from anybody, so every value is checked; `reader` calls it.

What a message cannot do without (id, parent, role, text) makes the conversation damaged when it is wrong; anything else
then counts as not there.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import count
from typing import Any, TypeGuard

from desktop_app.domain.chat import (
    AnswerRecord,
    Attachment,
    AttachmentKind,
    Conversation,
    Message,
    MessageState,
    Role,
    Timing,
)
from desktop_app.domain.sampling import ChatSettings
from desktop_app.interchange.parcel import Parcel
from desktop_app.interchange.values import (
    MAX_ATTACHMENTS,
    MAX_IMAGE,
    MAX_MESSAGES,
    DamagedError,
    file_name,
    items,
    line,
    mapping,
    moment,
    number,
    parents_first,
    text,
    whole,
)

_LARGEST = 2**62
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT}
_MEDIA = {AttachmentKind.TEXT: "text/plain", AttachmentKind.IMAGE: "image/png"}


def read_chat(values: object) -> Parcel:
    """The conversation that `json_writer.chat_values` wrote. Ids of attachments count down from -1.

    Raises:
        DamagedError: it is none.
    """
    chat = mapping(values)
    told = chat.get("messages")
    if not isinstance(told, list) or len(told) > MAX_MESSAGES:
        raise DamagedError("it has no list of messages, or too many of them")
    ids = count(-1, -1)
    read = [_message(mapping(one), ids) for one in told]
    messages = {message.id: message for message in read}
    if len(messages) < len(read):
        raise DamagedError("two messages have the same id")
    order = parents_first({message.id: message.parent for message in read})
    if len(order) < len(read):
        raise DamagedError("messages follow one another in a circle")
    kept = tuple(_rooted(messages[one], messages) for one in order)
    seen_from = chat.get("seen_from")
    return Parcel(
        Conversation(
            0,
            line(chat.get("title")) or "Imported chat",
            moment(chat.get("updated")),
            titled=chat.get("titled") is True,
            pinned=chat.get("pinned") is True,
        ),
        kept,
        _shown(chat.get("shown"), {message.id: message for message in kept}),
        ChatSettings.from_json(_without_halves(chat.get("settings"))),
        line(chat.get("folder")),
        seen_from if isinstance(seen_from, int) and seen_from in messages else None,
        text(chat.get("summary")),
    )


def _message(values: Mapping[str, Any], ids: "count[int]") -> Message:
    one, parent, role = values.get("id"), values.get("parent"), _ROLES.get(str(values.get("role")))
    if not _is_id(one) or not (parent is None or _is_id(parent)) or role is None:
        raise DamagedError("a message has no proper id, parent or role")
    if not isinstance(values.get("text"), str):
        raise DamagedError(f"message {one} has no text")
    state = next((one for one in MessageState if one.value == values.get("state")), MessageState.COMPLETE)
    return Message(
        one,
        role,
        text(values["text"]),
        MessageState.INTERRUPTED if state is MessageState.STREAMING else state,
        line(values.get("model")),
        moment(values.get("created")),
        _timing(mapping(values.get("timing"))),
        text(values.get("error"), 10_000),
        parent,
        text(values.get("reasoning")),
        tuple(_attachment(mapping(told), next(ids)) for told in items(values.get("attachments"), MAX_ATTACHMENTS)),
        AnswerRecord.from_json(_without_halves(values.get("record"))),
        deleted=values.get("deleted") is True,
    )


def _is_id(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _rooted(message: Message, messages: Mapping[int, Message]) -> Message:
    """A message whose parent is missing is a beginning: shown, rather than lost."""
    return message if message.parent in messages else replace(message, parent=None)


def _shown(told: object, messages: Mapping[int, Message]) -> dict[int | None, int]:
    shown: dict[int | None, int] = {}
    for one in items(told):
        values = mapping(one)
        after, child = values.get("after"), values.get("message")
        if isinstance(child, int) and child in messages and messages[child].parent == after:
            shown[messages[child].parent] = child
    return shown


def _timing(values: Mapping[str, Any]) -> Timing:
    known: dict[str, Any] = {}
    for field in fields(Timing):
        value = values.get(field.name)
        known[field.name] = whole(value) if field.name.endswith("tokens") else number(value)
    return Timing(**known)


def _attachment(values: Mapping[str, Any], one: int) -> Attachment:
    kind = next((one for one in AttachmentKind if one.value == values.get("kind")), AttachmentKind.TEXT)
    picture = kind is AttachmentKind.IMAGE
    return Attachment(
        one,
        file_name(values.get("name")) or "attachment",
        kind,
        line(values.get("media"), 100) or _MEDIA[kind],
        text(values.get("text")),
        picture_data(values.get("data")) if picture else b"",
        whole(values.get("size")),
        whole(values.get("tokens")),
        text(values.get("note"), 1000),
    )


def picture_data(value: object) -> bytes:
    """The bytes of a picture from base64; empty when it is none, or too large."""
    if not isinstance(value, str) or len(value) > MAX_IMAGE * 4 // 3 + 4:
        return b""
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _without_halves(value: Any) -> Any:  # noqa: ANN401 - JSON may be anything; its depth is limited by its reader
    """The same values with every text made whole."""
    if isinstance(value, dict):
        return {text(name): _without_halves(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_halves(one) for one in value]
    return text(value) if isinstance(value, str) else value
