"""Tiles in rows: none alone where that can be, all of a row equally wide, none lost when they change."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.tile_grid import TileGrid, rows_of


@pytest.mark.parametrize(
    ("count", "most", "rows"),
    [
        (0, 3, ()),
        (1, 3, (1,)),
        (3, 3, (3,)),
        (4, 3, (2, 2)),
        (5, 3, (3, 2)),
        (7, 3, (3, 2, 2)),
        (5, 2, (2, 2, 1)),
        (2, 1, (1, 1)),
    ],
)
def test_rows_hold_about_as_many(count: int, most: int, rows: tuple[int, ...]) -> None:
    assert rows_of(count, most) == rows


@pytest.fixture
def grid(qtbot: QtBot, theme: Theme) -> Iterator[TileGrid]:
    page = QWidget()
    qtbot.addWidget(page)
    made = TileGrid(theme, parent=page)
    made.resize(1180, 600)
    page.resize(1180, 600)
    page.show()
    yield made
    page.close()


def rows(grid: TileGrid, tiles: list[QLabel]) -> list[list[int]]:
    """The widths of the tiles in each row."""
    for _ in range(3):
        QApplication.sendPostedEvents()
    tops = sorted({tile.y() for tile in tiles})
    return [[tile.width() for tile in tiles if tile.y() == top] for top in tops]


def tiles(count: int) -> list[QLabel]:
    return [QLabel("a long text that wants more room than its neighbours" * (number % 2)) for number in range(count)]


def test_rows_fill_the_width_with_equal_tiles(grid: TileGrid) -> None:
    shown = tiles(5)
    grid.show_tiles(shown)
    three, two = rows(grid, shown)
    assert len(three) == 3
    assert max(three) - min(three) <= 1
    assert two == [584, 584]


def test_a_narrow_page_has_fewer_in_a_row(grid: TileGrid) -> None:
    shown = tiles(4)
    grid.show_tiles(shown)
    assert [len(row) for row in rows(grid, shown)] == [2, 2]
    grid.resize(500, 600)
    assert [len(row) for row in rows(grid, shown)] == [1, 1, 1, 1]
    grid.resize(1180, 600)
    assert [len(row) for row in rows(grid, shown)] == [2, 2]


def test_large_words_want_wider_tiles(grid: TileGrid, theme: Theme) -> None:
    shown = tiles(3)
    grid.show_tiles(shown)
    assert [len(row) for row in rows(grid, shown)] == [3]
    theme.set_text_scale(2.0)
    try:
        assert [len(row) for row in rows(grid, shown)] == [2, 1]
    finally:
        theme.set_text_scale(1.0)


def test_tiles_that_are_taken_out_live_on(grid: TileGrid) -> None:
    shown = tiles(5)
    grid.show_tiles(shown)
    grid.show_tiles(shown[1:])
    assert [len(row) for row in rows(grid, shown[1:])] == [2, 2]
    grid.show_tiles(shown)
    assert [len(row) for row in rows(grid, shown)] == [3, 2]
