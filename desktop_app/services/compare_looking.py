"""What is going to happen when the open experiment is run, said before anything is started. `compare.py` makes one."""

import asyncio

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import CellState, Experiment, ExperimentKind
from desktop_app.services.compare_desk import Desk
from desktop_app.services.compare_stage import Stage
from desktop_app.services.compare_view import PlanState
from desktop_app.services.experiment_runner import ExperimentRunner

LOOK_SECONDS = 0.3
"""After the last change, before the machine is looked at."""


class Looking:
    """Publishes the plan of the open experiment.

    Args:
        stage: has the experiment.
        runner: makes plans.
        pause: seconds of quiet before it looks by itself.
    """

    def __init__(self, stage: Stage, runner: ExperimentRunner, pause: float = LOOK_SECONDS) -> None:
        self._stage = stage
        self._runner = runner
        self._pause = pause
        self._task: asyncio.Task[None] | None = None

    def soon(self) -> None:
        """Something changed that may change the plan."""
        self.leave()
        if self._stage.open is not None and not self._stage.closing:
            self._task = self._stage.tasks.start(self._later(), name="look ahead")

    def leave(self) -> None:
        """Nobody needs the plan that was to be made."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def now(self) -> None:
        """Look at the machine and publish what a run would do; while one goes on, its plan stays."""
        desk = self._stage.open
        if desk is None or desk is self._stage.running or self._stage.closing:
            return
        plan = await self._plan(desk)
        if desk is not self._stage.running:
            desk.plan = plan
            self._stage.published(desk)

    async def _later(self) -> None:
        await asyncio.sleep(self._pause)
        await self.now()

    async def _plan(self, desk: Desk) -> PlanState | None:
        waiting = _waiting(desk)
        if not any(waiting.values()):
            return None
        try:
            return (await self._runner.plan(desk.experiment, waiting)).state
        except UserError as error:
            return PlanState("", warning=error.sentence())


def _waiting(desk: Desk) -> dict[int, int]:
    """How many cells wait, by column. Where the next question is still to be written, it counts."""
    counts = {column: desk.cells.count([column], CellState.WAITING) for column in desk.shown_ids}
    if not any(counts.values()) and _goes_on(desk.experiment):
        return dict.fromkeys(counts, 1)
    return counts


def _goes_on(experiment: Experiment) -> bool:
    return experiment.kind is ExperimentKind.CONVERSATION or not experiment.prompts
