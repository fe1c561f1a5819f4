"""The gauges of a machine that is only described (`domain/machine_file`): its figures, which never move."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from desktop_app.domain.clock import seconds_now
from desktop_app.domain.machine import Attention, GpuSample, Machine, MachineSample


class StillSampler:
    """Stands where `sampler.Sampler` stands.

    Args:
        machine: what the description says.
    """

    def __init__(self, machine: Machine) -> None:
        self._sample = MachineSample(
            cpu=0.0,
            used_bytes=max(0, machine.memory_bytes - machine.available_bytes),
            total_bytes=machine.memory_bytes,
            gpus=tuple(
                # As the driver has it: a card that shares the computer's memory has no figures of its own.
                GpuSample(gpu.name, 0.0, 0, 0)
                if gpu.unified
                else GpuSample(gpu.name, 0.0, max(0, gpu.total_bytes - gpu.free_bytes), gpu.total_bytes)
                for gpu in machine.gpus
            ),
            cores=(0.0,) * machine.cores,
        )
        self._attention = Attention.NOBODY
        self._woken = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> None:
        """There is no helper."""
        return

    def look(self, attention: Attention) -> None:
        """Say who looks."""
        if attention is not self._attention:
            self._attention = attention
            self._woken.set()

    def watch(self, engines: Iterable[int]) -> None:
        """A description has no processes."""

    async def run(self, hear: Callable[[MachineSample], None]) -> None:
        """Have *hear* hear the same as ever at the pace of the attention, until cancelled."""
        loop, before = asyncio.get_running_loop(), 0.0
        try:
            while True:
                self._woken.clear()
                if self._timer:
                    self._timer.cancel()
                if self._attention is not Attention.NOBODY:
                    now = seconds_now()
                    hear(replace(self._sample, at=now, seconds=now - before if before else 0.0))
                    before = now
                    self._timer = loop.call_later(self._attention.value, self._woken.set)
                else:
                    before = 0.0
                await self._woken.wait()
        finally:
            if self._timer:
                self._timer.cancel()
