"""A conversation as it is read: messages in a centred column that follows the answer which is being written.

`pages.chat` and `pages.compare` own one each and hand it messages. A message out of sight is a number (its estimated
height) and gets its widgets when it comes near, so that a thousand messages open at once and cost no memory. What
arrives is drawn when the `Pump` gives this pane its turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton
from desktop_app.ui.widgets.looks import looks_of, sheet_of
from desktop_app.ui.widgets.pump import Pump
from desktop_app.ui.widgets.speech import Sentences, announce, listening

if TYPE_CHECKING:
    from desktop_app.ui.widgets.message_views import MessageView

_MARGIN = 24
_NEAR_THE_END = 24
"""Pixels from the bottom at which the text counts as followed."""

_KEEP_SCREENS = 4
"""Messages further away than this many screens lose their widgets again."""

_JUMP_SIZE = 34


@dataclass(eq=False)
class _Row:
    """One message and where it is, whether it has widgets or not."""

    message: Message
    height: int = 0
    top: int = 0
    view: "MessageView | None" = None
    changed: bool = True
    """Whether the view does not yet show the whole message."""
    sentences: Sentences | None = None

    @property
    def bottom(self) -> int:
        return self.top + self.height


class Transcript(QScrollArea):
    """Shows messages; `link_clicked` and `copied` tell what a person did with them."""

    link_clicked = Signal(str)
    copied = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None, pump: Pump | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pump = pump or Pump(self)
        self._looks = looks_of(theme)
        self._rows: list[_Row] = []
        self._by_id: dict[int, _Row] = {}
        self._following = True
        self._placing = False
        self._column = QWidget()
        self._column.setProperty("role", "page")
        self._column.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWidget(self._column)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Conversation")
        self._jump = IconButton(theme, "arrow-down", "Jump to the newest", self.follow)
        self._jump.setProperty("role", "jump")
        self._jump.setParent(self)
        self._jump.hide()
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        theme.changed.connect(self._on_theme_changed)
        self._set_sheet()

    # --- what a page calls ---------------------------------------------------------------------------------------

    def show_messages(self, messages: Sequence[Message]) -> None:
        """Show another conversation, at its end."""
        for row in self._rows:
            self._drop_view(row)
        self._rows = [_Row(message) for message in messages]
        self._by_id = {row.message.id: row for row in self._rows}
        self._following = True
        self._estimate()
        self._arrange()
        self._realise()

    def put_message(self, message: Message) -> None:
        """Add a message at the end, or show how one has grown; cheap, however often it is called."""
        row = self._by_id.get(message.id)
        if row is None:
            row = _Row(message)
            self._rows.append(row)
            self._by_id[message.id] = row
            row.height = self._estimated_height(message)
            if message.role is Role.USER:
                self._following = True
            self._arrange(len(self._rows) - 1)
        elif row.message == message:
            return
        self._say(row, message)
        row.message, row.changed = message, True
        self._pump.request(self)

    def remove_message(self, message_id: int) -> None:
        """Take one message out; nothing happens when it is not there."""
        row = self._by_id.pop(message_id, None)
        if row is None:
            return
        index = self._rows.index(row)
        del self._rows[index]
        self._drop_view(row)
        self._arrange(index)
        self._realise()

    def follow(self) -> None:
        """Go to the end and stay there while more arrives."""
        self._following = True
        self._realise()
        self._scroll_to_end()

    @property
    def following(self) -> bool:
        """Whether the newest text is kept in sight."""
        return self._following

    def flush(self) -> bool:
        """Draw what has arrived for what is in sight, and at most one message beyond it; True when there is more."""
        more = False
        anchor = self._anchor()
        for index, row in enumerate(self._rows):
            if row.changed and row.view:
                row.changed = row.view.show_message(row.message)
                more |= row.changed
                self._measure(row)
                self._arrange(index)
        self._hold(anchor)
        self._realise()
        return self._realise_one_beyond() or more

    # --- what Qt calls ---------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what is read in its place while lines break anew."""
        super().resizeEvent(event)
        self._place_jump()
        anchor = self._anchor()
        if event.size().width() != event.oldSize().width():
            self._estimate()
            for row in self._rows:
                self._measure(row)
        self._arrange()
        self._hold(anchor)
        self._realise()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what arrived while nobody could see it."""
        super().showEvent(event)
        self._realise()
        self._pump.request(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """End follows the newest; Home goes to the beginning; the scroll area knows the rest."""
        if event.key() == Qt.Key.Key_End:
            self.follow()
        elif event.key() == Qt.Key.Key_Home:
            self.verticalScrollBar().setValue(0)
        else:
            super().keyPressEvent(event)

    # --- rows ------------------------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return max(200, min(self._looks.column, self.viewport().width() - 2 * _MARGIN))

    def _estimate(self) -> None:
        for row in self._rows:
            if row.view is None:
                row.height = self._estimated_height(row.message)

    def _estimated_height(self, message: Message) -> int:
        """Near enough for the scroll bar; the true height is known once the message has been seen."""
        metrics = QFontMetricsF(self._looks.body)
        per_line = max(10.0, self._width / metrics.averageCharWidth())
        lines = message.text.count("\n") + ceil(len(message.text) / per_line) + 1
        return round(lines * metrics.height() * 1.3) + (64 if message.role is Role.ASSISTANT else 20)

    def _measure(self, row: _Row) -> None:
        if row.view:
            row.height = row.view.arrange(self._width)
            row.view.resize(self._width, row.height)

    def _arrange(self, first: int = 0) -> None:
        """Put the rows from *first* on below one another."""
        gap = self._theme.space.huge
        left = max(0, (self.viewport().width() - self._width) // 2)
        top = self._rows[first - 1].bottom + gap if first > 0 else gap
        for row in self._rows[first:]:
            row.top = top
            if row.view:
                row.view.move(left, top)
            top = row.bottom + gap
        self._placing = True
        self._column.resize(self.viewport().width(), max(top, self.viewport().height()))
        self._placing = False
        if self._following:
            self._scroll_to_end()
        self._show_jump()

    def _realise(self) -> None:
        """Give widgets to what is in sight; each turns an estimate into a height, which moves the others."""
        if not self.isVisible():
            return
        for _ in range(len(self._rows)):
            top = self.verticalScrollBar().value()
            bottom = top + self.viewport().height()
            seen = [row for row in self._rows if row.view is None and row.top < bottom and row.bottom > top]
            if not seen:
                break
            self._realise_row(seen[-1])
        self._drop_far()

    def _realise_one_beyond(self) -> bool:
        """Prepare the next message above or below, half a screen ahead; True when there may be another."""
        half = self.viewport().height() // 2
        top = self.verticalScrollBar().value() - half
        bottom = top + self.viewport().height() + 2 * half
        near = [row for row in self._rows if row.view is None and row.top < bottom and row.bottom > top]
        if not near or not self.isVisible():
            return False
        self._realise_row(near[-1])
        return True

    def _realise_row(self, row: _Row) -> None:
        anchor = self._anchor()
        index = self._rows.index(row)
        row.view = self._make_view(row.message)
        if below := next((one.view for one in self._rows[index + 1 :] if one.view), None):
            row.view.stackUnder(below)  # a screen reader reads in this order
        row.changed = row.view.show_message(row.message)
        self._measure(row)
        self._arrange(index)
        self._hold(anchor)
        row.view.show()
        if row.changed:
            self._pump.request(self)

    def _make_view(self, message: Message) -> "MessageView":
        from desktop_app.ui.widgets.message_views import make_view  # noqa: PLC0415 - most first pictures show no message

        view = make_view(self._theme, self._looks, message, self._column)
        view.link_clicked.connect(self.link_clicked)
        view.copied.connect(self.copied)
        return view

    def _drop_far(self) -> None:
        reach = _KEEP_SCREENS * max(self.viewport().height(), 200)
        top = self.verticalScrollBar().value() - reach
        bottom = self.verticalScrollBar().value() + self.viewport().height() + reach
        for row in self._rows:
            far = row.bottom < top or row.top > bottom
            if far and row.view and row.message.state is not MessageState.STREAMING and not row.view.in_use:
                self._drop_view(row)

    @staticmethod
    def _drop_view(row: _Row) -> None:
        if row.view:
            row.view.hide()
            row.view.deleteLater()
        row.view, row.changed = None, True

    # --- scrolling -------------------------------------------------------------------------------------------------

    def _anchor(self) -> tuple[_Row, int] | None:
        """The first message with widgets in sight, and where it is; it stays there while others change height."""
        top = self.verticalScrollBar().value()
        bottom = top + self.viewport().height()
        seen = [row for row in self._rows if row.bottom > top and row.top < bottom]
        row = next((row for row in seen if row.view), seen[0] if seen else None)
        return (row, row.top - top) if row else None

    def _hold(self, anchor: tuple[_Row, int] | None) -> None:
        if self._following:
            self._scroll_to_end()
        elif anchor:
            row, offset = anchor
            self._scroll_to(row.top - offset)

    def _scroll_to_end(self) -> None:
        self._scroll_to(self.verticalScrollBar().maximum())

    def _scroll_to(self, value: int) -> None:
        self._placing = True
        self.verticalScrollBar().setValue(value)
        self._placing = False
        self._show_jump()

    def _on_scrolled(self, value: int) -> None:
        if self._placing:
            return
        self._following = value >= self.verticalScrollBar().maximum() - _NEAR_THE_END
        self._realise()
        self._show_jump()
        self._pump.request(self)

    def _show_jump(self) -> None:
        self._jump.setVisible(not self._following and self.verticalScrollBar().maximum() > 0)

    def _place_jump(self) -> None:
        left = (self.viewport().width() - _JUMP_SIZE) // 2
        self._jump.setGeometry(left, self.height() - _JUMP_SIZE - 12, _JUMP_SIZE, _JUMP_SIZE)
        self._jump.raise_()

    # --- the rest --------------------------------------------------------------------------------------------------

    def _say(self, row: _Row, message: Message) -> None:
        """Tell assistive technology the sentences that *message* finishes, once each."""
        if message.role is not Role.ASSISTANT or not listening():
            return
        if row.sentences is None:
            row.sentences = Sentences()
        said = row.message.text if row.message is not message else ""
        sentences = row.sentences.feed(message.text[len(said) :])
        if message.state is not MessageState.STREAMING:
            sentences += row.sentences.finish()
        for sentence in sentences:
            announce(self, sentence)

    def _on_theme_changed(self) -> None:
        self._looks = looks_of(self._theme)
        self._set_sheet()
        for row in self._rows:
            if row.view:
                row.view.set_looks(self._looks)
                self._measure(row)
        self._arrange()

    def _set_sheet(self) -> None:
        self.setStyleSheet(sheet_of(self._theme.tokens))
