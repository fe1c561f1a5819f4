"""The figures at the bottom of the window: how busy the machine and the engine are.

Owns one `Frame`. `bootstrap` starts `run()` once; the window says with `set_attended` whether the strip can be seen.
While it cannot, nothing is read and no process is kept for reading.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from desktop_app.domain.errors import UserError
from desktop_app.domain.machine import MachineSample
from desktop_app.domain.metrics import EngineMetrics, rate
from desktop_app.domain.observable import Observable


@dataclass(frozen=True)
class Pace:
    """How often things are read. Seconds."""

    busy: float = 1.0
    """Between two frames while the engine works."""
    idle: float = 2.0
    """Between two frames while it does not: a machine that rests is looked at half as often."""
    idle_metrics: float = 6.0
    """Between two questions to an idle engine: `/metrics` is about 80 kB of text, most of the cost of a frame."""
    hurry: float = 5.0
    """How long `hurry()` counts as work while the engine does not report any."""
    patience: float = 3.0
    """How long an engine may take to tell its figures."""


@dataclass(frozen=True)
class Frame:
    """Everything that the strip shows at one moment."""

    machine: MachineSample
    tokens_per_second: float | None = None
    """Tokens that the engine generated per second, all answers together; None when no engine is ready."""
    kv_cache: float | None = None
    """Share of the KV cache in use, 0…1; None when no engine is ready."""
    running: int = 0
    """Answers being written."""
    waiting: int = 0
    """Questions in the queue."""
    note: str = ""
    """Why the engine's figures are missing, as a sentence."""


NO_ENGINE = "No model is running."
EMPTY = Frame(MachineSample(0.0, 0, 0), note=NO_ENGINE)
"""Before the first reading."""


class Machine(Protocol):
    """Reads the machine; `hardware.sampler.Sampler` is one."""

    async def sample(self) -> MachineSample:
        """One reading."""

    async def rest(self) -> None:
        """Let go of everything held for reading."""


class Gauges:
    """Publishes a frame every second or two while somebody looks.

    Args:
        machine: reads processor, memory and cards.
        read_metrics: asks the engine; None while none is ready. May raise `UserError` or `OSError`.
        pace: how often.
    """

    def __init__(
        self,
        machine: Machine,
        read_metrics: Callable[[], Awaitable[EngineMetrics | None]],
        pace: Pace = Pace(),
    ) -> None:
        self._machine = machine
        self._read_metrics = read_metrics
        self._pace = pace
        self._attended = False
        self._woken = asyncio.Event()
        self._last: tuple[float, EngineMetrics] | None = None
        self._busy = False
        self._hurry_until = 0.0
        self.frames = Observable(EMPTY)

    def set_attended(self, attended: bool) -> None:
        """Say whether the strip can be seen."""
        if attended is not self._attended:
            self._attended = attended
            self._woken.set()

    def hurry(self) -> None:
        """Read now, and often for a while: work is about to be given to the engine."""
        self._hurry_until = time.monotonic() + self._pace.hurry
        self._woken.set()

    async def run(self) -> None:
        """Publish frames until cancelled."""
        try:
            while True:
                self._woken.clear()
                if self._attended:
                    await self._read()
                    await self._wait(self._pace.busy if self._quick() else self._pace.idle)
                else:
                    self._last, self._busy = None, False
                    await self._machine.rest()
                    await self._woken.wait()
        finally:
            await self._machine.rest()

    async def _wait(self, seconds: float) -> None:
        """Wait, shorter when something is asked of us meanwhile."""
        waker = asyncio.get_running_loop().call_later(seconds, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            waker.cancel()

    def _quick(self) -> bool:
        return self._busy or time.monotonic() < self._hurry_until

    async def _read(self) -> None:
        machine = await self._machine.sample()
        if self._last and not self._quick() and time.monotonic() - self._last[0] < self._pace.idle_metrics:
            self.frames.set(replace(self.frames.value, machine=machine))
        else:
            self.frames.set(await self._with_engine(machine))

    async def _with_engine(self, machine: MachineSample) -> Frame:
        try:
            async with asyncio.timeout(self._pace.patience):
                metrics = await self._read_metrics()
        except UserError as error:
            return self._without_engine(machine, error.sentence())
        except OSError:
            return self._without_engine(machine, "The engine does not answer.")
        if metrics is None:
            return self._without_engine(machine, NO_ENGINE)
        now, before = time.monotonic(), self._last
        self._last = (now, metrics)
        speed = rate(before[1].generated_tokens, metrics.generated_tokens, now - before[0]) if before else 0.0
        # The reading after an answer still counts its last tokens; one more quick one brings the speed down to 0.
        self._busy = metrics.running > 0 or metrics.waiting > 0 or speed > 0
        return Frame(machine, speed, metrics.kv_cache, metrics.running, metrics.waiting)

    def _without_engine(self, machine: MachineSample, note: str) -> Frame:
        self._last, self._busy = None, False
        return Frame(machine, note=note)
