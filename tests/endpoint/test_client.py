"""Chat over the socket, with the stand-in engine as a child process."""

import asyncio
import json
import subprocess
import sys
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import Delta, Message, MessageState, Role
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.endpoint.client import Endpoint
from tests.endpoint.raw_server import STREAM_HEAD, answering
from tests.endpoint.running import eventually, question, running, whole, words


async def test_an_answer_arrives_whole_with_its_counts(tmp_path: Path) -> None:
    async with running(tmp_path, answer="Because **it** is. ünï 👍") as engine:
        deltas = await whole(engine.endpoint, "Why?")
    assert words(deltas) == "Because **it** is. ünï 👍"
    assert [delta.finish for delta in deltas if delta.finish] == [MessageState.COMPLETE]
    assert (deltas[-1].prompt_tokens, deltas[-1].answer_tokens) == (5, 5)


def recorded(file: Path) -> dict[str, object]:
    request: dict[str, object] = json.loads(file.read_text("utf-8"))
    return request


async def test_what_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    async with running(tmp_path, record=str(file)) as engine:
        endpoint = Endpoint(engine.socket, "tiny", {"temperature": 0.0})
        turns = (*question("One?"), Message(2, Role.ASSISTANT, "Two."), Message(3, Role.USER, "Three?"))
        async with aclosing(endpoint.stream_chat(turns, {"max_tokens": 3})) as batches:
            deltas = [delta async for batch in batches for delta in batch]
        await endpoint.close()
    request = recorded(file)
    assert request["messages"] == [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "Two."},
        {"role": "user", "content": "Three?"},
    ]
    assert (request["temperature"], request["max_tokens"], request["model"]) == (0.0, 3, "tiny")
    assert MessageState.CUT in [delta.finish for delta in deltas]


async def test_nothing_of_the_surroundings_goes_over_the_wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "sk-canary")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-canary: canary")
    for name in ("HTTP_PROXY", "ALL_PROXY", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "http://canary.invalid:1")
    async with answering(tmp_path / "e.sock", STREAM_HEAD + b"data: [DONE]\n\n") as seen:
        endpoint = Endpoint(tmp_path / "e.sock", "tiny")
        await whole(endpoint)
        await endpoint.close()
    assert seen.request.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert b"canary" not in seen.request
    names = {line.partition(b":")[0] for line in seen.request.strip().split(b"\r\n")[1:]}
    assert names == {b"host", b"connection", b"content-length", b"accept", b"content-type"}


async def test_a_burst_lets_other_tasks_have_their_turn(tmp_path: Path) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    event = b'data: {"choices":[{"delta":{"content":"word "}}]}\n\n'
    async with answering(tmp_path / "e.sock", STREAM_HEAD, event * 20_000, b"data: [DONE]\n\n"):
        endpoint = Endpoint(tmp_path / "e.sock", "tiny")
        await endpoint.warm_up()
        task = asyncio.create_task(other())
        sizes = [len(batch) async for batch in endpoint.stream_chat(question())]
        task.cancel()
        await endpoint.close()
    # Before them stands what was sent, behind them that nobody said how it ended.
    assert sum(sizes) == 20_002
    assert turns >= len(sizes)
    assert max(sizes) <= 65_536 // len(event) + 2


@pytest.mark.parametrize("first_token_after", [3600, 0])
async def test_closing_the_iterator_ends_the_answer_in_the_engine(tmp_path: Path, first_token_after: float) -> None:
    async with running(
        tmp_path, chunk="x", tokens=100_000, tokens_per_second=50, first_token_after=first_token_after
    ) as e:
        batches = e.endpoint.stream_chat(question())
        first = asyncio.ensure_future(anext(batches))
        await eventually(lambda: _busy(e.endpoint))
        if not first_token_after:
            await first
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await batches.aclose()
        await eventually(e.idle)


async def _busy(endpoint: Endpoint) -> bool:
    return (await endpoint.metrics()).running == 1


async def test_cancelling_the_task_ends_the_answer_in_the_engine(tmp_path: Path) -> None:
    async with running(tmp_path, hang=True) as engine:
        task = asyncio.create_task(whole(engine.endpoint))
        await eventually(lambda: _busy(engine.endpoint))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await eventually(engine.idle)
        assert engine.process.returncode is None


async def test_an_engine_that_is_killed_in_mid_answer(tmp_path: Path) -> None:
    arrived: list[Delta] = []

    async def collect(endpoint: Endpoint) -> None:
        async for batch in endpoint.stream_chat(question()):
            arrived.extend(batch)

    async with running(tmp_path, chunk="x", tokens=50, tokens_per_second=500, die_after_tokens=20) as engine:
        with pytest.raises(UserError, match="stopped answering") as caught:
            await collect(engine.endpoint)
        assert caught.value.remedy is Remedy.START
        assert words(arrived) == "x" * 20
        with pytest.raises(UserError, match="stopped answering"):
            await whole(engine.endpoint)


@pytest.mark.parametrize(
    ("status", "message", "title", "remedy"),
    [
        (
            400,
            "As of transformers v4.44, default chat template is no longer allowed, so …",
            "cannot hold",
            Remedy.CHOOSE_MODEL,
        ),
        (400, "At most 1 image(s) may be provided in one prompt.", "at most one picture", Remedy.NONE),
        (400, "At most 0 image(s) may be provided in one prompt.", "does not understand", Remedy.CHOOSE_MODEL),
        (400, "temperature must be non-negative, got -1.0.", "did not accept", Remedy.NONE),
        (404, "The model `nope` does not exist.", "does not serve", Remedy.START),
        (500, "EngineCore encountered an issue.", "failed", Remedy.SHOW_LOG),
        (503, "The engine is currently busy and cannot accept new requests.", "busy", Remedy.RETRY),
    ],
)
async def test_errors_of_the_engine_in_words(
    tmp_path: Path, status: int, message: str, title: str, remedy: Remedy
) -> None:
    async with running(tmp_path, error={"status": status, "message": message}) as engine:
        with pytest.raises(UserError, match=title) as caught:
            await whole(engine.endpoint)
    assert caught.value.remedy is remedy
    assert message in caught.value.details


async def test_a_conversation_that_is_too_long_is_told_with_the_number(tmp_path: Path) -> None:
    async with running(tmp_path) as engine:
        with pytest.raises(UserError) as caught:
            await whole(engine.endpoint, "word " * 3000)
    assert caught.value.title == "This conversation is longer than the model can keep in mind (2,048 tokens)."


async def test_errors_that_are_not_in_the_usual_form(tmp_path: Path) -> None:
    for body in (b'{"error":"Unauthorized"}', b'{"detail":"Not Found"}', b"<html>", b"", b"null"):
        async with answering(tmp_path / "e.sock", b"HTTP/1.1 401 -\r\ncontent-type: application/json\r\n\r\n" + body):
            endpoint = Endpoint(tmp_path / "e.sock", "tiny")
            with pytest.raises(UserError, match="did not accept"):
                await whole(endpoint)
            await endpoint.close()


@pytest.mark.parametrize("end", [b"", b"data: [DONE]\n\n"])
async def test_an_end_without_a_finish_is_an_interruption(tmp_path: Path, end: bytes) -> None:
    event = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
    async with answering(tmp_path / "e.sock", STREAM_HEAD + event + end):
        endpoint = Endpoint(tmp_path / "e.sock", "tiny")
        assert await whole(endpoint) == [Delta(request="{}"), Delta("a"), Delta(finish=MessageState.INTERRUPTED)]
        await endpoint.close()


async def test_two_answers_at_the_same_time(tmp_path: Path) -> None:
    async with running(tmp_path, tokens=50) as engine:
        one, two = await asyncio.gather(whole(engine.endpoint, "One?"), whole(engine.endpoint, "Two?"))
    assert "One?" in words(one)
    assert "Two?" in words(two)
    assert "One?" not in words(two)


def test_importing_the_client_imports_no_openai() -> None:
    modules = "desktop_app.endpoint.client, desktop_app.endpoint.probe"
    code = f"import sys, {modules}; print(sys.modules.keys() & {{'openai', 'httpx2', 'pydantic'}})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


async def test_a_question_with_half_a_character(tmp_path: Path) -> None:
    async with running(tmp_path, answer="yes") as engine:
        turns = (replace(question()[0], text="a\ud83d"),)
        deltas = [delta async for batch in engine.endpoint.stream_chat(turns) for delta in batch]
    assert words(deltas) == "yes"
