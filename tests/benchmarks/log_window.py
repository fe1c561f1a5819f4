"""A flood of log lines into a window that shows them, and how long the event loop is away.

Run by path as `log_window.py MEGABYTES MODE`; says one line of JSON. The lines go the program's own way: a process that
prints as fast as it can, its pipe, `engine/log_pump`, an `EngineLog`, the Log page, visible. MODE is `follow`, the page
as it opens, or `sift`: only errors, and a search. The gaps are those of `heartbeat`.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QApplication

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.observable import Observable
from desktop_app.engine.log_pump import LogFile, LogPump
from desktop_app.paths import resources
from desktop_app.services.engine_log import EngineLog
from desktop_app.services.log_reading import Level
from desktop_app.services.log_sieve import Criteria
from desktop_app.services.tasks import Tasks
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.pages.log import LogPage
from desktop_app.ui.theme import Theme
from tests.benchmarks.heartbeat import Heartbeat, calm, run

_CALM_SECONDS = 1.0
_PRINTER = """
import sys
record = ('{"asctime": "2026-11-21 00:20:51,799", "levelname": "%s", "name": "vllm.v1.core", "processName": "Process", '
          '"process": 10396, "message": "Engine 000: Avg prompt throughput: %d tokens/s, Running: 3 reqs", '
          '"vllm_process_name": "EngineCore"}\\n')
block = "".join(record % ("ERROR" if n % 50 == 0 else "INFO", n) for n in range(400)).encode()
for _ in range(int(float(sys.argv[1]) * 1e6) // len(block)):
    sys.stdout.buffer.write(block)
"""


class Flood:
    """The window, and the process that prints into it."""

    def __init__(self, theme: Theme, folder: Path, mode: str) -> None:
        self.log = EngineLog()
        status = EngineStatus(EngineStage.READY, ModelRef("stand-in", folder))
        tasks = Tasks(_fail)
        self.page = LogPage(theme, Bridge(tasks), Observable((status,)), lambda _key: self.log)
        self.page.resize(1180, 760)
        self.page.show()
        if mode == "sift":
            self.page.model.set_filter(Criteria(lowest=Level.ERROR))
            self.page.model.search("throughput: 350")
        self._pump = LogPump(LogFile(folder / "engine.log"))

    async def run(self, megabytes: float) -> None:
        """Print so much, and wait until all of it was handed over."""
        command = [sys.executable, "-I", "-S", "-c", _PRINTER, str(megabytes)]
        printer = await asyncio.to_thread(subprocess.Popen, command, stdout=self._pump.sink)
        self._pump.start()
        self._pump.listen(self.log.feed)
        await self._pump.finished
        assert await asyncio.to_thread(printer.wait) == 0


def _fail(name: str, error: BaseException) -> None:
    raise RuntimeError(f"{name} failed") from error


def memory() -> int:
    """Bytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def story(app: QApplication, megabytes: float, mode: str) -> None:
    """Warm up with a little, measure with much."""
    theme = Theme(app, resources(), Appearance.LIGHT)
    with tempfile.TemporaryDirectory() as folder:
        first = Flood(theme, Path(folder), mode)
        await first.run(1)
        first.page.hide()
        before = await calm()
        flood = Flood(theme, Path(folder), mode)
        await asyncio.sleep(_CALM_SECONDS)
        had = memory()
        heart, start, cpu = Heartbeat(), time.perf_counter(), time.process_time()
        heart.start()
        await flood.run(megabytes)
        seconds = time.perf_counter() - start
        share = (time.process_time() - cpu) / seconds
        await asyncio.sleep(_CALM_SECONDS)
        figures = heart.stop() | {"seconds": round(seconds, 2), "megabytes": megabytes, "cpu": round(share, 3)}
        figures["shown_lines"] = flood.page.model.count
        figures["log_mb"] = round(flood.log.size / 1e6, 1)
        figures["more_memory_mb"] = round((memory() - had) / 1e6, 1)
        figures["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1)
        print(json.dumps(figures | before), flush=True)


if __name__ == "__main__":
    run(partial(story, megabytes=float(sys.argv[1]), mode=sys.argv[2]))
