"""The chat: conversations at the left, what is said in the middle, the settings of this chat at the right."""

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
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
_LIST, _SETTINGS, _FOLDER = "chats", "chat settings", "folder {}"
"""Names of the parts that can be folded away, as the settings keep them."""
_LEAST_BESIDE = 480
"""Pixels of text between the list and the settings; with less the list gives way."""
_LEAST = 320
"""Pixels of text beside the settings alone, at the usual size of words; with less they cover it."""


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
        self._chats = chats
        self._draft = draft
        self._settings = settings
        self._open_id: int | None = None
        self._temporary = False
        self._list_folded = False
        """What the person chose; the list also gives way to the settings where there is no room for both."""
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
        theme.changed.connect(self._arrange)

    def focus_composer(self) -> None:
        """Put the cursor where a person writes."""
        if self.middle.isHidden():
            self._show_settings(False, remember=False)
        self.composer.setFocus(Qt.FocusReason.OtherFocusReason)

    def search(self) -> None:
        """Put the cursor into the search of all chats."""
        self._show_list()
        self.list.focus_search()

    def new_folder(self) -> None:
        """Ask for the name of a folder."""
        self._show_list()
        self.list.new_folder()

    def new_chat(self) -> None:
        """Begin a conversation."""
        self.flush()
        self._conversations.new()
        self.focus_composer()

    def new_temporary_chat(self) -> None:
        """Begin a conversation that is never written to the disk."""
        self.flush()
        self._conversations.new(temporary=True)
        self.focus_composer()

    def escape(self) -> None:
        """Take away what covers the conversation, or stop the answer that is being written."""
        if self.middle.isHidden():
            self._show_settings(False)
            self.focus_composer()
        else:
            self.stop_answer()

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
        if self.side.isHidden():
            self._show_list()
        else:
            self._fold_list(True)

    def toggle_settings(self) -> None:
        """Show the settings of this chat, or fold them away."""
        shown = self._chat_settings is not None and not self._chat_settings.isHidden()
        self._show_settings(not shown)

    def restore_draft(self) -> None:
        """Bring back what was written in a new chat before the program was closed."""
        if not self.composer.text():
            self.composer.set_text(self._settings.draft(self._open_id))

    def flush(self) -> None:
        """Say at once what is written in the settings and not said yet: the chat they belong to is about to go."""
        if self._chat_settings is not None:
            self._chat_settings.flush()

    def save_draft(self) -> None:
        """Keep what is written and not sent; done by itself a moment after the last key."""
        self._draft_timer.stop()
        # Of the chat that is shown: another one may be open by now.
        if self._temporary:
            self._draft.keep_words(self.composer.text())
        else:
            self._start("draft", self._settings.set_draft(self._open_id, self.composer.text()))

    def restore_folds(self) -> None:
        """Fold away what was folded away before."""
        self._list_folded = self._settings.folded(_LIST) is True
        folders = [one.id for one in self._chats.state.value.folders]
        self.list.fold([one for one in folders if self._settings.folded(_FOLDER.format(one))])
        self._arrange()
        if self._settings.folded(_SETTINGS) is False:
            self._show_settings(True, remember=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Parts give way where there is no room for all."""
        super().resizeEvent(event)
        self._arrange()

    def _connect(self) -> None:
        self.list.new_clicked.connect(self.new_chat)
        self.list.temporary_clicked.connect(self.new_temporary_chat)
        self.list.folder_folded.connect(self._on_folder_folded)
        self.side.found_chosen.connect(self.middle.show_found)
        for leaving in (self.list.chosen, self.list.found_chosen):
            leaving.connect(self.flush)
        self.panel.start_clicked.connect(self.start_clicked)
        self.panel.stop_clicked.connect(self.stop_clicked)
        self.panel.install_clicked.connect(self.install_clicked)
        self.panel.remedy_chosen.connect(self.remedy_chosen)
        self.panel.question_chosen.connect(self.middle.ask)
        self.middle.start_asked.connect(self.start_clicked)
        self.middle.remedy_chosen.connect(self.remedy_chosen)
        self.middle.longer_clicked.connect(lambda: self._show_settings(True))
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
        self._draft.switch(state.open_id, temporary=state.temporary)
        if not stored_now:
            words = self._draft.words if state.temporary else self._settings.draft(state.open_id)
            self.composer.set_text(words)
        if not state.temporary:
            self._start("remember chat", self._settings.set_last_conversation(state.open_id))

    def _on_folder_folded(self, folder: int, folded: bool) -> None:
        self._start("fold", self._settings.set_folded(_FOLDER.format(folder), folded))

    def _fold_list(self, folded: bool) -> None:
        self._list_folded = folded
        self._arrange()
        self._start("fold", self._settings.set_folded(_LIST, folded))

    def _show_list(self) -> None:
        """Bring the list back, however it came to be away."""
        if self._list_folded:
            self._fold_list(False)
        if self.side.isHidden():
            self._show_settings(False)

    def _arrange(self) -> None:
        """Where there is no room for all, the list gives way to the settings; with even less they cover the text."""
        width, panel = self.width(), self._chat_settings
        side = self.side.fit(width)
        if panel is None or panel.isHidden():
            self.middle.show()
            self.side.setHidden(self._list_folded)
            return
        beside = width - panel.usual_width
        self.side.setHidden(self._list_folded or beside - side < _LEAST_BESIDE)
        covers = beside < self._theme.grown(_LEAST)
        self.middle.setHidden(covers)
        panel.set_covering(covers)

    def _show_settings(self, shown: bool, *, remember: bool = True) -> None:
        if shown and self._chat_settings is None:
            self._chat_settings = self._make_settings()
        if self._chat_settings is not None:
            self.flush()
            focused = self.window().focusWidget()
            leaves = not shown and focused is not None and self._chat_settings.isAncestorOf(focused)
            self._chat_settings.setHidden(not shown)
            self._arrange()
            # Else Qt gives the keyboard to whatever comes next, far away.
            if leaves:
                self.composer.setFocus(Qt.FocusReason.OtherFocusReason)
            elif self.middle.isHidden():
                self._chat_settings.focus_first()
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
