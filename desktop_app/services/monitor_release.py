"""What became of the memory after an engine was stopped: measured before its start, and when it is gone.

`services/monitor` owns one `ReleaseWatch` and tells it of every change of the engines, whether anybody looks at the
window or not: a stop is an act of a person. `monitor_memory` compares and finds the words.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import UserError
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import LaunchPlan
from desktop_app.domain.machine import Machine, plain_name
from desktop_app.services.monitor_memory import InUse, in_use, release, release_beside, stands_still
from desktop_app.services.monitor_view import Release
from desktop_app.services.tasks import Tasks

_LOOKS = 8
"""After a stop, at most."""
_logger = logging.getLogger(__name__)


@dataclass
class _Stay:
    """An engine from its start to its end."""

    name: str
    plan: LaunchPlan | None = None
    """How it was started, once there was a process."""
    stopping: bool = False


class ReleaseWatch:
    """Measures what engines gave back.

    Args:
        look: describes the machine, with its cards or without, since to ask wakes cards that sleep; blocks, and may
            raise UserError and OSError.
        plan_of: how a running engine was started.
        freed_bytes: what an engine's stop gave back, as far as that was measured.
        tell: hears the result; None when an engine starts.
        tasks: runs the looks.
        pause: between two looks after a stop, seconds; a driver needs a moment to take back what a process had.
    """

    def __init__(
        self,
        look: Callable[[bool], Machine],
        plan_of: Callable[[str], LaunchPlan | None],
        freed_bytes: Callable[[str], int],
        tell: Callable[[Release | None], None],
        tasks: Tasks,
        pause: float = 0.5,
    ) -> None:
        self._look = look
        self._plan_of = plan_of
        self._freed_bytes = freed_bytes
        self._tell = tell
        self._tasks = tasks
        self._pause = pause
        self._stays: dict[str, _Stay] = {}
        """By the engine's key."""
        self._before: asyncio.Task[Machine | None] | None = None
        """What was in use when no engine of ours was there."""
        self._measuring: asyncio.Task[None] | None = None
        self._freed = 0
        """What stops gave back of which nothing was told yet."""

    def hear(self, engines: Sequence[EngineStatus]) -> None:
        """The engines that start, run, stop or have failed; those of servers elsewhere are passed over."""
        ours = {one.key: one for one in engines if not one.address}
        for key, status in ours.items():
            if status.stage is EngineStage.STARTING and key not in self._stays:
                self._begin(key, status)
            if stay := self._stays.get(key):
                stay.stopping = status.stage is EngineStage.STOPPING
                stay.plan = stay.plan or self._plan_of(key)
        for key in list(self._stays):
            if key not in ours or ours[key].stage is EngineStage.FAILED:
                self._end(key)

    def _begin(self, key: str, status: EngineStatus) -> None:
        if self._measuring is not None:
            self._measuring.cancel()
            self._measuring = None
        if not self._stays:
            self._freed = 0
            self._before = self._tasks.start(self._see(on_cards=True), name="memory before a start")
        self._stays[key] = _Stay(plain_name(status.model.name if status.model else "", "The model"))
        self._tell(None)

    def _end(self, key: str) -> None:
        stay = self._stays.pop(key)
        self._freed += self._freed_bytes(key)
        if stay.plan is None:
            return  # it ended before there was a process
        if self._measuring is not None:
            self._measuring.cancel()
        self._measuring = self._tasks.start(self._measure(stay.plan), name="memory after a stop")

    async def _measure(self, plan: LaunchPlan) -> None:
        on_cards = plan.environment.kind is EngineKind.CUDA
        seen = await asyncio.shield(self._before) if self._before is not None else None
        before = in_use(seen, on_cards) if seen is not None else None
        after = await self._see_settled(on_cards)
        if after is None or any(stay.stopping for stay in self._stays.values()):
            return  # what several that stop together gave back is told when the last of them is gone
        others = [stay.name for stay in self._stays.values()]
        freed, self._freed = self._freed, 0
        self._tell(release_beside(after, freed, others) if others else release(before, after, freed))

    async def _see_settled(self, on_cards: bool) -> InUse | None:
        """What is in use when that stands still, or when a few seconds have gone by."""
        last: InUse | None = None
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(self._pause)
            seen = await self._see(on_cards)
            if seen is None:
                return last
            now = in_use(seen, on_cards)
            if last is not None and stands_still(last, now):
                return now
            last = now
        return last

    async def _see(self, on_cards: bool) -> Machine | None:
        try:
            return await asyncio.to_thread(self._look, on_cards)
        except (UserError, OSError) as error:
            _logger.warning("The memory could not be looked at: %s", error)
            return None
