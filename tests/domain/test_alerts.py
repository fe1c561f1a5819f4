"""What is warned of, when, and until when."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain.alerts import Alert, AlertWatch
from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.machine import GpuSample, MachineSample, MemoryUser, Throttle, Usage

GIB = 2**30
MACHINE = MachineSample(0.5, 8 * GIB, 32 * GIB, at=1.0, seconds=2.0)
CARD = GpuSample("NVIDIA RTX 4090", 0.5, 6 * GIB, 24 * GIB, temperature=60.0)
ENGINE = EngineFigures("a", "Guide", running=1)

Scene = tuple[MachineSample, tuple[EngineFigures, ...]]


def engine(**figures: float) -> Scene:
    return MACHINE, (replace(ENGINE, **figures),)  # type: ignore[arg-type]


def card(*users: MemoryUser, **figures: object) -> Scene:
    return replace(MACHINE, gpus=(replace(CARD, users=users, **figures),)), ()  # type: ignore[arg-type]


QUIET: Scene = MACHINE, (ENGINE,)
QUIET_CARD = card()


def play(scenes: Iterable[tuple[float, Scene]], pace: float = 1.0) -> list[tuple[Alert, ...]]:
    """What is told at the end of each scene, which lasts so many seconds."""
    watch, at, ends = AlertWatch(), 100.0, []
    for seconds, (machine, engines) in scenes:
        end = at + seconds
        told: tuple[Alert, ...] = ()
        while at < end:
            at += pace
            told = watch.look(at, machine, engines)
        ends.append(told)
    return ends


def titles(told: tuple[Alert, ...]) -> list[str]:
    return [alert.title for alert in told]


KV_FULL = engine(kv_cache=0.97, waiting=3)
KV_NEAR = engine(kv_cache=0.93)


@pytest.mark.parametrize(
    ("scene", "over", "title", "patience", "rest"),
    [
        (KV_FULL, engine(kv_cache=0.5), "KV cache full: answers will wait.", 2, 5),
        (KV_NEAR, engine(kv_cache=0.5), "KV cache nearly full: the next questions may have to wait.", 5, 5),
        (engine(preempted=1), QUIET, "KV cache too small: answers were interrupted to make room.", 0, 30),
        (
            engine(waiting=2),
            QUIET,
            "Questions wait although there is room: as many answers as allowed are being written.",
            5,
            5,
        ),
        (
            (replace(MACHINE, used_bytes=31 * GIB), ()),
            (MACHINE, ()),
            "Memory nearly full: the computer may become very slow, or end a program.",
            4,
            5,
        ),
        (
            card(used_bytes=23 * GIB),
            QUIET_CARD,
            "Memory of the graphics card nearly full, without a model of this program: none may fit.",
            4,
            5,
        ),
        (
            card(throttles=frozenset((Throttle.HEAT,))),
            QUIET_CARD,
            "Graphics card too hot: it has slowed itself down.",
            5,
            10,
        ),
        (
            card(throttles=frozenset((Throttle.HARDWARE,))),
            QUIET_CARD,
            "Graphics card slowed by its power supply or hardware.",
            5,
            10,
        ),
        (card(temperature=90.0), QUIET_CARD, "Graphics card hot: it may soon slow itself down.", 10, 10),
        ((replace(MACHINE, gpu_note="Asleep."), ()), (MACHINE, ()), "No data from the graphics card.", 6, 0),
    ],
)
@pytest.mark.parametrize("pace", [0.5, 2.0])
def test_every_warning_comes_late_and_goes_late(
    scene: Scene, over: Scene, title: str, patience: float, rest: float, pace: float
) -> None:
    early, told, still, gone = play(
        [(max(pace, patience - pace), scene), (patience + 3 * pace, scene), (rest, over), (3 * pace, over)], pace
    )
    if patience:
        assert early == ()
    assert titles(told) == [title]
    assert titles(still) == ([title] if rest else [])
    assert gone == ()
    assert told[0].remedy.endswith(".")


def test_nothing_is_told_of_a_quiet_machine() -> None:
    assert play([(60, QUIET), (60, QUIET_CARD)]) == [(), ()]


@pytest.mark.parametrize("reason", [Throttle.POWER, Throttle.OTHER])
def test_what_is_usual_under_load_is_no_warning(reason: Throttle) -> None:
    assert play([(60, card(throttles=frozenset((reason,)), temperature=84.0))]) == [()]


def test_a_short_peak_is_not_told() -> None:
    assert play([(1, KV_FULL), (1, QUIET)] * 20) == [()] * 40


def test_what_is_told_does_not_flicker() -> None:
    scenes = [(5, KV_FULL), *[(1, engine(kv_cache=0.87, waiting=1)), (2, engine(kv_cache=0.8)), (1, KV_FULL)] * 10]
    assert all(titles(told) == ["KV cache full: answers will wait."] for told in play(scenes))


def test_between_the_thresholds_it_stays_as_it_was() -> None:
    between = engine(kv_cache=0.87)
    before, told, after = play([(30, between), (10, KV_NEAR), (30, between)])
    assert before == ()
    assert told == after != ()


def test_full_hides_nearly_full() -> None:
    near, full = play([(10, KV_NEAR), (3, KV_FULL)])
    assert titles(near) == ["KV cache nearly full: the next questions may have to wait."]
    assert titles(full) == ["KV cache full: answers will wait."]


def test_too_hot_hides_hot() -> None:
    hot, slowed = play(
        [(20, card(temperature=90.0)), (8, card(temperature=92.0, throttles=frozenset((Throttle.HEAT,))))]
    )
    assert titles(hot) == ["Graphics card hot: it may soon slow itself down."]
    assert titles(slowed) == ["Graphics card too hot: it has slowed itself down."]


def test_several_engines_and_cards_are_told_apart() -> None:
    hot = replace(CARD, temperature=95.0)
    scene = (
        replace(MACHINE, gpus=(CARD, hot)),
        (ENGINE, replace(ENGINE, key="b", name="Big\x1b", kv_cache=0.95, waiting=1)),
    )
    assert titles(play([(20, scene)])[0]) == [
        "Big: KV cache full: answers will wait.",
        "Graphics card 1 hot: it may soon slow itself down.",
    ]


def test_a_card_that_our_engine_fills_is_no_warning() -> None:
    ours, other = MemoryUser("vllm", 22 * GIB, ours=True), MemoryUser("firefox", GIB)
    assert play([(20, card(ours, other, used_bytes=23 * GIB))]) == [()]
    machine, engines = card(used_bytes=23 * GIB)
    assert play([(20, (replace(machine, engine=Usage(memory_bytes=GIB)), engines))]) == [()]
    told = play([(20, card(other, used_bytes=23 * GIB))])[0]
    assert "firefox" in told[0].remedy


def test_the_remedy_for_memory_knows_whether_a_model_runs() -> None:
    full = replace(MACHINE, used_bytes=31 * GIB)
    assert play([(10, (full, ()))])[0][0].remedy == "Close other programs."
    assert "stop a model" in play([(10, (full, (ENGINE,)))])[0][0].remedy


def test_a_warning_of_an_engine_goes_with_it() -> None:
    assert play([(10, KV_FULL), (1, (MACHINE, ()))])[-1] == ()


def test_its_words_stay_those_of_its_beginning() -> None:
    one, two = card(MemoryUser("firefox", GIB), used_bytes=23 * GIB), card(MemoryUser("game", GIB), used_bytes=23 * GIB)
    first, second = play([(10, one), (10, two)])
    assert first == second != ()


def test_after_a_break_everything_begins_anew() -> None:
    watch = AlertWatch()
    for second in range(10):
        told = watch.look(float(second), *KV_FULL)
    assert told != ()
    assert watch.look(3600.0, *KV_FULL) == ()
    assert watch.look(3603.0, *KV_FULL) != ()


def test_no_data_says_why() -> None:
    told = play([(10, (replace(MACHINE, gpu_note="The driver does not answer."), ()))])[0]
    assert told[0].remedy.startswith("The driver does not answer. ")


def test_one_card_of_several_says_nothing() -> None:
    cards = (GpuSample("NVIDIA H100", 0.2, 0, 80 << 30), GpuSample("NVIDIA H100", None, 0, 0, note="GPU is lost."))
    told = play([(10, (replace(MACHINE, gpus=cards), ()))])[0]
    assert told[0].title == "No data from graphics card 1."
    assert told[0].remedy.startswith("GPU is lost. ")
    alone = play([(10, (replace(MACHINE, gpus=cards, gpu_note="The driver does not answer."), ()))])[0]
    assert alone[0].title == "No data from the graphics cards."


@given(st.lists(st.sampled_from([KV_FULL, KV_NEAR, QUIET, engine(waiting=1), engine(preempted=1)]), max_size=200))
def test_nothing_changes_more_often_than_its_rest(scenes: list[Scene]) -> None:
    watch, shown = AlertWatch(), []
    for second, (machine, engines) in enumerate(scenes):
        shown.append({alert.key for alert in watch.look(float(second), machine, engines)})
    for key in ("kv_full", "preempted", "queue"):
        told = [any(one.startswith(key) for one in now) for now in shown]
        assert sum(one != two for one, two in pairwise(told)) <= 2 * len(scenes) / 5 + 1
