"""The story of running experiments: planned, run unattended, stopped, taken up again where they were.

`compare.py` calls the verbs and is told by a `Listener`; one experiment runs at a time. `experiment_course.py` is one
run, the other `experiment_*` files are its parts.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import CheckKind, Experiment
from desktop_app.domain.machine import Machine
from desktop_app.services.experiment_cells import Ending
from desktop_app.services.experiment_checking import Checks, checks_of
from desktop_app.services.experiment_clock import Costs
from desktop_app.services.experiment_course import Course, Means
from desktop_app.services.experiment_engines import ExperimentEngines
from desktop_app.services.experiment_listener import Listener
from desktop_app.services.experiment_plan import Plan, make_plan
from desktop_app.services.provenance import Provenances
from desktop_app.services.serving import Serving
from desktop_app.services.tasks import Tasks
from desktop_app.store.experiments import ExperimentStore

__all__ = ["Checks", "ExperimentRunner", "Listener", "Plan"]


class ExperimentRunner:
    """Runs experiments, one at a time.

    Args:
        store: has prompts and cells, and keeps answers.
        serving: starts and stops engines.
        checks: checks answers.
        tasks: runs what goes on meanwhile.
        machine: describes the computer; blocks.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        store: ExperimentStore,
        serving: Serving,
        checks: Checks,
        tasks: Tasks,
        machine: Callable[[], Machine],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._engines = ExperimentEngines(serving, Provenances(store, machine), machine, tasks)
        self._means = Means(store, self._engines, checks, tasks, clock)
        self._course: Course | None = None
        self._work: asyncio.Task[UserError | None] | None = None
        self._closed = False

    async def plan(self, experiment: Experiment, waiting: Mapping[int, int]) -> Plan:
        """What a run would do, as far as that can be said beforehand; nothing is started.

        Args:
            experiment: its shown columns count.
            waiting: how many cells wait, by column.

        Raises:
            UserError: the store cannot be read, or the machine not be looked at.
        """
        outlook = await self._engines.look(experiment.shown, experiment.options.memory_limit)
        costs = Costs.of(experiment, await self._store.heads(experiment.id) if experiment.id else ())
        return _with_judge(experiment, make_plan(experiment, outlook, waiting, costs))

    async def run(self, experiment: Experiment, listener: Listener) -> None:
        """Ask every waiting cell of *experiment*, then the judge; returns when nothing waits any more.

        Makes missing cells (`ExperimentStore.fill`) and takes up what a crash interrupted by itself. Cells that begin
        to wait while it runs (a new prompt, a cell asked again) are asked in the same run. Failures of engines become
        those of cells. While a run goes on, another call returns at once.

        Raises:
            UserError: the store cannot be read or written.
        """
        await self._begin(experiment, listener, Course.run)

    async def check_again(self, experiment: Experiment, listener: Listener) -> None:
        """Check every answer anew, the judge's checks too; nothing is asked again. As `run` otherwise."""
        await self._begin(experiment, listener, Course.check_again)

    async def stop(self) -> None:
        """End the run: answers being written become STOPPED, the rest goes on waiting. Returns when it has ended."""
        await self._end(Ending.STOP)

    async def shutdown(self) -> None:
        """The program closes: answers being written wait again, engines that were started for them are stopped."""
        self._closed = True
        await self._end(Ending.CLOSE)
        await self._engines.release()

    async def _begin(
        self, experiment: Experiment, listener: Listener, do: Callable[[Course], Coroutine[Any, Any, None]]
    ) -> None:
        if self._work is not None or self._closed:
            return
        self._course = Course(experiment, self._means, listener)
        work = self._work = self._tasks.start(_guarded(do(self._course)), name="run an experiment")
        work.add_done_callback(self._on_ended)
        # Whoever waits here may go away; the run goes on.
        await asyncio.wait({work})
        error = None if work.cancelled() else work.result()
        if error is not None:
            raise error

    def _on_ended(self, _work: asyncio.Task[UserError | None]) -> None:
        self._course = self._work = None

    async def _end(self, ending: Ending) -> None:
        work = self._work
        if self._course is not None and work is not None:
            self._course.end(ending)
            await asyncio.wait({work})


async def _guarded(work: Coroutine[Any, Any, None]) -> UserError | None:
    try:
        await work
    except UserError as error:
        return error
    return None


def _with_judge(experiment: Experiment, plan: Plan) -> Plan:
    """*plan* with what it says of the judge."""
    checks = [checks_of(prompt, experiment.options) for prompt in experiment.prompts] or [experiment.options.checks]
    if not any(check.kind is CheckKind.JUDGE for one in checks for check in one):
        return plan
    judge, state = experiment.options.judge, plan.state
    if judge is None:
        missing = "No model is chosen as the judge: its checks stay undecided."
        return replace(plan, state=replace(state, warning=f"{state.warning} {missing}".strip()))
    return replace(plan, state=replace(state, words=f"{state.words} Then {judge.name} judges.".strip()))
