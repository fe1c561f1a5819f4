"""Open WebUI's export: one chat of it as a parcel. `reader` calls it.

A chat holds `history.messages`, an object of messages with `parentId` and `childrenIds`, and `history.currentId`, the
end of what was shown; older ones have only `messages`, the list that was shown. What a model thought stands within its
text, as `<details type="reasoning">`.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from desktop_app.domain.chat import Attachment, AttachmentKind, Conversation, Message, MessageState, Role, Timing
from desktop_app.domain.sampling import MAX_SYSTEM, ChatSettings, read_sampling
from desktop_app.interchange.chatgpt import shown_to
from desktop_app.interchange.json_reader import picture_data
from desktop_app.interchange.parcel import Parcel
from desktop_app.interchange.values import (
    MAX_ATTACHMENTS,
    MAX_MESSAGES,
    DamagedError,
    file_name,
    items,
    line,
    mapping,
    moment,
    parents_first,
    text,
    whole,
)

_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT}
_DETAILS = re.compile(r"<details\s+type=\"(reasoning|tool_calls|code_interpreter)\"[^<>]{0,2000}>\s*")
_SUMMARY = re.compile(r"\s*<summary>[^<]*</summary>")
_END = "</details>"
_IMAGE = re.compile(r"data:(image/(?:png|jpeg|webp|gif));base64,")


def is_chat(values: Mapping[str, Any]) -> bool:
    """Whether this looks like a chat of Open WebUI, with the row of its table around it or without."""
    chat = mapping(values.get("chat")) or values
    return isinstance(mapping(chat.get("history")).get("messages"), dict) or isinstance(chat.get("messages"), list)


def read_chat(values: Mapping[str, Any]) -> Parcel:
    """One element of the exported list.

    Raises:
        DamagedError: it is none, or nothing of it can be read.
    """
    chat = mapping(values.get("chat")) or values
    history = mapping(chat.get("history"))
    told, parents, last = _told(history, chat)
    if len(told) > MAX_MESSAGES:
        raise DamagedError("it has too many messages")
    ids, attachments, messages = dict[str, int](), count(-1, -1), list[Message]()
    for key in parents_first(parents):
        above = ids.get(parents[key] or "")
        message = _message(told[key], len(messages) + 1, above, attachments)
        if message is not None:
            messages.append(message)
        # What follows a message that cannot be read hangs on what stood before it.
        ids[key] = message.id if message is not None else above or 0
    if told and not messages:
        raise DamagedError("none of its messages can be read")
    updated = moment(values.get("updated_at")) or moment(chat.get("timestamp")) or moment(values.get("created_at"))
    title = line(values.get("title")) or line(chat.get("title")) or "Imported chat"
    pinned = values.get("pinned") is True
    return Parcel(
        Conversation(0, title, updated, titled=True, pinned=pinned),
        tuple(messages),
        shown_to(ids.get(last, 0), messages),
        _settings(chat),
    )


def _told(
    history: Mapping[str, Any], chat: Mapping[str, Any]
) -> tuple[dict[str, Mapping[str, Any]], dict[str, str | None], str]:
    """Its messages by their ids, the parent of each, and the id of the last one that was shown."""
    if isinstance(history.get("messages"), dict):
        told = {key: mapping(one) for key, one in history["messages"].items()}
        found = {key: one.get("parentId") for key, one in told.items()}
        parents = {key: one if isinstance(one, str) else None for key, one in found.items()}
        return told, parents, str(history.get("currentId"))
    shown = [mapping(one) for one in items(chat.get("messages"))]
    told = {str(index): one for index, one in enumerate(shown)}
    return told, {str(index): str(index - 1) if index else None for index in range(len(shown))}, str(len(shown) - 1)


def _message(values: Mapping[str, Any], one: int, parent: int | None, ids: "count[int]") -> Message | None:
    """None for what nobody says: the system, a tool, an empty place."""
    role, content = _ROLES.get(str(values.get("role"))), values.get("content")
    if role is None:
        return None
    parts = [mapping(part) for part in items(content)]
    words = text(content) if isinstance(content, str) else "\n\n".join(text(part.get("text")) for part in parts)
    attachments = _attachments(values, parts, ids)
    message = Message(one, role, words, created=moment(values.get("timestamp")), parent=parent or None)
    if role is Role.USER:
        return replace(message, attachments=attachments)
    answer, reasoning = _without_details(words)
    error = values.get("error")
    failure = text(mapping(error).get("content") or error, 10_000) or ("It failed." if error else "")
    state = MessageState.FAILED if failure else MessageState.COMPLETE
    return replace(
        message,
        text=answer,
        reasoning=reasoning,
        attachments=attachments,
        model=line(values.get("modelName")) or line(values.get("model")),
        error=failure,
        state=MessageState.INTERRUPTED if values.get("done") is False and not failure else state,
        timing=_timing(mapping(values.get("usage")) or mapping(values.get("info"))),
    )


def _timing(usage: Mapping[str, Any]) -> Timing:
    prompt = whole(usage.get("prompt_tokens")) or whole(usage.get("prompt_eval_count"))
    answer = whole(usage.get("completion_tokens")) or whole(usage.get("eval_count"))
    return Timing(prompt_tokens=prompt, answer_tokens=answer)


def _without_details(words: str) -> tuple[str, str]:
    """The answer, and what the model thought; calls of tools, which only its own window shows, are left out."""
    thoughts, kept, at = list[str](), list[str](), 0
    while found := _DETAILS.search(words, at):
        end = words.find(_END, found.end())
        if end < 0:
            break
        if found[1] == "reasoning":
            inside = html.unescape(_SUMMARY.sub("", words[found.end() : end], count=1))
            thoughts.append("\n".join(re.sub(r"^> ?", "", one) for one in inside.strip().splitlines()).strip())
        kept.append(words[at : found.start()])
        at = end + len(_END)
    answer = "\n\n".join(filter(None, (one.strip("\n") for one in (*kept, words[at:]))))
    return answer if at else words, "\n\n".join(filter(None, thoughts))


def _attachments(
    values: Mapping[str, Any], parts: list[Mapping[str, Any]], ids: "count[int]"
) -> tuple[Attachment, ...]:
    files = [mapping(one) for one in items(values.get("files"), MAX_ATTACHMENTS)]
    pictures = [mapping(one.get("image_url")).get("url") for one in parts] + [
        one.get("url") for one in files if one.get("type") == "image"
    ]
    made = [_picture(one, ids) for one in pictures] + [_document(one, ids) for one in files]
    return tuple(one for one in made if one is not None)[:MAX_ATTACHMENTS]


def _picture(address: object, ids: "count[int]") -> Attachment | None:
    found = _IMAGE.match(address) if isinstance(address, str) else None
    data = picture_data(str(address)[found.end() :]) if found else b""
    if not found or not data:
        return None
    return Attachment(next(ids), "picture", AttachmentKind.IMAGE, found[1], data=data, size=len(data))


def _document(values: Mapping[str, Any], ids: "count[int]") -> Attachment | None:
    file = mapping(values.get("file"))
    words = text(mapping(file.get("data")).get("content"))
    if not words:
        return None
    name = file_name(values.get("name")) or file_name(file.get("filename")) or "document"
    return Attachment(next(ids), name, AttachmentKind.TEXT, "text/plain", words, size=len(words.encode()))


def _settings(chat: Mapping[str, Any]) -> ChatSettings:
    params = mapping(chat.get("params"))
    system = text(params.get("system"), MAX_SYSTEM) or text(chat.get("system"), MAX_SYSTEM)
    return ChatSettings(system, read_sampling(params))
