"""Four answers at once in one window, and how long the event loop is away.

Run by path as `four_panes.py SOCKET MODEL TOKENS`; says one line of JSON. Each answer goes the program's own way:
client, `services.answer`, a real database, a `Transcript`. The gaps are those of `heartbeat`.
"""

import asyncio
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

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
from tests.benchmarks.heartbeat import answers, calm, let_go, run

PANES = 4
_WARM_UP_TOKENS = 400


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
        let_go()
        before = await calm()
        panes.drawn_after.clear()
        figures = await answers(partial(panes.together, tokens))
        figures["drawn_after_ms"] = round(max(panes.drawn_after), 1)
        print(json.dumps(figures | before), flush=True)
        await endpoint.close()
        await database.close()


if __name__ == "__main__":
    socket, model, tokens = sys.argv[1:]
    run(partial(story, socket=Path(socket), model=model, tokens=int(tokens)))
