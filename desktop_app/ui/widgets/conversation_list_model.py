"""The rows of the list of conversations as Qt's model: changes touch only the rows between what stayed."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from desktop_app.ui.widgets.basics import tip
from desktop_app.ui.widgets.conversation_list_entries import Entry, Kind, spoken

MIME = "application/x-vllm-desktop-chats"
"""Ids of chats that are dragged, as ASCII digits with commas."""

_Flag = Qt.ItemFlag
_HEADING = _Flag.NoItemFlags
_FOLDER = _Flag.ItemIsEnabled | _Flag.ItemIsEditable | _Flag.ItemIsDropEnabled
_FOUND = _Flag.ItemIsEnabled | _Flag.ItemIsSelectable
# A chat stands for the place it lies in; among the pinned ones that is no place to drop to.
_PINNED = _FOUND | _Flag.ItemIsEditable | _Flag.ItemIsDragEnabled
_CHAT = _PINNED | _Flag.ItemIsDropEnabled
"""Put together once: Qt asks for the flags of every row when all are selected."""

Index = QModelIndex | QPersistentModelIndex


class ChatModel(QAbstractListModel):
    """Holds the rows. Titles are edited in place; chats are dropped onto folders."""

    renamed = Signal(object, str)
    """An id, which may be too large for a C++ int, and a title."""
    folder_renamed = Signal(int, str)
    dropped = Signal(list, object)
    """Ids of chats, and the folder; None for no folder."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []
        self._rows: dict[int, int] = {}
        self._answering: frozenset[int] = frozenset()
        self._known_folders: frozenset[int] = frozenset()

    @property
    def entries(self) -> Sequence[Entry]:
        """All rows."""
        return self._entries

    def entry(self, index: Index) -> Entry | None:
        """The row at *index*; None for no row."""
        row = index.row()
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def row_of(self, chat: int | None) -> int | None:
        """The first row of a conversation; None when it is not shown."""
        return None if chat is None else self._rows.get(chat)

    def rows_of(self, chats: Iterable[int]) -> list[int]:
        """The rows of those conversations that are shown."""
        return [row for row in map(self._rows.get, chats) if row is not None]

    def is_answering(self, chat: int) -> bool:
        """Whether an answer is being written in a conversation."""
        return chat in self._answering

    def fill(self, entries: list[Entry]) -> None:
        """These are the rows from now on."""
        before = self._entries
        if entries == before:
            return
        head, tail = _same_ends(before, entries)
        old_end, new_end = len(before) - tail, len(entries) - tail
        if old_end - head == new_end - head:
            self._entries = entries
            self._index()
            self.dataChanged.emit(self.index(head), self.index(new_end - 1))
            return
        if old_end > head:
            self.beginRemoveRows(QModelIndex(), head, old_end - 1)
            self._entries = before[:head] + before[old_end:]
            self.endRemoveRows()
        if new_end > head:
            self.beginInsertRows(QModelIndex(), head, new_end - 1)
            self._entries = entries
            self.endInsertRows()
        self._index()

    def replace(self, entries: list[Entry]) -> None:
        """These are the rows from now on, and of another kind: the list begins at its top."""
        self.beginResetModel()
        self._entries = entries
        self._index()
        self.endResetModel()

    def show_answering(self, chats: frozenset[int]) -> None:
        """An answer is being written in these conversations."""
        changed = chats ^ self._answering
        self._answering = chats
        for row in self.rows_of(changed):
            self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """How many rows there are."""
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The words of a row."""
        entry = self.entry(index)
        if entry is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return entry.text
            case Qt.ItemDataRole.ToolTipRole:
                return None if entry.kind is Kind.HEADING else tip(entry.text)
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken(entry, entry.key in self._answering and entry.kind is Kind.CHAT)
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Another title was typed. The row changes when the service says so."""
        entry, title = self.entry(index), str(value).strip()
        if entry is None or role != Qt.ItemDataRole.EditRole or not title or title == entry.text:
            return False
        (self.folder_renamed if entry.kind is Kind.FOLDER else self.renamed).emit(entry.key, title)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings are only read; chats are dragged onto folders."""
        entry = self.entry(index)
        if entry is None or entry.kind is Kind.HEADING:
            return _HEADING
        if entry.kind is Kind.FOLDER:
            return _FOLDER
        if entry.kind is Kind.CHAT:
            return _PINNED if entry.pinned else _CHAT
        return _FOUND

    def mimeTypes(self) -> list[str]:
        """Only chats of this list are dropped here."""
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The chats that are dragged."""
        entries = (self.entry(index) for index in indexes)
        data = QMimeData()
        data.setData(MIME, ",".join(str(one.key) for one in entries if one and one.is_chat).encode())
        return data

    def supportedDropActions(self) -> Qt.DropAction:
        """Chats are moved."""
        return Qt.DropAction.MoveAction

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Chats were dropped onto a folder, or onto a chat that lies in it or in none."""
        entry = self.entry(parent)
        chats = [int(part) for part in bytes(data.data(MIME).data()).split(b",") if part.isdigit()]
        if entry is None or not chats or action is not Qt.DropAction.MoveAction:
            return False
        self.dropped.emit(chats, entry.folder)
        return True

    def _index(self) -> None:
        """Where each conversation stands; what is found in one twice stands where it is found first."""
        self._rows = {}
        for row, entry in enumerate(self._entries):
            if entry.is_chat:
                self._rows.setdefault(entry.key, row)


def _same_ends(before: Sequence[Entry], after: Sequence[Entry]) -> tuple[int, int]:
    """How many rows are the same at the beginning, and at the end of the rest."""
    most = min(len(before), len(after))
    head = 0
    while head < most and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < most - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return head, tail
