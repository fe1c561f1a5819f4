"""How long the window is away while an engine prints a gigabyte and the Log page shows it."""

from tests.benchmarks.machinery import Figures, child, python

MEGABYTES = 1000
SIFTED_MEGABYTES = 200


def measure(megabytes: float = MEGABYTES, sifted_megabytes: float = SIFTED_MEGABYTES) -> Figures:
    """The gaps between two beats of a 1-ms timer in milliseconds, and memory: following, and with filter and search."""
    return {"follow": _run(megabytes, "follow"), "sift": _run(sifted_megabytes, "sift")}


def _run(megabytes: float, mode: str) -> Figures:
    with child(python("log_window.py", str(megabytes), mode)) as window:
        return window.hear_json()
