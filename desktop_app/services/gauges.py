"""The newest figures: how busy the machine and the engines are.

Owns one `Frame`. `bootstrap` starts `run()` once; the window says with `set_attention` who looks. While nobody does,
nothing is read, nobody is asked, and no process is kept for reading. There is no timer here: the sampler's helper sets
the pace, and on its frames the engines are asked when it is time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from desktop_app.domain.clock import seconds_now
from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.engine_meter import EngineMeter
from desktop_app.domain.machine import Attention, MachineSample
from desktop_app.domain.observable import Observable
from desktop_app.services.engine_readings import UNREADABLE, EngineReading
from desktop_app.services.mishaps import Mishaps


@dataclass(frozen=True)
class Pace:
    """How long after a question engines are asked again. Seconds.

    Engines are asked on a frame of the machine, and frames come every half second or every two. So each of these is a
    little less than what is meant: a frame that comes early must not put a question off to the next one.
    """

    working: float = 0.9
    """While an engine works."""
    page: float = 1.8
    """While none does, and Monitor is open."""
    strip: float = 5.5
    """While none does, and only the strip can be seen: `/metrics` is about 80 kB of text, most of the cost of a
    frame."""
    hurry: float = 5.0
    """How long `hurry()` counts as work while the engines do not report any."""


@dataclass(frozen=True)
class Frame:
    """Everything that is known of one moment."""

    machine: MachineSample
    engines: tuple[EngineFigures, ...] = ()
    """The engines that answered when they were asked last; each the same object until it is measured anew."""
    note: str = ""
    """Why the figures of the engines, or of one of them, are missing, as a sentence."""

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens that engines write per second, all answers together; None when no engine tells."""
        return sum(engine.generation for engine in self.engines) if self.engines else None

    @property
    def kv_cache(self) -> float | None:
        """Share of the fullest KV cache in use, 0…1; None when no engine tells."""
        return max((engine.kv_cache for engine in self.engines), default=None)

    @property
    def running(self) -> int:
        """Answers being written."""
        return sum(engine.running for engine in self.engines)

    @property
    def waiting(self) -> int:
        """Questions in the queues."""
        return sum(engine.waiting for engine in self.engines)


NO_ENGINE = "No model is running."
EMPTY = Frame(MachineSample(0.0, 0, 0), note=NO_ENGINE)
"""Before the first reading."""
_AT_WORK = 0.25
"""Cores that engines take beyond what they take at rest, from which on they are taken to be at work."""
_SHORTEST = 0.4
"""Seconds. Rates over less are noise: engines count in steps, of all answers at once. Less than between two frames."""


class Machine(Protocol):
    """Reads the machine; `hardware.sampler.Sampler` is one."""

    async def run(self, hear: Callable[[MachineSample], None]) -> None:
        """Tell readings until cancelled."""

    def look(self, attention: Attention) -> None:
        """How often to read."""

    def watch(self, engines: Iterable[int]) -> None:
        """Which processes are the first ones of our engines."""


@dataclass
class _Metered:
    """One run of an engine."""

    run: object
    meter: EngineMeter
    at: float = 0.0
    """When its figures were made."""
    figures: EngineFigures | None = None


class Gauges:
    """Publishes a frame whenever the machine was read, and another one when the engines have answered.

    Args:
        machine: reads processor, memory and cards.
        read_engines: asks every engine that is ready.
        engine_pids: the first processes of our engines.
        pace: how often engines are asked.
        clock: seconds that only grow, as the machine's readings have them.
    """

    def __init__(
        self,
        machine: Machine,
        read_engines: Callable[[], Awaitable[tuple[EngineReading, ...]]],
        engine_pids: Callable[[], tuple[int, ...]],
        pace: Pace = Pace(),
        clock: Callable[[], float] = seconds_now,
    ) -> None:
        self._machine = machine
        self._read_engines = read_engines
        self._engine_pids = engine_pids
        self._pace = pace
        self._clock = clock
        self._attention = Attention.NOBODY
        self._pids: tuple[int, ...] = ()
        self._group: asyncio.TaskGroup | None = None
        self._question: asyncio.Task[None] | None = None
        self._meters: dict[str, _Metered] = {}
        """By the engine's key."""
        self._asked: float | None = None
        """When the last question was asked; None when the next one is the first after a break."""
        self._nobody = True
        """Whether nobody was there when the last question was asked."""
        self._again = False
        """Whether to ask once more when the engines have answered."""
        self._busy = False
        self._hurry_until = 0.0
        self._resting_cpu = 0.0
        """Cores that the engines took when they were last seen at rest."""
        self._mishaps = Mishaps("The gauges")
        self.frames = Observable(EMPTY, self._mishaps.tell)

    @property
    def attention(self) -> Attention:
        """Who looks at the figures."""
        return self._attention

    def set_attention(self, attention: Attention) -> None:
        """Say who looks at the figures."""
        if attention is self._attention:
            return
        self._attention = attention
        if attention is Attention.NOBODY:
            self._forget()
        else:
            self._tell_pids()
        self._machine.look(attention)

    def hurry(self) -> None:
        """Ask the engines now, and often for a while: work is given to one, or one became ready or was stopped."""
        self._hurry_until = self._clock() + self._pace.hurry
        self._again = True  # what is being answered may be older than what happened
        self._ask()

    async def run(self) -> None:
        """Publish frames until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await self._machine.run(self._hear)
            finally:
                self._group = None
                self._forget()

    def _hear(self, machine: MachineSample) -> None:
        if self._attention is Attention.NOBODY:
            return  # it was on its way when everybody left
        self._tell_pids()
        self._resting_cpu = min(self._resting_cpu, machine.engine.cpu)
        self.frames.set(replace(self.frames.value, machine=machine))
        if self._is_time(machine):
            self._ask()

    def _tell_pids(self) -> None:
        pids = self._engine_pids()
        if pids != self._pids:
            self._pids = pids
            self._machine.watch(pids)

    def _is_time(self, machine: MachineSample) -> bool:
        """Whether the engines are to be asked; while there is none that costs nothing, and is how one is found."""
        if self._asked is None or self._nobody:
            return True
        now = self._clock()
        # Whoever gives an engine work, a chat, an experiment or another program: its processes show it.
        at_work = machine.engine.cpu > self._resting_cpu + _AT_WORK
        if self._busy or at_work or now < self._hurry_until:
            wait = self._pace.working
        else:
            wait = self._pace.page if self._attention is Attention.PAGE else self._pace.strip
        return now - self._asked >= wait

    def _ask(self) -> None:
        """Ask the engines, unless they are being asked."""
        asking = self._question is not None and not self._question.done()
        if self._group is not None and not asking and self._attention is not Attention.NOBODY:
            self._question = self._group.create_task(self._question_engines())

    async def _question_engines(self) -> None:
        self._again = True
        while self._again:
            self._again = False
            self._asked = self._clock()
            try:
                self._take(await self._read_engines())
            except Exception as error:  # noqa: BLE001 - told and logged: the machine's figures go on without it
                self._mishaps.tell(error)
                self.frames.set(replace(self.frames.value, engines=(), note=UNREADABLE))

    def _take(self, readings: tuple[EngineReading, ...]) -> None:
        self._nobody = not readings
        for failure in filter(None, (reading.failure for reading in readings)):
            self._mishaps.tell(failure)
        figures, fresh = self._measure(readings)
        frame = self.frames.value
        # The reading after an answer still counts its last tokens; one more brings the speed down to 0. And the first
        # one of a run has no rates yet.
        self._busy = fresh or any(one.running or one.waiting or one.generation or one.prompt for one in figures)
        if not self._busy:
            self._resting_cpu = frame.machine.engine.cpu
        self.frames.set(replace(frame, engines=figures, note=_note(readings)))

    def _measure(self, readings: tuple[EngineReading, ...]) -> tuple[tuple[EngineFigures, ...], bool]:
        """Figures of those that answered, and whether one of them did so for the first time."""
        before, figures, fresh = self._meters, [], False
        self._meters = {}
        for reading in readings:
            known = before.get(reading.key)
            if known is None or known.run is not reading.run:
                if reading.metrics is None:
                    continue
                known, fresh = _Metered(reading.run, EngineMeter(reading.key, reading.name)), True
            self._meters[reading.key] = known
            if reading.metrics is None:
                continue
            if known.figures is None or reading.at - known.at >= _SHORTEST:
                known.at, known.figures = reading.at, known.meter.add(reading.at, reading.metrics)
            figures.append(known.figures)
        return tuple(figures), fresh

    def _forget(self) -> None:
        """Begin anew after a break: what was done meanwhile is no speed."""
        if self._question is not None:
            self._question.cancel()
        self._question = None
        self._meters = {}
        self._asked = None
        self._busy = False


def _note(readings: tuple[EngineReading, ...]) -> str:
    """Why figures are missing; the first reason only, with the name where it is one of several."""
    if not readings:
        return NO_ENGINE
    silent = next((reading for reading in readings if reading.metrics is None), None)
    if silent is None:
        return ""
    return silent.note if len(readings) == 1 else f"{silent.name}: {silent.note}"
