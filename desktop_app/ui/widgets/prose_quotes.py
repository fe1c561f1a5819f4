"""The lines beside quotations in a document of prose; `prose` paints them on the screen, `paper` on a page."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QTextCursor, QTextDocument, QTextFormat, QTextTable

from desktop_app.ui.widgets.looks import QUOTE_INDENT
from desktop_app.ui.widgets.prose_marks import Mark

_LINE = 3
"""Pixels."""


class _Span(NamedTuple):
    """A paragraph, a table or a block of code: in how many quotations it is, and where."""

    level: int
    place: QRectF


def draw_quotes(painter: QPainter, document: QTextDocument, part: QRectF, colour: QColor) -> None:
    """Draw them as far as they are in *part*; each goes on to the next paragraph of the same quotation."""
    spans = list(_spans(document))
    for span, below in zip_longest(spans, spans[1:]):
        for step in range(span.level):
            goes_on = below is not None and step < below.level
            bottom = below.place.top() if goes_on else span.place.bottom()
            line = QRectF(step * QUOTE_INDENT, span.place.top(), _LINE, bottom - span.place.top())
            painter.fillRect(line & part, colour)


def _spans(document: QTextDocument) -> Iterator[_Span]:
    layout, block = document.documentLayout(), document.begin()
    while block.isValid():
        table: QTextTable | None = QTextCursor(block).currentTable()
        if table is not None:
            style = table.frameFormat()
            yield _Span(style.intProperty(QTextFormat.Property.BlockQuoteLevel), layout.frameBoundingRect(table))
            block = document.findBlock(table.lastPosition())
        elif block.blockFormat().hasProperty(Mark.CONTAINERS):  # others are what Qt needs beside tables
            shape = block.blockFormat()
            yield _Span(shape.intProperty(QTextFormat.Property.BlockQuoteLevel), layout.blockBoundingRect(block))
        block = block.next()
