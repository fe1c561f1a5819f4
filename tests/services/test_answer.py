"""One answer: what becomes of its words, its figures and its end."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import pytest

from desktop_app.domain.chat import AnswerRecord, Delta, Message, MessageState, Role, Timing, TokenChance
from desktop_app.domain.errors import UserError
from desktop_app.services.answer import BROKEN_OFF, Answer
from desktop_app.services.answer_account import continuing
from desktop_app.services.tasks import Tasks

EMPTY = Message(2, Role.ASSISTANT, "", MessageState.STREAMING, "tiny", record=AnswerRecord(context_tokens=2048))
END = Delta(finish=MessageState.COMPLETE, reason="stop")
CHANCE = TokenChance("Yes", -0.5)


@dataclass
class World:
    """Where an answer is kept, and the clock that it sees."""

    saved: list[Message] = field(default_factory=list)
    chances: dict[int, list[TokenChance]] = field(default_factory=dict)
    failed: list[UserError | None] = field(default_factory=list)
    chances_fail: bool = False
    now: float = 100.0

    async def save(self, message: Message) -> None:
        self.saved.append(message)

    async def save_chances(self, message: int, chances: Sequence[TokenChance]) -> None:
        if self.chances_fail:
            raise UserError("The disk is full.")
        self.chances[message] = list(chances)

    async def answer(self, *batches: Delta | float | UserError, message: Message = EMPTY) -> Message:
        """What becomes of *message* when these deltas come, each read by itself; numbers are seconds that pass."""
        faults: list[BaseException] = []
        tasks = Tasks(lambda name, error: faults.append(error))
        answer = Answer(
            message, self, tasks, lambda: self.now, lambda grown: None, self.failed.append, self.save_chances
        )
        await answer.run(self._stream(batches))
        await tasks.shutdown()
        assert not faults
        assert self.saved[-1] == answer.message
        return answer.message

    async def _stream(self, batches: Sequence[Delta | float | UserError]) -> AsyncGenerator[list[Delta], None]:
        for one in batches:
            if isinstance(one, UserError):
                raise one
            if isinstance(one, Delta):
                yield [one]
            else:
                self.now += one


@pytest.fixture
def world() -> World:
    return World()


async def test_words_figures_and_record(world: World) -> None:
    report = Delta(prompt_tokens=9, answer_tokens=3, cached_tokens=8, queue_seconds=0.25, engine="vLLM 0.32.0")
    message = await world.answer(
        Delta(request='{"top_p": 0.5}', left_out=("top_k", "min_p")),
        *(0.5, Delta("Yes", None, 9, 1), 1.0, Delta(", it", None, 9, 2), 1.0, Delta(" is.", None, 9, 3)),
        Delta(finish=MessageState.COMPLETE, reason="stop", stop_reason="###"),
        report,
    )
    assert (message.text, message.state, message.error) == ("Yes, it is.", MessageState.COMPLETE, "")
    assert message.timing == Timing(0.5, 2.0, 9, 3)
    assert message.record == AnswerRecord(
        finish="stop",
        stop_reason="###",
        cached_tokens=8,
        queue_seconds=0.25,
        context_tokens=2048,
        engine="vLLM 0.32.0",
        request='{"top_p": 0.5}',
        left_out="top_k, min_p",
    )


async def test_thoughts_that_the_engine_tells_apart(world: World) -> None:
    message = await world.answer(
        *(0.5, Delta(reasoning="Hm,", answer_tokens=1), 1.0, Delta(reasoning=" well", answer_tokens=2)),
        *(1.0, Delta("Yes", answer_tokens=3), 1.0, Delta("<think>", answer_tokens=4), END),
    )
    assert (message.reasoning, message.text) == ("Hm, well", "Yes<think>")
    assert (message.record.reasoning_tokens, message.record.reasoning_seconds) == (2, 1.0)
    assert message.timing == Timing(0.5, 3.0, 0, 4)


async def test_the_engine_s_own_count_of_thoughts(world: World) -> None:
    message = await world.answer(Delta(reasoning="Hm", answer_tokens=1), Delta(reasoning_tokens=7), END)
    assert message.record.reasoning_tokens == 7


async def test_thoughts_between_tags(world: World) -> None:
    message = await world.answer(
        *(0.5, Delta("<thi", answer_tokens=1), 1.0, Delta("nk>Hm", answer_tokens=2), 1.0, Delta("</think>")),
        *(1.0, Delta("\n\n", answer_tokens=4), 1.0, Delta("Yes", answer_tokens=5), END),
    )
    assert (message.reasoning, message.text) == ("Hm", "Yes")
    assert (message.record.reasoning_tokens, message.record.reasoning_seconds) == (2, 1.0)


async def test_thoughts_that_only_end(world: World) -> None:
    message = await world.answer(
        *(0.5, Delta("Hm, ", answer_tokens=1), 1.0, Delta("well\n", answer_tokens=2)),
        *(1.0, Delta("</think>\n\n", answer_tokens=3), 1.0, Delta("Yes", answer_tokens=4), END),
    )
    assert (message.reasoning, message.text) == ("Hm, well", "Yes")
    assert (message.record.reasoning_tokens, message.record.reasoning_seconds) == (3, 2.0)


async def test_half_a_tag_at_the_end_is_not_lost(world: World) -> None:
    assert (await world.answer(Delta("a <thi"), END)).text == "a <thi"


async def test_an_answer_that_only_thought(world: World) -> None:
    message = await world.answer(Delta(reasoning="Hm"), Delta(finish=MessageState.CUT, reason="length"))
    assert (message.state, message.text, message.reasoning) == (MessageState.CUT, "", "Hm")
    broken = await world.answer(Delta(reasoning="Hm"), UserError("The model stopped answering."))
    assert (broken.state, broken.error) == (MessageState.INTERRUPTED, "The model stopped answering.")


async def test_how_it_failed(world: World) -> None:
    failed = await world.answer(UserError("No.", "Why not."))
    assert (failed.state, failed.error) == (MessageState.FAILED, "No. Why not.")
    silent = await world.answer(Delta("a"), Delta(finish=MessageState.INTERRUPTED, reason="abort"))
    assert (silent.state, silent.error, silent.record.finish) == (MessageState.INTERRUPTED, BROKEN_OFF, "abort")


async def test_an_answer_that_goes_on(world: World) -> None:
    before = AnswerRecord("length", reasoning_tokens=4, reasoning_seconds=1.5, request='{"max_tokens": 10}')
    cut = Message(
        *(2, Role.ASSISTANT, "Because", MessageState.CUT, "tiny", 5.0, Timing(0.5, 2.0, 9, 10)),
        parent=1,
        reasoning="Hm",
        record=before,
        logprobs=True,
    )
    begun = continuing(cut, AnswerRecord(engine="vLLM 0.32.0"), "other")
    assert (begun.id, begun.text, begun.reasoning, begun.model) == (0, "Because", "Hm", "other")
    message = await world.answer(*(3.0, Delta(" it", None, 19, 1), 1.0, Delta(" is", None, 19, 2), END), message=begun)
    assert (message.text, message.reasoning, message.state) == ("Because it is", "Hm", MessageState.COMPLETE)
    assert message.timing == Timing(0.5, 3.0, 19, 12)
    assert message.record == AnswerRecord(
        "stop", reasoning_tokens=4, reasoning_seconds=1.5, engine="vLLM 0.32.0", continued_tokens=10
    )
    assert not message.logprobs


async def test_what_a_parser_takes_for_thoughts_in_an_answer_that_goes_on(world: World) -> None:
    begun = continuing(Message(2, Role.ASSISTANT, "Because", MessageState.CUT), AnswerRecord(), "tiny")
    message = await world.answer(Delta(reasoning=" it"), Delta(" is <think>"), END, message=begun)
    assert (message.text, message.reasoning) == ("Because it is <think>", "")


async def test_an_answer_that_goes_on_from_figures_nobody_knows(world: World) -> None:
    begun = continuing(Message(2, Role.ASSISTANT, "Because", MessageState.CUT), AnswerRecord(), "tiny")
    message = await world.answer(0.5, Delta(" it", answer_tokens=1), 1.0, Delta("s", answer_tokens=2), message=begun)
    assert message.timing == Timing(0.5, 1.0, 0, 2)


async def test_nothing_more_came_of_an_answer_that_goes_on(world: World) -> None:
    cut = Message(2, Role.ASSISTANT, "Because", MessageState.CUT, timing=Timing(0.5, 2.0, 9, 10))
    message = await world.answer(UserError("No."), message=continuing(cut, AnswerRecord(), "tiny"))
    assert (message.text, message.timing, message.state) == ("Because", cut.timing, MessageState.INTERRUPTED)


async def test_probabilities_are_kept(world: World) -> None:
    message = await world.answer(Delta("Yes", chances=(CHANCE,)), Delta(".", chances=(CHANCE,)), END)
    assert message.logprobs
    assert world.chances == {2: [CHANCE, CHANCE]}


async def test_probabilities_that_cannot_be_kept(world: World) -> None:
    world.chances_fail = True
    message = await world.answer(Delta("Yes", chances=(CHANCE,)), END)
    assert (message.text, message.state, message.logprobs) == ("Yes", MessageState.COMPLETE, False)
    assert [error.title for error in world.failed if error] == ["The disk is full."]


async def test_stopping_keeps_what_came(world: World) -> None:
    came = asyncio.Event()

    async def stream() -> AsyncGenerator[list[Delta], None]:
        yield [Delta("Yes", None, 9, 1)]
        came.set()
        await asyncio.Event().wait()

    tasks = Tasks(lambda name, error: None)
    answer = Answer(EMPTY, world, tasks, lambda: world.now, lambda grown: None, world.failed.append)
    running = asyncio.ensure_future(answer.run(stream()))
    await came.wait()
    answer.stop()
    await running
    await tasks.shutdown()
    assert (answer.message.text, answer.message.state) == ("Yes", MessageState.STOPPED)
    assert answer.message.timing.answer_tokens == 1
