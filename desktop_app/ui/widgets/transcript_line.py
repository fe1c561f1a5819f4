"""The line in a conversation above which the model no longer sees it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.looks import Looks
from desktop_app.ui.widgets.text_view import TextView

FORGOTTEN = "Above this line the model no longer sees the conversation"
SUMMARISED = "Above this line the model sees only a summary"

_MARGIN = 10
_GAP = 8
_PADDING = 12


class SeenLine(QWidget):
    """A rule with words on it, the way back, and the summary when there is one."""

    see_everything_asked = Signal()
    grown = Signal()

    def __init__(self, theme: Theme, looks: Looks, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._opened = False
        self._words = label(FORGOTTEN, "second", wrap=True)
        self._words.setParent(self)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._show = self._button("Show the summary", self._on_show_clicked)
        self._everything = self._button("Let it see everything again", self.see_everything_asked.emit)
        self._summary = TextView(self)
        self._summary.setAccessibleName("Summary that the model sees")
        self._summary.hide()
        self.set_looks(looks)
        self.hide()

    def set_looks(self, looks: Looks) -> None:
        """Draw it in other colours and fonts."""
        self._looks = looks
        self._words.setFont(looks.body)
        text = self._summary.toPlainText()
        self._summary.document().setDefaultFont(looks.body)
        self._summary.setPlainText(text)

    def show_summary(self, summary: str) -> None:
        """What the model is given instead; empty for nothing."""
        self._words.setText(SUMMARISED if summary else FORGOTTEN)
        self._summary.setPlainText(summary)
        self._opened = self._opened and bool(summary)
        self._show.setVisible(bool(summary))
        self._draw_show()

    def arrange(self, width: int) -> int:
        """Place the parts in *width* pixels; the height that they take, the room around included."""
        metrics = self._words.fontMetrics()
        wide = min(metrics.horizontalAdvance(self._words.text()) + 4, width - 2 * _PADDING)
        top = _MARGIN
        height = self._words.heightForWidth(wide)
        self._words.setGeometry((width - wide) // 2, top, wide, height)
        top += height + 2
        buttons = [one for one in (self._show, self._everything) if not one.isHidden()]
        left = (width - sum(one.sizeHint().width() + _GAP for one in buttons) + _GAP) // 2
        for one in buttons:
            size = one.sizeHint()
            one.setGeometry(max(0, left), top, size.width(), size.height())
            left += size.width() + _GAP
        top += self._everything.sizeHint().height()
        if self._opened:
            height = self._summary.height_for(width - 2 * _PADDING)
            self._summary.setGeometry(_PADDING, top + _GAP, width - 2 * _PADDING, height)
            top += height + 2 * _GAP
        return top + _MARGIN

    def stops(self) -> list[QWidget]:
        """Where the Tab key stops, in order."""
        return [self._show, self._everything]

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rule, left and right of the words."""
        painter = QPainter(self)
        place = self._words.geometry()
        y = place.center().y()
        painter.fillRect(0, y, max(0, place.left() - _PADDING), 1, self._looks.second)
        painter.fillRect(place.right() + _PADDING, y, self.width(), 1, self._looks.second)
        painter.end()

    def _button(self, words: str, clicked: object) -> QPushButton:
        made = button(words, clicked, "link")  # type: ignore[arg-type]
        made.setParent(self)
        return made

    def _on_show_clicked(self) -> None:
        self._opened = not self._opened
        self._draw_show()
        self.grown.emit()

    def _draw_show(self) -> None:
        words = "Hide the summary" if self._opened else "Show the summary"
        self._show.setText(words)
        self._show.setAccessibleName(words)
        self._summary.setVisible(self._opened)
