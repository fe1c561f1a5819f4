"""What people attach to a question: read, checked, made small enough to send. `ui/pages/chat` asks for it.

Documents are read by a program of their own (`documents`); pictures are decoded by Qt, which lives in `ui`, so the
function for it is handed in.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from desktop_app.documents.limits import MAX_TEXT
from desktop_app.documents.reader import open_regular, read_document, shown
from desktop_app.domain.chat import Attachment, AttachmentKind
from desktop_app.domain.errors import UserError

AT_ONCE = 2
"""Documents that are read at the same time; each may take its share of memory."""
_HEAD = 16
"""Bytes that tell a picture."""
_MOST_PASTED = 2 * MAX_TEXT
"""Characters."""


@dataclass(frozen=True)
class ImageLimits:
    """What a picture may be, and what becomes of it."""

    longest_side: int = 1568
    """Pixels. More than that most models scale down themselves, and every pixel costs tokens."""
    most_pixels: int = 64_000_000
    """Of the picture as it is given; looked at before anything is decoded."""
    most_bytes: int = 50_000_000
    """Of the file."""


@dataclass(frozen=True)
class ScaledImage:
    """A picture as it is sent."""

    data: bytes
    media: str
    """`image/png` or `image/jpeg`."""
    width: int
    """Pixels."""
    height: int
    note: str = ""
    """What was done to it, e.g. `scaled from 4,000 × 3,000`."""


ReadImage = Callable[[bytes, ImageLimits], ScaledImage]
"""Decodes, scales and writes a picture anew, without its metadata; raises UserError. Runs in a thread."""


class Attachments:
    """Makes attachments. Their ids count down from -1 until they are stored.

    Args:
        read_image: how a picture is decoded and scaled.
        limits: what a picture may be.
    """

    def __init__(self, read_image: ReadImage, limits: ImageLimits | None = None) -> None:
        self._read_image = read_image
        self._limits = limits or ImageLimits()
        self._ids = count(-1, -1)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read(self, path: Path) -> Attachment:
        """A file as an attachment: a picture, or a document's text.

        Raises:
            UserError: it cannot be attached, and why.
        """
        async with self._turns:
            data = await asyncio.to_thread(_picture_bytes, path, self._limits.most_bytes)
            if data:
                return await self._picture(shown(path), data)
            document = await read_document(path)
        return Attachment(
            next(self._ids),
            document.name,
            AttachmentKind.TEXT,
            "text/plain",
            document.text,
            size=document.size,
            note=document.note,
        )

    async def from_text(self, name: str, text: str) -> Attachment:
        """A long text that was pasted, as an attachment.

        Raises:
            UserError: it is longer than any model could read.
        """
        if len(text) > _MOST_PASTED:
            reason = f"It has {len(text):,} characters; the most is {_MOST_PASTED:,}."
            raise UserError("The text could not be attached.", reason)
        sound, size, lines = await asyncio.to_thread(_measured, text)
        note = f"{lines:,} lines" if lines > 1 else ""
        kind = AttachmentKind.TEXT
        return Attachment(next(self._ids), name or "Pasted text", kind, "text/plain", sound, size=size, note=note)

    async def from_image(self, data: bytes, name: str = "") -> Attachment:
        """A picture that was pasted, as an attachment.

        Raises:
            UserError: it is none, or too large.
        """
        async with self._turns:
            return await self._picture(name or "Pasted picture", data)

    async def _picture(self, name: str, data: bytes) -> Attachment:
        try:
            image = await asyncio.to_thread(self._read_image, data, self._limits)
        except UserError as error:
            raise UserError(f"“{name}” could not be attached.", error.sentence()) from error
        return Attachment(
            next(self._ids),
            name,
            AttachmentKind.IMAGE,
            image.media,
            data=image.data,
            size=len(data),
            note=image.note,
        )


def is_picture(head: bytes) -> bool:
    """Whether these first bytes of a file are those of a picture that can be sent."""
    signs = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
    webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    # Two letters are little to tell a picture by; the zeros that follow the size are in every one of them.
    bitmap = head.startswith(b"BM") and head[6:10] == b"\0\0\0\0"
    return head.startswith(signs) or webp or bitmap


def _picture_bytes(path: Path, most: int) -> bytes:
    """The bytes of a picture; empty for every other file."""
    file, size = open_regular(path)
    with file:
        if not is_picture(file.read(_HEAD)):
            return b""
        if size > most:
            raise UserError(
                f"“{shown(path)}” could not be attached.",
                f"The picture has {size / 1e6:,.0f} MB; the most is {most / 1e6:,.0f} MB.",
            )
        file.seek(0)
        return file.read(most)


def _measured(text: str) -> tuple[str, int, int]:
    """The text without halves of characters, its bytes and its lines."""
    encoded = text.encode("utf-8", "replace")
    return encoded.decode("utf-8"), len(encoded), text.count("\n") + 1
