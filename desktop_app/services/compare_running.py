"""From a question to the last answer of a run: asked, stopped, asked again, and said beforehand what will happen.

`compare.py` calls it; `experiment_runner.py` does the work and tells a `_Watch` of it. One experiment runs at a time;
another one may be open meanwhile.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from desktop_app.domain.chat import Message, title_from
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell, CellHead, CellState, Experiment, ExperimentKind, Prompt
from desktop_app.services.compare_carrying import is_built_on, is_carried
from desktop_app.services.compare_columns import is_unnamed, too_few
from desktop_app.services.compare_desk import Desk
from desktop_app.services.compare_figures import Figuring
from desktop_app.services.compare_looking import Looking
from desktop_app.services.compare_stage import Stage
from desktop_app.services.compare_view import RunState
from desktop_app.services.experiment_runner import ExperimentRunner, Listener

_logger = logging.getLogger(__name__)

Do = Callable[[Experiment, Listener], Awaitable[None]]
"""What a run does; `ExperimentRunner.run` is one."""

_BEGINNING = "Looking at what is to be done"
_AGAIN = (CellState.FAILED, CellState.STOPPED)


class Running:
    """Runs the open experiment.

    Args:
        stage: has it.
        runner: does the work.
        looking: says beforehand what will happen.
        figuring: makes figures of what is answered.
    """

    def __init__(self, stage: Stage, runner: ExperimentRunner, looking: Looking, figuring: Figuring) -> None:
        self._stage = stage
        self._runner = runner
        self._looking = looking
        self._figuring = figuring
        self._work: asyncio.Task[None] | None = None
        self._more = False
        """Whether something began to wait during the run, which might have been too late for it."""
        self._stopping = False

    async def ask(self, text: str, column: int | None) -> bool:
        """Put a question to all columns or to one of them; True when it is kept, whatever becomes of it then."""
        stage, desk = self._stage, self._stage.open
        text = text.strip("\n").rstrip()
        if desk is None or stage.closing or not text.strip():
            return False
        kept = False
        async with stage.editing():
            await self._keep(desk, Prompt(0, text, column=None if column is None else desk.real_column(column)))
            kept = True
        stage.published(desk)
        if kept:
            await self.run(desk)
        return kept

    async def run(self, desk: Desk | None) -> None:
        """Ask everything that waits, and return when it has been; while it runs already, the same run does it."""
        stage = self._stage
        if desk is None or stage.closing:
            return
        if refusal := self._refusal(desk):
            stage.told(refusal, desk)
            return
        await self._begin(desk, self._runner.run)

    async def check_again(self, desk: Desk | None) -> None:
        """Check every answer anew; nothing is asked."""
        if desk is None or self._stage.closing:
            return
        if self._work is not None:
            self._stage.told(_busy(self._stage.running), desk)
            return
        await self._begin(desk, self._runner.check_again)

    async def rerun_failed(self) -> None:
        """Ask again what failed or was stopped, unless all columns go on from it, and what waits."""
        desk = self._stage.open
        if desk is not None:
            ended = desk.cells.ended_in(desk.shown_ids, _AGAIN)
            await self._run_again(desk, [head.id for head in ended if not is_carried(desk.experiment, head)])

    async def ask_again(self, cell: int) -> None:
        """Ask for another answer in the place of one; one that others build on is kept, and so is one with votes."""
        desk = self._stage.open
        head = desk.real_head(cell) if desk else None
        if desk is None or head is None or head.state in (CellState.WAITING, CellState.RUNNING):
            return
        carried = is_carried(desk.experiment, head)
        # What failed or was stopped stands before no other question, unless somebody said that it shall.
        refusal = _kept(desk, head) if carried or head.state is CellState.DONE else None
        if carried and desk is self._stage.running:
            refusal = refusal or UserError("All columns go on from this answer.", "Stop the run, then ask again.")
        if refusal:
            self._stage.told(refusal, desk)
            return
        await self._run_again(desk, [head.id], head.prompt if carried else None)

    async def stop(self) -> None:
        """End the run of the open experiment; answers that were being written stay as they are, the rest waits."""
        desk = self._stage.open
        if desk is not None and desk is self._stage.running:
            await self.stop_run(desk)

    async def stop_run(self, desk: Desk) -> None:
        """End the run of *desk*, and return when it has ended."""
        work = self._work
        if desk is not self._stage.running or work is None:
            return
        self._stopping = True
        if desk.run is not None:
            desk.run = replace(desk.run, stopping=True)
            self._stage.published(desk)
        await self._runner.stop()
        await asyncio.wait({work})

    async def leave(self, experiment: int) -> bool:
        """End the run of an experiment that is deleted, and close it; whether it was open."""
        if self._stage.running is not None and self._stage.running.id == experiment:
            await self.stop_run(self._stage.running)
        was_open = self._stage.open is not None and self._stage.open.id == experiment
        if was_open:
            self._looking.leave()
            self._stage.show(None)
        return was_open

    async def shutdown(self) -> None:
        """End the run, so that it can be taken up again; a second call does nothing."""
        self._stopping = True
        await self._runner.shutdown()
        if self._work is not None:
            await asyncio.wait({self._work})

    async def _keep(self, desk: Desk, prompt: Prompt) -> None:
        experiment = desk.experiment
        added = await self._stage.store.add_prompts(experiment.id, [prompt])
        desk.put_experiment(replace(desk.experiment, prompts=(*desk.experiment.prompts, *added)))
        await self._stage.fill(desk)
        self._more = self._more or desk is self._stage.running
        if not experiment.prompts and experiment.kind is ExperimentKind.CONVERSATION and is_unnamed(experiment):
            named = replace(desk.experiment, title=title_from(prompt.text))
            desk.put_experiment(await self._stage.store.update(named))

    async def _run_again(self, desk: Desk, cells: Sequence[int], uncarried: int | None = None) -> None:
        """Ask *cells* again; nobody goes on from an answer to the prompt *uncarried* any more."""
        if cells:
            async with self._stage.editing():
                if uncarried is not None:
                    await self._stage.carry(desk, uncarried, None)
                await self._stage.store.wait_again(cells)
                desk.wait_again(cells)
                self._more = self._more or desk is self._stage.running
            self._stage.published(desk)
        await self.run(desk)

    def _refusal(self, desk: Desk) -> UserError | None:
        if self._stage.running is not None and self._stage.running is not desk:
            return _busy(self._stage.running)
        return too_few(desk.experiment)

    async def _begin(self, desk: Desk, do: Do) -> None:
        if self._work is None:
            self._stage.running, self._stopping, self._more = desk, False, False
            desk.error = None
            desk.forget_said()
            desk.run = RunState(_BEGINNING, 0, desk.waiting)
            self._looking.leave()
            self._stage.published(desk)
            self._work = self._stage.tasks.start(self._run(desk, do), name="experiment")
        # Whoever waits here may go away; the run goes on.
        await asyncio.wait({self._work})

    async def _run(self, desk: Desk, do: Do) -> None:
        watch = _Watch(self._stage, self._figuring, desk)
        try:
            await self._stage.changed()
            if not self._stopping:
                await do(desk.experiment, watch)
            while self._more and desk.waiting and not self._stopping:
                self._more = False
                await self._runner.run(desk.experiment, watch)
        except UserError as error:
            self._stage.told(error, desk)
            await self._see_what_is_stored(desk)
        finally:
            self._work = self._stage.running = None
            desk.come_to_rest()
        await self._figuring.everything(desk)
        self._stage.published(desk)
        await self._stage.changed()
        self._looking.soon()

    async def _see_what_is_stored(self, desk: Desk) -> None:
        """After the disk failed: it may have an answer to its end, though not what checks and figures said of it."""
        try:
            await self._stage.read_stored(desk)
        except UserError as error:
            _logger.warning("After a failure the answers could not be read again: %s", error.sentence())


class _Watch:
    """Told by the runner what happens; `experiment_runner.Listener` says what each means."""

    def __init__(self, stage: Stage, figuring: Figuring, desk: Desk) -> None:
        self._stage = stage
        self._figuring = figuring
        self._desk = desk

    def started(self, cell: Cell) -> None:
        self._desk.put_cell(cell)
        self._stage.grown(self._desk)

    def grew(self, cell_id: int, message: Message) -> None:
        self._desk.grow(cell_id, message)
        self._stage.grown(self._desk)

    def ended(self, cell: Cell) -> None:
        self._desk.put_cell(cell)
        self._figuring.soon(self._desk)
        self._stage.grown(self._desk)

    def column_said(self, column_id: int, words: str, failure: str) -> None:
        self._desk.say(column_id, words, failure)
        self._stage.grown(self._desk)

    def progress(self, state: RunState) -> None:
        stopping = self._desk.run is not None and self._desk.run.stopping
        self._desk.run = replace(state, stopping=state.stopping or stopping)
        self._stage.grown(self._desk)


def _busy(running: Desk | None) -> UserError:
    name = f"“{running.experiment.title}”" if running else "Another experiment"
    return UserError(f"{name} is still running.", "Stop it, or wait until it is done; what you asked is kept.")


def _kept(desk: Desk, head: CellHead) -> UserError | None:
    """Why an answer cannot be replaced by another one."""
    votes = (vote for vote in desk.votes if (vote.prompt, vote.repeat) == (head.prompt, head.repeat))
    if any(head.column in (vote.left, vote.right) for vote in votes):
        words = "Put the question once more instead, or take the votes back first."
        return UserError("This answer was voted on, so it is kept.", words)
    if is_built_on(desk.experiment, desk.cells, head):
        whose = "all columns" if is_carried(desk.experiment, head) else "this column"
        words = f"Later answers of {whose} were given with it in mind. The last one can be asked again."
        return UserError("This answer is part of a conversation that goes on.", words)
    return None
