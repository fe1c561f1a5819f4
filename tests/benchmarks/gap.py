"""How long the window is away while four answers stream into it at 1,000 tokens a second each.

`measure` is the chat's four panes, `measure_columns` four columns of a comparison.
"""

import tempfile
from pathlib import Path

from tests.benchmarks.machinery import MODEL, Figures, child, median, python, stand_in

RUNS = 3
TOKENS = 8_000
TOKENS_PER_SECOND = 1_000


def measure(runs: int = RUNS, tokens: int = TOKENS) -> Figures:
    """Medians of the gaps between two beats of a 1-ms timer, in milliseconds, and the longest gap of all runs."""
    return _measure("four_panes.py", "pane", runs, tokens)


def measure_columns(runs: int = RUNS, tokens: int = TOKENS) -> Figures:
    """The same of columns."""
    return _measure("compare_window.py", "column", runs, tokens)


def _measure(program: str, part: str, runs: int, tokens: int) -> Figures:
    with (
        tempfile.TemporaryDirectory(prefix="vd-") as name,
        stand_in(Path(name), tokens=tokens, tokens_per_second=TOKENS_PER_SECOND) as socket,
    ):
        found = [_run(program, socket, tokens) for _ in range(runs)]
    middle = {key: median(run[key] for run in found) for key in found[0]}
    longest = {f"worst_{key}": max(run[key] for run in found) for key in ("wall_longest_ms", "cpu_longest_ms")}
    speed = round(tokens / middle["seconds"])
    return {"runs": runs, f"tokens_per_second_and_{part}": speed, **middle, **longest}


def _run(program: str, socket: Path, tokens: int) -> Figures:
    with child(python(program, str(socket), MODEL, str(tokens))) as window:
        return window.hear_json()
