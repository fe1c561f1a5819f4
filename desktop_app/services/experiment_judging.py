"""The last part of a run: answers are checked, and judged by the chosen model, which is started like any other.

`experiment_course.py` calls it when no cell waits any more, or when answers are to be checked anew.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import CellHead, Column, Experiment
from desktop_app.services.experiment_checking import Checking
from desktop_app.services.experiment_clock import Costs
from desktop_app.services.experiment_engines import ExperimentEngines, Held
from desktop_app.services.experiment_plan import make_plan
from desktop_app.services.experiment_progress import Progress
from desktop_app.services.judge import NOT_YET, NoVerdictError
from desktop_app.services.tasks import Tasks
from desktop_app.store.experiments import ExperimentStore

_NOBODY = 0
"""The id of the judge's column, which no column of an experiment has."""


class Judging:
    """Has answers checked and judged.

    Args:
        store: has the answers.
        engines: starts the judge.
        checking: checks, and asks the judge.
        progress: is told how far it is.
        tasks: runs what goes on meanwhile.
        ended: set when nobody wants any more of it.
    """

    def __init__(
        self,
        store: ExperimentStore,
        engines: ExperimentEngines,
        checking: Checking,
        progress: Progress,
        tasks: Tasks,
        ended: asyncio.Event,
    ) -> None:
        self._store = store
        self._engines = engines
        self._checking = checking
        self._progress = progress
        self._tasks = tasks
        self._ended = ended
        self._lost = ""
        """Why the judge cannot be asked any more."""

    async def run(self, experiment: Experiment, *, anew: bool) -> None:
        """Check and judge what was not yet, or everything *anew*.

        Raises:
            UserError: something cannot be stored.
        """
        shown = {column.id for column in experiment.shown}
        heads: list[CellHead] = [head for head in await self._store.heads(experiment.id) if head.column in shown]
        await self._checking.check_all(experiment, heads, self._ended, anew=anew)
        ids = await self._checking.unjudged(experiment, heads)
        if not ids or self._ended.is_set():
            return
        judge = experiment.options.judge
        if judge is None:
            await self._checking.undecided(experiment, ids, f"{NOT_YET} Choose a model as the judge.")
            return
        held = await self._hold(experiment, Column(_NOBODY, judge), len(ids))
        if isinstance(held, UserError):
            await self._checking.undecided(experiment, ids, f"{NOT_YET} {held.sentence()}")
        elif held is not None:
            await self._judge_all(experiment, ids, held)

    async def _hold(self, experiment: Experiment, judge: Column, answers: int) -> Held | UserError | None:
        """The judge, ready, after room was made for it; or why there is none."""
        outlook = await self._engines.look((*experiment.shown, judge), experiment.options.memory_limit)
        plan = make_plan(experiment, outlook, {_NOBODY: answers}, Costs(1))
        for why in plan.misfits.values():
            return UserError(why)
        self._progress.say(f"Starting {judge.model.name}, who judges")
        await self._engines.stop(plan.batches[0].stops)
        demand = plan.batches[0].demands[0]
        return await self._engines.hold(judge, self._ended, lambda status: self._progress.starting(demand, status))

    async def _judge_all(self, experiment: Experiment, ids: Sequence[int], held: Held) -> None:
        queue = deque(ids)
        works = [
            self._tasks.start(self._work(experiment, queue, held, len(ids)), name="judge")
            for _ in range(min(experiment.options.concurrency, len(ids)))
        ]
        ender = self._tasks.start(self._end_with_the_run(works), name="wait for the end of a run")
        await asyncio.wait(works)
        ender.cancel()
        for error in [work.result() for work in works if not work.cancelled()]:
            if error is not None:
                raise error
        if self._lost:
            await self._checking.undecided(experiment, list(queue), f"{NOT_YET} {self._lost}")

    async def _end_with_the_run(self, works: Iterable[asyncio.Task[UserError | None]]) -> None:
        await self._ended.wait()
        for work in works:
            work.cancel()

    async def _work(self, experiment: Experiment, queue: deque[int], held: Held, total: int) -> UserError | None:
        """Judge until nothing is left; why something could not be stored."""
        try:
            while queue and not self._lost:
                self._progress.note(f"{held.model.name} judges, {total - len(queue):,} of {total:,}")
                await self._one(experiment, queue.popleft(), held)
        except UserError as error:
            queue.clear()
            return error
        return None

    async def _one(self, experiment: Experiment, cell: int, held: Held) -> None:
        try:
            await self._checking.judge(experiment, cell, held.endpoint)
        except NoVerdictError as error:
            self._lost = await self._engines.loss(held) or self._lost
            why = f"{NOT_YET} {self._lost}" if self._lost else f"The judge gave no verdict: {error.sentence()}"
            await self._checking.undecided(experiment, [cell], why)
