"""Long conversations and one long answer in one transcript; run by path as `long_chats.py`, says one line of JSON.

Opening is measured from `show_path` to the first paint that is done. Costs are processor time of the process, which
does not see other programs.
"""

import gc
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.chat import Message, MessageState, Role, Timing
from desktop_app.paths import resources
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.transcript import Transcript
from desktop_app.ui.widgets.warm_up import warm_up
from tests.benchmarks.words import MIXED, QUESTION

OPENINGS = 7
CHARACTERS_PER_TOKEN = 3.4
ANSWER_CHARACTERS = 1_900
"""With the short questions between, messages have 300 tokens on average."""
FRAME_TOKENS = 33
"""What comes between two frames at 1,000 tokens a second."""
ANSWER_TOKENS = 50_000
LONG = 10_000
_PAGE = 4096


class Bench:
    """One window with one transcript."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._next = 1
        self._transcript = Transcript(Theme(app, resources(), Appearance.LIGHT))
        self._transcript.resize(1100, 900)
        self._transcript.show()
        warm_up().join()
        self._open(self.path(6))
        self.stream(2_000)
        gc.collect()
        gc.freeze()

    def path(self, count: int) -> tuple[Message, ...]:
        """So many messages, all different, as they come from the database."""
        first, self._next = self._next, self._next + count
        return tuple(_message(key, asks=(key - first) % 2 == 0) for key in range(first, first + count))

    def opening(self, count: int) -> dict[str, float]:
        """Milliseconds until so many messages are open: the median, and the longest."""
        found = []
        for _ in range(OPENINGS):
            path = self.path(count)
            self._open(self.path(2))
            found.append(self._open(path) * 1000)
        return {"ms": round(statistics.median(found), 1), "longest_ms": round(max(found), 1)}

    def memory(self) -> dict[str, float]:
        """By how much the process grows with a long conversation that is read from end to end, against its text."""
        self._open(self.path(2))
        gc.collect()
        before = _resident()
        path = self.path(LONG)
        text = sum(len(message.text.encode()) for message in path)
        self._open(path)
        bar = self._transcript.verticalScrollBar()
        for step in range(200):
            bar.setValue(bar.maximum() * step // 200)
            self._draw()
        gc.collect()
        grown = _resident() - before
        return {"text_mb": round(text / 2**20, 1), "grown_mb": round(grown / 2**20, 1), "ratio": round(grown / text, 2)}

    def long_answer(self) -> dict[str, float]:
        """Milliseconds for each thousand tokens, the first and the last of a very long answer."""
        self._open(self.path(2))
        costs = list(self._costs(ANSWER_TOKENS))
        first, last = costs[0], costs[-1]
        return {"first_ms": round(first, 1), "last_ms": round(last, 1), "ratio": round(last / first, 2)}

    def frames(self) -> dict[str, float]:
        """What a thousand tokens cost at the end of a long conversation, against an empty one."""
        found: dict[int, list[float]] = {2: [], LONG: []}
        for _ in range(3):
            for count, costs in found.items():
                self._open(self.path(count))
                costs.append(statistics.median(self._costs(4_000)))
        empty, long = (statistics.median(costs) for costs in found.values())
        return {"empty_ms": round(empty, 1), "long_ms": round(long, 1), "ratio": round(long / empty, 2)}

    def stream(self, tokens: int) -> None:
        """An answer of so many tokens."""
        for _ in self._costs(tokens):
            pass

    def _costs(self, tokens: int) -> Iterator[float]:
        """Streams an answer; milliseconds of processor time for each thousand tokens of it."""
        text = MIXED * (int(tokens * CHARACTERS_PER_TOKEN) // len(MIXED) + 1)
        shown, self._next = self._shown, self._next + 1
        key = self._next
        for thousand in range(0, tokens, 1000):
            begin = time.process_time()
            for token in range(thousand, thousand + 1000, FRAME_TOKENS):
                part = text[: int(token * CHARACTERS_PER_TOKEN)]
                self._show((*shown, Message(key, Role.ASSISTANT, part, MessageState.STREAMING, "Model")))
                self._transcript.flush()
                self._draw()
            yield (time.process_time() - begin) * 1000

    def _open(self, path: tuple[Message, ...]) -> float:
        """Seconds until *path* is painted for the first time."""
        begin = time.perf_counter()
        self._show(path)
        self._draw()
        seconds = time.perf_counter() - begin
        while not self._transcript._pump.idle:
            self._draw()
        return seconds

    def _show(self, path: tuple[Message, ...]) -> None:
        self._shown = path
        self._transcript.show_path(path, {})

    def _draw(self) -> None:
        self._app.processEvents()
        # Outside of a running loop Qt keeps what is to be deleted.
        self._app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _message(key: int, *, asks: bool) -> Message:
    if asks:
        return Message(key, Role.USER, f"{QUESTION} ({key})", created=1e9)
    begin = key * 37 % len(MIXED)
    text = f"{(2 * MIXED)[begin : begin + ANSWER_CHARACTERS]}\n\n{key}"
    return Message(key, Role.ASSISTANT, text, model="Model", timing=Timing(0.3, 7.0, 60, 560))


def _resident() -> int:
    """Bytes of this process in memory (proc(5), `statm`)."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE


def main() -> None:
    """Measure everything."""
    bench = Bench(QApplication(sys.argv[:1]))
    figures = {
        "memory": bench.memory(),  # first, since what is freed is used again
        "open_1000": bench.opening(1_000),
        "open_10000": bench.opening(LONG),
        "frames": bench.frames(),
        "long_answer": bench.long_answer(),
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
