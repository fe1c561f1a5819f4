"""Stops models that nobody asks anything, after the time that the person chose. Off unless somebody chose one.

`services/program` starts `run()` once. Whether an engine was asked is told by its own counters, so that questions of
other programs count as well.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from desktop_app.domain.metrics import EngineMetrics
from desktop_app.domain.observable import Observable

_LOOKS = 10
"""Looks within the chosen time: a model is stopped at most a tenth of it too late."""

Counts = dict[str, EngineMetrics]


@dataclass(frozen=True)
class _Rest:
    """Since when an engine has done nothing. Looks, not seconds."""

    counts: EngineMetrics
    looks: int


class IdleWatch:
    """Looks at what engines have done, and has those stopped that did nothing for long enough. Off, it has no timer.

    Args:
        minutes: the chosen time; 0 for never.
        counts: what each ready engine has done so far, by its key.
        stop: stops one.
        second: how long a second is; shorter in tests.
    """

    def __init__(
        self,
        minutes: Observable[int],
        counts: Callable[[], Awaitable[Counts]],
        stop: Callable[[str], Awaitable[None]],
        second: float = 1.0,
    ) -> None:
        self._minutes = minutes
        self._counts = counts
        self._stop = stop
        self._second = second
        self._rests: dict[str, _Rest] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        chosen = asyncio.Event()
        stop = self._minutes.watch(lambda _: chosen.set())
        try:
            while True:
                minutes = self._minutes.value
                pause = minutes * 60 / _LOOKS * self._second if minutes else None
                try:
                    async with asyncio.timeout(pause):
                        await chosen.wait()
                except TimeoutError:
                    await self._look()
                else:
                    chosen.clear()
                    self._rests.clear()
        finally:
            stop()

    async def _look(self) -> None:
        counts = await self._counts()
        self._rests = {key: self._rest(key, count) for key, count in counts.items()}
        for key in [key for key, rest in self._rests.items() if rest.looks >= _LOOKS]:
            del self._rests[key]
            await self._stop(key)

    def _rest(self, key: str, counts: EngineMetrics) -> _Rest:
        before = self._rests.get(key)
        busy = counts.running or counts.waiting or before is None or before.counts != counts
        return _Rest(counts, 0 if busy or before is None else before.looks + 1)
