"""Better titles: what a conversation is about, in the words of its model, when that has nothing else to do.

A conversation has the beginning of its first question as its title at once; this replaces it after the first answer,
unless a person chose one. `conversations.py` says when somebody asks and when an answer has ended.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing, suppress
from typing import Any

from desktop_app.domain.chat import SHORTEST_DECODE, Conversation, Message, MessageState, Role
from desktop_app.domain.errors import UserError
from desktop_app.services.conversation_desk import ChatEndpoint, Stores
from desktop_app.services.tasks import Tasks

IDLE_SECONDS = 4.0
"""So long nobody may have asked anything."""
FAST_TOKENS_PER_SECOND = 15.0
"""A model that is slower than this has better things to do."""
_REQUEST = {"temperature": 0.0, "max_tokens": 24, "chat_template_kwargs": {"enable_thinking": False}}
_CHARACTERS = 1_500
"""Of the question and of the answer, each."""
_ASK = "Give this conversation a title of two to six words in its own language. Answer with the title only.\n\n"
_SHORTEST, _LONGEST, _MOST_WORDS = 2, 60, 10
_MARKS = " \t\"'“”‘’«»„`*_#>-–—.:"
_BEFORE = re.compile(r"^(?:title|titel|titre|título)\s*[:：-]\s*", re.IGNORECASE)
_REFUSAL = re.compile(
    r"^(?:sorry|i'?m |i am |i can|i cannot|i would|i'd |as an? |sure|certainly|of course|okay|here|unfortunately|"
    r"the conversation|this conversation|untitled|new chat)\b",
    re.IGNORECASE,
)


def clean_title(reply: str) -> str:
    """A title from what a model said; empty when that is none."""
    line = next((line for line in reply.strip().splitlines() if line.strip()), "")
    line = "".join(sign if sign.isprintable() else " " for sign in line)
    line = _BEFORE.sub("", line.strip(_MARKS)).strip(_MARKS)
    line = " ".join(line.replace("**", "").replace("`", "").split())
    unfit = not _SHORTEST <= len(line) <= _LONGEST or len(line.split()) > _MOST_WORDS
    return "" if unfit or "<" in line or _REFUSAL.match(line.replace("’", "'")) else line


class Titles:
    """Asks for titles, one at a time, while nobody asks anything else.

    Args:
        stores: have the conversations.
        endpoint: the way to the engine that is ready now; None while there is none.
        enabled: whether the person wants this.
        allowed: whether the model that is ready is fit for it.
        changed: the list of conversations is to be read again.
        tasks: runs it.
        idle: seconds for which nobody may have asked anything.
    """

    def __init__(
        self,
        stores: Stores,
        endpoint: Callable[[], ChatEndpoint | None],
        enabled: Callable[[], bool],
        allowed: Callable[[], bool],
        changed: Callable[[], Coroutine[Any, Any, None]],
        tasks: Tasks,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._stores = stores
        self._endpoint = endpoint
        self._enabled = enabled
        self._allowed = allowed
        self._changed = changed
        self._tasks = tasks
        self._idle = idle
        self._wanted: dict[int, tuple[Message, Message]] = {}
        self._work: asyncio.Task[None] | None = None

    def asked(self) -> None:
        """Somebody asks something: whatever is done here ends at once, to be done later."""
        if self._work is not None:
            self._work.cancel()
            self._work = None

    def answered(self, conversation: Conversation, messages: Sequence[Message]) -> None:
        """An answer ended well, in a conversation with these messages."""
        if not conversation.titled and (turn := _first_turn(messages)) and self._enabled() and self._allowed():
            self._wanted[conversation.id] = turn
        self.asked()
        if self._wanted:
            self._work = self._tasks.start(self._improve(), name="improve titles")

    async def _improve(self) -> None:
        await asyncio.sleep(self._idle)
        while self._wanted:
            conversation = next(iter(self._wanted))
            endpoint = self._endpoint()
            if endpoint is None or not (self._enabled() and self._allowed()):
                return
            question, answer = self._wanted[conversation]
            if endpoint.model != answer.model:
                # A server elsewhere, perhaps: what was said to one model is not told to another one unasked.
                del self._wanted[conversation]
                continue
            # The title that is there is good enough where the model has no better one.
            with suppress(UserError):
                title = clean_title(await _ask(endpoint, question, answer))
                if title:
                    await self._stores.of(conversation).rename(conversation, title, by_person=False)
                    await self._changed()
            self._wanted.pop(conversation, None)


def _first_turn(messages: Sequence[Message]) -> tuple[Message, Message] | None:
    """Question and answer of a conversation that has no more, when the answer came fast enough."""
    if len(messages) != 2 or not all(message.text.strip() for message in messages):
        return None
    question, answer = messages
    timing = answer.timing
    at_once = timing.answer_tokens > 1 and timing.decode_seconds < SHORTEST_DECODE
    fast = at_once or timing.tokens_per_second >= FAST_TOKENS_PER_SECOND
    whole = answer.state in (MessageState.COMPLETE, MessageState.CUT)
    return (question, answer) if question.role is Role.USER and whole and fast else None


async def _ask(endpoint: ChatEndpoint, question: Message, answer: Message) -> str:
    text = f"{_ASK}Person: {question.text[:_CHARACTERS]}\n\nModel: {answer.text[:_CHARACTERS]}"
    words: list[str] = []
    async with aclosing(endpoint.stream_chat((Message(0, Role.USER, text),), _REQUEST)) as batches:
        async for batch in batches:
            words += [delta.text for delta in batch]
    return "".join(words)
