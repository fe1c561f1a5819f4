"""Versions of messages: nothing is ever overwritten, everything comes back after the program is started again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from desktop_app.domain.chat import MessageState, Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings, Mode, Sampling, Structure, StructureKind
from desktop_app.domain.tree import Place
from desktop_app.services.conversation_stream import NO_TEMPLATE
from tests.conftest import reach
from tests.endpoint.running import Running, eventually, running
from tests.services.chat_world import ChatWorld, opened

SLOW = {"chunk": "word ", "tokens": 100_000, "tokens_per_second": 200}
OTHER = ModelRef("Qwen3-8B", Path("/models/qwen"))


@asynccontextmanager
async def asked_once(world: ChatWorld, folder: Path, **behaviour: object) -> AsyncIterator[Running]:
    """An engine that has answered one question."""
    asked = {"answer": "Because.", "record": str(folder / "asked.jsonl")}
    async with running(folder, **asked | behaviour) as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
        yield engine


async def last_request(folder: Path) -> dict[str, Any]:
    text = await asyncio.to_thread((folder / "asked.jsonl").read_text, "utf-8")
    request: dict[str, Any] = json.loads(text.splitlines()[-1])
    return request


async def test_regenerate_adds_a_version_of_the_answer(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path):
        first = world.last
        await world.chat.regenerate(first.id)
        second = world.last
        assert world.state.places == {second.id: Place(2, 2)}
        await world.chat.regenerate(world.state.messages[0].id)
    assert world.state.places == {world.last.id: Place(3, 3)}
    assert len(world.state.messages) == 2
    await world.chat.choose_version(world.last.id, -1)
    assert world.last.id == second.id
    await world.chat.choose_version(second.id, -1)
    await world.chat.choose_version(first.id, -1)
    assert world.last == first
    before = world.state
    assert (await world.reopened()).messages == before.messages
    assert world.state.places == {first.id: Place(1, 3)}


async def test_a_message_that_is_not_shown_is_found_with_everything_that_leads_to_it(
    world: ChatWorld, tmp_path: Path
) -> None:
    async with asked_once(world, tmp_path):
        first = world.last
        await world.chat.send("And why is that?")
        below = world.last
        await world.chat.regenerate(first.id)
        assert below not in world.state.messages
        conversation = world.state.open_id
        assert conversation is not None
        world.chat.new()
        await world.chat.open_at(conversation, below.id)
    assert world.last == below
    assert (await world.reopened()).messages[-1] == below


async def test_regenerating_while_an_answer_streams_ends_that_one_first(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        world.begin("Why?")
        await eventually(world.arrived)
        first = world.last.id
        world.tasks.start(world.chat.regenerate(first), name="again")
        await reach(lambda: world.last.id != first and world.arrived(), "another answer comes")
        await world.chat.stop()
        await world.chat.choose_version(world.last.id, -1)
    assert (world.last.id, world.last.state) == (first, MessageState.STOPPED)


async def test_an_edited_question_is_answered_and_the_old_one_stays(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path):
        await world.chat.send("And then?")
        first = world.state.messages[0]
        before = world.texts
        await world.chat.edit(first.id, "How?")
        assert world.texts == ["How?", "Because."]
        assert [turn["content"] for turn in (await last_request(tmp_path))["messages"]] == ["How?"]
        await world.chat.edit(world.state.messages[0].id, "How?")  # the same words: nothing happens
        await world.chat.edit(world.state.messages[0].id, " ")
    assert world.state.places[world.state.messages[0].id] == Place(2, 2)
    await world.chat.choose_version(world.state.messages[0].id, -1)
    assert world.texts == before


async def test_an_edited_answer_says_so_and_nobody_is_asked(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path) as engine:
        await engine.endpoint.close()
        await world.chat.edit(world.last.id, "Because I say so.")
    assert world.texts == ["Why?", "Because I say so."]
    assert (world.last.role, world.last.state, world.last.record.finish) == (
        Role.ASSISTANT,
        MessageState.COMPLETE,
        "edited",
    )
    assert (await world.reopened()).places == {world.last.id: Place(2, 2)}


async def test_a_cut_answer_goes_on_in_another_version(world: ChatWorld, tmp_path: Path) -> None:
    await world.chat.set_settings(ChatSettings(sampling=Sampling(max_tokens=20)))
    async with asked_once(world, tmp_path, chunk="x ", tokens=500):
        cut = world.last
        assert cut.state is MessageState.CUT
        await world.chat.continue_answer(cut.id)
        request = await last_request(tmp_path)
    assert request["continue_final_message"] is True
    assert request["messages"][-1]["content"].strip() == cut.text.strip()
    assert world.last.id != cut.id
    assert world.last.text.startswith(cut.text)
    assert len(world.last.text) > len(cut.text)
    assert world.state.places[world.last.id] == Place(2, 2)
    await world.chat.choose_version(world.last.id, -1)
    assert world.last == cut


async def test_a_branch_is_a_chat_of_its_own(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path):
        await world.chat.send("And then?")
        source, middle = world.state.open_id, world.state.messages[1]
        branch = await world.chat.branch(middle.id)
        assert (world.state.open_id, world.texts) == (branch, ["Why?", "Because."])
        assert world.state.conversation is not None
        assert world.state.conversation.title == "Why? (branch)"
        await world.chat.send("Something else?")
        assert source is not None
        await world.chat.open(source)
    assert world.texts == ["Why?", "Because.", "And then?", "Because."]
    assert [one.title for one in world.listed.conversations] == ["Why? (branch)", "Why?"]


async def test_a_branch_of_an_answer_that_streams_has_what_has_come(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        world.begin("Why?")
        await eventually(world.arrived)
        source = world.state.open_id
        await world.chat.branch(world.last.id)
        assert world.last.state is MessageState.INTERRUPTED
        assert world.last.text.startswith("word ")
        assert not world.state.answering
        assert world.state.answering_ids == {source}


async def test_deleted_messages_come_back(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path):
        await world.chat.send("And then?")
        whole = world.state.messages
        await world.chat.delete_message(whole[1].id)
        assert world.texts == ["Why?", "And then?", "Because."]
        assert world.state.undo == "Deleted a message."
        await world.chat.delete_message(whole[2].id, with_following=True)
        assert world.texts == ["Why?"]
        assert world.state.undo == "Deleted 2 messages."
        assert (await world.reopened()).messages == whole[:1]
        await world.chat.send("Something else?")
        assert world.texts == ["Why?", "Something else?", "Because."]
        await world.chat.undo()
        await world.chat.undo()
        await world.chat.undo()
        assert world.state.undo == ""
        await world.chat.choose_version(world.state.messages[0].id, 1)
    assert {message.text for message in await world.stored_messages() if not message.deleted} >= {
        "Why?",
        "And then?",
        "Something else?",
    }


async def test_deleting_what_streams_ends_it(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        world.engine = engine.endpoint
        world.begin("Why?")
        await eventually(world.arrived)
        await world.chat.delete_message(world.last.id)
        assert world.texts == ["Why?"]
        assert not world.state.answering
        await eventually(engine.idle)
        await world.chat.undo()
    assert world.last.state is MessageState.STOPPED


async def test_another_model_is_started_and_gives_a_version(world: ChatWorld, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    async with asked_once(world, tmp_path), running(other, answer="No.") as engine:
        first = world.last
        trying = world.tasks.start(world.chat.try_with(first.id, OTHER), name="try")
        await reach(lambda: world.state.waiting, "a model is waited for")
        assert world.state.waiting == "Starting Qwen3-8B"
        assert (world.last.model, world.last.state) == ("Qwen3-8B", MessageState.STREAMING)
        await world.chat.stop()
        await trying
        assert (world.state.waiting, world.last.state) == ("", MessageState.STOPPED)
        world.others[OTHER.name] = engine.endpoint
        await world.chat.try_with(first.id, OTHER)
    assert (world.last.text, world.last.model) == ("No.", "Qwen3-8B")
    assert world.state.places[world.last.id] == Place(3, 3)
    assert world.state.messages == (await world.reopened()).messages


async def test_a_model_that_does_not_start_says_why(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path):
        world.others[OTHER.name] = UserError("Not enough memory.", "It needs 16 GB.")
        await world.chat.try_with(world.last.id, OTHER)
        assert (world.last.state, world.last.error) == (MessageState.FAILED, "Not enough memory. It needs 16 GB.")
        world.others[OTHER.name] = None
        await world.chat.try_with(world.last.id, OTHER)
    assert world.last.error == "Qwen3-8B did not start."
    assert (await world.stored_messages())[-1] == world.last


async def test_closing_while_a_model_is_waited_for(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path):
        world.tasks.start(world.chat.try_with(world.last.id, OTHER), name="try")
        await reach(lambda: world.state.waiting, "a model is waited for")
        await world.chat.shutdown()
    assert world.last.state is MessageState.INTERRUPTED


async def test_no_version_is_made_while_no_model_runs(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path):
        pass
    world.engine = None
    await world.chat.regenerate(world.last.id)
    assert world.state.places == {}
    assert world.error() is not None


async def test_a_base_model_is_offered_to_continue_the_text(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path, base_model=True):
        assert world.last.state is MessageState.FAILED
        assert world.state.suggestion == NO_TEMPLATE
        await world.chat.continue_as_text()
        assert (world.last.text, world.last.state) == ("Because.", MessageState.COMPLETE)
        assert world.state.suggestion == ""
        request = await last_request(tmp_path)
        assert request["prompt"] == "Why?"
        await world.chat.send(" And then\n")
        assert (await last_request(tmp_path))["prompt"] == "Why?Because. And then\n"
    assert (await world.reopened()).settings.mode is Mode.COMPLETION


async def test_settings_are_sent_and_kept(world: ChatWorld, tmp_path: Path) -> None:
    settings = ChatSettings(system="Be short.")
    await world.chat.set_settings(settings)
    async with asked_once(world, tmp_path):
        request = await last_request(tmp_path)
        assert request["messages"][0] == {"role": "system", "content": "Be short."}
        broken = ChatSettings(structure=Structure(StructureKind.JSON, "{"))
        await world.chat.set_settings(broken)
        await world.chat.send("And?")
    assert "The schema is no JSON" in world.last.error
    assert (await world.reopened()).settings == broken
    world.chat.new()
    assert world.state.settings == ChatSettings()


async def test_a_temporary_chat_never_reaches_the_disk(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, answer="A secret.") as engine:
        world.engine = engine.endpoint
        world.chat.new(temporary=True)
        await world.chat.send("Whisper?")
        await world.chat.regenerate(world.last.id)
        await reach(lambda: world.listed.conversations, "it is listed")
    (listed,) = world.listed.conversations
    assert listed.temporary
    assert world.state.temporary
    assert listed.id >= 2**30
    assert (await world.reopened()).places == {world.last.id: Place(2, 2)}
    assert world.state.temporary
    await world.close()
    written = await asyncio.to_thread(lambda: b"".join(file.read_bytes() for file in tmp_path.glob("c.sqlite3*")))
    assert b"CREATE TABLE" in written
    assert b"Whisper" not in written
    assert b"secret" not in written
    again = await opened(tmp_path / "c.sqlite3")
    assert again.listed.conversations == ()
    await again.close()


async def test_a_question_that_could_not_be_stored_is_asked_again(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path):
        await world.limit_pages(1)
        long = "y" * 50_000
        await world.chat.send(long)
        assert world.last.state is MessageState.FAILED
        await world.chat.regenerate(world.last.id)
        assert world.texts == ["Why?", "Because.", long, ""]
        await world.limit_pages(100_000)
        await world.chat.regenerate(world.last.id)
    assert world.texts == ["Why?", "Because.", long, "Because."]
    assert await world.stored_messages() == world.state.messages


async def test_an_answer_whose_question_was_deleted_is_not_asked_for_again(world: ChatWorld, tmp_path: Path) -> None:
    async with asked_once(world, tmp_path):
        question, answer = world.state.messages
        await world.chat.delete_message(question.id)
        await world.chat.regenerate(answer.id)
        await world.chat.try_with(answer.id, OTHER)
        assert world.state.messages == (answer,)
        assert world.state.error is not None
        assert "deleted" in world.state.error.title
        await world.chat.undo()
        await world.chat.regenerate(answer.id)
        assert world.state.places == {world.last.id: Place(2, 2)}


async def test_settings_belong_to_the_chat_that_was_open_when_they_were_chosen(world: ChatWorld) -> None:
    work = world.chat.set_settings(ChatSettings(system="For the first."))
    world.chat.new()
    await work
    assert world.state.settings == ChatSettings()
