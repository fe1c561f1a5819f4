"""The list of conversations: begin, choose, search, rename, pin, put into folders, export, delete.

The chat's page shows it and answers its signals; it keeps nothing but which folders are folded.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from desktop_app.services.chat_view import ChatsState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label
from desktop_app.ui.widgets.conversation_list_bars import BulkBar, Foot, NewChat
from desktop_app.ui.widgets.conversation_list_entries import Entry, Kind, entries_found, entries_of
from desktop_app.ui.widgets.conversation_list_view import ChatListView
from desktop_app.ui.widgets.model_filter_bar import ModelSearch

if TYPE_CHECKING:
    from desktop_app.ui.widgets.conversation_list_menu import ChatMenus, Chosen

_NOTHING_YET = "Your chats will show up here."
_NOTHING_FOUND = "No chat has this."


class ConversationList(QWidget):
    """Draws the conversations it is given and says what a person wants of them."""

    new_clicked = Signal()
    temporary_clicked = Signal()
    chosen = Signal(object)
    """A conversation's id: those of temporary ones are too large for a C++ int, so ids travel as objects."""
    found_chosen = Signal(object, object, str)
    """A conversation, the message that was found or None for its title, and the words that were searched."""
    search_changed = Signal(str)
    renamed = Signal(object, str)
    pin_asked = Signal(list, bool)
    move_asked = Signal(list, object)
    """Ids, and a folder's id or None."""
    folder_added = Signal(str, list)
    """A name, and the ids of the chats that go into it."""
    folder_renamed = Signal(int, str)
    folder_removed = Signal(int)
    folder_folded = Signal(int, bool)
    delete_asked = Signal(list)
    bin_asked = Signal()
    export_asked = Signal(list, object)
    """Ids, and a `services.chat_files.Form`."""
    import_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = ChatsState()
        self._folded: frozenset[int] = frozenset()
        self.new = NewChat(theme)
        self._search = ModelSearch()
        self._view = ChatListView(theme)
        self._empty = label(_NOTHING_YET, "second", wrap=True)
        self._bulk = BulkBar(theme)
        self._foot = Foot(theme)
        self._build()
        self._connect()

    def show_chats(self, state: ChatsState, open_id: int | None, answering_ids: frozenset[int] = frozenset()) -> None:
        """Show these; *open_id* is on the page, in *answering_ids* an answer is being written."""
        self._view.rows.show_answering(answering_ids)
        before, self._state = self._state, state
        self._view.show_open(open_id)
        if state is not before:
            self._fill()

    def fold(self, folders: Iterable[int]) -> None:
        """These folders are folded, all others open."""
        self._folded = frozenset(folders)
        self._fill()

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def rename(self, conversation_id: int) -> None:
        """Let the person edit the title in place."""
        self._view.edit_chat(conversation_id)

    def new_folder(self, chats: Iterable[int] = ()) -> None:
        """Ask for the name of a folder, for these chats if there are any."""
        from desktop_app.ui.widgets.folder_dialog import FolderDialog  # noqa: PLC0415 - the window opens without it

        ids = list(chats)
        dialog = FolderDialog(self._theme, len(ids), self.window())
        dialog.named.connect(lambda name: self.folder_added.emit(name, ids))
        dialog.open()

    @cached_property
    def menus(self) -> "ChatMenus":
        """The menus, made when the first one is asked for: the window opens without."""
        from desktop_app.ui.widgets.conversation_list_menu import ChatMenus  # noqa: PLC0415

        menus = ChatMenus(self._theme, self)
        menus.rename.connect(self.rename)
        menus.pin.connect(self.pin_asked)
        menus.move.connect(self.move_asked)
        menus.new_folder.connect(self.new_folder)
        menus.export.connect(self.export_asked)
        menus.delete.connect(self.delete_asked)
        menus.temporary.connect(self.temporary_clicked)
        menus.folder_rename.connect(self._view.edit_folder)
        menus.folder_remove.connect(self.folder_removed)
        return menus

    @property
    def _searching(self) -> bool:
        """Whether what was found is shown: until then, the list stays."""
        return bool(self._search.text().strip() and self._state.searched)

    def _fill(self) -> None:
        state, now = self._state, datetime.now().astimezone()
        searching = self._searching
        if searching:
            entries = entries_found(state.found, now.timestamp())
        else:
            entries = entries_of(state.conversations, state.folders, self._folded, now.date())
        self._view.show_entries(entries, searching)
        self._empty.setText(_NOTHING_FOUND if searching else _NOTHING_YET)
        self._empty.setVisible(not entries)

    def _chosen_of(self, ids: Iterable[int]) -> "Chosen":
        from desktop_app.ui.widgets.conversation_list_menu import Chosen  # noqa: PLC0415 - with the first menu

        wanted = set(ids)
        return Chosen([chat for chat in self._state.conversations if chat.id in wanted], self._state.folders)

    def _on_search_changed(self, text: str) -> None:
        self.search_changed.emit(text.strip())
        if not text.strip():
            self._fill()

    def _on_entry_chosen(self, entry: Entry) -> None:
        if entry.kind is Kind.FOUND:
            self.found_chosen.emit(entry.key, entry.message, self._state.searched)
        else:
            self.chosen.emit(entry.key)

    def _on_selection_changed(self) -> None:
        ids = self._view.selected_ids
        several = len(ids) > 1
        self._bulk.show_count(len(ids), several and self._chosen_of(ids).pinned)

    def _on_folder_clicked(self, folder: int) -> None:
        folded = folder not in self._folded
        self._folded ^= {folder}
        self.folder_folded.emit(folder, folded)
        self._fill()

    def _on_delete_pressed(self) -> None:
        if ids := self._view.selected_ids:
            self.delete_asked.emit(ids)

    def _on_menu_asked(self, entry: Entry, point: QPoint) -> None:
        if entry.kind is Kind.FOLDER:
            self.menus.of_folder(entry.key).popup(point)
            return
        selected = self._view.selected_ids
        chosen = self._chosen_of(selected if entry.key in selected else [entry.key])
        if chosen.chats:
            self.menus.of_chats(chosen).popup(point)

    def _on_pin_clicked(self) -> None:
        chosen = self._chosen_of(self._view.selected_ids)
        self.pin_asked.emit(chosen.ids, not chosen.pinned)

    def _pop_up(self, menu: QMenu, below: QWidget) -> None:
        menu.popup(below.mapToGlobal(below.rect().bottomLeft()))

    def _connect(self) -> None:
        view, bulk = self._view, self._bulk
        self.new.clicked.connect(self.new_clicked)
        self.new.more_clicked.connect(lambda: self._pop_up(self.menus.of_new(), self.new))
        self._search.textChanged.connect(self._on_search_changed)
        self._search.returnPressed.connect(view.choose_first)
        self._search.down_pressed.connect(view.enter)
        view.left.connect(self.focus_search)
        view.chosen.connect(self._on_entry_chosen)
        view.selection_changed.connect(self._on_selection_changed)
        view.folder_clicked.connect(self._on_folder_clicked)
        view.delete_pressed.connect(self._on_delete_pressed)
        view.menu_asked.connect(self._on_menu_asked)
        view.rows.renamed.connect(self.renamed)
        view.rows.folder_renamed.connect(self.folder_renamed)
        view.rows.dropped.connect(self.move_asked)
        bulk.pin_clicked.connect(self._on_pin_clicked)
        bulk.move_clicked.connect(
            lambda: self._pop_up(self.menus.of_places(self._chosen_of(view.selected_ids)), bulk.to_folder)
        )
        bulk.export_clicked.connect(
            lambda: self._pop_up(self.menus.of_forms(self._chosen_of(view.selected_ids)), bulk.export)
        )
        bulk.delete_clicked.connect(self._on_delete_pressed)
        bulk.closed.connect(view.select_only_open)
        self._foot.bin_clicked.connect(self.bin_asked)
        self._foot.import_clicked.connect(self.import_asked)

    def _build(self) -> None:
        self._search.setPlaceholderText("Search chats")
        self._search.setAccessibleName("Search chats")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 8)
        column.setSpacing(8)
        column.addWidget(self.new)
        column.addWidget(self._search)
        self._empty.setContentsMargins(12, 4, 12, 4)
        column.addWidget(self._empty)
        column.addWidget(self._view, 1)
        column.addWidget(self._bulk)
        column.addWidget(self._foot)
