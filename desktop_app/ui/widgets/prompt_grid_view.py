"""The grid of answers on the screen: widths, keys, the menu of a cell."""

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLabel, QMenu, QTableView, QWidget

from desktop_app.domain.experiment import CellHead, CellState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.prompt_grid_layout import SIDE, CellLayout
from desktop_app.ui.widgets.prompt_grid_model import CELL, GridModel
from desktop_app.ui.widgets.prompt_grid_paint import CellDelegate, ColumnHeader, PromptHeader

_LEAST = 210
"""Of a column, logical pixels."""
_PROMPT = 0.24
"""Of the width, what the prompts take."""
_LEAST_PROMPT = 190
_MOST_PROMPT = 380


class GridView(QTableView):
    """Shows a `GridModel`; says which cell is looked at, and what is asked of it."""

    opened = Signal(int)
    """A cell's id: Enter, or a double click."""
    ask_again = Signal(int)
    continue_asked = Signal(int)
    copy_asked = Signal(int)
    left = Signal()
    """Up was pressed in the first row."""

    def __init__(self, theme: Theme, model: GridModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._grid = model
        self._layout = CellLayout(theme)
        self._corner = QLabel("Prompt", self)
        self._heads = ColumnHeader(theme, self)
        self._prompts = PromptHeader(theme, self._layout, self)
        self.setHorizontalHeader(self._heads)
        self.setVerticalHeader(self._prompts)
        self._build()
        self.doubleClicked.connect(self._on_double_clicked)
        model.modelReset.connect(self._on_reset)
        model.headerDataChanged.connect(self._on_heads_changed)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    @property
    def head(self) -> CellHead | None:
        """The cell that the keyboard is at."""
        return self._grid.head_at(self.currentIndex())

    def go_to(self, index: QModelIndex) -> None:
        """Select the cell there and bring it into sight."""
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def updateGeometries(self) -> None:
        """Columns share the room, as long as each has enough; the prompts take theirs."""
        width = self.width()
        least, most = self._theme.grown(_LEAST_PROMPT), self._theme.grown(_MOST_PROMPT)
        self._prompts.set_width(min(most, max(least, round(width * _PROMPT))))
        super().updateGeometries()
        self._corner.setGeometry(self.frameWidth(), self.frameWidth(), self._prompts.width(), self._heads.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the room."""
        super().resizeEvent(event)
        self._fit_columns()

    def sizeHintForRow(self, row: int) -> int:
        """All rows are alike."""
        return self._layout.height

    def minimumSizeHint(self) -> QSize:
        """A head and two rows."""
        return QSize(self._theme.grown(_LEAST_PROMPT), self._heads.sizeHint().height() + 2 * self._layout.height)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Ctrl+C copies, Up leaves the first row."""
        head = self.head
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if head is not None:
                self.opened.emit(head.id)
        elif event.matches(QKeySequence.StandardKey.Copy):
            if head is not None:
                self.copy_asked.emit(head.id)
        elif event.key() == Qt.Key.Key_Up and self.currentIndex().row() <= 0:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters do nothing here."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with a cell."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        head = self._grid.head_at(index)
        if head is not None:
            self.setCurrentIndex(index)
            below = self.visualRect(index).center() if by_key else event.pos()
            self.menu_of(head).popup(self.viewport().mapToGlobal(QPoint(below)))

    def menu_of(self, head: CellHead) -> QMenu:
        """The menu of a cell."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open", lambda: self.opened.emit(head.id))
        menu.addSeparator()
        again = menu.addAction(self._theme.icon("refresh"), "Ask again", lambda: self.ask_again.emit(head.id))
        onward = menu.addAction(
            self._theme.icon("chat"), "Continue in a chat", lambda: self.continue_asked.emit(head.id)
        )
        copy = menu.addAction(self._theme.icon("copy"), "Copy answer", lambda: self.copy_asked.emit(head.id))
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        again.setEnabled(head.state not in (CellState.WAITING, CellState.RUNNING))
        onward.setEnabled(head.state in (CellState.DONE, CellState.STOPPED))
        copy.setEnabled(head.state is not CellState.WAITING)
        return menu

    def _fit_columns(self) -> None:
        columns = max(1, self._grid.columnCount())
        width = max(self._theme.grown(_LEAST), self.viewport().width() // columns)
        if width != self._heads.defaultSectionSize():
            self._heads.setDefaultSectionSize(width)

    def _on_double_clicked(self, index: QModelIndex) -> None:
        head = index.data(CELL)
        if isinstance(head, CellHead):
            self.opened.emit(head.id)

    def _on_reset(self) -> None:
        self._layout.set_hidden(self._grid.hidden)
        self._on_heads_changed()
        self._fit_columns()

    def _on_heads_changed(self) -> None:
        self._heads.set_low(self._grid.only_titles)

    def _on_theme_changed(self) -> None:
        self._layout.forget()
        tokens = self._theme.tokens
        side = self._theme.scaled(SIDE)
        self._corner.setFont(self._theme.body_font(9, self._theme.body_font().Weight.DemiBold))
        self._corner.setStyleSheet(
            f"background: {tokens.side}; color: {tokens.second}; padding-left: {side - 3}px;"
            f" border: 0; border-bottom: 1px solid {tokens.line}; border-right: 1px solid {tokens.line};"
        )
        self._prompts.setDefaultSectionSize(self._layout.height)
        self._heads.updateGeometry()
        self.updateGeometries()
        self._fit_columns()
        self.viewport().update()

    def _build(self) -> None:
        self.setAccessibleName("Answers")
        self.setModel(self._grid)
        self.setItemDelegate(CellDelegate(self._theme, self._layout, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        # Opaque, so that scrolling moves what is drawn already.
        self.viewport().setAutoFillBackground(True)
