"""How long a start still takes, learned from earlier ones, and when it seems stuck."""

import itertools
import json
from dataclasses import replace

import pytest

from desktop_app.domain.engine import StartPhase, StartProgress
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.start_clock import (
    Expectation,
    StartClock,
    StartHistory,
    StartKind,
    StartRecord,
    TimedProgress,
    time_words,
)
from tests.engine.recorded import recorded_plan

PHASES = (
    StartPhase.LOADING_ENGINE,
    StartPhase.READING_MODEL,
    StartPhase.READING_WEIGHTS,
    StartPhase.MAKING_ROOM,
    StartPhase.OPENING,
)
TAKEN = (5.0, 1.0, 4.0, 2.0, 2.0)
KIND = StartKind("model", "way", "vLLM 0.32.0")


def record(*taken: float, kind: StartKind = KIND) -> StartRecord:
    return StartRecord(kind, tuple(zip(PHASES, taken, strict=True)))


def history(*records: StartRecord) -> StartHistory:
    made = StartHistory()
    for one in records:
        made = made.with_record(one)
    return made


def start(known: StartHistory, kind: StartKind = KIND) -> StartClock:
    return StartClock(known.expectation(kind), PHASES, began=100.0)


def at(phase: StartPhase, done: int = 0, total: int = 0) -> StartProgress:
    return StartProgress(phase, done, total, PHASES)


def run(clock: StartClock, taken: tuple[float, ...]) -> list[TimedProgress]:
    """A start whose phases take so long, looked at ten times a second."""
    now, seen = 100.0, []
    for heard, (phase, seconds) in enumerate(zip(PHASES, taken, strict=True), 1):
        seen.append(clock.hear(at(phase), heard, now))
        for _ in range(round(seconds * 10)):
            now += 0.1
            seen.append(clock.at(now))
    return seen


def test_nothing_is_known_at_the_very_first_start() -> None:
    steps = run(start(StartHistory()), TAKEN)

    assert all(step.left is None and step.share is None and step.first for step in steps)
    assert time_words(steps[20]) == "First start takes longer than the next ones"
    assert steps[-1].seconds == pytest.approx(14.0)


def test_the_second_start_counts_down() -> None:
    first = start(StartHistory())
    run(first, TAKEN)
    known = history(first.finished(KIND, 114.0))

    steps = run(start(known), TAKEN)

    assert known.records[0].total == pytest.approx(14.0)
    assert steps[0].left == pytest.approx(14.0)
    assert time_words(steps[0]) == "about 14 s left"
    assert all(step.left == pytest.approx(14.0 - step.seconds, abs=0.2) for step in steps)
    assert time_words(steps[-3]) == "almost ready"
    assert not any(step.first or step.stuck for step in steps)


@pytest.mark.parametrize(
    "taken", [TAKEN, (1.0, 0.2, 1.0, 0.5, 0.5), (9.0, 4.0, 20.0, 8.0, 9.0), (0.1, 30.0, 0.1, 0.1, 9.0)]
)
def test_the_share_never_goes_back_and_is_never_all(taken: tuple[float, ...]) -> None:
    shares = [step.share or 0.0 for step in run(start(history(record(*TAKEN))), taken)]

    assert all(before <= after for before, after in itertools.pairwise(shares))
    assert max(shares) < 1.0


def test_a_start_that_takes_longer_is_told_so() -> None:
    steps = run(start(history(record(*TAKEN))), (5.0, 1.0, 4.0, 2.0, 9.0))

    assert time_words(steps[-1]) == "a moment longer than last time"


def test_one_slow_start_does_not_spoil_the_rest() -> None:
    known = history(record(*TAKEN), record(60.0, 1.0, 4.0, 2.0, 2.0), record(*TAKEN))

    assert start(known).at(100.0).left == pytest.approx(14.0)


def test_only_the_last_starts_count() -> None:
    slow, fast = record(50.0, 1.0, 4.0, 2.0, 2.0), record(*TAKEN)
    known = history(*[slow] * 9, *[fast] * 3)

    assert len(known.records) == 5
    assert start(known).at(100.0).left == pytest.approx(14.0)


def test_the_history_stays_short() -> None:
    many = [record(*TAKEN, kind=replace(KIND, model=f"{number}")) for number in range(100)]

    assert len(history(*many).records) == 60


def test_a_model_that_is_new_learns_from_others_on_the_same_engine() -> None:
    known = history(record(*TAKEN, kind=replace(KIND, model="other")))

    step = start(known).at(103.0)

    assert step.first
    assert time_words(step) == "First start takes longer; the next about 14 s"


def test_another_way_of_the_same_model_counts_more_than_another_model() -> None:
    other = record(*[9 * taken for taken in TAKEN], kind=replace(KIND, model="other"))
    known = history(record(*TAKEN, kind=replace(KIND, way="eager")), other)

    assert start(known).at(100.0).usual == pytest.approx(14.0)


def test_another_engine_says_nothing_about_another_model() -> None:
    known = history(record(*TAKEN, kind=StartKind("other", "way", "vLLM 0.31.0")))

    assert start(known).at(100.0).left is None


def test_counted_weights_tell_their_own_speed() -> None:
    clock = start(history(record(*TAKEN)))
    clock.hear(at(StartPhase.READING_WEIGHTS, 0, 4), 1, 106.0)

    step = clock.hear(at(StartPhase.READING_WEIGHTS, 1, 4), 2, 116.0)

    assert step.left == pytest.approx(30.0 + 4.0)


def test_silence_of_a_minute_seems_stuck_when_nothing_is_known() -> None:
    clock = start(StartHistory())
    clock.hear(at(StartPhase.READING_MODEL), 1, 110.0)

    assert not clock.at(170.0).stuck
    stuck = clock.at(200.0)
    assert stuck.stuck
    assert time_words(stuck).startswith("Seems stuck: nothing new for 90 s. ")


def test_anything_new_ends_it() -> None:
    clock = start(StartHistory())
    clock.hear(at(StartPhase.READING_WEIGHTS, 0, 4), 1, 110.0)

    assert clock.at(200.0).stuck
    assert not clock.hear(at(StartPhase.READING_WEIGHTS, 1, 4), 1, 201.0).stuck
    assert clock.at(262.0).stuck
    assert not clock.hear(at(StartPhase.READING_WEIGHTS, 1, 4), 2, 263.0).stuck


def test_repetitions_do_not_end_it() -> None:
    clock = start(StartHistory())
    for second in range(70):
        step = clock.hear(at(StartPhase.READING_WEIGHTS, 1, 4), 7, 100.0 + second)

    assert step.stuck


def test_a_known_phase_has_three_times_its_time() -> None:
    known = history(record(5.0, 40.0, 4.0, 2.0, 2.0), record(*TAKEN))
    clock = start(known)
    clock.hear(at(StartPhase.READING_MODEL), 1, 105.0)

    assert not clock.at(105.0 + 119.0).stuck
    assert clock.at(105.0 + 121.0).stuck


def test_a_short_known_phase_has_half_a_minute_and_a_disk_a_whole_one() -> None:
    known = history(record(*TAKEN)).expectation(KIND)

    assert known.patience(StartPhase.MAKING_ROOM) == 30.0
    assert known.patience(StartPhase.READING_WEIGHTS) == 60.0
    assert known.patience(StartPhase.COMPILING) == 60.0
    assert Expectation().patience(StartPhase.MAKING_ROOM) == 60.0


def test_words_without_a_clock() -> None:
    progress = StartProgress(StartPhase.OPENING)

    assert time_words(progress) == ""
    assert time_words(replace(progress, left=200.0)) == "about 3 min left"
    assert time_words(replace(progress, stuck=True)).startswith("Seems stuck: nothing new for long")
    assert time_words(replace(progress, first=True)) == "First start takes longer than the next ones"


def test_the_history_survives_json() -> None:
    known = history(record(*TAKEN), record(*TAKEN, kind=replace(KIND, model="other")))

    assert StartHistory.from_json(json.loads(json.dumps(known.as_json()))) == known


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        "x",
        [1, None, {}, {"model": "m"}],
        [{"model": 1, "way": "w", "engine": "e", "seconds": {"OPENING": 1}}],
        [{"model": "m", "way": "w", "engine": "e", "seconds": {"NOBODY": 1, "OPENING": "long"}}],
        [{"model": "m", "way": "w", "engine": "e", "seconds": {"OPENING": -1}}],
        [{"model": "m", "way": "w", "engine": "e", "seconds": []}],
    ],
)
def test_a_history_that_is_damaged_is_empty(data: object) -> None:
    assert StartHistory.from_json(data) == StartHistory()


def test_the_kind_of_a_start_follows_from_its_plan() -> None:
    plan = recorded_plan(("--max-model-len", "auto"), ("--enforce-eager", True))
    kind = StartKind.of(plan)

    assert kind == StartKind.of(replace(plan, flags=tuple(reversed(plan.flags))))
    assert kind != StartKind.of(replace(plan, variables=(("OMP_NUM_THREADS", "1"),)))
    assert kind.model == plan.model.key
    assert StartKind.of(replace(plan, model=ModelRef("other", plan.model.folder / "x"))).way == kind.way


def test_a_phase_that_was_not_expected_is_learned_too() -> None:
    clock = start(StartHistory())
    clock.hear(StartProgress(StartPhase.COMPILING, phases=(*PHASES[:3], StartPhase.COMPILING)), 1, 130.0)

    assert dict(clock.finished(KIND, 150.0).seconds) == {
        StartPhase.LOADING_ENGINE: 30.0,
        StartPhase.COMPILING: 20.0,
    }
