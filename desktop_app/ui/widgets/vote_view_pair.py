"""A question and two answers to it, side by side or, where there is no room, below one another.

`vote_view` scrolls it and asks which answer is better.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from desktop_app.services.compare_view import PairState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.looks import looks_of
from desktop_app.ui.widgets.pump import Pump
from desktop_app.ui.widgets.text_view import TextView
from desktop_app.ui.widgets.vote_view_pane import AnswerPane

MARGIN = 20
"""Pixels at the left and at the right."""
_LONG = 8_000
"""Characters of a question that are shown: what is asked stands in them, and a book would take seconds to lay out."""
_LEAST = 22
"""Em of an answer's column below which the two stand below one another."""
_GAP = 12


class AnswerPair(QWidget):
    """The question, and below it the two answers, as tall as they need to be."""

    link_clicked = Signal(str)
    filled = Signal()
    """There are other parts in it than before."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._looks = looks_of(theme)
        self._bubble = QFrame(self)
        self._bubble.setProperty("role", "bubble")
        self._question = TextView(self._bubble)
        self._question.setAccessibleName("The question")
        pump = Pump(self)
        self._panes = [AnswerPane(theme, self._looks, title, pump, self) for title in ("Left", "Right")]
        for pane, other in (self._panes, self._panes[::-1]):
            pane.link_clicked.connect(self.link_clicked)
            pane.selected.connect(other.clear_selection)
            pane.resized.connect(self._on_resized)
        theme.changed.connect(self._dress)
        self._dress()

    def show_pair(self, pair: PairState) -> None:
        """Show a question and two answers."""
        text = pair.question if len(pair.question) <= _LONG else f"{pair.question[:_LONG]}…"
        if text != self._question.toPlainText():
            self._question.setPlainText(text)
        self._panes[0].show_answer(pair.left.answer)
        self._panes[1].show_answer(pair.right.answer)
        self._place()
        self.filled.emit()

    def stops(self) -> list[QWidget]:
        """What the Tab key comes to, from left to right."""
        inside = [part for pane in self._panes for part in pane.findChildren(QWidget)]
        return [part for part in inside if part.focusPolicy() & Qt.FocusPolicy.TabFocus]

    def _on_resized(self) -> None:
        self._place()
        self.filled.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width breaks other lines."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._place()

    def _place(self) -> None:
        width = self.width() - 2 * MARGIN
        inner = width - 2 * _GAP
        height = self._question.height_for(inner)
        self._question.setGeometry(_GAP, _GAP, inner, height)
        self._bubble.setGeometry(MARGIN, 0, width, height + 2 * _GAP)
        top = height + 3 * _GAP
        half = (width - _GAP) // 2
        if half >= _LEAST * self._looks.em:
            tall = max(pane.arrange(half) for pane in self._panes)
            for number, pane in enumerate(self._panes):
                pane.setGeometry(MARGIN + number * (half + _GAP), top, half, tall)
            top += tall + _GAP
        else:
            for pane in self._panes:
                tall = pane.arrange(width)
                pane.setGeometry(MARGIN, top, width, tall)
                top += tall + _GAP
        self.setMinimumHeight(top)

    def _dress(self) -> None:
        self._looks = looks_of(self._theme)
        self._question.setFont(self._looks.body)
        for pane in self._panes:
            pane.set_looks(self._looks)
        self._place()
