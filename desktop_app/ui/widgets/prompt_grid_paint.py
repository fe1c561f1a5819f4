"""Draws a cell of a grid of answers, the prompts at its left, and what stands above its columns."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.prompt_grid_layout import SIDE, CellLayout, Text
from desktop_app.ui.widgets.prompt_grid_marks import GAP, SHAPE, paint_shape
from desktop_app.ui.widgets.prompt_grid_model import CELL, HEAD, ROW
from desktop_app.ui.widgets.prompt_grid_words import Head, Mark

_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_HEAD = 66
"""Height above the columns, and while there is only a title, logical pixels at the usual size of words."""
_HEAD_LOW = 40
_HEAD_LINES = (22, 17, 17)

Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Draws cells.

    Args:
        theme: colours.
        layout: fonts and places.
        view: the grid; the ring is drawn only while the keyboard is there (its property `kbd`).
    """

    def __init__(self, theme: Theme, layout: CellLayout, view: QWidget) -> None:
        super().__init__(view)
        self._theme = theme
        self._layout = layout
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The same for every cell; widths are the columns'."""
        return QSize(0, self._layout.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the cell."""
        place: QRect = option.rect
        head = index.data(CELL)
        painter.save()
        self._draw_ground(painter, QRectF(place), option.state)
        painter.translate(place.topLeft())
        if head is None:
            draw_texts(painter, self._layout.nothing(place.width()), self._theme)
        else:
            laid = self._layout.of_cell(head, place.width())
            draw_texts(painter, laid.texts, self._theme)
            if laid.mark is not None and laid.mark_place is not None:
                self._draw_mark(painter, laid.mark_place, laid.mark)
        painter.restore()

    def _draw_ground(self, painter: QPainter, place: QRectF, state: QStyle.StateFlag) -> None:
        tokens, flag = self._theme.tokens, QStyle.StateFlag
        selected, over = bool(state & flag.State_Selected), bool(state & flag.State_MouseOver)
        if selected or over:
            painter.fillRect(place, QColor(tokens.accent_soft if selected else tokens.raised))
        draw_lines(painter, place, tokens.line)
        # Qt says State_HasFocus of the current cell only while its view has the keyboard.
        if state & flag.State_HasFocus and self._view.property("kbd") is True:
            painter.setPen(QPen(QColor(tokens.accent_text), 2))
            painter.drawRect(place.adjusted(1, 1, -2, -2))

    def _draw_mark(self, painter: QPainter, place: QRectF, mark: Mark) -> None:
        if not mark.words:
            return
        colour, scale = QColor(getattr(self._theme.tokens, mark.tone)), self._theme.text_scale
        paint_shape(painter, QPointF(place.left() + SHAPE / 2 * scale, place.center().y()), mark.shape, colour, scale)
        painter.setFont(self._layout.small)
        painter.setPen(colour)
        painter.drawText(place.adjusted((SHAPE + GAP) * scale, 0, 2, 0), _MIDDLE, mark.words)


class PromptHeader(QHeaderView):
    """The prompts at the left: they stay in sight when the answers are scrolled sideways."""

    def __init__(self, theme: Theme, layout: CellLayout, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._theme = theme
        self._layout = layout
        self._wide = 0
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setHighlightSections(False)
        self.setSectionsClickable(False)

    def set_width(self, width: int) -> None:
        """Be this wide, in pixels."""
        if width != self._wide:
            self._wide = width
            self.setFixedWidth(width)

    def sizeHint(self) -> QSize:
        """As wide as was chosen."""
        return QSize(self._wide, super().sizeHint().height())

    def sectionSizeFromContents(self, section: int) -> QSize:
        """Qt asks for every row; all are alike."""
        return QSize(self._wide, self._layout.height)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Draw a prompt: its number, two lines of it."""
        row = self.model().headerData(section, Qt.Orientation.Vertical, ROW)
        if row is None:
            return
        painter.save()
        painter.fillRect(rect, QColor(self._theme.tokens.side))
        draw_lines(painter, QRectF(rect), self._theme.tokens.line)
        painter.translate(rect.topLeft())
        draw_texts(painter, self._layout.of_row(row, rect.width()).texts, self._theme)
        painter.restore()


class ColumnHeader(QHeaderView):
    """What stands above the columns: title, pass rate, medians."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self._low = False
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setHighlightSections(False)
        self.setSectionsClickable(False)

    def set_low(self, low: bool) -> None:
        """Whether there are only titles."""
        if low is not self._low:
            self._low = low
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As high as its lines."""
        return QSize(super().sizeHint().width(), self._theme.scaled(_HEAD_LOW if self._low else _HEAD))

    def sectionSizeFromContents(self, section: int) -> QSize:
        """The same for every column."""
        return QSize(0, self._theme.scaled(_HEAD_LOW if self._low else _HEAD))

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Draw what stands above one column."""
        head = self.model().headerData(section, Qt.Orientation.Horizontal, HEAD)
        if not isinstance(head, Head):
            return
        painter.save()
        painter.fillRect(rect, QColor(self._theme.tokens.side))
        draw_lines(painter, QRectF(rect), self._theme.tokens.line)
        side = self._theme.scaled(SIDE)
        room = rect.adjusted(side, 0, -side, 0)
        lines = self._lines(head)
        heights = [self._theme.scaled(height) for height in _HEAD_LINES[: len(lines)]]
        top = rect.top() + (rect.height() - sum(heights)) // 2
        for (words, font, colour), height in zip(lines, heights, strict=True):
            painter.setFont(font)
            painter.setPen(QColor(getattr(self._theme.tokens, colour)))
            short = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(QRect(room.left(), top, room.width(), height), _MIDDLE, short)
            top += height
        painter.restore()

    def _lines(self, head: Head) -> list[tuple[str, QFont, str]]:
        """Words, fonts and colours, from above."""
        theme = self._theme
        last = (head.failure, "bad") if head.failure else (head.medians, "second")
        lines = [(head.title, theme.body_font(10, QFont.Weight.DemiBold), "text")]
        lines += [(head.result, theme.body_font(9, QFont.Weight.Medium), "text")] if head.result else []
        return lines + ([(last[0], theme.figures_font(8.5), last[1])] if last[0] else [])


def draw_texts(painter: QPainter, texts: Sequence[Text], theme: Theme) -> None:
    """Draw what is laid out, from the painter's origin."""
    for text in texts:
        painter.setFont(text.font)
        painter.setPen(QColor(getattr(theme.tokens, text.colour)))
        painter.drawStaticText(text.place, text.text)


def draw_lines(painter: QPainter, place: QRectF, colour: str) -> None:
    """The lines below a cell and at its right."""
    painter.fillRect(QRectF(place.left(), place.bottom() - 1, place.width(), 1), QColor(colour))
    painter.fillRect(QRectF(place.right() - 1, place.top(), 1, place.height()), QColor(colour))
