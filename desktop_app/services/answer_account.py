"""The figures of one answer: what it took, how it ended, how it came about. `answer.py` feeds it.

Thoughts count as a part of the answer: the first word is the first token of either, and the speed is that of both. An
answer that was continued adds both parts up: its tokens and the seconds in which they came, without the wait between;
the first word is that of the first part. What the record says of the request is said of the last part.
"""

from collections.abc import Sequence
from dataclasses import replace

from desktop_app.domain.chat import AnswerRecord, Delta, Message, MessageState, Timing

_REPORT = Delta._fields.index("cached_tokens")
_NO_REPORT = Delta()[_REPORT:]
"""What the fields behind the words and their counts are in nearly every delta."""


def continuing(cut: Message, record: AnswerRecord, model: str) -> Message:
    """The beginning of a version that goes on where the answer *cut* ends; it has neither id nor parent yet.

    Args:
        cut: the answer that is continued; it stays as it is.
        record: what is known beforehand of the new part.
        model: the name of the model that goes on.
    """
    before = cut.record
    return replace(
        cut,
        id=0,
        state=MessageState.STREAMING,
        model=model,
        created=0.0,
        error="",
        logprobs=False,
        record=replace(
            record,
            reasoning_tokens=before.reasoning_tokens,
            reasoning_seconds=before.reasoning_seconds,
            continued_tokens=cut.timing.answer_tokens,
        ),
    )


class Account:
    """Counts and times one answer.

    Args:
        message: the answer before its first word; of one that is continued, with text and figures so far.
    """

    def __init__(self, message: Message) -> None:
        self._before = message
        self._asked = 0.0
        self._first: float | None = None
        self._last = 0.0
        self._thought: tuple[float, float] | None = None
        """When the first thought came and when the last."""
        self._prompt_tokens = 0
        self._answer_tokens = 0
        self._thought_tokens = 0
        self._ended = Delta()
        """The delta that said how it ended."""
        self._told = AnswerRecord()
        """What the engine told."""

    @property
    def finish(self) -> MessageState | None:
        """How the engine says that it ended; None while it has not."""
        return self._ended.finish

    def asked(self, now: float) -> None:
        """The question was sent. Seconds, as everywhere here, of the same clock."""
        self._asked = now

    def take(self, batch: Sequence[Delta], now: float, *, thought: bool = False) -> None:
        """Count what was read at once; *thought* says whether its words were."""
        before = self._answer_tokens
        for delta in batch:
            self._answer_tokens = delta.answer_tokens or self._answer_tokens
            if delta[_REPORT:] != _NO_REPORT or delta.finish:
                self._take_report(delta)
        self._prompt_tokens = max([delta.prompt_tokens for delta in batch], default=0) or self._prompt_tokens
        if self._answer_tokens > before or any(delta.text or delta.reasoning for delta in batch):
            self._first = now if self._first is None else self._first
            self._last = now
        if thought:
            # What came before was thought, too: nothing is said before it is thought.
            self._thought = (self._first or now, now)
            self._thought_tokens = self._answer_tokens

    def timing(self) -> Timing:
        """What it took, all parts together."""
        before = self._before.timing
        if self._first is None:
            return replace(before, prompt_tokens=self._prompt_tokens or before.prompt_tokens)
        return Timing(
            before.first_token_seconds if before.answer_tokens else self._first - self._asked,
            before.decode_seconds + self._last - self._first,
            self._prompt_tokens,
            before.answer_tokens + self._answer_tokens,
        )

    def record(self) -> AnswerRecord:
        """How it came about."""
        before, told = self._before.record, self._told
        seconds = self._thought[1] - self._thought[0] if self._thought else 0.0
        return replace(
            before,
            finish=self._ended.reason,
            stop_reason=self._ended.stop_reason,
            cached_tokens=told.cached_tokens,
            queue_seconds=told.queue_seconds,
            reasoning_tokens=before.reasoning_tokens + (told.reasoning_tokens or self._thought_tokens),
            reasoning_seconds=before.reasoning_seconds + seconds,
            engine=told.engine or before.engine,
            request=told.request or before.request,
            left_out=told.left_out,
        )

    def _take_report(self, delta: Delta) -> None:
        self._ended = delta if delta.finish else self._ended
        told = self._told
        self._told = replace(
            told,
            cached_tokens=told.cached_tokens if delta.cached_tokens is None else delta.cached_tokens,
            queue_seconds=told.queue_seconds if delta.queue_seconds is None else delta.queue_seconds,
            reasoning_tokens=delta.reasoning_tokens or told.reasoning_tokens,
            engine=delta.engine or told.engine,
            request=delta.request or told.request,
            left_out=", ".join(delta.left_out) or told.left_out,
        )
