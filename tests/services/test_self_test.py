"""The self-test against the stand-in engine: every way in which a check can pass, fail, or have nothing to test."""

import asyncio
from pathlib import Path

import pytest

from desktop_app.endpoint.client import Endpoint
from desktop_app.services import self_test_steps
from desktop_app.services.self_test import CANCELLED, UNREACHABLE, SelfTest, SelfTestState, verdict
from desktop_app.services.self_test_engine import Step, StepState
from tests.conftest import reach
from tests.endpoint.running import Running, elsewhere, eventually, question, running

SLOW = {"tokens_per_second": 400.0}
"""Slow enough for an answer to be stopped in its middle."""
_NAMES = ("Reachable", "Chat", "Text completion", "Streaming", "Stop in the middle", "Long prompt", "Structured output")


async def outcome(engine: Running, test: SelfTest | None = None) -> SelfTestState:
    test = test or SelfTest()
    await test.run(engine.endpoint)
    return test.state.value


async def of(folder: Path, **behaviour: object) -> SelfTestState:
    async with running(folder, **{**SLOW, **behaviour}) as engine:
        return await outcome(engine)


def step(state: SelfTestState, name: str) -> Step:
    return next(step for step in state.steps if step.name == name)


def states(state: SelfTestState) -> dict[str, StepState]:
    """Every step that did not pass."""
    return {step.name: step.state for step in state.steps if step.state is not StepState.PASSED}


async def test_everything_works_twice_and_the_engine_is_idle_afterwards(tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        test = SelfTest()
        for _ in range(2):
            state = await outcome(engine, test)
            assert [step.name for step in state.steps] == list(_NAMES)
            assert states(state) == {}
            assert state.passed
            assert not state.running
            assert state.verdict.startswith("Everything works: 7 checks in ")
            assert all(step.words for step in state.steps)
            assert await engine.idle()
    assert step(state, "Reachable").words == "vLLM 0.32.0 serves tiny, with a context of 2,048 tokens."
    assert "refused more than fits" in step(state, "Long prompt").words
    assert "of 1,792 tokens" in step(state, "Stop in the middle").words
    assert state.model == "tiny"


@pytest.mark.parametrize(
    ("behaviour", "name", "words"),
    [
        ({"silent": True}, "Chat", "The answer was empty."),
        ({"silent": True}, "Streaming", "The answer was empty."),
        ({"one_piece": True}, "Streaming", "The whole answer came in one piece."),
        ({"no_usage": True}, "Streaming", "The engine did not count its tokens."),
        ({"no_usage": True}, "Long prompt", "did not count the tokens of the prompt"),
        ({"swallows": True}, "Long prompt", "cut off in silence"),
        ({"structured": "ignores"}, "Structured output", "The answer is no JSON"),
        ({"structured": "breaks"}, "Structured output", "The answer is no JSON"),
        ({"missing": ["/metrics"]}, "Stop in the middle", ""),
        ({"missing": ["/v1/completions"]}, "Text completion", ""),
        ({"missing": ["/tokenize"]}, "Long prompt", ""),
        ({"error": {"status": 500, "message": "boom"}}, "Chat", "The engine failed while it answered."),
    ],
)
async def test_what_should_work_and_does_not_has_failed(
    tmp_path: Path, behaviour: dict[str, object], name: str, words: str
) -> None:
    state = await of(tmp_path, **behaviour)
    found = step(state, name)
    assert found.state is StepState.FAILED, state
    assert words in found.words
    assert not state.passed
    assert state.verdict.startswith("Does not work: ")
    assert name.lower() in state.verdict


async def test_an_answer_of_another_form_has_failed(tmp_path: Path) -> None:
    state = await of(tmp_path, structured="ignores", answer='{"sky": "pink", "sure": true}')
    assert step(state, "Structured output").words.startswith("The answer does not keep to the form")


async def test_an_engine_that_goes_on_when_nobody_listens_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_test_steps, "_STOP_SECONDS", 0.3)
    state = await of(tmp_path, deaf=True)
    assert "still working on the answer" in step(state, "Stop in the middle").words


async def test_a_base_model_has_no_chat_and_that_is_no_failure(tmp_path: Path) -> None:
    state = await of(tmp_path, base_model=True)
    assert states(state) == dict.fromkeys(("Chat", "Streaming", "Stop in the middle"), StepState.UNAVAILABLE)
    assert state.passed
    assert "Not available here: chat, streaming, stop in the middle." in state.verdict
    assert "chat template" in step(state, "Chat").words


async def test_without_structured_output_it_says_why(tmp_path: Path) -> None:
    state = await of(tmp_path, structured="refuses")
    assert states(state) == {"Structured output": StepState.UNAVAILABLE}
    assert "response_format is not supported" in step(state, "Structured output").words


async def test_an_answer_that_is_over_at_once_cannot_be_stopped(tmp_path: Path) -> None:
    state = await of(tmp_path, tokens_per_second=0.0, max_model_len=360)
    found = step(state, "Stop in the middle")
    assert found.state in (StepState.PASSED, StepState.UNAVAILABLE)
    assert state.passed


async def test_while_somebody_else_is_answered_a_stop_cannot_be_seen(tmp_path: Path) -> None:
    async with running(tmp_path, tokens=100_000, tokens_per_second=50.0, max_model_len=100_000) as engine:
        stream = engine.endpoint.stream_chat(question())
        await anext(stream)
        state = await outcome(engine)
        await stream.aclose()
    found = step(state, "Stop in the middle")
    assert found.state is StepState.UNAVAILABLE
    assert "somebody else" in found.words


async def test_a_model_that_only_thinks_has_answered(tmp_path: Path) -> None:
    state = await of(tmp_path, thinks=True)
    assert step(state, "Chat").state is StepState.PASSED


async def test_nothing_is_tried_when_the_engine_is_gone(tmp_path: Path) -> None:
    async with running(tmp_path) as engine:
        engine.process.kill()
        await engine.process.wait()
        state = await outcome(engine)
    assert state.steps[0].state is StepState.FAILED
    assert {step.words for step in state.steps[1:]} == {UNREACHABLE}
    assert {step.state for step in state.steps[1:]} == {StepState.SKIPPED}


async def test_an_engine_that_is_not_healthy_is_not_tested(tmp_path: Path) -> None:
    async with running(tmp_path, sick_after=1) as engine:
        state = await outcome(engine)
    assert state.steps[0].words == "It answers, but says that it is not healthy."
    assert states(state).keys() == set(_NAMES)


async def test_an_engine_with_another_model_is_not_tested(tmp_path: Path) -> None:
    async with running(tmp_path) as engine:
        test = SelfTest()
        endpoint = Endpoint(engine.address, "somebody-else")
        assert not await test.run(endpoint)
        await endpoint.close()
    assert test.state.value.steps[0].words == "It answers, but does not serve somebody-else."


async def test_it_dies_in_the_middle(tmp_path: Path) -> None:
    state = await of(tmp_path, die_after_tokens=5)
    assert states(state).keys() >= {"Chat", "Text completion", "Streaming"}
    assert set(states(state).values()) == {StepState.FAILED}


async def test_a_silent_engine_takes_no_more_than_the_time_that_there_is(tmp_path: Path) -> None:
    async with running(tmp_path, hang=True) as engine:
        state = await outcome(engine, SelfTest(total_seconds=2.0))
    assert "Not finished within" in step(state, "Chat").words
    assert step(state, "Structured output").words == "Not tried: the 2 seconds are over."
    assert "Not tried: text completion" in state.verdict


async def test_cancelled_in_the_middle_it_keeps_what_it_found_and_can_run_again(tmp_path: Path) -> None:
    async with running(tmp_path, tokens=2_000, tokens_per_second=20.0) as engine:
        test = SelfTest()
        task = asyncio.create_task(test.run(engine.endpoint))
        await reach(lambda: test.state.value.steps and test.state.value.steps[1].state is StepState.RUNNING, "the chat")
        assert not await test.run(engine.endpoint)  # one at a time
        test.cancel()
        assert not await task
        state = test.state.value
        assert state.steps[0].state is StepState.PASSED
        assert {step.words for step in state.steps[1:]} == {CANCELLED}
        assert not state.running
        await eventually(engine.idle)
        again = asyncio.create_task(test.run(engine.endpoint))
        await reach(lambda: test.state.value.running, "the second run")
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
        assert again.cancelled()
        assert not test.state.value.running
        await eventually(engine.idle)
    test.cancel()


async def test_a_server_elsewhere_is_spared_and_may_lack_what_only_vllm_has(tmp_path: Path) -> None:
    missing = ["/metrics", "/tokenize", "/version", "/health", "/ping", "/v1/completions"]
    async with elsewhere(tmp_path, tokens_per_second=400.0, missing=missing, no_usage=True) as there:
        state = await outcome(there)
    wanted = dict.fromkeys(("Text completion", "Stop in the middle"), StepState.UNAVAILABLE)
    assert states(state) == wanted
    assert step(state, "Reachable").words.startswith("The server serves tiny")
    assert "may cost money" in step(state, "Long prompt").words
    assert "does not count tokens" in step(state, "Streaming").words


async def test_a_fault_of_ours_is_not_swallowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> object:
        raise LookupError("a fault")

    monkeypatch.setattr(self_test_steps, "_check_stream", broken)
    async with running(tmp_path, **SLOW) as engine:
        test = SelfTest()
        with pytest.raises(LookupError):
            await test.run(engine.endpoint)
    assert not test.state.value.running
    assert "Something went wrong" in step(test.state.value, "Streaming").words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ((StepState.PASSED, StepState.PASSED), "Everything works: 2 checks in 2.0 s."),
        ((StepState.PASSED, StepState.FAILED), "Does not work: b. 1 of 2 checks passed in 2.0 s."),
        ((StepState.UNAVAILABLE, StepState.SKIPPED), "0 of 2 checks passed in 2.0 s. Not available here: a. Not tried"),
    ],
)
def test_the_verdict_is_a_sentence(found: tuple[StepState, StepState], words: str) -> None:
    assert verdict([Step(name, state, "", 1.0) for name, state in zip("ab", found, strict=True)]).startswith(words)
