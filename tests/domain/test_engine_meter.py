"""Counters become rates, shares and percentiles of the last half minute."""

import random
from dataclasses import replace
from typing import Any

import pytest

from desktop_app.domain.engine_figures import EngineFigures, Percentiles
from desktop_app.domain.engine_meter import LATELY, EngineMeter
from desktop_app.domain.histogram import Histogram
from desktop_app.domain.metrics import EngineMetrics


def took(*counts: float) -> Histogram:
    """So many took up to 1, 2, and more seconds."""
    return Histogram((1.0, 2.0), counts)


BUSY = EngineMetrics(
    generated_tokens=900.0,
    prompt_tokens=80.0,
    kv_cache=0.25,
    running=3,
    waiting=2,
    preemptions=4,
    prefix_queries=80.0,
    prefix_hits=16.0,
    finished=7,
    first_word=took(7, 0, 0),
    between=took(890, 0, 0),
    kv_tokens=4096,
    kv_block=16,
)


def test_the_first_reading_tells_only_what_is() -> None:
    figures = EngineMeter("qwen", "Qwen").add(5.0, BUSY)
    now = EngineFigures("qwen", "Qwen", running=3, waiting=2, kv_cache=0.25, kv_tokens=4096, kv_block=16)
    assert figures == replace(now, generated_tokens=900.0, at=5.0, seconds=0.0)


def test_what_came_since_the_reading_before() -> None:
    meter = EngineMeter("key", "name")
    meter.add(5.0, BUSY)
    later = replace(
        BUSY,
        generated_tokens=980.0,
        prompt_tokens=120.0,
        prefix_queries=120.0,
        prefix_hits=46.0,
        preemptions=5,
        finished=9,
        first_word=took(7, 2, 0),
        between=took(966, 2, 0),
    )
    figures = meter.add(7.0, later)
    assert (figures.generation, figures.prompt) == (40.0, 20.0)
    assert (figures.at, figures.seconds) == (7.0, 2.0)
    assert (figures.preempted, figures.finished) == (1, 2)
    assert figures.hit_rate == 0.75
    assert figures.first_word == Percentiles(1.5, 1.9, 1.99)
    assert figures.between is not None
    assert figures.between.p50 == pytest.approx(39 / 76)
    at_rest = meter.add(8.0, later)
    assert (at_rest.generation, at_rest.prompt, at_rest.preempted, at_rest.finished) == (0.0, 0.0, 0, 0)
    assert (at_rest.hit_rate, at_rest.first_word) == (0.75, figures.first_word)


def test_speed_times_time_is_what_was_written_however_readings_fall() -> None:
    dice, meter = random.Random(3), EngineMeter("key", "name")
    at, written, total = 0.0, 500.0, 0.0
    meter.add(at, replace(BUSY, generated_tokens=written))
    for _ in range(200):
        seconds, tokens = dice.uniform(0.01, 6.5), dice.randrange(400)
        at, written = at + seconds, written + tokens
        figures = meter.add(at, replace(BUSY, generated_tokens=written))
        total += figures.seconds * figures.generation
    assert total == pytest.approx(written - 500.0)


def test_percentiles_and_hits_forget_what_is_longer_ago() -> None:
    meter = EngineMeter("key", "name")
    meter.add(0.0, EngineMetrics())
    slow = EngineMetrics(first_word=took(0, 10, 0), prefix_queries=100.0)
    assert meter.add(1.0, slow).first_word == Percentiles(1.5, 1.9, 1.99)
    fast = replace(slow, first_word=took(10, 10, 0), prefix_queries=200.0, prefix_hits=100.0)
    both = meter.add(20.0, fast)
    assert both.first_word is not None
    assert (both.first_word.p50, both.hit_rate) == (1.0, 0.5)
    only_fast = meter.add(1.0 + LATELY, fast)
    assert (only_fast.first_word, only_fast.hit_rate) == (Percentiles(0.5, 0.9, 0.99), 1.0)
    nothing = meter.add(20.0 + LATELY, fast)
    assert (nothing.first_word, nothing.hit_rate) == (None, None)


def test_the_half_minute_slides_with_many_readings() -> None:
    meter, seen = EngineMeter("key", "name"), []
    for tick in range(400):
        at = tick * 0.25
        # One answer a second; since the hundredth second they are slow.
        answers = int(at)
        metrics = EngineMetrics(first_word=took(min(answers, 50), max(0, answers - 50), 0))
        figures = meter.add(at, metrics)
        seen.append(figures.first_word.p50 if figures.first_word else None)
    assert seen[40 * 4] is not None
    assert seen[40 * 4] == pytest.approx(0.5)
    assert seen[55 * 4] == pytest.approx(0.6, abs=0.03)
    assert seen[65 * 4] == pytest.approx(1.0, abs=0.05)
    assert seen[90 * 4] == pytest.approx(1.5)
    assert len(meter._kept) <= LATELY / 0.5 + 2


@pytest.mark.parametrize(
    "counter", ["generated_tokens", "prompt_tokens", "preemptions", "prefix_queries", "prefix_hits", "finished"]
)
def test_an_engine_that_counts_anew_is_watched_anew(counter: str) -> None:
    meter = EngineMeter("key", "name")
    meter.add(0.0, BUSY)
    counted: dict[str, Any] = {"generated_tokens": 5000.0, "first_word": took(50, 50, 0), counter: 1}
    again = replace(BUSY, **counted)
    figures = meter.add(1.0, again)
    assert (figures.generation, figures.prompt, figures.preempted, figures.finished) == (0.0, 0.0, 0, 0)
    assert (figures.hit_rate, figures.first_word, figures.between) == (None, None, None)
    assert figures.generated_tokens == again.generated_tokens
    then = meter.add(2.0, replace(again, generated_tokens=again.generated_tokens + 30))
    assert then.generation == 30.0


def test_fewer_answers_that_were_waited_for_are_a_reset_as_well() -> None:
    meter = EngineMeter("key", "name")
    meter.add(0.0, BUSY)
    figures = meter.add(1.0, replace(BUSY, generated_tokens=9000.0, between=took(0, 9, 0)))
    assert (figures.generation, figures.between) == (0.0, None)


def test_after_a_break_nothing_is_said_of_the_time_before() -> None:
    meter = EngineMeter("key", "name")
    meter.add(0.0, BUSY)
    figures = meter.add(600.0, replace(BUSY, generated_tokens=6900.0, finished=20, first_word=took(20, 0, 0)))
    assert (figures.generation, figures.finished, figures.first_word, figures.seconds) == (0.0, 0, None, 0.0)


@pytest.mark.parametrize("at", [5.0, 4.0])
def test_a_reading_that_is_not_later_is_passed_over(at: float) -> None:
    meter = EngineMeter("key", "name")
    meter.add(3.0, BUSY)
    figures = meter.add(5.0, replace(BUSY, generated_tokens=1000.0))
    assert meter.add(at, replace(BUSY, generated_tokens=1200.0)) == figures
    assert meter.add(6.0, replace(BUSY, generated_tokens=1200.0)).generation == 200.0


def test_more_hits_than_questions_are_all_of_them() -> None:
    meter = EngineMeter("key", "name")
    meter.add(0.0, EngineMetrics())
    assert meter.add(1.0, EngineMetrics(prefix_queries=5.0, prefix_hits=9.0)).hit_rate == 1.0
