"""Where everything in a cell of a grid of answers stands: its mark, its figures, two lines of text.

`prompt_grid_paint` draws it. What is laid out is kept while it is near: scrolling and repainting break no line twice.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QStaticText, QTextLayout, QTextOption

from desktop_app.domain.experiment import CellHead, CellState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.prompt_grid_marks import GAP, SHAPE
from desktop_app.ui.widgets.prompt_grid_rows import Row
from desktop_app.ui.widgets.prompt_grid_words import NOT_ASKED, Mark, figures_of, mark_of, one_line, row_words

SIDE = 12
"""Left and right in a cell; logical pixels at the usual size of words, as all of these."""
_TOP = 9
_SMALL = 17
"""Height of the small line above."""
_LINE = 18
_HEIGHT = 74
_KEPT = 1500
"""Cells that are kept laid out: many more than a screen has."""

_WRAP = QTextOption()
_WRAP.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)

Source = TypeVar("Source", CellHead, Row)


@dataclass(frozen=True)
class Text:
    """A text that is laid out, and where it stands in its cell."""

    text: QStaticText
    font: QFont
    colour: str
    """By the tokens' name."""
    place: QPointF


@dataclass(frozen=True)
class Laid(Generic[Source]):
    """Everything of a cell that has a place."""

    source: Source
    width: int
    texts: tuple[Text, ...]
    mark: Mark | None = None
    mark_place: QRectF | None = None


class CellLayout:
    """Fonts and places of cells, and of the prompts beside them.

    Args:
        theme: the fonts.
    """

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._hidden = False
        self._cells: dict[int, Laid[CellHead]] = {}
        self._rows: dict[tuple[int, int], Laid[Row]] = {}
        self._take_fonts()

    @property
    def height(self) -> int:
        """Of every row, pixels."""
        return self._theme.scaled(_HEIGHT)

    @property
    def small(self) -> QFont:
        """Of marks."""
        return self._strong

    def forget(self) -> None:
        """Lay everything out anew, in the theme's present fonts."""
        self._cells.clear()
        self._rows.clear()
        self._take_fonts()

    def set_hidden(self, hidden: bool) -> None:
        """Whether verdicts and figures are hidden."""
        if hidden is not self._hidden:
            self._hidden = hidden
            self._cells.clear()

    def of_cell(self, head: CellHead, width: int) -> Laid[CellHead]:
        """The places in a cell that is *width* pixels wide."""
        laid = self._cells.get(head.id)
        if laid is None or laid.source is not head or laid.width != width:
            if len(self._cells) > _KEPT:
                self._cells.clear()
            laid = self._cells[head.id] = self._cell(head, width)
        return laid

    def of_row(self, row: Row, width: int) -> Laid[Row]:
        """The places in the prompt beside a row, *width* pixels wide."""
        key = (row.prompt.id, row.repeat)
        laid = self._rows.get(key)
        if laid is None or laid.source != row or laid.width != width:
            if len(self._rows) > _KEPT:
                self._rows.clear()
            laid = self._rows[key] = self._row(row, width)
        return laid

    def nothing(self, width: int) -> tuple[Text, ...]:
        """What stands where nothing is asked."""
        return (self._line(NOT_ASKED, self._body, QPointF(self._px(SIDE), self._px(_TOP)), width, "second"),)

    def _cell(self, head: CellHead, width: int) -> Laid[CellHead]:
        mark = mark_of(head, hidden=self._hidden)
        room = width - 2 * self._px(SIDE)
        taken = self._mark_width(mark)
        place = QRectF(self._px(SIDE), self._px(_TOP), taken, self._px(_SMALL))
        texts = list(self._figures(figures_of(head, hidden=self._hidden), room, taken))
        top = _TOP + (_SMALL + 3 if mark.words or texts else 0)
        colour = "bad" if head.state is CellState.FAILED else "text"
        texts += self._two_lines(one_line(head.snippet), room, top, colour)
        return Laid(head, width, tuple(texts), mark, place)

    def _figures(self, words: str, room: float, taken: float) -> tuple[Text, ...]:
        """Behind the mark where there is one, or else at the left."""
        left = self._px(SIDE) + (taken + self._px(GAP * 2) if taken else 0)
        rest = room - (left - self._px(SIDE))
        if not words or rest < self._px(SHAPE):
            return ()
        # In the middle of the small line, as the word of the mark is.
        above = (self._px(_SMALL) - QFontMetricsF(self._numbers).height()) / 2
        return (self._line(words, self._numbers, QPointF(left, self._px(_TOP) + above), rest, "second"),)

    def _row(self, row: Row, width: int) -> Laid[Row]:
        side, room = self._px(SIDE), width - 2 * self._px(SIDE)
        head = self._line(row_words(row), self._numbers, QPointF(side, self._px(_TOP)), room, "second")
        texts = self._two_lines(one_line(row.prompt.text), room, _TOP + _SMALL + 3, "text")
        return Laid(row, width, (head, *texts))

    def _two_lines(self, words: str, room: float, top: float, colour: str) -> list[Text]:
        """As much of *words* as two lines take; the second ends in … where there is more."""
        if not words or room <= 0:
            return []
        layout = QTextLayout(words, self._body)
        layout.setTextOption(_WRAP)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(room)
        length = line.textLength()
        layout.endLayout()
        # Qt counts as UTF-16 does, Python does not.
        units = words.encode("utf-16-le", "surrogatepass")
        first = units[: 2 * length].decode("utf-16-le", "surrogatepass").rstrip()
        rest = units[2 * length :].decode("utf-16-le", "surrogatepass").strip()
        places = (QPointF(self._px(SIDE), self._px(top)), QPointF(self._px(SIDE), self._px(top + _LINE)))
        lines = [_text(first, self._body, places[0], colour)]
        return [*lines, self._line(rest, self._body, places[1], room, colour)] if rest else lines

    def _mark_width(self, mark: Mark) -> float:
        if not mark.words:
            return 0.0
        return QFontMetricsF(self._strong).horizontalAdvance(mark.words) + self._px(SHAPE + GAP)

    def _take_fonts(self) -> None:
        theme = self._theme
        self._scale = theme.text_scale
        self._body = theme.body_font(9.5)
        self._numbers = theme.figures_font(8.5)
        self._strong = theme.body_font(8.5, QFont.Weight.DemiBold)

    def _px(self, pixels: float) -> float:
        """*pixels* at the present size of words."""
        return pixels * self._scale

    @staticmethod
    def _line(words: str, font: QFont, place: QPointF, room: float, colour: str) -> Text:
        """As much of *words* as there is room for."""
        return _text(QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, room), font, place, colour)


def _text(words: str, font: QFont, place: QPointF, colour: str) -> Text:
    text = QStaticText(words)
    text.setTextFormat(Qt.TextFormat.PlainText)
    text.prepare(font=font)
    return Text(text, font, colour, place)
