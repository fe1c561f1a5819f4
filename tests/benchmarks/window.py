"""From the start of the process to a window that can be used, against a bare PySide6 window."""

import shutil
import tempfile
from pathlib import Path

from tests.benchmarks.machinery import Child, Figures, data_with_stand_in, median, python

RUNS = 11
_SIDES = ("bare", "chat", "welcome")


def measure(runs: int = RUNS) -> Figures:
    """Milliseconds, and the ratios of their medians.

    The three windows take turns, so that all of them see the same other work on the machine.
    """
    found: dict[str, list[dict[str, float]]] = {side: [] for side in _SIDES}
    with tempfile.TemporaryDirectory(prefix="vd-") as name:
        used, fresh = data_with_stand_in(Path(name)).root, Path(name) / "fresh"
        for run in range(runs + 1):
            for side in _SIDES:
                shutil.rmtree(fresh, ignore_errors=True)
                words = {"bare": ("bare",), "chat": ("program", str(used)), "welcome": ("program", str(fresh))}[side]
                times = _times(python("watched_window.py", *words))
                # The first turn fills the caches of bytecode and files.
                if run:
                    found[side].append(times)
    return _figures(found)


def _times(command: list[str]) -> dict[str, float]:
    child = Child(command)
    said = child.hear_all()
    return {
        "usable_ms": (said["usable"][0] - child.started) / 1e6,
        "usable_cpu_ms": said["usable"][1] / 1e6,
        "settled_ms": (said["settled"][0] - child.started) / 1e6,
    }


def _figures(found: dict[str, list[dict[str, float]]]) -> Figures:
    middle = {side: {key: median(run[key] for run in runs) for key in runs[0]} for side, runs in found.items()}
    least = {side: round(min(run["usable_ms"] for run in runs), 1) for side, runs in found.items()}
    ratios = {
        f"{side}_{name}": round(middle[side][key] / middle["bare"][key], 2)
        for side in ("chat", "welcome")
        for name, key in (("ratio", "usable_ms"), ("cpu_ratio", "usable_cpu_ms"))
    }
    return {"runs": len(found["bare"]), "median": middle, "least_usable_ms": least, **ratios}
