"""Conversations from question to last word, with the real database and the stand-in engine as a child process."""

import asyncio
import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from desktop_app.domain.chat import MessageState, Role
from desktop_app.domain.errors import Remedy
from desktop_app.services.answer import PUBLISH_SECONDS
from desktop_app.services.chat_view import ChatState
from desktop_app.store.conversations import INTERRUPTED_WORDS
from tests.conftest import reach
from tests.endpoint.running import eventually, running
from tests.services.chat_world import ChatWorld, generating, opened

SLOW = {"chunk": "word ", "tokens": 100_000, "tokens_per_second": 200}


def kept(world: ChatWorld) -> MessageState:
    return world.last.state


async def test_from_the_question_to_the_last_word(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, answer="Because it is.") as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why is it so?\nTell me.")
    question, answer = world.state.messages
    assert (question.role, question.text) == (Role.USER, "Why is it so?\nTell me.")
    assert (answer.text, answer.state, answer.model) == ("Because it is.", MessageState.COMPLETE, "tiny")
    assert answer.timing.first_token_seconds > 0
    assert (answer.timing.prompt_tokens, answer.timing.answer_tokens) == (10, 3)
    assert not world.state.answering
    await reach(lambda: [one.title for one in world.listed.conversations] == ["Why is it so?"], "it is listed")
    assert await world.stored_messages() == world.state.messages


async def test_the_question_is_stored_before_the_engine_hears_of_it(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, hang=True) as engine:
        world.engine = engine.endpoint
        world.begin("Why?")
        await eventually(lambda: generating(engine))
        assert world.state.answering
        assert [(one.text, one.state) for one in await world.stored_messages()] == [
            ("Why?", MessageState.COMPLETE),
            ("", MessageState.STREAMING),
        ]


async def test_nothing_is_stored_before_the_first_question(world: ChatWorld) -> None:
    world.chat.new()
    await world.chat.send("  \n ")
    assert await world.store.conversations() == ()


async def test_the_whole_conversation_is_told(world: ChatWorld, tmp_path: Path) -> None:
    asked = tmp_path / "asked.jsonl"
    async with running(tmp_path, answer="Yes.", record=str(asked)) as engine:
        world.engine = engine.endpoint
        await world.chat.send("One?")
        await world.chat.send("Two?")
    assert len(world.listed.conversations) == 1
    last = await asyncio.to_thread(_last_line, asked)
    assert last == [("user", "One?"), ("assistant", "Yes."), ("user", "Two?")]


def _last_line(file: Path) -> list[tuple[str, str]]:
    request = json.loads(file.read_text("utf-8").splitlines()[-1])
    return [(turn["role"], turn["content"]) for turn in request["messages"]]


async def test_stop_before_the_first_token(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, hang=True) as engine:
        world.engine = engine.endpoint
        sending = world.begin("Why?")
        await eventually(lambda: generating(engine))
        await world.chat.stop()
        await sending
        assert (world.last.text, world.last.state, world.last.error) == ("", MessageState.STOPPED, "")
        assert not world.state.answering
        await eventually(engine.idle)
    assert await world.stored_messages() == world.state.messages


async def test_stop_at_once_after_send(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        sending = world.begin("Why?")
        await eventually(lambda: world.state.answering)
        await world.chat.stop()
        await sending
        assert world.last.state is MessageState.STOPPED
        await eventually(engine.idle)


async def test_stop_in_mid_answer_keeps_what_came(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        sending = world.begin("Why?")
        await eventually(lambda: world.arrived() and world.last.text.startswith("word word "))
        await world.chat.stop()
        await sending
        assert kept(world) is MessageState.STOPPED
        assert world.last.timing.answer_tokens > 1
        await eventually(engine.idle)
        assert await world.stored_messages() == world.state.messages
        world.begin("Go on?")
        await eventually(lambda: len(world.state.messages) == 4 and world.arrived())
        await world.chat.stop()


async def test_an_engine_that_dies_in_mid_answer(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW | {"die_after_tokens": 20}) as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
    assert (world.last.text, world.last.state) == ("word " * 20, MessageState.INTERRUPTED)
    assert "stopped answering" in world.last.error
    assert await world.stored_messages() == world.state.messages


async def test_an_error_of_the_engine_stands_in_the_message_and_the_question_can_be_asked_again(
    world: ChatWorld, tmp_path: Path
) -> None:
    async with running(tmp_path, error={"status": 503, "message": "busy"}) as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
    assert (world.last.state, world.last.text) == (MessageState.FAILED, "")
    assert "busy" in world.last.error
    async with running(tmp_path, answer="So.") as engine:
        world.engine = engine.endpoint
        await world.chat.retry()
    assert [(one.text, one.state, one.error) for one in await world.stored_messages()] == [
        ("Why?", MessageState.COMPLETE, ""),
        ("So.", MessageState.COMPLETE, ""),
    ]


async def test_asking_while_no_model_runs_keeps_the_question(world: ChatWorld) -> None:
    await world.chat.send("Why?")
    assert [one.text for one in await world.stored_messages()] == ["Why?", ""]
    assert (world.last.state, world.last.error) == (
        MessageState.FAILED,
        "No model is running. Start one, then ask again.",
    )
    assert not world.state.answering
    await world.chat.retry()
    error = world.error()
    assert error is not None
    assert error.remedy is Remedy.START
    world.chat.dismiss_error()
    assert world.error() is None


async def test_a_cut_answer_says_so(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, chunk="x ", tokens=500, max_model_len=50) as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
    assert world.last.state is MessageState.CUT
    assert world.last.error == ""


async def test_two_conversations_stream_into_their_own(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, tokens=60, go_on_when=str(tmp_path / "both")) as engine:
        world.engine = engine.endpoint
        first_sent = world.begin("First?")
        await eventually(world.arrived)
        first = world.state.open_id
        world.chat.new()
        assert world.state.messages == ()
        assert not world.state.answering
        second_sent = world.begin("Second?")
        await eventually(world.arrived)
        second = world.state.open_id
        assert world.state.answering_ids == {first, second}
        assert first is not None
        await world.chat.open(first)
        assert kept(world) is MessageState.STREAMING
        assert world.last.text
        (tmp_path / "both").touch()
        await asyncio.gather(first_sent, second_sent)
    assert second is not None
    assert world.state.answering_ids == frozenset()
    assert "First?" in world.last.text
    assert "Second?" not in world.last.text
    await world.chat.open(second)
    assert world.last.state is MessageState.COMPLETE
    assert "First?" not in world.last.text
    assert [one.title for one in world.listed.conversations] == ["Second?", "First?"]


async def test_opening_while_an_answer_streams_never_shows_an_old_end(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, answer="Quick.") as engine:
        world.engine = engine.endpoint
        for number in range(10):
            world.chat.new()
            sending = world.begin(f"Question {number}?")
            await eventually(lambda: world.state.open_id is not None)
            open_id = world.state.open_id
            assert open_id is not None
            while not sending.done():
                await world.chat.open(open_id)
                await asyncio.sleep(0)
            await world.chat.open(open_id)
            assert (world.last.state, world.last.text) == (MessageState.COMPLETE, "Quick.")


async def test_deleting_ends_the_answer(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        sending = world.begin("Why?")
        await eventually(world.arrived)
        conversation = world.state.open_id
        assert conversation is not None
        await world.chats.delete([conversation])
        await sending
        await eventually(engine.idle)
        await world.chats.undo()
        assert world.last.state is MessageState.STOPPED


async def test_published_as_it_grows(world: ChatWorld, tmp_path: Path) -> None:
    lengths: dict[int, float] = {}
    loop = asyncio.get_running_loop()

    def see(state: ChatState) -> None:
        if state.messages and state.messages[-1].role is Role.ASSISTANT:
            lengths.setdefault(len(state.messages[-1].text), loop.time())

    world.chat.state.watch(see)
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        sending = world.begin("Why?")
        await eventually(lambda: len(lengths) > 10)
        await world.chat.stop()
        await sending
    assert max(lengths) == len(world.last.text)
    # As often as anybody can read, however many words came meanwhile.
    first, *_, last = (at for length, at in lengths.items() if length)
    assert len(lengths) <= 3 + (last - first) / PUBLISH_SECONDS


async def test_a_disk_without_room_keeps_the_words_in_sight_and_saves_them_later(
    world: ChatWorld, tmp_path: Path
) -> None:
    async with running(tmp_path, answer="So.") as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
        conversation = world.state.open_id
        await world.limit_pages(1)
        long = "y" * 50_000
        await world.chat.send(long)
        error = world.error()
        assert error is not None
        assert "no room left" in error.title
        assert [one.text for one in world.state.messages] == ["Why?", "So.", long, ""]
        assert "no room left" in world.last.error
        await world.limit_pages(100_000)
        await world.chat.send("Again?")
    assert world.error() is None
    assert world.state.open_id == conversation
    assert world.last.text == "So."
    assert [one.text for one in await world.stored_messages()] == ["Why?", "So.", long, "", "Again?", "So."]


async def test_an_answer_that_cannot_be_saved_is_shown_whole_and_told(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, chunk="x" * 5000, tokens=40, tokens_per_second=40) as engine:
        world.engine = engine.endpoint
        sending = world.begin("Why?")
        await eventually(world.arrived)
        await world.limit_pages(1)
        await sending
    assert len(world.last.text) == 200_000
    assert world.state.error is not None
    assert "no room left" in world.state.error.title
    assert world.tasks.names == ("save the answer later",)


async def test_closing_the_program_keeps_what_came(tmp_path: Path) -> None:
    world = await opened(tmp_path / "c.sqlite3")
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        world.begin("Why?")
        await eventually(world.arrived)
        await world.close()
    assert world.last.state is MessageState.INTERRUPTED
    again = await opened(tmp_path / "c.sqlite3")
    (conversation,) = again.listed.conversations
    await again.chat.open(conversation.id)
    assert again.state.messages == world.state.messages
    await again.close()


HICCUP_SECONDS = 0.1
"""Between two publications, which come 30 times a second, after which the machine counts as having had other work."""
WRITER = """
import asyncio, sys, time
from pathlib import Path
from desktop_app.endpoint.client import Endpoint
from tests.services.chat_world import opened

async def main() -> None:
    world = await opened(Path(sys.argv[1]))
    world.engine = Endpoint(Path(sys.argv[2]), "tiny")
    def tell(state) -> None:
        if state.messages:
            print(time.monotonic(), len(state.messages[-1].text), flush=True)
    world.chat.state.watch(tell)
    await world.chat.send("Why?")

asyncio.run(main())
"""


def due_length(seen: Sequence[tuple[float, int]]) -> int:
    """What had come a second before the last line; a machine that stands still does not save meanwhile either."""
    alive = 0.0
    for (at, length), (later, _) in reversed(list(pairwise(seen))):
        alive += min(later - at, HICCUP_SECONDS)
        if alive >= 1.0:
            return length
    return 0


@pytest.mark.parametrize("publications", [5, 40, 75])
async def test_killed_in_mid_answer_loses_at_most_the_last_second(tmp_path: Path, publications: int) -> None:
    async with running(tmp_path, **SLOW) as engine:
        arguments = ("-c", WRITER, tmp_path / "c.sqlite3", engine.socket)
        child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        assert child.stdout is not None
        lines = [await child.stdout.readline() for _ in range(publications)]
        child.kill()
        lines += (await child.stdout.read()).splitlines()
        await child.wait()
        await eventually(engine.idle)
    due = due_length([(float(line.split()[0]), int(line.split()[1])) for line in lines])
    again = await opened(tmp_path / "c.sqlite3")
    await again.chat.open(again.listed.conversations[0].id)
    assert [one.text for one in again.state.messages][:1] == ["Why?"]
    assert (again.last.state, again.last.error) == (MessageState.INTERRUPTED, INTERRUPTED_WORDS)
    assert len(again.last.text) >= due
    await again.close()
