"""The rings of the last hour."""

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain.monitor_history import REACH, SPANS, History

START = 1000.0
PACES = st.floats(0.05, REACH)


def filled(seconds: float, pace: float, value: float = 0.5, key: str = "a") -> History:
    history, at = History(), START
    history.add(at, 0.0, {key: value})
    while at < START + seconds:
        at += pace
        history.add(at, pace, {key: value})
    return history


def known(values: object) -> list[float]:
    assert not isinstance(values, str)
    return [value for value in values if not math.isnan(value)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("span", "step", "count"), [(60, 0.5, 120), (300, 0.5, 600), (900, 1.5, 600), (3600, 6, 600)])
def test_every_span_has_buckets_of_one_length(span: float, step: float, count: int) -> None:
    line = filled(span + 20, 2.0).line("a", span)
    assert (line.step, len(line.values)) == (step, count)
    assert known(line.values) == pytest.approx([0.5] * count)


def test_only_whole_buckets_are_told() -> None:
    history = History()
    history.add(START, 0.0, {"a": 1.0})
    history.add(START + 0.7, 0.7, {"a": 1.0})
    line = history.line("a", 60)
    assert line.start + 60 == START + 0.5
    assert known(line.values) == pytest.approx([1.0])


def test_a_bucket_is_the_mean_of_what_it_covers() -> None:
    history = History()
    history.add(START, 0.0, {"a": 1.0})
    history.add(START + 0.2, 0.2, {"a": 10.0})
    history.add(START + 0.5, 0.3, {"a": 20.0})
    assert history.line("a", 60).values[-1] == pytest.approx((10 * 0.2 + 20 * 0.3) / 0.5)


def test_values_reach_back_to_the_reading_before() -> None:
    history = filled(10, 1.0)
    history.add(START + 14.5, 0.1, {"a": 0.5})
    assert len(known(history.line("a", 60).values)) == 29


def test_a_longer_pause_stays_unknown() -> None:
    history = filled(10, 1.0)
    history.add(START + 30, 2.0, {"a": 0.5})
    values = history.line("a", 60).values
    assert len(known(values)) == 20 + 4
    assert all(math.isnan(value) for value in values[-40:-4])


@pytest.mark.parametrize("pause", [200.0, 400.0, 4000.0, 1e6])
def test_a_pause_of_any_length_leaves_nothing_old(pause: float) -> None:
    history = filled(10, 1.0)
    history.add(START + 10 + pause, 1.0, {"a": 0.25})
    history.add(START + 18 + pause, 0.0, {"b": 0.25})
    for span in SPANS:
        line = history.line("a", span)
        old = [line.start + place * line.step for place, value in enumerate(line.values) if value > 0.4]
        assert all(START - line.step < at < START + 10.1 for at in old)


def test_the_first_reading_covers_what_it_says() -> None:
    history = History()
    history.add(START, 2.0, {"a": 3.0})
    assert known(history.line("a", 60).values) == pytest.approx([3.0] * 4)


@pytest.mark.parametrize("at", [START + 10, START + 5, START - 100, 0.0])
def test_what_is_not_later_is_passed_over(at: float) -> None:
    history = filled(10, 0.5)
    before = list(history.line("a", 60).values), history.revision(60)
    history.add(at, 1.0, {"a": 9.0})
    assert [repr(value) for value in history.line("a", 60).values] == [repr(value) for value in before[0]]
    assert history.revision(60) == before[1]


def test_a_new_series_may_come_and_an_old_one_may_end() -> None:
    history = filled(10, 1.0)
    for second in range(11, 21):
        history.add(START + second, 1.0, {"b": 2.0})
    a, b = history.line("a", 60).values, history.line("b", 60).values
    assert set(history.keys()) == {"a", "b"}
    assert known(a[-20:]) == []
    assert b[-20:] == pytest.approx([2.0] * 20)
    assert known(b[:-20]) == []


def test_a_series_that_is_silent_for_an_hour_is_let_go() -> None:
    history = filled(10, 1.0, key="gone")
    for second in range(12, 3700, 2):
        history.add(START + second, 2.0, {"a": 1.0})
    assert history.keys() == ("a",)
    assert known(history.line("gone", 3600).values) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_unknown(value: float) -> None:
    history = History()
    history.add(START, 1.0, {"a": value})
    history.add(START + 1, 1.0, {"a": value, "b": 1.0})
    assert known(history.line("a", 60).values) == []


def test_nothing_was_added() -> None:
    history = History()
    for span in SPANS:
        assert known(history.line("a", span).values) == []
        assert history.read("a", span, START) is None
        assert history.revision(span) == 0
    assert history.keys() == ()


def test_the_revision_changes_with_whole_buckets_only() -> None:
    history, seen = History(), set()
    for step in range(100):
        history.add(START + step * 0.1, 0.1, {"a": 1.0})
        seen.add((history.revision(60), history.line("a", 60).start))
    assert len(seen) == 20
    assert len({revision for revision, _ in seen}) == 20
    assert history.revision(3600) == 1009 // 6


def test_a_moment_is_read() -> None:
    history = History()
    for step in range(41):
        history.add(START + step * 0.5, 0.5, {"a": float(step)})
    assert history.read("a", 60, START + 0.7) == 2.0
    assert history.read("a", 60, START + 19.9) == 40.0
    assert history.read("a", 60, START + 30) is None
    assert history.read("a", 60, START - 1) is None
    assert history.read("a", 3600, START + 3) == pytest.approx(history.line("a", 3600).values[-3])
    assert history.read("b", 60, START + 5) is None


def test_the_bucket_under_way_is_read_too() -> None:
    history = filled(10, 0.5)
    history.add(START + 10.7, 0.2, {"a": 0.25})
    assert history.read("a", 60, START + 10.6) == pytest.approx(0.25)


def test_a_moment_before_the_span_is_not_read() -> None:
    history = filled(100, 1.0)
    assert history.read("a", 60, START + 20) is None
    assert history.read("a", 300, START + 20) == pytest.approx(0.5)


def test_a_series_takes_the_same_memory_after_an_hour() -> None:
    def size(history: History) -> int:
        series = [one for tier in history._tiers for one in tier._series.values()]
        return sum(sys.getsizeof(ring) for one in series for ring in (one.means, one.covered))

    assert size(filled(4000, 2.0)) == size(filled(10, 2.0)) < 3 * 2 * 640 * 8 + 1000


@given(value=st.floats(-1e12, 1e12), paces=st.lists(PACES, min_size=1, max_size=40), span=st.sampled_from(SPANS))
def test_the_mean_of_a_constant_series_is_the_constant(value: float, paces: list[float], span: float) -> None:
    history, at = History(), START
    history.add(at, 0.0, {"a": value})
    for pace in paces:
        at += pace
        history.add(at, pace, {"a": value})
    for bucket in known(history.line("a", span).values):
        assert bucket == pytest.approx(value, rel=1e-9, abs=1e-9)


@given(
    readings=st.lists(st.tuples(PACES, st.floats(0, 1e6)), min_size=1, max_size=100), span=st.sampled_from(SPANS[1:])
)
def test_the_integral_is_what_was_added(readings: list[tuple[float, float]], span: float) -> None:
    history, at, added, highest = History(), START, 0.0, 0.0
    history.add(at, 0.0, {"a": 0.0})
    for pace, rate in readings:
        if at + pace > START + span:
            break
        at += pace
        added += pace * rate
        highest = max(highest, rate)
        history.add(at, pace, {"a": rate})
    line = history.line("a", span)
    assert sum(known(line.values)) * line.step == pytest.approx(added, abs=2 * line.step * highest + 1e-6)


@given(bursts=st.lists(st.floats(0, 1000), min_size=1, max_size=20), one=PACES, two=PACES)
def test_nothing_depends_on_the_pace(bursts: list[float], one: float, two: float) -> None:
    def counted(seconds: float) -> float:
        """A counter that grows by a burst every three seconds."""
        return sum(burst * min(1.0, max(0.0, seconds / 3 - place)) for place, burst in enumerate(bursts))

    def integral(pace: float) -> float:
        history, seconds = History(), 0.0
        history.add(START, 0.0, {"a": 0.0})
        while seconds < 70:
            seconds += pace
            history.add(START + seconds, pace, {"a": (counted(seconds) - counted(seconds - pace)) / pace})
        line = history.line("a", 300)
        return sum(known(line.values)) * line.step

    assert integral(one) == pytest.approx(sum(bursts), abs=1e-6 + max(bursts))
    assert integral(one) == pytest.approx(integral(two), abs=1e-6 + max(bursts))


@given(st.lists(st.tuples(st.floats(-10, 1e4), st.floats(-10, 1e4), st.booleans()), max_size=30))
def test_whatever_times_come_nothing_raises(readings: list[tuple[float, float, bool]]) -> None:
    history = History()
    for at, seconds, both in readings:
        history.add(at, seconds, {"a": 1.0, "b": 2.0} if both else {"a": 1.0})
        for span in SPANS:
            assert len(known(history.line("b", span).values)) <= 600
            value = history.read("a", span, at)
            assert value is None or value == pytest.approx(1.0)
