"""The rows of the list of experiments, worked by mouse and keyboard: open, rename in place, delete, a menu."""

from collections.abc import Sequence
from functools import partial
from time import time

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QMenu, QWidget

from desktop_app.domain.experiment import ExperimentHead, ExperimentKind
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import tip
from desktop_app.ui.widgets.conversation_list_entries import day_words
from desktop_app.ui.widgets.experiment_list_paint import LINES, Lines, LinesDelegate
from desktop_app.ui.widgets.experiment_list_words import failed_words, models_words, progress_words, spoken

ICONS = {ExperimentKind.CONVERSATION: "columns", ExperimentKind.PROMPTS: "document"}

Index = QModelIndex | QPersistentModelIndex


class ExperimentRows(QAbstractListModel):
    """Holds the experiments that are shown; titles are edited in place."""

    renamed = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.heads: tuple[ExperimentHead, ...] = ()

    def fill(self, heads: Sequence[ExperimentHead]) -> None:
        """Show these."""
        self.beginResetModel()
        self.heads = tuple(heads)
        self.endResetModel()

    def row_of(self, experiment: int) -> int:
        """Where an experiment stands; -1 when it is not shown."""
        return next((row for row, head in enumerate(self.heads) if head.id == experiment), -1)

    def rowCount(self, parent: Index | None = None) -> int:
        """As many as are shown."""
        return 0 if parent is not None and parent.isValid() else len(self.heads)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """The words of a row."""
        head = self.heads[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return head.title
            case Qt.ItemDataRole.ToolTipRole:
                return tip("\n".join((head.title, *dict.fromkeys(head.columns))))
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken(head, time())
        return _lines(head) if role == LINES else None

    def setData(self, index: Index, value: object, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        """Another title was typed. The row changes when the service says so."""
        head, title = self.heads[index.row()], str(value).strip()
        if role != Qt.ItemDataRole.EditRole or not title or title == head.title:
            return False
        self.renamed.emit(head.id, title)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Every title can be edited."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable


class ExperimentView(QListView):
    """Shows experiments in full height: the page around it scrolls."""

    opened = Signal(int)
    duplicated = Signal(int)
    deleted = Signal(int)
    left = Signal()
    """Up was pressed in the first row."""
    moved = Signal(int)
    """The keyboard is at a row that ends so many pixels below the list's top."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows = ExperimentRows(self)
        self._delegate = LinesDelegate(theme, self, "Title of the experiment")
        self._later: tuple[ExperimentHead, ...] | None = None
        """What came while a title was being edited."""
        self._build()
        self._delegate.closeEditor.connect(self._on_editor_closed)
        theme.changed.connect(self._on_theme_changed)

    @property
    def row_height(self) -> int:
        """Pixels."""
        return self._delegate.height

    def show_heads(self, heads: Sequence[ExperimentHead]) -> None:
        """Show these; the keyboard stays at the experiment it is at, or where that was."""
        if self.state() is QAbstractItemView.State.EditingState:
            self._later = tuple(heads)
            return
        if tuple(heads) == self.rows.heads:
            return
        row, before = self.currentIndex().row(), self._current()
        self.rows.fill(heads)
        found = self.rows.row_of(before.id) if before else -1
        if row >= 0 and self.rows.heads:
            self._go_to(found if found >= 0 else min(row, len(self.rows.heads) - 1))
        self._fit()

    def edit_title(self, experiment: int) -> None:
        """Let the person edit a title in place."""
        row = self.rows.row_of(experiment)
        if row >= 0:
            self._go_to(row)
            self.edit(self.rows.index(row))

    def enter(self) -> None:
        """Come in by keyboard, from above."""
        self.setFocus(Qt.FocusReason.TabFocusReason)
        if self.rows.heads and not self.currentIndex().isValid():
            self._go_to(0)

    def menu_of(self, head: ExperimentHead) -> QMenu:
        """What can be done with an experiment."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        icon = self._theme.icon
        menu.addAction(icon("play"), "Open").triggered.connect(partial(self._on_open, head.id))
        menu.addAction(icon("pencil"), "Rename\tF2").triggered.connect(partial(self._on_rename, head.id))
        words = "Duplicate without answers"
        menu.addAction(icon("copy"), words).triggered.connect(partial(self._on_duplicate, head.id))
        menu.addSeparator()
        menu.addAction(icon("trash"), "Delete\tDel").triggered.connect(partial(self._on_delete, head.id))
        return menu

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, F2 renames, Delete deletes (which can be undone), Up leaves the first row."""
        head = self._current()
        editing = self.state() is QAbstractItemView.State.EditingState
        if editing or head is None:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(head.id)
        elif event.key() == Qt.Key.Key_F2:
            self.edit_title(head.id)
        elif event.key() == Qt.Key.Key_Delete:
            self.deleted.emit(head.id)
        elif event.key() == Qt.Key.Key_Up and self.currentIndex().row() == 0:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The three dots open the menu."""
        index = self.indexAt(event.position().toPoint())
        place = self._delegate.more_place(self.visualRect(index))
        if index.isValid() and place.contains(event.position().toPoint()):
            self._go_to(index.row())
            self.menu_of(self.rows.heads[index.row()]).popup(self.viewport().mapToGlobal(place.bottomLeft()))
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on the words opens."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        dots = self._delegate.more_place(self.visualRect(index)).contains(event.position().toPoint())
        left = event.button() == Qt.MouseButton.LeftButton
        if left and not dots and index.isValid() and index == self.currentIndex():
            self.opened.emit(self.rows.heads[index.row()].id)

    def _current(self) -> ExperimentHead | None:
        row = self.currentIndex().row()
        return self.rows.heads[row] if 0 <= row < len(self.rows.heads) else None

    def _go_to(self, row: int) -> None:
        self.setCurrentIndex(self.rows.index(row))

    def _on_open(self, experiment: int) -> None:
        self.opened.emit(experiment)

    def _on_duplicate(self, experiment: int) -> None:
        self.duplicated.emit(experiment)

    def _on_delete(self, experiment: int) -> None:
        self.deleted.emit(experiment)

    def _on_rename(self, experiment: int) -> None:
        self.edit_title(experiment)

    def _on_current_changed(self, index: QModelIndex) -> None:
        if index.isValid():
            self.moved.emit((index.row() + 1) * self.row_height)

    def _on_menu_asked(self, point: QPoint) -> None:
        index = self.indexAt(point)
        if index.isValid():
            self._go_to(index.row())
            self.menu_of(self.rows.heads[index.row()]).popup(self.viewport().mapToGlobal(point))

    def _on_editor_closed(self) -> None:
        if self._later is not None:
            # Qt is still busy with the editor: it is not yet out of its state of editing.
            self.setState(QAbstractItemView.State.NoState)
            heads, self._later = self._later, None
            self.show_heads(heads)

    def _on_theme_changed(self) -> None:
        self._delegate.take_fonts()
        self.scheduleDelayedItemsLayout()
        self._fit()
        self.viewport().update()

    def _fit(self) -> None:
        self.setFixedHeight(len(self.rows.heads) * self.row_height)

    def _build(self) -> None:
        self.setAccessibleName("Experiments")
        self.setModel(self.rows)
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setMouseTracking(True)
        self.customContextMenuRequested.connect(self._on_menu_asked)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        self._fit()


def _lines(head: ExperimentHead) -> Lines:
    parts = [
        (head.kind.value, "second"),
        (models_words(head.columns), "second"),
        ("names hidden", "second") if head.blind else ("", ""),
        (progress_words(head), "second"),
        (failed_words(head), "bad"),
    ]
    shown = tuple(part for part in parts if part[0])
    return Lines(head.title, shown, 1, day_words(head.updated, time()), ICONS[head.kind], more=True)
