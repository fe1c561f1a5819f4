"""What is attached: texts and documents as text, pictures through the function that was handed in."""

import asyncio
import os
from pathlib import Path

import pytest

from desktop_app.domain.chat import AttachmentKind
from desktop_app.domain.errors import UserError
from desktop_app.services.attachments import Attachments, ImageLimits, ScaledImage, is_picture
from tests.documents.papers import pdf
from tests.interchange.chats import PNG


def shrink(data: bytes, limits: ImageLimits) -> ScaledImage:
    """Says what it was given."""
    if b"hostile" in data:
        raise UserError("The picture could not be read.", "It is damaged.")
    return ScaledImage(data[:8], "image/png", limits.longest_side, 1, "scaled")


async def test_documents_and_pictures_get_ids_that_count_down(tmp_path: Path) -> None:
    attachments = Attachments(shrink)
    (tmp_path / "a.pdf").write_bytes(pdf("Hello"))
    (tmp_path / "b.py").write_text("print(1)\n")
    (tmp_path / "c.dat").write_bytes(PNG)
    document = await attachments.read(tmp_path / "a.pdf")
    code = await attachments.read(tmp_path / "b.py")
    picture = await attachments.read(tmp_path / "c.dat")
    assert [document.id, code.id, picture.id] == [-1, -2, -3]
    assert (document.kind, document.text, document.note) == (AttachmentKind.TEXT, "Hello", "1 page")
    assert (code.name, code.text, code.size) == ("b.py", "print(1)\n", 9)
    assert (picture.kind, picture.name, picture.data) == (AttachmentKind.IMAGE, "c.dat", PNG[:8])
    assert (picture.size, picture.note, picture.media) == (len(PNG), "scaled", "image/png")


async def test_a_long_paste_becomes_an_attachment_at_once() -> None:
    attachments = Attachments(shrink)
    text = "A line of sixteen\n" * 600_000
    made = await attachments.from_text("", text + "\ud800")
    assert (made.name, made.size, made.note) == ("Pasted text", len(text) + 1, "600,001 lines")
    assert made.text.endswith("\n?")
    with pytest.raises(UserError, match="could not be attached"):
        await attachments.from_text("x", "x" * 20_000_001)


async def test_pictures_that_fail_say_which_they_are(tmp_path: Path) -> None:
    attachments = Attachments(shrink)
    assert (await attachments.from_image(PNG)).name == "Pasted picture"
    (tmp_path / "bad.png").write_bytes(PNG + b"hostile")
    with pytest.raises(UserError, match=r"“bad\.png” could not be attached"):
        await attachments.read(tmp_path / "bad.png")
    small = Attachments(shrink, ImageLimits(most_bytes=50))
    with pytest.raises(UserError, match="could not be attached"):
        await small.read(tmp_path / "bad.png")


async def test_pipes_and_what_is_gone_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    attachments = Attachments(shrink)
    for name in ("pipe.png", "gone.png"):
        with pytest.raises(UserError, match=name):
            await attachments.read(tmp_path / name)


async def test_many_at_once_are_read_in_turns(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"{number}.txt").write_text(str(number))
    attachments = Attachments(shrink)
    made = await asyncio.gather(*(attachments.read(tmp_path / f"{number}.txt") for number in range(6)))
    assert [one.text for one in made] == ["0", "1", "2", "3", "4", "5"]


def test_a_text_that_begins_with_two_letters_is_no_picture() -> None:
    assert not is_picture(b"BM is short for benchmark")
    assert is_picture(b"BM\x36\x00\x00\x00\x00\x00\x00\x00\x36")
    assert is_picture(b"RIFF\0\0\0\0WEBPVP8 ")
    assert not is_picture(b"RIFF\0\0\0\0WAVEfmt ")
