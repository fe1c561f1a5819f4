"""What the open window takes while nobody touches it: memory against a bare window, and the processor.

The program and its helpers (supervisor, NVML) are counted apart from the engine, which is not ours.
"""

import tempfile
import time
from pathlib import Path

import psutil

from desktop_app.engine import environments
from desktop_app.paths import Paths
from tests.benchmarks.machinery import Child, Figures, child, data_with_stand_in, python
from tests.engine_cache import DATA

SECONDS = 20.0
"""The kernel counts processor time in hundredths of a second: over 20 seconds that is 0.05 % of a core."""
_CALM_SECONDS = 5.0
"""Before a measurement: what opening, starting or hiding set off is over by then."""
_METRICS_BYTES = 80_000
"""As long as vLLM's."""


def measure(seconds: float = SECONDS) -> Figures:
    """Memory in MiB, processor time in per cent of one core."""
    with (
        tempfile.TemporaryDirectory(prefix="vd-") as name,
        child(python("watched_window.py", "bare", "--stay")) as bare,
    ):
        bare.hear("usable")
        data = data_with_stand_in(Path(name), metrics_bytes=_METRICS_BYTES).root
        figures = _measure_program(bare, data, seconds)
    real = environments.remembered(Paths(DATA))
    if real is not None:
        with tempfile.TemporaryDirectory(prefix="vd-") as name:
            paths = Paths(Path(name))
            paths.make()
            environments.remember(real, paths)
            figures["idle"]["real_engine_ready"] = _with_engine(paths.root, seconds)[0]
    return figures


def _measure_program(bare: Child, data: Path, seconds: float) -> Figures:
    with child(python("watched_window.py", "program", str(data), "--stay")) as program:
        program.hear("settled")
        time.sleep(_CALM_SECONDS)
        memory = {"bare": _memory(bare.pid), "program": _memory(program.pid)}
        idle = {"nothing_running": _busy(program.pid, seconds)}
        program.tell("hide")
        program.hear("done")
        idle["hidden"] = _busy(program.pid, seconds)
    ratios = {f"{key}_ratio": round(memory["program"][key] / memory["bare"][key], 2) for key in ("rss_mib", "pss_mib")}
    idle["stand_in_ready"], memory["program_with_engine"] = _with_engine(data, seconds)
    return {"memory": memory | ratios, "idle": idle}


def _with_engine(data: Path, seconds: float) -> tuple[Figures, dict[str, float]]:
    """How busy and how large the program is once an engine is ready, which brings the client along."""
    with child(python("watched_window.py", "program", str(data), "--stay")) as program:
        program.hear("settled")
        program.tell("start")
        program.hear("ready")
        return _busy(program.pid, seconds), _memory(program.pid)


def _memory(pid: int) -> dict[str, float]:
    full = psutil.Process(pid).memory_full_info()
    return {"rss_mib": round(full.rss / 2**20, 1), "pss_mib": round(full.pss / 2**20, 1)}


def _busy(pid: int, seconds: float) -> Figures:
    """Shares of a core, in per cent."""
    time.sleep(_CALM_SECONDS)
    before, start = _spent(pid), time.monotonic()
    time.sleep(seconds)
    after, took = _spent(pid), time.monotonic() - start
    ours, engine = (round((late - early) / took * 100, 2) for early, late in zip(before, after, strict=True))
    return {"program_percent": ours, "engine_percent": engine}


def _spent(pid: int) -> tuple[float, float]:
    """Processor seconds of the program with its helpers, and of the engine."""
    program = psutil.Process(pid)
    helpers = [one for one in program.children() if _is_ours(one)]
    engine = [one for one in program.children(recursive=True) if one not in helpers]
    return sum(map(_seconds, [program, *helpers])), sum(map(_seconds, engine))


def _is_ours(process: psutil.Process) -> bool:
    return any(Path(word).name in ("supervisor.py", "nvml_helper.py") for word in process.cmdline())


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
