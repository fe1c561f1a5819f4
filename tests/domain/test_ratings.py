"""Ratings against a published example, an independent library and a numerical optimum; intervals against the truth."""

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from desktop_app.domain.experiment import Verdict, Vote
from desktop_app.domain.ratings import AVERAGE, DEVIATIONS, POINTS, Rating, ratings
from desktop_app.domain.strengths import Tally, exists, fit

DATA = Path(__file__).parents[1] / "data" / "ratings"
MADE = {"choix": 3, "scipy": 4}
"""How many references are in each file."""


def tally(wins: list[list[int]], ties: list[list[int]] | None = None) -> Tally:
    none = [[0] * len(wins) for _ in wins]
    return Tally(tuple(map(tuple, wins)), tuple(map(tuple, ties or none)))


def votes(told: str) -> list[Vote]:
    """Of words like `A>B`, `A=B`, `A0B` (both bad)."""
    found = list[Vote]()
    for number, word in enumerate(told.split()):
        verdict = {">": Verdict.LEFT, "<": Verdict.RIGHT, "=": Verdict.TIE, "0": Verdict.BOTH_BAD}[word[1]]
        found.append(Vote(number, 1, 1, 0, 1, 2, verdict, left_identity=word[0], right_identity=word[2]))
    return found


def rated(told: str) -> dict[str, Rating]:
    return {rating.identity: rating for rating in ratings(votes(told))}


def test_published_example() -> None:
    """To all seven digits that BradleyTerry2 prints, see `tests/data/ratings/README.md`."""
    told = json.loads((DATA / "citations.json").read_text("utf-8"))
    found = fit(tally(told["wins"]))
    assert found is not None
    assert found.values == pytest.approx(told["abilities"], abs=1e-6)
    assert [found.error(one) for one in range(4)] == pytest.approx(told["errors"], abs=1e-7)
    for reference, differences in ((0, told["against_biometrika"]), (2, told["against_jasa"])):
        for one, (value, error) in enumerate(differences):
            assert found.difference(one, reference) == pytest.approx((value, error), abs=1e-6)


@pytest.mark.parametrize(("name", "place"), [(name, place) for name, many in MADE.items() for place in range(many)])
def test_independent_optima(name: str, place: int) -> None:
    reference = json.loads((DATA / f"{name}.json").read_text("utf-8"))[place]
    found = fit(tally(reference["wins"], reference["ties"]))
    assert found is not None
    assert found.values == pytest.approx(reference["strengths"], abs=1e-4)
    assert [found.error(one) for one in range(len(found.values))] == pytest.approx(reference["errors"], rel=1e-3)
    assert found.tie == pytest.approx(reference["tie"], rel=1e-3)


def test_two_contestants_by_hand() -> None:
    found = rated("A>B " * 6 + "B>A " * 3)
    points = POINTS * math.log(2)
    assert found["A"].points == pytest.approx(AVERAGE + points / 2)
    assert found["B"].points == pytest.approx(AVERAGE - points / 2)
    strengths = fit(tally([[0, 6], [3, 0]], [[0, 4], [4, 0]]))
    assert strengths is not None
    assert strengths.difference(0, 1) == pytest.approx((math.log(2), math.sqrt(1 / 6 + 1 / 3)))
    assert strengths.tie == pytest.approx(4 / math.sqrt(6 * 3))


def test_ten_times_as_many_wins_are_400_points() -> None:
    found = rated("A>B " * 10 + "A<B")
    assert found["A"].points is not None
    assert found["B"].points is not None
    assert found["A"].points - found["B"].points == pytest.approx(400)


def test_counts_order_and_interval() -> None:
    told = ratings(votes("A>B A>B B>A A<C C<A A>C B>C C=A C0B C=B " * 3))
    assert [one.identity for one in told] == ["A", "B", "C"]
    last = told[-1]
    assert (last.votes, last.wins, last.losses, last.ties) == (21, 3, 9, 9)
    assert sum(one.points or 0 for one in told) == pytest.approx(3 * AVERAGE)
    for one in told:
        assert one.points is not None
        assert one.low is not None
        assert one.high is not None
        assert one.low < one.points < one.high
        assert one.high - one.points == pytest.approx(one.points - one.low)
        assert not one.why


def test_more_votes_are_surer() -> None:
    few, many = rated("A>B A>B B>A " * 5)["A"], rated("A>B A>B B>A " * 50)["A"]
    assert few.points == pytest.approx(many.points)
    assert few.high is not None
    assert few.low is not None
    assert many.high is not None
    assert many.low is not None
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(math.sqrt(10))


def test_sides_and_order_of_votes_do_not_matter() -> None:
    told = votes("A>B B>C C>A A=B C0A B>A A>C " * 3)
    swapped = {
        Verdict.LEFT: Verdict.RIGHT,
        Verdict.RIGHT: Verdict.LEFT,
        Verdict.TIE: Verdict.BOTH_BAD,
        Verdict.BOTH_BAD: Verdict.TIE,
    }
    turned = [
        Vote(0, 2, 1, 0, 2, 1, swapped[one.verdict], left_identity=one.right_identity, right_identity=one.left_identity)
        for one in reversed(told)
    ]
    for one, other in zip(ratings(told), ratings(turned), strict=True):
        assert (one.identity, one.wins, one.losses, one.ties) == (other.identity, other.wins, other.losses, other.ties)
        assert one.points == pytest.approx(other.points)
        assert one.low == pytest.approx(other.low)


def test_names_are_the_last_ones_and_nobody_meets_itself() -> None:
    told = [
        Vote(1, 1, 1, 0, 1, 2, Verdict.LEFT, left_identity="A", right_identity="B", left_name="Old", right_name="Bee"),
        Vote(2, 2, 1, 0, 1, 2, Verdict.LEFT, left_identity="B", right_identity="A", left_name="", right_name="New"),
        Vote(3, 2, 1, 0, 1, 2, Verdict.TIE, left_identity="A", right_identity="A", left_name="Self"),
        Vote(4, 2, 1, 0, 1, 2, Verdict.TIE, left_identity="C", right_identity="C", left_name="Alone"),
    ]
    assert {one.identity: (one.name, one.votes) for one in ratings(told)} == {"A": ("New", 2), "B": ("Bee", 2)}


def test_no_votes_no_ratings() -> None:
    assert ratings([]) == ()


@pytest.mark.parametrize(
    ("told", "unrated"),
    [
        ("A>B", {"A": "not lost yet", "B": "not won yet"}),
        ("A=B A0B", {"A": "ties so far", "B": "ties so far"}),
        ("A>B A=B", {"A": "not lost yet", "B": "not won yet"}),
        ("A>B B>A C>A C>B", {"C": "not lost yet"}),
        ("A>B B>A A>C B>C", {"C": "not won yet"}),
        ("A>B B>A A>B C>D D>C", {"C": "too little", "D": "too little"}),
        ("A>B B>C C>A A>D D>E E>D", {"D": "too little", "E": "too little"}),
        ("A>B B>A C=A", {}),
        ("A>B B>C C=A", {}),
        ("A>B C=A C=B", {"A": "not lost yet", "B": "not won yet", "C": "ties so far"}),
    ],
)
def test_who_cannot_be_rated_says_why(told: str, unrated: dict[str, str]) -> None:
    found = ratings(votes(told))
    without = {one.identity: one.why for one in found if one.points is None}
    assert without.keys() == unrated.keys()
    assert all(unrated[identity] in why for identity, why in without.items())
    assert all(one.low is None and one.high is None for one in found if one.points is None)
    assert [one.points is None for one in found] == sorted(one.points is None for one in found)
    known = [one.points for one in found if one.points is not None]
    assert not known or sum(known) == pytest.approx(AVERAGE * len(known))


def test_a_newcomer_does_not_change_the_others() -> None:
    before, after = rated("A>B B>A A>B"), rated("A>B B>A A>B A>N B>N N=M")
    assert after["A"].points == pytest.approx(before["A"].points)
    assert after["N"].points is None
    assert after["N"].losses == 2


def test_existence_by_trying() -> None:
    """Where the conditions say that there is a maximum, the slope vanishes at a finite place; elsewhere it does not."""
    chance, seen = random.Random(1), set[bool]()
    for _ in range(120):
        size = chance.choice([2, 3, 4])
        told = drawn([chance.uniform(-1, 1) for _ in range(size)], chance.choice([0, 0.5, 2]), 1, chance)
        seen.add(exists(told))
        found = fit(told)
        assert (found is not None) is exists(told)
        if found is not None:
            assert max(map(abs, found.values)) < 20
            assert max(found.error(one) for one in range(size)) < 20
            assert likelihood(told, found.values, found.tie) >= max(
                likelihood(told, [value + chance.gauss(0, 0.3) for value in found.values], found.tie * nudge)
                for nudge in (0.5, 0.9, 1, 1.1, 2)
            )
        else:
            assert runs_away(told)
    assert seen == {True, False}


def runs_away(told: Tally) -> bool:
    """Whether going uphill does not come to an end; by steps that are too plain to be wrong."""
    values, log_tie = [0.0] * told.size, 0.0 if told.has_tie() else -math.inf
    for _ in range(4_000):
        slopes, tie_slope = [0.0] * told.size, 0.0
        for i in range(told.size):
            for j in range(told.size):
                count = told.wins[i][j] + told.wins[j][i] + told.ties[i][j]
                if i != j and count:
                    win, _, tie = chances(values[i] - values[j], math.exp(log_tie))
                    slopes[i] += told.wins[i][j] + told.ties[i][j] / 2 - count * (win + tie / 2)
                    tie_slope += (told.ties[i][j] - count * tie) / 2
        values = [value + slope / 4 for value, slope in zip(values, slopes, strict=True)]
        log_tie += tie_slope / 4
    return max(values) - min(values) + (abs(log_tie) if told.has_tie() else 0) > 6


def chances(gap: float, nu: float) -> tuple[float, float, float]:
    win, loss = math.exp(gap / 2), math.exp(-gap / 2)
    total = win + loss + nu
    return win / total, loss / total, nu / total


def likelihood(told: Tally, values: Sequence[float], nu: float) -> float:
    total = 0.0
    for i in range(told.size):
        for j in range(i):
            for count, chance in zip(
                (told.wins[i][j], told.wins[j][i], told.ties[i][j]), chances(values[i] - values[j], nu), strict=True
            ):
                total += count * math.log(chance) if count else 0
    return total


def drawn(truth: list[float], nu: float, times: int, chance: random.Random) -> Tally:
    """Votes of everybody against everybody else, as often as *times*."""
    size = len(truth)
    wins, ties = [[0] * size for _ in truth], [[0] * size for _ in truth]
    for i in range(size):
        for j in range(i):
            for _ in range(times):
                outcome = chance.choices("wlt", chances(truth[i] - truth[j], nu))[0]
                if outcome == "t":
                    ties[i][j] += 1
                    ties[j][i] += 1
                else:
                    wins[i if outcome == "w" else j][j if outcome == "w" else i] += 1
    return tally(wins, ties)


@pytest.mark.parametrize("nu", [0, 0.5, 1.5])
@pytest.mark.parametrize(
    ("truth", "times", "runs"),
    [
        ([0.3, -0.3], 100, 600),
        ([0.8, 0, -0.8], 15, 500),
        ([1, 0.5, 0.2, -0.4, -1.3], 10, 300),
        ([0.9, 0.7, 0.4, 0.1, -0.1, -0.3, -0.6, -1.1], 10, 150),
    ],
    ids=["2", "3", "5", "8"],
)
def test_intervals_hold_the_truth_95_times_of_100(truth: list[float], times: int, runs: int, nu: float) -> None:
    """Between 93 and 97 %, each against the average and each two against one another."""
    chance, held, compared = random.Random(7), list[bool](), list[bool]()
    for _ in range(runs):
        found = fit(drawn(truth, nu, times, chance))
        if found is None:
            continue
        middle = sum(truth) / len(truth)
        for i, true in enumerate(truth):
            held.append(abs(found.values[i] - (true - middle)) <= DEVIATIONS * found.error(i))
            for j in range(i):
                value, error = found.difference(i, j)
                compared.append(abs(value - (true - truth[j])) <= DEVIATIONS * error)
    assert len(held) > 0.95 * runs * len(truth)
    assert 0.93 <= sum(held) / len(held) <= 0.97
    assert 0.93 <= sum(compared) / len(compared) <= 0.97
