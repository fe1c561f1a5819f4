"""Where the columns of a comparison stand, their results, and the fields below them.

`compare_columns` owns a `Ground`, which scrolls sideways. Everything is placed at once, and only when some size is
another one than before: while answers arrive nothing here moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.compare_column import CompareColumn

LEAST_WIDTH = 260
"""Of a column, pixels at the usual size of words."""
_ADD = 48
"""Room for the button that adds a column, if there is one."""
_BODY = 110
"""Of what is said in a column, the least height."""
_WORTH = 300
"""The height below which columns are too low for results to be shown beside them unasked."""


@dataclass(frozen=True)
class Parts:
    """What stands on the ground, from the left."""

    columns: Sequence[CompareColumn]
    cards: Sequence[QWidget]
    """The table of results, as one widget for each column."""
    fields: Sequence[QWidget]
    bar: QWidget
    """Above the table; as wide as what is in sight."""
    add: QWidget


class Ground(QWidget):
    """Puts parts in their places and draws the lines between columns."""

    layout_asked = Signal()
    """Something needs more room, or less."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._placed: tuple[object, ...] = ()
        self._lines: tuple[int, ...] = ()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def is_low(self, parts: Parts, view: QSize) -> bool:
        """Whether there is too little room for results that nobody asked for."""
        taken = _tallest(parts.fields) + parts.bar.sizeHint().height() + _tallest(parts.cards)
        return view.height() - taken < self._theme.scaled(_WORTH)

    def arrange(self, parts: Parts, view: QSize) -> None:
        """Place everything as *view* asks for."""
        count = len(parts.columns)
        if not count:
            self._lines, self._placed = (), ()
            self.resize(view)
            return
        add = 0 if parts.add.isHidden() else self._theme.grown(_ADD)
        width = max(self._theme.grown(LEAST_WIDTH), (view.width() - add) // count)
        head = max(one.head.sizeHint().height() for one in parts.columns)
        bar = 0 if parts.bar.isHidden() else parts.bar.sizeHint().height()
        table = _tallest([one for one in parts.cards if not one.isHidden()])
        field = _tallest(parts.fields)
        body = max(head + self._theme.grown(_BODY), view.height() - bar - table - field)
        placed = (*map(id, (*parts.columns, *parts.fields)), view, add, width, head, bar, table, field, body)
        if placed == self._placed:
            return
        self._placed = placed
        self.resize(max(view.width(), count * width + add), max(view.height(), body + bar + table + field))
        for place, column in enumerate(parts.columns):
            column.head.setFixedHeight(head)
            column.setGeometry(place * width, 0, width - 1, body)
        for place, card in enumerate(parts.cards):
            card.setGeometry(place * width, body + bar, width - 1, table)
        for place, one in enumerate(parts.fields):
            one.setGeometry(place * width, self.height() - field, width - 1, field)
        parts.bar.setGeometry(parts.bar.x(), body, view.width(), bar)
        size = parts.add.sizeHint()
        parts.add.setGeometry(count * width + (add - size.width()) // 2, 8, size.width(), size.height())
        self._lines = tuple(place * width - 1 for place in range(1, count + 1) if place * width < self.width())
        self.update()

    def event(self, event: QEvent) -> bool:
        """A part asks for room."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.layout_asked.emit()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines."""
        painter = QPainter(self)
        for line in self._lines:
            painter.fillRect(line, 0, 1, self.height(), QColor(self._theme.tokens.line))
        painter.end()


def _tallest(widgets: Sequence[QWidget]) -> int:
    return max((one.sizeHint().height() for one in widgets), default=0)
