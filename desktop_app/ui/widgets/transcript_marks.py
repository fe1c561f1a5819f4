"""Marks the words of a search in a message, until somebody clicks or presses Esc."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

import shiboken6
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from desktop_app.ui.widgets.text_view import TextView

_MOST = 500
"""Marks in one text."""

_ONE_UNIT = 0xFFFF
"""Signs beyond it take two units of UTF-16."""


class Marks(QObject):
    """Owns the marks of one transcript; there is one marked message at a time."""

    clicked = Signal()
    """Somebody clicked into a marked text."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._edits: list[QTextEdit | QPlainTextEdit] = []

    def __bool__(self) -> bool:
        return any(shiboken6.isValid(one) for one in self._edits)

    def mark(self, parts: Sequence[QWidget], words: str, ground: QColor, text: QColor) -> tuple[QWidget, int] | None:
        """Mark *words* in these texts; the part with the first hit and how far below its top that is, in pixels."""
        self.clear()
        first: tuple[QWidget, int] | None = None
        for part in parts:
            edit = edit_of(part)
            found = list(_selections(edit, words, ground, text))
            if not found:
                continue
            edit.setExtraSelections(found)
            edit.viewport().installEventFilter(self)
            self._edits.append(edit)
            if first is None:
                place = edit.cursorRect(found[0].cursor)
                first = part, edit.viewport().mapTo(part, place.topLeft()).y()
        return first

    def clear(self) -> None:
        """Take all marks away."""
        edits, self._edits = self._edits, []
        for edit in (one for one in edits if shiboken6.isValid(one)):
            edit.viewport().removeEventFilter(self)
            edit.setExtraSelections([])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Whoever clicks has seen them."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self.clicked.emit()
        return False


def edit_of(part: QWidget) -> QTextEdit | QPlainTextEdit:
    """What shows the words of a text, or the lines of a block of code."""
    return part if isinstance(part, TextView) else part.lines  # type: ignore[attr-defined]


def hits(text: str, words: str) -> list[tuple[int, int]]:
    """Begin and end of every hit in *text*, in UTF-16 units as Qt counts; case and accents do not matter.

    The words beside one another count first; when they are nowhere, each by itself.
    """
    folded, places = _folded(text)
    wanted = re.findall(r"\w+", _folded(words)[0])
    if not wanted:
        return []
    together = r"\W+".join(re.escape(word) for word in wanted)
    found = list(re.finditer(together, folded)) or list(re.finditer("|".join(map(re.escape, wanted)), folded))
    return [(places[hit.start()], places[hit.end()]) for hit in found[:_MOST]]


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """*text* without case and accents, and for each sign of it (and the end) where in *text* it comes from."""
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    signs: list[str] = []
    places: list[int] = []
    at = 0
    for sign in text:
        for part in unicodedata.normalize("NFKD", sign).casefold():
            if not unicodedata.combining(part):
                signs.append(part)
                places.append(at)
        at += 2 if ord(sign) > _ONE_UNIT else 1
    return "".join(signs), [*places, at]


def _selections(
    edit: QTextEdit | QPlainTextEdit, words: str, ground: QColor, text: QColor
) -> Iterator[QTextEdit.ExtraSelection]:
    for begin, end in hits(edit.toPlainText(), words):
        made = QTextEdit.ExtraSelection()
        cursor = QTextCursor(edit.document())
        cursor.setPosition(begin)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        made.cursor = cursor
        made.format.setBackground(ground)
        made.format.setForeground(text)
        yield made
