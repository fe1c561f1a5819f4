"""The results below the columns of a comparison: one table, each of its columns below the one that it is of.

`compare_columns` owns a `ResultBar`, which stays in sight and folds the table away, and a `ResultCard` for each column.
The best of a row is marked by a word in a frame and by its weight.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QToolTip, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, button, tip
from desktop_app.ui.widgets.compare_words import UNKNOWN, Row

_PADDING = 14
_ABOVE = 6
_BELOW = 8
_GAP = 10
_LINE = 7
"""Pixels of a line besides its words."""
_MARK_PADDING = 7
_MARK_SHORT = "★"
"""Marks the best where its word has no room."""


class ResultCard(QWidget):
    """One column of the table, each value beside what it is; a screen reader reads it as a whole."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: tuple[Row, ...] = ()
        self._place = 0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self.update)

    def show_rows(self, rows: tuple[Row, ...], place: int, name: str) -> None:
        """Show the figures of the column at *place*, which is called *name*."""
        self.setAccessibleName(f"Results of {name}")
        if (rows, place) == (self._rows, self._place):
            return
        self._rows, self._place = rows, place
        self.setAccessibleDescription(". ".join(row.spoken(place) for row in rows))
        self.update()

    def sizeHint(self) -> QSize:
        """As tall as its rows."""
        return QSize(0, len(self._rows) * self._line() + _ABOVE + _BELOW if self._rows else 0)

    def event(self, event: QEvent) -> bool:
        """A value that had no room is told whole."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            at = (event.pos().y() - _ABOVE) // self._line()
            words = self._rows[at].spoken(self._place) if 0 <= at < len(self._rows) else ""
            QToolTip.showText(event.globalPos(), tip(words), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Names in a column of their own, values, and the marks of the best behind them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names, tall = QFontMetrics(self._small()), self._line()
        left = _PADDING + max((names.horizontalAdvance(row.name) for row in self._rows), default=0) + _GAP
        for at, row in enumerate(self._rows):
            self._paint_row(painter, row, QRect(0, _ABOVE + at * tall, self.width() - _PADDING, tall), left)
        if self.hasFocus() and self.property("kbd") is True:
            painter.setPen(QColor(self._theme.tokens.accent_text))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(4, 0, -5, -3), 8, 8)
        painter.end()

    def _paint_row(self, painter: QPainter, row: Row, line: QRect, left: int) -> None:
        tokens, best, value = self._theme.tokens, row.best[self._place], row.values[self._place]
        middle = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        painter.setPen(QColor(tokens.second))
        painter.setFont(self._small())
        painter.drawText(line.adjusted(_PADDING, 0, 0, 0), middle, row.name)
        font = self._theme.figures_font(10)
        font.setWeight(QFont.Weight.DemiBold if best else QFont.Weight.Medium)
        painter.setFont(font)
        painter.setPen(QColor(tokens.second if value == UNKNOWN else tokens.text))
        metrics = QFontMetrics(font)
        room = line.width() - left
        painter.drawText(
            line.adjusted(left, 0, 0, 0), middle, metrics.elidedText(value, Qt.TextElideMode.ElideRight, room)
        )
        if best:
            self._paint_mark(painter, row.mark, line, left + metrics.horizontalAdvance(value) + _GAP)

    def _paint_mark(self, painter: QPainter, words: str, line: QRect, left: int) -> None:
        """A word in a frame; a star where it has no room."""
        tokens, font = self._theme.tokens, self._small(QFont.Weight.DemiBold)
        metrics = QFontMetrics(font)
        if left + metrics.horizontalAdvance(words) + 2 * _MARK_PADDING > line.right():
            words = _MARK_SHORT
        width = metrics.horizontalAdvance(words) + 2 * _MARK_PADDING
        height = min(line.height() - 2, metrics.height() + 2)
        frame = QRect(left, line.center().y() - height // 2 + 1, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.good_soft))
        painter.drawRoundedRect(frame, height / 2, height / 2)
        painter.setPen(QColor(tokens.good))
        painter.setFont(font)
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, words)

    def _small(self, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        return self._theme.body_font(9, weight)

    def _line(self) -> int:
        return QFontMetrics(self._theme.figures_font(10)).height() + _LINE


class ResultBar(QWidget):
    """Folds the table away and opens it; folded, it says who is best in what. Leads to the differences of words."""

    fold_clicked = Signal()
    differences_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._folded = False
        self.setProperty("role", "results")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.fold = button("Results", self.fold_clicked.emit, "quiet")
        self._words = ElidedLabel(role="second")
        self.differences = button("Show differences", self.differences_asked.emit, "quiet")
        self._row = QHBoxLayout(self)
        for one, stretch in ((self.fold, 0), (self._words, 1), (self.differences, 0)):
            self._row.addWidget(one, stretch)
        theme.changed.connect(self._dress)
        self._dress()

    def show_words(self, words: str, can_fold: bool, can_differ: bool) -> None:
        """Say *words* beside the buttons, of which only those that lead somewhere are there."""
        self._words.setText(words)
        self._row.setContentsMargins(4 if can_fold else _PADDING, 3, 8, 3)
        self.fold.setVisible(can_fold)
        self.differences.setVisible(can_differ)

    def set_folded(self, folded: bool) -> None:
        """Whether the table is away."""
        self._folded = folded
        self.fold.setAccessibleName("Show the results" if folded else "Fold the results away")
        self._dress()

    def stops(self) -> Sequence[QWidget]:
        """Where the Tab key stops, in order."""
        return [self.fold, self.differences]

    def _dress(self) -> None:
        tokens = self._theme.tokens
        self.fold.setIcon(self._theme.icon("chevron-right" if self._folded else "chevron-down"))
        sheet = 'QWidget[role="results"] {{ background: {side}; border-top: 1px solid {line}; }}'
        self.setStyleSheet(self._theme.sheet(sheet.format(**vars(tokens))))
