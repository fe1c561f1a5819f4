"""The gauges: what they publish, how often engines are asked, and that nothing happens when nobody looks."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.launch import ModelRef
from desktop_app.domain.machine import Attention, MachineSample
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.client import Endpoint
from desktop_app.hardware.sampler import Sampler
from desktop_app.services.engine_readings import UNREADABLE, read_engines
from desktop_app.services.gauges import EMPTY, NO_ENGINE, Frame, Gauges
from tests.conftest import reach
from tests.endpoint.raw_server import answering
from tests.endpoint.running import running
from tests.services.gauge_world import SAMPLE, gauge_world


async def test_every_reading_of_the_machine_is_a_frame() -> None:
    async with gauge_world() as world:
        assert world.frame == EMPTY
        frame = await world.tick()
        assert (frame.machine.at, frame.machine.used_bytes) == (world.now, SAMPLE.used_bytes)
        assert (frame.tokens_per_second, frame.kv_cache, frame.note) == (None, None, NO_ENGINE)
        assert (frame.running, frame.waiting) == (0, 0)


async def test_nothing_happens_while_nobody_looks() -> None:
    async with gauge_world(Attention.NOBODY) as world:
        world.engines.figures = {"tiny": EngineMetrics(running=1)}
        await world.tick()  # a reading that was on its way
        world.gauges.hurry()
        await world.settle()
        assert (world.engines.asked, world.seen) == (0, [EMPTY])
        assert world.machine.looked == []


async def test_who_looks_is_handed_on() -> None:
    async with gauge_world(Attention.STRIP) as world:
        for attention in (Attention.PAGE, Attention.PAGE, Attention.NOBODY, Attention.STRIP):
            world.gauges.set_attention(attention)
        assert world.machine.looked == [Attention.STRIP, Attention.PAGE, Attention.NOBODY, Attention.STRIP]
        assert world.gauges.attention is Attention.STRIP


async def test_the_sampler_is_told_which_processes_are_engines() -> None:
    async with gauge_world() as world:
        await world.tick()
        world.pids = (41, 42)
        await world.tick()
        await world.tick()
        world.pids = ()
        world.gauges.set_attention(Attention.NOBODY)
        world.gauges.set_attention(Attention.STRIP)
        assert world.machine.watched == [(41, 42), ()]


async def test_speed_is_the_growth_of_the_counter_and_falls_to_nothing() -> None:
    async with gauge_world(Attention.STRIP) as world:
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=100, kv_cache=0.25, running=1, waiting=2)}
        frame = await world.tick(2)
        assert (frame.tokens_per_second, frame.kv_cache, frame.running, frame.waiting, frame.note) == (
            0,
            0.25,
            1,
            2,
            "",
        )
        assert frame.engines[0].seconds == 0
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=182)}
        frame = await world.tick(2)
        assert (frame.tokens_per_second, frame.engines[0].at, frame.engines[0].seconds) == (41, world.now, 2)
        # Nothing is running any more; the next reading says that nothing is written either.
        assert (await world.tick(2)).tokens_per_second == 0


async def test_several_engines_are_added_up() -> None:
    async with gauge_world() as world:
        world.engines.figures = {
            "one": EngineMetrics(running=1, kv_cache=0.2),
            "two": EngineMetrics(running=2, waiting=3, kv_cache=0.6),
        }
        await world.tick()
        world.engines.figures = {
            "one": EngineMetrics(generated_tokens=10, running=1, kv_cache=0.3),
            "two": EngineMetrics(generated_tokens=30, running=2, waiting=3, kv_cache=0.5),
        }
        frame = await world.tick(2)
        assert (frame.tokens_per_second, frame.kv_cache, frame.running, frame.waiting) == (20, 0.5, 3, 3)
        assert [(one.key, one.generation) for one in frame.engines] == [("one", 5), ("two", 15)]


@pytest.mark.parametrize(
    ("attention", "tick", "seconds", "times"),
    [(Attention.PAGE, 0.5, 20, 10), (Attention.STRIP, 2, 60, 10)],
)
async def test_an_engine_at_rest_is_asked_seldom(attention: Attention, tick: float, seconds: float, times: int) -> None:
    async with gauge_world(attention) as world:
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=5)}
        await world.asked_within(10, tick)
        assert await world.asked_within(seconds, tick) == times


@pytest.mark.parametrize(("attention", "tick", "times"), [(Attention.PAGE, 0.5, 10), (Attention.STRIP, 2, 4)])
async def test_a_server_that_has_never_answered_is_not_asked_at_every_frame(
    attention: Attention, tick: float, times: int
) -> None:
    async with gauge_world(attention) as world:
        world.engines.figures = {"tiny": "The server does not answer."}
        await world.tick(tick)
        assert await world.asked_within(20, tick) <= times


@pytest.mark.parametrize(("attention", "tick", "times"), [(Attention.PAGE, 0.5, 20), (Attention.STRIP, 2, 10)])
async def test_an_engine_at_work_is_asked_every_second(attention: Attention, tick: float, times: int) -> None:
    async with gauge_world(attention) as world:
        world.engines.figures = {"tiny": EngineMetrics(running=1)}
        await world.tick(tick)
        assert await world.asked_within(20, tick) == times


async def test_a_tick_that_comes_early_puts_no_question_off() -> None:
    async with gauge_world() as world:
        world.engines.figures = {"tiny": EngineMetrics(running=1)}
        assert await world.asked_within(9.6, 0.48) == 10


async def test_work_that_is_given_is_seen_at_once_whoever_gives_it() -> None:
    async with gauge_world(Attention.STRIP) as world:
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=5)}
        await world.asked_within(20, 2)
        before = world.engines.asked
        world.gauges.hurry()
        await world.settle()
        assert world.engines.asked == before + 1
        assert await world.asked_within(4, 2) == 2

        await world.asked_within(20, 2)
        before = world.engines.asked
        # An experiment, or another program: the processes of the engine are busy.
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=45, running=1)}
        assert (await world.tick(2, cpu=1.4)).running == 1
        await world.tick(2, cpu=1.4)
        assert world.engines.asked == before + 2


async def test_an_engine_that_keeps_a_core_busy_for_nothing_is_at_rest_all_the_same() -> None:
    async with gauge_world(Attention.STRIP) as world:
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=5)}
        for _ in range(3):
            await world.tick(2, cpu=1.0)
        before = world.engines.asked
        for _ in range(9):
            await world.tick(2, cpu=1.0)
        assert world.engines.asked - before == 3
        # Work shows on top of that.
        await world.tick(2, cpu=1.0)
        before = world.engines.asked
        await world.tick(2, cpu=2.0)
        assert world.engines.asked == before + 1


async def test_after_a_break_there_is_no_spike() -> None:
    async with gauge_world() as world:
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=5, running=1)}
        await world.asked_within(5, 0.5)
        world.gauges.set_attention(Attention.NOBODY)
        world.now += 3600
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=900_000, finished=40, running=1)}
        world.gauges.set_attention(Attention.PAGE)
        world.engines.gate.clear()
        figures = world.frame.engines
        assert (await world.tick()).engines is figures
        world.engines.gate.set()
        await world.settle()
        frame = await world.tick()
        (one,) = frame.engines
        assert (one.generation, one.seconds, one.finished) == (0, 0, 0)
        # Rates need two readings: the second comes soon.
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=900_010, finished=40, running=1)}
        await world.tick()
        assert (await world.tick()).tokens_per_second == 10


async def test_a_new_run_of_an_engine_starts_from_nothing() -> None:
    async with gauge_world() as world:
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=50, running=1)}
        await world.asked_within(5, 0.5)
        world.engines.runs["tiny"] = object()
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=7000, finished=3, running=1)}
        frame = await world.tick(1)
        assert (frame.tokens_per_second, frame.engines[0].finished) == (0, 0)


async def test_an_engine_that_is_gone_is_gone_from_the_frame() -> None:
    async with gauge_world() as world:
        world.engines.figures = {"tiny": EngineMetrics(running=1)}
        await world.tick()
        world.engines.figures = {}
        world.gauges.hurry()
        await world.settle()
        assert (world.frame.engines, world.frame.note) == ((), NO_ENGINE)


async def test_an_engine_that_fails_becomes_a_note_and_comes_back() -> None:
    async with gauge_world() as world:
        world.engines.figures = {"tiny": "The engine is gone."}
        frame = await world.tick()
        assert (frame.tokens_per_second, frame.note) == (None, "The engine is gone.")
        world.engines.figures = {"tiny": EngineMetrics(running=1)}
        frame = await world.tick(2)
        assert (frame.running, frame.note) == (1, "")


async def test_one_of_two_that_fails_is_named_and_the_other_goes_on() -> None:
    async with gauge_world() as world:
        world.engines.figures = {"one": EngineMetrics(running=1), "two": EngineMetrics(generated_tokens=10)}
        await world.tick()
        world.engines.figures["two"] = "The engine does not answer."
        frame = await world.tick(1)
        assert (frame.running, frame.note) == (1, "two: The engine does not answer.")
        world.engines.figures["two"] = EngineMetrics(generated_tokens=30)
        # What it did meanwhile is told as what it did meanwhile.
        (_, two) = (await world.tick(1)).engines
        assert (two.generation, two.seconds) == (10, 2)


async def test_a_watcher_that_fails_ends_no_gauges_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async with gauge_world() as world:

        def draw(frame: Frame) -> None:
            if frame is not EMPTY:
                raise RuntimeError(f"no room at {frame.machine.at}")

        stop = world.gauges.frames.watch(draw)
        behind: list[Frame] = []
        world.gauges.frames.watch(behind.append)
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=100, running=1)}
        await world.tick(2)
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=182, running=1)}
        assert (await world.tick(2)).tokens_per_second == 41
        stop()
        await world.tick(2)
        assert behind == world.seen
    assert [record.getMessage() for record in caplog.records] == ["The gauges went on without what failed"]
    assert "RuntimeError: no room at 1002" in caplog.text


async def test_engines_that_cannot_be_asked_are_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    async with gauge_world() as world:
        world.engines.figures = {"tiny": EngineMetrics(running=1)}
        assert (await world.tick(2)).running == 1
        world.engines.fault = True
        for _ in range(3):
            frame = await world.tick(2)
        assert (frame.machine.at, frame.engines, frame.note) == (world.now, (), UNREADABLE)
        world.engines.fault = False
        frame = await world.tick(2)
        assert (frame.running, frame.note) == (1, "")
    assert len(caplog.records) == 1


async def test_one_engine_that_cannot_be_understood_leaves_the_others_their_figures(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Odd(Endpoint):
        async def metrics(self) -> EngineMetrics:
            raise RecursionError("a bracket in a bracket")

    class Plain(Endpoint):
        async def metrics(self) -> EngineMetrics:
            return EngineMetrics(running=2)

    async with gauge_world() as world:
        for name, kind in (("odd", Odd), ("plain", Plain)):
            world.engines.real.append((ModelRef(name, Path(name)), kind(Path(name), name)))
        for _ in range(2):
            frame = await world.tick(2)
            assert (frame.running, frame.note) == (2, f"odd: {UNREADABLE}")
    assert [record.getMessage() for record in caplog.records] == ["The gauges went on without what failed"]
    assert "RecursionError: a bracket in a bracket" in caplog.text


async def test_an_engine_that_hangs_holds_nothing_up_and_is_asked_once() -> None:
    async with gauge_world() as world:
        world.engines.figures = {"tiny": EngineMetrics(running=1)}
        await world.tick()
        world.engines.gate.clear()
        seen = len(world.seen)
        assert await world.asked_within(10, 0.5) == 1
        assert len(world.seen) == seen + 20
        assert world.frame.machine.at == world.now


async def test_two_questions_at_once_make_no_rate() -> None:
    async with gauge_world() as world:
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=5, finished=1, running=1)}
        await world.tick()
        await world.tick(1)
        figures = world.frame.engines
        world.now += 0.001
        world.engines.figures = {"tiny": EngineMetrics(generated_tokens=8, finished=2, running=1)}
        world.gauges.hurry()
        await world.settle()
        assert world.frame.engines[0] is figures[0]
        frame = await world.tick(0.999)
        (one,) = frame.engines
        assert (one.generation, one.finished, one.seconds) == (3, 1, 1)


async def test_what_happens_during_a_question_is_asked_once_more() -> None:
    async with gauge_world() as world:
        world.engines.gate.clear()
        await world.tick()
        world.gauges.hurry()
        world.gauges.hurry()
        world.engines.figures = {"tiny": EngineMetrics(running=1)}
        world.engines.gate.set()
        await world.settle()
        assert world.engines.asked == 2


async def test_whoever_leaves_ends_the_question_that_is_under_way() -> None:
    async with gauge_world() as world:
        world.engines.figures = {"tiny": EngineMetrics(running=1)}
        world.engines.gate.clear()
        await world.tick()
        world.gauges.set_attention(Attention.NOBODY)
        seen = len(world.seen)
        world.engines.gate.set()
        await world.settle()
        assert len(world.seen) == seen


async def test_engines_are_asked_over_their_sockets(tmp_path: Path) -> None:
    # None of these comes from a model's folder that exists: only the names and the ways are used.
    silent = b"HTTP/1.1 200 OK\r\n"
    async with (
        running(tmp_path) as engine,
        answering(tmp_path / "silent.sock", silent, keep_open=True),
    ):
        ways = (engine.socket, tmp_path / "silent.sock", tmp_path / "nobody.sock")
        endpoints = [Endpoint(where, where.stem) for where in ways]
        models = [ModelRef(where.stem, where) for where in ways]
        readings = await read_engines(zip(models, endpoints, strict=True))
    good, hangs, gone = readings
    assert good.metrics is not None
    assert (good.note, good.run, good.key, good.name) == ("", endpoints[0], models[0].key, "e")
    assert (hangs.metrics, hangs.note) == (
        None,
        "The engine does not answer. It may be very busy. Try again in a moment.",
    )
    assert (gone.metrics, gone.note) == (None, "The model stopped answering. The engine is not running any more.")


def test_a_frame_without_engines_says_so() -> None:
    frame = Frame(replace(SAMPLE, cpu=0.1))
    assert (frame.tokens_per_second, frame.kv_cache, frame.running, frame.waiting) == (None, None, 0, 0)


async def test_the_real_sampler_fits() -> None:
    async def nobody() -> tuple[()]:
        return ()

    gauges = Gauges(Sampler(), nobody, tuple)
    task = asyncio.create_task(gauges.run())
    gauges.set_attention(Attention.PAGE)
    try:
        await reach(lambda: gauges.frames.value.machine.seconds > 0, "a reading of this machine")
        machine: MachineSample = gauges.frames.value.machine
        assert 0 < machine.used_bytes < machine.total_bytes
    finally:
        task.cancel()
        await asyncio.wait([task])
