"""The column of a transcript: gives messages their widgets, takes them away again, and puts them below one another.

`transcript` owns one and decides what is in sight and where it is scrolled to.
"""

from collections.abc import Mapping, Sequence
from math import ceil

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QWidget

from desktop_app.domain.chat import Message, MessageState, Role, TokenChance
from desktop_app.domain.tree import Place
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.looks import looks_of
from desktop_app.ui.widgets.message_actions import Offers
from desktop_app.ui.widgets.message_unfolded import Unfolded
from desktop_app.ui.widgets.selection import Selection
from desktop_app.ui.widgets.transcript_line import SeenLine
from desktop_app.ui.widgets.transcript_rows import Row, Rows

MARGIN = 24
"""Left and right of the messages, at least, pixels."""
_RING = 6
"""Pixels between a message and the frame that says that the keyboard is on it: its texts would hide one inside."""
_AROUND_ANSWER = 78
_AROUND_QUESTION = 50
"""Pixels of a message that are not its text."""
_ATTACHMENTS = 60
"""What is attached, if anything is."""
_LEAST_WIDTH = 200


class Column(QWidget):
    """Rows, some of them with widgets, and the line above which the model sees nothing.

    Args:
        theme: colours and fonts.
        offers: what can be done with a message.
        margin: pixels left and right of the messages, at least.
    """

    link_clicked = Signal(str)
    copied = Signal(str)
    action = Signal(int, object)
    edited = Signal(int, str)
    remedy = Signal(int, object)
    grown = Signal(object)
    """A person folded or unfolded something in this row; None for the line."""
    resized = Signal(object)
    """The texts of this row need more room, or less."""
    see_everything_asked = Signal()

    def __init__(self, theme: Theme, offers: Offers, margin: int) -> None:
        super().__init__()
        self._offers = offers
        self._margin = margin
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self.looks = looks_of(theme)
        self.rows = Rows(theme.space.medium, self._estimate)
        self.before: QWidget = self
        """The Tab key comes to the first message from here."""
        self._unfolded: dict[int, Unfolded] = {}
        self._seen_from: int | None = None
        self._line = SeenLine(theme, self.looks, self)
        self._line.grown.connect(lambda: self.grown.emit(None))
        self._line.see_everything_asked.connect(self.see_everything_asked)
        self._line_height = 0
        self._width = self._left = _LEAST_WIDTH
        self._per_line, self._line_pixels = 10.0, 10.0
        self._viewport = QSize()
        self._ring = QRect()
        """Where the frame around the message with the keyboard was drawn last."""
        theme.focus_moved.connect(self._on_focus_moved)

    # --- what it shows -----------------------------------------------------------------------------------------------

    def show_path(self, messages: Sequence[Message]) -> None:
        """Have rows for these messages; those that were there keep their widgets."""
        for row in self.rows.show(messages):
            self.drop(row)

    def show_places(self, places: Mapping[int, Place]) -> None:
        """Which version each message is."""
        changed = [row for row in self.rows.all if row.place != places.get(row.message.id)]
        for row in changed:
            row.place = places.get(row.message.id)
        self.show_last()
        for row in changed:
            if row.view:  # the arrows take room
                self.measure(row)

    def show_last(self) -> None:
        """The buttons of the last answer are clear; those of the others are faint."""
        last = self.rows.all[-1] if self.rows.all else None
        for row in self.rows.realised:
            if row.view:
                row.view.show_place(row.place, last=row is last)

    def show_seen_from(self, message: int | None, summary: str) -> None:
        """Put the line above *message*; None, or one that is not there, for no line."""
        before, self._seen_from = self._seen_from, message
        self._line.setVisible(message is not None and self.rows.get(message) is not None)
        self._line.show_summary(summary)
        self._line_height = self._line.arrange(self._width) if message is not None else 0
        for key in {before, message} - {None}:
            if key is not None and (row := self.rows.get(key)):
                self.measure(row)

    def show_chances(self, message: int, chances: Sequence[TokenChance]) -> None:
        """Show how sure the model was, instead of the answer."""
        self._unfolded.setdefault(message, Unfolded()).chances = tuple(chances)
        row = self.rows.get(message)
        if row and row.view:
            row.view.show_chances(chances)

    def stops(self, row: Row) -> list[QWidget]:
        """Where the Tab key stops in it, in order; those of the line first when that stands above it."""
        line = self._line.stops() if row.message.id == self._seen_from else []
        return [*line, *(row.view.stops() if row.view else ())]

    def row_of(self, widget: QWidget | None) -> Row | None:
        """The message that *widget* is, or is in."""
        if widget is None:
            return None
        if self._seen_from is not None and self._line.isAncestorOf(widget):
            return self.rows.get(self._seen_from)
        return next(
            (one for one in self.rows.realised if one.view and (one.view is widget or one.view.isAncestorOf(widget))),
            None,
        )

    # --- widgets -----------------------------------------------------------------------------------------------------

    def realise(self, row: Row, selection: Selection) -> None:
        """Give it widgets."""
        # First pictures show no message.
        from desktop_app.ui.widgets.message_kinds import make_view  # noqa: PLC0415
        from desktop_app.ui.widgets.message_view import Surroundings  # noqa: PLC0415

        unfolded = self._unfolded.setdefault(row.message.id, Unfolded())
        around = Surroundings(self._theme, self.looks, selection, self._offers)
        view = make_view(around, row.message, unfolded, self)
        key = row.message.id
        view.link_clicked.connect(self.link_clicked)
        view.copied.connect(self.copied)
        view.action.connect(lambda action: self.action.emit(key, action))
        view.edited.connect(lambda text: self.edited.emit(key, text))
        view.remedy.connect(lambda remedy: self.remedy.emit(key, remedy))
        view.grown.connect(lambda: self.grown.emit(row))
        view.resized.connect(lambda: self.resized.emit(row))
        self.rows.set_view(row, view)
        view.show_place(row.place, last=row.index == len(self.rows) - 1)
        row.changed = view.show_message(row.message)
        self._put_in_order(row)
        self.measure(row)
        view.show()

    def refresh(self, row: Row) -> bool:
        """Show what is new in it; True when there is more."""
        if row.view:
            row.changed = row.view.show_message(row.message)
            if row.message.state is not MessageState.STREAMING:
                self._put_in_order(row)
            self.measure(row)
        return row.changed

    def drop(self, row: Row) -> None:
        """Take its widgets away."""
        if row.view:
            row.view.hide()
            row.view.deleteLater()
        self.rows.set_view(row, None)
        if self._unfolded.get(row.message.id) == Unfolded():
            del self._unfolded[row.message.id]

    def measure(self, row: Row) -> None:
        """Its true height, or a new estimate."""
        if row.view:
            height = row.view.arrange(self._width)
            row.view.resize(self._width, height)
            self.rows.set_height(row, height + self._above(row))
        else:
            self.rows.set_height(row, self._estimate(row.message))

    def place(self) -> None:
        """Put everything that has widgets where it belongs."""
        for row in self.rows.realised:
            if row.view:
                row.view.move(self._left, self.rows.top(row) + self._above(row))
        if self._seen_from is not None and (seen := self.rows.get(self._seen_from)):
            self._line.setGeometry(self._left, self.rows.top(seen), self._width, self._line_height)
        self.resize(self._viewport.width(), max(self.rows.bottom, self._viewport.height()))

        self._refresh_ring()

    def fit(self, viewport: QSize) -> None:
        """It is looked at through this."""
        widened = viewport.width() != self._viewport.width()
        self._viewport = viewport
        if widened:
            self._fit_width()

    def refresh_looks(self) -> None:
        """Take colours and fonts from the theme again."""
        self.looks = looks_of(self._theme)
        self._line.set_looks(self.looks)
        for row in self.rows.realised:
            if row.view:
                row.view.set_looks(self.looks)
        self._fit_width()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A frame around the message that the keyboard is on, as a whole."""
        super().paintEvent(event)
        if not self._ring.isNull():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(self._theme.tokens.accent_text))
            painter.drawRoundedRect(QRectF(self._ring).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
            painter.end()

    def _on_focus_moved(self, _focused: QWidget | None) -> None:
        self._refresh_ring()

    def _refresh_ring(self) -> None:
        """Draw the frame where it belongs now, and no more where it was."""
        views = (row.view for row in self.rows.realised)
        framed = next((one for one in views if one and one.hasFocus() and one.property("kbd") is True), None)
        ring = framed.geometry().adjusted(-_RING, -_RING, _RING, _RING) if framed else QRect()
        if ring != self._ring:
            for one in (self._ring, ring):
                self.update(QRegion(one) - QRegion(one.adjusted(_RING + 3, _RING + 3, -_RING - 3, -_RING - 3)))
            self._ring = ring

    def _fit_width(self) -> None:
        room = self._viewport.width()
        self._width = max(_LEAST_WIDTH, min(self.looks.column, room - 2 * self._margin))
        self._left = max(0, (room - self._width) // 2)
        metrics = QFontMetricsF(self.looks.body)
        self._per_line = max(10.0, self._width / metrics.averageCharWidth())
        self._line_pixels = metrics.height() * 1.3
        if self._seen_from is not None:
            self._line_height = self._line.arrange(self._width)
        self.rows.estimate_again()
        for row in self.rows.realised:
            self.measure(row)

    def _estimate(self, message: Message) -> int:
        """Near enough for the scroll bar; the true height is known once the message has been seen."""
        text = message.text
        lines = text.count("\n") + ceil(len(text) / self._per_line) + 1
        around = _AROUND_ANSWER if message.role is Role.ASSISTANT else _AROUND_QUESTION
        if message.attachments:
            around += _ATTACHMENTS
        line = self._line_height if message.id == self._seen_from else 0
        return round(lines * self._line_pixels) + around + line

    def _above(self, row: Row) -> int:
        """What stands in the row above its message."""
        return self._line_height if row.message.id == self._seen_from else 0

    def _put_in_order(self, row: Row) -> None:
        """Screen readers and the Tab key go from the top to the bottom, whenever a message got its widgets."""
        realised = self.rows.realised
        place = realised.index(row)
        if row.view is None:
            return
        if place + 1 < len(realised) and (below := realised[place + 1].view):
            row.view.stackUnder(below)
        previous = self.before
        for above in reversed(realised[:place]):
            if stops := self.stops(above):
                previous = stops[-1]
                break
        for stop in self.stops(row):
            QWidget.setTabOrder(previous, stop)
            previous = stop
