"""Which experiment is open and which one runs, and the two things that pages watch. `compare.py` makes one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import CellHead, ExperimentKind
from desktop_app.domain.observable import Observable
from desktop_app.services.answer import PUBLISH_SECONDS
from desktop_app.services.compare_beat import Beat
from desktop_app.services.compare_cells import Cells
from desktop_app.services.compare_desk import Desk
from desktop_app.services.compare_view import CompareState, GridChange
from desktop_app.services.tasks import Tasks
from desktop_app.store.experiments import ExperimentStore

Changed = Callable[[], Awaitable[None]]
"""Told when the list of experiments is to be read again."""

GRID_SECONDS = 0.1
"""Between two publications of a grid."""


class Stage:
    """Owns the open experiment and publishes it.

    Args:
        store: has the experiments.
        tasks: runs what goes on by itself.
        changed: the list of experiments is to be read again.
    """

    def __init__(self, store: ExperimentStore, tasks: Tasks, changed: Changed) -> None:
        self.store = store
        self.tasks = tasks
        self.changed = changed
        self.closing = False
        self.open: Desk | None = None
        self.running: Desk | None = None
        """What a run works on; another one may be open meanwhile."""
        self.state = Observable(CompareState())
        self.grid = Observable(GridChange())
        self._views = 0
        self._in_grid: Desk | None = None
        """Whose cells were published last."""
        self._error: UserError | None = None
        """Of what belongs to no experiment."""
        self._editing = asyncio.Lock()
        self._beat = Beat(PUBLISH_SECONDS, self._publish)
        self._grid_beat = Beat(GRID_SECONDS, self._publish_grid)

    async def show_stored(self, experiment: int) -> None:
        """Show an experiment, unless another one was shown while the disk was asked; raises UserError."""
        self._views += 1
        view = self._views
        desk = self._lively(experiment) or await self._read(experiment)
        if view == self._views:
            self.show(self._lively(experiment) or desk)

    def show(self, desk: Desk | None) -> None:
        """Make *desk* the open one."""
        self._views += 1
        self.open = desk
        self._error = None
        if desk is not None:
            desk.look_again()
        self._beat.now()
        self._grid_beat.now()

    async def reread(self, desk: Desk) -> None:
        """Read the cells of *desk* again, and make those that are missing; raises UserError."""
        desk.put_cells(await self._cells(desk.id, desk.experiment.kind))

    async def read_stored(self, desk: Desk) -> None:
        """Read the cells of *desk* again as they are on the disk, and write nothing; raises UserError."""
        desk.put_cells(await self._stored(desk.id, desk.experiment.kind))

    async def fill(self, desk: Desk) -> None:
        """Make the cells that are missing: they wait; raises UserError."""
        desk.add_cells(await self.store.fill(desk.id))

    async def carry(self, desk: Desk, prompt: int, column: int | None) -> None:
        """Keep whose answer to a question all columns go on from, None for each from its own; raises UserError."""
        desk.put_experiment(replace(desk.experiment, prompts=await self.store.carry(desk.id, prompt, column)))

    def published(self, desk: Desk | None) -> None:
        """Something of *desk* changed that a person waits for."""
        if desk is self.open and not self.closing:
            self._beat.now()
            self._grid_beat.soon()

    def grown(self, desk: Desk) -> None:
        """Something of *desk* changed as it changes many times a second."""
        if desk is self.open and not self.closing:
            self._beat.soon()
            self._grid_beat.soon()

    def told(self, error: UserError | None, desk: Desk | None = None) -> None:
        """Publish what failed, in *desk* or in the open one, or that it has been read."""
        desk = desk or self.open
        if desk is None:
            self._error = error
        else:
            desk.error = error
        self.published(desk)

    @asynccontextmanager
    async def editing(self) -> AsyncIterator[None]:
        """One change after another; a UserError inside is published."""
        async with self._editing:
            try:
                yield
            except UserError as error:
                self.told(error)

    def shutdown(self) -> None:
        """Publish nothing any more."""
        self.closing = True
        self._beat.stop()
        self._grid_beat.stop()

    def _lively(self, experiment: int) -> Desk | None:
        return next((desk for desk in (self.running, self.open) if desk is not None and desk.id == experiment), None)

    async def _read(self, experiment: int) -> Desk:
        # Nobody else writes in it: what says so is left over from an earlier run of the program.
        await self.store.mark_interrupted(experiment)
        found = await self.store.read(experiment)
        cells = await self._cells(experiment, found.kind)
        return Desk(found, cells, await self.store.votes(experiment))

    async def _cells(self, experiment: int, kind: ExperimentKind) -> Cells:
        await self.store.fill(experiment)
        return await self._stored(experiment, kind)

    async def _stored(self, experiment: int, kind: ExperimentKind) -> Cells:
        heads: tuple[CellHead, ...] = await self.store.heads(experiment)
        whole = await self.store.cells(experiment) if kind is ExperimentKind.CONVERSATION else None
        return Cells(heads, whole)

    def _publish(self) -> None:
        state = self.open.state() if self.open else CompareState(error=self._error)
        other = self.running if self.running is not self.open else None
        self.state.set(replace(state, elsewhere=other.experiment.title) if other else state)

    def _publish_grid(self) -> None:
        version = self.grid.value.version + 1
        other = self._in_grid is not self.open
        self._in_grid = self.open
        self.grid.set(self.open.grid_change(version, other) if self.open else GridChange(version))
