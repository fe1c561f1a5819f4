"""The list of experiments: copied, named, deleted and brought back."""

from collections.abc import AsyncIterator

import pytest

from desktop_app.domain.experiment import Column, ExperimentKind, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.paths import Paths
from desktop_app.services.compare_view import ExperimentsState
from tests.services.compare_world import CompareWorld, compare_world

COLUMNS = [Column(0, ModelRef(name, address=f"http://{name}.example/v1")) for name in ("One", "Two")]


@pytest.fixture
async def world(paths: Paths) -> AsyncIterator[CompareWorld]:
    async with compare_world(paths) as made:
        yield made


def listed(world: CompareWorld) -> ExperimentsState:
    return world.experiments.state.value


def titles(world: CompareWorld) -> list[str]:
    return [head.title for head in listed(world).experiments]


async def poems(world: CompareWorld) -> int:
    made = await world.compare.new(ExperimentKind.PROMPTS, COLUMNS, "Poems")
    assert made is not None
    await world.compare.set_prompts([Prompt(0, "Write one.")])
    return made


async def test_an_empty_list_is_known_to_be_empty(world: CompareWorld) -> None:
    assert listed(world) == ExperimentsState(loaded=True)


async def test_a_copy_has_the_questions_and_not_the_answers(world: CompareWorld) -> None:
    made = await poems(world)
    await world.answered()
    copy = await world.experiments.duplicate(made)
    assert copy is not None
    assert titles(world) == ["Poems (copy)", "Poems"]
    await world.compare.open(copy)
    assert (world.state.done, world.state.waiting) == (0, 2)
    seeds = {(await world.part.store.read(one)).order_seed for one in (made, copy)}
    assert len(seeds) == 2
    assert await world.experiments.duplicate(77) is None


async def test_another_title_reaches_the_open_one(world: CompareWorld) -> None:
    made = await poems(world)
    await world.experiments.rename(made, " Spring \n poems ")
    await world.experiments.rename(made, " ")
    assert titles(world) == ["Spring poems"]
    assert world.title() == "Spring poems"


async def test_what_is_deleted_comes_back_open_as_it_was(world: CompareWorld) -> None:
    made = await poems(world)
    await world.answered()
    await world.experiments.delete(made)
    assert titles(world) == []
    assert listed(world).undo == "“Poems” was deleted"
    assert world.title() == ""

    await world.experiments.undo()
    assert titles(world) == ["Poems"]
    assert listed(world).undo == ""
    assert world.title() == "Poems"
    assert world.state.done == 2
    await world.experiments.undo()


async def test_deleting_another_one_leaves_the_open_one(world: CompareWorld) -> None:
    first = await poems(world)
    second = await poems(world)
    await world.experiments.delete(first)
    assert world.state.experiment is not None
    assert world.state.experiment.id == second
    await world.experiments.undo()
    assert world.state.experiment.id == second


async def test_what_cannot_be_written_is_told_and_dismissed(world: CompareWorld) -> None:
    made = await poems(world)
    await world.database.run(lambda db: db.execute("DROP TABLE votes"))
    assert await world.experiments.all_ratings() == ()
    assert listed(world).error is not None
    world.experiments.dismiss_error()
    assert listed(world).error is None
    await world.database.run(lambda db: db.execute("DELETE FROM experiments"))
    await world.experiments.rename(made, "Gone")
    assert listed(world).error is not None
