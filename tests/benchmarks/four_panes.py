"""Four answers at once in one window, and how long the event loop is away.

Run by path as `four_panes.py SOCKET MODEL TOKENS`; says one line of JSON. Each answer goes the program's own way:
client, `services.answer`, a real database, a `Transcript`. A timer that ought to fire every millisecond notes when it
does, by the clock and by the thread's processor time, which does not see other programs.
"""

import asyncio
import gc
import itertools
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from qasync import QEventLoop

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.endpoint.client import Endpoint
from desktop_app.paths import resources
from desktop_app.services.answer import Answer
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.pump import Pump
from desktop_app.ui.widgets.transcript import Transcript
from desktop_app.ui.widgets.warm_up import warm_up

PANES = 4
_WARM_UP_TOKENS = 400
_CALM_SECONDS = 2.0
"""Before the answers: what the machine alone does to a timer."""


class Heartbeat:
    """Notes the time of every beat."""

    def __init__(self) -> None:
        self.wall: list[int] = []
        self.cpu: list[int] = []
        self._timer = QTimer(interval=1, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_beat)

    def start(self) -> None:
        """Beat."""
        self._timer.start()

    def stop(self) -> dict[str, float]:
        """Stop; the gaps between beats in milliseconds."""
        self._timer.stop()
        return {"beats": len(self.wall)} | gaps("wall", self.wall) | gaps("cpu", self.cpu)

    def _on_beat(self) -> None:
        self.wall.append(time.perf_counter_ns())
        self.cpu.append(time.thread_time_ns())


def gaps(name: str, stamps: list[int]) -> dict[str, float]:
    """The 99th percentile of the gaps, what an event that comes at any moment meets in 99 of 100 cases, the longest."""
    found = sorted((after - before) / 1e6 for before, after in itertools.pairwise(stamps))
    total, passed, met = sum(found), 0.0, 0.0
    for met in found:
        passed += met
        if passed >= 0.99 * total:
            break
    p99 = statistics.quantiles(found, n=100)[98]
    values = {"p99_ms": p99, "p99_by_time_ms": met, "longest_ms": found[-1]}
    return {f"{name}_{key}": round(value, 2) for key, value in values.items()}


class Panes:
    """The window, and the way from the engine to it."""

    def __init__(self, theme: Theme, endpoint: Endpoint, store: ConversationStore, tasks: Tasks) -> None:
        self._endpoint = endpoint
        self._store = store
        self._tasks = tasks
        self.window = QWidget()
        self.window.resize(1440, 900)
        row = QHBoxLayout(self.window)
        self.pump = Pump(self.window)
        self._panes = [Transcript(theme, pump=self.pump) for _ in range(PANES)]
        self.drawn_after: list[float] = []
        """Milliseconds from the last byte of an answer until all of it is on the screen."""
        for pane in self._panes:
            row.addWidget(pane)
        self.window.show()

    async def answer(self, pane: Transcript, tokens: int) -> int:
        """One answer in one pane; its characters."""
        question = "How large does the KV cache get?"
        turn = (Message(0, Role.USER, question), Message(0, Role.ASSISTANT, "", MessageState.STREAMING, model="Model"))
        _, stored = await self._store.create(question, turn)
        pane.show_messages(stored)
        answer = Answer(stored[1], self._store, self._tasks, time.monotonic, pane.put_message, print)
        await answer.run(self._endpoint.stream_chat(stored[:1], {"max_tokens": tokens}))
        assert answer.message.state in (MessageState.COMPLETE, MessageState.CUT), answer.message.error
        last = time.perf_counter()
        while any(row.changed for row in pane._rows.realised):  # noqa: ASYNC110 - nobody is told when it has drawn
            await asyncio.sleep(0.001)
        self.drawn_after.append((time.perf_counter() - last) * 1000)
        return len(answer.message.text)

    async def together(self, tokens: int) -> int:
        """An answer of so many tokens in every pane at once; characters in all."""
        return sum(await asyncio.gather(*(self.answer(pane, tokens) for pane in self._panes)))


def _fail(name: str, error: BaseException) -> None:
    raise RuntimeError(f"{name} failed") from error


async def story(app: QApplication, socket: Path, model: str, tokens: int) -> None:
    """Warm up with short answers, measure with long ones."""
    theme = Theme(app, resources(), Appearance.LIGHT)
    endpoint = Endpoint(socket, model)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "bench.sqlite3")
        await database.open()
        panes = Panes(theme, endpoint, ConversationStore(database), Tasks(_fail))
        await endpoint.warm_up()
        await asyncio.to_thread(warm_up().join)
        await panes.together(_WARM_UP_TOKENS)
        # As `bootstrap.open_window` does once everything is loaded.
        gc.collect()
        gc.freeze()
        calm = Heartbeat()
        calm.start()
        await asyncio.sleep(_CALM_SECONDS)
        before = calm.stop()
        panes.drawn_after.clear()
        heart, start, cpu = Heartbeat(), time.perf_counter(), time.process_time()
        heart.start()
        characters = await panes.together(tokens)
        seconds = time.perf_counter() - start
        share = (time.process_time() - cpu) / seconds
        figures = heart.stop() | {"seconds": round(seconds, 2), "characters": characters, "cpu": round(share, 3)}
        figures["drawn_after_ms"] = round(max(panes.drawn_after), 1)
        figures |= {f"calm_{key}": before[key] for key in ("wall_p99_ms", "wall_p99_by_time_ms", "wall_longest_ms")}
        print(json.dumps(figures), flush=True)
        await endpoint.close()
        await database.close()


if __name__ == "__main__":
    application = QApplication([])
    with QEventLoop(application) as loop:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(story(application, Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
