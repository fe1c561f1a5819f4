"""Tiles of equal width, as many beside one another as the width allows: the charts of Monitor."""

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop_app.ui.theme import Theme

_LEAST = 330
"""Of a tile at the usual size of words, logical pixels."""


class TileGrid(QWidget):
    """Lays tiles out in rows and does so again when the width asks for another number of columns.

    Args:
        theme: the size of words and the spacing.
        most: tiles beside one another, however wide it is.
    """

    def __init__(self, theme: Theme, most: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most = most
        self._theme = theme
        self._tiles: tuple[QWidget, ...] = ()
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.space.medium)
        theme.changed.connect(self._arrange)

    def show_tiles(self, tiles: Sequence[QWidget]) -> None:
        """Show *tiles* in this order; they become children. Tiles that were shown before are taken out, not deleted."""
        for tile in self._tiles:
            self._grid.removeWidget(tile)
        self._tiles, self._columns = tuple(tiles), 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find how many tiles fit beside one another."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        least, gap = self._theme.grown(_LEAST), self._grid.spacing()
        columns = max(1, min(self._most, (self.width() + gap) // (least + gap)))
        if columns == self._columns:
            return
        for column in range(max(columns, self._columns)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        self._columns = columns
        for number, tile in enumerate(self._tiles):
            self._grid.addWidget(tile, number // columns, number % columns)
