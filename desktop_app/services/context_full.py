"""What happens when a conversation no longer fits into what the model can keep in mind: said, left out or summarised.

`conversation_asking.py` asks before anything is sent. Nothing is ever left out without the transcript showing it.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing

from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.history import seen
from desktop_app.domain.reasoning import split
from desktop_app.domain.sampling import Mode, WhenFull
from desktop_app.services.answer import BROKEN_OFF
from desktop_app.services.chat_view import ContextFull
from desktop_app.services.context import Counter, as_asked, most, room_for_answer
from desktop_app.services.conversation_desk import ChatEndpoint, Desk
from desktop_app.services.conversation_talk import Asked, Talk

ROOMY = 0.75
"""When something is left out, so much of the context may stay in use: the next questions shall fit, too."""
SUMMARY_ROOMY = 0.5
_SUMMARY_TOKENS = 512
_SUMMARY_SHARE = 6
"""A summary takes a sixth of the context at most."""
_BYTES = 3
"""Of a token, when a text is cut into pieces that shall fit: an ideograph has three bytes and is about a token."""
_LEAST_BYTES = 64
"""Of a piece that is worth asking for."""
_ASK_FOR_SUMMARY = (
    "Summarise the conversation below in the language it is held in. Keep names, numbers, decisions, wishes and open "
    "questions. Write notes of at most 200 words, without an introduction.\n\n"
)


class Fitting:
    """Holds conversations against the context of the model.

    Args:
        desk: keeps the talks.
        counter: counts tokens.
    """

    def __init__(self, desk: Desk, counter: Counter) -> None:
        self._desk = desk
        self._counter = counter

    async def fits(self, talk: Talk, asked: Asked, endpoint: ChatEndpoint) -> bool:
        """Whether *asked* can be sent as it is, or with what is left out by itself; otherwise `talk.full` says why."""
        full = await self._full(talk, asked, endpoint)
        if full is not None and full.droppable and talk.settings.when_full is WhenFull.DROP_OLDEST:
            await self.leave_out(talk, asked, endpoint)
            return True
        talk.full, talk.pending = full, asked if full else None
        return full is None

    async def leave_out(self, talk: Talk, asked: Asked, endpoint: ChatEndpoint) -> None:
        """Leave out the oldest messages, so that *asked* and some more fits."""
        turns = self._turns(talk, asked)
        start = await self._cut(talk, turns, endpoint, ROOMY) or await self._cut(talk, turns, endpoint, 1.0)
        talk.seen_from, talk.seen_unsaved = turns[start].id, True

    async def summarise(self, talk: Talk, asked: Asked, endpoint: ChatEndpoint) -> UserError | None:
        """Have the model summarise the oldest messages and leave them out; what went wrong, or None."""
        turns = self._turns(talk, asked)
        start = await self._cut(talk, turns, endpoint, SUMMARY_ROOMY) or await self._cut(talk, turns, endpoint, 1.0)
        talk.waiting = f"Summarising {_messages(start)}"
        self._desk.publish()
        try:
            summary = await self._summary(talk, turns[:start], endpoint)
        except UserError as error:
            return UserError("The oldest messages could not be summarised.", error.sentence(), details=error.details)
        finally:
            talk.waiting = ""
        if not summary:
            return UserError("The oldest messages could not be summarised.", "The model said nothing.")
        talk.seen_from, talk.summary, talk.seen_unsaved = turns[start].id, summary, True
        return None

    async def _full(self, talk: Talk, asked: Asked, endpoint: ChatEndpoint) -> ContextFull | None:
        limit = endpoint.context_tokens
        if not limit:
            return None
        turns = self._turns(talk, asked)
        room = room_for_answer(talk.settings, limit)
        prompt = as_asked(turns, talk.settings, talk.seen_from, talk.summary)
        # Most conversations are so short that nobody has to count.
        if most(prompt) + room <= limit:
            return None
        count = await self._counter.count(prompt, endpoint)
        needed = count.tokens + room
        if needed <= limit:
            return None
        droppable = await self._cut(talk, turns, endpoint, 1.0)
        question = asked.question
        return ContextFull(
            needed,
            limit,
            droppable,
            _words(f"about {needed:,}" if count.estimated else f"{needed:,}", limit, droppable),
            question.text if question else "",
            question.attachments if question else (),
        )

    async def _cut(self, talk: Talk, turns: Sequence[Message], endpoint: ChatEndpoint, share: float) -> int:
        """How many of the oldest *turns* are to be left out for the rest to fit; 0 when that does not help."""
        limit = endpoint.context_tokens
        aim = int((limit - room_for_answer(talk.settings, limit)) * share)
        starts = [index for index, turn in enumerate(turns) if index and turn.role is Role.USER]
        low, high = 0, len(starts)
        while low < high:
            middle = (low + high) // 2
            prompt = as_asked(turns[starts[middle] :], talk.settings, turns[starts[middle]].id, talk.summary)
            if (await self._counter.count(prompt, endpoint)).tokens <= aim:
                high = middle
            else:
                low = middle + 1
        return starts[low] if low < len(starts) else 0

    @staticmethod
    def _turns(talk: Talk, asked: Asked) -> tuple[Message, ...]:
        """What the model would see."""
        added = [one for one in (asked.question, asked.begun) if one]
        return tuple(seen((*talk.leading_to(asked.parent), *added), talk.seen_from))

    async def _summary(self, talk: Talk, turns: Sequence[Message], endpoint: ChatEndpoint) -> str:
        """A summary of *turns* and of what was summarised before; raises UserError."""
        if talk.settings.mode is Mode.COMPLETION:
            raise UserError("This chat continues a text.", "Only a model that answers questions can summarise.")
        longest = min(_SUMMARY_TOKENS, endpoint.context_tokens // _SUMMARY_SHARE)
        piece = (endpoint.context_tokens - longest - _frame_tokens()) * _BYTES
        request = {"temperature": 0.0, "max_tokens": longest, "chat_template_kwargs": {"enable_thinking": False}}
        text = f"Summary of what came before: {talk.summary}\n\n" if talk.summary else ""
        text += "\n\n".join(_spoken(turn) for turn in turns)
        summary = ""
        while text:
            room = piece - len(summary.encode("utf-8", "replace"))
            if room < _LEAST_BYTES:
                raise UserError("The model can keep too little in mind for that.")
            part = text[:room].encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
            text = text[len(part) :]
            summary = await _reply(endpoint, f"{_ASK_FOR_SUMMARY}{summary}{part}", request)
            if text:
                summary = f"Summary of what came before: {summary}\n\n"
        return summary


async def _reply(endpoint: ChatEndpoint, text: str, request: Mapping[str, object]) -> str:
    """What the model says to *text*, without its thoughts; raises UserError when it does not come to an end."""
    words: list[str] = []
    finish = None
    async with aclosing(endpoint.stream_chat((Message(0, Role.USER, text),), request)) as batches:
        async for batch in batches:
            words += [delta.text for delta in batch]
            finish = next((delta.finish for delta in batch if delta.finish), finish)
    if finish not in (MessageState.COMPLETE, MessageState.CUT):
        raise UserError(BROKEN_OFF)
    return split("".join(words))[1].strip()


def _frame_tokens() -> int:
    """Tokens of the request for a summary itself, generously."""
    return len(_ASK_FOR_SUMMARY) // _BYTES + 64


def _spoken(turn: Message) -> str:
    files = "".join(f"[{one.name}]\n{one.text}\n" for one in turn.attachments)
    return f"{'Person' if turn.role is Role.USER else 'Model'}: {files}{turn.text}"


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"


def _words(needed: str, limit: int, droppable: int) -> str:
    numbers = f"with room for an answer it needs {needed} tokens, and the model can keep {limit:,} in mind"
    if droppable:
        oldest = "the oldest message" if droppable == 1 else f"the {droppable:,} oldest messages"
        return f"This chat has become too long for the model: {numbers}. Without {oldest} it fits."
    return f"This is too long for the model by itself: {numbers}. Ask with fewer words, or give the model more room."
