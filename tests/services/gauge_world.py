"""What gauges need around them in tests: a machine that is read when a test says so, engines that say what it wants.

Time stands still between two ticks.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

from desktop_app.domain.launch import ModelRef
from desktop_app.domain.machine import Attention, MachineSample, Usage
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.client import Endpoint
from desktop_app.services.engine_readings import EngineReading, read_engines
from desktop_app.services.gauges import Frame, Gauges
from tests.conftest import reach

SAMPLE = MachineSample(0.25, 3 << 30, 8 << 30, cores=(0.5, 0.0))


class ScriptedMachine:
    """A sampler that tells a frame whenever a test says so."""

    def __init__(self) -> None:
        self.looked: list[Attention] = []
        self.watched: list[tuple[int, ...]] = []
        self.runs = False
        self._hear: Callable[[MachineSample], None] | None = None

    async def run(self, hear: Callable[[MachineSample], None]) -> None:
        self._hear = hear
        self.runs = True
        try:
            await asyncio.Event().wait()
        finally:
            self.runs = False

    def look(self, attention: Attention) -> None:
        self.looked.append(attention)

    def watch(self, engines: Iterable[int]) -> None:
        self.watched.append(tuple(engines))

    def tell(self, sample: MachineSample) -> None:
        assert self._hear is not None
        self._hear(sample)


class ScriptedEngines:
    """Engines that say what `figures` says, by name; an error is one that fails."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.figures: dict[str, EngineMetrics | str] = {}
        self.runs: dict[str, object] = {}
        self.asked = 0
        self.gate = asyncio.Event()
        """While it is not set, nobody answers."""
        self.gate.set()
        self.fault = False
        """Whether asking them fails in a way that nobody foresaw."""
        self.real: list[tuple[ModelRef, Endpoint]] = []
        """Engines that are asked in the program's own way, in the place of `figures`."""
        self._now = now

    async def read(self) -> tuple[EngineReading, ...]:
        self.asked += 1
        await self.gate.wait()
        if self.fault:
            raise KeyError("tiny")
        if self.real:
            return await read_engines(self.real)
        return tuple(self._reading(name, told) for name, told in self.figures.items())

    def _reading(self, name: str, told: EngineMetrics | str) -> EngineReading:
        run = self.runs.setdefault(name, object())
        if isinstance(told, str):
            return EngineReading(name, name, run, self._now(), note=told)
        return EngineReading(name, name, run, self._now(), told)


class GaugeWorld:
    """`Gauges` over both, and every frame that they published."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pids: tuple[int, ...] = ()
        self.machine = ScriptedMachine()
        self.engines = ScriptedEngines(lambda: self.now)
        self.gauges = Gauges(self.machine, self.engines.read, lambda: self.pids, clock=lambda: self.now)
        self.seen: list[Frame] = []
        self.gauges.frames.watch(self.seen.append)

    @property
    def frame(self) -> Frame:
        return self.gauges.frames.value

    async def tick(self, seconds: float = 0.5, cpu: float = 0.0) -> Frame:
        """The machine is read once more; the frame when the engines have answered, if they were asked."""
        self.now += seconds
        self.machine.tell(replace(SAMPLE, engine=Usage(cpu=cpu), at=self.now, seconds=seconds))
        await self.settle()
        return self.frame

    async def settle(self) -> None:
        """Let everything that is ready go on."""
        for _ in range(10):
            await asyncio.sleep(0)

    async def asked_within(self, seconds: float, pace: float) -> int:
        """How often the engines are asked in that time."""
        before = self.engines.asked
        for _ in range(round(seconds / pace)):
            await self.tick(pace)
        return self.engines.asked - before


@asynccontextmanager
async def gauge_world(attention: Attention = Attention.PAGE) -> AsyncIterator[GaugeWorld]:
    """A world that runs and is looked at."""
    world = GaugeWorld()
    world.gauges.set_attention(attention)
    task = asyncio.create_task(world.gauges.run())
    await reach(lambda: world.machine.runs, "the sampler runs")
    try:
        yield world
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()
