"""The chat: conversations at the left, the transcript, the composer."""

from collections.abc import Sequence
from itertools import zip_longest

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.domain.chat import Conversation, Message
from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import Remedy
from desktop_app.services.conversations import ChatState, Conversations
from desktop_app.services.serving import Serving
from desktop_app.store.settings import Settings
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import short_name, surface
from desktop_app.ui.widgets.composer import Composer
from desktop_app.ui.widgets.conversation_list import ConversationList
from desktop_app.ui.widgets.looks import looks_of
from desktop_app.ui.widgets.notice import Notice, UndoBar
from desktop_app.ui.widgets.start_panel import StartPanel
from desktop_app.ui.widgets.transcript import Transcript

_UNDO_MILLISECONDS = 10_000
_LIST_WIDTH = 252
_MARGIN = 12
_SCROLL_BAR = 12
_DRAFT_MILLISECONDS = 600
"""After the last key: what is written and not sent survives a crash, but not every key wakes the disk."""


class ChatPage(QWidget):
    """Draws `ChatState` and the engine's state; sends what is written."""

    start_clicked = Signal()
    stop_clicked = Signal()
    install_clicked = Signal()
    remedy_chosen = Signal(Remedy)
    sent = Signal()

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        conversations: Conversations,
        serving: Serving,
        settings: Settings,
        questions: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._bridge = bridge
        self._conversations = conversations
        self._serving = serving
        self._open_id: int | None = None
        self._messages: tuple[Message, ...] = ()
        self._settings = settings
        self._deleted: Conversation | None = None
        self._draft_timer = QTimer(self, singleShot=True, interval=_DRAFT_MILLISECONDS)
        self.list = ConversationList(theme)
        self._undo = UndoBar(theme)
        self._undo_timer = QTimer(self, singleShot=True, interval=_UNDO_MILLISECONDS)
        self.panel = StartPanel(theme, questions)
        self._transcript = Transcript(theme)
        self._middle = QStackedWidget()
        self._notice = Notice(theme, dismissable=True)
        self._failure = Notice(theme, dismissable=True)
        self.composer = Composer(theme)
        self._build()
        self._connect()
        bridge.watch(self, conversations.state, self._on_chat_changed)
        bridge.watch(self, serving.status, self._on_status_changed)

    def focus_composer(self) -> None:
        """Put the cursor where a person writes."""
        self.composer.setFocus(Qt.FocusReason.OtherFocusReason)

    def new_chat(self) -> None:
        """Begin a conversation."""
        self._conversations.new()
        self.focus_composer()

    def stop_answer(self) -> None:
        """Stop the answer that is being written, if any."""
        if self._conversations.state.value.answering:
            self._bridge.start("stop answer", self._conversations.stop())

    def _connect(self) -> None:
        conversations, start = self._conversations, self._bridge.start
        self.list.new_clicked.connect(self.new_chat)
        self.list.chosen.connect(lambda key: start("open chat", conversations.open(key)))
        self.list.renamed.connect(lambda key, title: start("rename chat", conversations.rename(key, title)))
        self.list.delete_asked.connect(lambda key: start("delete chat", conversations.delete(key)))
        self._undo.undo_clicked.connect(self._on_undo_clicked)
        self._undo_timer.timeout.connect(lambda: self._undo.show_text(""))
        self.panel.start_clicked.connect(self.start_clicked)
        self.panel.stop_clicked.connect(self.stop_clicked)
        self.panel.install_clicked.connect(self.install_clicked)
        self.panel.remedy_chosen.connect(self.remedy_chosen)
        self.panel.question_chosen.connect(self._on_sent)
        self._notice.remedy_chosen.connect(self.remedy_chosen)
        self._notice.dismissed.connect(self._serving.dismiss_error)
        self._failure.remedy_chosen.connect(self._on_failure_remedy)
        self._failure.dismissed.connect(conversations.dismiss_error)
        self._transcript.link_clicked.connect(lambda address: QDesktopServices.openUrl(QUrl(address)))
        self.composer.sent.connect(self._on_sent)
        self.composer.sent_early.connect(self._on_sent_early)
        self.composer.text_changed.connect(self._draft_timer.start)
        self._draft_timer.timeout.connect(self.save_draft)
        self.composer.stop_clicked.connect(self.stop_answer)

    def _on_sent(self, text: str) -> None:
        self._bridge.start("answer", self._conversations.send(text))
        self.sent.emit()

    def _on_sent_early(self) -> None:
        """Whoever asks wants an answer: a model that is stopped is started."""
        if self._serving.status.value.stage is EngineStage.STOPPED:
            self.start_clicked.emit()

    def _on_undo_clicked(self) -> None:
        self._bridge.start("undo", self._conversations.undo_delete())

    def _offer_undo(self, deleted: Conversation | None) -> None:
        if deleted == self._deleted:
            return
        self._deleted = deleted
        self._undo.show_text(f"Deleted “{deleted.title}”." if deleted else "")
        self._undo_timer.start()

    def _on_chat_changed(self, state: ChatState) -> None:
        self.list.show_conversations(state.conversations, state.open_id)
        if state.open_id != self._open_id:
            self._switch_to(state)
        elif len(state.messages) < len(self._messages):
            self._transcript.show_messages(state.messages)
        else:
            for before, message in zip_longest(self._messages, state.messages):
                if message is not before:
                    self._transcript.put_message(message)
        self._messages = state.messages
        self._middle.setCurrentWidget(self._transcript if state.messages else self.panel)
        self._failure.show_error(state.error)
        self._offer_undo(state.deleted)
        self._draw_composer()

    def _on_failure_remedy(self, remedy: Remedy) -> None:
        """What failed in this chat; only the chat can send again."""
        if remedy is Remedy.RETRY:
            self._bridge.start("answer again", self._conversations.retry())
        else:
            self._conversations.dismiss_error()
            self.remedy_chosen.emit(remedy)

    def _switch_to(self, state: ChatState) -> None:
        """Another conversation: what was being written stays with the one it was written in."""
        self.save_draft()
        stored_now = self._open_id is None and state.answering
        self._open_id = state.open_id
        self._transcript.show_messages(state.messages)
        if not stored_now:
            self.composer.set_text(self._settings.draft(state.open_id))
        self._bridge.start("remember chat", self._settings.set_last_conversation(state.open_id))

    def restore_draft(self) -> None:
        """Bring back what was written in a new chat before the program was closed."""
        if not self.composer.text():
            self.composer.set_text(self._settings.draft(self._open_id))

    def save_draft(self) -> None:
        """Keep what is written and not sent; done by itself a moment after the last key."""
        self._draft_timer.stop()
        self._bridge.start("draft", self._settings.set_draft(self._open_id, self.composer.text()))

    def _on_status_changed(self, status: EngineStatus) -> None:
        self.panel.show_status(status)
        self._draw_composer()

    def _draw_composer(self) -> None:
        state, status = self._conversations.state.value, self._serving.status.value
        ready = status.stage is EngineStage.READY
        name = short_name(status.model.name) if status.model else "the model"
        can_wait = status.stage in (EngineStage.STOPPED, EngineStage.STARTING)
        placeholder = f"Message {name}…" if ready or can_wait else "Write here, send when a model is ready"
        self.composer.show_state(placeholder, ready and not state.answering, state.answering, can_wait)
        told_above = status.stage is EngineStage.FAILED and not state.messages
        self._notice.show_error(None if told_above else status.error)

    def _build(self) -> None:
        side = surface("side")
        side.setFixedWidth(_LIST_WIDTH)
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(self.list, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 0, 12, 12)
        foot.addWidget(self._undo)
        left.addLayout(foot)
        self._middle.addWidget(self.panel)
        self._middle.addWidget(self._transcript)
        narrow = QWidget()
        narrow.setMaximumWidth(looks_of(self._theme).column + 2 * _MARGIN)
        column = QVBoxLayout(narrow)
        column.setContentsMargins(_MARGIN, 4, _MARGIN, 12)
        column.setSpacing(8)
        column.addWidget(self._notice)
        column.addWidget(self._failure)
        column.addWidget(self.composer)
        bottom = QHBoxLayout()
        bottom.addStretch(1)
        bottom.addWidget(narrow, 100)
        bottom.addStretch(1)
        # The transcript is centred beside its scroll bar, and the composer below the transcript.
        bottom.addSpacing(_SCROLL_BAR)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self._middle, 1)
        right.addLayout(bottom)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addLayout(right, 1)
