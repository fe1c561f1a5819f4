"""What a document of prose remembers of the Markdown that it was written from; nothing of this can be seen.

`prose_writer` and `prose_words` set these properties of formats, `prose_reader` reads them to give Markdown back.
"""

from enum import IntEnum

from PySide6.QtGui import QTextFormat

COPY_SCHEME = "copy-code"
"""Of the link above a block of code that copies it; no address of a model can have it (`markdown.links`)."""

FORMULA = QTextFormat.ObjectTypes.UserObject.value + 1
"""The kind of object that a formula is."""

BREAK = "\u200b"
"""A place to break a line at, within letters that have none."""

_FIRST = QTextFormat.Property.UserProperty.value


class Mark(IntEnum):
    """Properties of formats."""

    SOURCE = _FIRST + 1
    """Of letters: what Markdown has instead of them; empty for letters that it does not have."""

    LATEX = _FIRST + 2
    """Of a formula: its LaTeX."""

    DISPLAY = _FIRST + 3
    """Of a formula: whether it is written large."""

    CODE = _FIRST + 4
    """Of letters: true for code."""

    CONTAINERS = _FIRST + 5
    """Of a paragraph or table: the quotations (`>`) and items (`-`, `2.`, `- [x]`) around it, one a line."""

    OPENED = _FIRST + 6
    """Of a paragraph or table: how many of these had begun above it."""

    LANGUAGE = _FIRST + 7
    """Of a table that frames code: the word after its fence."""

    LABEL = _FIRST + 8
    """Of a paragraph: true for the line above code, which is no part of it."""

    ALIGNED = _FIRST + 9
    """Of a paragraph in a table: `left`, `center` or `right` if the table says so."""

    LETTERS = _FIRST + 10
    """Of a formula: the size of the letters around it, points."""
