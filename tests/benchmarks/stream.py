"""Chunks per second through the whole chat, from the engine's socket to the drawn transcript, against a raw socket.

All sides read the same bytes from the same stand-in. It sends an answer that it has put together before, so that it
takes no time of its own; beside that, `live` is an answer that it makes up as it goes, as an engine does.
"""

import tempfile
from pathlib import Path

from desktop_app.paths import Paths
from tests.benchmarks.machinery import MODEL, Child, Figures, child, data_with_stand_in, median, python
from tests.benchmarks.words import QUESTION

RUNS = 7
LIVE_RUNS = 3
CHUNKS = 20_000


def measure(runs: int = RUNS, chunks: int = CHUNKS) -> Figures:
    """Chunks per second of every side, and the ratios."""
    live = _measure(min(runs, LIVE_RUNS), chunks, prebuilt=False)
    return _measure(runs, chunks, prebuilt=True) | {"live": live}


def _measure(runs: int, chunks: int, *, prebuilt: bool) -> Figures:
    with tempfile.TemporaryDirectory(prefix="vd-") as name:
        paths = data_with_stand_in(Path(name), tokens=chunks, prebuilt=prebuilt)
        model = Path(name) / "models" / MODEL
        with child(python("chat_window.py", str(paths.root), str(model), QUESTION)) as chat:
            chat.hear("ready")
            return _figures(_rounds(chat, paths, runs), chunks)


def _rounds(chat: Child, paths: Paths, runs: int) -> dict[str, list[float]]:
    """Seconds of every side. They take turns, so that all see the same other work; the first turn is not counted."""
    seconds: dict[str, list[float]] = {}
    for run in range(runs + 1):
        times = {mode: _raw(paths, mode) for mode in ("count", "json")}
        chat.tell("client")
        times["client"] = chat.hear("client")[0] / 1e9
        chat.tell("chat")
        complete, drawn, cpu, _ = chat.hear("chat")
        times |= {"complete": complete / 1e9, "drawn": drawn / 1e9, "cpu": cpu / 1e9}
        for side, taken in times.items():
            seconds.setdefault(side, []).extend([taken] if run else [])
    return seconds


def _raw(paths: Paths, mode: str) -> float:
    (socket,) = paths.engine_sockets()
    reader = Child(python("raw_reader.py", str(socket), MODEL, QUESTION, mode))
    return reader.hear_all()["read"][1] / 1e9


def _figures(seconds: dict[str, list[float]], chunks: int) -> Figures:
    middle = {side: median(values) for side, values in seconds.items()}
    rate = {side: round(chunks / middle[side]) for side in ("count", "json", "client", "complete", "drawn")}
    return {
        "runs": len(seconds["drawn"]),
        "chunks": chunks,
        "chunks_per_second": rate,
        "cpu_us_per_chunk": round(middle["cpu"] / chunks * 1e6, 2),
        "ratio": round(rate["drawn"] / rate["count"], 3),
        "complete_ratio": round(rate["complete"] / rate["count"], 3),
        "json_ratio": round(rate["drawn"] / rate["json"], 3),
        "complete_json_ratio": round(rate["complete"] / rate["json"], 3),
        "client_ratio": round(rate["client"] / rate["count"], 3),
    }
