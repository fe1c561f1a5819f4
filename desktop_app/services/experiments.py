"""The list of experiments: named, copied, deleted and brought back, and the ratings of all votes together.

Publishes one `ExperimentsState`; the list draws it and calls the verbs. A verb never raises UserError: what failed
stands in the state. `compare.py` has the open one; of it the list knows only what `OpenExperiment` says.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Protocol

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import ExperimentHead
from desktop_app.domain.observable import Observable
from desktop_app.domain.ratings import Rating, ratings
from desktop_app.services.compare_columns import TITLE_CHARACTERS
from desktop_app.services.compare_view import ExperimentsState
from desktop_app.store.experiments import ExperimentStore

_SEEDS = 1 << 31


class OpenExperiment(Protocol):
    """What the list needs of what is open; `compare.Compare` is one."""

    @property
    def running(self) -> int | None:
        """The experiment that runs."""

    async def open(self, experiment: int) -> None:
        """Show this one."""

    async def leave(self, experiment: int) -> bool:
        """This one is deleted; whether it was open."""

    def renamed(self, experiment: int, title: str) -> None:
        """This one has another title."""


@dataclass(frozen=True)
class _Undo:
    words: str
    experiment: int
    was_open: bool


class Experiments:
    """Keeps the list.

    Args:
        store: has the experiments.
        compare: has the open one.
    """

    def __init__(self, store: ExperimentStore, compare: OpenExperiment) -> None:
        self._store = store
        self._compare = compare
        self._undo: list[_Undo] = []
        self._reading = 0
        self.state = Observable(ExperimentsState())

    async def load(self) -> None:
        """Remove for good what was deleted long ago, and read the list."""
        with suppress(UserError):
            # When this fails, what follows fails as well, and says so.
            await self._store.purge()
        await self.refresh()

    async def refresh(self) -> None:
        """Read the list again."""
        self._reading += 1
        reading = self._reading
        try:
            listed = await self._store.experiments()
        except UserError as error:
            self._publish(error=error)
            return
        if reading == self._reading:  # otherwise somebody reads what is newer
            self._publish(experiments=listed, loaded=True)

    async def duplicate(self, experiment: int) -> int | None:
        """Make one with the same columns, questions and options, without answers; its id, None when that failed."""
        head = self._head(experiment)
        if head is None:
            return None
        try:
            title = f"{head.title[: TITLE_CHARACTERS - 7]} (copy)"
            copy = await self._store.duplicate(experiment, title)
            # Another order than that of the first one, which may have been revealed.
            await self._store.update(replace(copy, order_seed=secrets.randbelow(_SEEDS)))
        except UserError as error:
            self._publish(error=error)
            return None
        await self.refresh()
        return copy.id

    async def rename(self, experiment: int, title: str) -> None:
        """Give an experiment a title; an empty one changes nothing."""
        title = " ".join(title.split())[:TITLE_CHARACTERS]
        if title:
            async with self._changing():
                found = await self._store.read(experiment)
                await self._store.update(replace(found, title=title))
                self._compare.renamed(experiment, title)

    async def delete(self, experiment: int) -> None:
        """Delete an experiment, whose run ends; `undo()` brings it back."""
        head = self._head(experiment)
        if head is None:
            return
        async with self._changing():
            was_open = await self._compare.leave(experiment)
            await self._store.delete(experiment)
            self._undo.append(_Undo(f"“{head.title}” was deleted", experiment, was_open))

    async def undo(self) -> None:
        """Bring back what was deleted last, and open it when it was open."""
        if not self._undo:
            return
        undo = self._undo[-1]
        async with self._changing():
            await self._store.restore(undo.experiment)
            self._undo.remove(undo)
            if undo.was_open:
                await self._compare.open(undo.experiment)

    async def all_ratings(self) -> tuple[Rating, ...]:
        """The ratings of everybody who was voted on, over all experiments, best first.

        Votes of experiments whose names are still hidden do not count yet: a change of the ratings would tell them.
        """
        try:
            hidden = {head.id for head in await self._store.experiments() if head.blind}
            votes = [vote for vote in await self._store.votes(None) if vote.experiment not in hidden]
        except UserError as error:
            self._publish(error=error)
            return ()
        return await asyncio.to_thread(ratings, votes)

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        self._publish(error=None)

    def _head(self, experiment: int) -> ExperimentHead | None:
        return next((one for one in self.state.value.experiments if one.id == experiment), None)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[None]:
        """A UserError inside is published; then the list is read again."""
        self._publish(error=None)
        try:
            yield
        except UserError as error:
            self._publish(error=error)
        await self.refresh()

    def _publish(self, **changes: object) -> None:
        changed = replace(self.state.value, **changes)  # type: ignore[arg-type]  # names and types are the state's own
        undo = self._undo[-1].words if self._undo else ""
        self.state.set(replace(changed, undo=undo, running=self._compare.running))
