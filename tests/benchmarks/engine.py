"""How long the real engine takes to be ready with our settings, and to be gone, also against vLLM's own defaults.

Nothing is installed here.
"""

import asyncio
import os
import signal
import tempfile
import time
from pathlib import Path

from desktop_app import bootstrap
from desktop_app.engine import environments
from desktop_app.paths import Paths
from tests.benchmarks.machinery import Figures, median
from tests.benchmarks.presets import compare
from tests.conftest import wait_until
from tests.e2e import models
from tests.e2e.owners import Owner
from tests.engine_cache import DATA

RUNS = 3
_SIGNALS = (signal.SIGKILL, signal.SIGTERM)


def measure(runs: int = RUNS) -> Figures:
    """Seconds from Start to ready, and from Stop to the proof that nothing is left; empty without an engine."""
    real = environments.remembered(Paths(DATA))
    if real is None:
        return {}
    with tempfile.TemporaryDirectory(prefix="vd-") as name:
        paths = Paths(Path(name))
        paths.make()
        environments.remember(real, paths)
        found = [asyncio.run(_run(paths)) for _ in range(runs)]
        compared = compare(real, Path(name))
        killed = [_kill(paths, models.endless(Path(name) / f"endless-{number}"), number) for number in _SIGNALS]
    # The first start fills the caches of the disk, as the first start of a day does.
    start, stop = zip(*found, strict=True)
    return {
        "vllm": real.version,
        "runs": runs,
        "first_start_seconds": round(start[0], 2),
        "start_seconds": median(start),
        "stop_seconds": median(stop),
        "window_killed_seconds": max(killed),
        "presets": compared,
    }


async def _run(paths: Paths) -> tuple[float, float]:
    program = bootstrap.build(paths)
    try:
        await program.open()
        begin = time.monotonic()
        assert await program.serving.start(program.guide), program.serving.status.value.error
        ready = time.monotonic()
        await program.serving.stop()
        return ready - begin, time.monotonic() - ready
    finally:
        await program.close()


def _kill(paths: Paths, model: Path, number: signal.Signals) -> float:
    """Seconds from a signal to a window, while an answer streams, until nothing of its engine is left."""
    owner = Owner(paths.root, [model])
    try:
        owner.stream()
        wait_until(lambda: (owner.heard("words") or {"count": 0})["count"] > 10, "the first words")
        before = owner.snapshot()
        begin = time.monotonic()
        os.kill(owner.process.pid, number)
        before.wait_until_nothing()
        return round(time.monotonic() - begin, 2)
    finally:
        owner.close()
