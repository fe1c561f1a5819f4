"""One answer looked at more closely: fetched, drawn by `CellView`, fetched again when it has grown.

`GridPane` has one beside its grid, `ExperimentBoard` another for the columns of a conversation.
"""

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.experiment import Cell, Provenance
from desktop_app.services.compare import Compare
from desktop_app.services.compare_view import CompareState, GridChange
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.cell_view import CellView
from desktop_app.ui.widgets.text_view import safe_to_paste


class CellDesk(QWidget):
    """Shows a cell of the open experiment.

    Args:
        theme: colours and fonts.
        bridge: starts verbs of services.
        compare: the open experiment.
        parent: the widget that it stands in.
    """

    ask_again = Signal(int)
    continue_asked = Signal(int)
    link_clicked = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme, bridge: Bridge, compare: Compare, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._compare = compare
        self._wanted: int | None = None
        self._provenance: tuple[int, Provenance | None] | None = None
        """Of which kind, and what it says: fetched once for each."""
        self.view = CellView(theme)
        self.view.ask_again.connect(self.ask_again)
        self.view.continue_asked.connect(self.continue_asked)
        self.view.link_clicked.connect(self.link_clicked)
        self.view.closed.connect(self.closed)
        self.view.copy_asked.connect(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)

    @property
    def cell(self) -> int | None:
        """The cell that is looked at."""
        return self._wanted

    def open(self, cell: int) -> None:
        """Look at a cell."""
        self._wanted = cell
        self._fetch()

    def leave(self) -> None:
        """Look at none."""
        self._wanted = None

    def show_change(self, change: GridChange) -> None:
        """Fetch the cell again when it is among those that have changed."""
        if self._wanted is None or not self.isVisible():
            return
        if change.whole or any(change.cells[key].id == self._wanted for key in change.changed if key in change.cells):
            self._fetch()

    def copy(self, cell: int) -> None:
        """Put a cell's whole answer on the clipboard, as Markdown."""
        self._bridge.ask(self, "copy an answer", self._compare.cell(cell), _copy)

    def _fetch(self) -> None:
        if self._wanted is not None:
            self._bridge.ask(self, "look at an answer", self._compare.cell(self._wanted), self._on_fetched)

    def _on_fetched(self, cell: Cell | None) -> None:
        if cell is None or cell.id != self._wanted:
            return
        known = self._provenance
        if cell.provenance is not None and (known is None or known[0] != cell.provenance):
            work = self._compare.provenance_of(cell.id)
            self._bridge.ask(self, "look where it came from", work, lambda found: self._on_origin(cell, found))
        fits = known is not None and known[0] == cell.provenance
        self._draw(cell, known[1] if known is not None and fits else None)

    def _on_origin(self, cell: Cell, found: Provenance | None) -> None:
        if cell.provenance is not None:
            self._provenance = cell.provenance, found
        if cell.id == self._wanted:
            self._draw(cell, found)

    def _draw(self, cell: Cell, provenance: Provenance | None) -> None:
        state: CompareState = self._compare.state.value
        self.view.show_cell(cell, state, provenance)


def _copy(cell: Cell | None) -> None:
    if cell is not None:
        QGuiApplication.clipboard().setText(safe_to_paste(cell.answer.text))
