"""One answer that all columns go on from: marked, taken back, refused, kept, hidden."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.domain.experiment import CellState, Column, ExperimentKind, Prompt, Verdict
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.paths import Paths
from desktop_app.services.compare_mask import MASKED_IDS
from desktop_app.services.compare_view import GoingOn
from tests.conftest import reach
from tests.services.compare_world import CompareWorld, compare_world

OFFERED = GoingOn(can_mark=True)


@pytest.fixture
async def world(paths: Paths) -> AsyncIterator[CompareWorld]:
    async with compare_world(paths) as made:
        yield made


async def asked(world: CompareWorld, *questions: str) -> None:
    """Questions to the columns Cold and Warm, each answered."""
    await world.pair()
    await more(world, *questions)


async def more(world: CompareWorld, *questions: str, column: int | None = None) -> None:
    experiment = world.state.experiment
    assert experiment is not None
    await world.compare.set_prompts([*experiment.prompts, *(Prompt(0, one, column=column) for one in questions)])
    await world.answered()


def cell(world: CompareWorld, title: str, place: int = -1) -> int:
    """An answer of the column that is called so."""
    return world.column(title).cells[place].id


def carried(world: CompareWorld) -> list[str]:
    """For each question the column whose answer all go on from, as it is called; empty for none."""
    experiment = world.state.experiment
    assert experiment is not None
    names = {one.column.id: one.title for one in world.state.columns}
    return ["" if one.carried is None else names[one.carried] for one in experiment.prompts]


def said(world: CompareWorld, title: str) -> list[GoingOn]:
    """What stands below the answers of a column, where anything does."""
    return list(world.column(title).going_on.values())


async def as_it_ended(world: CompareWorld, title: str, state: CellState, text: str) -> None:
    """The last answer of a column ended so."""
    experiment = world.state.experiment
    assert experiment is not None
    (whole,) = await world.part.store.cells(experiment.id, [cell(world, title)])
    ended = MessageState.STOPPED if state is CellState.STOPPED else MessageState.FAILED
    await world.part.store.finish(
        replace(whole, state=state, answer=Message(whole.id, Role.ASSISTANT, text, ended, error="It ended."))
    )
    world.compare.close()
    await world.compare.open(experiment.id)


async def test_one_answer_is_marked_and_then_another_one_and_then_none(world: CompareWorld) -> None:
    await asked(world, "First?", "Second?")
    assert said(world, "Cold") == said(world, "Warm") == [OFFERED], "below the newest answer only"
    assert list(world.column("Cold").going_on) == [cell(world, "Cold")]

    await world.compare.carry_on(cell(world, "Warm"))
    assert carried(world) == ["", "Warm"]
    assert said(world, "Warm") == [GoingOn(marked=True, can_undo=True)]
    assert said(world, "Cold") == [GoingOn(place=1, title="Warm", can_mark=True)]

    await world.compare.carry_on(cell(world, "Cold"))
    assert carried(world) == ["", "Cold"]
    assert said(world, "Warm") == [GoingOn(place=0, title="Cold", can_mark=True)]

    await world.compare.carry_on(cell(world, "Cold"), carried=False)
    assert carried(world) == ["", ""]
    assert said(world, "Cold") == [OFFERED]
    assert world.error == ""


async def test_a_mark_is_there_when_the_experiment_is_opened_again(world: CompareWorld) -> None:
    await asked(world, "First?")
    await world.compare.carry_on(cell(world, "Warm"))
    experiment = world.state.experiment
    assert experiment is not None
    world.compare.close()
    await world.compare.open(experiment.id)
    assert carried(world) == ["Warm"]
    copy = await world.experiments.duplicate(experiment.id)
    assert copy is not None
    assert (await world.part.store.read(copy)).prompts[0].carried is None


async def test_what_later_answers_were_given_with_stays(world: CompareWorld) -> None:
    await asked(world, "First?")
    await world.compare.carry_on(cell(world, "Warm"))
    await more(world, "Second?")
    assert said(world, "Cold") == [GoingOn(place=1, title="Warm"), OFFERED]
    assert said(world, "Warm") == [GoingOn(marked=True), OFFERED]
    for title, mark in (("Warm", False), ("Cold", True)):
        await world.compare.carry_on(cell(world, title, 0), carried=mark)
        assert world.error.startswith("Later answers were given with what was said until now in mind. Ask in a new")
        assert carried(world) == ["Warm", ""]
        world.compare.dismiss_error()


async def test_an_answer_that_nobody_goes_on_from_is_asked_for_again_and_the_marked_one_is_not(
    world: CompareWorld,
) -> None:
    await asked(world, "First?")
    await world.compare.carry_on(cell(world, "Warm"))
    await more(world, "Second?")
    await world.compare.ask_again(cell(world, "Warm", 0))
    assert "Later answers of all columns" in world.error
    await world.compare.ask_again(cell(world, "Cold", 0))
    assert world.error == ""
    assert world.words[0][1] != "Cold says: First?"
    assert world.words[1][1] == "Warm says: First?"


async def test_who_asks_for_another_answer_takes_the_mark_back(world: CompareWorld) -> None:
    await asked(world, "First?")
    await world.compare.carry_on(cell(world, "Warm"))
    await world.compare.ask_again(cell(world, "Warm"))
    assert carried(world) == [""]
    assert world.words[1][1] != "Warm says: First?"
    assert said(world, "Warm") == [OFFERED]


@pytest.mark.parametrize(
    ("state", "text", "taken"),
    [
        (CellState.STOPPED, "Half of it", True),
        (CellState.STOPPED, " \n", False),
        (CellState.FAILED, "Half of it", False),
    ],
)
async def test_only_words_that_somebody_wanted_can_be_gone_on_from(
    world: CompareWorld, state: CellState, text: str, taken: bool
) -> None:
    await asked(world, "First?")
    await as_it_ended(world, "Warm", state, text)
    assert said(world, "Warm") == [GoingOn(can_mark=taken)]
    await world.compare.carry_on(cell(world, "Warm"))
    assert carried(world) == ["Warm" if taken else ""]
    assert ("no finished answer" in world.error) is not taken


async def test_an_answer_that_was_stopped_counts_as_finished_once_all_go_on_from_it(world: CompareWorld) -> None:
    await asked(world, "First?")
    await as_it_ended(world, "Warm", CellState.STOPPED, "Half of it")
    assert world.state.failed == 1
    await world.compare.carry_on(cell(world, "Warm"))
    assert world.state.failed == 0
    await world.compare.rerun_failed()
    assert world.words[1][1] == "Half of it"
    assert carried(world) == ["Warm"]
    await world.compare.ask_again(cell(world, "Warm"))
    assert world.words[1][1] != "Half of it"
    assert carried(world) == [""]


async def test_where_the_next_question_failed_without_a_word_it_can_still_be_chosen(world: CompareWorld) -> None:
    await asked(world, "First?", "Second?")
    for title in ("Cold", "Warm"):
        await as_it_ended(world, title, CellState.FAILED, "")
    assert said(world, "Cold") == [OFFERED]
    await world.compare.carry_on(cell(world, "Warm", 0))
    assert carried(world) == ["Warm", ""]


async def test_a_question_to_one_column_stays_its_own(world: CompareWorld) -> None:
    await asked(world, "First?")
    await more(world, "Only you?", column=world.column("Warm").column.id)
    assert said(world, "Warm") == said(world, "Cold") == []
    await world.compare.carry_on(cell(world, "Warm"))
    assert "Only one column was asked" in world.error
    await world.compare.carry_on(cell(world, "Cold", 0))
    assert world.error.startswith("Later answers")


async def test_nothing_is_chosen_while_it_runs(world: CompareWorld) -> None:
    await world.pair(slow=True)
    await world.prompts(1)
    await world.answered()
    await world.compare.carry_on(cell(world, "Warm"))
    began = asyncio.Event()
    unwatch = world.compare.state.watch(lambda state: began.set() if state.run else None)
    asking = world.begin_ask("Second?")
    await began.wait()
    unwatch()
    await world.compare.ask_again(cell(world, "Warm", 0))
    assert world.error.startswith("All columns go on from this answer. Stop")
    await reach(lambda: CellState.RUNNING in [one.state for one in world.column("Warm").cells], "an answer")
    assert said(world, "Warm") == [GoingOn(marked=True)]
    await world.compare.carry_on(cell(world, "Warm", 0), carried=False)
    assert "is running" in world.error
    await world.compare.ask_again(cell(world, "Warm", 0))
    assert "goes on" in world.error
    assert carried(world) == ["Warm", ""]
    await world.compare.stop()
    await asking


async def test_the_mark_stays_when_its_column_is_taken_away_and_can_be_taken_back_elsewhere(
    world: CompareWorld,
) -> None:
    await asked(world, "First?")
    cold, warm = (column.column for column in world.state.columns)
    await world.compare.carry_on(cell(world, "Warm"))
    third = replace(cold, id=0, name="Third", settings=ChatSettings(sampling=Sampling(temperature=0.5)))
    await world.compare.set_columns([cold, third])
    await world.answered()
    assert said(world, "Third") == said(world, "Cold") == [GoingOn(title="Warm", can_mark=True, can_undo=True)]
    third = world.column("Third").column
    await world.compare.set_columns([cold, warm])
    assert said(world, "Warm") == [GoingOn(marked=True, can_undo=True)]
    await world.compare.set_columns([cold, third])
    await world.compare.carry_on(cell(world, "Third"), carried=False)
    assert said(world, "Third") == [OFFERED]


async def test_answers_of_columns_that_were_taken_away_count_because_they_may_come_back(world: CompareWorld) -> None:
    await asked(world, "First?")
    cold, warm = (column.column for column in world.state.columns)
    third = replace(cold, id=0, name="Third", settings=ChatSettings(sampling=Sampling(temperature=0.5)))
    await more(world, "Second?")
    await world.compare.set_columns([third, replace(warm, id=0, name="Fourth", settings=ChatSettings("Be brief."))])
    experiment = world.state.experiment
    assert experiment is not None
    for one in await world.part.store.cells(experiment.id):
        if one.state is CellState.WAITING and one.prompt == 1:
            done = Message(one.id, Role.ASSISTANT, "Yes.")
            await world.part.store.finish(replace(one, state=CellState.DONE, answer=done))
    world.compare.close()
    await world.compare.open(experiment.id)
    assert said(world, "Third") == []
    await world.compare.carry_on(cell(world, "Third", 0))
    assert world.error.startswith("Later answers")


async def test_a_blind_experiment_tells_no_name_and_takes_the_ids_that_it_shows(world: CompareWorld) -> None:
    await asked(world, "First?")
    await world.compare.set_blind(True)
    left, right = world.state.columns
    assert list(right.going_on) == [right.cells[0].id]
    assert min(right.going_on) >= MASKED_IDS
    await world.compare.carry_on(right.cells[0].id)
    left, right = world.state.columns
    assert right.going_on[right.cells[0].id].marked
    assert left.going_on[left.cells[0].id] == GoingOn(place=1, title="Column 2", can_mark=True)
    assert world.state.experiment is not None
    assert world.state.experiment.prompts[0].carried == right.column.id
    told = repr([column.going_on for column in world.state.columns])
    assert not {"Warm", "Cold"} & set(told.split("'"))

    await world.compare.carry_on(right.cells[0].id, carried=False)
    await world.compare.carry_on(left.cells[0].id)
    words = left.cells[0].answer.text
    await world.compare.reveal()
    (marked,) = [column for column in world.state.columns if any(one.marked for one in column.going_on.values())]
    assert words.startswith(marked.title)


async def test_votes_go_on_over_answers_that_are_marked(world: CompareWorld) -> None:
    await asked(world, "First?")
    await world.compare.carry_on(cell(world, "Warm"))
    await world.compare.begin_votes()
    await world.compare.vote(Verdict.LEFT)
    assert world.state.votes == 1
    await world.compare.ask_again(cell(world, "Warm"))
    assert "voted on" in world.error
    assert carried(world) == ["Warm"]


async def test_sets_of_prompts_and_single_columns_have_nothing_to_go_on_from(world: CompareWorld) -> None:
    await world.pair(ExperimentKind.PROMPTS)
    await world.prompts(1)
    await world.answered()
    await reach(lambda: world.grid.cells, "the grid")
    await world.compare.carry_on(next(iter(world.grid.cells.values())).id)
    assert "stands for itself" in world.error
    await world.compare.carry_on(12345)
    world.compare.close()
    await world.compare.carry_on(1)

    await world.compare.new(ExperimentKind.CONVERSATION, [Column(0, await world.model("Lonely"))])
    await world.prompts(1)
    await world.answered()
    assert said(world, "Lonely") == []
