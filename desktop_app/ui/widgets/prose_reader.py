"""A part of a document of prose as Markdown again, or as plain words; for copying.

`prose` calls it. What cannot be seen in the formats has been noted in them by the writer (`prose_marks`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from PySide6.QtGui import (
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextTable,
    QTextTableFormat,
)

from desktop_app.markdown.fence import fenced
from desktop_app.ui.widgets.prose_inline import Run, inline_markdown
from desktop_app.ui.widgets.prose_marks import BREAK, Mark

_LEADING = re.compile(r"^( {0,3})([#>+\-=]|\d+[.)])(?=\s|$)|^( {0,3})(>)", re.MULTILINE)
_BREAKS = re.compile(f"(?<=[!-~]){BREAK}|{BREAK}(?=[!-~])")
_RULER = QTextFormat.Property.BlockTrailingHorizontalRulerWidth


class _Piece(NamedTuple):
    """A paragraph, table or block of code."""

    text: str
    containers: tuple[str, ...]
    opened: int
    whole: bool
    """Whether its beginning is selected too."""


@dataclass
class _Page:
    """Puts pieces below one another, with the signs of the quotations and items that they are in."""

    lines: list[str] = field(default_factory=list)
    _before: tuple[str, ...] = ()
    _left_out: int | None = None
    """How many outer items had begun above the selection; they are left out."""

    def add(self, piece: _Piece) -> None:
        left_out = piece.opened if self._left_out is None else min(self._left_out, piece.opened)
        self._left_out = left_out
        first, others = _prefixes(piece, left_out)
        if self.lines and not _goes_on(self._before, piece):
            shared = _shared(self._before, piece)
            self.lines.append(_prefixes(piece._replace(containers=shared, opened=len(shared)), left_out)[1].rstrip())
        for number, line in enumerate(piece.text.split("\n")):
            self.lines.append(f"{others if number else first}{line}".rstrip() if piece.whole else line)
        self._before = piece.containers


def markdown_of(document: QTextDocument, begin: int, end: int) -> str:
    """What stands between two places, as Markdown."""
    page = _Page()
    for piece in _pieces(document, begin, end):
        page.add(piece)
    return "\n".join(page.lines)


def words_of(document: QTextDocument, begin: int, end: int) -> str:
    """What stands between two places, as it is read; formulas as LaTeX."""
    lines: list[str] = []
    block = document.findBlock(begin)
    while block.isValid() and block.position() < end:
        text = "".join(run.style.property(Mark.LATEX) or run.text for run in _runs(block, begin, end))
        marker = block.textList().itemText(block) + " " if block.textList() and begin <= block.position() else ""
        if (text or marker) and not block.blockFormat().property(Mark.LABEL):
            lines.append(f"{marker}{text}".replace("\u2028", "\n"))
        block = block.next()
    return "\n".join(lines)


def _pieces(document: QTextDocument, begin: int, end: int) -> Iterator[_Piece]:
    block = document.findBlock(begin)
    while block.isValid() and block.position() <= end:
        table: QTextTable | None = QTextCursor(block).currentTable()
        if table is None:
            if piece := _paragraph(block, begin, end):
                yield piece
            block = block.next()
            continue
        yield _table(table, begin, end)
        block = document.findBlock(table.lastPosition()).next()


def _paragraph(block: QTextBlock, begin: int, end: int) -> _Piece | None:
    shape = block.blockFormat()
    if not shape.hasProperty(Mark.CONTAINERS) or (block.position() == end and block.position() != begin):
        return None
    whole = begin <= block.position() and (end >= block.position() + block.length() - 1 or _one_line(block, end))
    heading = shape.headingLevel()
    if shape.hasProperty(_RULER):
        return _piece("---", shape, whole=True)
    runs = list(_runs(block, begin, end))
    text = inline_markdown(runs, bold=not heading)
    display = len(runs) == 1 and bool(runs[0].style.property(Mark.DISPLAY))
    if not display:
        text = _LEADING.sub(r"\1\3\\\2\4", text)
        text = re.sub(r"\\(\d+)([.)])", r"\1\\\2", text)
    if heading and whole:
        text = f"{'#' * heading} {text}"
    return _piece(text, shape, whole=whole)


def _one_line(block: QTextBlock, end: int) -> bool:
    """Whether the selection goes on below this paragraph."""
    return end > block.position() + block.length() - 1


def _piece(text: str, shape: QTextBlockFormat | QTextTableFormat, *, whole: bool) -> _Piece:
    containers = tuple(filter(None, str(shape.property(Mark.CONTAINERS) or "").split("\n")))
    return _Piece(text, containers, int(shape.property(Mark.OPENED) or 0), whole)


def _runs(block: QTextBlock, begin: int, end: int) -> Iterator[Run]:
    """The letters of a paragraph between two places, in runs of one format."""
    place = block.begin()
    while not place.atEnd():
        fragment = place.fragment()
        start = max(0, begin - fragment.position())
        stop = min(fragment.length(), end - fragment.position())
        if start < stop:
            # Positions count UTF-16 units.
            units = fragment.text().encode("utf-16-le")[2 * start : 2 * stop]
            text = units.decode("utf-16-le", "replace")
            yield Run(_BREAKS.sub("", text), fragment.charFormat())
        place += 1


# --- tables ----------------------------------------------------------------------------------------------------------


def _table(table: QTextTable, begin: int, end: int) -> _Piece:
    shape = table.format().toTableFormat()
    if shape.hasProperty(Mark.LANGUAGE):
        return _code(table, shape, begin, end)
    first, last = table.cellAt(begin), table.cellAt(end)
    if first.isValid() and last.isValid() and (first.row(), first.column()) == (last.row(), last.column()):
        block = first.firstCursorPosition().block()
        text = inline_markdown(list(_runs(block, begin, end)), bold=first.row() > 0)
        return _Piece(text, (), 0, whole=False)
    top = first.row() if first.isValid() else 0
    bottom = last.row() if last.isValid() else table.rows() - 1
    rows = [_row(table, row) for row in range(top, bottom + 1)]
    rows.insert(1, f"| {' | '.join(_rule(table, column) for column in range(table.columns()))} |")
    return _piece("\n".join(rows), shape, whole=True)


def _row(table: QTextTable, row: int) -> str:
    cells = []
    for column in range(table.columns()):
        block = table.cellAt(row, column).firstCursorPosition().block()
        runs = list(_runs(block, block.position(), block.position() + block.length()))
        cells.append(re.sub(r"(?<!\\)\|", r"\\|", inline_markdown(runs, bold=row > 0)))
    return f"| {' | '.join(cells)} |"


def _rule(table: QTextTable, column: int) -> str:
    aligned = table.cellAt(0, column).firstCursorPosition().blockFormat().property(Mark.ALIGNED)
    return {"left": ":---", "center": ":---:", "right": "---:"}.get(str(aligned), "---")


def _code(table: QTextTable, shape: QTextTableFormat, begin: int, end: int) -> _Piece:
    block = table.cellAt(0, 0).lastCursorPosition().block()
    text = "".join(run.text for run in _runs(block, begin, end)).replace("\u2028", "\n")
    inside = table.firstPosition() <= begin and end <= table.lastPosition()
    if inside:
        return _Piece(text, (), 0, whole=False)
    return _piece(fenced(text, str(shape.property(Mark.LANGUAGE) or "")), shape, whole=True)


# --- what stands before a line --------------------------------------------------------------------------------------


def _prefixes(piece: _Piece, left_out: int) -> tuple[str, str]:
    """Before the first line and before the others."""
    first = others = ""
    for number, container in enumerate(piece.containers):
        if container == ">":
            first, others = f"{first}> ", f"{others}> "
        elif number >= left_out:
            room = " " * (len(container.split(" ")[0]) + 1)
            first += f"{container} " if number >= piece.opened else room
            others += room
    return first, others


def _shared(before: tuple[str, ...], piece: _Piece) -> tuple[str, ...]:
    """The containers that go on from the piece above."""
    return piece.containers[: min(piece.opened, len(before))]


def _goes_on(before: tuple[str, ...], piece: _Piece) -> bool:
    """Whether it is an item below another: no blank line between them."""
    opens_item = any(container != ">" for container in piece.containers[piece.opened :])
    return opens_item and any(container != ">" for container in before)
