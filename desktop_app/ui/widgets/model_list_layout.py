"""Where everything in a row of the list of models stands: texts, marks and the verdict, for a row of some width.

`model_list_paint` draws it. A row is laid out when it is first seen, and again when the list gets another width.
"""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QStaticText

from desktop_app.services.models_view import ModelRow
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.fit_badge import badge_height, badge_width
from desktop_app.ui.widgets.model_list_words import Mark, condition, good_for, marks, owner, size, title

_HEIGHT = 62
"""Of every row; pixels at the usual size of words, as all of these."""
_SIDE = 14
"""Left and right of a row."""
_RIGHT = 140
"""Width of the column with verdict, size and memory."""
_BAR = 52
_FIRST, _SECOND = 11, 35
"""Tops of the two lines."""
_PILL = 19
"""Height of a mark."""
_GAP = 8
_LEAST_NAME = 0.4
"""Of the room: a name is not cut further for the sake of marks."""
_LEAST_OWNER = 40
"""Pixels; a name of which less is seen says nothing."""
_KEPT = 200
"""Rows that are kept laid out."""


@dataclass(frozen=True)
class Text:
    """A text that is laid out, and where it stands in its row."""

    text: QStaticText
    font: QFont
    colour: str
    """By the tokens' name."""
    place: QPointF


@dataclass(frozen=True)
class Pill:
    """A mark with its frame."""

    mark: Mark
    words: str
    place: QRectF


@dataclass(frozen=True)
class Laid:
    """Everything of a row that has a place."""

    row: ModelRow
    texts: tuple[Text, ...]
    pills: tuple[Pill, ...]
    badge: QRectF | None
    """Of the verdict; None where a pill says that the model cannot be started."""
    memory: QRectF | None
    """Of the bar; None where nothing is known."""


class RowLayout:
    """Fonts and places of rows.

    Args:
        theme: the fonts.
    """

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._width = 0
        self._laid: dict[int, Laid] = {}
        """By the row's identity: its value is too large to be compared at every picture."""
        self._take_fonts()

    @property
    def height(self) -> int:
        """Of every row, pixels."""
        return self._theme.scaled(_HEIGHT)

    def _take_fonts(self) -> None:
        weight, theme = QFont.Weight, self._theme
        self._scale = theme.text_scale
        self._name = theme.body_font(10.5, weight.DemiBold)
        # Inter's contextual forms would make 8×7B of 8x7B, which is another name.
        self._name.setFeature(QFont.Tag("calt"), 0)
        self._body = theme.body_font(9.5)
        self._figures = theme.figures_font(9)
        self.small = theme.body_font(8.5, weight.DemiBold)
        """Of marks."""

    def forget(self) -> None:
        """Lay everything out anew, in the theme's present fonts."""
        self._laid.clear()
        self._take_fonts()

    def lay_out(self, row: ModelRow, width: int, in_discover: bool) -> Laid:
        """The places in a row that is *width* pixels wide."""
        if width != self._width or len(self._laid) > _KEPT:
            self._laid.clear()
            self._width = width
        laid = self._laid.get(id(row))
        if laid is None or laid.row is not row:
            laid = self._laid[id(row)] = self._make(row, width, in_discover)
        return laid

    def _make(self, row: ModelRow, width: int, in_discover: bool) -> Laid:
        px, side = self._px, self._px(_SIDE)
        room = width - 2 * side - px(_RIGHT)
        names, pills = self._first_line(row, room, marks(row, in_discover))
        about = self._text(good_for(row), self._body, QPointF(side, px(_SECOND)), room)
        bar = None if row.fit.parts is None else QRectF(width - side - px(_BAR), px(_SECOND + 6), px(_BAR), px(6))
        figure = size(row)
        end = width - side if bar is None else bar.left() - px(_GAP)
        place = QPointF(end - _wide(self._figures, figure), px(_SECOND))
        amount = self._text(figure, self._figures, place, px(_RIGHT))
        badge, state = self._state(row, width)
        return Laid(row, (*names, about, amount), (*pills, *state), badge, bar)

    def _state(self, row: ModelRow, width: int) -> tuple[QRectF | None, tuple[Pill, ...]]:
        """The verdict's badge, or the pill of a model that cannot be started."""
        state = condition(row)
        if state is None:
            wide = badge_width(row.fit.verdict, self._theme)
            place = QRectF(width - self._px(_SIDE) - wide, self._px(_FIRST - 1), wide, badge_height(self._theme))
            return place, ()
        return None, (self._pill(state, state.words, width - self._px(_SIDE) - self._pill_width(state, state.words)),)

    def _first_line(self, row: ModelRow, room: float, found: list[Mark]) -> tuple[list[Text], list[Pill]]:
        """Name, owner and marks; the marks take their short words where the name would be cut otherwise."""
        name, by = title(row), owner(row)
        wanted = _wide(self._name, name)
        words = [mark.words for mark in found]
        if wanted + self._pills_width(found, words) > room:
            words = [mark.short for mark in found]
        name_room = max(room - self._pills_width(found, words), room * _LEAST_NAME)
        side, top, gap = self._px(_SIDE), self._px(_FIRST), self._px(_GAP)
        texts = [self._text(name, self._name, QPointF(side, top), name_room, "text")]
        left = side + min(wanted, name_room)
        spare = name_room - wanted - gap
        if by and spare > self._px(_LEAST_OWNER):
            texts.append(self._text(by, self._body, QPointF(left + gap, self._px(_FIRST + 1.5)), spare))
            left += gap + min(spare, _wide(self._body, by))
        return texts, self._pills(found, words, left, side + room)

    def _pills(self, found: list[Mark], words: list[str], left: float, end: float) -> list[Pill]:
        """One beside the other; what would not fit whole is left out."""
        made = []
        for mark, text in zip(found, words, strict=True):
            pill = self._pill(mark, text, left + self._px(_GAP))
            if pill.place.right() <= end:
                made.append(pill)
                left = pill.place.right()
        return made

    def _pill(self, mark: Mark, words: str, left: float) -> Pill:
        return Pill(mark, words, QRectF(left, self._px(_FIRST), self._pill_width(mark, words), self._px(_PILL)))

    def _pill_width(self, mark: Mark, words: str) -> float:
        return _wide(self.small, words) + self._px(14 if mark.icon else 0) + self._px(16)

    def _px(self, pixels: float) -> float:
        """*pixels* at the present size of words."""
        return pixels * self._scale

    def _pills_width(self, found: list[Mark], words: list[str]) -> float:
        return sum(self._pill_width(mark, text) + self._px(_GAP) for mark, text in zip(found, words, strict=True))

    @staticmethod
    def _text(words: str, font: QFont, place: QPointF, room: float, colour: str = "second") -> Text:
        text = QStaticText(QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, room))
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.prepare(font=font)
        return Text(text, font, colour, place)


def _wide(font: QFont, words: str) -> float:
    return QFontMetricsF(font).horizontalAdvance(words)
