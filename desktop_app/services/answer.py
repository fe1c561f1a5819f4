"""One answer, from its question to its last word: read, published as it grows, saved as it grows, timed.

`conversations.py` makes one for every question and is told by callback; this file knows nothing of lists and pages.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from desktop_app.domain.chat import Delta, Message, MessageState, Role, Timing
from desktop_app.domain.errors import UserError
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import INTERRUPTED_WORDS

PUBLISH_SECONDS = 1 / 30
"""Between two publications: faster than anybody reads, slow enough to be drawn on any machine."""
SAVE_SECONDS = 0.5
"""Between two saves: a crash loses at most this and the time of one save, less than the promised second."""
SAVE_AGAIN_SECONDS = 5.0
ANSWER_CHARACTERS = 4_000_000
"""The longest answer that is taken: four times what a context of a million tokens can hold in ideographs."""

BROKEN_OFF = "The engine broke this answer off."
TOO_LONG = "The answer was ended: it is longer than this program can hold."
FAULT = "Something went wrong inside this program. Its log says more."


class Saves(Protocol):
    """Keeps messages; `store.conversations.ConversationStore` is one."""

    async def save(self, message: Message) -> None:
        """Write a message that is already there; raises UserError."""


class Answer:
    """An answer that is being written.

    Args:
        message: the empty answer as it was stored, in state STREAMING.
        store: where it is saved as it grows.
        tasks: runs what goes on meanwhile.
        clock: monotonic seconds.
        grew: called with the present message, at most 30 times a second and once at the end.
        save_failed: called when the text could not be saved, and with None when it could again.
    """

    def __init__(
        self,
        message: Message,
        store: Saves,
        tasks: Tasks,
        clock: Callable[[], float],
        grew: Callable[[Message], None],
        save_failed: Callable[[UserError | None], None],
    ) -> None:
        self._message = message
        self._store = store
        self._tasks = tasks
        self._clock = clock
        self._grew = grew
        self._save_failed = save_failed
        self._reading: asyncio.Task[None] | None = None
        self._fresh = asyncio.Event()
        self._unsaved = asyncio.Event()
        self._save_works = True
        self._parts: list[str] = []
        self._length = 0
        self._asked = 0.0
        self._first: float | None = None
        self._last = 0.0
        self._tokens = (0, 0)
        self._finish: MessageState | None = None
        self._verdict: MessageState | None = None
        self._error = ""

    @property
    def message(self) -> Message:
        """The answer as far as it is."""
        if self._parts:
            self._message = self._message.with_text(self._message.text + "".join(self._parts))
            self._parts.clear()
        return self._message

    def stop(self) -> None:
        """A person wants no more of it: what is there stays, the engine is told to stop working on it."""
        self._end(MessageState.STOPPED)

    def interrupt(self) -> None:
        """The program ends."""
        self._end(MessageState.INTERRUPTED)

    async def run(self, batches: AsyncGenerator[list[Delta], None]) -> None:
        """Read *batches* to the end and save what came; never raises UserError, the message says how it ended."""
        self._asked = self._clock()
        self._reading = self._tasks.start(self._read(batches), name="read the answer")
        if self._verdict:
            self._reading.cancel()
        helpers = [
            self._tasks.start(self._publish_as_it_grows(), name="publish the answer"),
            self._tasks.start(self._save_as_it_grows(), name="save the answer"),
        ]
        try:
            await asyncio.wait({self._reading})
        finally:
            for helper in helpers:
                helper.cancel()
        self._settle()
        self._grew(self.message)
        if not await self._save():
            self._tasks.start(self._save_later(), name="save the answer later")

    def _end(self, verdict: MessageState) -> None:
        self._verdict = self._verdict or verdict
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self, batches: AsyncGenerator[list[Delta], None]) -> None:
        try:
            async with aclosing(batches):
                async for batch in batches:
                    self._take(batch)
                    if self._length > ANSWER_CHARACTERS:
                        self._error = TOO_LONG
                        return
        except UserError as error:
            self._error = error.sentence()

    def _take(self, batch: list[Delta]) -> None:
        now = self._clock()
        for delta in batch:
            if delta.text or delta.answer_tokens > self._tokens[1]:
                self._first = now if self._first is None else self._first
                self._last = now
            if delta.text:
                self._parts.append(delta.text)
                self._length += len(delta.text)
            self._tokens = (delta.prompt_tokens or self._tokens[0], delta.answer_tokens or self._tokens[1])
            self._finish = delta.finish or self._finish
        self._fresh.set()
        self._unsaved.set()

    async def _publish_as_it_grows(self) -> None:
        while True:
            await self._fresh.wait()
            self._fresh.clear()
            self._grew(self.message)
            await asyncio.sleep(PUBLISH_SECONDS)

    async def _save_as_it_grows(self) -> None:
        while True:
            await self._unsaved.wait()
            self._unsaved.clear()
            if not await self._save():
                self._unsaved.set()
            await asyncio.sleep(SAVE_SECONDS)

    async def _save_later(self) -> None:
        while True:
            await asyncio.sleep(SAVE_AGAIN_SECONDS)
            if await self._save():
                return

    async def _save(self) -> bool:
        try:
            await self._store.save(self.message)
        except UserError as error:
            self._save_works = False
            self._save_failed(error)
            return False
        if not self._save_works:
            self._save_works = True
            self._save_failed(None)
        return True

    def _settle(self) -> None:
        state, error = self._outcome()
        self._message = replace(self.message, state=state, error=error, timing=self._timing())

    def _outcome(self) -> tuple[MessageState, str]:
        if self._finish in (MessageState.COMPLETE, MessageState.CUT):
            return self._finish, ""
        if self._verdict is not None:
            return self._verdict, INTERRUPTED_WORDS if self._verdict is MessageState.INTERRUPTED else ""
        crashed = self._reading is not None and not self._reading.cancelled() and self._reading.exception()
        error = FAULT if crashed else self._error or BROKEN_OFF
        return MessageState.INTERRUPTED if self._message.text else MessageState.FAILED, error

    def _timing(self) -> Timing:
        if self._first is None:
            return Timing(prompt_tokens=self._tokens[0])
        return Timing(self._first - self._asked, self._last - self._first, *self._tokens)


def history(messages: tuple[Message, ...]) -> list[Message]:
    """What a model is told of a conversation: every turn with text, questions and answers by turns.

    Answers that were broken off count as they are. A question that got none is put together with the one after it,
    because many chat templates refuse two questions in a row.
    """
    turns: list[Message] = []
    for message in messages:
        if not message.text.strip():
            continue
        if turns and turns[-1].role is message.role:
            turns[-1] = turns[-1].with_text(f"{turns[-1].text}\n\n{message.text}")
        elif turns or message.role is Role.USER:
            turns.append(message)
    return turns
