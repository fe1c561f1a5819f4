"""Draws rows of two lines: what it is called, and below it what is to be said of it.

Used by the list of experiments and by the choice of a column's model. Nothing here reads a text as HTML.
"""

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop_app.ui.theme import Theme

LINES = int(Qt.ItemDataRole.UserRole)
"""The role under which an index gives its `Lines`."""
DOT = " · "

_LINE = 21
_SECOND_LINE = 18
_AIR = 18
_MARGIN = 12
_GAP = 12
_ICON = 20
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Lines:
    """A row."""

    title: str
    parts: tuple[tuple[str, str], ...] = ()
    """Of the second line: words, and the name of the token that they are coloured with."""
    yields: int = 0
    """Which part is cut where there is no room for all."""
    right: str = ""
    """At the end of the first line."""
    icon: str = ""
    more: bool = False
    """Whether there is a button with three dots."""
    dim: bool = False
    """Whether it cannot be chosen."""


class LinesDelegate(QStyledItemDelegate):
    """Draws `Lines`; edits the first one in place.

    Args:
        theme: colours and fonts.
        view: what the rows are drawn in; its property `kbd` says whether the keyboard is there.
        edits: what a screen reader calls the line in which the title is edited.
    """

    def __init__(self, theme: Theme, view: QWidget, edits: str = "") -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view
        self._edits = edits
        self.take_fonts()

    def take_fonts(self) -> None:
        """Take the theme's fonts, which may be larger now."""
        self._strong = self._theme.body_font(10.5, QFont.Weight.DemiBold)
        self._small = self._theme.body_font(9.5)

    @property
    def height(self) -> int:
        """Of every row, pixels."""
        return self._theme.scaled(_LINE + _SECOND_LINE) + _AIR

    def more_place(self, row: QRect) -> QRect:
        """Where the three dots of a row are."""
        side = self._theme.grown(_ICON) + 12
        return QRect(row.right() - side - 6, row.center().y() - side // 2, side, side)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The same for every row."""
        return QSize(0, self.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        lines: Lines = index.data(LINES)
        row: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ground(painter, row, option.state, lines)
        inside = row.adjusted(_MARGIN, 0, -_MARGIN, 0)
        if lines.more:
            place = self.more_place(row)
            size = self._theme.grown(_ICON)
            middle = place.center()
            self._theme.icon("more").paint(painter, QRect(middle.x() - size // 2, middle.y() - size // 2, size, size))
            inside.setRight(place.left() - 6)
        if lines.icon:
            size = self._theme.grown(_ICON)
            place = QRect(inside.left(), row.center().y() - size // 2, size, size)
            self._theme.icon(lines.icon).paint(painter, place)
            inside.setLeft(place.right() + _GAP)
        half = row.top() + _AIR // 2
        first = self._theme.scaled(_LINE)
        self._draw_first(painter, QRect(inside.left(), half, inside.width(), first), lines)
        below = QRect(inside.left(), half + first, inside.width(), self._theme.scaled(_SECOND_LINE))
        self._draw_second(painter, below, lines)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A line in the row's place."""
        editor = QLineEdit(parent)
        editor.setAccessibleName(self._edits)
        editor.setMaxLength(200)
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """As wide as the row, as tall as a line."""
        row: QRect = option.rect
        height = min(row.height(), editor.sizeHint().height())
        editor.setGeometry(row.left(), row.center().y() - height // 2, row.width(), height)

    def _draw_ground(self, painter: QPainter, row: QRect, state: QStyle.StateFlag, lines: Lines) -> None:
        tokens, flag = self._theme.tokens, QStyle.StateFlag
        selected, over = bool(state & flag.State_Selected), bool(state & flag.State_MouseOver)
        ring = bool(state & flag.State_HasFocus) and self._view.property("kbd") is True
        if lines.dim or not (selected or over or ring):
            return
        painter.setPen(QPen(QColor(tokens.accent_text)) if ring else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.hover) if selected or over else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(row).adjusted(0.5, 1.5, -0.5, -1.5), 8, 8)

    def _draw_first(self, painter: QPainter, place: QRect, lines: Lines) -> None:
        tokens = self._theme.tokens
        painter.setFont(self._small)
        painter.setPen(QColor(tokens.second))
        painter.drawText(place, _RIGHT, lines.right)
        used = QFontMetrics(self._small).horizontalAdvance(lines.right) + _GAP if lines.right else 0
        room = place.adjusted(0, 0, -used, 0)
        painter.setFont(self._strong)
        painter.setPen(QColor(tokens.second if lines.dim else tokens.text))
        painter.drawText(room, _LEFT, _elided(self._strong, lines.title, room.width()))

    def _draw_second(self, painter: QPainter, place: QRect, lines: Lines) -> None:
        metrics = QFontMetrics(self._small)
        dot = metrics.horizontalAdvance(DOT)
        widths = [metrics.horizontalAdvance(text) for text, _ in lines.parts]
        over = sum(widths) + dot * (len(widths) - 1) - place.width()
        left = place.left()
        painter.setFont(self._small)
        for number, (text, colour) in enumerate(lines.parts):
            width = widths[number]
            if number == lines.yields and over > 0:
                width = max(metrics.horizontalAdvance("…"), width - over - 1)
            if number:
                painter.setPen(QColor(self._theme.tokens.second))
                painter.drawText(QRect(left, place.top(), dot, place.height()), _LEFT, DOT)
                left += dot
            painter.setPen(QColor(getattr(self._theme.tokens, colour)))
            room = QRect(left, place.top(), max(0, min(width, place.right() - left)) + 1, place.height())
            painter.drawText(room, _LEFT, _elided(self._small, text, room.width()))
            left += width


def _elided(font: QFont, text: str, width: int) -> str:
    return QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
