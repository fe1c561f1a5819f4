"""Questions that wait while an answer is being written: they go on by themselves, or wait for the person."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from desktop_app.domain.chat import Attachment, AttachmentKind, MessageState
from desktop_app.services.chat_view import Queued
from tests.conftest import reach
from tests.endpoint.running import Running, eventually, running
from tests.services.chat_world import ChatWorld, opened

SLOW = {"chunk": "word ", "tokens": 100_000, "tokens_per_second": 200}


@asynccontextmanager
async def resting(folder: Path) -> AsyncIterator[tuple[Running, Callable[[], None]]]:
    """An engine whose answers rest after their first word, and what makes them go on."""
    file = folder / "go-on"
    async with running(folder, answer="Yes.", tokens=40, go_on_when=str(file)) as engine:
        yield engine, file.touch


def waiting(world: ChatWorld) -> tuple[Queued, ...]:
    return world.state.queued


async def test_what_is_sent_meanwhile_waits_and_is_asked_after_a_good_end(world: ChatWorld, tmp_path: Path) -> None:
    async with resting(tmp_path) as (engine, go_on):
        world.engine = engine.endpoint
        world.begin("One?")
        await eventually(world.arrived)
        await world.chat.send("Two?")
        await world.chat.send("Three?")
        assert waiting(world) == (Queued("Two?"), Queued("Three?"))
        assert len(world.state.messages) == 2
        go_on()
        await reach(lambda: len(world.state.messages) == 6 and not world.state.answering, "all are answered")
    assert world.texts[::2] == ["One?", "Two?", "Three?"]
    assert waiting(world) == ()
    assert [(one.text, one.deleted) for one in await world.stored_messages()].count(("Two?", False)) == 1
    assert (await world.reopened()).messages == world.state.messages


async def test_what_waits_is_on_the_disk(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        world.begin("One?")
        await eventually(world.arrived)
        await world.chat.send("Two?")
        await world.chat.send("Three?")
        await world.chat.send("Four?")
        world.chat.unqueue(2)
        await world.close()
    again = await opened(tmp_path / "c.sqlite3")
    await again.chat.open(again.listed.conversations[0].id)
    assert [text for text in again.texts if text.endswith("?")] == ["One?", "Two?", "Three?"]
    await again.close()


async def test_what_waited_for_an_answer_that_is_not_shown_any_more(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        world.begin("One?")
        await eventually(world.arrived)
        await world.chat.send("Two?")
        await world.chat.stop()
        await world.chat.edit(world.last.id, "I say so.")
        world.tasks.start(world.chat.send_queued(), name="send queued")
        await reach(lambda: len(world.state.messages) == 4 and world.arrived(), "the second is being answered")
        await world.chat.stop()
    assert world.texts[:3] == ["One?", "I say so.", "Two?"]
    assert (await world.reopened()).messages == world.state.messages
    await world.chat.choose_version(world.state.messages[1].id, -1)
    assert len(world.state.messages) == 2


async def test_the_queue_goes_on_where_nobody_looks(world: ChatWorld, tmp_path: Path) -> None:
    async with resting(tmp_path) as (engine, go_on):
        world.engine = engine.endpoint
        world.begin("One?")
        await eventually(world.arrived)
        first = world.state.open_id
        assert first is not None
        await world.chat.send("Two?")
        world.chat.new()
        assert waiting(world) == ()
        go_on()
        await reach(lambda: world.state.answering_ids == frozenset(), "both are answered")
        await world.chat.open(first)
        await reach(lambda: len(world.state.messages) == 4 and not world.state.answering, "the second is answered")
    assert world.texts[::2] == ["One?", "Two?"]


async def test_stop_holds_the_queue_until_somebody_sends_it(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        world.begin("One?")
        await eventually(world.arrived)
        await world.chat.send("Two?")
        await world.chat.send("Three?")
        await world.chat.stop()
        assert not world.state.answering
        assert waiting(world) == (Queued("Two?"), Queued("Three?"))
        assert world.chat.unqueue(1) == Queued("Three?")
        assert world.chat.unqueue(7) is None
        world.tasks.start(world.chat.send_queued(), name="send queued")
        await reach(lambda: len(world.state.messages) == 4 and world.arrived(), "the second is being answered")
        assert waiting(world) == ()
        await world.chat.stop()
    assert world.texts[2] == "Two?"


async def test_a_failure_holds_the_queue(world: ChatWorld, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    async with running(tmp_path, **SLOW | {"die_after_tokens": 60, "go_on_when": str(go_on)}) as engine:
        world.engine = engine.endpoint
        sending = world.begin("One?")
        await eventually(world.arrived)
        await world.chat.send("Two?")
        go_on.touch()
        await sending
    assert world.last.state is MessageState.INTERRUPTED
    assert waiting(world) == (Queued("Two?"),)
    world.chat.new()
    assert waiting(world) == ()


async def test_attachments_wait_with_their_question(world: ChatWorld, tmp_path: Path) -> None:
    file = Attachment(0, "a.txt", AttachmentKind.TEXT, "text/plain", text="alpha beta", size=10)
    async with resting(tmp_path) as (engine, go_on):
        world.engine = engine.endpoint
        world.begin("One?")
        await eventually(world.arrived)
        await world.chat.send("", [file])
        go_on()
        await reach(lambda: len(world.state.messages) == 4 and not world.state.answering, "it is answered")
    (kept,) = world.state.messages[2].attachments
    assert (kept.name, kept.text) == ("a.txt", "alpha beta")
    assert kept.id > 0


async def test_stop_twice_is_harmless(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        sending = world.begin("One?")
        await eventually(world.arrived)
        again = world.tasks.start(world.chat.stop(), name="stop")
        await world.chat.stop()
        await again
        await sending
        await world.chat.stop()
    assert world.last.state is MessageState.STOPPED
