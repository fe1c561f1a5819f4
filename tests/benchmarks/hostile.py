"""The longest turn of the event loop while answers are drawn that were made to hang whoever draws them."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.machinery import Figures

MOST = 60_000
"""Characters of each."""

_ROOT = Path(__file__).parents[2]


def measure(most: int = MOST) -> Figures:
    """The longest turn of all texts as they stream in and as history, and those of each, milliseconds."""
    with tempfile.TemporaryDirectory(prefix="vd-") as name:
        folder = Path(name)
        (folder / "trap").write_text("secret")
        os.mkfifo(folder / "fifo")
        places = [str(folder / part) for part in ("trap", "fifo", "mark")]
        child = [sys.executable, "-m", "tests.markdown.hostile_child", *places, str(most)]
        done = subprocess.run(child, cwd=_ROOT, capture_output=True, text=True, check=True)
    texts = [json.loads(line) for line in done.stdout.splitlines()]
    figures: Figures = {"texts": len(texts), "worst_ms": max(text["stream"] for text in texts)}
    return figures | {"worst_history_ms": max(text["history"] for text in texts), "each": texts}
