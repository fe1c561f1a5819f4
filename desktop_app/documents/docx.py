"""Text out of Word's DOCX: headings, paragraphs, lists and tables in their order, as Markdown.

Runs in the program that reads documents (`__main__`).
"""

import io
import re
import time
import zipfile
from collections.abc import Iterator

from desktop_app.documents.limits import MAX_MEMBERS, MAX_TEXT, MAX_UNPACKED, SOFT_SECONDS, Refusal
from desktop_app.documents.texts import RefusedError, cut

_ODD = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    zipfile.BadZipFile,
    NotImplementedError,
    OSError,
    SyntaxError,
)
"""What damaged files raise in the libraries; errors of XML are a SyntaxError."""
_HEADING = re.compile(r"(?:Heading|heading) ([1-6])")


def is_docx(data: bytes) -> bool:
    """Whether a ZIP archive holds a Word document.

    Raises:
        RefusedError: it is damaged, or unpacks to something huge.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise RefusedError(Refusal.DAMAGED) from error
    if len(members) > MAX_MEMBERS or sum(one.file_size for one in members) > MAX_UNPACKED:
        raise RefusedError(Refusal.LARGE)
    return any(one.filename == "word/document.xml" for one in members)


def read_docx(data: bytes) -> tuple[str, str]:
    """The text, and a note in words, e.g. `3 tables`.

    Raises:
        RefusedError: it has none, or it is damaged.
    """
    import docx  # noqa: PLC0415 - it takes longer to import than to read a text
    from docx.opc.exceptions import PackageNotFoundError  # noqa: PLC0415 - as above

    tables = 0
    blocks, length, whole = list[str](), 0, True
    try:
        for block, is_table in _blocks(docx.Document(io.BytesIO(data))):
            blocks.append(block)
            tables += is_table
            length += len(block)
            if length > MAX_TEXT or time.process_time() > SOFT_SECONDS:
                whole = length > MAX_TEXT
                break
    except (*_ODD, PackageNotFoundError, RecursionError) as error:
        raise RefusedError(Refusal.DAMAGED) from error
    if not any(block.strip() for block in blocks):
        raise RefusedError(Refusal.EMPTY)
    notes = [f"{tables:,} {'table' if tables == 1 else 'tables'}"] if tables else []
    notes += [] if whole else ["only its beginning was read"]
    return cut("\n\n".join(blocks), notes)


def _blocks(document: object) -> Iterator[tuple[str, bool]]:
    """Every block as text, and whether it is a table."""
    from docx.document import Document  # noqa: PLC0415 - as above
    from docx.text.paragraph import Paragraph  # noqa: PLC0415 - as above

    if not isinstance(document, Document):
        return
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            text = block.text.strip()
            if text:
                yield f"{_mark(block.style.name if block.style else '')}{text}", False
        else:
            rows = [[" ".join(cell.text.split()) for cell in row.cells] for row in block.rows]
            if rows:
                yield _table(rows), True


def _mark(style: str | None) -> str:
    """What stands before a paragraph of this style."""
    found = _HEADING.fullmatch(style or "")
    if found:
        return "#" * int(found[1]) + " "
    if style == "Title":
        return "# "
    if style and style.startswith("List Bullet"):
        return "- "
    return "1. " if style and style.startswith("List Number") else ""


def _table(rows: list[list[str]]) -> str:
    width = max(len(row) for row in rows)
    lines = [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row + [""] * (width - len(row))) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])
