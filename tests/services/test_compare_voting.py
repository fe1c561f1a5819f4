"""Votes: only of finished answers, each pair once, names hidden, taken back one by one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from desktop_app.domain.experiment import Column, ExperimentKind, Options, Prompt, Verdict
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings
from desktop_app.paths import Paths
from desktop_app.services.compare_view import PairState
from tests.services.compare_world import CompareWorld, compare_world

COLUMNS = [Column(0, ModelRef(name, address=f"http://{name}.example/v1")) for name in ("One", "Two", "Three")]


@pytest.fixture
async def world(paths: Paths) -> AsyncIterator[CompareWorld]:
    async with compare_world(paths) as made:
        yield made


async def answered(world: CompareWorld, prompts: int = 2, *, blind: bool = True) -> int:
    """An experiment of three columns with answers to so many questions; its id."""
    made = await world.compare.new(ExperimentKind.PROMPTS, COLUMNS, blind=blind)
    assert made is not None
    await world.prompts(prompts)
    await world.answered()
    return made


def pair(world: CompareWorld) -> PairState:
    assert world.state.pair is not None
    return world.state.pair


def pair_or_none(world: CompareWorld) -> PairState | None:
    return world.state.pair


def better(world: CompareWorld, name: str) -> Verdict:
    """Who is better by what is said: *name* beats everybody."""
    if pair(world).left.answer.text.startswith(name):
        return Verdict.LEFT
    return Verdict.RIGHT if pair(world).right.answer.text.startswith(name) else Verdict.TIE


async def test_a_pair_shows_two_answers_and_no_names(world: CompareWorld) -> None:
    await answered(world)
    await world.compare.begin_votes()
    shown = pair(world)
    assert shown.left.answer.text != shown.right.answer.text
    assert shown.question in shown.left.answer.text
    assert (shown.left.answer.model, shown.left.column, shown.left.memory) == ("", 0, 0)
    assert (shown.done, shown.left_over) == (0, 6)


async def test_every_pair_comes_once_and_votes_are_kept_with_names_and_identities(world: CompareWorld) -> None:
    made = await answered(world)
    await world.compare.begin_votes()
    seen = set()
    while world.state.pair is not None:
        seen.add(frozenset((pair(world).left.answer.text, pair(world).right.answer.text)))
        await world.compare.vote(better(world, "One"), "  it rhymes ")
    assert len(seen) == 6
    assert world.state.votes == 6
    votes = await world.part.store.votes(made)
    assert all(vote.blind and vote.reason == "it rhymes" for vote in votes)
    assert set(Counter(frozenset((vote.left_name, vote.right_name)) for vote in votes).values()) == {2}
    assert len({vote.left_identity for vote in votes} | {vote.right_identity for vote in votes}) == 3
    assert not world.state.ratings

    await world.compare.reveal()
    wins = {rating.name: rating.wins for rating in world.state.ratings}
    assert wins.keys() == {"One", "Two", "Three"}
    assert wins["One"] == 4

    await world.compare.begin_votes()
    assert "have been compared" in world.error


async def test_a_vote_after_the_names_were_seen_says_so(world: CompareWorld) -> None:
    made = await answered(world)
    await world.compare.begin_votes()
    await world.compare.vote(Verdict.LEFT)
    await world.compare.reveal()
    assert world.state.pair is not None
    await world.compare.vote(Verdict.LEFT)
    assert [vote.blind for vote in await world.part.store.votes(made)] == [True, False]


async def test_the_last_vote_is_taken_back_and_its_pair_comes_again(world: CompareWorld) -> None:
    made = await answered(world)
    await world.compare.begin_votes()
    first = pair(world)
    await world.compare.vote(Verdict.BOTH_BAD)
    assert pair(world).done == 1
    await world.compare.undo_vote()
    assert pair(world) == first
    assert await world.part.store.votes(made) == ()
    await world.compare.undo_vote()
    assert world.state.votes == 0
    await world.compare.vote(Verdict.TIE)
    assert len(await world.part.store.votes(made)) == 1


async def test_a_key_that_is_pressed_twice_votes_once(world: CompareWorld) -> None:
    made = await answered(world)
    await world.compare.begin_votes()
    await asyncio.gather(world.compare.vote(Verdict.LEFT), world.compare.vote(Verdict.LEFT), world.compare.skip_pair())
    assert len(await world.part.store.votes(made)) == 1, "nobody has seen the next pair yet"
    assert pair(world).left_over == 5
    await asyncio.gather(world.compare.undo_vote(), world.compare.undo_vote())
    assert await world.part.store.votes(made) == ()


async def test_after_an_undo_a_pair_is_not_shown_twice(world: CompareWorld) -> None:
    made = await answered(world)
    await world.compare.begin_votes()
    for _ in range(3):
        await world.compare.vote(Verdict.TIE)
    await world.compare.undo_vote()
    while world.state.pair is not None:
        await world.compare.vote(Verdict.TIE)
    votes = await world.part.store.votes(made)
    assert len({(vote.prompt, frozenset((vote.left, vote.right))) for vote in votes}) == len(votes) == 6


async def test_a_pair_that_is_passed_over_comes_again_another_time(world: CompareWorld) -> None:
    await answered(world, prompts=1)
    await world.compare.begin_votes()
    for _ in range(3):
        await world.compare.skip_pair()
    assert world.state.pair is None
    await world.compare.begin_votes()
    assert pair(world).left_over == 3
    world.compare.end_votes()
    assert world.state.pair is None
    await world.compare.vote(Verdict.LEFT)
    assert world.state.votes == 0


async def test_without_two_answers_there_is_nothing_to_vote_on(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.PROMPTS, COLUMNS)
    await world.prompts(1, Options())
    await world.compare.begin_votes()
    assert world.state.pair is None
    assert "no two answers" in world.error


async def test_repeats_are_compared_among_themselves(world: CompareWorld) -> None:
    await world.compare.new(ExperimentKind.PROMPTS, COLUMNS[:2])
    await world.prompts(1, Options(repeats=3))
    await world.answered()
    await world.compare.begin_votes()
    repeats = set()
    while world.state.pair is not None:
        assert pair(world).left.repeat == pair(world).right.repeat == pair(world).repeat
        repeats.add(pair(world).repeat)
        await world.compare.vote(Verdict.TIE)
    assert repeats == {0, 1, 2}


async def test_what_was_voted_on_is_not_asked_again(world: CompareWorld) -> None:
    made = await answered(world, prompts=1)
    await world.compare.begin_votes()
    await world.compare.vote(Verdict.LEFT)
    await world.compare.reveal()
    (vote,) = await world.part.store.votes(made)
    (voted,) = [cell.id for cell in await world.part.store.cells(made) if cell.column == vote.left]
    await world.compare.ask_again(voted)
    assert "was voted on" in world.error


async def test_the_same_contestant_in_another_experiment_counts_there_too(world: CompareWorld) -> None:
    for _ in range(2):
        await answered(world, prompts=1)
        await world.compare.begin_votes()
        while world.state.pair is not None:
            await world.compare.vote(better(world, "Two"))
    assert await world.experiments.all_ratings() == ()
    await world.compare.reveal()
    assert {rating.votes for rating in await world.experiments.all_ratings()} == {2}
    first = min(head.id for head in world.experiments.state.value.experiments)
    await world.compare.open(first)
    await world.compare.reveal()
    found = await world.experiments.all_ratings()
    assert {rating.votes for rating in found} == {4}
    assert [rating.wins for rating in found if rating.name == "Two"] == [4]


async def test_a_column_that_was_changed_since_takes_no_part_any_more(world: CompareWorld) -> None:
    await answered(world, blind=False)
    columns = [column.column for column in world.state.columns]
    await world.compare.set_columns([columns[0], replace(columns[1], flags=(("--kv-cache-dtype", "fp8"),))])
    await world.compare.set_prompts(
        [*world.state.experiment.prompts, Prompt(0, "New?")] if world.state.experiment else []
    )
    await world.compare.begin_votes()
    assert world.state.pair is None


async def test_two_that_were_called_the_same_are_told_apart(world: CompareWorld) -> None:
    await answered(world, blind=False)
    await world.compare.begin_votes()
    while world.state.pair is not None:
        await world.compare.vote(better(world, "Two"))
    columns = [column.column for column in world.state.columns]
    await world.compare.set_columns([columns[0], replace(columns[1], settings=ChatSettings(system="Be brief."))])
    await world.answered()
    await world.compare.begin_votes()
    while pair_or_none(world) is not None:
        await world.compare.vote(Verdict.LEFT)
    names = {"One", "Two", "Three", "Two (own system prompt)"}
    assert {rating.name for rating in world.state.ratings} == names
    assert {rating.name for rating in await world.experiments.all_ratings()} == names
