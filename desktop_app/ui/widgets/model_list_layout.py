"""Where everything in a row of the list of models stands: texts, marks and the verdict, for a row of some width.

`model_list_paint` draws it. A row is laid out when it is first seen, and again when the list gets another width.
"""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QStaticText

from desktop_app.services.models_view import ModelRow
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.fit_badge import BADGE_HEIGHT, badge_width
from desktop_app.ui.widgets.model_list_words import Mark, condition, good_for, marks, owner, size, title

HEIGHT = 62
"""Of every row, pixels."""
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
        weight = QFont.Weight
        self._theme = theme
        self._name = theme.body_font(10.5, weight.DemiBold)
        # Inter's contextual forms would make 8×7B of 8x7B, which is another name.
        self._name.setFeature(QFont.Tag("calt"), 0)
        self._body = theme.body_font(9.5)
        self._figures = theme.figures_font(9)
        self.small = theme.body_font(8.5, weight.DemiBold)
        """Of marks."""
        self._width = 0
        self._laid: dict[int, Laid] = {}
        """By the row's identity: its value is too large to be compared at every picture."""

    def forget(self) -> None:
        """Lay everything out anew."""
        self._laid.clear()

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
        room = width - 2 * _SIDE - _RIGHT
        names, pills = self._first_line(row, room, marks(row, in_discover))
        about = self._text(good_for(row), self._body, QPointF(_SIDE, _SECOND), room)
        bar = None if row.fit.parts is None else QRectF(width - _SIDE - _BAR, _SECOND + 6, _BAR, 6)
        figure = size(row)
        end = width - _SIDE if bar is None else bar.left() - _GAP
        amount = self._text(figure, self._figures, QPointF(end - _wide(self._figures, figure), _SECOND), _RIGHT)
        badge, state = self._state(row, width)
        return Laid(row, (*names, about, amount), (*pills, *state), badge, bar)

    def _state(self, row: ModelRow, width: int) -> tuple[QRectF | None, tuple[Pill, ...]]:
        """The verdict's badge, or the pill of a model that cannot be started."""
        state = condition(row)
        if state is None:
            wide = badge_width(row.fit.verdict, self._theme)
            return QRectF(width - _SIDE - wide, _FIRST - 1, wide, BADGE_HEIGHT), ()
        size_of = self._pill_width(state, state.words)
        return None, (Pill(state, state.words, QRectF(width - _SIDE - size_of, _FIRST, size_of, _PILL)),)

    def _first_line(self, row: ModelRow, room: float, found: list[Mark]) -> tuple[list[Text], list[Pill]]:
        """Name, owner and marks; the marks take their short words where the name would be cut otherwise."""
        name, by = title(row), owner(row)
        wanted = _wide(self._name, name)
        words = [mark.words for mark in found]
        if wanted + self._pills_width(found, words) > room:
            words = [mark.short for mark in found]
        name_room = max(room - self._pills_width(found, words), room * _LEAST_NAME)
        texts = [self._text(name, self._name, QPointF(_SIDE, _FIRST), name_room, "text")]
        left = _SIDE + min(wanted, name_room)
        spare = name_room - wanted - _GAP
        if by and spare > _LEAST_OWNER:
            texts.append(self._text(by, self._body, QPointF(left + _GAP, _FIRST + 1.5), spare))
            left += _GAP + min(spare, _wide(self._body, by))
        return texts, self._pills(found, words, left, _SIDE + room)

    def _pills(self, found: list[Mark], words: list[str], left: float, end: float) -> list[Pill]:
        """One beside the other; what would not fit whole is left out."""
        made = []
        for mark, text in zip(found, words, strict=True):
            place = QRectF(left + _GAP, _FIRST, self._pill_width(mark, text), _PILL)
            if place.right() <= end:
                made.append(Pill(mark, text, place))
                left = place.right()
        return made

    def _pill_width(self, mark: Mark, words: str) -> float:
        return _wide(self.small, words) + (14 if mark.icon else 0) + 16

    def _pills_width(self, found: list[Mark], words: list[str]) -> float:
        return sum(self._pill_width(mark, text) + _GAP for mark, text in zip(found, words, strict=True))

    @staticmethod
    def _text(words: str, font: QFont, place: QPointF, room: float, colour: str = "second") -> Text:
        text = QStaticText(QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, room))
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.prepare(font=font)
        return Text(text, font, colour, place)


def _wide(font: QFont, words: str) -> float:
    return QFontMetricsF(font).horizontalAdvance(words)
