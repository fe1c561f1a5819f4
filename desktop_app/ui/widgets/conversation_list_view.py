"""The rows of the list of conversations as a person works them: by mouse, by keyboard, one or several at once."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.conversation_list_entries import Entry, Kind
from desktop_app.ui.widgets.conversation_list_model import ChatModel
from desktop_app.ui.widgets.conversation_list_paint import ChatDelegate

_Flag = QItemSelectionModel.SelectionFlag
_KEY = Qt.Key
_FOLDING = {_KEY.Key_Return, _KEY.Key_Enter, _KEY.Key_Space, _KEY.Key_Left, _KEY.Key_Right}
_UPWARDS = (QAbstractItemView.CursorAction.MoveHome, QAbstractItemView.CursorAction.MovePageUp)


class ChatListView(QListView):
    """Shows rows and says what is done with them."""

    chosen = Signal(object)
    """An `Entry`: it alone is selected, or Enter was pressed on it."""
    selection_changed = Signal()
    folder_clicked = Signal(int)
    delete_pressed = Signal()
    menu_asked = Signal(object, QPoint)
    """The `Entry` below the mouse, and a place on the screen."""
    left = Signal()
    """Up was pressed in the first row."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = ChatModel(self)
        self._delegate = ChatDelegate(theme, self.rows, self)
        self._theme = theme
        self._quiet = False
        self._searching = False
        self._open: int | None = None
        self._later: tuple[list[Entry], bool] | None = None
        """What came while a title was being edited."""
        self._build()
        theme.changed.connect(self._on_theme_changed)

    @property
    def selected(self) -> list[Entry]:
        """The chats that are selected, from above; one that was found twice may be there twice."""
        # Not the current row: with the focus that goes to the first one, before anybody has chosen it.
        # And ranges instead of indexes: of those there are thousands after Ctrl+A.
        chosen = self.selectionModel().selection()
        ranges = sorted((one.top(), one.bottom() + 1) for one in chosen)  # type: ignore[attr-defined]  # a list in Qt
        entries = self.rows.entries
        return [entry for top, end in ranges for entry in entries[top:end] if entry.is_chat]

    @property
    def selected_ids(self) -> list[int]:
        """The conversations that are selected, each once."""
        return list(dict.fromkeys(entry.key for entry in self.selected))

    def show_entries(self, entries: list[Entry], searching: bool) -> None:
        """Show these rows; what was selected stays so, and the view stays where it is."""
        if self.state() is QAbstractItemView.State.EditingState:
            self._later = entries, searching
            return
        several = self.selected_ids if len(self.selected) > 1 and searching is self._searching else []
        top, current = self.verticalScrollBar().value(), self.rows.entry(self.currentIndex())
        self._quiet = True
        if searching is self._searching and not searching:
            self.rows.fill(entries)
            self._select(several or [self._open])
            if current is not None and current.kind is Kind.FOLDER:
                self._go_to(self._row_of_folder(current.key), _Flag.NoUpdate)
            self.verticalScrollBar().setValue(top)
        else:
            self.rows.replace(entries)
            self._select([] if searching else [self._open])
        self._searching = searching
        self._quiet = False
        if len(several) != len(self.selected_ids):
            self.selection_changed.emit()

    def show_open(self, chat: int | None) -> None:
        """The conversation on the page."""
        if chat == self._open:
            return
        self._open = chat
        self._delegate.show_open(chat)
        if not self._searching and len(self.selected) <= 1:
            self._quiet = True
            self._select([chat])
            row = self.rows.row_of(chat)
            if row is not None:
                self.scrollTo(self.rows.index(row))
            self._quiet = False
        self.viewport().update()

    def select_only_open(self) -> None:
        """Give up a selection of several."""
        self._quiet = True
        self._select([None if self._searching else self._open])
        self._quiet = False
        self.selection_changed.emit()

    def choose_first(self) -> None:
        """Open what stands first."""
        for row, entry in enumerate(self.rows.entries):
            if entry.is_chat:
                self._go_to(row)
                return

    def enter(self) -> None:
        """Come in by keyboard, from above."""
        self.setFocus(Qt.FocusReason.TabFocusReason)
        if self._searching:
            self.choose_first()

    def edit_chat(self, chat: int) -> None:
        """Let the person edit a title in place."""
        self._edit(self.rows.row_of(chat))

    def edit_folder(self, folder: int) -> None:
        """Let the person edit a folder's name in place."""
        self._edit(self._row_of_folder(folder))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys that a plain list does not have."""
        key, current = event.key(), self.rows.entry(self.currentIndex())
        folder = current is not None and current.kind is Kind.FOLDER
        if self.state() is QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)  # what the editor leaves over, e.g. the Enter that ended it
        elif folder and key in _FOLDING and current is not None:
            if key not in (_KEY.Key_Left, _KEY.Key_Right) or (key == _KEY.Key_Right) is current.folded:
                self.folder_clicked.emit(current.key)
        elif key in (_KEY.Key_Down, _KEY.Key_Return, _KEY.Key_Enter) and current is not None and not self.selected:
            # With the focus the first row became the current one, and nobody has chosen it yet.
            self._go_to(self.currentIndex().row())
        elif key in (_KEY.Key_Return, _KEY.Key_Enter) and len(self.selected) == 1:
            self.chosen.emit(self.selected[0])
        elif key == _KEY.Key_Delete:
            if not folder:
                self.delete_pressed.emit()
        elif key == _KEY.Key_F2 and (folder or len(self.selected) == 1):
            self._edit(self.currentIndex().row())
        elif key == _KEY.Key_Up and self._is_first(self.currentIndex().row()):
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and PageUp come to the first row that can be chosen; Qt stays where it is because of a heading above."""
        found = super().moveCursor(action, modifiers)
        if action in _UPWARDS and found in (QModelIndex(), self.currentIndex(), self.rows.index(0)):
            first = (row for row, one in enumerate(self.rows.entries) if one.kind is not Kind.HEADING)
            return self.rows.index(next(first, 0))
        return found

    def _edit(self, row: int | None) -> None:
        if row is None or self._searching:
            return
        self._quiet = True
        self._go_to(row)
        self._quiet = False
        self.edit(self.rows.index(row))

    def _is_first(self, row: int) -> bool:
        return all(entry.kind is Kind.HEADING for entry in self.rows.entries[: max(0, row)])

    def _select(self, chats: Sequence[int | None]) -> None:
        rows = self.rows.rows_of(chat for chat in chats if chat is not None)
        if len(rows) == 1:
            self._go_to(rows[0])
            return
        if not rows:
            self._go_to(None)
        self.clearSelection()
        for row in rows:
            self.selectionModel().select(self.rows.index(row), _Flag.Select)

    def _go_to(self, row: int | None, how: _Flag = _Flag.ClearAndSelect) -> None:
        """Make *row* the current one. Qt's own `setCurrentIndex()` looks at the keys that happen to be down."""
        self.selectionModel().setCurrentIndex(QModelIndex() if row is None else self.rows.index(row), how)

    def _row_of_folder(self, folder: int) -> int | None:
        rows = (row for row, one in enumerate(self.rows.entries) if one.kind is Kind.FOLDER and one.key == folder)
        return next(rows, None)

    def _on_selection_changed(self) -> None:
        if self._quiet:
            return
        self.selection_changed.emit()
        selected = self.selected
        if len(selected) == 1 and (self._searching or selected[0].key != self._open):
            self.chosen.emit(selected[0])

    def _on_clicked(self, index: QModelIndex) -> None:
        entry = self.rows.entry(index)
        if entry is not None and entry.kind is Kind.FOLDER:
            self.folder_clicked.emit(entry.key)

    def _on_menu_asked(self, point: QPoint) -> None:
        entry = self.rows.entry(self.indexAt(point))
        if entry is not None and entry.kind is not Kind.HEADING:
            self.menu_asked.emit(entry, self.viewport().mapToGlobal(point))

    def _on_editor_closed(self) -> None:
        # Qt is still busy with the editor: it is not yet out of its state of editing.
        if self._later is not None:
            self.setState(QAbstractItemView.State.NoState)
            (entries, searching), self._later = self._later, None
            self.show_entries(entries, searching)

    def _on_theme_changed(self) -> None:
        self._delegate.take_fonts()
        self.scheduleDelayedItemsLayout()
        self.viewport().update()

    def _build(self) -> None:
        self.setAccessibleName("Conversations")
        self.setModel(self.rows)
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setMouseTracking(True)
        self.customContextMenuRequested.connect(self._on_menu_asked)
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.clicked.connect(self._on_clicked)
        self._delegate.closeEditor.connect(self._on_editor_closed)
