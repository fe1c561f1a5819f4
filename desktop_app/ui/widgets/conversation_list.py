"""The list of conversations: today, yesterday, earlier; choose, search, rename, delete."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import Enum

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QMenu, QVBoxLayout, QWidget

from desktop_app.domain.chat import Conversation
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label, tip

_ID = int(Qt.ItemDataRole.UserRole)
_ROW = 36


class Age(Enum):
    """How conversations are grouped. The value is the heading."""

    TODAY = "Today"
    YESTERDAY = "Yesterday"
    WEEK = "Previous 7 days"
    EARLIER = "Earlier"


def age_of(updated: float, today: date) -> Age:
    """The group of a conversation last touched at Unix time *updated*."""
    day = datetime.fromtimestamp(updated).astimezone().date()
    if day >= today:
        return Age.TODAY
    if day == today - timedelta(days=1):
        return Age.YESTERDAY
    return Age.WEEK if day > today - timedelta(days=8) else Age.EARLIER


class ConversationList(QWidget):
    """Draws the conversations it is given and says what a person wants of them."""

    new_clicked = Signal()
    chosen = Signal(int)
    renamed = Signal(int, str)
    delete_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._conversations: tuple[Conversation, ...] = ()
        self._open: int | None = None
        self._filling = False
        self._stale = False
        """True when something changed while a title was being edited."""
        self._new = button("New chat", self.new_clicked.emit, "primary")
        self._new.setToolTip("Begin a new conversation (Ctrl+N)")
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search chats")
        self._search.setAccessibleName("Search chats")
        # Only with something to clear: Qt looks through every icon theme for the button's picture, 3 ms of the start.
        self._search.textChanged.connect(lambda text: self._search.setClearButtonEnabled(bool(text)))
        self._search.textChanged.connect(self._fill)
        self._model = QStandardItemModel(self)
        self._view = QListView()
        self._empty = label("Your chats will show up here.", "second", wrap=True)
        self._build()
        theme.changed.connect(self._draw)
        self._draw()
        self._fill()

    def show_conversations(self, conversations: Sequence[Conversation], open_id: int | None) -> None:
        """Show these, newest first; *open_id* is the one on the page."""
        if (tuple(conversations), open_id) == (self._conversations, self._open):
            return
        self._conversations, self._open = tuple(conversations), open_id
        self._fill()

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def rename(self, conversation_id: int) -> None:
        """Let the person edit the title in place."""
        for row in range(self._model.rowCount()):
            item = self._model.item(row)
            if item.data(_ID) == conversation_id:
                self._view.setCurrentIndex(item.index())
                self._view.edit(item.index())

    def _fill(self) -> None:
        """Rebuild the rows. A few hundred titles take a millisecond, so nothing cleverer is needed."""
        self._stale = self._view.state() is QAbstractItemView.State.EditingState
        if self._stale:
            return
        wanted = self._search.text().strip().casefold()
        today = datetime.now().astimezone().date()
        self._filling = True
        self._model.clear()
        heading: Age | None = None
        for conversation in self._conversations:
            if wanted not in conversation.title.casefold():
                continue
            age = age_of(conversation.updated, today)
            if age is not heading:
                heading = age
                self._model.appendRow(self._heading(age))
            self._model.appendRow(self._row(conversation))
        self._select_open()
        self._filling = False
        self._empty.setText("No chat has this in its title." if wanted else "Your chats will show up here.")
        self._empty.setVisible(self._model.rowCount() == 0)

    def _heading(self, age: Age) -> QStandardItem:
        item = QStandardItem(age.value)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setFont(self._theme.body_font(9, self._theme.body_font().Weight.DemiBold))
        item.setSizeHint(QSize(0, _ROW))
        return item

    def _row(self, conversation: Conversation) -> QStandardItem:
        item = QStandardItem(conversation.title)
        item.setData(conversation.id, _ID)
        item.setToolTip(tip(conversation.title))
        item.setSizeHint(QSize(0, _ROW))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable)
        return item

    def _select_open(self) -> None:
        self._view.setCurrentIndex(QModelIndex())
        for row in range(self._model.rowCount()):
            if self._open is not None and self._model.item(row).data(_ID) == self._open:
                self._view.setCurrentIndex(self._model.item(row).index())

    def _selected_id(self) -> int | None:
        # Not the view's current index: with the focus that goes to the first row, before anybody has chosen it.
        selected = self._view.selectedIndexes()
        value = selected[0].data(_ID) if selected else None
        return value if isinstance(value, int) else None

    def _on_selection_changed(self) -> None:
        value = self._selected_id()
        if value is not None and value != self._open and not self._filling:
            self.chosen.emit(value)

    def _on_item_changed(self, item: QStandardItem) -> None:
        known = next((one for one in self._conversations if one.id == item.data(_ID)), None)
        title = item.text().strip()
        if known is None or title == known.title:
            return
        if title:
            self.renamed.emit(known.id, title)
        else:
            item.setText(known.title)

    def _on_editor_closed(self) -> None:
        if self._stale:
            self._fill()

    def _on_delete_pressed(self) -> None:
        value = self._selected_id()
        if value is not None:
            self.delete_asked.emit(value)

    def _on_rename_pressed(self) -> None:
        value = self._selected_id()
        if value is not None:
            self.rename(value)

    def _on_menu_asked(self, point: QPoint) -> None:
        value = self._view.indexAt(point).data(_ID)
        if not isinstance(value, int):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, icon, slot in (("Rename", "pencil", self.rename), ("Delete", "trash", self.delete_asked.emit)):
            action = QAction(self._theme.icon(icon), text, menu)
            action.triggered.connect(lambda _=False, slot=slot: slot(value))
            menu.addAction(action)
        menu.popup(self._view.viewport().mapToGlobal(point))

    def _draw(self) -> None:
        self._new.setIcon(self._theme.icon("plus", self._theme.tokens.on_accent))

    def _build(self) -> None:
        view = self._view
        view.setModel(self._model)
        view.setAccessibleName("Conversations")
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._on_menu_asked)
        view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self._model.itemChanged.connect(self._on_item_changed)
        view.itemDelegate().closeEditor.connect(self._on_editor_closed)
        for key, slot in (
            (QKeySequence(Qt.Key.Key_F2), self._on_rename_pressed),
            (QKeySequence(Qt.Key.Key_Delete), self._on_delete_pressed),
        ):
            QShortcut(key, view, slot, context=Qt.ShortcutContext.WidgetShortcut)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 8)
        column.setSpacing(8)
        column.addWidget(self._new)
        column.addWidget(self._search)
        column.addWidget(self._empty)
        column.addWidget(view, 1)
