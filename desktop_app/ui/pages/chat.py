"""The chat: conversations at the left, what is said in the middle, the settings of this chat at the right."""

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.domain.chat import Role
from desktop_app.domain.errors import Remedy
from desktop_app.services.chat_view import ChatState
from desktop_app.services.chats import Chats
from desktop_app.services.conversations import Conversations
from desktop_app.services.draft import Draft
from desktop_app.services.serving import Serving
from desktop_app.store.settings import Settings
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chat_side import ChatSide
from desktop_app.ui.widgets.chat_thread import ChatThread
from desktop_app.ui.widgets.start_panel import StartPanel
from desktop_app.ui.widgets.text_view import safe_to_paste

# ruff: noqa: PLC0415 - the panel of settings is imported when somebody opens it
if TYPE_CHECKING:
    from desktop_app.ui.widgets.chat_settings import ChatSettingsPanel

_DRAFT_MILLISECONDS = 600
"""After the last key: what is written and not sent survives a crash, but not every key wakes the disk."""
_LIST, _SETTINGS = "chats", "chat settings"
"""Names of the parts that can be folded away, as the settings keep them."""


class ChatPage(QWidget):
    """Puts the parts together; says what it wants of the rest of the window."""

    start_clicked = Signal()
    stop_clicked = Signal()
    install_clicked = Signal()
    remedy_chosen = Signal(Remedy)
    attach_clicked = Signal()
    presets_exported = Signal()
    presets_imported = Signal()

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        conversations: Conversations,
        chats: Chats,
        draft: Draft,
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
        self._draft = draft
        self._settings = settings
        self._open_id: int | None = None
        self._temporary = False
        self._draft_timer = QTimer(self, singleShot=True, interval=_DRAFT_MILLISECONDS)
        self.panel = StartPanel(theme, questions)
        self.side = ChatSide(theme, bridge, chats, conversations)
        self.middle = ChatThread(theme, bridge, conversations, draft, serving, self.panel)
        self.list = self.side.list
        self.transcript = self.middle.transcript
        self.composer = self.middle.composer
        self._chat_settings: ChatSettingsPanel | None = None
        self._row = QHBoxLayout(self)
        self._build()
        self._connect()
        bridge.watch(self, conversations.state, self._on_chat_changed)
        bridge.watch(self, serving.status, self.panel.show_status)

    def focus_composer(self) -> None:
        """Put the cursor where a person writes."""
        self.composer.setFocus(Qt.FocusReason.OtherFocusReason)

    def new_chat(self) -> None:
        """Begin a conversation."""
        self._conversations.new()
        self.focus_composer()

    def new_temporary_chat(self) -> None:
        """Begin a conversation that is never written to the disk."""
        self._conversations.new(temporary=True)
        self.focus_composer()

    def stop_answer(self) -> bool:
        """Take the marks of a search away and stop the answer that is being written; False when there is none."""
        self.transcript.clear_marks()
        if self._conversations.state.value.answering:
            self._start("stop answer", self._conversations.stop())
            return True
        return False

    def regenerate_last(self) -> None:
        """Ask for another version of the last answer."""
        if (last := self.middle.last_answer()) and not self._conversations.state.value.answering:
            self._start("answer again", self._conversations.regenerate(last.id))

    def copy_last_answer(self) -> None:
        """Put the last answer on the clipboard, as Markdown."""
        if last := self.middle.last_answer():
            QGuiApplication.clipboard().setText(safe_to_paste(last.text))

    def copy_last_code(self) -> None:
        """Put the last block of code on the clipboard."""
        from desktop_app.markdown.code import code_blocks

        for message in reversed(self._conversations.state.value.messages):
            if message.role is Role.ASSISTANT and (blocks := code_blocks(message.text)):
                QGuiApplication.clipboard().setText(safe_to_paste(blocks[-1]))
                return

    def follow(self) -> None:
        """Go to the newest words and stay there."""
        self.transcript.follow()

    def previous_version(self) -> None:
        """Show the version before, of the last turn that has several."""
        self.middle.step_version(-1)

    def next_version(self) -> None:
        """Show the version after, of the last turn that has several."""
        self.middle.step_version(1)

    def attach(self) -> None:
        """Choose files for the question."""
        self.attach_clicked.emit()

    def toggle_list(self) -> None:
        """Fold the list of chats away, or bring it back."""
        self._fold_list(not self.side.isHidden())

    def toggle_settings(self) -> None:
        """Show the settings of this chat, or fold them away."""
        shown = self._chat_settings is not None and not self._chat_settings.isHidden()
        self._show_settings(not shown)

    def restore_draft(self) -> None:
        """Bring back what was written in a new chat before the program was closed."""
        if not self.composer.text():
            self.composer.set_text(self._settings.draft(self._open_id))

    def save_draft(self) -> None:
        """Keep what is written and not sent; done by itself a moment after the last key."""
        self._draft_timer.stop()
        if not self._conversations.state.value.temporary:
            self._start("draft", self._settings.set_draft(self._open_id, self.composer.text()))

    def restore_folds(self) -> None:
        """Fold away what was folded away before."""
        self.side.setHidden(self._settings.folded(_LIST) is True)
        if self._settings.folded(_SETTINGS) is False:
            self._show_settings(True, remember=False)

    def _connect(self) -> None:
        self.list.new_clicked.connect(self.new_chat)
        self.list.temporary_clicked.connect(self.new_temporary_chat)
        self.side.found_chosen.connect(self.middle.show_found)
        self.panel.start_clicked.connect(self.start_clicked)
        self.panel.stop_clicked.connect(self.stop_clicked)
        self.panel.install_clicked.connect(self.install_clicked)
        self.panel.remedy_chosen.connect(self.remedy_chosen)
        self.panel.question_chosen.connect(self.middle.ask)
        self.middle.start_asked.connect(self.start_clicked)
        self.middle.remedy_chosen.connect(self.remedy_chosen)
        self.composer.text_changed.connect(self._draft_timer.start)
        self.composer.attach_clicked.connect(self.attach_clicked)
        self.composer.settings_clicked.connect(self.toggle_settings)
        self._draft_timer.timeout.connect(self.save_draft)

    def _start(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        self._bridge.start(name, work)

    def _on_chat_changed(self, state: ChatState) -> None:
        if (state.open_id, state.temporary) != (self._open_id, self._temporary):
            self._switch_to(state)
        if self._chat_settings is not None:
            self._chat_settings.show_state(state)

    def _switch_to(self, state: ChatState) -> None:
        """Another conversation: what was being written stays with the one it was written in."""
        self.save_draft()
        stored_now = self._open_id is None and state.answering
        self._open_id, self._temporary = state.open_id, state.temporary
        self._draft.switch(state.open_id)
        if not stored_now:
            self.composer.set_text("" if state.temporary else self._settings.draft(state.open_id))
        if not state.temporary:
            self._start("remember chat", self._settings.set_last_conversation(state.open_id))

    def _fold_list(self, folded: bool) -> None:
        self.side.setHidden(folded)
        self._start("fold", self._settings.set_folded(_LIST, folded))

    def _show_settings(self, shown: bool, *, remember: bool = True) -> None:
        if shown and self._chat_settings is None:
            self._chat_settings = self._make_settings()
        if self._chat_settings is not None:
            self._chat_settings.setHidden(not shown)
        if remember:
            self._start("fold", self._settings.set_folded(_SETTINGS, not shown))

    def _make_settings(self) -> "ChatSettingsPanel":
        from desktop_app.ui.widgets.chat_settings import ChatSettingsPanel

        panel, conversations, start = ChatSettingsPanel(self._theme), self._conversations, self._start
        panel.changed.connect(lambda settings: start("settings", conversations.set_settings(settings)))
        panel.preset_chosen.connect(lambda key: start("preset", conversations.use_preset(key)))
        panel.preset_saved.connect(lambda name: start("preset", conversations.save_preset(name)))
        panel.preset_renamed.connect(lambda key, name: start("preset", conversations.rename_preset(key, name)))
        panel.preset_deleted.connect(lambda key: start("preset", conversations.delete_preset(key)))
        panel.presets_exported.connect(self.presets_exported)
        panel.presets_imported.connect(self.presets_imported)
        panel.closed.connect(lambda: self._show_settings(False))
        panel.show_state(conversations.state.value)
        self._row.addWidget(panel)
        return panel

    def _build(self) -> None:
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(self.side)
        self._row.addWidget(self.middle, 1)
