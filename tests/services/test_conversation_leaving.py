"""What was typed and not asked yet is not lost by going elsewhere or closing the program."""

import asyncio
import gc
import threading
from pathlib import Path

from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.domain.sampling import ChatSettings
from desktop_app.services.conversation_talk import Talk
from tests.endpoint.running import Running, running
from tests.services.chat_world import ChatWorld, opened

TOO_LONG = "word " * 600


def small(world: ChatWorld, engine: Running) -> None:
    """An engine that keeps 512 tokens in mind."""
    engine.endpoint.context_tokens = 512
    world.engine = engine.endpoint


async def test_a_first_question_that_did_not_fit_is_in_the_list_when_another_chat_is_opened(
    world: ChatWorld, tmp_path: Path
) -> None:
    other, _ = await world.store.create("Other", (Message(0, Role.USER, "Hello"),))
    async with running(tmp_path, max_model_len=512) as engine:
        small(world, engine)
        await world.chat.send(TOO_LONG)
        await world.chat.open(other.id)
        first = next(one for one in await world.store.conversations() if one.id != other.id)
        await world.chat.open(first.id)
        assert world.texts == [TOO_LONG.rstrip(), ""]
        assert world.last.state is MessageState.FAILED
        assert "too long" in world.last.error
        await world.chat.regenerate(world.last.id)
        assert world.state.full is not None


async def test_a_temporary_question_that_did_not_fit_never_reaches_the_disk(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, max_model_len=512) as engine:
        small(world, engine)
        world.chat.new(temporary=True)
        await world.chat.send(TOO_LONG)
        world.chat.new()
        await world.chats.refresh()
    assert await world.store.conversations() == ()


async def test_a_question_that_waits_for_a_choice_is_kept_when_the_program_ends(tmp_path: Path) -> None:
    world = await opened(tmp_path / "store.sqlite3")
    async with running(tmp_path, max_model_len=512) as engine:
        small(world, engine)
        await world.chat.send("Why?")
        conversation = world.state.open_id
        await world.chat.send(TOO_LONG)
        await world.close()
    again = await opened(tmp_path / "store.sqlite3")
    assert conversation is not None
    await again.chat.open(conversation)
    assert again.texts[2] == TOO_LONG.rstrip()
    await again.close()


async def test_a_first_question_that_could_not_be_stored_is_shown_again(world: ChatWorld) -> None:
    other, _ = await world.store.create("Other", (Message(0, Role.USER, "Hello"),))
    await world.limit_pages(1)
    long = "y" * 50_000
    await world.chat.send(long)
    await world.chat.open(other.id)
    world.chat.new()
    assert world.texts[0] == long
    world.chat.new()
    assert world.texts == []


async def test_a_failed_question_is_asked_again_though_the_question_was_deleted(world: ChatWorld) -> None:
    await world.limit_pages(1)
    await world.chat.send("y" * 50_000)
    await world.chat.delete_message(world.state.messages[0].id)
    await world.limit_pages(100_000)
    await world.chat.retry()
    assert world.texts == ["y" * 50_000, ""]


async def test_undo_alone_keeps_only_some_chats_in_memory(world: ChatWorld) -> None:
    for number in range(40):
        made, messages = await world.store.create(str(number), (Message(0, Role.USER, "Hello"),))
        await world.chat.open(made.id)
        await world.chat.delete_message(messages[0].id)
    gc.collect()
    assert sum(isinstance(one, Talk) for one in gc.get_objects()) < 20
    await world.chat.open(made.id)
    await world.chat.undo()
    assert world.texts == ["Hello"]


async def test_a_chat_whose_folder_went_away_is_stored_outside(world: ChatWorld, tmp_path: Path) -> None:
    await world.chats.add_folder("Work")
    (folder,) = world.listed.folders
    world.chat.new(folder=folder.id)
    await world.chats.remove_folder(folder.id)
    async with running(tmp_path, answer="So.") as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
    assert world.failures == []
    assert world.last.state is MessageState.COMPLETE


async def test_what_is_chosen_while_the_first_question_is_stored_is_kept(world: ChatWorld) -> None:
    slow_disk = threading.Event()
    blocked = world.tasks.start(world.database.run(lambda _db: slow_disk.wait()), name="block")
    sending = world.begin("Why?")
    for _ in range(10):
        await asyncio.sleep(0)
    chosen = ChatSettings(system="Be short.")
    await world.chat.set_settings(chosen)
    slow_disk.set()
    await asyncio.gather(blocked, sending)
    assert (await world.stored()).settings == chosen
