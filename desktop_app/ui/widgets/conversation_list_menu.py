"""The menus of the list of conversations: of one chat or several, of a folder, and what New chat has beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from desktop_app.domain.chat import Conversation, Folder
from desktop_app.services.chat_files import Form
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import plain

_FORMS = {
    Form.MARKDOWN: "Markdown",
    Form.JSON: "JSON (can be imported again)",
    Form.HTML: "Web page (HTML)",
    Form.PDF: "PDF",
}


@dataclass(frozen=True)
class Chosen:
    """The chats that a menu is about."""

    chats: Sequence[Conversation]
    folders: Sequence[Folder]
    """All that there are."""

    @property
    def ids(self) -> list[int]:
        """Their ids."""
        return [chat.id for chat in self.chats]

    @property
    def pinned(self) -> bool:
        """Whether all of them are pinned."""
        return all(chat.pinned for chat in self.chats)

    @property
    def kept(self) -> bool:
        """Whether all of them are written to the disk: a place in the list is for what stays."""
        return not any(chat.temporary for chat in self.chats)

    @property
    def outside(self) -> bool:
        """Whether none of them lies in a folder."""
        return all(chat.folder is None for chat in self.chats)


class ChatMenus(QObject):
    """Makes menus; says what was chosen in them.

    Args:
        theme: icons.
        parent: the widget that the menus belong to.
    """

    rename = Signal(object)
    pin = Signal(list, bool)
    move = Signal(list, object)
    new_folder = Signal(list)
    """A folder for these chats."""
    export = Signal(list, object)
    """Ids, and a `Form`."""
    delete = Signal(list)
    temporary = Signal()
    folder_rename = Signal(int)
    folder_remove = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parent = parent

    def of_chats(self, chosen: Chosen) -> QMenu:
        """What can be done with one chat, or several."""
        menu, ids = self._menu(), chosen.ids
        if len(ids) == 1:
            self._add(menu, "Rename", "pencil").triggered.connect(lambda: self.rename.emit(ids[0]))
        if chosen.kept:
            words, pin = ("Unpin", False) if chosen.pinned else ("Pin", True)
            self._add(menu, words, "pin").triggered.connect(lambda: self.pin.emit(ids, pin))
            menu.addMenu(self.of_places(chosen, menu))
        menu.addMenu(self.of_forms(chosen, menu))
        menu.addSeparator()
        self._add(menu, "Delete", "trash").triggered.connect(lambda: self.delete.emit(ids))
        return menu

    def of_places(self, chosen: Chosen, parent: QWidget | None = None) -> QMenu:
        """Where chats can be moved to."""
        menu, ids = self._menu(parent), chosen.ids
        menu.setTitle("Move to folder")
        menu.setIcon(self._theme.icon("folder"))
        for folder in chosen.folders:
            here = all(chat.folder == folder.id for chat in chosen.chats)
            action = self._add(menu, folder.name, "folder")
            action.setEnabled(not here)
            action.triggered.connect(lambda _=False, key=folder.id: self.move.emit(ids, key))
        if not chosen.outside:
            self._add(menu, "Out of the folder", "").triggered.connect(lambda: self.move.emit(ids, None))
        menu.addSeparator()
        self._add(menu, "New folder…", "plus").triggered.connect(lambda: self.new_folder.emit(ids))
        return menu

    def of_forms(self, chosen: Chosen, parent: QWidget | None = None) -> QMenu:
        """What chats can be written as."""
        menu, ids = self._menu(parent), chosen.ids
        menu.setTitle("Export")
        menu.setIcon(self._theme.icon("download"))
        for form, words in _FORMS.items():
            self._add(menu, words, "").triggered.connect(lambda _=False, form=form: self.export.emit(ids, form))
        return menu

    def of_folder(self, folder: int) -> QMenu:
        """What can be done with a folder."""
        menu = self._menu()
        self._add(menu, "Rename", "pencil").triggered.connect(lambda: self.folder_rename.emit(folder))
        words = "Remove the folder (its chats stay)"
        self._add(menu, words, "trash").triggered.connect(lambda: self.folder_remove.emit(folder))
        return menu

    def of_new(self) -> QMenu:
        """What else can be begun."""
        menu = self._menu()
        words = "Temporary chat (never written to the disk)"
        self._add(menu, words, "clock").triggered.connect(self._on_temporary)
        self._add(menu, "New folder…", "folder").triggered.connect(lambda: self.new_folder.emit([]))
        return menu

    def _on_temporary(self) -> None:
        self.temporary.emit()

    def _menu(self, parent: QWidget | None = None) -> QMenu:
        menu = QMenu(parent or self._parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, parent is None)
        return menu

    def _add(self, menu: QMenu, words: str, icon: str) -> QAction:
        action = menu.addAction(plain(words))
        if icon:
            action.setIcon(self._theme.icon(icon))
        return action
