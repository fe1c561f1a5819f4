"""Pairs to vote on: each once, all columns against one another, both sides, as evenly as can be."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

from desktop_app.domain.experiment import Verdict, Vote
from desktop_app.services.compare_pairs import Pair, Pairs, Question


def voted(pair: Pair) -> Vote:
    return Vote(0, 1, pair.prompt, pair.repeat, pair.left, pair.right, Verdict.TIE)


def drawn(finished: Mapping[Question, Sequence[int]], count: int, seed: int = 0) -> list[Pair]:
    pairs = Pairs(finished, [], [], Random(seed))
    found = []
    for _ in range(count):
        pair = pairs.draw()
        assert pair is not None
        pairs.voted(pair)
        found.append(pair)
    return found


def test_every_pair_comes_once_and_then_none() -> None:
    pairs = Pairs({(1, 0): [1, 2, 3], (2, 0): [1, 3], (3, 0): [2]}, [], [], Random(1))
    assert len(pairs) == 4
    found = [pairs.draw() for _ in range(4)]
    assert len({pair.key for pair in found if pair}) == 4
    assert pairs.draw() is None
    assert len(pairs) == 0


def test_what_was_voted_on_or_passed_over_does_not_come() -> None:
    finished = {(1, 0): [1, 2], (1, 1): [1, 2], (2, 0): [1, 2]}
    pairs = Pairs(finished, [voted(Pair(1, 0, 2, 1))], [Pair(2, 0, 1, 2).key], Random(1))
    pair = pairs.draw()
    assert pair is not None
    assert (pair.prompt, pair.repeat) == (1, 1)
    assert pairs.draw() is None


def test_pairs_and_sides_come_out_even() -> None:
    finished = {(prompt, 0): [1, 2, 3, 4] for prompt in range(40)}
    found = drawn(finished, 120)
    met = Counter(frozenset((pair.left, pair.right)) for pair in found)
    assert set(met.values()) == {20}
    sides = Counter((pair.left, pair.right) for pair in found)
    assert set(sides.values()) == {10}
    assert drawn(finished, 120, seed=2) != found


def test_sides_are_not_known_beforehand() -> None:
    first = {drawn({(1, 0): [1, 2]}, 1, seed)[0].left for seed in range(20)}
    assert first == {1, 2}
