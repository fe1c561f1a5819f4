"""A conversation as it is read: messages in a centred column that follows the answer which is being written.

`pages.chat` and `pages.compare` own one each and hand it messages. A message out of sight is a number (its estimated
height) and gets its widgets when it comes near, so that ten thousand messages open at once and cost no memory. What
arrives is drawn when the `Pump` gives this pane its turn.
"""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QWidget

from desktop_app.domain.chat import Message, MessageState, Role, TokenChance
from desktop_app.domain.tree import Place
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.message_actions import MessageAction, Offers, offer
from desktop_app.ui.widgets.pump import Pump
from desktop_app.ui.widgets.speech import Speaker
from desktop_app.ui.widgets.transcript_anchor import Anchor
from desktop_app.ui.widgets.transcript_column import MARGIN, Column
from desktop_app.ui.widgets.transcript_marks import Marks
from desktop_app.ui.widgets.transcript_rows import Row
from desktop_app.ui.widgets.transcript_scroll import NEAR_THE_END, RowArea


class Transcript(RowArea):
    """Shows messages; its signals tell what a person did with them.

    Args:
        theme: colours and fonts.
        parent: the widget that it stands in.
        pump: gives it turns to draw; several transcripts in a window share one.
        offers: what can be done with a message here.
        margin: pixels left and right of the messages, at least.
    """

    link_clicked = Signal(str)
    copied = Signal(str)
    action = Signal(int, object)
    """Of a message, a `MessageAction`; what needs nobody else (copying, folding) is done here."""
    edited = Signal(int, str)
    """A message, and the text that a person wants it to have."""
    context_choice = Signal(int, object)
    """Of an answer, an `EndingRemedy` that is a setting: a larger context, longer answers."""
    see_everything_asked = Signal()

    def __init__(
        self,
        theme: Theme,
        parent: QWidget | None = None,
        pump: Pump | None = None,
        offers: Offers = offer,
        margin: int = MARGIN,
    ) -> None:
        super().__init__(theme, Column(theme, offers, margin), pump, parent)
        self._path: tuple[Message, ...] = ()
        self._chat: object = None
        self._beside: tuple[Mapping[int, Place], int | None, str] = ({}, None, "")
        self._sought: tuple[int, str] | None = None
        """A message and the words in it that are marked whenever they are laid out."""
        self._unseen = False
        """Whether the first hit has still to be scrolled to."""
        self._marks = Marks(self)
        self._marks.clicked.connect(self.clear_marks)
        self._speaker = Speaker(self)
        self.setAccessibleName("Conversation")
        self._connect()

    # --- what a page calls ---------------------------------------------------------------------------------------

    def show_messages(self, messages: Sequence[Message]) -> None:
        """Show another conversation, at its end."""
        self._open(tuple(messages), {}, None, "")

    def show_path(
        self,
        messages: Sequence[Message],
        places: Mapping[int, Place],
        seen_from: int | None = None,
        summary: str = "",
        chat: object = None,
    ) -> None:
        """Show a conversation as it is now; cheap when only its last message has grown.

        Another one is shown at its end. In the same one, what is read stays where it is, and so do messages that did
        not change.

        Args:
            messages: the path that is shown, oldest first.
            places: for each message that has other versions.
            seen_from: the first message that the model is given; None when it is given all.
            summary: what it is given instead of those before; empty for nothing.
            chat: tells the conversation from others when no message is left of it, as in another version of its first
                question; None when nobody knows.
        """
        path, beside = tuple(messages), (dict(places), seen_from, summary)
        before = self._path
        same = (chat is not None and chat == self._chat) or any(self._rows.get(message.id) for message in path)
        self._chat = chat
        if not same:
            self._open(path, *beside)
        elif beside == self._beside and len(path) == len(before) and path[:-1] == before[:-1]:
            self._show_changed(path, beside) if path[-1].id != before[-1].id else self._put(path[-1])
        else:
            self._show_changed(path, beside)
        self._path = path

    def put_message(self, message: Message) -> None:
        """Add a message at the end, or show how one has grown; cheap, however often it is called."""
        self._path = ()
        self._put(message)

    def remove_message(self, message_id: int) -> None:
        """Take one message out; nothing happens when it is not there."""
        if self._rows.get(message_id):
            path = tuple(row.message for row in self._rows.all if row.message.id != message_id)
            self._show_changed(path, self._beside)
            self._path = ()

    def go_to(self, message_id: int, words: str = "") -> None:
        """Bring a message into sight and mark *words* in it, until somebody clicks or presses Esc."""
        row = self._rows.get(message_id)
        if row is None:
            return
        self._following = False
        self._marks.clear()
        self._bring(row)
        self._sought = (message_id, words) if words else None
        self._unseen = True
        self._find()

    def offer_again(self) -> None:
        """Something else than before can be done with messages, or is to be said below them."""
        for row in self._rows.realised:
            row.changed = True
        self._pump.request(self)

    def set_spoken(self, spoken: bool) -> None:
        """Whether a screen reader is told what arrives; of several answers at once it can follow one."""
        self._speaker.mute(not spoken)

    def clear_marks(self) -> None:
        """Take the marks of a search away."""
        self._sought = None
        self._marks.clear()

    def edit(self, message_id: int) -> None:
        """Open the editor in the place of a message; `edited` tells what became of it."""
        row = self._rows.get(message_id)
        if row is None:
            return
        self._bring(row)
        if row.view:
            row.view.begin_edit()
            self.ensureWidgetVisible(row.view, 0, 0)

    def show_chances(self, message_id: int, chances: Sequence[TokenChance]) -> None:
        """Show how sure the model was of each token of an answer; nothing brings the answer back."""
        self._column.show_chances(message_id, chances)

    def menu_place(self, message_id: int, action: MessageAction) -> QPoint:
        """Where a menu opens that asks more about *action*, on the screen."""
        row = self._rows.get(message_id)
        return row.view.menu_place(action) if row and row.view else self.mapToGlobal(self.rect().center())

    def flush(self) -> bool:
        """Draw what has arrived; True when there is more."""
        more = super().flush()
        self._find()
        return more

    # --- what Qt calls ---------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Esc takes the marks of a search away, before it means anything to the window."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._sought:
            if event.type() == QEvent.Type.KeyPress:
                self.clear_marks()
            event.accept()
            return True
        return super().event(event)

    # --- rows ------------------------------------------------------------------------------------------------------

    def _open(
        self, path: tuple[Message, ...], places: Mapping[int, Place], seen_from: int | None, summary: str
    ) -> None:
        """Another conversation, at its end."""
        self._path, self._following = path, True
        self.selection.clear()
        self.clear_marks()
        self._speaker.forget()
        self._show_all((), ({}, None, ""))
        self._show_all(path, (places, seen_from, summary))
        self._place(None)
        self._realise()

    def _show_changed(self, path: tuple[Message, ...], beside: tuple[Mapping[int, Place], int | None, str]) -> None:
        """The same conversation: what is read stays in its place."""
        anchor = Anchor.among(self._rows, self._top, self._bottom, {message.id for message in path})
        asked = len(path) > len(self._rows) and any(
            message.role is Role.USER and not self._rows.get(message.id) for message in path[-2:]
        )
        self._following |= asked
        focused = self._focused_action()
        for index, message in enumerate(path):
            row = self._rows.get(message.id)
            if row and row.message is not message:
                self._speaker.say(row.message, message)
            elif row is None and message.state is MessageState.STREAMING:
                # An answer that goes on with another begins with its words, which were said already.
                instead = self._rows.all[index] if index < len(self._rows) else None
                self._speaker.say(instead.message if instead else None, message)
        self._show_all(path, beside)
        if anchor and (row := anchor.row_in(self._rows)) and row.view is None and self.isVisible():
            self._column.realise(row, self.selection)
        self._place(anchor)
        self._realise()
        if focused and focused[0] < len(self._rows) and (view := self._rows.all[focused[0]].view):
            view.focus_action(focused[1])
        self._pump.request(self)

    def _show_all(self, path: Sequence[Message], beside: tuple[Mapping[int, Place], int | None, str]) -> None:
        self._beside = beside
        self._placing = True  # a view that goes takes the keyboard along, at which Qt scrolls
        self._column.show_path(path)
        self._column.show_seen_from(beside[1], beside[2])
        self._column.show_places(beside[0])
        self._placing = False

    def _put(self, message: Message) -> None:
        row = self._rows.get(message.id)
        if row is None:
            self._speaker.say(None, message)
            row = self._rows.append(message)
            self._following |= message.role is Role.USER
            self._column.show_last()
            self._place(None)
        elif row.message == message:
            return
        else:
            self._speaker.say(row.message, message)
        row.message, row.changed = message, True
        self._pump.request(self)

    def _on_theme_changed(self) -> None:
        """Whatever was written again has lost its marks."""
        super()._on_theme_changed()
        self._marks.clear()
        self._pump.request(self)

    def _focused_action(self) -> tuple[int, MessageAction] | None:
        """Where the keyboard is, if on the arrows of a message that may be about to go."""
        for row in self._rows.realised:
            if row.view and (action := row.view.focused_action()):
                return row.index, action
        return None

    def _find(self) -> None:
        """Mark what is searched in a message, as soon as it is laid out, and scroll to the first hit."""
        if self._sought is None or (self._marks and not self._unseen):
            return
        key, words = self._sought
        row = self._rows.get(key)
        if row is None or row.view is None:
            return
        if self._unseen:
            row.view.reveal(words)
        tokens = self._theme.tokens
        hit = self._marks.mark(row.view.parts(), words, QColor(tokens.accent), QColor(tokens.on_accent))
        if hit is None and row.changed:
            return
        if hit is None:
            self._sought = None
        elif self._unseen:
            self._unseen = False
            place = hit[0].mapTo(self._column, QPoint(0, hit[1])).y()
            self._scroll_to(place - self.viewport().height() // 3)
            self._realise()

    def _connect(self) -> None:
        column = self._column
        column.link_clicked.connect(self.link_clicked)
        column.copied.connect(self.copied)
        column.action.connect(self.action)
        column.edited.connect(self.edited)
        column.remedy.connect(self.context_choice)
        column.see_everything_asked.connect(self.see_everything_asked)
        column.grown.connect(self._on_grown)
        column.resized.connect(self._on_resized)

    def _on_resized(self, row: Row) -> None:
        """It is measured in this pane's turn, like what arrives."""
        row.changed = True
        self._pump.request(self)

    def _on_grown(self, row: Row | None) -> None:
        """A person folded something or unfolded it: what they clicked stays under the mouse."""
        anchor = self._anchor()
        self._following = False
        if row:
            self._column.refresh(row)
        else:
            self._column.show_seen_from(*self._beside[1:])
        self._place(anchor)
        self._following = self._top >= self.verticalScrollBar().maximum() - NEAR_THE_END
        self._show_jump()
        self._realise()
        self._pump.request(self)
