"""Makes the services of Monitor when the window has been seen, or when they are wanted; `bootstrap` is the caller.

A window opens without them: to import them takes 15 ms.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop_app.domain.machine import Machine
from desktop_app.domain.observable import Observable
from desktop_app.services.gauges import Gauges
from desktop_app.services.models_view import DownloadsState
from desktop_app.services.serving import Serving
from desktop_app.services.tasks import Tasks

# ruff: noqa: PLC0415 - see above
if TYPE_CHECKING:
    from desktop_app.services.monitor import Monitor
    from desktop_app.services.monitor_files import MonitorFiles


class MonitorPart:
    """Monitor and its files; made by `begin()`, or by the first look at them.

    Args:
        gauges: the newest figures.
        serving: the engines.
        downloads: `Downloads.state`.
        look: describes the machine, with its cards or without; blocks.
        tasks: runs what takes time.
    """

    def __init__(
        self,
        gauges: Gauges,
        serving: Serving,
        downloads: Observable[DownloadsState],
        look: Callable[[bool], Machine],
        tasks: Tasks,
    ) -> None:
        self._gauges = gauges
        self._serving = serving
        self._downloads = downloads
        self._look = look
        self._tasks = tasks
        self._monitor: Monitor | None = None

    @property
    def monitor(self) -> "Monitor":
        """What the page shows."""
        return self._made()

    @property
    def files(self) -> "MonitorFiles":
        """Writes what the page shows."""
        from desktop_app.services.monitor_files import MonitorFiles

        return MonitorFiles(self.monitor)

    async def begin(self) -> None:
        """Take figures and events from now on: before engines are started, when the window has been seen."""
        await asyncio.to_thread(_read_modules)
        self._made()

    async def shutdown(self) -> None:
        """Take nothing more, before engines are stopped for good; a second call does nothing."""
        if self._monitor is not None:
            await self._monitor.shutdown()

    def _made(self) -> "Monitor":
        if self._monitor is None:
            from desktop_app.services.monitor import Monitor

            self._monitor = Monitor(self._gauges, self._serving, self._downloads, self._look, self._tasks)
            self._monitor.begin()
        return self._monitor


def _read_modules() -> None:
    """In a thread, so that a window that has just opened moves meanwhile."""
    from desktop_app.services import monitor

    del monitor
