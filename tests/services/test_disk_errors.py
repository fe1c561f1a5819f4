"""What becomes of questions and answers while the disk fails: they stay in sight, and are saved when it works again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desktop_app.domain.chat import MessageState
from tests.conftest import reach
from tests.disk import failing_disk
from tests.endpoint.running import running
from tests.services.chat_world import ChatWorld, opened

NOT_SAVED = "The disk reported an error, so the last change is not saved."


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ChatWorld]:
    world = await opened(tmp_path / "c.sqlite3")
    yield world
    await world.close()
    assert world.failures == []


async def test_a_question_that_the_disk_refuses_stays_in_sight_and_is_saved_with_the_next(
    world: ChatWorld, tmp_path: Path
) -> None:
    async with running(tmp_path, answer="So.") as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
        long = "y" * 2_000_000
        with failing_disk(1_000_000):
            await world.chat.send(long)
        error = world.error()
        assert error is not None
        assert error.title == NOT_SAVED
        assert "What was saved before was looked through and is safe." in error.reason
        assert [one.text for one in world.state.messages] == ["Why?", "So.", long, ""]
        assert NOT_SAVED in world.last.error
        assert [one.text for one in await world.stored_messages()] == ["Why?", "So."]
        await world.chat.send("Again?")
    assert world.error() is None
    assert [one.text for one in await world.stored_messages()] == ["Why?", "So.", long, "", "Again?", "So."]


async def test_an_answer_goes_on_while_the_disk_fails_and_is_saved_when_it_works(
    world: ChatWorld, tmp_path: Path
) -> None:
    async with running(tmp_path, chunk="word ", tokens=100_000, tokens_per_second=200) as engine:
        world.engine = engine.endpoint
        sending = world.begin("Why?")
        await reach(world.arrived, "the first words")
        with failing_disk():
            await reach(world.error, "a word about the disk")
            words = len(world.last.text)
            await reach(lambda: len(world.last.text) > words, "more of the answer")
            error = world.error()
            assert error is not None
            assert error.title == NOT_SAVED or "nothing is saved" in error.reason
            assert world.last.state is MessageState.STREAMING
        await reach(lambda: world.error() is None, "a save that works")
        await world.chat.stop()
        await sending
    assert [(one.text, one.state) for one in await world.stored_messages()] == [
        ("Why?", MessageState.COMPLETE),
        (world.last.text, MessageState.STOPPED),
    ]
