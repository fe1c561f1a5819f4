"""What a model is given of a conversation: pure, so that what is counted, shown as seen and sent is the same.

`services/conversations` sends it, `services/context` counts it.
"""

from collections.abc import Sequence
from dataclasses import replace

from desktop_app.domain.chat import AttachmentKind, Message, Role
from desktop_app.domain.sampling import ChatSettings

_SUMMARY = "What was said earlier in this conversation, in short:"


def as_sent(
    path: Sequence[Message], settings: ChatSettings, seen_from: int | None = None, summary: str = ""
) -> tuple[Message, ...]:
    """The messages of a request: what the system is told, then questions and answers by turns, beginning with one.

    Answers that were broken off count as they are. A question that got none is put together with the one after it,
    its attachments too, because many chat templates refuse two questions in a row.

    Args:
        path: what is shown, oldest first, up to the last question, or to the answer that is continued.
        settings: of the conversation.
        seen_from: the first message that the model is given; None, or one that is not on the path, for all.
        summary: stands for what is before `seen_from`.
    """
    system = _system(settings, summary if seen_from is not None else "")
    turns: list[Message] = [Message(0, Role.SYSTEM, system)] if system else []
    for message in seen(path, seen_from):
        if message.role is Role.SYSTEM or not (message.text.strip() or message.attachments):
            continue
        if turns and turns[-1].role is message.role:
            turns[-1] = _joined(turns[-1], message)
        elif message.role is Role.USER or (turns and turns[-1].role is Role.USER):
            turns.append(message)
    return tuple(turns)


def as_text(path: Sequence[Message], seen_from: int | None = None) -> str:
    """The prompt of a plain completion: all texts as they stand, one behind the other; texts of files before theirs."""
    return "".join(_with_files(message) for message in seen(path, seen_from))


def seen(path: Sequence[Message], seen_from: int | None) -> Sequence[Message]:
    """The part of *path* that begins with the message *seen_from*; all of it when that is not there."""
    start = next((index for index, message in enumerate(path) if message.id == seen_from), 0)
    return path[start:]


def _system(settings: ChatSettings, summary: str) -> str:
    parts = [settings.system.strip(), f"{_SUMMARY}\n\n{summary.strip()}" if summary.strip() else ""]
    return "\n\n".join(part for part in parts if part)


def _joined(first: Message, second: Message) -> Message:
    text = "\n\n".join(one.text for one in (first, second) if one.text.strip())
    return replace(first, text=text, attachments=(*first.attachments, *second.attachments))


def _with_files(message: Message) -> str:
    files = (one.text for one in message.attachments if one.kind is AttachmentKind.TEXT)
    return "".join(f"{text}\n\n" for text in files) + message.text
