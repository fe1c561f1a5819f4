"""What the open window takes while nobody touches it: memory against a bare window, the processor, and wake-ups.

The program and its helpers (supervisor, sampling) are counted apart from the engine, which is not ours.
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
_WAKE_SECONDS = 10.0
"""How long wake-ups are counted; from the issue of the gauges."""
_METRICS_BYTES = 80_000
_HELPERS = ("import supervisor", "nvml_helper", "sampling_helper")
"""What stands in the command lines of our helpers."""
"""As long as vLLM's."""


def measure(seconds: float = SECONDS) -> Figures:
    """Memory in MiB, processor time in per cent of one core."""
    with (
        tempfile.TemporaryDirectory(prefix="vd-") as name,
        child(python("watched_window.py", "bare", "--stay")) as bare,
    ):
        bare.hear("settled")
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
        bare.tell("hide")
        bare.hear("done")
        idle["hidden"] = _busy(program.pid, seconds)
        wakes = {"bare": _wakes(bare.pid), "program": _wakes(program.pid)}
    ratios = {f"{key}_ratio": round(memory["program"][key] / memory["bare"][key], 2) for key in ("rss_mib", "pss_mib")}
    idle["stand_in_ready"], memory["program_with_engine"] = _with_engine(data, seconds)
    idle["monitor"], memory["program_with_monitor"] = _with_engine(data, seconds, "monitor")
    wakes["more"] = max(0, wakes["program"] - wakes["bare"])
    return {"memory": memory | ratios, "idle": idle, "hidden_wakes": wakes}


def _with_engine(data: Path, seconds: float, page: str = "") -> tuple[Figures, dict[str, float]]:
    """How busy and how large the program is once an engine is ready, which brings the client along, and *page* open."""
    with child(python("watched_window.py", "program", str(data), "--stay")) as program:
        program.hear("settled")
        program.tell("start")
        program.hear("ready")
        if page:
            program.tell(page)
            program.hear("done")
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


def _wakes(pid: int) -> int:
    """How often a thread of the process, or of a helper of it, began to run within ten seconds (proc_pid_status(5))."""
    time.sleep(_CALM_SECONDS)
    before = _switches(pid)
    time.sleep(_WAKE_SECONDS)
    return _switches(pid) - before


def _switches(pid: int) -> int:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    files = [file for one in family for file in Path(f"/proc/{one.pid}/task").glob("*/status")]
    return sum(int(line.split()[1]) for file in files for line in file.read_text().splitlines() if "_ctxt" in line)


def _spent(pid: int) -> tuple[float, float]:
    """Processor seconds of the program with its helpers, and of the engine."""
    program = psutil.Process(pid)
    helpers = [one for one in program.children() if _is_ours(one)]
    engine = [one for one in program.children(recursive=True) if one not in helpers]
    return sum(map(_seconds, [program, *helpers])), sum(map(_seconds, engine))


def _is_ours(process: psutil.Process) -> bool:
    return any(name in word for word in process.cmdline() for name in _HELPERS)


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
