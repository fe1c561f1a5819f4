"""The left of the chat page: the list of conversations, with what happens when it is asked for something.

`pages.chat` owns one. Opening files for import and export, and the bin, are somebody else's business.
"""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.services.chats import Chats
from desktop_app.services.conversations import Conversations
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label, surface
from desktop_app.ui.widgets.conversation_list import ConversationList
from desktop_app.ui.widgets.notice import UndoBar
from desktop_app.ui.widgets.speech import announce

UNDO_MILLISECONDS = 10_000
_WIDTH = 252
_WIDEST = 0.3
"""Of the page: words may grow, but a conversation needs more room than its title."""


class ChatSide(QWidget):
    """Draws `ChatsState` and calls its verbs."""

    export_asked = Signal(list, object)
    """Conversations by id, and the `Form`."""
    import_asked = Signal()
    bin_asked = Signal()
    found_chosen = Signal(object, object, str)
    """A place that was searched for: conversation, message (or None), words."""

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        chats: Chats,
        conversations: Conversations,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bridge = bridge
        self._chats = chats
        self._conversations = conversations
        self._said = ""
        self._panel = surface("side")
        self.list = ConversationList(theme)
        self._undo = UndoBar(theme)
        self._words = label(role="second", wrap=True)
        self._undo_timer = QTimer(self, singleShot=True, interval=UNDO_MILLISECONDS)
        self._build()
        self._connect()
        bridge.watch(self, chats.state, lambda _state: self._draw())
        bridge.watch(self, conversations.state, lambda _state: self._draw())

    def fit(self, page: int) -> int:
        """Be as wide as a page of so many pixels allows; what that is."""
        width = max(_WIDTH, min(self._theme.scaled(_WIDTH), round(_WIDEST * page)))
        self._panel.setFixedWidth(width)
        return width

    def say(self, words: str) -> None:
        """Tell what was done, for a while."""
        self._words.setText(words)
        self._words.show()
        announce(self._words, words)
        self._undo_timer.start()

    def _connect(self) -> None:
        chats, conversations, start = self._chats, self._conversations, self._bridge.start
        self.list.chosen.connect(lambda key: start("open chat", conversations.open(key)))
        self.list.found_chosen.connect(self.found_chosen)
        self.list.search_changed.connect(chats.search)
        self.list.renamed.connect(lambda key, title: start("rename chat", chats.rename(key, title)))
        self.list.pin_asked.connect(lambda keys, pinned: start("pin chats", chats.pin(keys, pinned)))
        self.list.move_asked.connect(lambda keys, folder: start("move chats", chats.move(keys, folder)))
        self.list.folder_added.connect(lambda name, keys: start("add folder", chats.add_folder(name, keys)))
        self.list.folder_renamed.connect(lambda key, name: start("rename folder", chats.rename_folder(key, name)))
        self.list.folder_removed.connect(lambda key: start("remove folder", chats.remove_folder(key)))
        self.list.delete_asked.connect(lambda keys: start("delete chats", chats.delete(keys)))
        self.list.bin_asked.connect(self.bin_asked)
        self.list.export_asked.connect(self.export_asked)
        self.list.import_asked.connect(self.import_asked)
        self._undo.undo_clicked.connect(lambda: start("undo", chats.undo()))
        self._undo_timer.timeout.connect(self._on_read)

    def _on_read(self) -> None:
        self._undo.show_text("")
        self._words.hide()

    def _draw(self) -> None:
        state, chat = self._chats.state.value, self._conversations.state.value
        self.list.show_chats(state, chat.open_id, chat.answering_ids)
        if state.undo != self._said:
            self._said = state.undo
            self._undo.show_text(state.undo)
            self._undo_timer.start()

    def _build(self) -> None:
        self._words.hide()
        self._panel.setFixedWidth(_WIDTH)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 0, 12, 12)
        foot.addWidget(self._words)
        foot.addWidget(self._undo)
        inside = QVBoxLayout(self._panel)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.list, 1)
        inside.addLayout(foot)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._panel)
