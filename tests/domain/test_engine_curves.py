"""What engines add to the curves: as many tokens as they counted, whenever and however often they are asked."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain.engine_curves import EngineCurves, Stretch
from desktop_app.domain.engine_figures import EngineFigures, Percentiles
from desktop_app.domain.engine_meter import EngineMeter
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.domain.monitor_history import SPANS, History

START = 1000.0
ENGINE = EngineFigures(
    "a",
    "Guide",
    generation=40.0,
    prompt=100.0,
    running=2,
    waiting=1,
    preempted=1,
    kv_cache=0.5,
    hit_rate=0.75,
    first_word=Percentiles(0.1, 0.2, 0.3),
    between=Percentiles(0.01, 0.02, 0.03),
    at=100.0,
    seconds=2.0,
)
BIG = EngineFigures(
    "b", "Big", 5.0, 1.0, 7, 3, kv_cache=0.9, first_word=Percentiles(1.0, 2.0, 3.0), at=100.5, seconds=1.0
)
STEPS = st.lists(st.tuples(st.floats(0.4, 12.0), st.integers(0, 5000)), min_size=2, max_size=25)
"""Seconds after the answer before, and tokens that were written meanwhile."""


def told(*stretches: Stretch) -> list[tuple[float, float, bool]]:
    return [(one.begin, one.end, one.on_top) for one in stretches]


def test_one_engine_tells_of_the_time_since_it_was_asked_before() -> None:
    speeds, state = EngineCurves().add((ENGINE,), (ENGINE,))
    assert told(speeds, state) == [(98.0, 100.0, False)] * 2
    assert speeds.values == {"engine.generation": 40.0, "engine.prompt": 100.0}
    assert [state.values[f"engine.{key}"] for key in ("running", "waiting", "preempted")] == [2, 1, 1]
    assert (state.values["engine.kv"], state.values["engine.hits"]) == (0.5, 0.75)
    assert (state.values["engine.first.p50"], state.values["engine.between.p99"]) == (0.1, 0.03)


def test_an_engine_at_rest_tells_no_times() -> None:
    rest = EngineFigures("a", "Guide", at=100.0, seconds=2.0)
    speeds, state = EngineCurves().add((rest,), (rest,))
    assert not {"engine.hits", "engine.first.p50", "engine.between.p50"} & state.values.keys()
    assert speeds.values["engine.generation"] == 0.0


def test_tokens_that_came_were_an_answer_though_it_was_over_when_the_engine_was_asked() -> None:
    over = replace(ENGINE, running=0)
    *_, state = EngineCurves().add((over, BIG), (over,))
    assert state.values["engine.running"] == 1 + 7
    _, state = EngineCurves().add((replace(over, generation=0.0),), (replace(over, generation=0.0),))
    assert state.values["engine.running"] == 0


def test_an_engine_that_is_new_tells_nothing_yet() -> None:
    new = replace(BIG, seconds=0.0)
    assert EngineCurves().add((new,), (new,)) == []
    assert told(*EngineCurves().add((ENGINE, new), (ENGINE, new))) == [(98.0, 100.0, False)] * 2


def test_what_was_told_is_not_told_again() -> None:
    curves = EngineCurves()
    curves.add((ENGINE,), (ENGINE,))
    assert curves.add((ENGINE,), ()) == []


def test_several_engines_are_summed_or_the_largest_is_taken() -> None:
    curves = EngineCurves()
    *speeds, state = curves.add((ENGINE, BIG), (ENGINE, BIG))
    assert told(*speeds, state) == [
        (98.0, 100.0, False),
        (99.5, 100.0, True),
        (100.0, 100.5, False),
        (98, 100.5, False),
    ]
    assert [one.values["engine.generation"] for one in speeds] == [40.0, 5.0, 5.0]
    assert (state.values["engine.running"], state.values["engine.waiting"]) == (9, 4)
    assert (state.values["engine.kv"], state.values["engine.hits"]) == (0.9, 0.75)
    assert (state.values["engine.first.p50"], state.values["engine.between.p50"]) == (1.0, 0.01)
    # The other one is asked again a little later.
    again = replace(ENGINE, at=101.0, seconds=1.0)
    assert told(*curves.add((again, BIG), (again,))) == [(100, 100.5, True), (100.5, 101, False), (100.5, 101, False)]


class Bench:
    """A history that is read like the machine, and engines that answer when they like."""

    def __init__(self, pace: float) -> None:
        self.history, self.curves = History(), EngineCurves()
        self._pace, self._at = pace, START
        self._figures: dict[str, EngineFigures] = {}
        self._meters: dict[str, EngineMeter] = {}

    def pass_to(self, at: float) -> None:
        """The machine is read until *at*."""
        while self._at + self._pace <= at:
            self._at += self._pace
            self.history.add(self._at, self._pace, {"cpu": 0.5})

    def answer(self, key: str, at: float, tokens: float) -> None:
        """An engine says at *at* that it has written so many tokens."""
        self.pass_to(at)
        meter = self._meters.setdefault(key, EngineMeter(key, key))
        self._figures[key] = meter.add(at, EngineMetrics(generated_tokens=tokens, running=1))
        for part in self.curves.add(tuple(self._figures.values()), (self._figures[key],)):
            self.history.fill(part.begin, part.end, part.values, on_top=part.on_top)

    def stop(self, key: str) -> None:
        del self._figures[key], self._meters[key]

    def integral(self, span: float, key: str = "engine.generation") -> float:
        """What lies below a curve, once the machine was read long enough for all of it to be in whole buckets."""
        self.pass_to(self._at + 30)
        line = self.history.line(key, span)
        return line.step * sum(value for value in line.values if not math.isnan(value))

    def known(self, span: float) -> list[tuple[float, float]]:
        """When each bucket begins in which something is known, and the speed in it."""
        line = self.history.line("engine.generation", span)
        places = enumerate(line.values)
        return [(line.start + number * line.step, value) for number, value in places if not math.isnan(value)]


@pytest.mark.parametrize("span", SPANS[1:])
@given(paces=st.floats(0.3, 4.0), steps=STEPS)
def test_the_area_below_the_speed_is_what_was_counted(
    span: float, paces: float, steps: list[tuple[float, int]]
) -> None:
    bench, at, written = Bench(paces), START + 5, 77.0
    for seconds in (0.0, 7.0):  # at rest: a bucket that is known in part must not count for more than it is
        at += seconds
        bench.answer("a", at, written)
    for seconds, tokens in steps:
        if at + seconds > START + span - 60:
            break
        at, written = at + seconds, written + tokens
        bench.answer("a", at, written)
    bench.answer("a", at + 8, written)
    assert bench.integral(span) == pytest.approx(written - 77.0, rel=1e-9, abs=1e-6)


@given(
    paces=st.floats(0.3, 2.5),
    late=st.lists(st.tuples(st.floats(0, 2.9), st.integers(0, 900), st.integers(0, 900)), min_size=2, max_size=20),
)
def test_of_two_engines_both_are_counted_however_late_one_answers(
    paces: float, late: list[tuple[float, int, int]]
) -> None:
    bench, asked, one, two = Bench(paces), START + 5, 0.0, 0.0
    last = asked
    for delay, first, second in [(0.0, 0, 0), (0.0, 0, 0), *late, (0.0, 0, 0), (0.0, 0, 0)]:
        one, two = one + first, two + second
        bench.answer("one", asked + 0.01, one)
        last = asked + 0.01 + delay
        bench.answer("two", last, two)
        asked = max(asked + 3.5, last + 0.5)
    assert bench.integral(300) == pytest.approx(one + two, rel=1e-9, abs=1e-6)


def test_an_even_speed_is_even_at_every_pace_and_has_no_gap() -> None:
    bench, at = Bench(0.5), START + 2
    for number in range(40):
        bench.answer("one", at, 20.0 * (at - START))
        bench.answer("two", at + 0.01 + number % 5 / 4, 50.0 * (at + 0.01 + number % 5 / 4 - START))
        at += (1.6, 2.1, 6.0)[number % 3]
    bench.integral(300)
    whole = [(begin, value) for begin, value in bench.known(300) if START + 4 < begin < at - 7]
    assert [value for _, value in whole] == pytest.approx([70.0] * len(whole))
    assert {after - before for (before, _), (after, _) in pairwise(whole)} == {0.5}


def test_a_stopped_engine_leaves_a_gap_and_the_other_goes_on() -> None:
    bench = Bench(0.5)
    for second in range(5, 11):
        bench.answer("one", START + second, 10.0 * second)
    bench.stop("one")
    for second in range(30, 36):
        bench.answer("one", START + second, 10.0 * second)
    bench.integral(300)
    assert bench.known(60) == [(START + half / 2, 10.0) for half in (*range(10, 20), *range(60, 70))]


def test_what_is_told_late_is_in_the_curve_and_only_the_machine_turns_the_clock() -> None:
    def heads() -> list[int]:
        return [bench.history.revision(span) for span in SPANS]

    bench = Bench(0.5)
    bench.answer("one", START + 5.25, 0.0)
    before = heads()
    bench.pass_to(START + 11.3)
    assert [after - head for head, after in zip(before, heads(), strict=True)] == [12, 12, 4, 1]
    before = heads()
    assert bench.known(60) == []
    bench.answer("one", START + 11.3, 605.0)
    assert heads() == before
    assert [begin for begin, _ in bench.known(60)] == [START + half / 2 for half in range(10, 22)]
    assert [value for _, value in bench.known(60)] == pytest.approx([100.0] * 12)
    # A moment ahead of the machine.
    bench.answer("one", START + 11.45, 620.0)
    assert bench.history.read("engine.generation", 60, START + 11.2) == pytest.approx(100)


def test_before_the_machine_was_read_there_is_no_time() -> None:
    history = History()
    history.fill(START, START + 5, {"a": 1.0})
    assert history.keys() == ()
    history.add(START + 5, 0.5, {"b": 1.0})
    history.fill(START + 4000, START + 4005, {"a": 1.0})
    history.fill(START - 4000, START - 3995, {"a": 1.0})
    assert history.keys() == ("b",)
