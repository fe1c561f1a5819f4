"""An experiment that is made and changed: nothing that was answered gets lost or gets another question."""

import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Column, ExperimentKind, Options, Pace, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.paths import Paths
from desktop_app.services.compare_view import CompareState
from tests.conftest import reach
from tests.services.compare_world import CompareWorld, compare_world

ONE = Column(0, ModelRef("One", address="http://one.example/v1"))
TWO = Column(0, ModelRef("Two", address="http://two.example/v1"))
HOT = ChatSettings(sampling=Sampling(temperature=1.5))


@pytest.fixture
async def world(paths: Paths) -> AsyncIterator[CompareWorld]:
    async with compare_world(paths) as made:
        yield made


def shown(world: CompareWorld) -> list[Column]:
    return [column.column for column in world.state.columns]


async def stored_columns(world: CompareWorld, experiment: int) -> tuple[Column, ...]:
    return (await world.part.store.read(experiment)).columns


async def test_a_new_one_is_open_stored_listed_and_named_by_its_models(world: CompareWorld) -> None:
    made = await world.compare.new(ExperimentKind.CONVERSATION, [ONE, TWO])
    assert made is not None
    experiment = world.state.experiment
    assert experiment is not None
    assert (experiment.id, experiment.title) == (made, "One, Two")
    assert [column.title for column in world.state.columns] == ["One", "Two"]
    assert [head.id for head in world.experiments.state.value.experiments] == [made]
    assert len(await stored_columns(world, made)) == 2
    world.compare.close()
    assert world.state.experiment is None


async def test_a_column_that_answered_is_kept_when_it_is_changed_and_the_new_one_waits(world: CompareWorld) -> None:
    made = await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO])
    assert made is not None
    await world.prompts(3)
    await world.answered()
    assert (world.state.done, world.state.waiting) == (6, 0)
    before = shown(world)

    await world.compare.set_columns([before[0], replace(before[1], settings=HOT)])

    after = shown(world)
    assert after[0] == before[0]
    assert after[1].id not in {before[0].id, before[1].id}
    assert (world.state.done, world.state.waiting) == (3, 3)
    assert await stored_columns(world, made) == (*after, replace(before[1], removed=True))
    assert len(await world.part.store.cells(made)) == 9
    ids = {column.id for column in after}
    await reach(lambda: {key[1] for key in world.grid.cells} == ids, "the new column in the grid")

    await world.compare.set_columns([*after, before[1]])
    assert shown(world) == [*after, before[1]]
    assert (world.state.done, world.state.waiting) == (6, 3)


async def test_a_column_without_answers_keeps_its_place(world: CompareWorld) -> None:
    made = await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO])
    assert made is not None
    before = shown(world)
    await world.compare.set_columns([before[0], replace(before[1], settings=HOT)])
    assert shown(world)[1] == replace(before[1], settings=HOT)
    assert "temperature 1.5" in world.state.columns[1].settings
    assert len(await stored_columns(world, made)) == 2


async def test_a_column_that_is_added_misses_every_answer(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO])
    await world.prompts(2)
    await world.answered()
    await world.compare.set_columns([*shown(world), replace(ONE, settings=HOT)])
    assert (world.state.done, world.state.waiting) == (4, 2)
    assert world.state.experiment is not None
    assert world.state.experiment.title == "One, Two"


async def test_another_name_keeps_the_answers(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO])
    await world.prompts(1)
    await world.answered()
    before = shown(world)
    await world.compare.set_columns([replace(before[0], name="First"), before[1]])
    assert world.state.done == 2
    assert world.state.columns[0].title == "First"


async def test_more_than_six_columns_are_refused_in_words(world: CompareWorld) -> None:
    assert await world.compare.new(ExperimentKind.PROMPTS, [ONE] * 7) is None
    assert "at most 6" in world.error
    await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO])
    assert world.error == ""
    await world.compare.set_columns([ONE] * 7)
    assert "at most 6" in world.error
    assert len(world.state.columns) == 2
    world.compare.dismiss_error()
    assert world.error == ""


async def test_a_question_that_was_answered_cannot_be_dropped(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO])
    await world.prompts(2)
    await world.answered()
    assert world.state.experiment is not None
    first, second = world.state.experiment.prompts
    await world.compare.set_prompts([first])
    assert world.error
    assert world.state.experiment.prompts == (first, second)
    await world.compare.set_prompts([first, replace(second, reference="42"), Prompt(0, "More?")])
    assert world.state.waiting == 2
    assert [prompt.reference for prompt in world.state.experiment.prompts] == ["", "42", ""]


async def test_options_make_cells_and_take_away_those_that_wait(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO])
    await world.prompts(2, Options(repeats=3, pace=Pace.ALONE))
    assert world.state.waiting == 12
    await world.compare.set_options(Options(repeats=1))
    assert world.state.waiting == 4
    await reach(lambda: len(world.grid.cells) == 4, "the grid without them")


async def test_a_conversation_goes_on_from_one_answer(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.CONVERSATION, [ONE, TWO])
    await world.compare.set_options(Options(repeats=5))
    assert world.state.experiment is not None
    assert world.state.experiment.options.repeats == 1


async def test_a_title_is_kept_in_one_line(world: CompareWorld) -> None:
    made = await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO])
    await world.compare.rename("  Poems\n of  spring ")
    await world.compare.rename("  ")
    assert world.state.experiment is not None
    assert world.state.experiment.title == "Poems of spring"
    assert made is not None
    assert (await world.part.store.read(made)).title == "Poems of spring"
    assert world.experiments.state.value.experiments[0].title == "Poems of spring"


async def test_one_that_is_gone_is_told(world: CompareWorld) -> None:
    await world.compare.open(77)
    assert world.error
    assert world.state.experiment is None


async def test_names_are_hidden_from_the_first_answer_until_they_are_revealed(world: CompareWorld) -> None:
    made = await world.compare.new(ExperimentKind.CONVERSATION, [ONE, TWO], blind=True)
    assert made is not None
    assert not world.state.hidden
    await world.compare.set_prompts([Prompt(0, "Why?")])
    await world.answered()

    state = world.state
    assert state.hidden
    assert [column.title for column in state.columns] == ["Column 1", "Column 2"]
    assert state.figures == ()
    for secret in ("example", "'One'", "'Two'"):
        assert secret not in repr(replace(state, columns=()))
        assert secret not in repr([replace(column, messages=(), cells=()) for column in state.columns])
    assert all(message.model == "" for column in state.columns for message in column.messages)
    assert {head.column for head in world.grid.cells.values()} == {column.column.id for column in state.columns}

    await world.compare.reveal()
    assert not world.state.hidden
    assert [column.title for column in world.state.columns] == ["One", "Two"]
    assert not (await world.part.store.read(made)).blind


async def test_a_blind_one_that_nobody_named_names_nobody(world: CompareWorld) -> None:
    made = await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO], blind=True)
    assert made is not None
    await world.prompts(1)
    await world.answered()
    assert world.title() == "Prompt set"
    head = world.experiments.state.value.experiments[0]
    assert head.title == "Prompt set"
    assert "One" not in repr((await world.compare.parcel()).experiment.title)
    await world.compare.reveal()
    assert world.title() == "One, Two"
    await world.compare.set_blind(True)
    assert world.title() == "Prompt set"
    await world.compare.rename("Poems")
    await world.compare.reveal()
    assert world.title() == "Poems"


async def test_names_stay_hidden_when_every_answer_is_to_be_asked_for_again(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO], blind=True)
    await world.prompts(1)
    world.bench.elsewhere |= {"One": UserError("Nobody answers."), "Two": UserError("Nobody answers.")}
    await world.compare.run()
    assert world.state.failed == 2
    seen: list[CompareState] = []
    unwatch = world.compare.state.watch(seen.append)
    await world.compare.rerun_failed()
    unwatch()
    assert any(state.waiting for state in seen)
    assert all(state.hidden for state in seen)


async def test_hidden_columns_can_be_handed_in_again(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO], blind=True)
    await world.prompts(1)
    await world.answered()
    assert world.state.experiment is not None
    await world.compare.set_columns(world.state.experiment.columns[:1])
    await world.compare.reveal()
    assert len(world.state.columns) == 1
    assert world.state.columns[0].title in {"One", "Two"}
    assert world.state.done == 1


async def test_the_order_is_drawn_anew_when_names_are_hidden_again(world: CompareWorld) -> None:
    made = await world.compare.new(ExperimentKind.PROMPTS, [ONE, TWO], blind=True)
    assert made is not None
    seeds = set()
    for _ in range(3):
        seeds.add((await world.part.store.read(made)).order_seed)
        await world.compare.reveal()
        await world.compare.set_blind(True)
    assert len(seeds) == 3


def test_a_window_opens_without_what_only_experiments_need() -> None:
    program = "import desktop_app.services.compare_build, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    late = {"services.compare", "services.experiment_runner", "store.experiments", "domain.ratings", "checks.client"}
    assert not {f"desktop_app.{name}" for name in late} & set(loaded)
