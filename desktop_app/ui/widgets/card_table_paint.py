"""How a cell of the table of graphics cards is drawn, and how much room it needs. `card_table` owns both."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from desktop_app.domain.machine import GpuSample
from desktop_app.domain.units import memory_words
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import paint_bar
from desktop_app.ui.widgets.card_table_model import CardModel, Column, Index, Row, RowKind

_SIDE = 12
"""Left and right of a text, pixels."""
_AIR = 8
"""Above and below a card, pixels."""
_LEAST_NAME = 170
"""Of the first column, at the usual size of words, pixels; below it figures go beneath the names."""
_BAR_WIDTH, _BAR_HEIGHT = 56, 6
_SIGN = 14
_INDENT = 20
"""Of a program below its card."""
_SCARCE = 0.9
"""Share of memory above which the bar warns, as in the strip."""

_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)


class CardLayout:
    """Widths and heights at the present size of words."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.widths: dict[Column, int] = {}
        """Of every column but the first, as wide as it may need to be."""
        self.below: tuple[Column, ...] = ()
        """The columns that have no room: they stand below the names."""
        self.name_width = 0
        """Of the first column."""
        self.dress()

    def dress(self) -> None:
        """Take the present fonts."""
        theme = self._theme
        self.name_font = theme.body_font(10.5, QFont.Weight.DemiBold)
        self.small_font = theme.body_font(9.5)
        self.figures_font = theme.figures_font(9.5)
        self.names, self.small = QFontMetrics(self.name_font), QFontMetrics(self.small_font)
        self.figures = QFontMetrics(self.figures_font)

    def measure(self, cards: Sequence[GpuSample], width: int) -> None:
        """Divide *width* for what *cards* may ever show; columns that have no room go below the names, last first."""
        texts: dict[Column, list[str]] = {
            Column.USE: ["100 %", "asleep"],
            Column.MEMORY: [f"{_number(card)} of {memory_words(card.total_bytes)}" for card in cards],
            Column.TEMPERATURE: ["100 °C"],
            Column.POWER: [_widest(card.power_limit, "W") for card in cards],
            Column.CLOCK: [_widest(card.top_clock, "MHz") for card in cards],
        }
        bar = self._theme.grown(_BAR_WIDTH) + _SIDE // 2
        self.widths = {}
        for column, samples in texts.items():
            text = max((self.figures.horizontalAdvance(sample) for sample in samples), default=0)
            head = self.small.horizontalAdvance(column.words)
            self.widths[column] = max(text + (bar if column is Column.MEMORY else 0), head) + 2 * _SIDE
        shown = list(texts)
        least = self._theme.scaled(_LEAST_NAME)
        while shown and width - sum(self.widths[column] for column in shown) < least:
            shown.pop()
        if Column.MEMORY not in shown:
            # One column of figures alone saves nothing.
            shown = []
        self.below = tuple(column for column in texts if column not in shown)
        self.name_width = max(1, width - sum(self.widths[column] for column in shown))

    def height(self, row: Row) -> int:
        """Of *row*."""
        if row.kind is not RowKind.CARD:
            return max(self.small.height(), self.figures.height()) + _AIR
        return 2 * _AIR + self.names.height() + self.state_height(row) + len(self.below) * self.line

    def state_height(self, row: Row) -> int:
        """Of what stands below a card's name; one line where nothing does, so that rows keep their height."""
        room = self.name_width - 2 * _SIDE - (self.sign if row.warns else 0)
        rect = self.small.boundingRect(QRect(0, 0, max(1, room), 1 << 12), _WRAPPED, row.state)
        return max(rect.height(), self.small.height())

    @property
    def line(self) -> int:
        """The height of a figure below a name."""
        return self.figures.height() + 2

    @property
    def sign(self) -> int:
        """The width of the sign that warns, with its gap."""
        return self._theme.grown(_SIGN) + _SIDE // 2

    @property
    def bar(self) -> int:
        """The width of a bar."""
        return self._theme.grown(_BAR_WIDTH)


class CardDelegate(QStyledItemDelegate):
    """Draws the cells.

    Args:
        theme: colours and icons.
        cards: what is drawn.
        layout: how much room there is for what.
        view: the table; the ring is drawn only while the keyboard is there (its property `kbd`).
    """

    def __init__(self, theme: Theme, cards: CardModel, layout: CardLayout, view: QTableView) -> None:
        super().__init__(view)
        self._theme = theme
        self._layout = layout
        self._view = view
        self._cards = cards

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The table sets the sizes itself."""
        return QSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        tokens, rect = self._theme.tokens, QRect(getattr(option, "rect"))  # noqa: B009 - unknown to the stubs
        row = self._cards.row(index.row())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.kind is RowKind.CARD and index.row():
            painter.fillRect(QRect(rect.left(), rect.top(), rect.width(), 1), QColor(tokens.line))
        column = Column(index.column())
        inside = rect.adjusted(_SIDE, 0, -_SIDE, 0)
        if row.kind is RowKind.CARD and column is Column.CARD:
            self._paint_card(painter, inside, row)
        elif row.kind is RowKind.CARD:
            self._paint_figure(painter, self._first_line(inside), row, column)
        elif column is Column.CARD:
            self._paint_program(painter, inside, row)
        elif column is Column.MEMORY:
            self._text(painter, inside, row.cells[column], tokens.second, _RIGHT)
        state = getattr(option, "state")  # noqa: B009 - unknown to the stubs
        if state & QStyle.StateFlag.State_HasFocus and self._view.property("kbd") is True:
            painter.setPen(QPen(QColor(tokens.accent_text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -2), 6, 6)

    def _first_line(self, inside: QRect) -> QRect:
        """Figures stand beside the name, whatever is below it."""
        return QRect(inside.left(), inside.top() + _AIR, inside.width(), self._layout.names.height())

    def _paint_card(self, painter: QPainter, inside: QRect, row: Row) -> None:
        tokens, layout = self._theme.tokens, self._layout
        line = self._first_line(inside)
        painter.setFont(layout.name_font)
        painter.setPen(QColor(tokens.text))
        name = layout.names.elidedText(row.cells[Column.CARD], Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, _LEFT, name)
        height = layout.state_height(row)
        state = QRect(inside.left(), line.bottom() + 1, inside.width(), height)
        if row.warns:
            icon = self._theme.icon("warning", tokens.warn)
            side = layout.sign - _SIDE // 2
            icon.paint(painter, QRect(state.left(), state.top() + (layout.small.height() - side) // 2, side, side))
            state.adjust(layout.sign, 0, 0, 0)
        painter.setFont(layout.small_font)
        painter.setPen(QColor(tokens.second))
        painter.drawText(state, _WRAPPED, row.state)
        top = state.top() + height
        for column in layout.below:
            place = QRect(inside.left(), top, inside.width(), layout.line)
            room = place.width() - layout.figures.horizontalAdvance(row.cells[column]) - _SIDE // 2
            words = layout.small.elidedText(column.words, Qt.TextElideMode.ElideRight, room)
            self._text(painter, place, words, tokens.second, _LEFT, layout.small_font)
            self._paint_figure(painter, place, row, column)
            top += layout.line

    def _paint_figure(self, painter: QPainter, place: QRect, row: Row, column: Column) -> None:
        tokens, text = self._theme.tokens, row.cells[column]
        self._text(painter, place, text, tokens.text, _RIGHT)
        left = place.right() - self._layout.widths[column] + 2 * _SIDE
        if column is Column.MEMORY and row.share is not None and column not in self._layout.below:
            room = QRectF(left, place.center().y() - _BAR_HEIGHT / 2, self._layout.bar, _BAR_HEIGHT)
            colour = QColor(tokens.warn if row.share > _SCARCE else tokens.accent)
            paint_bar(painter, room, row.share, QColor(tokens.line), colour)

    def _paint_program(self, painter: QPainter, inside: QRect, row: Row) -> None:
        tokens, layout = self._theme.tokens, self._layout
        inside = inside.adjusted(_INDENT, 0, 0, 0)
        fold = row.kind is RowKind.FOLD
        if Column.MEMORY in layout.below:
            size = row.cells[Column.MEMORY]
            self._text(painter, inside, size, tokens.second, _RIGHT)
            inside.setRight(inside.right() - layout.figures.horizontalAdvance(size) - _SIDE)
        name = layout.small.elidedText(row.cells[Column.CARD], Qt.TextElideMode.ElideRight, inside.width())
        self._text(painter, inside, name, tokens.accent_text if fold else tokens.second, _LEFT, layout.small_font)

    def _text(
        self, painter: QPainter, place: QRect, text: str, colour: str, flags: int, font: QFont | None = None
    ) -> None:
        painter.setFont(font or self._layout.figures_font)
        painter.setPen(QColor(colour))
        painter.drawText(place, flags, text)


def _number(card: GpuSample) -> str:
    return memory_words(card.total_bytes).removesuffix(" GB")


def _widest(top: float | None, unit: str) -> str:
    return f"{top:,.0f} of {top:,.0f} {unit}" if top else f"9,999 {unit}"
