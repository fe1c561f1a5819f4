"""Single answers: read whole, continued in a chat, packed for an export."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Column, ExperimentKind, Options, Pace, Prompt, Provenance
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.domain.tree import Tree
from desktop_app.paths import Paths
from tests.conftest import reach
from tests.services.compare_world import CompareWorld, compare_world

SETTINGS = ChatSettings(system="Be short.", sampling=Sampling(temperature=0.25))
ONE = Column(0, ModelRef("One", Path("one")), SETTINGS)
TWO = Column(0, ModelRef("Two", address="http://two.example/v1"))
FIRST, SECOND = Prompt(0, "First?"), Prompt(0, "Second?")


@pytest.fixture
async def world(paths: Paths) -> AsyncIterator[CompareWorld]:
    async with compare_world(paths) as made:
        yield made


async def answered(world: CompareWorld, kind: ExperimentKind, *, blind: bool = False) -> list[list[int]]:
    """Two columns with answers to two questions; the ids of the cells, by column."""
    await world.compare.new(kind, [ONE, TWO], blind=blind)
    await world.compare.set_prompts([FIRST, SECOND])
    provenance = await world.part.store.keep_provenance(Provenance(model="One", engine="vLLM 0.32.0"))
    await world.answered(provenance=provenance)
    await reach(lambda: len(world.grid.cells) == 4, "the grid")
    heads = sorted(world.grid.cells.values(), key=lambda head: head.prompt)
    return [[head.id for head in heads if head.column == column.column.id] for column in world.state.columns]


async def test_a_chat_goes_on_from_an_answer_with_what_led_to_it(world: CompareWorld) -> None:
    cells = await answered(world, ExperimentKind.CONVERSATION)
    made = await world.compare.continue_in_chat(cells[0][1])
    assert made is not None
    (chat,) = await world.chats.conversations()
    assert (chat.id, chat.title) == (made, "First?")
    stored = await world.chats.read(made)
    path = Tree(stored.messages, stored.chosen).path()
    assert [message.text for message in path] == ["First?", "One says: First?", "Second?", "One says: Second?"]
    assert [message.role for message in path] == [Role.USER, Role.ASSISTANT] * 2
    assert stored.settings == SETTINGS
    assert path[1].model == "One"
    assert path[1].timing.answer_tokens == 21
    assert world.chats_read == 1
    assert world.bench.serving.status.value.model == world.state.columns[0].column.model, "it is who goes on"


async def test_a_chat_from_an_earlier_answer_ends_there_and_so_does_one_from_a_prompt_set(world: CompareWorld) -> None:
    cells = await answered(world, ExperimentKind.CONVERSATION)
    made = await world.compare.continue_in_chat(cells[1][0])
    assert made is not None
    assert len((await world.chats.read(made)).messages) == 2
    cells = await answered(world, ExperimentKind.PROMPTS)
    made = await world.compare.continue_in_chat(cells[1][1])
    assert made is not None
    assert [message.text for message in (await world.chats.read(made)).messages] == ["Second?", "Two says: Second?"]


async def test_a_chat_has_the_answer_that_all_columns_went_on_from(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.CONVERSATION, [ONE, TWO])
    await world.compare.set_prompts([FIRST])
    await world.answered()
    await world.compare.carry_on(world.column("Two").cells[0].id)
    assert world.state.experiment is not None
    await world.compare.set_prompts([*world.state.experiment.prompts, SECOND])
    await world.answered()
    made = await world.compare.continue_in_chat(world.column("One").cells[1].id)
    assert made is not None
    messages = (await world.chats.read(made)).messages
    assert [one.text for one in messages] == ["First?", "Two says: First?", "Second?", "One says: Second?"]
    assert [one.model for one in messages if one.role is Role.ASSISTANT] == ["Two", "One"]
    made = await world.compare.continue_in_chat(world.column("One").cells[0].id)
    assert made is not None
    assert [one.text for one in (await world.chats.read(made)).messages] == ["First?", "One says: First?"]


async def test_nothing_is_taken_out_that_would_tell_a_hidden_name(world: CompareWorld) -> None:
    cells = await answered(world, ExperimentKind.PROMPTS, blind=True)
    assert await world.compare.continue_in_chat(cells[0][0]) is None
    assert "Reveal" in world.error
    assert await world.chats.conversations() == ()
    assert await world.compare.provenance_of(cells[0][0]) is None
    whole = await world.compare.cell(cells[0][0])
    assert whole is not None
    assert whole.id == cells[0][0]
    assert (whole.answer.model, whole.provenance) == ("", None)
    assert "says: First?" in whole.answer.text
    assert await world.compare.cell(12345) is None


async def test_an_answer_is_read_whole_with_what_it_came_from(world: CompareWorld) -> None:
    cells = await answered(world, ExperimentKind.PROMPTS)
    whole = await world.compare.cell(cells[0][0])
    assert whole is not None
    assert whole.answer.text == "One says: First?"
    assert await world.compare.provenance_of(cells[0][0]) == Provenance(model="One", engine="vLLM 0.32.0")
    assert await world.compare.provenance_of(12345) is None
    world.compare.close()
    assert await world.compare.cell(cells[0][0]) is None
    assert await world.compare.continue_in_chat(cells[0][0]) is None


async def test_a_parcel_has_everything(world: CompareWorld) -> None:
    await answered(world, ExperimentKind.PROMPTS)
    columns = [column.column for column in world.state.columns]
    await world.compare.set_columns([columns[0], replace(columns[1], flags=(("--max-num-seqs", "1"),))])
    parcel = await world.compare.parcel()
    assert len(parcel.cells) == 6
    texts = [(await asyncio.to_thread(parcel.whole, cell)).answer.text for cell in parcel.cells]
    assert texts[:4] == ["One says: First?", "Two says: First?", "One says: Second?", "Two says: Second?"]
    assert [cell.answer.text for cell in parcel.cells] == [""] * 6, "they are read when they are written"
    assert [one.model for one in parcel.provenance.values()] == ["One"]
    assert len(parcel.figures) == 2
    assert parcel.order == tuple(column.id for column in parcel.experiment.shown)


async def test_a_parcel_of_a_blind_one_says_in_which_order_it_is_shown(world: CompareWorld) -> None:
    await answered(world, ExperimentKind.PROMPTS, blind=True)
    parcel = await world.compare.parcel()
    assert parcel.experiment.blind
    assert sorted(parcel.order) == [column.id for column in parcel.experiment.columns]


async def test_without_an_experiment_there_is_no_parcel(world: CompareWorld) -> None:
    with pytest.raises(UserError, match="No experiment is open"):
        await world.compare.parcel()


async def test_what_answers_of_a_column_differ_in_is_said(world: CompareWorld) -> None:
    await answered(world, ExperimentKind.PROMPTS)
    assert world.state.experiment is not None
    await world.compare.set_prompts([*world.state.experiment.prompts, Prompt(0, "Third?")])
    newer = await world.part.store.keep_provenance(Provenance(model="One", engine="vLLM 0.33.1"))
    await world.answered(provenance=newer)
    await reach(lambda: len(world.state.differences) == 2, "a sentence for each column")
    assert all("0.33.1" in sentence for sentence in world.state.differences)
    assert world.state.differences[0].startswith("One: ")


async def test_speeds_of_answers_that_came_together_are_not_ranked_afterwards_either(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO])
    await world.compare.set_prompts([FIRST, SECOND])
    await world.answered(beside=1)
    await world.compare.set_options(Options(pace=Pace.ALONE))
    assert "may have answered at the same time" in world.state.figures_words[0]
    assert [figures.best for figures in world.state.figures] == [frozenset()] * 2


async def test_what_makes_columns_unlike_is_said_and_what_was_meant_is_not(world: CompareWorld) -> None:
    await answered(world, ExperimentKind.PROMPTS)
    store, experiment = world.part.store, world.state.experiment
    assert experiment is not None
    newer = await store.keep_provenance(Provenance(model="Two", engine="vLLM 0.33.1"))
    for cell in await store.cells(experiment.id):
        if cell.column == experiment.columns[1].id:
            await store.finish(replace(cell, provenance=newer))
    world.compare.close()
    await world.compare.open(experiment.id)
    await reach(lambda: world.state.objections, "why they may not be compared")
    assert any("The engine is not the same" in sentence for sentence in world.state.objections)
    assert all(sentence.startswith("One and Two: ") for sentence in world.state.objections)
    await world.compare.set_blind(True)
    assert world.state.objections == ()
