"""Draws the rows of the list of conversations: headings, folders, chats, and two lines for what a search met.

Nothing here reads a text as HTML; emphasis is drawn from the marks that come with a snippet.
"""

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.conversation_list_entries import Entry, Kind
from desktop_app.ui.widgets.conversation_list_model import ChatModel

_LINE = 20
_SECOND_LINE = 18
_AIR = 14
"""A row's height: of its words, which grow with them, and of what is above and below."""
_INDENT = 16
_MARGIN = 12
_ICON = 16
_BEFORE = 14
"""Characters of a snippet that are left before its first mark when it has to be cut."""

Index = QModelIndex | QPersistentModelIndex


class ChatDelegate(QStyledItemDelegate):
    """Draws rows of a `ChatModel`.

    Args:
        theme: colours and fonts.
        model: the rows.
        view: what the rows are drawn in; its property `kbd` says whether the keyboard is there.
    """

    def __init__(self, theme: Theme, model: ChatModel, view: QWidget) -> None:
        super().__init__(view)
        self._theme = theme
        self._model = model
        self._view = view
        self._open: int | None = None
        self.take_fonts()

    def take_fonts(self) -> None:
        """Take the theme's fonts, which may be larger now."""
        theme = self._theme
        self._body = theme.body_font()
        self._small = theme.body_font(9)
        self._strong = theme.body_font(9, QFont.Weight.DemiBold)

    def show_open(self, chat: int | None) -> None:
        """The conversation on the page."""
        self._open = chat

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are alike: one line, or two."""
        entry = self._model.entry(index)
        two = entry is not None and entry.kind in (Kind.FOUND, Kind.BINNED)
        return QSize(0, self._theme.scaled(_LINE + _SECOND_LINE if two else _LINE) + _AIR)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        entry = self._model.entry(index)
        if entry is None:
            return
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if entry.kind is Kind.HEADING:
            self._draw_heading(painter, rect, entry)
        else:
            self._draw_back(painter, rect, state, entry)
            inside = rect.adjusted(_MARGIN, 0, -_MARGIN, 0)
            if entry.kind is Kind.FOLDER:
                self._draw_folder(painter, inside, entry)
            elif entry.kind is Kind.CHAT:
                self._draw_chat(painter, inside, entry)
            else:
                self._draw_two_lines(painter, inside, entry)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A line in the row's place."""
        editor = QLineEdit(parent)
        entry = self._model.entry(index)
        editor.setAccessibleName("Name of the folder" if entry and entry.kind is Kind.FOLDER else "Title of the chat")
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """As large as the row."""
        editor.setGeometry(option.rect)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Hand over what was typed."""
        assert isinstance(editor, QLineEdit)  # noqa: S101 - it made it
        self._model.setData(index, editor.text())

    def _draw_back(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag, entry: Entry) -> None:
        tokens = self._theme.tokens
        selected = bool(state & QStyle.StateFlag.State_Selected)
        opened = entry.kind is Kind.CHAT and entry.key == self._open
        over = bool(state & QStyle.StateFlag.State_MouseOver)
        ring = bool(state & QStyle.StateFlag.State_HasFocus) and self._view.property("kbd") is True
        if not (selected or opened or over or ring):
            return
        painter.setPen(QPen(QColor(tokens.accent_text)) if ring else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.hover) if selected or opened or over else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)

    def _draw_heading(self, painter: QPainter, rect: QRect, entry: Entry) -> None:
        painter.setFont(self._strong)
        painter.setPen(QColor(self._theme.tokens.second))
        below = rect.adjusted(_MARGIN, 0, -_MARGIN, -self._theme.scaled(4))
        painter.drawText(below, _LEFT_BELOW, _elided(self._strong, entry.text, below.width()))

    def _draw_folder(self, painter: QPainter, rect: QRect, entry: Entry) -> None:
        tokens = self._theme.tokens
        middle = rect.center().y() + 0.5
        _draw_arrow(painter, QPointF(rect.left() + 4, middle), tokens.second, folded=entry.folded)
        icon = self._theme.icon("folder")
        size = self._theme.grown(_ICON)
        icon.paint(painter, QRect(rect.left() + 14, rect.center().y() - size // 2, size, size))
        rect = rect.adjusted(14 + size + 8, 0, 0, 0)
        painter.setFont(self._small)
        painter.setPen(QColor(tokens.second))
        count = f"{entry.inside:,}"
        painter.drawText(rect, _RIGHT, count)
        rect = rect.adjusted(0, 0, -QFontMetrics(self._small).horizontalAdvance(count) - 8, 0)
        self._draw_line(painter, rect, entry.text, self._body)

    def _draw_chat(self, painter: QPainter, rect: QRect, entry: Entry) -> None:
        tokens = self._theme.tokens
        rect = rect.adjusted(_INDENT if entry.folder is not None else 0, 0, 0, 0)
        right = rect.right()
        if self._model.is_answering(entry.key):
            right = _draw_dots(painter, QPointF(right, rect.center().y() + 0.5), tokens.accent_text)
        if entry.temporary:
            icon = self._theme.icon("clock")
            size = self._theme.grown(_ICON)
            icon.paint(painter, QRect(right - size, rect.center().y() - size // 2, size, size))
            right -= size + 6
        self._draw_line(painter, rect.adjusted(0, 0, right - rect.right(), 0), entry.text, self._body)

    def _draw_two_lines(self, painter: QPainter, rect: QRect, entry: Entry) -> None:
        half = _AIR // 2 - 1
        upper = QRect(rect.left(), rect.top() + half, rect.width(), rect.height() // 2 - half + 1)
        lower = QRect(rect.left(), upper.bottom(), rect.width(), rect.height() - upper.height() - 2 * half + 1)
        painter.setFont(self._small)
        painter.setPen(QColor(self._theme.tokens.second))
        painter.drawText(upper, _RIGHT, entry.moment)
        used = QFontMetrics(self._small).horizontalAdvance(entry.moment) + 8
        self._draw_line(painter, upper.adjusted(0, 0, -used, 0), entry.text, self._body)
        self._draw_snippet(painter, lower, entry)

    def _draw_line(self, painter: QPainter, rect: QRect, text: str, font: QFont) -> None:
        painter.setFont(font)
        painter.setPen(QColor(self._theme.tokens.text))
        painter.drawText(rect, _LEFT, _elided(font, text, rect.width()))

    def _draw_snippet(self, painter: QPainter, rect: QRect, entry: Entry) -> None:
        text, marks = shortened(entry.note, entry.marks, QFontMetrics(self._strong), rect.width())
        layout = QTextLayout(text, self._small)
        layout.setTextOption(_ONE_LINE)
        strong = QTextCharFormat()
        strong.setFontWeight(QFont.Weight.DemiBold)
        strong.setForeground(QColor(self._theme.tokens.text))
        formats = []
        for begin, end in marks:
            one = QTextLayout.FormatRange()
            start, stop = _units(text[:begin]), _units(text[:end])
            one.start, one.length, one.format = start, stop - start, strong
            formats.append(one)
        layout.setFormats(formats)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(rect.width())
        layout.endLayout()
        painter.setPen(QColor(self._theme.tokens.second))
        layout.draw(painter, QPointF(rect.left(), rect.top() + (rect.height() - line.height()) / 2))


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_LEFT_BELOW = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_ONE_LINE = QTextOption()
_ONE_LINE.setWrapMode(QTextOption.WrapMode.NoWrap)


def shortened(
    text: str, marks: tuple[tuple[int, int], ...], metrics: QFontMetrics, width: int
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """*text* cut so that it is at most *width* pixels wide and its first mark can be seen, and the marks in it."""
    if marks and metrics.horizontalAdvance(text[: marks[0][1]]) > width:
        cut = max(0, marks[0][0] - _BEFORE)
        text = f"…{text[cut:]}"
        marks = tuple((begin - cut + 1, end - cut + 1) for begin, end in marks)
    short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
    whole = len(short) if short == text else len(short) - 1
    return short, tuple((begin, min(end, whole)) for begin, end in marks if 0 <= begin < min(end, whole))


def _units(text: str) -> int:
    """How long Qt takes *text* to be: an emoji counts as two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _elided(font: QFont, text: str, width: int) -> str:
    return QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)


def _draw_arrow(painter: QPainter, middle: QPointF, colour: str, *, folded: bool) -> None:
    """Down over what is open, to the right before what is folded."""
    pen = QPen(QColor(colour), 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    points = ((-2, -4), (2, 0), (-2, 4)) if folded else ((-4, -2), (0, 2), (4, -2))
    painter.drawPolyline([middle + QPointF(x, y) for x, y in points])


def _draw_dots(painter: QPainter, right: QPointF, colour: str) -> int:
    """Three dots that end at *right*: words are coming. Returns where the title has to end."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    for number in range(3):
        painter.drawEllipse(right - QPointF(2 + 6 * number, 0), 2, 2)
    return int(right.x()) - 22
