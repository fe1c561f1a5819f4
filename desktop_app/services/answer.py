"""One answer, from its question to its last word: read, published as it grows, saved as it grows, timed.

`conversations.py` makes one for every question and is told by callback; this file knows nothing of lists and pages.
`answer_account.py` keeps its figures.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from desktop_app.domain.chat import Delta, Message, MessageState, TokenChance
from desktop_app.domain.errors import UserError
from desktop_app.domain.reasoning import Split, ThinkSplitter
from desktop_app.services.answer_account import Account
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import INTERRUPTED_WORDS

PUBLISH_SECONDS = 1 / 30
"""Between two publications: faster than anybody reads, slow enough to be drawn on any machine."""
SAVE_SECONDS = 0.5
"""Between two saves: a crash loses at most this and the time of one save, less than the promised second."""
SAVE_AGAIN_SECONDS = 5.0
ANSWER_CHARACTERS = 4_000_000
"""The longest answer that is taken: four times what a context of a million tokens can hold in ideographs."""
CHANCES = 100_000
"""Tokens of an answer whose probabilities are kept: each takes about 500 bytes."""

BROKEN_OFF = "The engine broke this answer off."
TOO_LONG = "The answer was ended: it is longer than this program can hold."
FAULT = "Something went wrong inside this program. Its log says more."


class Saves(Protocol):
    """Keeps messages; `store.conversations.ConversationStore` is one."""

    async def save(self, message: Message) -> None:
        """Write a message that is already there; raises UserError."""


KeepsChances = Callable[[int, Sequence[TokenChance]], Awaitable[None]]
"""Stores the probabilities of a message's tokens; `ConversationStore.save_chances` is one. Raises UserError."""


class Answer:
    """An answer that is being written.

    Its text may begin with that of an answer that was cut: see `answer_account.continuing`.

    Args:
        message: the answer as it was stored, in state STREAMING; what is known of it beforehand stands in its record.
        store: where it is saved as it grows.
        tasks: runs what goes on meanwhile.
        clock: monotonic seconds.
        grew: called with the present message, at most 30 times a second and once at the end.
        save_failed: called when the text could not be saved, and with None when it could again.
        save_chances: told the probabilities of the tokens at the end, where the engine gave them: those of thoughts
            too, and of an answer that was continued those of the new tokens only.
    """

    def __init__(
        self,
        message: Message,
        store: Saves,
        tasks: Tasks,
        clock: Callable[[], float],
        grew: Callable[[Message], None],
        save_failed: Callable[[UserError | None], None],
        save_chances: KeepsChances | None = None,
    ) -> None:
        self._message = message
        self._store = store
        self._tasks = tasks
        self._clock = clock
        self._grew = grew
        self._save_failed = save_failed
        self._save_chances = save_chances
        self._reading: asyncio.Task[None] | None = None
        self._fresh = asyncio.Event()
        self._unsaved = asyncio.Event()
        self._save_works = True
        self._continues = bool(message.text)
        self._splitter = None if self._continues else ThinkSplitter()
        """None as soon as it is sure that the rest is answer."""
        self._parts: list[str] = []
        self._thoughts: list[str] = []
        self._length = 0
        self._account = Account(message)
        self._chances: list[TokenChance] = []
        self._verdict: MessageState | None = None
        self._error = ""

    @property
    def message(self) -> Message:
        """The answer as far as it is."""
        if self._parts or self._thoughts:
            text, thoughts = "".join(self._parts), "".join(self._thoughts)
            self._parts.clear()
            self._thoughts.clear()
            before = self._message
            self._message = replace(before, text=before.text + text, reasoning=before.reasoning + thoughts)
        return self._message

    def stop(self) -> None:
        """A person wants no more of it: what is there stays, the engine is told to stop working on it."""
        self._end(MessageState.STOPPED)

    def interrupt(self) -> None:
        """The program ends."""
        self._end(MessageState.INTERRUPTED)

    async def run(self, batches: AsyncGenerator[list[Delta], None]) -> None:
        """Read *batches* to the end and save what came; never raises UserError, the message says how it ended."""
        self._account.asked(self._clock())
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
        saved = await self._save()
        if await self._keep_chances():
            self._grew(self.message)
            saved = await self._save()
        if not saved:
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
        words = "".join([delta.text for delta in batch])
        if self._is_answer(words) and not any(delta.reasoning for delta in batch):
            # Thousands of tokens a second come this way; the other looks at each by itself.
            self._parts.append(words)
            self._length += len(words)
            self._account.take(batch, now)
        else:
            for delta in batch:
                self._length += len(delta.text) + len(delta.reasoning)
                thought = self._take_words(delta)
                self._account.take([delta], now, thought=thought)
        if len(self._chances) < CHANCES:
            self._chances += [chance for delta in batch for chance in delta.chances]
        self._fresh.set()
        self._unsaved.set()

    def _is_answer(self, words: str) -> bool:
        """Whether nothing of *words* can be a thought."""
        return self._splitter is None or self._splitter.passes(words)

    def _take_words(self, delta: Delta) -> bool:
        """Put the words of *delta* where they belong; whether they, or some of them, were thought."""
        if delta.reasoning and self._continues:
            # Where an answer goes on nothing is thought any more; parsers that only wait for an end tag do not know.
            self._parts.append(delta.reasoning)
        elif delta.reasoning:
            self._thoughts.append(delta.reasoning)
            self._end_splitting()
        if not delta.text:
            return bool(delta.reasoning) and not self._continues
        if self._splitter is None:
            self._parts.append(delta.text)
            return False
        split = self._splitter.feed(delta.text)
        self._put(split)
        return bool(split.reasoning) or split.text_was_reasoning or self._splitter.thinking

    def _put(self, split: Split) -> None:
        if split.text_was_reasoning:
            message = self.message
            thoughts = (message.text + split.reasoning).strip()
            self._message = replace(message, text="", reasoning=thoughts)
        elif split.reasoning:
            self._thoughts.append(split.reasoning)
        if split.text:
            self._parts.append(split.text)

    def _end_splitting(self) -> None:
        splitter, self._splitter = self._splitter, None
        if splitter is not None:
            self._put(splitter.end())

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

    async def _keep_chances(self) -> bool:
        """Whether the probabilities were stored; there can be a hundred thousand, so it comes last."""
        if not self._chances or self._save_chances is None:
            return False
        try:
            await self._save_chances(self._message.id, self._chances)
        except UserError as error:
            self._save_failed(error)
            return False
        self._message = replace(self.message, logprobs=True)
        return True

    def _settle(self) -> None:
        self._end_splitting()
        state, error = self._outcome()
        message = self.message
        timing, record = self._account.timing(), self._account.record()
        self._message = replace(message, state=state, error=error, timing=timing, record=record)

    def _outcome(self) -> tuple[MessageState, str]:
        if self._account.finish in (MessageState.COMPLETE, MessageState.CUT):
            return self._account.finish, ""
        if self._verdict is not None:
            return self._verdict, INTERRUPTED_WORDS if self._verdict is MessageState.INTERRUPTED else ""
        crashed = self._reading is not None and not self._reading.cancelled() and self._reading.exception()
        error = FAULT if crashed else self._error or BROKEN_OFF
        has_words = self.message.text or self.message.reasoning
        return MessageState.INTERRUPTED if has_words else MessageState.FAILED, error
