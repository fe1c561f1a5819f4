"""The story of Monitor: an hour of figures, what happened meanwhile, what is near its limit, and what it cost.

Owns the `History` of all curves and one `MonitorState`. It takes what `gauges` publishes, whoever looks, so that the
page has something to show when it is opened; it reads and asks nothing by itself, except after a stop, which it
measures (`monitor_release`), and for whoever reads the address that a person opened (`endpoint/metrics_door`).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from desktop_app.domain.alerts import AlertWatch
from desktop_app.domain.clock import seconds_now
from desktop_app.domain.curves import Chart
from desktop_app.domain.energy import EnergyMeter
from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.engine_curves import EngineCurves
from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.errors import UserError
from desktop_app.domain.machine import Machine
from desktop_app.domain.monitor_charts import NOTHING_YET, Past, charts, values
from desktop_app.domain.monitor_history import History
from desktop_app.domain.observable import Observable
from desktop_app.endpoint.metrics_door import MetricsDoor, Source
from desktop_app.services.gauges import EMPTY, Frame, Gauges
from desktop_app.services.models_view import DownloadsState
from desktop_app.services.monitor_marks import MarkBook
from desktop_app.services.monitor_release import ReleaseWatch
from desktop_app.services.monitor_view import DoorState, KvState, MonitorState, Release
from desktop_app.services.serving import Serving
from desktop_app.services.tasks import Tasks

T = TypeVar("T")


class Monitor:
    """Keeps what the page of gauges shows.

    Args:
        gauges: the newest figures.
        serving: the engines and what becomes of them.
        downloads: what comes from the network, `Downloads.state`.
        look: describes the machine, with its cards or without, for what is back after a stop; blocks.
        tasks: runs what takes time.
        clock: `clock.seconds_now()`.
        pause: between two looks at the memory after a stop, seconds.
    """

    def __init__(
        self,
        gauges: Gauges,
        serving: Serving,
        downloads: Observable[DownloadsState],
        look: Callable[[bool], Machine],
        tasks: Tasks,
        clock: Callable[[], float] = seconds_now,
        pause: float = 0.5,
    ) -> None:
        self._gauges = gauges
        self._serving = serving
        self._downloads = downloads
        self.history = History()
        """Every curve of the last hour."""
        self.state = Observable(MonitorState())
        self._book = MarkBook(clock)
        self._alerts = AlertWatch()
        self._energy = EnergyMeter()
        self._release = ReleaseWatch(look, serving.plan_of, serving.freed_bytes, self._on_released, tasks, pause)
        self._door = MetricsDoor(self._sources)
        self._turn = asyncio.Lock()
        """One opens or closes the door at a time."""
        self._past = NOTHING_YET
        self._charted: tuple[Past, str] | None = None
        """What the charts were made of."""
        self._machine = EMPTY.machine
        self._curves = EngineCurves()
        self._heard: dict[str, EngineFigures] = {}
        """What each engine told last."""
        self._stages: dict[str, EngineStage] = {}
        self._stops: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Take what comes from now on; before engines are started."""
        self._stops = [
            self._serving.engines.watch(self._on_engines_changed),
            self._serving.status.watch(self._on_status_changed),
            self._gauges.frames.watch(self._on_frame),
        ]

    async def open_door(self) -> None:
        """Open the address for Prometheus; what goes wrong is published."""
        async with self._turn:
            if self.state.value.door.address:
                return
            try:
                door = DoorState(await self._door.open())
            except UserError as error:
                door = DoorState(error=error.sentence())
            self.state.set(replace(self.state.value, door=door))

    async def close_door(self) -> None:
        """Close it."""
        async with self._turn:
            await self._door.close()
            self.state.set(replace(self.state.value, door=DoorState()))

    async def shutdown(self) -> None:
        """Take nothing more, and close the address; before engines are stopped for good."""
        for stop in self._stops:
            stop()
        self._stops = []
        await self.close_door()

    # --- figures -------------------------------------------------------------------------------------------------

    def _on_frame(self, frame: Frame) -> None:
        if frame is EMPTY:
            return
        fresh = tuple(one for one in frame.engines if self._heard.get(one.key) is not one)
        self._heard = {one.key: one for one in frame.engines}
        self._book.hear_figures(fresh)
        state = self.state.value
        alerts, drawn = state.alerts, state.charts
        if frame.machine is not self._machine:
            drawn = self._add(frame)
            alerts = _same(alerts, self._alerts.look(frame.machine.at, frame.machine, frame.engines))
            self._book.hear_alerts(alerts)
        for part in self._curves.add(frame.engines, fresh):
            self.history.fill(part.begin, part.end, part.values, on_top=part.on_top)
        self.state.set(
            replace(
                state,
                frame=frame,
                charts=drawn,
                marks=self._book.marks,
                alerts=alerts,
                energy=_same(state.energy, self._energy.add(frame.machine, self._ours(frame.engines))),
                kv=_same(state.kv, self._kv(frame.engines)),
            )
        )

    def _add(self, frame: Frame) -> tuple[Chart, ...]:
        """Take a reading of the machine into the history; the charts that there are now."""
        machine, before = frame.machine, self._machine if frame.machine.seconds else None
        self._machine = machine
        network = self._network()
        self.history.add(machine.at, machine.seconds, values(machine, network, before))
        past = self._past.after(machine, frame.engines, network)
        if (past, machine.gpu_note) == self._charted:
            return self.state.value.charts
        self._past, self._charted = past, (past, machine.gpu_note)
        return charts(machine, frame.engines, past)

    def _network(self) -> float | None:
        """Bytes per second of all downloads; None when there is none."""
        speeds = [one.bytes_per_second for one in self._downloads.value.downloads if one.active]
        return sum(speeds) if speeds else None

    def _ours(self, engines: tuple[EngineFigures, ...]) -> tuple[EngineFigures, ...]:
        """Those that run on this computer: what others take is not measured here."""
        elsewhere = {one.key for one in self._serving.engines.value if one.address}
        return tuple(one for one in engines if one.key not in elsewhere) if elsewhere else engines

    def _kv(self, engines: tuple[EngineFigures, ...]) -> KvState | None:
        """Of the engine that is talked to, or of the one whose cache is the fullest."""
        talked = self._serving.status.value.key
        one = max(engines, key=lambda one: (one.key == talked, one.kv_cache), default=None)
        return KvState(one.name, one.kv_cache, one.kv_tokens, one.kv_block, one.hit_rate) if one else None

    # --- what happens --------------------------------------------------------------------------------------------

    def _on_engines_changed(self, engines: tuple[EngineStatus, ...]) -> None:
        self._book.hear_engines(engines)
        self._release.hear(engines)
        stages = {one.key: one.stage for one in engines}
        if stages != self._stages:
            self._stages = stages
            self._gauges.hurry()
        self._publish_marks()

    def _on_status_changed(self, status: EngineStatus) -> None:
        self._book.hear_talk(status)
        self._publish_marks()

    def _publish_marks(self) -> None:
        if self._book.marks is not self.state.value.marks:
            self.state.set(replace(self.state.value, marks=self._book.marks))

    def _on_released(self, release: Release | None) -> None:
        self.state.set(replace(self.state.value, release=release))

    def _sources(self) -> list[Source]:
        """The engines whose figures may be read, the one that is talked to in front."""
        talked = self._serving.status.value.key
        ready = sorted(self._serving.ready_engines(), key=lambda one: one[0].key != talked)
        return [Source(model.name, endpoint.address) for model, endpoint in ready]


def _same(before: T, now: T) -> T:
    """*before* where both are equal, so that pages see at once that there is nothing to draw anew."""
    return before if before == now else now
