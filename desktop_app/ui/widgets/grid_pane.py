"""The answers of a prompt set: the grid, and the chosen answer beside it, or instead of it where there is no room."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from desktop_app.services.compare import Compare
from desktop_app.services.compare_view import CompareState, GridChange
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.cell_desk import CellDesk
from desktop_app.ui.widgets.prompt_grid import PromptGrid

_WIDE = 1000
"""Pixels from which grid and answer stand beside one another."""
_GRID_SHARE, _CELL_SHARE = 3, 2


class GridPane(QWidget):
    """Draws the grid and one of its cells.

    Args:
        theme: colours and fonts.
        bridge: starts verbs of services.
        compare: the open experiment.
        parent: the widget that it stands in.
    """

    ask_again = Signal(int)
    chat_asked = Signal(int)
    prompts_asked = Signal()
    link_clicked = Signal(str)

    def __init__(self, theme: Theme, bridge: Bridge, compare: Compare, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._experiment = 0
        self.grid = PromptGrid(theme)
        self.cell = CellDesk(theme, bridge, compare)
        self.cell.hide()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.grid)
        self._splitter.addWidget(self.cell)
        self._splitter.setStretchFactor(0, _GRID_SHARE)
        self._splitter.setStretchFactor(1, _CELL_SHARE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._splitter)
        self.grid.cell_chosen.connect(self.look_at)
        self.grid.ask_again.connect(self.ask_again)
        self.grid.continue_asked.connect(self.chat_asked)
        self.grid.copy_asked.connect(self.cell.copy)
        self.grid.prompts_asked.connect(self.prompts_asked)
        self.cell.ask_again.connect(self.ask_again)
        self.cell.continue_asked.connect(self.chat_asked)
        self.cell.link_clicked.connect(self.link_clicked)
        self.cell.closed.connect(self.close_cell)
        self.cell.view.moved.connect(self.grid.step)
        self.cell.view.row_moved.connect(self.grid.step_rows)
        bridge.watch(self, compare.grid, self._on_grid_changed)

    def show_state(self, state: CompareState) -> None:
        """Draw another state; another experiment begins with the grid alone."""
        experiment = state.experiment.id if state.experiment else 0
        if experiment != self._experiment:
            self._experiment = experiment
            self.close_cell()
        self.grid.show_state(state)

    def focus_first(self) -> None:
        """Put the keyboard where it is needed next: on the open answer, the cells, or the way to prompts."""
        if not self.cell.isHidden():
            self.cell.view.take_focus()
        else:
            self.grid.focus_first()

    def close_cell(self) -> bool:
        """Show the grid alone; False when it was."""
        if self.cell.isHidden():
            return False
        self.cell.leave()
        self.cell.hide()
        self.grid.show()
        self.grid.focus_grid()
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow window has room for one of the two."""
        super().resizeEvent(event)
        self._arrange()

    def look_at(self, cell: int) -> None:
        """Show a cell's answer."""
        self.cell.show()
        self._arrange()
        self.cell.open(cell)
        self.cell.view.take_focus()

    def _on_grid_changed(self, change: GridChange) -> None:
        self.grid.show_change(change)
        self.cell.show_change(change)

    def _arrange(self) -> None:
        beside = self.width() >= self._theme.scaled(_WIDE)
        self.grid.setVisible(beside or self.cell.isHidden())
