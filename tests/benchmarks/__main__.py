"""`python -m tests.benchmarks FILE [PART…]` measures all parts, or these, writes FILE and prints a table.

Needs an X screen; `make bench` brings one. Takes about sixteen minutes. Every ratio comes from one run in which its two
sides took turns, since the machine may have other work.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import (
    chats,
    engine,
    gap,
    grid,
    hostile,
    log_flood,
    models_list,
    resident,
    search,
    stream,
    window,
)
from tests.benchmarks.machinery import Figures, facts, hold_screen, load
from tests.benchmarks.report import AIMS, table, verdicts

PARTS: dict[str, Callable[[], Figures]] = {
    "window": window.measure,
    "stream": stream.measure,
    "gap": gap.measure,
    "compare": gap.measure_columns,
    "grid": grid.measure,
    "chats": chats.measure,
    "hostile": hostile.measure,
    "search": search.measure,
    "resident": resident.measure,
    "log": log_flood.measure,
    "models": models_list.measure,
    "engine": engine.measure,
}


def main() -> None:
    """Measure, write, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="How fast, smooth and quiet it is.")
    parser.add_argument("file", type=Path)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    hold_screen()
    measured: dict[str, Figures] = {}
    loads: dict[str, float] = {}
    for name in options.parts or PARTS:
        begin, loads[f"{name}_before"] = time.monotonic(), load()
        measured[name] = PARTS[name]()
        print(f"{name}: {time.monotonic() - begin:.0f} s, load {loads[f'{name}_before']} before, {load()} after")
    result = {
        "measured": measured,
        "aims": {aim.name: f"{aim.words}: {aim.told}" for aim in AIMS},
        "met": verdicts(measured),
        "machine": facts(),
        "load": loads,
    }
    options.file.parent.mkdir(parents=True, exist_ok=True)
    options.file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\n{table(measured)}\n\n{options.file}")


if __name__ == "__main__":
    main()
