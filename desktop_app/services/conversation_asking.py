"""From a question to the last word of its answer: room is made, it is stored, a model is waited for, it is asked.

`conversations.py` calls it for every verb that wants an answer. A question is on the disk before it is sent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from desktop_app.domain.chat import (
    AnswerRecord,
    Attachment,
    Conversation,
    Message,
    MessageState,
    Role,
)
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import Mode
from desktop_app.services.answer import Answer
from desktop_app.services.chat_view import ContextFull
from desktop_app.services.context import as_asked
from desktop_app.services.context_full import Fitting
from desktop_app.services.context_meter import ContextMeter
from desktop_app.services.conversation_desk import ChatEndpoint, Desk
from desktop_app.services.conversation_queue import Queue
from desktop_app.services.conversation_storing import Storing
from desktop_app.services.conversation_stream import stream
from desktop_app.services.conversation_talk import Asked, Talk

T = TypeVar("T")

Ensure = Callable[[ModelRef], Awaitable[ChatEndpoint | None]]
"""Starts a model, or goes over to it, and returns the way to it when it is ready; raises UserError."""
MakeRoom = Callable[[Talk, Asked, ChatEndpoint], Coroutine[Any, Any, UserError | None]]
"""Leaves something out of a conversation; what went wrong, or None."""

_WELL = (MessageState.COMPLETE, MessageState.CUT)


@dataclass(frozen=True)
class Listeners:
    """Who is told what happens in conversations."""

    changed: Callable[[], Coroutine[Any, Any, None]]
    """The list is to be read again."""
    asked: Callable[[], None]
    """Somebody asks something, anywhere."""
    answered: Callable[[Conversation, Sequence[Message]], None]
    """An answer ended well, in a conversation with these messages."""


class Asking:
    """Asks models.

    Args:
        desk: keeps the talks.
        queue: has the questions that wait.
        storing: puts questions on the disk.
        fitting: sees that there is room.
        meter: is told how long conversations have become.
        ensure: goes over to another model.
        record: what is known of answers of the model that is ready: its revision, its engine.
        listeners: are told.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        desk: Desk,
        queue: Queue,
        storing: Storing,
        fitting: Fitting,
        meter: ContextMeter,
        ensure: Ensure,
        record: Callable[[], AnswerRecord],
        listeners: Listeners,
        clock: Callable[[], float],
    ) -> None:
        self._desk = desk
        self._queue = queue
        self._storing = storing
        self._fitting = fitting
        self._meter = meter
        self._ensure = ensure
        self._record = record
        self._listeners = listeners
        self._clock = clock

    async def send(self, text: str, attachments: Sequence[Attachment] = ()) -> None:
        """Ask in the open conversation, or have it wait there until the answer before it has ended."""
        talk = self._desk.open
        if talk.settings.mode is Mode.CHAT:
            text = text.strip("\n").rstrip()
        if self._desk.closing or not (text.strip() or attachments):
            return
        if talk.busy:
            await self._queue.add(talk, text, attachments)
        else:
            await self.ask(talk, _question(talk, text, attachments))

    async def send_queued(self) -> None:
        """Ask what has waited longest in the open conversation; nothing while an answer is being written."""
        talk = self._desk.open
        if talk.queued and not talk.busy and not self._desk.closing:
            await self.ask(talk, self._queue.next(talk))

    async def ask(self, talk: Talk, asked: Asked, make_room: MakeRoom | None = None) -> None:
        """Ask, and return when the answer has ended, however it did."""
        while talk.busy:
            await self.stop(talk)
        if not self._desk.closing:
            # Whoever waits here may go away; the answer goes on.
            await asyncio.wait({self._begin(talk, asked, make_room)})

    async def stop(self, talk: Talk) -> None:
        """End what goes on in a conversation; what has come stays, and what is queued waits."""
        if talk.work is None:
            return
        talk.stopping = True
        if talk.answer is not None:
            talk.answer.stop()
        elif talk.wait is not None:
            talk.wait.cancel()
        await asyncio.wait({talk.work})

    async def shutdown(self) -> None:
        """End every answer and save what came, and what was to be asked."""
        self._desk.closing = True
        works = []
        for talk in self._desk.talks:
            if talk.answer is not None:
                talk.answer.interrupt()
            elif talk.wait is not None:
                talk.wait.cancel()
            if talk.work is not None:
                works.append(talk.work)
        if works:
            await asyncio.wait(works)
        for talk in self._desk.talks:
            await self.put_aside(talk)

    async def put_aside(self, talk: Talk) -> None:
        """Store a question that waits for a choice, with the reason why nobody answered it."""
        asked, full = talk.pending, talk.full
        if full is not None and asked is not None and asked.question is not None:
            talk.full = talk.pending = None
            await self._storing.store(talk, asked, "", full.words)

    def _begin(self, talk: Talk, asked: Asked, make_room: MakeRoom | None = None) -> asyncio.Task[None]:
        full = talk.full
        talk.busy, talk.stopping, talk.suggestion = True, False, ""
        talk.full = talk.pending = None
        self._listeners.asked()
        self._desk.told(None)
        talk.work = self._desk.tasks.start(self._work(talk, asked, make_room, full), name="answer")
        return talk.work

    async def _work(self, talk: Talk, asked: Asked, make_room: MakeRoom | None, full: ContextFull | None) -> None:
        well = False
        try:
            if make_room is None or await self._made_room(talk, asked, make_room, full):
                well = await self._story(talk, asked)
        finally:
            talk.busy, talk.waiting, talk.answer, talk.work = False, "", None, None
            if not (well and self._go_on(talk)):
                self._desk.publish()

    def _go_on(self, talk: Talk) -> bool:
        """Ask what is queued, unless somebody pressed Stop."""
        if not talk.queued or talk.stopping or self._desk.closing:
            return False
        self._begin(talk, self._queue.next(talk))
        return True

    async def _made_room(self, talk: Talk, asked: Asked, make_room: MakeRoom, full: ContextFull | None) -> bool:
        endpoint = self._desk.endpoint()
        error: UserError | None = no_model()
        if endpoint is not None:
            work = _guarded(make_room(talk, asked, endpoint))
            error = await self._unless_stopped(talk, work)
            if error is None and not talk.stopping and not self._desk.closing:
                return True
        # Nothing is lost: the question waits for a choice again.
        talk.full, talk.pending = full, asked
        self._desk.told(error)
        return False

    async def _story(self, talk: Talk, asked: Asked) -> bool:
        """From the question to the last word; True when it ended well."""
        endpoint = None if asked.model else self._desk.endpoint()
        if endpoint is not None and not await self._fits(talk, asked, endpoint):
            talk.pending = await self._queue.unstored(talk, asked)
            return False
        model = asked.model.name if asked.model else endpoint.model if endpoint else ""
        message = await self._storing.store(talk, asked, model, "" if model else no_model().sentence())
        if message is None or message.state is MessageState.FAILED:
            return False
        if endpoint is None and asked.model is not None:
            endpoint = await self._started(talk, asked.model, message)
        return endpoint is not None and await self._answer(talk, asked, message, endpoint)

    async def _fits(self, talk: Talk, asked: Asked, endpoint: ChatEndpoint) -> bool:
        # Who presses Stop meanwhile finds the question stored, with an answer that was stopped.
        return await self._unless_stopped(talk, self._fitting.fits(talk, asked, endpoint)) is not False

    async def _started(self, talk: Talk, model: ModelRef, message: Message) -> ChatEndpoint | None:
        """The way to another model; None when it did not start, which *message* then says."""
        talk.waiting = f"Starting {model.name}"
        self._desk.publish()
        found = await self._unless_stopped(talk, _started(self._ensure, model))
        talk.waiting = ""
        failure = found.sentence() if isinstance(found, UserError) else ""
        endpoint = None if isinstance(found, UserError) else found
        if endpoint is not None and not await self._fits(talk, Asked(message.parent), endpoint):
            failure, talk.full, talk.pending = talk.full.words if talk.full else "", None, None
        if endpoint is not None and not failure:
            await self._storing.store_seen(talk)
            return endpoint
        state = MessageState.STOPPED if talk.stopping else MessageState.INTERRUPTED
        if failure or not (talk.stopping or self._desk.closing):
            state, failure = MessageState.FAILED, failure or f"{model.name} did not start."
        await self._ended(talk, message, state, failure)
        return None

    async def _ended(self, talk: Talk, message: Message, state: MessageState, error: str) -> None:
        ended = replace(message, state=state, error=error)
        talk.put(ended)
        with self._desk.failures_told():
            await self._desk.stores.of_talk(talk).save(ended)

    async def _answer(self, talk: Talk, asked: Asked, message: Message, endpoint: ChatEndpoint) -> bool:
        def grew(message: Message) -> None:
            talk.put(message)
            if talk is self._desk.open:
                self._desk.publish()

        store = self._desk.stores.of_talk(talk)
        path = (*talk.leading_to(message.parent), *((asked.begun,) if asked.begun else ()))
        prompt = as_asked(path, talk.settings, talk.seen_from, talk.summary)
        message = replace(message, record=self._known(message, prompt, endpoint))
        answer = Answer(message, store, self._desk.tasks, self._clock, grew, self._desk.told, store.save_chances)
        talk.answer = answer
        if self._desk.closing:
            answer.interrupt()
        elif talk.stopping:
            answer.stop()
        self._desk.publish()
        await answer.run(stream(talk, prompt, endpoint, store, more=asked.begun is not None))
        self._meter.ended(talk, answer.message)
        well = answer.message.state in _WELL
        if well and talk.conversation is not None:
            self._listeners.answered(talk.conversation, talk.path)
        return well

    def _known(self, message: Message, prompt: Sequence[Message] | str, endpoint: ChatEndpoint) -> AnswerRecord:
        """What is known of an answer before its first word."""
        known = self._record()
        return replace(
            message.record,
            revision=known.revision,
            engine=known.engine,
            context_tokens=endpoint.context_tokens,
            sent_messages=1 if isinstance(prompt, str) else len(prompt),
        )

    async def _unless_stopped(self, talk: Talk, work: Coroutine[Any, Any, T]) -> T | None:
        """What *work* returns; None when Stop was pressed, or the program ends."""
        task = self._desk.tasks.start(work, name="wait")
        talk.wait = task
        if talk.stopping or self._desk.closing:
            task.cancel()
        try:
            await asyncio.wait({task})
        finally:
            talk.wait = None
        return None if task.cancelled() else task.result()


def no_model() -> UserError:
    """What a person reads who asks while nobody is there to answer."""
    return UserError("No model is running.", "Start one, then ask again.", Remedy.START)


def _question(talk: Talk, text: str, attachments: Sequence[Attachment]) -> Asked:
    parent = talk.tree.leaf()
    return Asked(parent, Message(0, Role.USER, text, attachments=tuple(attachments), parent=parent))


async def _started(ensure: Ensure, model: ModelRef) -> ChatEndpoint | UserError | None:
    try:
        return await ensure(model)
    except UserError as error:
        return error


async def _guarded(work: Coroutine[Any, Any, UserError | None]) -> UserError | None:
    try:
        return await work
    except UserError as error:
        return error
