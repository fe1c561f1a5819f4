"""The story of conversations: kept, opened, asked in, stopped, deleted and brought back.

Owns one `ChatState`; pages draw it and call the verbs. A verb never raises UserError: what failed stands in the state,
or in the message that it belongs to.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from desktop_app.domain.chat import Conversation, Delta, Message, MessageState, Role, title_from
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.observable import Observable
from desktop_app.services.answer import Answer, history
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import ConversationStore

TITLE_CHARACTERS = 200
"""The longest title that a person can give."""


class ChatEndpoint(Protocol):
    """An engine that is ready; `endpoint.client.Endpoint` is one."""

    @property
    def model(self) -> str:
        """The name of the model that answers."""

    def stream_chat(self, messages: Sequence[Message]) -> AsyncGenerator[list[Delta], None]:
        """The answer as it arrives; raises UserError."""


@dataclass(frozen=True)
class ChatState:
    """Everything that a chat page shows."""

    conversations: tuple[Conversation, ...] = ()
    """The list, the one written to last first."""
    open_id: int | None = None
    """The open conversation; None is a new one, which is stored with its first question."""
    messages: tuple[Message, ...] = ()
    """Of the open conversation, oldest first."""
    answering: bool = False
    """Whether an answer is being written in the open conversation."""
    answering_ids: frozenset[int] = frozenset()
    """Every conversation in which an answer is being written."""
    deleted: Conversation | None = None
    """What `undo_delete()` would bring back."""
    error: UserError | None = None
    """What failed last, until `dismiss_error()` or the next question."""


class Conversations:
    """Holds conversations with the model that is ready.

    Args:
        store: keeps them.
        endpoint: the way to the engine that is ready now; None while there is none.
        tasks: runs answers.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        store: ConversationStore,
        endpoint: Callable[[], ChatEndpoint | None],
        tasks: Tasks,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._endpoint = endpoint
        self._tasks = tasks
        self._clock = clock
        self._answers: dict[int, Answer] = {}
        self._work: dict[int, asyncio.Task[None]] = {}
        self._busy: set[int | None] = set()
        """Conversations with an answer under way, None for a new one that is being stored."""
        self._stopped_early: set[int | None] = set()
        """Of these, the ones in which Stop was pressed before there was an answer to stop."""
        self._unsaved_id = 0
        """Counts down: what could not be stored is shown under an id that the database never gives."""
        self._view = 0
        """Counts changes of the open conversation, so that a late answer of the disk does not undo a later one."""
        self._bin: list[tuple[Conversation, bool]] = []
        """What was deleted in this run, and whether it was open."""
        self._closing = False
        self.state = Observable(ChatState())

    async def load(self, open_id: int | None = None) -> None:
        """Read the list, mark what an earlier run left unfinished, and open *open_id* when it is there."""
        with self._failures_told():
            await self._store.purge()
            await self._store.mark_interrupted()
            await self._refresh()
        if open_id is not None:
            await self.open(open_id)

    def new(self) -> None:
        """Show an empty conversation; it is stored with its first question."""
        self._view += 1
        self._publish(open_id=None, messages=())

    async def open(self, conversation: int) -> None:
        """Show a conversation of the list; answers elsewhere go on."""
        self._view += 1
        view = self._view
        with self._failures_told():
            messages = await self._read(conversation)
            if view == self._view and any(one.id == conversation for one in self.state.value.conversations):
                self._publish(open_id=conversation, messages=messages)

    async def rename(self, conversation: int, title: str) -> None:
        """Give a conversation a title that stays; an empty one changes nothing."""
        title = " ".join(title.split())[:TITLE_CHARACTERS]
        if title:
            with self._failures_told():
                await self._store.rename(conversation, title)
                await self._refresh()

    async def delete(self, conversation: int) -> None:
        """Take a conversation out of the list; `undo_delete()` brings it back."""
        found = next((one for one in self.state.value.conversations if one.id == conversation), None)
        if found is None:
            return
        await self._stop(conversation)
        with self._failures_told():
            await self._store.delete(conversation)
            was_open = self.state.value.open_id == conversation
            self._bin.append((found, was_open))
            if was_open:
                self.new()
            await self._refresh()

    async def undo_delete(self) -> None:
        """Bring back what was deleted last in this run, to its place, and open it when it was open."""
        if not self._bin:
            return
        conversation, was_open = self._bin.pop()
        with self._failures_told():
            await self._store.restore(conversation.id)
            await self._refresh()
        if was_open:
            await self.open(conversation.id)

    async def send(self, text: str) -> None:
        """Ask *text* in the open conversation and return when the answer has ended, however it did.

        The question is on the disk before it is sent. Blank text does nothing.
        """
        text = text.strip("\n").rstrip()
        state = self.state.value
        if not text or self._closing:
            return
        if state.answering:
            self._publish(error=UserError("An answer is still being written here.", "Stop it, or wait for its end."))
            return
        self._busy.add(state.open_id)
        self._publish(error=None)
        endpoint = self._endpoint()
        conversation = None
        try:
            conversation, turns = await self._store_turn(state, _turn(text, endpoint))
        finally:
            self._busy.discard(None)
            if conversation is None or endpoint is None:
                self._busy.discard(state.open_id)
                self._stopped_early.discard(state.open_id)
                self._publish()
        if conversation is not None and endpoint is not None:
            if state.open_id in self._stopped_early:
                self._stopped_early.add(conversation)
            await self._run(conversation, turns[-1], endpoint, (*state.messages, *turns[:-1]))

    async def retry(self) -> None:
        """Ask the last question of the open conversation again when its answer failed without a word."""
        state = self.state.value
        last = state.messages[-1] if state.messages else None
        if last is None or last.state is not MessageState.FAILED:
            return
        if last.id < 0:  # the question could not even be stored
            self._publish(messages=state.messages[:-2])
            await self.send(state.messages[-2].text)
            return
        if state.open_id is None or state.answering:
            return
        endpoint = self._endpoint()
        if endpoint is None:
            self._publish(error=_no_model())
            return
        again = replace(last, state=MessageState.STREAMING, error="", model=endpoint.model)
        self._publish(error=None, messages=(*state.messages[:-1], again))
        await self._run(state.open_id, again, endpoint, state.messages[:-1])

    async def stop(self) -> None:
        """End the answer in the open conversation; what has come stays."""
        await self._stop(self.state.value.open_id)

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        self._publish(error=None)

    async def shutdown(self) -> None:
        """End every answer and save what came."""
        self._closing = True
        for answer in self._answers.values():
            answer.interrupt()
        if self._work:
            await asyncio.wait(self._work.values())

    async def _store_turn(
        self, state: ChatState, turn: tuple[Message, Message]
    ) -> tuple[int | None, tuple[Message, ...]]:
        """Store a question with its answer to be, and show them; None when that failed."""
        view, conversation = self._view, state.open_id
        try:
            if conversation is None:
                created, turn_stored = await self._store.create(title_from(turn[0].text), turn)
                conversation = created.id
            else:
                turn_stored = await self._store.add(conversation, *turn)
        except UserError as error:
            # The words must not vanish: they stand in the transcript, marked, until the page is left.
            self._unsaved_id -= 2
            failed = replace(turn[1], id=self._unsaved_id, state=MessageState.FAILED, error=error.sentence())
            self._show(view, state, conversation, (replace(turn[0], id=self._unsaved_id + 1), failed))
            self._publish(error=error)
            return None, ()
        if turn_stored[-1].state is MessageState.STREAMING:
            self._busy.add(conversation)
        self._show(view, state, conversation, turn_stored)
        with self._failures_told():
            await self._refresh()
        return conversation, turn_stored

    def _show(self, view: int, before: ChatState, conversation: int | None, added: tuple[Message, ...]) -> None:
        if view == self._view:
            self._publish(open_id=conversation, messages=(*before.messages, *added))

    async def _run(
        self, conversation: int, message: Message, endpoint: ChatEndpoint, earlier: tuple[Message, ...]
    ) -> None:
        answer = Answer(
            message,
            self._store,
            self._tasks,
            self._clock,
            lambda grown: self._on_answer_grew(conversation, grown),
            lambda error: self._publish(error=error),
        )
        self._answers[conversation] = answer
        self._busy.add(conversation)
        if self._closing:
            answer.interrupt()
        elif conversation in self._stopped_early:
            answer.stop()
        self._stopped_early -= {conversation, None}
        work = self._tasks.start(self._answer(conversation, answer, endpoint, earlier), name="answer")
        self._work[conversation] = work
        self._publish()
        # Whoever waits here may go away; the answer goes on.
        await asyncio.wait({work})

    async def _answer(
        self, conversation: int, answer: Answer, endpoint: ChatEndpoint, earlier: tuple[Message, ...]
    ) -> None:
        try:
            await answer.run(endpoint.stream_chat(history(earlier)))
        finally:
            del self._answers[conversation], self._work[conversation]
            self._busy.discard(conversation)
            self._publish()

    async def _stop(self, conversation: int | None) -> None:
        if conversation is not None and (answer := self._answers.get(conversation)):
            answer.stop()
            await asyncio.wait({self._work[conversation]})
        elif conversation in self._busy:
            self._stopped_early.add(conversation)

    async def _read(self, conversation: int) -> tuple[Message, ...]:
        messages = await self._store.messages(conversation)
        live = self._answers.get(conversation)
        if live is None and any(message.state is MessageState.STREAMING for message in messages):
            # The answer ended while the disk was asked; by now its end is saved.
            messages = await self._store.messages(conversation)
        return _put(messages, live.message) if live else messages

    def _on_answer_grew(self, conversation: int, message: Message) -> None:
        state = self.state.value
        if state.open_id == conversation:
            self._publish(messages=_put(state.messages, message))

    async def _refresh(self) -> None:
        self._publish(conversations=await self._store.conversations())

    def _publish(self, **changes: object) -> None:
        """Publish the state with *changes*; what follows from other things is worked out here."""
        state = replace(self.state.value, **changes)  # type: ignore[arg-type]  # names and types are ChatState's own
        self.state.set(
            replace(
                state,
                answering=state.open_id in self._busy,
                answering_ids=frozenset(one for one in self._busy if one is not None),
                deleted=self._bin[-1][0] if self._bin else None,
            )
        )

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        try:
            yield
        except UserError as error:
            self._publish(error=error)


def _no_model() -> UserError:
    return UserError("No model is running.", "Start one, then ask again.", Remedy.START)


def _turn(text: str, endpoint: ChatEndpoint | None) -> tuple[Message, Message]:
    """A question and the empty answer to it, which has failed already when nobody is there to answer."""
    question = Message(0, Role.USER, text)
    if endpoint is None:
        return question, Message(0, Role.ASSISTANT, "", MessageState.FAILED, error=_no_model().sentence())
    return question, Message(0, Role.ASSISTANT, "", MessageState.STREAMING, model=endpoint.model)


def _put(messages: tuple[Message, ...], message: Message) -> tuple[Message, ...]:
    """The messages with *message* in the place of the one with its id."""
    if messages and messages[-1].id == message.id:
        return (*messages[:-1], message)
    return tuple(message if one.id == message.id else one for one in messages)
