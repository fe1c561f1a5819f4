"""One column of a comparison: its head, why it failed if it did, and what was asked and answered in it.

`compare_columns` owns up to six of them, says where they stand and hands them their state.
"""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.answer_words import EndingRemedy
from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.domain.experiment import Cell
from desktop_app.services.compare_view import ColumnState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label
from desktop_app.ui.widgets.compare_going_on import note_of
from desktop_app.ui.widgets.compare_head import ColumnHead, FailureNote
from desktop_app.ui.widgets.compare_words import last_ended, letter
from desktop_app.ui.widgets.message_actions import MessageAction, Offer
from desktop_app.ui.widgets.pump import Pump
from desktop_app.ui.widgets.transcript import Transcript

_MARGIN = 14
"""Left and right of the messages: a column is narrow."""
_EMPTY = "What it answers appears here."


class CompareColumn(QWidget):
    """Draws a `ColumnState`. Its signals name cells; those of the whole column name none."""

    edit_asked = Signal(int)
    """Its own id, as in the next one."""
    removed = Signal(int)
    ask_again = Signal(int)
    continue_asked = Signal(int)
    go_on_asked = Signal(int, bool)
    """Whether all columns shall go on from this answer, or each from its own again."""
    details_asked = Signal(int)
    layout_asked = Signal()
    """Its head needs more room, or less."""

    def __init__(self, theme: Theme, pump: Pump, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pump = pump
        self._shown: ColumnState | None = None
        self._due = False
        """Whether it waits for its turn."""
        self._chat = (0, 0)
        """Tells this conversation from others."""
        self._hidden = False
        self._cell: Cell | None = None
        self._around: tuple[object, ...] = ()
        """All that is shown but the messages."""
        self.head = ColumnHead(theme, self)
        self._note = FailureNote()
        self.transcript = Transcript(theme, self, pump, self._offers, _MARGIN)
        self._empty = label(_EMPTY, "second", wrap=True)
        self._build()
        self._connect()

    @property
    def key(self) -> int:
        """The id of the column that it shows; 0 before it shows one."""
        return self._shown.column.id if self._shown else 0

    def show_state(self, shown: ColumnState, experiment: int, place: int, hidden: bool, removable: bool) -> None:
        """Show *shown*, the column at *place*; cheap when only its last answer has grown."""
        before, said = (self._shown.messages, self._shown.going_on) if self._shown else ((), {})
        self._shown, self._hidden, self._cell = shown, hidden, last_ended(shown)
        self._chat = (experiment, shown.column.id)
        if shown.messages is not before:
            self._show_messages(before)
        if shown.going_on != said:
            self.transcript.offer_again()
        sign = str(place + 1) if hidden else letter(place)
        known = (shown.title, shown.settings, shown.words, shown.failure, shown.going_on)
        around = (sign, *known, hidden, removable, self._cell)
        if around != self._around:
            self._around = around
            self.head.show_state(sign, shown, hidden, removable, self._cell)
            self._show_names(shown.title if hidden else f"{sign}: {shown.title}")
        self._show_failure(shown)

    def flush(self) -> bool:
        """Have widgets for messages that are new; the pump gives one column at a time a turn for it."""
        self._due = False
        if self._shown:
            self.transcript.show_path(self._shown.messages, {}, chat=self._chat)
        return False

    def stops(self) -> list[QWidget]:
        """Where the Tab key stops, in order; the transcript sees to what is in it."""
        return [*self.head.stops(), *self._note.stops(), self.transcript]

    def event(self, event: QEvent) -> bool:
        """The head's layout asks for room."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.layout_asked.emit()
        return super().event(event)

    def place_to_read(self) -> QWidget:
        """Where the keyboard goes when somebody wants to read this column."""
        return self.head.stops()[0] if self.transcript.isHidden() else self.transcript

    def _show_messages(self, before: tuple[Message, ...]) -> None:
        """At once what costs little; a question that is new in all columns would keep the window busy for 20 ms."""
        messages = self._shown.messages if self._shown else ()
        grew = bool(messages) and [one.id for one in messages] == [one.id for one in before]
        if grew and messages[:-1] == before[:-1] and not self._due:
            self.flush()
        else:
            self._due = True
            self._pump.request(self)

    def _show_failure(self, shown: ColumnState) -> None:
        """The sentence, unless the last answer says it."""
        last = shown.messages[-1] if shown.messages else None
        said = last is not None and last.state is MessageState.FAILED and shown.failure in last.error
        words = "" if said else shown.failure
        self._note.show_words(words, self._cell is not None, not self._hidden)
        self._empty.setVisible(not shown.messages)
        self._empty.setText("" if words else _EMPTY)
        self.transcript.setVisible(bool(shown.messages))

    def _show_names(self, name: str) -> None:
        self.setAccessibleName(f"Column {name}")
        self.transcript.setAccessibleName(f"Answers of {name}")

    def _offers(self, message: Message) -> Offer:
        """What makes sense for a message here; while names are hidden, what does not give them away."""
        action = MessageAction
        if message.role is Role.USER:
            return Offer((action.COPY,))
        if message.state is MessageState.STREAMING:
            return Offer()
        copy = (action.COPY,) if message.text else ()
        note = note_of(self._shown.going_on.get(message.id) if self._shown else None, self._hidden)
        if self._hidden:
            return Offer((*copy, action.ASK_AGAIN), remedies=(EndingRemedy.REGENERATE,), note=note)
        go_on = (action.IN_CHAT,) if message.text else ()
        remedies = (EndingRemedy.REGENERATE, EndingRemedy.CONTEXT, EndingRemedy.LONGER)
        return Offer((*copy, action.ASK_AGAIN, *go_on, action.ALL_DETAILS), remedies=remedies, note=note)

    def _on_action(self, cell: int, action: MessageAction) -> None:
        match action:
            case MessageAction.ASK_AGAIN | MessageAction.REGENERATE:
                self.ask_again.emit(cell)
            case MessageAction.IN_CHAT:
                self.continue_asked.emit(cell)
            case MessageAction.ALL_DETAILS:
                self.details_asked.emit(cell)
            case MessageAction.GO_ON | MessageAction.GO_ON_APART:
                self.go_on_asked.emit(cell, action is MessageAction.GO_ON)

    def _on_again_asked(self) -> None:
        if self._cell:
            self.ask_again.emit(self._cell.id)

    def _on_continue_asked(self) -> None:
        if self._cell:
            self.continue_asked.emit(self._cell.id)

    def _on_go_on_asked(self, carried: bool) -> None:
        if self._cell:
            self.go_on_asked.emit(self._cell.id, carried)

    def _on_details_asked(self) -> None:
        if self._cell:
            self.details_asked.emit(self._cell.id)

    def _on_edit_asked(self) -> None:
        self.edit_asked.emit(self.key)

    def _on_remove_asked(self) -> None:
        self.removed.emit(self.key)

    def _connect(self) -> None:
        self.head.edit_asked.connect(self._on_edit_asked)
        self.head.remove_asked.connect(self._on_remove_asked)
        self.head.again_asked.connect(self._on_again_asked)
        self.head.continue_asked.connect(self._on_continue_asked)
        self.head.go_on_asked.connect(self._on_go_on_asked)
        self.head.details_asked.connect(self._on_details_asked)
        self._note.again_asked.connect(self._on_again_asked)
        self._note.edit_asked.connect(self._on_edit_asked)
        self.transcript.action.connect(self._on_action)
        # A larger context or longer answers are settings of the column.
        self.transcript.context_choice.connect(self._on_edit_asked)

    def _build(self) -> None:
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(16, 16, 16, 16)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self._note)
        column.addWidget(self._empty, 1)
        column.addWidget(self.transcript, 1)
