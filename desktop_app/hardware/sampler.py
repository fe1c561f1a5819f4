"""How busy the machine is, each time somebody asks. Owned by `services.gauges`, which decides how often.

Between two questions it does nothing: no thread ticks here. psutil is loaded by the first question, on its thread.
"""

import asyncio
import time
from pathlib import Path
from typing import NamedTuple

from desktop_app.domain.machine import GpuSample, MachineSample
from desktop_app.hardware.cgroup import tightest_memory
from desktop_app.hardware.nvml import NvmlHelper, driver_note

_FIRST_LOOK_SECONDS = 0.1
"""How long the first reading looks at the processor; every other covers the time since the one before it."""


class _Ticks(NamedTuple):
    """Seconds that all processors together were busy, and seconds in all, since the machine started."""

    busy: float
    total: float


class Sampler:
    """Reads processor, memory and cards.

    Args:
        helper: who asks NVIDIA's driver; None when there is no card to ask about.
        root: the folder that stands for `/`.
    """

    def __init__(self, helper: NvmlHelper | None = None, root: Path = Path("/")) -> None:
        self._helper = helper
        self._group = tightest_memory(root)
        self._ticks: _Ticks | None = None

    async def sample(self) -> MachineSample:
        """One reading. The processor's share covers the time since the reading before it."""
        return await asyncio.to_thread(self._sample)

    async def rest(self) -> None:
        """Let go of the driver, so that an unwatched card may fall asleep; the next reading starts it again."""
        if self._helper:
            await asyncio.to_thread(self._helper.close)

    def _sample(self) -> MachineSample:
        before = self._ticks
        if before is None:
            before = _read_ticks()
            time.sleep(_FIRST_LOOK_SECONDS)
        self._ticks = _read_ticks()
        used, total = self._memory()
        return MachineSample(_share(before, self._ticks), used, total, self._cards())

    def _memory(self) -> tuple[int, int]:
        """Used and usable bytes, of the control group where that is the tighter limit."""
        import psutil  # noqa: PLC0415 - 6 ms for which no window should wait

        memory = psutil.virtual_memory()
        if self._group and self._group.limit_bytes < memory.total:
            used = self._group.used_bytes()
            if used is not None:
                return used, self._group.limit_bytes
        return memory.total - memory.available, memory.total

    def _cards(self) -> tuple[GpuSample, ...]:
        return self._helper.read().samples if self._helper else ()


def find_helper(root: Path = Path("/")) -> NvmlHelper | None:
    """The helper when there is a driver to ask, not started yet; None when there is none."""
    return None if driver_note(root) else NvmlHelper()


def _read_ticks() -> _Ticks:
    import psutil  # noqa: PLC0415

    # Not psutil.cpu_percent(): it remembers the last reading per thread, and ours come from a pool.
    times = psutil.cpu_times()
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return _Ticks(total - times.idle - getattr(times, "iowait", 0.0), total)


def _share(before: _Ticks, after: _Ticks) -> float:
    """Busy share of all processors, 0…1; 0 when no time has passed (the counters move in hundredths of a second)."""
    total = after.total - before.total
    return min(1.0, max(0.0, (after.busy - before.busy) / total)) if total > 0 else 0.0
