"""Four columns of a comparison that answer at once, and how long the event loop is away.

Run by path as `compare_window.py SOCKET MODEL TOKENS`; says one line of JSON. Each answer goes the program's own way:
client, `services.answer`, a real database. What has come is published as a `CompareState`, as often as the service
does, and drawn by `CompareColumns` with the composer below it.
"""

import asyncio
import json
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.domain.experiment import Cell, CellState, Column, Experiment, ExperimentKind, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.endpoint.client import Endpoint
from desktop_app.paths import resources
from desktop_app.services.answer import Answer
from desktop_app.services.compare_view import ColumnFigures, ColumnState, CompareState
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.compare_columns import CompareColumns
from desktop_app.ui.widgets.compare_composer import CompareComposer
from desktop_app.ui.widgets.pump import Pump
from desktop_app.ui.widgets.warm_up import warm_up
from tests.benchmarks.heartbeat import answers, calm, let_go, run

COLUMNS = 4
_PUBLISH_MILLISECONDS = 33
_WARM_UP_TOKENS = 400
_QUESTION = "How large does the KV cache get?"


class Comparison:
    """The window, and the way from the engine to it."""

    def __init__(self, theme: Theme, endpoint: Endpoint, store: ConversationStore, tasks: Tasks) -> None:
        self._endpoint = endpoint
        self._store = store
        self._tasks = tasks
        self.window = QWidget()
        self.window.resize(1440, 900)
        self.columns = CompareColumns(theme, Pump(self.window))
        self.composer = CompareComposer(theme)
        self.columns.host(self.composer)
        column = QVBoxLayout(self.window)
        column.addWidget(self.columns, 1)
        column.addWidget(self.composer)
        columns = tuple(Column(number + 1, ModelRef(f"Model {number + 1}")) for number in range(COLUMNS))
        experiment = Experiment(1, "Four", ExperimentKind.CONVERSATION, columns)
        self._state = CompareState(experiment, tuple(ColumnState(one, one.model.name) for one in columns))
        self._publish = QTimer(self.window, singleShot=True, interval=_PUBLISH_MILLISECONDS)
        self._publish.timeout.connect(self._show)
        self.published = 0
        self.drawn_after: list[float] = []
        """Milliseconds from the last byte of an answer until all of it is on the screen."""
        self.window.show()
        self._show()

    async def together(self, prompt: int, tokens: int) -> int:
        """An answer of so many tokens in every column at once; characters in all."""
        experiment = self._state.experiment
        assert experiment
        experiment = replace(experiment, prompts=(*experiment.prompts, Prompt(prompt, _QUESTION)))
        self._state = replace(self._state, experiment=experiment)
        lengths = await asyncio.gather(*(self._answer(place, prompt, tokens) for place in range(COLUMNS)))
        figures = tuple(ColumnFigures(place + 1, 1, tokens=length) for place, length in enumerate(lengths))
        self._state = replace(self._state, figures=figures, done=self._state.done + COLUMNS)
        self._publish.start()
        return sum(lengths)

    async def _answer(self, place: int, prompt: int, tokens: int) -> int:
        turn = (Message(0, Role.USER, _QUESTION), Message(0, Role.ASSISTANT, "", MessageState.STREAMING, model="Model"))
        _, (question, begun) = await self._store.create(_QUESTION, turn)
        self._put(place, replace(question, id=-prompt))
        answer = Answer(
            begun, self._store, self._tasks, time.monotonic, lambda message: self._put(place, message, prompt), print
        )
        await answer.run(self._endpoint.stream_chat((question,), {"max_tokens": tokens}))
        assert answer.message.state in (MessageState.COMPLETE, MessageState.CUT), answer.message.error
        last = time.perf_counter()
        while not self._drawn(place, answer.message):  # noqa: ASYNC110 - nobody is told when it has drawn
            await asyncio.sleep(0.001)
        self.drawn_after.append((time.perf_counter() - last) * 1000)
        return len(answer.message.text)

    def _drawn(self, place: int, message: Message) -> bool:
        rows = self.columns._columns[place].transcript._rows
        row = rows.get(message.id)
        return row is not None and row.message == message and not any(one.changed for one in rows.realised)

    def _put(self, place: int, message: Message, prompt: int = 0) -> None:
        """As `services/compare*` does it: the column has one more message, or its last one grew."""
        shown = self._state.columns[place]
        grew = bool(shown.messages) and shown.messages[-1].id == message.id
        messages = (*(shown.messages[:-1] if grew else shown.messages), message)
        cells = shown.cells
        if prompt:
            state = CellState.RUNNING if message.state is MessageState.STREAMING else CellState.DONE
            cell = Cell(message.id, prompt, place + 1, state=state, answer=message)
            cells = (*(cells[:-1] if grew else cells), cell)
        columns = list(self._state.columns)
        columns[place] = replace(shown, messages=messages, cells=cells)
        self._state = replace(self._state, columns=tuple(columns))
        if not self._publish.isActive():
            self._publish.start()

    def _show(self) -> None:
        self.published += 1
        self.columns.show_state(self._state)
        self.composer.show_state(self._state)


def _fail(name: str, error: BaseException) -> None:
    raise RuntimeError(f"{name} failed") from error


async def story(app: QApplication, socket: Path, model: str, tokens: int) -> None:
    """Warm up with short answers, measure with long ones."""
    theme = Theme(app, resources(), Appearance.LIGHT)
    endpoint = Endpoint(socket, model)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "bench.sqlite3")
        await database.open()
        comparison = Comparison(theme, endpoint, ConversationStore(database), Tasks(_fail))
        await endpoint.warm_up()
        await asyncio.to_thread(warm_up().join)
        await comparison.together(1, _WARM_UP_TOKENS)
        let_go()
        before = await calm()
        comparison.drawn_after.clear()
        comparison.published = 0
        figures = await answers(partial(comparison.together, 2, tokens))
        figures["published_per_second"] = round(comparison.published / figures["seconds"], 1)
        figures["drawn_after_ms"] = round(max(comparison.drawn_after), 1)
        print(json.dumps(figures | before), flush=True)
        await endpoint.close()
        await database.close()


if __name__ == "__main__":
    socket, model, tokens = sys.argv[1:]
    run(partial(story, socket=Path(socket), model=model, tokens=int(tokens)))
