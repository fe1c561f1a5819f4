"""A window with thousands of answers in a grid, in a hurry, and how long the event loop is away.

Run by path as `grid_window.py CELLS`; says one line of JSON. Answers come in as fast as a service publishes them (ten
times a second, 40 cells each time) with all rows shown and then with a filter and an order that they change, the grid
is scrolled to its end and back by wheel and by page, filters and orders are chosen, other experiments are opened. The
gaps are those of `heartbeat`.
"""

import asyncio
import json
import sys
from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QApplication, QComboBox, QPushButton

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.experiment import CellState
from desktop_app.paths import resources
from desktop_app.services.compare_view import GridChange
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.prompt_grid import PromptGrid
from desktop_app.ui.widgets.prompt_grid_rows import Order
from desktop_app.ui.widgets.prompt_grid_view import GridView
from tests.benchmarks.heartbeat import act_by_act, let_go, run, turn_wheel
from tests.ui.hands import child
from tests.ui.prompt_grid_states import cells, experiment, head, state

_FRAME_SECONDS = 1 / 60
_BEAT_SECONDS = 0.1
"""A service publishes ten times a second."""
_AT_ONCE = 40
"""Cells that change between two of them."""
_BEATS = 60
_COLUMNS = 4


class Desk:
    """The window, and what a hand and a service do in it."""

    def __init__(self, theme: Theme, count: int) -> None:
        self.grid = PromptGrid(theme)
        self.grid.resize(1180, 760)
        self.grid.show()
        self._of = experiment(count // _COLUMNS, _COLUMNS)
        self._cells = cells(self._of)
        self._keys = list(self._cells)
        self._version = 0
        self._next = 0
        self._show()
        self._view = child(self.grid, GridView)

    async def run(self) -> None:
        """Answers come."""
        for _ in range(_BEATS):
            self._answer()
            self.grid.show_state(replace(state(self._of), done=self._next))
            await asyncio.sleep(_BEAT_SECONDS)

    async def filtered(self) -> None:
        """Answers come, and change which rows are shown and where."""
        self._choose("Failed")
        self._sort(Order.FAILURES)
        await self.run()
        self._choose("All")
        self._sort(Order.PROMPTS)

    async def scroll(self) -> None:
        """Through all rows and back."""
        bar = self._view.verticalScrollBar()
        for _ in range(120):
            turn_wheel(self._view, -120)
            await asyncio.sleep(_FRAME_SECONDS)
        for step in (bar.pageStep() * 3, -bar.pageStep() * 3):
            while 0 <= bar.value() + step <= bar.maximum():
                bar.setValue(bar.value() + step)
                await asyncio.sleep(_FRAME_SECONDS)

    async def sift(self) -> None:
        """Every filter, in both orders."""
        for order in Order:
            self._sort(order)
            for name in ("Failed", "Not passed", "Answers differ", "Waiting", "All"):
                self._choose(name)
                await asyncio.sleep(_BEAT_SECONDS)

    async def open(self) -> None:
        """The whole grid comes anew."""
        for _ in range(5):
            self._show()
            await asyncio.sleep(_BEAT_SECONDS * 2)

    def _show(self) -> None:
        self._version += 1
        self.grid.show_state(state(self._of))
        self.grid.show_change(GridChange(self._version, True, self._cells))

    def _answer(self) -> None:
        changed = []
        for _ in range(_AT_ONCE):
            # Far apart, as columns and shuffled prompts are.
            key = self._keys[self._next * 37 % len(self._keys)]
            failed = self._next % 5 == 0
            known = self._cells[key]
            self._cells[key] = head(key, known.id, CellState.FAILED if failed else CellState.DONE, self._next % 3 > 0)
            changed.append(key)
            self._next += 1
        self._version += 1
        self.grid.show_change(GridChange(self._version, False, self._cells, frozenset(changed)))

    def _choose(self, name: str) -> None:
        chips = [one for one in self.grid.findChildren(QPushButton) if one.property("role") == "chip"]
        next(one for one in chips if one.text().startswith(name)).click()

    def _sort(self, order: Order) -> None:
        box = child(self.grid, QComboBox, "Sort rows")
        box.setCurrentIndex(box.findText(order.value))


async def story(app: QApplication, count: int) -> None:
    """Once to warm up, then for the record."""
    desk = Desk(Theme(app, resources(), Appearance.LIGHT), count)
    await asyncio.sleep(0.5)
    await desk.sift()
    let_go()
    acts = {"run": desk.run, "filtered": desk.filtered, "scroll": desk.scroll, "sift": desk.sift, "open": desk.open}
    print(json.dumps(await act_by_act(acts)), flush=True)


if __name__ == "__main__":
    run(partial(story, count=int(sys.argv[1])))
