"""What Monitor needs around it in tests: engines of `test_serving`, gauges that a test moves, memory to look at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from desktop_app.domain.clock import seconds_now
from desktop_app.domain.machine import Attention, Machine, MachineSample
from desktop_app.domain.marks import MarkKind
from desktop_app.domain.observable import Observable
from desktop_app.paths import Paths
from desktop_app.services.gauges import Gauges
from desktop_app.services.models_view import DownloadsState
from desktop_app.services.monitor import Monitor
from desktop_app.services.monitor_view import MonitorState
from desktop_app.services.tasks import Tasks
from tests.conftest import reach
from tests.services.gauge_world import SAMPLE, ScriptedMachine
from tests.services.test_serving import MACHINE, Bench

GIB = 1 << 30


class MonitorWorld:
    """`Monitor` over real engines' life and a scripted machine, and every state that it published."""

    def __init__(self, paths: Paths, folder: Path) -> None:
        self.bench = Bench(paths, folder)
        self.serving = self.bench.serving
        self.sampler = ScriptedMachine()
        self.gauges = Gauges(self.sampler, self.serving.readings, self.serving.engine_pids)
        self.downloads = Observable(DownloadsState())
        self.memory = replace(MACHINE, available_bytes=5 * GIB)
        self.looks = 0
        self.look_fails = False
        self.failures: list[str] = []
        self.tasks = Tasks(lambda name, error: self.failures.append(f"{name}: {error!r}"))
        self.monitor = Monitor(self.gauges, self.serving, self.downloads, self.look, self.tasks, pause=0.01)
        self.seen: list[MonitorState] = []
        self.monitor.state.watch(self.seen.append)
        self.at = seconds_now() // 6 * 6
        """When the machine was read last: where a bucket begins, at about the time that it is for the engines."""

    @property
    def state(self) -> MonitorState:
        return self.monitor.state.value

    @property
    def kinds(self) -> list[MarkKind]:
        return [mark.kind for mark in self.state.marks]

    def look(self, _cards: bool) -> Machine:
        self.looks += 1
        if self.look_fails:
            raise OSError("No look.")
        return self.memory

    def tell(self, sample: MachineSample = SAMPLE, seconds: float = 0.5) -> None:
        """The machine is read once more."""
        self.at += seconds
        self.sampler.tell(replace(sample, at=self.at, seconds=seconds))

    async def asked(self) -> None:
        """The engines are asked until they are measured anew."""
        before = self._measured_at()

        def measured() -> bool:
            self.gauges.hurry()
            return self._measured_at() > before

        await reach(measured, "figures of the engines")

    def _measured_at(self) -> float:
        return max((one.at for one in self.state.frame.engines), default=0.0)


@asynccontextmanager
async def monitor_world(paths: Paths, folder: Path) -> AsyncIterator[MonitorWorld]:
    """A world that is looked at."""
    world = MonitorWorld(paths, folder)
    world.monitor.begin()
    world.gauges.set_attention(Attention.PAGE)
    running = asyncio.create_task(world.gauges.run())
    await reach(lambda: world.sampler.runs, "the sampler runs")
    try:
        yield world
    finally:
        await world.monitor.shutdown()
        running.cancel()
        await asyncio.wait([running])
        await world.serving.stop_all()
        await world.tasks.shutdown()
        assert not world.failures
