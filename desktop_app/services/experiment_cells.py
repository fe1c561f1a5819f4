"""One cell from its question to its end: asked, kept as it grows, measured, checked. Called by `experiment_course.py`.

A cell is on the disk before it is asked, and with its last word it is done: nothing that ends this program loses an
answer or has one given twice.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import Enum

from desktop_app.domain.chat import AnswerRecord, Delta, Message, MessageState, Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell, CellState, Column, Options, Prompt
from desktop_app.domain.experiment_words import host_words
from desktop_app.services.answer import Answer
from desktop_app.services.context import as_asked
from desktop_app.services.experiment_checking import Checking
from desktop_app.services.experiment_engines import ExperimentEngines, Held
from desktop_app.services.experiment_listener import Listener
from desktop_app.services.tasks import Tasks
from desktop_app.store.experiments import ExperimentStore

_logger = logging.getLogger(__name__)

_MEASURE_SECONDS = 2.0
"""Between two looks at what an engine takes; each reads something of every one of its processes."""
_WELL = (MessageState.COMPLETE, MessageState.CUT)


class Ending(Enum):
    """Why a run ends before its time."""

    STOP = "stop"
    """A person wants no more of it."""
    CLOSE = "close"
    """The program closes; what was being written is asked again when it goes on."""
    FAULT = "fault"
    """Nothing can be stored any more."""


@dataclass(frozen=True)
class Question:
    """A cell, and everything that is needed to ask it."""

    cell: Cell
    column: Column
    prompt: Prompt
    options: Options
    earlier: tuple[Message, ...] = ()
    """Of a conversation: what was asked and answered before."""


class CellAsking:
    """Asks cells of one run.

    Args:
        experiment: its id.
        store: keeps cells.
        engines: says what engines take, and whether they are lost.
        checking: checks answers.
        tasks: runs what goes on meanwhile.
        listener: is told.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        experiment: int,
        store: ExperimentStore,
        engines: ExperimentEngines,
        checking: Checking,
        tasks: Tasks,
        listener: Listener,
        clock: Callable[[], float],
    ) -> None:
        self._experiment = experiment
        self._store = store
        self._engines = engines
        self._checking = checking
        self._tasks = tasks
        self._listener = listener
        self._clock = clock
        self._asked: dict[int, int] = {}
        """The cells that are being asked at this moment, and how many others were meanwhile, at most."""
        self._answers: dict[int, Answer] = {}
        self._measured: dict[str, tuple[float, int]] = {}
        self._measuring = asyncio.Lock()
        self.ending: Ending | None = None
        """Set by `end()`."""

    def end(self, ending: Ending) -> None:
        """End what is being written, and ask nothing more."""
        self.ending = self.ending or ending
        for answer in self._answers.values():
            _end(answer, self.ending)

    async def ask(self, question: Question, held: Held, provenance: int) -> tuple[Cell, str]:
        """Ask *question*, and return how it ended; with it why the engine cannot be asked any more, if that is so.

        Raises:
            UserError: it could not be stored.
        """
        key, others = question.cell.id, len(self._asked)
        self._asked = {one: max(most, others) for one, most in self._asked.items()} | {key: others}
        try:
            cell, prompt = await self._begun(question, held, provenance)
            cell = await self._answered(cell, _stream(question, prompt, held))
        finally:
            others = self._asked.pop(key)
        return await self._ended(question, held, replace(cell, beside=others))

    async def fail(self, cell: Cell, column: Column, why: str) -> Cell:
        """Say of a cell that was not asked why it never will be."""
        answer = Message(cell.id, Role.ASSISTANT, "", MessageState.FAILED, column.model.name, error=why)
        failed = replace(cell, state=CellState.FAILED, answer=answer)
        await self._store.finish(failed)
        self._listener.ended(failed)
        return failed

    async def _begun(self, question: Question, held: Held, provenance: int) -> tuple[Cell, Sequence[Message] | str]:
        path = (*question.earlier, Message(-question.prompt.id, Role.USER, question.prompt.text))
        prompt = as_asked(path, question.column.settings, None, "")
        record = AnswerRecord(
            context_tokens=held.endpoint.context_tokens,
            revision=held.provenance.revision,
            engine=held.provenance.engine or host_words(held.provenance.address),
            sent_messages=1 if isinstance(prompt, str) else len(prompt),
        )
        order = await self._store.next_order(self._experiment)
        answer = replace(question.cell.answer, id=question.cell.id, model=question.column.model.name, record=record)
        cell = replace(
            question.cell,
            state=CellState.RUNNING,
            order=order,
            beside=self._asked[question.cell.id],
            provenance=provenance,
            answer=answer,
        )
        await self._store.start(cell)
        self._listener.started(cell)
        return cell, prompt

    async def _answered(self, cell: Cell, batches: AsyncGenerator[list[Delta], None]) -> Cell:
        answer = Answer(cell.answer, self._store, self._tasks, self._clock, self._grew, _note)
        self._answers[cell.id] = answer
        if self.ending is not None:
            _end(answer, self.ending)
        try:
            await answer.run(batches)
        finally:
            del self._answers[cell.id]
        return replace(cell, answer=answer.message)

    async def _ended(self, question: Question, held: Held, cell: Cell) -> tuple[Cell, str]:
        loss = ""
        if cell.answer.state in _WELL:
            checks = await self._checking.check(question.prompt, question.options, cell.answer.text)
            memory = await self._memory(held)
            cell = replace(cell, state=CellState.DONE, memory=memory, checks=checks)
        elif self.ending in (Ending.CLOSE, Ending.FAULT):
            await self._store.wait_again([cell.id])
            cell = Cell(cell.id, cell.prompt, cell.column, cell.repeat)
            self._listener.ended(cell)
            return cell, ""
        elif cell.answer.state is MessageState.STOPPED:
            cell = replace(cell, state=CellState.STOPPED, memory=await self._memory(held))
        else:
            loss = await self._engines.loss(held)
            answer = replace(cell.answer, error=loss or cell.answer.error)
            cell = replace(cell, state=CellState.FAILED, answer=answer)
        await self._store.finish(cell)
        self._listener.ended(cell)
        return cell, loss

    async def _memory(self, held: Held) -> int:
        """What the engine takes, as it was measured a moment ago or is now."""
        async with self._measuring:
            measured, size = self._measured.get(held.model.key, (-_MEASURE_SECONDS, 0))
            if self._clock() - measured >= _MEASURE_SECONDS:
                size = await self._engines.memory_of(held) or size
                self._measured[held.model.key] = self._clock(), size
            return size

    def _grew(self, message: Message) -> None:
        self._listener.grew(message.id, message)


async def _stream(question: Question, prompt: Sequence[Message] | str, held: Held) -> AsyncGenerator[list[Delta], None]:
    """What the engine says; raises UserError."""
    settings, options = question.column.settings, question.options
    if problem := settings.structure.problem():
        raise UserError("The form that answers are held to cannot be used.", problem)
    request = settings.request()
    # A repeat with the same seed would be the same answer once more, also where a column has a seed of its own.
    own = settings.sampling.seed
    first = options.seed if own is None else own
    if first is not None:
        request["seed"] = first + question.cell.repeat
    endpoint = held.endpoint
    stream = endpoint.stream_text(prompt, request) if isinstance(prompt, str) else endpoint.stream_chat(prompt, request)
    async with aclosing(stream) as batches:
        async for batch in batches:
            yield batch


def _end(answer: Answer, ending: Ending) -> None:
    if ending is Ending.STOP:
        answer.stop()
    else:
        answer.interrupt()


def _note(error: UserError | None) -> None:
    """What cannot be stored while it grows is told when it cannot be stored at its end either."""
    if error is not None:
        _logger.warning("An answer could not be saved while it grew: %s", error.sentence())
