"""How long the window is away while a grid of 10,000 answers is scrolled, filtered, sorted, and its cells change."""

from tests.benchmarks.machinery import Figures, child, median, python

RUNS = 3
CELLS = 10_000


def measure(runs: int = RUNS, cells: int = CELLS) -> Figures:
    """Medians of the gaps between two beats of a 1-ms timer, in milliseconds, and the longest gap of all runs."""
    found = [_run(cells) for _ in range(runs)]
    parts = {name: _middle([run[name] for run in found]) for name in ("run", "filtered", "scroll", "sift", "open")}
    return {"runs": runs, "cells": cells, **parts}


def _middle(runs: list[Figures]) -> Figures:
    worst = {f"worst_{key}": max(run[key] for run in runs) for key in ("wall_longest_ms", "cpu_longest_ms")}
    return {key: median(run[key] for run in runs) for key in runs[0]} | worst


def _run(cells: int) -> Figures:
    with child(python("grid_window.py", str(cells))) as window:
        return window.hear_json()
