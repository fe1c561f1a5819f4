"""Draws one row of a log: time, level in words and colour, process, message with the searched words marked."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from desktop_app.services.log_reading import Level, Record
from desktop_app.ui.theme import Theme

PADDING = 12
"""Left and right of a row, pixels."""
_MARK = 3
"""Width of the line before warnings and errors, pixels."""
_DRAWN = 2000
"""Characters; no row is wider."""
_LONGEST_PROCESS = 14
_TIME, _LEVEL = 8, 7
"""Widths of columns, in characters."""
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class RowState:
    """What a row has beside its record."""

    selected: bool = False
    current: bool = False
    """Has the keyboard's focus, and that is to be seen."""
    words: str = ""
    """To be marked, in small letters."""


class RowPainter:
    """Fonts, colours and columns of a log."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._process = 0
        self.take_looks()

    def take_looks(self) -> None:
        """Draw in the theme's present fonts and colours from now on."""
        tokens = self._theme.tokens
        self.font = self._theme.mono_font(9)
        self._bold = QFont(self.font)
        self._bold.setWeight(QFont.Weight.Bold)
        self._metrics = QFontMetrics(self.font)
        self._letter = self._metrics.horizontalAdvance("0" * 100) / 100
        self.height = self._metrics.height() + 5
        """Of every row, pixels."""
        self._text, self._second = QColor(tokens.code_text), QColor(tokens.second)
        self._levels = {Level.WARNING: QColor(tokens.warn), Level.ERROR: QColor(tokens.bad)}
        self._selected, self._found = QColor(tokens.accent_soft), QColor(tokens.warn_soft)
        self._ring = QColor(tokens.accent_text)

    def make_room(self, processes: list[str]) -> None:
        """Make the column of the processes as wide as these need it."""
        self._process = min(_LONGEST_PROCESS, max(map(len, processes)))

    def paint(self, painter: QPainter, place: QRect, record: Record, state: RowState) -> None:
        """Draw *record* into *place*."""
        if state.selected:
            painter.fillRect(place, self._selected)
        colour = self._levels.get(record.level)
        if colour:
            painter.fillRect(QRect(place.left(), place.top(), _MARK, place.height()), colour)
        left = place.left() + PADDING
        if record.time:
            self._write(painter, place, left, record.time, self._second)
        left += self._columns(_TIME)
        if record.own and record.level is not Level.OTHER:
            painter.setFont(self._bold if colour else self.font)
            self._write(painter, place, left, record.level.name, colour or self._second)
            painter.setFont(self.font)
        left += self._columns(_LEVEL)
        if self._process:
            if record.own:
                self._write(painter, place, left, _cut(record.process, self._process), self._second)
            left += self._columns(self._process)
        self._message(painter, QRect(left, place.top(), place.right() - PADDING - left, place.height()), record, state)
        if state.current:
            painter.setPen(self._ring)
            painter.drawRect(place.adjusted(0, 0, -1, -1))

    def _message(self, painter: QPainter, place: QRect, record: Record, state: RowState) -> None:
        first, _, rest = record.message.partition("\n")
        text = first[:_DRAWN].replace("\t", "    ")
        room = int(place.width() / self._letter)
        more = _cut(f"  … {record.cause or rest.strip()}".partition("\n")[0], room - len(text)) if rest else ""
        text = _cut(text, room)
        if state.words:
            self._mark(painter, place, text, state.words)
        self._write(painter, place, place.left(), text, self._text)
        if more:
            self._write(painter, place, place.left() + self._metrics.horizontalAdvance(text), more, self._second)

    def _mark(self, painter: QPainter, place: QRect, text: str, words: str) -> None:
        small = text.lower()
        at = small.find(words)
        while at >= 0:
            left = place.left() + self._metrics.horizontalAdvance(text[:at])
            width = self._metrics.horizontalAdvance(text[at : at + len(words)])
            painter.fillRect(QRect(left, place.top() + 1, width, place.height() - 2), self._found)
            painter.setPen(self._levels[Level.WARNING])
            painter.drawRect(QRect(left, place.top() + 1, width, place.height() - 3))
            at = small.find(words, at + len(words))

    def _write(self, painter: QPainter, place: QRect, left: int, text: str, colour: QColor) -> None:
        painter.setPen(colour)
        painter.drawText(QRect(left, place.top(), place.right() - left, place.height()), _LEFT, text)

    def _columns(self, letters: int) -> int:
        """The width of a column of so many letters, with the gap after it, in pixels."""
        return round(self._letter * (letters + 2))


def _cut(text: str, length: int) -> str:
    """At most so many characters."""
    return text if len(text) <= length else f"{text[: max(0, length - 1)]}…"
