"""How long the window is away while 5,000 models are searched, filtered, sorted and scrolled."""

from tests.benchmarks.machinery import Figures, child, median, python

RUNS = 3
MODELS = 5_000


def measure(runs: int = RUNS, models: int = MODELS) -> Figures:
    """Medians of the gaps between two beats of a 1-ms timer, in milliseconds, and the longest gap of all runs."""
    found = [_run(models) for _ in range(runs)]
    parts = {name: _middle([run[name] for run in found]) for name in ("type", "chips", "scroll", "fill")}
    return {"runs": runs, "models": models, **parts}


def _middle(runs: list[Figures]) -> Figures:
    worst = {f"worst_{key}": max(run[key] for run in runs) for key in ("wall_longest_ms", "cpu_longest_ms")}
    return {key: median(run[key] for run in runs) for key in runs[0]} | worst


def _run(models: int) -> Figures:
    with child(python("models_window.py", str(models))) as window:
        return window.hear_json()
