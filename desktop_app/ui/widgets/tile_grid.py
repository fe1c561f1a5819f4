"""Tiles in rows that fill the width, as many beside one another as it allows: the charts of Monitor."""

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme

_LEAST = 330
"""Of a tile at the usual size of words, logical pixels."""


class TileGrid(QWidget):
    """Lays tiles out in rows and does so again when the width asks for other ones. In a row all are equally wide.

    Args:
        theme: the size of words and the spacing.
        most: tiles beside one another, however wide it is.
    """

    def __init__(self, theme: Theme, most: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most = most
        self._theme = theme
        self._tiles: tuple[QWidget, ...] = ()
        self._rows: tuple[int, ...] = ()
        self._lines: list[QHBoxLayout] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.space.medium)
        theme.changed.connect(self._arrange)

    def show_tiles(self, tiles: Sequence[QWidget]) -> None:
        """Show *tiles* in this order; they become children. Tiles that were shown before are taken out, not deleted."""
        self._clear()
        self._tiles = tuple(tiles)
        for tile in self._tiles:
            # The widths that tiles would like differ; all are to have the same.
            policy = tile.sizePolicy()
            policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
            tile.setSizePolicy(policy)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find how many tiles fit beside one another."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        least, gap = self._theme.grown(_LEAST), self._column.spacing()
        rows = rows_of(len(self._tiles), max(1, min(self._most, (self.width() + gap) // (least + gap))))
        if rows == self._rows:
            return
        self._clear()
        self._rows, tiles = rows, iter(self._tiles)
        for count in rows:
            line = QHBoxLayout()
            line.setSpacing(gap)
            for _ in range(count):
                line.addWidget(next(tiles), 1)
            self._column.addLayout(line)
            self._lines.append(line)

    def _clear(self) -> None:
        """Let go of all tiles."""
        for line in self._lines:
            for tile in self._tiles:
                line.removeWidget(tile)
            self._column.removeItem(line)
            line.deleteLater()
        self._lines, self._rows = [], ()


def rows_of(count: int, most: int) -> tuple[int, ...]:
    """How many of *count* tiles stand in each row, at most *most*: about as many in each, so that none stands alone."""
    if not count:
        return ()
    rows = -(-count // most)
    each, more = divmod(count, rows)
    return tuple(each + (row < more) for row in range(rows))
