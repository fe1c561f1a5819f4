"""One run of an experiment, unattended from its first question to its last verdict: what fails holds up nothing else.

`experiment_runner.py` makes one for every run. It plans, then takes batch after batch: makes room, starts, asks. It
plans again as long as something waits, so what began to wait meanwhile is asked in the same run.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from desktop_app.domain.chat import Message, Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell, CellHead, CellState, Column, Experiment, ExperimentKind
from desktop_app.services.experiment_cells import CellAsking, Ending, Question
from desktop_app.services.experiment_checking import Checking, Checks
from desktop_app.services.experiment_clock import Costs
from desktop_app.services.experiment_engines import ExperimentEngines, Held
from desktop_app.services.experiment_judging import Judging
from desktop_app.services.experiment_listener import Listener
from desktop_app.services.experiment_order import Wave, waves
from desktop_app.services.experiment_plan import Batch, Demand, apart, make_plan
from desktop_app.services.experiment_progress import Progress
from desktop_app.services.tasks import Tasks
from desktop_app.store.experiments import ExperimentStore


@dataclass(frozen=True)
class Means:
    """What every run works with."""

    store: ExperimentStore
    engines: ExperimentEngines
    checks: Checks
    tasks: Tasks
    clock: Callable[[], float]
    """Monotonic seconds."""


@dataclass(frozen=True)
class _Ready:
    """An engine that can be asked, and the id of what its answers come from."""

    held: Held
    provenance: int


class Course:
    """One run.

    Args:
        experiment: what is run, as it is stored.
        means: what it works with.
        listener: is told what happens.
    """

    def __init__(self, experiment: Experiment, means: Means, listener: Listener) -> None:
        self._experiment = experiment
        self._means = means
        self._progress = Progress(listener)
        self._checking = Checking(means.store, means.checks, listener.ended)
        self._cells = CellAsking(
            experiment.id, means.store, means.engines, self._checking, means.tasks, listener, means.clock
        )
        self._ready: dict[str, _Ready] = {}
        """Engines of the present batch, by key."""
        self._lost: dict[str, str] = {}
        """Engines that died, with the reason: what still waits for them in this run has failed, too."""
        self._crowded: set[str] = set()
        """Engines that found no room beside others, whatever was planned."""
        self._said: dict[tuple[int, int, int], Message] = {}
        """Answers of a conversation by prompt, column and repeat."""
        self._ended = asyncio.Event()
        self._judging = Judging(means.store, means.engines, self._checking, self._progress, means.tasks, self._ended)

    def end(self, ending: Ending) -> None:
        """End it soon; what has not been asked goes on waiting."""
        self._progress.stopping = True
        self._progress.tell()
        self._cells.end(ending)
        self._ended.set()

    async def run(self) -> None:
        """Ask everything that waits, then have it judged. Raises UserError when something cannot be stored."""
        await self._told(self._run())

    async def check_again(self) -> None:
        """Check every answer anew, and have it judged. Raises UserError when something cannot be stored."""
        await self._told(self._judging.run(self._experiment, anew=True))

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        """Do *work*; meanwhile it is told how far it is, afterwards engines are let go."""
        means = self._means
        teller = means.tasks.start(self._progress.tell_again_and_again(), name="tell how far the experiment is")
        try:
            await work
        finally:
            teller.cancel()
            await means.engines.release(self._kept())

    def _kept(self) -> set[str]:
        """Engines that stay after the run: those of a conversation, since the next question is about to come.

        A prompt set is left alone for hours, and nobody wants to find the memory taken when it is done.
        """
        if self._experiment.kind is ExperimentKind.PROMPTS or self._cells.ending is Ending.CLOSE:
            return set()
        return {column.engine_key for column in self._experiment.shown}

    async def _run(self) -> None:
        store = self._means.store
        self._progress.say("Looking at what is to be done")
        await store.mark_interrupted(self._experiment.id)
        while self._cells.ending is None and (waiting := await self._waiting()):
            await self._all_batches(waiting)
        if self._cells.ending is None:
            await self._judging.run(self._experiment, anew=False)

    async def _waiting(self) -> list[CellHead]:
        """The cells that wait, of columns that are shown."""
        store = self._means.store
        self._experiment = await store.read(self._experiment.id)
        await store.fill(self._experiment.id)
        columns = {column.id for column in self._experiment.shown}
        prompts = {prompt.id for prompt in self._experiment.prompts}
        return [
            head
            for head in await store.heads(self._experiment.id)
            if head.state is CellState.WAITING and head.column in columns and head.prompt in prompts
        ]

    async def _all_batches(self, waiting: list[CellHead]) -> None:
        experiment, means = self._experiment, self._means
        counts = Counter(head.column for head in waiting)
        costs = Costs.of(experiment, await means.store.heads(experiment.id))
        outlook = await means.engines.look(experiment.shown, experiment.options.memory_limit)
        plan = make_plan(experiment, apart(outlook, self._crowded), counts, costs)
        self._progress.planned(plan, counts, costs)
        await self._recall()
        for key, why in plan.misfits.items():
            await self._fail_all(self._columns(key), waiting, why)
        for number, batch in enumerate(plan.batches):
            if self._cells.ending is not None:
                return
            self._progress.begin(number)
            await self._one_batch(batch, waiting)

    async def _recall(self) -> None:
        """Read what was said in a conversation so far."""
        if self._experiment.kind is ExperimentKind.CONVERSATION:
            cells = await self._means.store.cells(self._experiment.id)
            for cell in cells:
                self._remember(cell)

    def _remember(self, cell: Cell) -> None:
        place = cell.prompt, cell.column, cell.repeat
        if self._experiment.kind is ExperimentKind.CONVERSATION and self._counts(cell):
            self._said[place] = cell.answer
        else:
            self._said.pop(place, None)

    def _counts(self, cell: Cell) -> bool:
        """Whether later questions are asked with an answer in mind: one that was stopped only if somebody said so."""
        prompt = self._experiment.prompt(cell.prompt)
        carried = prompt is not None and prompt.carried == cell.column
        return cell.state is CellState.DONE or (carried and cell.state is CellState.STOPPED)

    async def _one_batch(self, batch: Batch, waiting: list[CellHead]) -> None:
        self._ready.clear()
        if batch.stops:
            self._progress.say("Making room")
            await self._means.engines.stop(batch.stops)
        for demand in batch.demands:
            if self._cells.ending is not None:
                return
            await self._begin(demand, waiting)
        if self._ready:
            columns = {column.id for key in self._ready for column in self._columns(key)}
            self._progress.asking([ready.held.model.name for ready in self._ready.values()])
            await self._ask(waves(self._experiment, [head for head in waiting if head.column in columns]))

    async def _begin(self, demand: Demand, waiting: list[CellHead]) -> None:
        """Start an engine, or say of the cells that wait for it why they have failed."""
        key = demand.seat.key
        self._progress.say(f"Starting {demand.seat.name}")
        watch = partial(self._progress.starting, demand)
        held = None if key in self._lost else await self._means.engines.hold(self._columns(key)[0], self._ended, watch)
        self._progress.ready(demand)
        if isinstance(held, UserError) and self._cells.ending is None:
            if held.fix is not None and held.fix.stop and key not in self._crowded:
                self._crowded.add(key)
                self._progress.put_off(demand.columns)
                return
            self._lost[key] = held.sentence()
        if key in self._lost:
            await self._fail_all(self._columns(key), waiting, self._lost[key])
        elif isinstance(held, Held):
            self._ready[key] = _Ready(held, await self._means.store.keep_provenance(held.provenance))
            for one in demand.columns:
                self._progress.column(one)

    async def _ask(self, parts: Iterable[Wave]) -> None:
        """Ask wave after wave. Raises the first UserError that says that something cannot be stored."""
        for wave in parts:
            works: list[asyncio.Task[UserError | None]] = []
            for lane in wave:
                queue = deque(lane.cells)
                workers = range(min(lane.workers, len(lane.cells)))
                works += [self._means.tasks.start(self._work(queue), name="ask") for _ in workers]
            await asyncio.wait(works)
            for error in [work.result() for work in works]:
                if error is not None:
                    raise error

    async def _work(self, queue: deque[CellHead]) -> UserError | None:
        """Ask until nothing is left; why something could not be stored."""
        try:
            while queue and self._cells.ending is None:
                await self._one(queue.popleft())
        except UserError as error:
            # Nobody is to go on asking what cannot be stored.
            self.end(Ending.FAULT)
            return error
        return None

    async def _one(self, head: CellHead) -> None:
        question = self._question(head)
        key = question.column.engine_key
        if why := self._lost.get(key):
            cell = await self._cells.fail(question.cell, question.column, why)
        else:
            ready = self._ready[key]
            cell, why = await self._cells.ask(question, ready.held, ready.provenance)
            if why:
                self._lose(key, why)
        timing = cell.answer.timing
        seconds = timing.first_token_seconds + timing.decode_seconds if cell.state is CellState.DONE else 0.0
        self._remember(cell)
        self._progress.ended(cell.column, seconds)

    def _lose(self, key: str, why: str) -> None:
        self._lost[key] = why
        for column in self._columns(key):
            self._progress.column(column.id, "", why)

    def _question(self, head: CellHead) -> Question:
        experiment = self._experiment
        column, prompt = experiment.column(head.column), experiment.prompt(head.prompt)
        if column is None or prompt is None:
            raise UserError("This experiment does not fit together any more.", "Open it again.")
        return Question(
            Cell(head.id, head.prompt, head.column, head.repeat),
            column,
            prompt,
            experiment.options,
            self._earlier(head),
        )

    def _earlier(self, head: CellHead) -> tuple[Message, ...]:
        """Of a conversation: the questions before this one with what was answered; what failed is left out.

        That is what the column itself answered, or the answer that somebody had all columns go on from.
        """
        if self._experiment.kind is ExperimentKind.PROMPTS:
            return ()
        path: list[Message] = []
        for prompt in self._experiment.prompts:
            if prompt.id == head.prompt:
                break
            if prompt.column in (None, head.column):
                path.append(Message(-prompt.id, Role.USER, prompt.text))
                answer = self._said.get((prompt.id, prompt.goes_on_from(head.column), head.repeat))
                answer = answer or self._said.get((prompt.id, head.column, head.repeat))
                path += [answer] if answer else []
        return tuple(path)

    async def _fail_all(self, columns: Sequence[Column], waiting: Iterable[CellHead], why: str) -> None:
        """Say of everything that waits for *columns* why it has failed."""
        known = {column.id: column for column in columns}
        for column in columns:
            self._progress.column(column.id, "", why)
        for head in waiting:
            if head.column in known:
                cell = Cell(head.id, head.prompt, head.column, head.repeat)
                await self._cells.fail(cell, known[head.column], why)
                self._progress.ended(head.column, 0.0)

    def _columns(self, key: str) -> list[Column]:
        """The columns that an engine answers for."""
        return [column for column in self._experiment.shown if column.engine_key == key]
