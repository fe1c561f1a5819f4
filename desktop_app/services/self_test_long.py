"""The check of the self-test with a prompt nearly as long as the context, and one beyond it.

`self_test_steps.py` is the only caller.
"""

import time

from desktop_app.domain.errors import UserError
from desktop_app.endpoint.ask import Reply
from desktop_app.services.self_test_engine import Engine, FailedError, UnavailableError, question

_READING_SECONDS = 30.0
"""What reading the long prompt should take at most, judged by a shorter one."""
_SAMPLE_WORDS = 400
_ELSEWHERE_WORDS = 1_000
"""A long prompt may cost money elsewhere."""
_ANSWER_ROOM = 16
"""Tokens of the context that a long prompt leaves for the answer."""


async def long_prompt(engine: Engine) -> str:
    """A prompt nearly as long as the context is answered, one beyond it is refused with the reason."""
    if engine.elsewhere:
        return await _elsewhere(engine)
    if not engine.context:
        raise UnavailableError("The engine does not tell how long its context is.")
    return await _LongPrompt(engine).run()


class _LongPrompt:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._room = engine.context - _ANSWER_ROOM
        self._per_word = 1.0
        self._as_text = not engine.chats

    async def run(self) -> str:
        await self._measure_words()
        sample = max(1, min(_SAMPLE_WORDS, int(self._room / self._per_word / 2)))
        began = time.monotonic()
        reply = await self._ask(sample)
        if not reply.prompt_tokens:
            raise FailedError("The engine did not count the tokens of the prompt.")
        speed = reply.prompt_tokens / max(0.01, time.monotonic() - began)
        goal = min(self._room, max(int(speed * _READING_SECONDS), reply.prompt_tokens))
        read, seconds = await self._ask_long(goal)
        await self._ask_too_long()
        said = f"It read {read:,} of {self._engine.context:,} tokens in {seconds:.1f} s and refused more than fits."
        if goal < self._room:
            minutes = max(1, round(self._room / speed / 60))
            said += f" Its whole context was not tried: that would take about {minutes} minutes."
        return said

    async def _measure_words(self) -> None:
        one, two = await self._count(100), await self._count(200)
        if two - one < 50 and not self._as_text:
            # Some templates, the Guide's for one, cut long questions.
            self._as_text = True
            one, two = await self._count(100), await self._count(200)
        self._per_word = max(0.5, (two - one) / 100)

    async def _ask_long(self, goal: int) -> tuple[int, float]:
        """Ask with a prompt of about *goal* tokens, never more; tokens and seconds."""
        words = int(goal / self._per_word)
        while (count := await self._count(words)) > goal and words > 1:
            words -= max(1, int((count - goal) / self._per_word))
        began = time.monotonic()
        reply = await self._ask(words)
        if reply.prompt_tokens < count * 0.9:
            raise FailedError(f"Of {count:,} tokens it read only {reply.prompt_tokens:,}.")
        return reply.prompt_tokens, time.monotonic() - began

    async def _ask_too_long(self) -> None:
        """Ask with more than fits; that must be refused with the reason."""
        try:
            await self._ask(int(self._engine.context / self._per_word * 1.1) + 50)
        except UserError as error:
            if "longer than the model can keep in mind" not in error.title:
                raise FailedError(f"More than fits was refused for another reason: {error.sentence()}") from error
            return
        raise FailedError("It took more than fits into its context, so a part was cut off in silence.")

    async def _ask(self, words: int) -> Reply:
        ask = self._engine.complete if self._as_text else self._engine.ask
        return await ask(_text(words), max_tokens=1)

    async def _count(self, words: int) -> int:
        text = _text(words)
        return await self._engine.endpoint.count_tokens(text if self._as_text else question(text))


async def _elsewhere(engine: Engine) -> str:
    if engine.context and engine.context < _ELSEWHERE_WORDS * 2:
        raise UnavailableError(f"Its context of {engine.context:,} tokens is short, and long prompts may cost money.")
    began = time.monotonic()
    reply = await engine.ask(_text(_ELSEWHERE_WORDS), max_tokens=1)
    seconds = time.monotonic() - began
    if reply.prompt_tokens and reply.prompt_tokens < _ELSEWHERE_WORDS / 2:
        raise FailedError(f"Of about {_ELSEWHERE_WORDS:,} tokens it read only {reply.prompt_tokens:,}.")
    read = f"{reply.prompt_tokens:,} tokens" if reply.prompt_tokens else f"{_ELSEWHERE_WORDS:,} words"
    return f"It read {read} in {seconds:.1f} s. More was not tried, since it may cost money."


def _text(count: int) -> str:
    """A text of so many words, all of them in every vocabulary."""
    return "the day is long and " * (count // 5) + "the " * (count % 5)
