"""When a conversation no longer fits: it is said with numbers, and nothing is lost or left out without a word."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from desktop_app.domain.chat import Attachment, AttachmentKind, MessageState
from desktop_app.domain.sampling import ChatSettings, WhenFull
from desktop_app.services.chat_view import ContextFull
from tests.conftest import reach
from tests.endpoint.running import Running, running
from tests.services.chat_world import ChatWorld

LONG = "word " * 110
"""With its frame 114 tokens of the stand-in engine; an answer has 3 and 4."""


@asynccontextmanager
async def nearly_full(world: ChatWorld, folder: Path, **behaviour: object) -> AsyncIterator[Running]:
    """Three questions with their answers: 363 tokens of 512, 64 of which are room for an answer."""
    said = {"answer": "It is so.", "record": str(folder / "asked.jsonl"), "max_model_len": 512}
    async with running(folder, **said | behaviour) as engine:
        engine.endpoint.context_tokens = 512
        world.engine = engine.endpoint
        for _ in range(3):
            await world.chat.send(LONG)
        assert not waits_for_a_choice(world)
        yield engine


async def told(folder: Path) -> list[str]:
    """What the engine was given last."""
    text = await asyncio.to_thread((folder / "asked.jsonl").read_text, "utf-8")
    return [turn["content"] for turn in json.loads(text.splitlines()[-1])["messages"]]


def full(world: ChatWorld) -> ContextFull | None:
    return world.state.full


def seen_from(world: ChatWorld) -> int | None:
    return world.state.seen_from


def waits_for_a_choice(world: ChatWorld) -> bool:
    return world.state.full is not None


async def test_nothing_is_sent_and_the_numbers_are_said(world: ChatWorld, tmp_path: Path) -> None:
    file = Attachment(0, "a.txt", AttachmentKind.TEXT, "text/plain", text="alpha beta")
    async with nearly_full(world, tmp_path):
        before = world.state.messages
        await world.chat.send(LONG, [file])
        assert world.state.messages == before
        waits = full(world)
        assert waits is not None
        assert (waits.limit, waits.droppable) == (512, 2)
        assert waits.needed > 512
        assert waits.text == LONG.rstrip()
        assert waits.attachments == (file,)
        assert "512" in waits.words
        assert "2 oldest messages" in waits.words
        assert not world.state.answering
        world.chat.dismiss_full()
        assert not waits_for_a_choice(world)
    assert await world.stored_messages() == before


async def test_the_oldest_are_left_out_and_the_line_is_shown(world: ChatWorld, tmp_path: Path) -> None:
    async with nearly_full(world, tmp_path):
        await world.chat.send(LONG)
        await world.chat.leave_out_oldest()
        assert not waits_for_a_choice(world)
        assert len(world.state.messages) == 8
        assert world.last.state is MessageState.COMPLETE
        # So that the next question fits as well, more is left out than has to be.
        assert seen_from(world) == world.state.messages[4].id
        assert len(await told(tmp_path)) == 3
        assert (await world.reopened()).seen_from == world.state.messages[4].id
        await world.chat.see_everything()
        assert seen_from(world) is None
    assert (await world.stored()).seen_from is None


async def test_they_are_left_out_unasked_where_that_was_chosen(world: ChatWorld, tmp_path: Path) -> None:
    await world.chat.set_settings(ChatSettings(when_full=WhenFull.DROP_OLDEST))
    async with nearly_full(world, tmp_path):
        await world.chat.send(LONG)
        assert len(world.state.messages) == 8
        assert world.state.seen_from == world.state.messages[4].id


async def test_only_the_question_is_left(world: ChatWorld, tmp_path: Path) -> None:
    async with nearly_full(world, tmp_path):
        await world.chat.send("word " * 400)
        await world.chat.leave_out_oldest()
        assert world.state.seen_from == world.state.messages[6].id
        assert len(await told(tmp_path)) == 1
        assert (await world.reopened()).seen_from == world.state.messages[6].id


async def test_a_question_that_is_too_long_by_itself(world: ChatWorld, tmp_path: Path) -> None:
    await world.chat.set_settings(ChatSettings(when_full=WhenFull.DROP_OLDEST))
    async with nearly_full(world, tmp_path):
        await world.chat.send("word " * 500)
        waits = full(world)
        assert waits is not None
        assert (waits.droppable, waits.needed) == (0, 931)
        assert "by itself" in waits.words
        assert len(world.state.messages) == 6


async def test_the_oldest_are_summarised(world: ChatWorld, tmp_path: Path) -> None:
    async with nearly_full(world, tmp_path):
        await world.chat.send(LONG)
        seen: list[str] = []
        world.chat.state.watch(lambda state: seen.append(state.waiting))
        await world.chat.summarise_oldest()
        assert "Summarising 6 messages" in seen
        assert not waits_for_a_choice(world)
        assert world.state.summary == "It is so."
        assert world.state.seen_from is not None
        assert "It is so." in (await told(tmp_path))[0]
        assert len(world.state.messages) == 8
        assert (await world.reopened()).summary == "It is so."


async def test_a_summary_that_fails_leaves_the_choice(world: ChatWorld, tmp_path: Path) -> None:
    async with nearly_full(world, tmp_path) as engine:
        await world.chat.send(LONG)
        before = full(world)
        engine.process.kill()
        await engine.process.wait()
        await world.chat.summarise_oldest()
        assert full(world) == before
        assert world.state.error is not None
        assert "could not be summarised" in world.state.error.title
        assert world.state.waiting == ""


async def test_a_summary_reaches_a_model_that_takes_no_system_prompt(world: ChatWorld, tmp_path: Path) -> None:
    async with nearly_full(world, tmp_path, no_system=True):
        await world.chat.send(LONG)
        await world.chat.summarise_oldest()
        assert world.last.state is MessageState.COMPLETE
        assert world.last.record.left_out == "system"
        (question,) = await told(tmp_path)
    assert "It is so." in question
    assert question.endswith(LONG.rstrip())


async def test_thoughts_are_no_part_of_a_summary(world: ChatWorld, tmp_path: Path) -> None:
    async with nearly_full(world, tmp_path):
        await world.chat.send(LONG)
    async with running(tmp_path, answer="Short.", reasoning="Let me see.", reasoning_form="tags") as engine:
        engine.endpoint.context_tokens = 512
        world.engine = engine.endpoint
        await world.chat.summarise_oldest()
    assert world.state.summary == "Short."


async def test_pieces_that_are_summarised_fit_in_scripts_without_spaces_too(world: ChatWorld, tmp_path: Path) -> None:
    async with nearly_full(world, tmp_path):
        await world.chat.edit(world.state.messages[4].id, "天空为什么是蓝色的 " * 110)
        await world.chat.send(LONG)
        await world.chat.summarise_oldest()
    asked = await asyncio.to_thread((tmp_path / "asked.jsonl").read_text, "utf-8")
    questions = [json.loads(line)["messages"][-1]["content"] for line in asked.splitlines()]
    pieces = [question for question in questions if question.startswith("Summarise")]
    assert len(pieces) > 2
    assert all(len(piece.encode()) < 512 * 3 for piece in pieces)


async def test_stop_ends_a_summary_and_the_question_still_waits(world: ChatWorld, tmp_path: Path) -> None:
    async with nearly_full(world, tmp_path) as engine:
        await world.chat.send(LONG)
        before = full(world)
    async with running(tmp_path, hang=True, max_model_len=512) as engine:
        engine.endpoint.context_tokens = 512
        world.engine = engine.endpoint
        summarising = world.tasks.start(world.chat.summarise_oldest(), name="summarise")
        await reach(lambda: world.state.waiting and world.state.answering, "it summarises")
        await world.chat.stop()
        await summarising
        assert full(world) == before
    assert world.state.answering_ids == frozenset()
    assert world.state.summary == ""


async def test_other_verbs_ask_for_room_too(world: ChatWorld, tmp_path: Path) -> None:
    async with nearly_full(world, tmp_path):
        await world.chat.edit(world.state.messages[4].id, "word " * 250)
        waits = full(world)
        assert waits is not None
        assert waits.text == "word " * 250
        await world.chat.leave_out_oldest()
        assert world.state.messages[-2].text == "word " * 250
        assert world.last.state is MessageState.COMPLETE
