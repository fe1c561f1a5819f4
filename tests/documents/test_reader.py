"""Documents read by a program of its own: every form, every way to fail, and nothing that waits or hangs."""

import asyncio
import os
import re
import sys
from pathlib import Path

import psutil
import pytest

from desktop_app.documents.limits import MAX_FILE, MAX_TEXT, MEMORY
from desktop_app.documents.reader import Document, read_document
from desktop_app.domain.errors import UserError
from tests.conftest import reach
from tests.documents.papers import bomb, docx, locked_pdf, pdf


async def read(folder: Path, name: str, data: bytes) -> Document:
    file = folder / name
    file.write_bytes(data)
    return await read_document(file)


async def refused(folder: Path, name: str, data: bytes) -> str:
    with pytest.raises(UserError) as caught:
        await read(folder, name, data)
    assert name in caught.value.title
    return caught.value.reason


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        ("a\r\nb\rgrün".encode(), "a\nb\ngrün", ""),
        ("\ufeffgrün".encode(), "grün", ""),
        ("grün".encode("utf-16"), "grün", ""),
        ("\ufeffgrün".encode("utf-16-be"), "grün", ""),
        ("grün".encode("latin-1"), "grün", "read as Latin-1"),
        (b"\x1b[31mred\x1b[0m log", "\x1b[31mred\x1b[0m log", ""),
    ],
)
async def test_texts_in_every_encoding(tmp_path: Path, data: bytes, text: str, note: str) -> None:
    assert await read(tmp_path, "a.txt", data) == Document("a.txt", text, note, len(data))


async def test_tables_of_values_are_counted(tmp_path: Path) -> None:
    told = await read(tmp_path, "a.csv", b'a;b;c\n1;"2\n2";3\n4;5;6\n')
    assert told.note == "3 rows × 3 columns"
    assert (await read(tmp_path, "b.csv", b"hello\n")).text == "hello\n"


async def test_pdf_by_pages(tmp_path: Path) -> None:
    told = await read(tmp_path, "a.pdf", pdf("Hello", "", "World"))
    assert (told.text, told.note) == ("Hello\n\nWorld", "3 pages, 1 without text")
    assert (await read(tmp_path, "a.bin", pdf("One"))).note == "1 page"


async def test_word_document_in_its_order(tmp_path: Path) -> None:
    told = await read(tmp_path, "a.docx", docx([["x", "y"], ["1", "a|b"]]))
    table = "| x | y |\n| --- | --- |\n| 1 | a\\|b |"
    assert told.text == f"# A title\n\nFirst words.\n\n- an item\n\n{table}\n\nLast words."
    assert told.note == "1 table"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("scan.pdf", pdf("", ""), "only pictures of text"),
        ("broken.pdf", b"%PDF-1.7\n1 0 obj", "damaged"),
        ("locked.pdf", locked_pdf("secret"), "protected by a password"),
        ("broken.docx", b"PK\x03\x04 no archive", "damaged"),
        ("cut.docx", docx()[:-3000], "damaged"),
        ("bomb.docx", bomb(), "far larger"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Word format"),
        ("program", bytes(range(256)) * 40, "no text, no PDF"),
        ("empty.txt", b" \n", "no text in it"),
    ],
)
async def test_what_has_no_text_is_refused_in_words(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    assert words in await refused(tmp_path, name, data)


async def test_other_archives_are_no_documents(tmp_path: Path) -> None:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<a/>")
    assert "only Word" in await refused(tmp_path, "a.xlsx", out.getvalue())


async def test_only_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path, words in (
        (tmp_path / "pipe", "no file"),
        (tmp_path / "link", "no file"),
        (Path("/dev/zero"), "no file"),
        (tmp_path, "a folder"),
        (tmp_path / "gone.txt", "not there any more"),
    ):
        with pytest.raises(UserError, match="could not be attached") as caught:
            await read_document(path)
        assert words in caught.value.reason


async def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.txt"
    with file.open("wb") as stream:
        stream.truncate(MAX_FILE + 1)
    with pytest.raises(UserError) as caught:
        await read_document(file)
    assert "the most is 100 MB" in caught.value.reason


async def test_a_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    told = await read(tmp_path, "long.txt", b"word " * (MAX_TEXT // 5 + 1000))
    assert len(told.text) == MAX_TEXT
    assert told.note == "only the first 10 million characters"


async def test_names_are_shown_without_tricks(tmp_path: Path) -> None:
    assert (await read(tmp_path, "gpj\u202e.txt", b"x")).name == "gpj\ufffd.txt"


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "desktop_app.documents" in " ".join(one.cmdline())]


async def test_cancelling_ends_the_program(tmp_path: Path) -> None:
    hard = tmp_path / "hard.pdf"
    hard.write_bytes(slow_pdf())
    task = asyncio.create_task(read_document(hard))
    await reach(children, "the program reads")
    (child,) = children()
    limits = Path(f"/proc/{child.pid}/limits")
    if sys.platform == "linux":
        found = re.compile(rf"Max address space +{MEMORY} ")
        await reach(lambda: found.search(limits.read_text()), "its memory is limited")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not child.is_running()


def slow_pdf() -> bytes:
    """A PDF of which every page takes a while."""
    line = "ET BT /F1 12 Tf 72 700 Td (x) Tj " * 20_000
    return pdf(*[f"x) Tj {line} (y"] * 20)
