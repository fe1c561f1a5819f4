"""The answers of an experiment for a file that a thread writes: their texts are read a few at a time, when wanted.

Ten thousand long answers are half a gigabyte of text, and a file is written piece by piece. `compare_taking.py` puts
both into a parcel.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import replace

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell
from desktop_app.store.experiments import ExperimentStore

_PART = 64
"""Answers that are read at once."""
_KEPT = 8
"""Parts that are kept. Answers stand as they were made, and a report goes column by column: a column that came later
has its answers elsewhere, so each column may be in a part of its own."""
_PATIENCE_SECONDS = 60.0
"""How long the disk may take for a part; the program may also be closing."""


async def read_light(store: ExperimentStore, experiment: int) -> tuple[Cell, ...]:
    """All cells as `ExperimentStore.cells()` has them, but with empty texts. Raises UserError."""
    ids = [head.id for head in await store.heads(experiment)]
    found: list[Cell] = []
    for begin in range(0, len(ids), _PART):
        found += [_with_texts(cell, "", "") for cell in await store.cells(experiment, ids[begin : begin + _PART])]
    return tuple(found)


class Texts:
    """Gives cells their texts. It belongs to the event loop in which it was made, and is asked by another thread.

    Args:
        store: has them.
        experiment: whose they are.
        cells: all that may be asked for.
    """

    def __init__(self, store: ExperimentStore, experiment: int, cells: Sequence[Cell]) -> None:
        self._store = store
        self._experiment = experiment
        self._ids = [cell.id for cell in cells]
        self._places = {cell: place for place, cell in enumerate(self._ids)}
        self._loop = asyncio.get_running_loop()
        self._parts: dict[int, dict[int, Cell]] = {}
        """By number, the one that was asked for last at the end."""

    def of(self, cell: Cell) -> Cell:
        """*cell* with its texts as they are by now. It blocks: never call it on the event loop. Raises UserError."""
        part = self._places[cell.id] // _PART
        cells = self._parts.pop(part) if part in self._parts else self._read(part)
        self._parts[part] = cells
        if len(self._parts) > _KEPT:
            del self._parts[next(iter(self._parts))]
        found = cells.get(cell.id)
        return _with_texts(cell, found.answer.text, found.answer.reasoning) if found else cell

    def _read(self, part: int) -> dict[int, Cell]:
        ids = self._ids[part * _PART : (part + 1) * _PART]
        work = asyncio.run_coroutine_threadsafe(self._store.cells(self._experiment, ids), self._loop)
        try:
            return {cell.id: cell for cell in work.result(_PATIENCE_SECONDS)}
        except (TimeoutError, CancelledError) as error:
            raise UserError("The answers could not be read.", "The disk does not answer. Try again.") from error


def _with_texts(cell: Cell, text: str, reasoning: str) -> Cell:
    return replace(cell, answer=replace(cell.answer, text=text, reasoning=reasoning))
