"""The list of models on the screen: rows for Qt, keys, what a screen reader is told."""

from collections.abc import Sequence
from operator import is_

from PySide6.QtCore import QAbstractListModel, QItemSelection, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from desktop_app.services.models_view import ModelRow
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import tip
from desktop_app.ui.widgets.model_list_paint import ROW, RowDelegate
from desktop_app.ui.widgets.model_list_words import sentence

Index = QModelIndex | QPersistentModelIndex


class ModelRows(QAbstractListModel):
    """The rows that are shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[ModelRow] = ()
        self.in_discover = True

    @property
    def rows(self) -> Sequence[ModelRow]:
        """In the order in which they are shown."""
        return self._rows

    def fill(self, rows: Sequence[ModelRow]) -> None:
        """Show these."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def place_of(self, key: str) -> QModelIndex:
        """Where the model with this key stands; an invalid index when it is not shown."""
        row = next((number for number, row in enumerate(self._rows) if row.key == key), -1)
        return self.index(row) if row >= 0 else QModelIndex()

    def rowCount(self, parent: Index | None = None) -> int:
        """As many as are shown."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """The row itself, its name, its reason as a tooltip, all of it in words."""
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(f"{row.name}\n{row.fit.reason}".strip())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return sentence(row, self.in_discover)
        return None


class ModelListView(QListView):
    """Shows rows and says which one is looked at."""

    chosen = Signal(str)
    """A model's key (`ModelRow.key`): another one is selected."""
    opened = Signal(str)
    """It was clicked, or Enter was pressed on it."""
    typed = Signal(str)
    """Somebody types; the letters belong into the search."""
    left = Signal()
    """Up was pressed in the first row."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = ModelRows(self)
        self._delegate = RowDelegate(theme, self)
        self._quiet = False
        self.setAccessibleName("Models")
        self.setItemDelegate(self._delegate)
        self.setModel(self.rows)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Always there, so that rows do not change their width with their number.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().setEnabled(False)
        self.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        self.setMouseTracking(True)
        self.clicked.connect(lambda index: self.opened.emit(index.data(ROW).key))
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)
        theme.changed.connect(self._on_theme_changed)

    @property
    def key(self) -> str:
        """Of the selected model; empty for none."""
        selected = self.selectedIndexes()
        return str(selected[0].data(ROW).key) if selected else ""

    def show_rows(self, rows: Sequence[ModelRow], in_discover: bool) -> None:
        """Show these; what was selected stays so if it is among them, and the view stays where it is."""
        shown = self.rows.rows
        if in_discover is self.rows.in_discover and len(rows) == len(shown) and all(map(is_, rows, shown)):
            return  # a reset would take the place of the mouse and of a screen reader
        key, top = self.key, self.verticalScrollBar().value()
        self._quiet = True
        self.rows.in_discover = in_discover
        self._delegate.set_in_discover(in_discover)
        self.rows.fill(rows)
        if key:
            self.select(key)
        self.verticalScrollBar().setValue(top)
        self._quiet = False

    def select(self, key: str) -> bool:
        """Select a model; whether it is shown."""
        place = self.rows.place_of(key)
        if place.isValid():
            self.setCurrentIndex(place)
        else:
            self.clearSelection()
        return place.isValid()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; Up leaves the first row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().data(ROW).key)
        elif event.key() == Qt.Key.Key_Up and self.currentIndex().row() <= 0:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are searched for, not jumped to."""
        self.typed.emit(search)

    def _on_theme_changed(self) -> None:
        """Rows may have another height."""
        self._delegate.take_fonts()
        self.scheduleDelayedItemsLayout()
        self.viewport().update()

    def _on_range_changed(self, _low: int, high: int) -> None:
        self.verticalScrollBar().setEnabled(high > 0)

    def _on_selection_changed(self, selected: QItemSelection) -> None:
        if not self._quiet and selected.indexes():
            self.chosen.emit(self.key)
