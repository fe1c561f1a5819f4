"""Figures and ratings of an experiment's columns, and what its runs differ in. `compare.py` makes one.

Figures of thousands of answers take a while: they are made in a thread, once a second while answers come.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell, CellHead, CellState, Column, Experiment, ExperimentKind, Provenance
from desktop_app.domain.experiment_figures import ColumnFigures, figures, figures_words
from desktop_app.domain.experiment_words import column_title
from desktop_app.domain.provenance_words import comparable, differences_of
from desktop_app.services.compare_desk import Desk
from desktop_app.services.compare_stage import Stage

FIGURES_SECONDS = 1.0
"""Between two times that figures are made, while answers come."""
_FEW = 200
"""Answers whose figures are made at once."""
_SAMPLES = 50
"""Questions whose answers are looked at for how columns were asked, at least, where there are so many."""


class Figuring:
    """Keeps the figures of experiments up to date.

    Args:
        stage: has the experiments.
        pause: seconds between two times.
    """

    def __init__(self, stage: Stage, pause: float = FIGURES_SECONDS) -> None:
        self._stage = stage
        self._pause = pause
        self._task: asyncio.Task[None] | None = None

    def soon(self, desk: Desk) -> None:
        """An answer ended."""
        if self._task is None and not self._stage.closing:
            self._task = self._stage.tasks.start(self._later(desk), name="figures")

    async def everything(self, desk: Desk) -> None:
        """Make all figures of *desk* anew."""
        await self._figures(desk)
        if desk.sources is None:
            self._stage.tasks.start(self._read_sources(desk), name="provenance")
        else:
            await self._compared(desk)

    async def _later(self, desk: Desk) -> None:
        try:
            await asyncio.sleep(self._pause)
        finally:
            self._task = None
        await self._figures(desk)
        self._stage.grown(desk)

    async def _figures(self, desk: Desk) -> None:
        cells = _counted(desk)
        if len(cells) <= _FEW:
            desk.figures, desk.figures_words = _figures_of(desk.experiment, cells)
        else:
            desk.figures, desk.figures_words = await asyncio.to_thread(_figures_of, desk.experiment, cells)

    async def _read_sources(self, desk: Desk) -> None:
        """What answers came from that were given in earlier runs of the program."""
        desk.sources = {}
        try:
            for column, provenance, order in await self._stage.store.sources(desk.id):
                desk.note_source(column, provenance, order)
        except UserError as error:
            self._stage.told(error, desk)
        await self._compared(desk)
        self._stage.published(desk)

    async def _compared(self, desk: Desk) -> None:
        """Say in what answers differ that should not."""
        used = desk.sources_in_order()
        try:
            found = await self._stage.store.provenance({one for ids in used.values() for one in ids})
            cells = await self._samples(desk)
        except UserError as error:
            self._stage.told(error, desk)
            return
        shown = desk.experiment.shown
        desk.differences = tuple(
            f"{column_title(column, shown)}: {sentence}"
            for column in shown
            for sentence in differences_of([found[one] for one in used.get(column.id, ()) if one in found])
        )
        desk.objections = tuple(_objections(shown, cells, found))

    async def _samples(self, desk: Desk) -> Sequence[Cell]:
        """Answers that show how columns were asked: all, or of many those to questions that every column answered."""
        if desk.experiment.kind is ExperimentKind.CONVERSATION:
            return tuple(desk.cells.whole.values())
        done: dict[tuple[int, int], list[int]] = {}
        for head in desk.cells.ended_in(desk.shown_ids, [CellState.DONE]):
            done.setdefault((head.prompt, head.repeat), []).append(head.id)
        whole = [ids for ids in done.values() if len(ids) == len(desk.shown_ids)]
        some = whole[:: 1 + len(whole) // _SAMPLES]
        return await self._stage.store.cells(desk.id, [one for ids in some for one in ids])


def _objections(columns: Sequence[Column], cells: Sequence[Cell], found: Mapping[int, Provenance]) -> Iterable[str]:
    """Why figures of the first column and of another one may not be compared."""
    answers = {column.id: [cell for cell in cells if cell.column == column.id] for column in columns}
    asked = [column for column in columns if any(cell.state is CellState.DONE for cell in answers[column.id])]
    for other in asked[1:]:
        names = f"{column_title(asked[0], columns)} and {column_title(other, columns)}"
        for sentence in comparable(answers[asked[0].id], answers[other.id], found, (asked[0], other)):
            yield f"{names}: {sentence}"


def _counted(desk: Desk) -> list[Cell | CellHead]:
    """The answers whose figures are made: of a conversation whole, otherwise what the grid knows of them."""
    cells = desk.cells
    if desk.experiment.kind is ExperimentKind.CONVERSATION:
        return list(cells.whole.values())
    return list(cells.heads.values())


def _figures_of(
    experiment: Experiment, cells: list[Cell | CellHead]
) -> tuple[tuple[ColumnFigures, ...], tuple[str, ...]]:
    return figures(experiment.shown, cells), figures_words(experiment.shown, cells)
