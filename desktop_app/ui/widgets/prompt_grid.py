"""The answers to a set of prompts, as a grid: what is shown of it, in which order, and which answer is looked at.

The Compare page owns one. It draws `CompareState` and `GridChange` and asks for everything else by signals; a cell that
is chosen is shown whole by `cell_view`.
"""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.domain.experiment import CellHead
from desktop_app.services.compare_view import CompareState, GridChange
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.model_list_empty import Invitation
from desktop_app.ui.widgets.model_list_look import model_list_sheet
from desktop_app.ui.widgets.prompt_grid_model import GridModel
from desktop_app.ui.widgets.prompt_grid_rows import Order, Show
from desktop_app.ui.widgets.prompt_grid_view import GridView
from desktop_app.ui.widgets.setting_look import setting_sheet
from desktop_app.ui.widgets.setting_parts import Choice

_NO_PROMPTS = (
    "Every prompt becomes a row and every column answers it: with a mark for its checks, its speed and its length."
)
_SORT_LETTERS = 15
_SHEET = """
QTableView {{ background: {card}; border: 0; }}
QAbstractScrollArea::corner {{ background: {card}; border: 0; }}
QPushButton[role="chip"][kbd="true"] {{ border-radius: 12px; }}
"""
_NONE_SHOWN = {
    Show.FAILED: "No answer failed.",
    Show.NOT_PASSED: "No checked answer is wrong.",
    Show.DIFFER: "All columns give the same answers.",
    Show.WAITING: "Nothing waits: every prompt has been asked.",
}


class PromptGrid(QWidget):
    """Draws the cells of an experiment and says which one is chosen."""

    cell_chosen = Signal(int)
    """A cell's id: it is to be shown whole."""
    ask_again = Signal(int)
    continue_asked = Signal(int)
    """In a chat of its own."""
    copy_asked = Signal(int)
    """Its whole answer belongs onto the clipboard."""
    prompts_asked = Signal()
    """There are no prompts yet, and somebody wants some."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = GridModel(self)
        self._view = GridView(theme, self._model)
        self._chips = QButtonGroup(self)
        self._buttons = {show: self._chip(show) for show in Show}
        self._sort = Choice(theme, "Sort rows")
        self._bar = QWidget()
        self._empty = Invitation()
        self._build()
        self._buttons[Show.ALL].setChecked(True)
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()
        self._draw()

    def show_state(self, state: CompareState) -> None:
        """Show the prompts and columns of *state*."""
        was = self._view.head
        self._model.show_state(state)
        if state.hidden and self._shown is Show.NOT_PASSED:
            self._buttons[Show.ALL].setChecked(True)
        self._restore(was)
        self._draw()

    def show_change(self, change: GridChange) -> None:
        """Show what is new in the cells; costs as much as has changed."""
        was = self._view.head if change.whole else None
        self._model.show_change(change)
        self._restore(was)

    def select(self, prompt: int, column: int, repeat: int = 0) -> None:
        """Select a cell and bring it into sight; without telling anybody."""
        index = self._model.index_of(prompt, column, repeat)
        if index.isValid():
            self._view.go_to(index)

    def step(self, cells: int) -> None:
        """Choose the cell so many further on: from left to right, then the next row."""
        columns, index = len(self._model.columns), self._view.currentIndex()
        if not columns or not self._model.rowCount():
            return
        place = index.row() * columns + index.column() + cells if index.isValid() else 0
        self._choose(place // columns, place % columns)

    def step_rows(self, rows: int) -> None:
        """Choose the cell so many rows below, in the same column."""
        index = self._view.currentIndex()
        self._choose(index.row() + rows, max(0, index.column()))

    def focus_grid(self) -> None:
        """Let the arrow keys move among the cells."""
        if not self._view.currentIndex().isValid() and self._model.rowCount():
            self._view.go_to(self._model.index(0, 0))
        self._view.setFocus(Qt.FocusReason.TabFocusReason)

    def focus_first(self) -> None:
        """Put the keyboard on the cells, or on the button that stands in their place."""
        if self._empty.isHidden():
            self.focus_grid()
        else:
            self._empty.focus_button()

    @property
    def _shown(self) -> Show:
        return next(show for show, one in self._buttons.items() if one.isChecked())

    def _choose(self, row: int, column: int) -> None:
        """Go there, unless it is beyond the ends, and tell of the cell if there is one."""
        index = self._model.index(row, column)
        if not index.isValid():
            return
        self._view.go_to(index)
        head = self._view.head
        if head is not None:
            self.cell_chosen.emit(head.id)

    def _restore(self, was: CellHead | None) -> None:
        """Select again what was selected before all rows were taken anew."""
        if was is not None and not self._view.currentIndex().isValid():
            self.select(was.prompt, was.column, was.repeat)

    def _sift(self) -> None:
        was = self._view.head
        self._model.choose(self._shown, self._sort.currentData())
        self._restore(was)

    def _draw(self) -> None:
        """Say how many rows there are of each kind, and what to do where there is nothing to see."""
        rows = self._model.rows
        for show, chip in self._buttons.items():
            count = rows.counts[show]
            hidden = show is Show.NOT_PASSED and self._model.hidden
            chip.setVisible(not hidden and (count > 0 or show is Show.ALL or chip.isChecked()))
            chip.setText(f"{show.value}  {count:,}")
            chip.setAccessibleName(f"{show.value}, {count:,} row{'' if count == 1 else 's'}")
        self._bar.setVisible(rows.total > 0)
        self._view.setVisible(len(rows) > 0)
        if len(rows):
            self._empty.hide()
        elif not rows.total:
            self._empty.show_words("No prompts yet", _NO_PROMPTS, "Add prompts", self.prompts_asked.emit)
        else:
            self._empty.show_words(_NONE_SHOWN.get(rows.show, ""), "", "Show all rows", self._buttons[Show.ALL].click)

    def _chip(self, show: Show) -> QPushButton:
        made = button(show.value, lambda: None, "chip")
        made.setCheckable(True)
        # Not `clicked`: a screen reader toggles what can be checked, and no click comes of that.
        made.toggled.connect(self._on_toggled)
        self._chips.addButton(made)
        return made

    def _on_toggled(self, on: bool) -> None:
        if on:
            self._sift()

    def _focus_chips(self) -> None:
        self._buttons[self._shown].setFocus(Qt.FocusReason.BacktabFocusReason)

    def _connect(self) -> None:
        self._sort.currentIndexChanged.connect(self._sift)
        self._model.sifted.connect(self._draw)
        self._view.opened.connect(self.cell_chosen)
        self._view.ask_again.connect(self.ask_again)
        self._view.continue_asked.connect(self.continue_asked)
        self._view.copy_asked.connect(self.copy_asked)
        self._view.left.connect(self._focus_chips)

    def _dress(self) -> None:
        tokens = self._theme.tokens
        own = _SHEET.format(**vars(tokens))
        self.setStyleSheet(self._theme.sheet(setting_sheet(tokens) + model_list_sheet(tokens) + own))

    def _build(self) -> None:
        with QSignalBlocker(self._sort):
            for order in Order:
                self._sort.addItem(order.value, order)
        self._sort.setMinimumContentsLength(_SORT_LETTERS)
        chips = QWidget()
        row = Flow(6, chips)
        for one in self._buttons.values():
            row.addWidget(one)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        chips.setSizePolicy(policy)
        head = QHBoxLayout(self._bar)
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(chips, 1, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._sort, 0, Qt.AlignmentFlag.AlignTop)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self._view, 1)
        inside.addWidget(self._empty, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self._bar)
        column.addWidget(frame, 1)
