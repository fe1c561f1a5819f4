"""The gauges: what they publish, how often they ask, and that they rest when nobody looks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.machine import MachineSample
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.hardware.sampler import Sampler
from desktop_app.services.gauges import EMPTY, NO_ENGINE, Frame, Gauges, Pace
from tests.conftest import reach

PACE = Pace(busy=0.005, idle=0.01, idle_metrics=3600, hurry=3600, patience=0.05)


class Machine:
    """A machine that counts how often it is read."""

    def __init__(self) -> None:
        self.samples = 0
        self.rests = 0

    async def sample(self) -> MachineSample:
        self.samples += 1
        return MachineSample(self.samples / 10_000, 1, 2)

    async def rest(self) -> None:
        self.rests += 1


class Engine:
    """An engine that tells `figures` and counts how often it is asked."""

    def __init__(self, figures: EngineMetrics | None = None) -> None:
        self.figures = figures
        self.error: Exception | None = None
        self.asked = 0

    async def read(self) -> EngineMetrics | None:
        self.asked += 1
        if self.error:
            raise self.error
        return self.figures


async def frame_where(gauges: Gauges, condition: Callable[[Frame], bool]) -> Frame:
    found: list[Frame] = []
    stop = gauges.frames.watch(lambda frame: found.append(frame) if condition(frame) else None)
    try:
        await reach(lambda: found, "such a frame")
    finally:
        stop()
    return found[0]


@asynccontextmanager
async def running(gauges: Gauges) -> AsyncIterator[None]:
    task = asyncio.create_task(gauges.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()


async def test_nothing_is_read_until_somebody_looks() -> None:
    machine, engine = Machine(), Engine()
    gauges = Gauges(machine, engine.read, PACE)
    async with running(gauges):
        await reach(lambda: machine.rests > 0, "the gauges went on")
        assert (machine.samples, engine.asked) == (0, 0)
        assert gauges.frames.value == EMPTY


async def test_hiding_ends_the_readings_and_looking_again_starts_them() -> None:
    machine = Machine()
    gauges = Gauges(machine, Engine().read, PACE)
    async with running(gauges):
        gauges.set_attended(True)
        await reach(lambda: machine.samples > 2, "the gauges went on")
        rests = machine.rests
        gauges.set_attended(False)
        await reach(lambda: machine.rests > rests, "the gauges went on")
        seen = machine.samples
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert machine.samples == seen
        gauges.set_attended(True)
        await reach(lambda: machine.samples > seen, "the gauges went on")


async def test_what_is_held_is_let_go_at_the_end() -> None:
    machine = Machine()
    gauges = Gauges(machine, Engine().read, PACE)
    gauges.set_attended(True)
    async with running(gauges):
        await reach(lambda: machine.samples > 0, "the gauges went on")
    assert machine.rests == 1


async def test_without_an_engine_there_are_only_the_machine_s_figures() -> None:
    gauges = Gauges(Machine(), Engine().read, PACE)
    gauges.set_attended(True)
    async with running(gauges):
        frame = await frame_where(gauges, lambda frame: frame.machine.total_bytes == 2)
    assert (frame.tokens_per_second, frame.kv_cache, frame.note) == (None, None, NO_ENGINE)


async def test_speed_is_the_growth_of_the_counter_and_falls_to_nothing() -> None:
    engine = Engine(EngineMetrics(generated_tokens=100, kv_cache=0.25, running=1, waiting=2))
    gauges = Gauges(Machine(), engine.read, PACE)
    gauges.set_attended(True)
    async with running(gauges):
        frame = await frame_where(gauges, lambda frame: frame.kv_cache == 0.25)
        assert (frame.running, frame.waiting, frame.note) == (1, 2, "")
        engine.figures = EngineMetrics(generated_tokens=141)
        frame = await frame_where(gauges, lambda frame: bool(frame.tokens_per_second))
        # 41 tokens in at least the 5 ms between two readings.
        assert 0 < (frame.tokens_per_second or 0) <= 41 / 0.005
        await frame_where(gauges, lambda frame: frame.tokens_per_second == 0)


async def test_an_idle_engine_is_asked_seldom_and_the_machine_goes_on() -> None:
    machine, engine = Machine(), Engine(EngineMetrics(generated_tokens=5))
    gauges = Gauges(machine, engine.read, PACE)
    gauges.set_attended(True)
    async with running(gauges):
        await reach(lambda: machine.samples > 5, "the gauges went on")
        assert engine.asked == 1
        assert gauges.frames.value.tokens_per_second == 0


async def test_an_idle_engine_is_asked_at_once_when_work_is_given_to_it() -> None:
    machine, engine = Machine(), Engine(EngineMetrics(generated_tokens=5))
    gauges = Gauges(machine, engine.read, PACE)
    gauges.set_attended(True)
    async with running(gauges):
        await reach(lambda: machine.samples > 2, "the gauges went on")
        gauges.hurry()
        await reach(lambda: engine.asked > 3, "the gauges went on")


async def test_a_busy_engine_is_asked_every_time() -> None:
    machine, engine = Machine(), Engine(EngineMetrics(running=1))
    gauges = Gauges(machine, engine.read, PACE)
    gauges.set_attended(True)
    async with running(gauges):
        await reach(lambda: engine.asked > 5, "the gauges went on")
        assert machine.samples - engine.asked <= 1


async def test_a_new_engine_starts_from_nothing() -> None:
    engine = Engine(EngineMetrics(generated_tokens=5000, running=1))
    gauges = Gauges(Machine(), engine.read, PACE)
    gauges.set_attended(True)
    async with running(gauges):
        await frame_where(gauges, lambda frame: frame.running == 1)
        engine.figures = None
        await frame_where(gauges, lambda frame: frame.note == NO_ENGINE)
        engine.figures = EngineMetrics(generated_tokens=7, running=1)
        assert (await frame_where(gauges, lambda frame: frame.running == 1)).tokens_per_second == 0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("The engine is gone."), "The engine is gone."),
        (ConnectionRefusedError(), "does not answer"),
    ],
)
async def test_an_engine_that_fails_becomes_a_note(error: Exception, words: str) -> None:
    engine = Engine(EngineMetrics(running=1))
    engine.error = error
    gauges = Gauges(Machine(), engine.read, PACE)
    gauges.set_attended(True)
    async with running(gauges):
        frame = await frame_where(gauges, lambda frame: words in frame.note)
        assert frame.tokens_per_second is None
        engine.error = None
        await frame_where(gauges, lambda frame: frame.running == 1)


async def test_an_engine_that_hangs_holds_nothing_up() -> None:
    async def hang() -> EngineMetrics | None:
        await asyncio.Event().wait()
        return None

    machine = Machine()
    gauges = Gauges(machine, hang, PACE)
    gauges.set_attended(True)
    async with running(gauges):
        await frame_where(gauges, lambda frame: "does not answer" in frame.note)
        await reach(lambda: machine.samples > 2, "the gauges went on")


async def test_the_real_sampler_fits() -> None:
    gauges = Gauges(Sampler(), Engine().read, PACE)
    gauges.set_attended(True)
    async with running(gauges):
        frame = await frame_where(gauges, lambda frame: frame.machine.used_bytes > 0)
    assert frame.machine.used_bytes < frame.machine.total_bytes
