"""The parts of messages that words can be selected in, and places in them; `selection` works with these."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from PySide6.QtCore import QPoint
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from desktop_app.ui.widgets.text_view import TextView

if TYPE_CHECKING:
    from desktop_app.ui.widgets.code_block import CodeBlock

END = 2**31 - 1
"""Beyond the end of every text and of every list of parts."""


class Selectable(Protocol):
    """A message, as far as selecting goes."""

    @property
    def key(self) -> int:
        """Tells it from the others, however often its widgets are made again."""

    def parts(self) -> Sequence[QWidget]:
        """Its `TextView`s and `CodeBlock`s from the top; empty while it has no widgets."""

    def markdown(self) -> str:
        """The whole message."""


class Place(NamedTuple):
    """Where a selection begins or ends; `message` is a key."""

    message: int
    part: int
    position: int


class Share(NamedTuple):
    """What is selected of one part."""

    part: "TextView | CodeBlock"
    begin: int
    end: int
    whole: bool


def edit_of(part: QWidget) -> QTextEdit | QPlainTextEdit:
    """What the words of *part* are drawn in."""
    return part if isinstance(part, TextView) else part.lines  # type: ignore[attr-defined]


def length_of(part: QWidget) -> int:
    """The last place in the text of *part*."""
    return edit_of(part).document().characterCount() - 1


def share_of(part: QWidget, begin: int, end: int) -> Share:
    """What is selected of *part* between two places, which may lie beyond its end."""
    length = length_of(part)
    begin, end = min(begin, length), min(end, length)
    return Share(part, begin, end, begin == 0 and end == length)  # type: ignore[arg-type]


def position_in(part: QWidget, point: QPoint) -> int:
    """The place in the text of *part* nearest to a point of the screen."""
    edit = edit_of(part)
    inside = edit.viewport().mapFromGlobal(point)
    if inside.y() < 0:
        return 0
    if inside.y() >= edit.viewport().height():
        return length_of(part)
    return edit.cursorForPosition(inside).position()


def draw(edit: QTextEdit | QPlainTextEdit, begin: int, end: int) -> None:
    """Select from *begin* to *end*, unless that is so."""
    cursor = edit.textCursor()
    if (cursor.selectionStart(), cursor.selectionEnd()) == (begin, end) or (begin == end and not cursor.hasSelection()):
        return
    bar = edit.horizontalScrollBar()
    sideways = bar.value()
    cursor = QTextCursor(edit.document())
    cursor.setPosition(begin)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    edit.setTextCursor(cursor)
    bar.setValue(sideways)  # Qt shows the end of the selection
