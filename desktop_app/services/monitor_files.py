"""What Monitor shows, as files: whole or not there. `ui/monitor_room.py` asks for them.

Everything is made and written in a thread.
"""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from desktop_app.domain.clock import seconds_now
from desktop_app.domain.errors import UserError
from desktop_app.interchange.whole_file import WholeFile, disk_words
from desktop_app.services.monitor import Monitor

_TITLE = "vLLM Desktop"
"""Of the dashboard, in Grafana's list."""


class MonitorFiles:
    """Exports of Monitor. What each says is why nothing was written, with no part of it left; None when it was.

    Args:
        monitor: whose figures they are.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    async def write_csv(self, span: float, file: Path) -> UserError | None:
        """Write the curves of the last *span* seconds to *file*, a row for each moment."""
        from desktop_app.interchange.monitor_csv import monitor_csv  # noqa: PLC0415 - hardly anybody writes one

        state = self._monitor.state.value
        began = datetime.now().astimezone() - timedelta(seconds=seconds_now())
        # Figures come in while the thread reads: it gets its own, which takes a millisecond.
        history = deepcopy(self._monitor.history)
        make = partial(monitor_csv, state.charts, history, span, state.marks, began)
        return await _write(make, file, "The figures were not written.")

    async def write_dashboard(self, file: Path) -> UserError | None:
        """Write a dashboard for Grafana that shows what vLLM tells at the address for Prometheus."""
        from desktop_app.interchange.grafana import dashboard  # noqa: PLC0415 - as above

        return await _write(lambda: dashboard(_TITLE), file, "The dashboard was not written.")

    async def write_picture(self, picture: bytes, file: Path) -> UserError | None:
        """Write a picture of the page, which whoever draws it has made."""
        return await _write(lambda: picture, file, "The picture was not written.")


async def _write(make: Callable[[], str | bytes], file: Path, failed: str) -> UserError | None:
    try:
        await asyncio.to_thread(_write_whole, make, file)
    except OSError as error:
        return UserError(failed, disk_words(error, file))
    return None


def _write_whole(make: Callable[[], str | bytes], file: Path) -> None:
    whole = WholeFile(file)
    try:
        made = make()
        whole.write(made if isinstance(made, bytes) else made.encode("utf-8", "replace"))
        whole.keep()
    finally:
        whole.close()
