"""What the open window takes while nobody touches it: memory against a bare window, the processor, and wake-ups.

Counted are the program and its helpers (each engine's supervisor, what reads the machine), apart from the engine, which
is not ours. Processor time is what the scheduler has charged to all threads of a process, those that are gone included,
in nanoseconds (clock_getcpuclockid(3)); processes that came and went meanwhile count in hundredths of a second
(`cutime`, proc_pid_stat(5)). A wake-up is a thread that went to sleep again: what else runs on the machine interrupts
threads, but wakes none (`voluntary_ctxt_switches`, proc_pid_status(5)).
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from desktop_app.domain.monitor_history import SPANS
from desktop_app.engine import environments
from desktop_app.paths import Paths
from tests.benchmarks.machinery import Child, Figures, child, data_with_stand_in, python
from tests.engine_cache import DATA

SECONDS = 20.0
"""How long processor time is counted: ten frames of the strip, three questions to an engine, three columns of the
longest curves."""
_CALM_SECONDS = 6.0
"""Before a measurement: what opening, starting or hiding set off is over by then. qasync keeps a timer that was
cancelled until its time has come, and the longest usual one is five seconds."""
_POOL_SECONDS = 32.0
"""The same where much was painted: Qt has threads for large pictures, and each ends after thirty seconds at rest."""
_WAKE_SECONDS = 10.0
"""How long wake-ups are counted; from the issue of the gauges."""
_METRICS_BYTES = 80_000
"""As long as vLLM's."""
_SAMPLING = "sampling_helper"
_HELPERS = ("import supervisor", "nvml_helper", _SAMPLING)
"""What stands in the command lines of our helpers."""
_BY_PROCESSOR_TIME = 2
"""The kernel's name for the clock of a whole process that counts what its threads ran (CPUCLOCK_SCHED)."""


def measure(seconds: float = SECONDS) -> Figures:
    """Memory in MiB, processor time in per cent of one core, wake-ups in ten seconds."""
    memory: Figures = {}
    idle: Figures = {}
    wakes: Figures = {}
    with tempfile.TemporaryDirectory(prefix="vd-") as name:
        data = data_with_stand_in(Path(name), metrics_bytes=_METRICS_BYTES).root
        with _bare() as bare:
            _measure_alone(bare, data, seconds, memory, idle, wakes)
            bare.do("hide")
            wakes["bare"] = _wakes(bare.pid)
        with _window(data) as program:
            program.do("start")
            time.sleep(_CALM_SECONDS)
            memory["with_engine"] = _memory(program.pid)
        series = _measure_ready(data, seconds, memory, idle, wakes)
    _measure_real(seconds, idle)
    wakes["more"] = max(told for side, told in wakes.items() if side != "bare") - wakes["bare"]
    for key in ("rss_mib", "pss_mib"):
        memory[f"{key}_ratio"] = round(memory["program"][key] / memory["bare"][key], 2)
    return {"memory": memory, "idle": idle, "hidden_wakes": wakes, "monitor": series}


def _measure_alone(
    bare: "_Watched", data: Path, seconds: float, memory: Figures, idle: Figures, wakes: Figures
) -> None:
    """No engine; beside it the bare window, so that of what both have in memory half counts for each (PSS)."""
    with _window(data) as program:
        time.sleep(_CALM_SECONDS)
        memory["bare"] = _memory(bare.pid)
        memory["program"], memory["helper"] = _memory(program.pid), _helper_memory(program.pid)
        idle["nothing_running"] = _busy(program.pid, seconds)
        program.do("hide")
        idle["hidden"] = _busy(program.pid, seconds)
        wakes["nothing_running"] = _wakes(program.pid)
        program.do("show")
        time.sleep(_CALM_SECONDS)
        program.do("minimise")
        wakes["minimised"] = _wakes(program.pid)


def _measure_ready(data: Path, seconds: float, memory: Figures, idle: Figures, wakes: Figures) -> Figures:
    """An engine is ready, an hour lies behind the window, and its page is opened; what that one shows."""
    with _window(data, "--hour") as program:
        program.do("start")
        idle["stand_in_ready"] = _busy(program.pid, seconds)
        memory["with_engine_and_hour"] = _memory(program.pid)
        program.do("hide")
        wakes["engine_ready"] = _wakes(program.pid)
        program.do("show")
        charts, series, in_sight = program.do("monitor")
        for span in SPANS:
            program.do(f"span{span:.0f}")
            idle[f"monitor_{span / 60:.0f}_minutes"] = _busy(program.pid, seconds)
        idle["monitor"] = max((told for key, told in idle.items() if key.startswith("monitor")), key=_percent)
        memory["with_monitor"], memory["helper_with_monitor"] = _memory(program.pid), _helper_memory(program.pid)
        program.do("hide")
        wakes["monitor"] = _wakes(program.pid, _POOL_SECONDS)
    return {"charts": charts, "series_of_an_hour": series, "of_them_in_sight": in_sight}


def _measure_real(seconds: float, idle: Figures) -> None:
    """The same with vLLM, where it has been installed for tests."""
    real = environments.remembered(Paths(DATA))
    if real is None:
        return
    with tempfile.TemporaryDirectory(prefix="vd-") as name:
        paths = Paths(Path(name))
        paths.make()
        environments.remember(real, paths)
        with _window(paths.root, "--hour") as program:
            program.do("start")
            idle["real_engine_ready"] = _busy(program.pid, seconds)
            program.do("monitor")
            idle["real_engine_monitor"] = _busy(program.pid, seconds)


class _Watched:
    """A window in a process of its own."""

    def __init__(self, process: Child) -> None:
        self._process = process
        self.pid = process.pid

    def do(self, verb: str) -> list[int]:
        """Have it do something; the figures that it answers with, after the two of every answer."""
        self._process.tell(verb)
        return self._process.hear("done")[2:]


@contextmanager
def _window(data: Path, *words: str) -> Iterator[_Watched]:
    """The program."""
    with child(python("watched_window.py", "program", str(data), *words, "--stay")) as process:
        process.hear("settled")
        yield _Watched(process)


@contextmanager
def _bare() -> Iterator[_Watched]:
    """The least that PySide6 can show."""
    with child(python("watched_window.py", "bare", "--stay")) as process:
        process.hear("settled")
        time.sleep(_CALM_SECONDS)
        yield _Watched(process)


def _memory(pid: int) -> dict[str, float]:
    full = psutil.Process(pid).memory_full_info()
    return {"rss_mib": round(full.rss / 2**20, 1), "pss_mib": round(full.pss / 2**20, 1)}


def _helper_memory(pid: int) -> dict[str, float]:
    """Of the process that reads the machine."""
    return _memory(next(one.pid for one in psutil.Process(pid).children() if _is(one, _SAMPLING)))


def _busy(pid: int, seconds: float) -> Figures:
    """Shares of a core, in per cent."""
    time.sleep(_CALM_SECONDS)
    before, start = _spent(pid), time.monotonic()
    time.sleep(seconds)
    after, took = _spent(pid), time.monotonic() - start
    shares = {key: round(max(0.0, after[key] - before[key]) / took * 100, 3) for key in after}
    return {"program_percent": round(shares["window_percent"] + shares["helpers_percent"], 3), **shares}


def _percent(told: Figures) -> float:
    return float(told["program_percent"])


def _spent(pid: int) -> dict[str, float]:
    """Processor seconds of the window, of its helpers and of the engine."""
    window, helpers, engine = _family(pid)
    return {
        "window_percent": _seconds(window) + _of_the_gone(window),
        "helpers_percent": sum(map(_seconds, helpers)),
        "engine_percent": sum(map(_seconds, engine)),
    }


def _family(pid: int) -> tuple[psutil.Process, list[psutil.Process], list[psutil.Process]]:
    """The window, its helpers, and all else that descends from it, which is the engine."""
    window = psutil.Process(pid)
    helpers = [one for one in window.children() if any(_is(one, name) for name in _HELPERS)]
    return window, helpers, [one for one in window.children(recursive=True) if one not in helpers]


def _is(process: psutil.Process, name: str) -> bool:
    return any(name in word for word in process.cmdline())


def _seconds(process: psutil.Process) -> float:
    return time.clock_gettime((~process.pid << 3) | _BY_PROCESSOR_TIME)


def _of_the_gone(process: psutil.Process) -> float:
    """Processor seconds of children that are no more."""
    times = process.cpu_times()
    return float(times.children_user + times.children_system)


def _wakes(pid: int, calm: float = _CALM_SECONDS) -> int:
    """How often a thread of the window, or of a helper, was woken within ten seconds."""
    time.sleep(calm)
    before = _sleeps(pid)
    time.sleep(_WAKE_SECONDS)
    return _sleeps(pid) - before


def _sleeps(pid: int) -> int:
    window, helpers, _ = _family(pid)
    files = [file for one in (window, *helpers) for file in Path(f"/proc/{one.pid}/task").glob("*/status")]
    lines = [line for file in files for line in file.read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
