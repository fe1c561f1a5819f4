"""Messages as the protocol writes them. Pure; used by `client.py`.

What stands in a file is told from the question by a frame: the file's name as a heading, then its text between two
fences of backticks, which are longer than any row of them in the text, so that nothing in the file can end the frame.
Signs by which chat templates begin and end turns are made harmless inside: a model would take them for a turn.
"""

import base64
import re
from collections.abc import Mapping, Sequence

from desktop_app.domain.chat import Attachment, AttachmentKind, Message

NO_IMAGES: Mapping[int, bytes] = {}
_MEDIA = re.compile(r"image/[a-z0-9.+-]{1,40}")
_TURN_SIGN = re.compile(
    r"<(?=[|｜][^\s<>]{1,60}[|｜]>|/?s>|(?:start|end)_of_turn>|/?think>)|\[(?=/?INST\])", re.IGNORECASE
)
"""Where a sign begins that ends or begins a turn: ChatML, Llama 3, DeepSeek; Llama 2 and Mistral; Gemma; thinking."""
_APART = "\u200b"
"""A space without a width."""


def turns(messages: Sequence[Message], images: Mapping[int, bytes] = NO_IMAGES) -> list[dict[str, object]]:
    """Messages with their attachments; *images* has the bytes of pictures by the attachment's id."""
    return [{"role": message.role.value, "content": _content(message, images)} for message in messages]


def framed(message: Message) -> str:
    """The text of a message behind its text files, each in a frame."""
    files = [_frame(one) for one in message.attachments if one.kind is AttachmentKind.TEXT]
    return "\n\n".join([*files, message.text] if message.text.strip() else files)


def sendable(text: str) -> str:
    """*text* without what cannot be sent as UTF-8: keyboards and pasted text contain halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _content(message: Message, images: Mapping[int, bytes]) -> str | list[dict[str, object]]:
    text = sendable(framed(message) if message.attachments else message.text)
    pictures = [_picture(one, images) for one in message.attachments if one.kind is AttachmentKind.IMAGE]
    if not pictures:
        return text
    return [*pictures, {"type": "text", "text": text}] if text.strip() else pictures


def _frame(file: Attachment) -> str:
    name = " ".join("".join(sign if sign.isprintable() else " " for sign in file.name).split())
    text = _TURN_SIGN.sub(lambda found: found[0] + _APART, file.text)
    longest = max((len(row) for row in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"File: {_TURN_SIGN.sub(lambda found: found[0] + _APART, name)}\n{fence}\n{text.rstrip()}\n{fence}"


def _picture(file: Attachment, images: Mapping[int, bytes]) -> dict[str, object]:
    # Always the bytes themselves: an address would make the server fetch something.
    data = base64.b64encode(images.get(file.id, file.data)).decode("ascii")
    media = file.media if _MEDIA.fullmatch(file.media) else "image/png"
    return {"type": "image_url", "image_url": {"url": f"data:{media};base64,{data}"}}
