"""Keeps the number of tokens in use up to date: of the open conversation, and of what is being written.

`conversations.py` says what changed. Nothing is asked more often than every 0.3 seconds, and nothing while nothing
changes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from desktop_app.domain.chat import Attachment, Message, MessageState, Role
from desktop_app.services.chat_view import ContextState
from desktop_app.services.context import Counter, as_asked, estimate
from desktop_app.services.conversation_desk import Desk
from desktop_app.services.conversation_talk import Talk

PAUSE_SECONDS = 0.3
"""After the last key or change."""


class ContextMeter:
    """Counts the open conversation and the draft.

    Args:
        desk: has the open conversation, and publishes.
        counter: counts.
        pause: seconds of quiet before something is counted.
    """

    def __init__(self, desk: Desk, counter: Counter, pause: float = PAUSE_SECONDS) -> None:
        self._desk = desk
        self._counter = counter
        self._pause = pause
        self._drafting: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None

    def set_draft(self, text: str, attachments: Sequence[Attachment]) -> None:
        """What is written and not sent is this now."""
        if self._drafting is not None:
            self._drafting.cancel()
        if not text and not attachments:
            self._desk.set_draft(0, (), estimated=False)
            return
        work = self._count_draft(text, tuple(attachments))
        self._drafting = self._desk.tasks.start(work, name="count the draft")

    def ended(self, talk: Talk, answer: Message) -> None:
        """An answer ended: the engine has said how long the conversation is with it."""
        known = _known(answer)
        if known and talk.path and talk.path[-1].id == answer.id:
            talk.context = ContextState(used=known, estimated=False)
        elif talk is self._desk.open:
            self.recount()

    def opened(self) -> None:
        """Another conversation is shown."""
        talk, endpoint = self._desk.open, self._desk.endpoint()
        last = talk.path[-1] if talk.path else None
        known = _known(last) if last and endpoint and last.model == endpoint.model else 0
        if last and known and last.record.sent_messages == _sent(talk):
            talk.context = ContextState(used=known, estimated=False)
            self._desk.publish()
        elif not talk.busy:
            self.recount()

    def recount(self) -> None:
        """What the model would be given of the open conversation has changed."""
        if self._counting is not None:
            self._counting.cancel()
            self._counting = None
        talk = self._desk.open
        prompt = _prompt(talk)
        talk.context = ContextState(used=estimate(prompt), estimated=bool(prompt))
        self._desk.publish()
        if prompt and self._desk.endpoint() is not None:
            self._counting = self._desk.tasks.start(self._count(talk), name="count the context")

    async def _count_draft(self, text: str, attachments: tuple[Attachment, ...]) -> None:
        await asyncio.sleep(self._pause)
        written, attached = await self._counter.draft(text, attachments)
        estimated = any(one.estimated for one in (written, *attached))
        self._desk.set_draft(written.tokens, tuple(one.tokens for one in attached), estimated=estimated)

    async def _count(self, talk: Talk) -> None:
        await asyncio.sleep(self._pause)
        if not talk.busy:
            count = await self._counter.count(_prompt(talk))
            # An answer that began meanwhile will say better.
            if not talk.busy:
                talk.context = replace(talk.context, used=count.tokens, estimated=count.estimated)
                self._desk.publish()


def _prompt(talk: Talk) -> Sequence[Message] | str:
    return as_asked(talk.path, talk.settings, talk.seen, talk.summary)


def _sent(talk: Talk) -> int:
    """How many messages the last answer would be given now; another number was given when some were taken out since."""
    prompt = as_asked(talk.path[:-1], talk.settings, talk.seen, talk.summary)
    return 1 if isinstance(prompt, str) else len(prompt)


def _known(message: Message) -> int:
    """Tokens of the conversation up to an answer, as the engine counted; 0 when it did not."""
    timing, record = message.timing, message.record
    if message.role is not Role.ASSISTANT or message.state is MessageState.STREAMING or not timing.answer_tokens:
        return 0
    # What the model thought is not given to it again; what it had said before it was continued is in the prompt.
    again = record.continued_tokens or record.reasoning_tokens
    return timing.prompt_tokens + timing.answer_tokens - again
