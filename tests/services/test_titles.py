"""Titles that a model makes when it has nothing else to do."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from desktop_app.endpoint.client import Endpoint
from desktop_app.services.chat_view import ChatState
from desktop_app.services.titles import clean_title
from tests.conftest import reach
from tests.endpoint.running import MODEL, eventually, running
from tests.services.chat_world import ChatWorld

FAST = {"answer": "Key value caches", "one_piece": True}
"""What comes at once is fast on every machine."""


@pytest.mark.parametrize(
    ("reply", "title"),
    [
        ("Why the sky is blue", "Why the sky is blue"),
        ('"Why the sky is blue."\n\nI chose this because…', "Why the sky is blue"),
        ("# **Rayleigh scattering**", "Rayleigh scattering"),
        ("Title: Blue skies", "Blue skies"),
        ("„Warum der Himmel blau ist“", "Warum der Himmel blau ist"),
        ("天空为什么是蓝色的", "天空为什么是蓝色的"),
        ("\n\n  `grep` in one line ", "grep in one line"),
        ("Tricks\u202eevil", "Tricks evil"),
        ("Sorry, I cannot do that", ""),
        ("I’m an assistant", ""),
        ("Here is a title", ""),
        ("This conversation is about the sky and why it is so very blue today", ""),
        ("<think>", ""),
        ("x" * 61, ""),
        ("x", ""),
        ("", ""),
    ],
)
def test_what_is_taken_of_a_reply(reply: str, title: str) -> None:
    assert clean_title(reply) == title


def title(world: ChatWorld) -> str:
    return world.listed.conversations[0].title if world.listed.conversations else ""


def requests(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


async def test_after_the_first_answer(world: ChatWorld, tmp_path: Path) -> None:
    world.titles_on = True
    asked = tmp_path / "asked.jsonl"
    async with running(tmp_path, **FAST | {"record": str(asked)}) as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
        await reach(lambda: title(world) == "Key value caches", "the title is better")
        await world.chat.send("And?")
    first, naming, _ = await asyncio.to_thread(requests, asked)
    assert (naming["temperature"], naming["max_tokens"]) == (0.0, 24)
    assert naming["chat_template_kwargs"] == {"enable_thinking": False}
    assert "temperature" not in first
    assert world.state.conversation is not None
    assert world.state.conversation.title == title(world)
    assert not world.state.conversation.titled


async def test_not_when_it_is_off_or_slow_or_a_person_named_it(world: ChatWorld, tmp_path: Path) -> None:
    asked = tmp_path / "asked.jsonl"
    async with running(tmp_path, **FAST | {"record": str(asked)}) as engine:
        world.engine = engine.endpoint
        await world.chat.send("Off?")
        world.titles_on = True
        await world.chat.send("The second question?")
    world.chat.new()
    async with running(tmp_path, answer="So it is.", tokens_per_second=5, record=str(asked)) as engine:
        world.engine = engine.endpoint
        await world.chat.send("Slow?")
        assert "improve titles" not in world.tasks.names
    assert len(await asyncio.to_thread(requests, asked)) == 3


async def test_a_question_ends_it_at_once_and_it_is_done_later(world: ChatWorld, tmp_path: Path) -> None:
    world.titles_on = True
    # Half a second for every answer, so that the title is still being written when the next question comes.
    async with running(tmp_path, **FAST, first_token_after=0.5) as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
        first = world.state.open_id
        assert "improve titles" in world.tasks.names
        world.chat.new()
        second = world.begin("Something else?")
        await eventually(lambda: world.state.answering)
        assert "improve titles" not in world.tasks.names
        await second
        titles = {"Why?", "Something else?"}
        await reach(lambda: not titles & {one.title for one in world.listed.conversations}, "both are better")
    assert first in {one.id for one in world.listed.conversations}


async def test_a_reply_that_is_none_changes_nothing(world: ChatWorld, tmp_path: Path) -> None:
    world.titles_on = True
    async with running(tmp_path, answer="Sorry, I cannot help with that.", one_piece=True) as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
        await eventually(lambda: "improve titles" not in world.tasks.names)
    await reach(lambda: title(world), "it is listed")
    assert title(world) == "Why?"


class SomebodyElse(Endpoint):
    """An engine that answers by another name."""

    @property
    def model(self) -> str:
        return "somebody-else"


async def test_no_other_model_is_told_of_a_chat_for_the_sake_of_its_title(world: ChatWorld, tmp_path: Path) -> None:
    def unplug(state: ChatState) -> None:
        if state.messages and state.messages[-1].text:
            world.engine = None

    world.titles_on = True
    asked = tmp_path / "asked.jsonl"
    async with running(tmp_path, **FAST | {"record": str(asked)}) as engine:
        world.engine = engine.endpoint
        stop = world.chat.state.watch(unplug)
        await world.chat.send("Is this between us?")
        stop()
        world.engine = SomebodyElse(engine.address, MODEL)
        world.chat.new()
        await world.chat.send("Why?")
        await reach(lambda: title(world) == "Key value caches", "the second has a better title")
        await eventually(lambda: "improve titles" not in world.tasks.names)
    assert len(await asyncio.to_thread(requests, asked)) == 3
    assert {one.title for one in world.listed.conversations} == {"Is this between us?", "Key value caches"}


async def test_an_answer_that_came_at_once_was_fast(world: ChatWorld, tmp_path: Path) -> None:
    world.titles_on = True
    async with running(tmp_path, answer="Key value caches", one_piece=True) as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why?")
        await reach(lambda: title(world) == "Key value caches", "the title is better")
