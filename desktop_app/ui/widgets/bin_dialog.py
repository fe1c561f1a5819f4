"""The bin: chats that were deleted, when they go for good, and the way back."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.services.chat_view import ChatsState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, set_property
from desktop_app.ui.widgets.conversation_list_entries import KEPT_DAYS, chats_words, entries_of_bin
from desktop_app.ui.widgets.conversation_list_view import ChatListView
from desktop_app.ui.widgets.flow import Flow

_SIZE = QSize(520, 440)
_LARGEST = QSize(840, 560)
"""Within the smallest window that is looked after."""
_STORY = f"Deleted chats stay here for {KEPT_DAYS} days. Until then each of them can come back as it was."


class BinDialog(QDialog):
    """Draws the bin of a `ChatsState`; opened with `open()`.

    Args:
        theme: colours and fonts.
        parent: the window that it belongs to.
    """

    restore_asked = Signal(list)
    delete_asked = Signal(list)
    """Ids of chats that shall go for good; it was asked whether they shall."""
    empty_asked = Signal()
    """All of them; asked as well."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Bin")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        wanted = QSize(theme.scaled(_SIZE.width()), theme.scaled(_SIZE.height()))
        self.resize(wanted.boundedTo(_LARGEST))
        self._state = ChatsState()
        self._view = ChatListView(theme)
        self._view.setAccessibleName("Deleted chats")
        self._empty = label("The bin is empty.", "second")
        self._restore = button("Restore", self._on_restore_clicked)
        self._delete = button("Delete for good…", self._on_delete_clicked)
        self._all = button("Empty the bin…", self._on_all_clicked)
        self._question = card("notice")
        self._asked = label(wrap=True)
        self._sure = button("Delete for good", self._on_sure_clicked, "danger")
        self._deed: Callable[[], None] = self.empty_asked.emit
        self._verbs = QWidget()
        self._build()
        self._view.selection_changed.connect(self._draw)
        self._view.delete_pressed.connect(self._on_delete_clicked)
        self._ask(None)
        self._draw()

    def show_state(self, state: ChatsState) -> None:
        """Draw what is in the bin."""
        if state.bin == self._state.bin and self._state.bin:
            return
        self._state = state
        self._view.show_entries(entries_of_bin(state.bin, datetime.now().astimezone().timestamp()), searching=False)
        self._ask(None)
        self._draw()

    def _draw(self) -> None:
        chosen = bool(self._view.selected_ids)
        self._restore.setEnabled(chosen)
        self._delete.setEnabled(chosen)
        self._all.setEnabled(bool(self._state.bin))
        self._empty.setVisible(not self._state.bin)
        self._view.setVisible(bool(self._state.bin))

    def _on_restore_clicked(self) -> None:
        self.restore_asked.emit(self._view.selected_ids)

    def _on_delete_clicked(self) -> None:
        if ids := self._view.selected_ids:
            self._deed = lambda: self.delete_asked.emit(ids)
            self._ask(f"Delete {chats_words(len(ids))} for good?")

    def _on_all_clicked(self) -> None:
        self._deed = self.empty_asked.emit
        self._ask(f"Empty the bin: delete {chats_words(len(self._state.bin))} for good?")

    def _on_sure_clicked(self) -> None:
        self._ask(None)
        self._deed()

    def _ask(self, question: str | None) -> None:
        """Ask before something goes for good; None when nothing is to be asked."""
        self._asked.setText(f"{question or ''} This cannot be undone.")
        self._question.setVisible(question is not None)
        self._verbs.setEnabled(question is None)
        if question is not None:
            self._keep.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build_question(self) -> None:
        set_property(self._question, "tone", "warn")
        self._keep = button("Keep", lambda: self._ask(None))
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self._sure)
        row.addWidget(self._keep)
        inside = QVBoxLayout(self._question)
        inside.setContentsMargins(14, 10, 14, 10)
        inside.addWidget(self._asked)
        inside.addLayout(row)

    def _build(self) -> None:
        self._build_question()
        for one in (self._restore, self._delete, self._all, self._sure, self._keep):
            one.setAutoDefault(False)
        flow = Flow()
        for one in (self._restore, self._delete, self._all):
            flow.addWidget(one)
        self._verbs.setLayout(flow)
        close = button("Close", self.accept)
        close.setDefault(True)
        row = QHBoxLayout()
        row.addWidget(self._verbs, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(label("Bin", "title"))
        column.addWidget(label(_STORY, "second", wrap=True))
        column.addWidget(self._empty)
        column.addWidget(self._view, 1)
        column.addStretch()
        column.addWidget(self._question)
        column.addLayout(row)
