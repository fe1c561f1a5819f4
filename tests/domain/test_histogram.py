"""Percentiles read off buckets, against those of the values themselves."""

import math
import random
from bisect import bisect_left
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain.histogram import NOTHING, Histogram

_COARSE = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0)
"""vLLM's for the time to the first token (`v1/metrics/buckets.py`), up to 40 s."""
_FINE = tuple(0.0001 * 1.05**step for step in range(280))
"""Each 5 % above the one before, from 0.1 ms to 80 s."""
_SHARES = (0.0, 0.01, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0)
_KINDS: dict[str, Callable[[random.Random], float]] = {
    "even": lambda dice: dice.uniform(0.002, 3.0),
    "waiting": lambda dice: dice.expovariate(4.0),
    "skewed": lambda dice: dice.lognormvariate(-3.0, 1.2),
    "two heaps": lambda dice: dice.gauss(0.02, 0.002) if dice.random() < 0.85 else dice.gauss(6.0, 0.8),
    "all alike": lambda dice: 0.3,
    "long tail": lambda dice: 0.01 * dice.paretovariate(1.1),
}


def counted(values: Sequence[float], bounds: tuple[float, ...]) -> Histogram:
    """As the engine counts."""
    counts = [0.0] * (len(bounds) + 1)
    for value in values:
        counts[bisect_left(bounds, value)] += 1
    return Histogram(bounds, tuple(counts))


def exact(values: Sequence[float], share: float) -> float:
    """The smallest value that *share* of all do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@pytest.mark.parametrize("bounds", [_COARSE, _FINE], ids=["coarse", "fine"])
@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(("seed", "size"), [(1, 1), (2, 7), (3, 100), (4, 5000)])
def test_a_percentile_lies_in_the_bucket_of_the_exact_one(
    kind: str, seed: int, size: int, bounds: tuple[float, ...]
) -> None:
    dice = random.Random(seed)
    values = [abs(_KINDS[kind](dice)) for _ in range(size)]
    told = counted(values, bounds)
    assert told.total == size
    edges = (0.0, *bounds)
    for share in _SHARES:
        true, found = exact(values, share), told.percentile(share)
        assert found is not None
        place = bisect_left(bounds, true)
        if place == len(bounds):
            assert found == bounds[-1]
        else:
            assert edges[place] <= found <= edges[place + 1]
        if bounds is _FINE and bounds[0] < true <= bounds[-1]:
            assert found == pytest.approx(true, rel=0.05)


def test_many_even_values_are_told_exactly_by_few_buckets() -> None:
    told = counted([number / 1000 for number in range(1, 1001)], (0.25, 0.5, 1.0))
    for share in (0.1, 0.5, 0.9, 0.99):
        assert told.percentile(share) == pytest.approx(share)


def test_the_first_bucket_begins_at_nothing_and_of_the_last_only_its_beginning_is_known() -> None:
    told = Histogram((1.0, 2.0), (4.0, 0.0, 4.0))
    assert [told.percentile(share) for share in (0.0, 0.25, 0.5, 0.51, 1.0)] == [0.0, 0.5, 1.0, 2.0, 2.0]
    assert (told.percentile(-3), told.percentile(7)) == (0.0, 2.0)


@pytest.mark.parametrize("empty", [NOTHING, Histogram((1.0,), (0.0, 0.0)), Histogram((), (5.0,))])
def test_where_nothing_was_counted_there_is_no_percentile(empty: Histogram) -> None:
    assert empty.percentile(0.5) is None


def test_what_is_new_and_what_there_is_together() -> None:
    dice = random.Random(5)
    early, late = ([dice.expovariate(2.0) for _ in range(count)] for count in (300, 500))
    before, after = counted(early, _COARSE), counted([*early, *late], _COARSE)
    assert after - before == counted(late, _COARSE)
    assert before + counted(late, _COARSE) == after
    assert (NOTHING + before, before + NOTHING, before - NOTHING, NOTHING - before) == (before, before, before, NOTHING)


def test_a_reset_leaves_nothing_negative() -> None:
    assert Histogram((1.0,), (2.0, 7.0)) - Histogram((1.0,), (5.0, 1.0)) == Histogram((1.0,), (0.0, 6.0))


def test_other_buckets_are_counted_by_those_that_both_have() -> None:
    values, others = [0.2, 0.7, 1.5, 3.0], [0.3, 1.1, 9.0]
    one, two = counted(values, (0.5, 1.0, 2.0)), counted(others, (0.25, 1.0, 2.0, 4.0))
    assert one + two == counted([*values, *others], (1.0, 2.0))
    assert counted([*values, 0.1, 0.1], (1.0, 2.0)) - one == counted([0.1, 0.1], (1.0, 2.0))
    assert (one - Histogram((9.0,), (1.0, 0.0))).percentile(0.5) is None


def test_cumulative_counts_in_any_order_of_several_engines() -> None:
    pairs = [(math.inf, 9.0), (1.0, 4.0), (0.5, 1.0), (0.5, 2.0), (1.0, 5.0), (math.inf, 11.0)]
    assert Histogram.of_cumulative(pairs) == Histogram((0.5, 1.0), (3.0, 6.0, 11.0))


@pytest.mark.parametrize(
    ("pairs", "meant"),
    [
        ([], NOTHING),
        ([(1.0, 0.0), (math.inf, 0.0)], NOTHING),
        ([(1.0, 3.0), (2.0, 5.0)], Histogram((1.0, 2.0), (3.0, 2.0, 0.0))),
        ([(1.0, 3.0), (2.0, 1.0), (math.inf, 5.0)], Histogram((1.0, 2.0), (3.0, 0.0, 2.0))),
        ([(1.0, 3.0), (2.0, math.nan), (math.inf, 5.0)], Histogram((1.0,), (3.0, 2.0))),
        ([(1.0, 3.0), (2.0, math.inf), (math.inf, 5.0)], Histogram((1.0,), (3.0, 2.0))),
        ([(math.nan, 3.0), (-2.0, 1.0), (0.0, 1.0), (2.0, 5.0)], Histogram((2.0,), (5.0, 0.0))),
        ([(1.0, -3.0), (2.0, 4.5), (1e300, 5.0), (math.inf, 1e300)], Histogram((2.0,), (4.0, 0.0))),
        ([(-math.inf, 3.0), (math.inf, 4.0)], Histogram((), (4.0,))),
    ],
)
def test_what_cannot_be_meant_is_left_out(pairs: list[tuple[float, float]], meant: Histogram) -> None:
    assert Histogram.of_cumulative(pairs) == meant


def test_thousands_of_buckets_are_told_less_finely() -> None:
    told = Histogram.of_cumulative((number / 1000, number * 2.0) for number in range(1, 10_001))
    assert len(told.bounds) <= 256
    assert told.total == 20_000
    assert told.percentile(0.5) == pytest.approx(5.0, rel=0.01)


_ANY = st.floats() | st.sampled_from([0.1, 1.0, 2.0, math.inf]) | st.integers(0, 50).map(float)


@given(st.lists(st.tuples(_ANY, _ANY), max_size=30), st.lists(st.tuples(_ANY, _ANY), max_size=30), st.floats())
def test_nothing_that_is_said_raises_or_makes_nonsense(
    said: list[tuple[float, float]], more: list[tuple[float, float]], share: float
) -> None:
    one, two = Histogram.of_cumulative(said), Histogram.of_cumulative(more)
    for told in (one, one + two, one - two, one - one):
        assert list(told.bounds) == sorted(set(told.bounds))
        assert not told.counts or len(told.counts) == len(told.bounds) + 1
        assert all(0 <= count < math.inf for count in told.counts)
        found = [told.percentile(one) for one in (0.0, 0.5, 0.9, 0.99, 1.0)]
        known = [value for value in found if value is not None]
        assert len(known) in (0, len(found))
        assert known == sorted(known)
        assert all(0 <= value <= told.bounds[-1] for value in known)
        told.percentile(share)
