"""The middle of the chat page: what was said, what stands in the way of the next question, and the composer.

`pages.chat` owns one. It draws the open conversation and calls its verbs; files, links and other models are somebody
else's business.
"""

from collections.abc import Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.domain.answer_words import EndingRemedy
from desktop_app.domain.chat import Attachment, Message, Role
from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import Remedy
from desktop_app.services.chat_view import ChatState
from desktop_app.services.conversations import Conversations
from desktop_app.services.draft import Draft, DraftState, weighed
from desktop_app.services.serving import Serving
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import short_name
from desktop_app.ui.widgets.chat_line import ChatLines
from desktop_app.ui.widgets.chat_side import UNDO_MILLISECONDS
from desktop_app.ui.widgets.composer import Composer
from desktop_app.ui.widgets.composer_words import choice_chips
from desktop_app.ui.widgets.context_card import ContextCard, SuggestionCard
from desktop_app.ui.widgets.looks import looks_of
from desktop_app.ui.widgets.message_actions import MessageAction
from desktop_app.ui.widgets.notice import Notice, UndoBar
from desktop_app.ui.widgets.transcript import Transcript

_MARGIN = 24
"""Left and right of the column, as the transcript has it."""


class ChatThread(QWidget):
    """Draws `ChatState`, `DraftState` and the engine's state; sends what is written."""

    sent = Signal()
    start_asked = Signal()
    """Somebody asked while the model was stopped."""
    remedy_chosen = Signal(Remedy)
    try_asked = Signal(int)
    """An answer that another model shall give."""
    larger_clicked = Signal()
    """The model shall keep more in mind."""
    longer_clicked = Signal()
    """Answers shall be allowed to be longer."""
    link_clicked = Signal(str)

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        conversations: Conversations,
        draft: Draft,
        serving: Serving,
        empty: QAbstractScrollArea,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bridge = bridge
        self._conversations = conversations
        self._draft = draft
        self._serving = serving
        self._empty = empty
        self._messages: tuple[Message, ...] = ()
        self._beside: tuple[object, ...] = ()
        self._found: tuple[int, int, str] | None = None
        """A place that was searched for and whose conversation is being opened."""
        self._said = ""
        self.transcript = Transcript(theme)
        self.composer = Composer(theme)
        self._middle = QStackedWidget()
        self._bottom = QHBoxLayout()
        self._column = 0
        """The width of the transcript's column, pixels."""
        self._notice = Notice(theme, dismissable=True)
        self._failure = Notice(theme, dismissable=True)
        self._undo = UndoBar(theme)
        self._undo_timer = QTimer(self, singleShot=True, interval=UNDO_MILLISECONDS)
        self._context = ContextCard(theme)
        self._suggestion = SuggestionCard(theme)
        self._lines = ChatLines(theme)
        self._build()
        self._connect()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        bridge.watch(self, conversations.state, self._on_chat_changed)
        bridge.watch(self, draft.state, self._on_draft_changed)
        bridge.watch(self, serving.status, self._on_status_changed)

    def ask(self, text: str) -> None:
        """Send *text* with what is attached."""
        # Before anything is taken: of an empty draft there are no figures. And estimates are not kept with a question.
        context = self._conversations.state.value.context
        attachments = weighed(self._draft.take(), () if context.estimated else context.attached)
        self._start("answer", self._conversations.send(text, attachments))
        self.sent.emit()

    def show_found(self, conversation: int, message: object, words: str) -> None:
        """Open a place that was searched for."""
        key = message if isinstance(message, int) else None
        self._found = (conversation, key, words) if key is not None else None
        self._start("open chat", self._conversations.open_at(conversation, key))

    def last_answer(self) -> Message | None:
        """The answer at the end; None when there is none."""
        return next((one for one in reversed(self._messages) if one.role is Role.ASSISTANT), None)

    def step_version(self, step: int) -> None:
        """Show an earlier (-1) or a later (1) version of the last turn that has several."""
        places = self._conversations.state.value.places
        last = next((one for one in reversed(self._messages) if one.id in places), None)
        if last is not None:
            self._start("version", self._conversations.choose_version(last.id, step))

    def _connect(self) -> None:
        self._connect_transcript()
        self._connect_composer()
        conversations, start = self._conversations, self._start
        self._notice.remedy_chosen.connect(self.remedy_chosen)
        self._notice.dismissed.connect(self._serving.dismiss_error)
        self._failure.remedy_chosen.connect(self._on_failure_remedy)
        self._failure.dismissed.connect(self._dismiss_errors)
        self._undo.undo_clicked.connect(lambda: start("undo", conversations.undo()))
        self._undo_timer.timeout.connect(lambda: self._undo.show_text(""))
        self._context.leave_out_clicked.connect(lambda: start("leave out", conversations.leave_out_oldest()))
        self._context.summarise_clicked.connect(lambda: start("summarise", conversations.summarise_oldest()))
        self._context.larger_clicked.connect(self.larger_clicked)
        self._context.dismissed.connect(self._on_context_dismissed)
        self._suggestion.text_mode_clicked.connect(lambda: start("as text", conversations.continue_as_text()))
        self._lines.send_clicked.connect(lambda: start("answer", conversations.send_queued()))
        self._lines.stop_clicked.connect(lambda: start("stop answer", conversations.stop()))
        for area in (self.transcript, self._empty):
            area.verticalScrollBar().rangeChanged.connect(self._align)

    def _connect_transcript(self) -> None:
        transcript, conversations = self.transcript, self._conversations
        transcript.link_clicked.connect(self.link_clicked)
        transcript.action.connect(self._on_action)
        transcript.context_choice.connect(self._on_remedy)
        transcript.edited.connect(lambda key, text: self._start("edit", conversations.edit(key, text)))
        transcript.see_everything_asked.connect(lambda: self._start("see everything", conversations.see_everything()))

    def _connect_composer(self) -> None:
        composer, draft = self.composer, self._draft
        composer.sent.connect(self.ask)
        composer.sent_early.connect(self._on_sent_early)
        composer.text_changed.connect(self._tell_draft)
        composer.stop_clicked.connect(lambda: self._start("stop answer", self._conversations.stop()))
        composer.files_dropped.connect(lambda files: self._start("attach", draft.add_files(files)))
        composer.image_pasted.connect(lambda data: self._start("attach", draft.add_image(data)))
        composer.long_text_pasted.connect(lambda text: self._start("attach", draft.add_text("Pasted text.txt", text)))
        composer.attachment_removed.connect(draft.remove)
        composer.edit_last_asked.connect(self._on_edit_last_asked)
        composer.unqueue_asked.connect(self._on_unqueue_asked)

    def _start(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        self._bridge.start(name, work)

    def _on_sent_early(self) -> None:
        """Whoever asks wants an answer: a model that is stopped is started."""
        if self._serving.status.value.stage is EngineStage.STOPPED:
            self.start_asked.emit()

    def _on_action(self, message_id: int, action: MessageAction) -> None:
        conversations, start = self._conversations, self._start
        match action:
            case MessageAction.REGENERATE:
                start("answer again", conversations.regenerate(message_id))
            case MessageAction.CONTINUE:
                start("continue", conversations.continue_answer(message_id))
            case MessageAction.BRANCH:
                start("branch", conversations.branch(message_id))
            case MessageAction.DELETE | MessageAction.DELETE_FOLLOWING:
                following = action is MessageAction.DELETE_FOLLOWING
                start("delete message", conversations.delete_message(message_id, with_following=following))
            case MessageAction.PREVIOUS_VERSION | MessageAction.NEXT_VERSION:
                step = 1 if action is MessageAction.NEXT_VERSION else -1
                start("version", conversations.choose_version(message_id, step))
            case MessageAction.TRY_WITH:
                self.try_asked.emit(message_id)
            case MessageAction.EDIT:
                self.transcript.edit(message_id)
            case MessageAction.CHANCES:
                self._bridge.ask(
                    self,
                    "probabilities",
                    conversations.chances(message_id),
                    partial(self.transcript.show_chances, message_id),
                )

    def _go_to_found(self, state: ChatState) -> None:
        """Bring what was searched into sight, once its conversation is shown."""
        if self._found is None or self._found[0] != state.open_id:
            return
        _, message, words = self._found
        if any(one.id == message for one in state.messages):
            self._found = None
            self.transcript.go_to(message, words)

    def _on_edit_last_asked(self) -> None:
        """Up in an empty field: the last question is edited where it stands."""
        last = next((one for one in reversed(self._messages) if one.role is Role.USER), None)
        if last is not None and not self._conversations.state.value.answering:
            self.transcript.edit(last.id)

    def _on_unqueue_asked(self, index: int) -> None:
        taken = self._conversations.unqueue(index)
        if taken is not None:
            self.composer.put_back(taken.text)
            self._draft.put(taken.attachments)

    def _on_context_dismissed(self) -> None:
        """The question that did not fit goes back to where it was written."""
        full = self._conversations.state.value.full
        self._conversations.dismiss_full()
        if full is not None:
            self.composer.put_back(full.text)
            self._draft.put(full.attachments)

    def _on_failure_remedy(self, remedy: Remedy) -> None:
        """What failed in this chat; only the chat can send again."""
        if remedy is Remedy.RETRY:
            self._start("answer again", self._conversations.retry())
        else:
            self._dismiss_errors()
            self.remedy_chosen.emit(remedy)

    def _dismiss_errors(self) -> None:
        self._conversations.dismiss_error()
        self._draft.dismiss_error()

    def _tell_draft(self) -> None:
        self._conversations.set_draft(self.composer.text(), self._draft.state.value.attachments)

    def _on_chat_changed(self, state: ChatState) -> None:
        beside = (state.places, state.seen_from, state.summary)
        if state.messages is not self._messages or beside != self._beside:
            self._messages, self._beside = state.messages, beside
            self.transcript.show_path(state.messages, *beside, chat=(state.open_id, state.temporary))
        self._show_middle(bool(state.messages))
        self._context.show_full(state.full)
        self._suggestion.show_suggestion(state.suggestion)
        if state.undo != self._said:
            self._said = state.undo
            self._undo.show_text(state.undo)
            self._undo_timer.start()
        self._draw_failure()
        self._draw_composer()
        self._go_to_found(state)

    def _on_draft_changed(self, state: DraftState) -> None:
        self.composer.show_attachments(self._weighed(state.attachments))
        self.composer.show_reading(state.reading)
        self._tell_draft()
        self._draw_failure()
        self._draw_composer()

    def _on_remedy(self, _message: int, remedy: EndingRemedy) -> None:
        """What helps an answer that ended early and is no action on it."""
        if remedy is EndingRemedy.CONTEXT:
            self.larger_clicked.emit()
        elif remedy is EndingRemedy.LONGER:
            self.longer_clicked.emit()

    def _weighed(self, attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
        return weighed(attachments, self._conversations.state.value.context.attached)

    def _on_status_changed(self, status: EngineStatus) -> None:
        self._conversations.model_changed()
        self._draft.model_changed()
        self._draw_composer()

    def _draw_failure(self) -> None:
        self._failure.show_error(self._conversations.state.value.error or self._draft.state.value.error)

    def _draw_composer(self) -> None:
        state, status = self._conversations.state.value, self._serving.status.value
        ready = status.stage is EngineStage.READY
        name = short_name(status.model.name) if status.model else "the model"
        can_wait = status.stage in (EngineStage.STOPPED, EngineStage.STARTING)
        placeholder = f"Message {name}…" if ready or can_wait else "Write here, send when a model is ready"
        composer = self.composer
        composer.show_mode(state.settings.mode)
        composer.show_state(placeholder, ready, state.answering, can_wait)
        composer.show_queue(state.queued)
        composer.show_context(state.context)
        composer.show_attachments(self._weighed(self._draft.state.value.attachments))
        composer.show_choices(choice_chips(state.settings, state.presets))
        self._lines.show_state(state, name if self._draft.state.value.unseen else "", ready=ready)
        told_above = status.stage is EngineStage.FAILED and not state.messages
        self._notice.show_error(None if told_above else status.error)

    def _show_middle(self, said: bool) -> None:
        shown = self.transcript if said else self._empty
        if self._middle.currentWidget() is not shown:
            self._middle.setCurrentWidget(shown)
            self._align()

    def _on_theme_changed(self) -> None:
        self._column = looks_of(self._theme).column
        self._align()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The composer stands below the text, whatever the width."""
        super().resizeEvent(event)
        self._align()

    def _align(self) -> None:
        """Put the composer exactly below the column above it, which is centred beside its scroll bar, if it has one."""
        area = self.transcript if self._middle.currentWidget() is self.transcript else self._empty
        bar = area.verticalScrollBar()
        room = self.width() - (bar.sizeHint().width() if bar.maximum() > bar.minimum() else 0)
        width = max(1, min(self._column, room - 2 * _MARGIN))
        left = max(0, (room - width) // 2)
        self._bottom.setContentsMargins(left, 0, max(0, self.width() - left - width), 0)

    def _build(self) -> None:
        self._middle.addWidget(self._empty)
        self._middle.addWidget(self.transcript)
        column = QVBoxLayout()
        column.setContentsMargins(0, 4, 0, 12)
        column.setSpacing(8)
        cards = (self._notice, self._failure, self._undo, self._suggestion, self._context)
        for part in (*cards, self._lines, self.composer):
            column.addWidget(part)
        self._bottom.addLayout(column)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._middle, 1)
        whole.addLayout(self._bottom)
