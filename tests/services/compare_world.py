"""What experiments need around them in tests: a real store, the real runner, and stand-in engines that are asked.

The models are served elsewhere, so that nothing has to be started: `tests/services/test_experiment_runner.py` has
engines that are.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from desktop_app.domain.chat import Message, Role, Timing
from desktop_app.domain.experiment import CellState, Column, ExperimentKind, Options, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.paths import Paths
from desktop_app.services.compare import Compare
from desktop_app.services.compare_build import ComparePart, build_compare
from desktop_app.services.compare_view import ColumnState, CompareState, GridChange
from desktop_app.services.experiments import Experiments
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database
from tests.endpoint.running import Running, elsewhere
from tests.services.test_serving import MACHINE, Bench


class CompareWorld:
    """The services of experiments over a data folder."""

    def __init__(self, paths: Paths, bench: Bench, engines: AsyncExitStack) -> None:
        self.paths = paths
        self.bench = bench
        self.database = Database(paths.database)
        self.failures: list[str] = []
        self.tasks = Tasks(lambda name, error: self.failures.append(f"{name}: {error!r}"))
        self.chats = ConversationStore(self.database)
        self.chats_read = 0
        self._engines = engines
        self.part: ComparePart = build_compare(
            self.database, bench.serving, self.chats, self._read_chats, self.tasks, lambda: bench.machine
        )

    @property
    def compare(self) -> Compare:
        return self.part.compare

    @property
    def experiments(self) -> Experiments:
        return self.part.experiments

    @property
    def state(self) -> CompareState:
        return self.compare.state.value

    @property
    def grid(self) -> GridChange:
        return self.compare.grid.value

    @property
    def words(self) -> list[list[str]]:
        """What every column says, from left to right."""
        return [[message.text for message in column.messages] for column in self.state.columns]

    @property
    def error(self) -> str:
        """What failed last, as a person reads it."""
        return self.state.error.sentence() if self.state.error else ""

    def title(self) -> str:
        """Of the open experiment; empty when none is."""
        return self.state.experiment.title if self.state.experiment else ""

    def column(self, title: str) -> ColumnState:
        return next(column for column in self.state.columns if column.title == title)

    async def model(self, name: str, **behaviour: object) -> ModelRef:
        """A model of a server elsewhere that does what *behaviour* says."""
        folder = self.paths.root / name
        folder.mkdir(parents=True)
        engine: Running = await self._engines.enter_async_context(elsewhere(folder, "127.0.0.1", "", "", **behaviour))
        self.bench.elsewhere[name] = engine.endpoint
        return ModelRef(name, address=f"http://{name}.example/v1")

    async def pair(
        self, kind: ExperimentKind = ExperimentKind.CONVERSATION, *, slow: bool = False, **behaviour: object
    ) -> int:
        """A new experiment of one model under two settings, open; its id. A slow one answers for 20 seconds."""
        model = await self.model("Tiny", **({"tokens": 2000, "tokens_per_second": 100.0} if slow else behaviour))
        cold = Column(0, model, ChatSettings(sampling=Sampling(temperature=0.0)), name="Cold")
        warm = Column(0, model, ChatSettings(sampling=Sampling(temperature=1.0)), name="Warm")
        made = await self.compare.new(kind, [cold, warm])
        assert made is not None
        return made

    async def prompts(self, count: int, options: Options | None = None) -> None:
        """Put *count* questions into the open experiment."""
        await self.compare.set_prompts([Prompt(0, f"Question {number}?") for number in range(count)])
        if options is not None:
            await self.compare.set_options(options)

    async def answered(self, **changes: object) -> None:
        """Every cell of the open experiment that waits has an answer of its column, as if it had been asked."""
        experiment = self.state.experiment
        assert experiment is not None
        stored = await self.part.store.read(experiment.id)
        for cell in await self.part.store.cells(stored.id):
            column, prompt = stored.column(cell.column), stored.prompt(cell.prompt)
            if cell.state is CellState.WAITING and column and prompt:
                text = f"{column.name or column.model.name} says: {prompt.text}"
                message = Message(
                    cell.id, Role.ASSISTANT, text, model=column.model.name, timing=Timing(0.2, 1.0, 9, 21)
                )
                done = replace(cell, state=CellState.DONE, answer=message, order=cell.id, **changes)  # type: ignore[arg-type]
                await self.part.store.start(done)
                await self.part.store.finish(done)
        self.compare.close()
        await self.compare.open(stored.id)

    def begin_run(self) -> asyncio.Task[None]:
        return self.tasks.start(self.compare.run(), name="run")

    def begin_ask(self, text: str) -> asyncio.Task[bool]:
        return self.tasks.start(self.compare.ask(text), name="ask")

    def runs(self) -> bool:
        """Whether the open experiment runs."""
        return self.state.run is not None

    def states(self) -> list[CellState]:
        return [head.state for head in self.grid.cells.values()]

    def writing(self) -> bool:
        """Whether an answer is seen to grow."""
        messages = [message for column in self.state.columns for message in column.messages if message.id > 0]
        return any(message.text for message in messages)

    async def close(self) -> None:
        await self.part.shutdown()
        await self.bench.serving.stop_all()
        await self.tasks.shutdown()
        await self.database.close()

    async def _read_chats(self) -> None:
        self.chats_read += 1


@asynccontextmanager
async def compare_world(paths: Paths) -> AsyncIterator[CompareWorld]:
    """The services over the database of *paths*; models come with `CompareWorld.model()`."""
    async with AsyncExitStack() as engines:
        bench = Bench(paths, paths.root)
        bench.machine = replace(MACHINE, available_bytes=6 << 30)
        world = CompareWorld(paths, bench, engines)
        assert await world.database.open() is None
        await world.part.load()
        try:
            yield world
        finally:
            await world.close()
    assert world.failures == []
