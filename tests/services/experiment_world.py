"""What runs of experiments need around them in tests: a real store, real engines' machinery, a listener that notes."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from desktop_app.checks.client import Checker
from desktop_app.domain.chat import Message
from desktop_app.domain.experiment import (
    Cell,
    CellHead,
    CellState,
    Column,
    Experiment,
    ExperimentKind,
    Options,
    Prompt,
)
from desktop_app.domain.launch import ModelRef
from desktop_app.paths import Paths
from desktop_app.services.compare_view import RunState
from desktop_app.services.experiment_plan import Plan
from desktop_app.services.experiment_runner import ExperimentRunner
from desktop_app.services.tasks import Tasks
from desktop_app.store.database import Database
from desktop_app.store.experiments import ExperimentStore
from tests.endpoint.running import Running
from tests.services.test_serving import Bench


class Heard:
    """A listener that notes everything."""

    def __init__(self) -> None:
        self.begun: list[Cell] = []
        self.grown: list[tuple[int, Message]] = []
        self.over: list[Cell] = []
        self.said: list[tuple[int, str, str]] = []
        self.states: list[RunState] = []

    def started(self, cell: Cell) -> None:
        self.begun.append(cell)

    def grew(self, cell_id: int, message: Message) -> None:
        self.grown.append((cell_id, message))

    def ended(self, cell: Cell) -> None:
        self.over.append(cell)

    def column_said(self, column_id: int, words: str, failure: str) -> None:
        self.said.append((column_id, words, failure))

    def progress(self, state: RunState) -> None:
        self.states.append(state)

    @property
    def words(self) -> list[str]:
        return [state.words for state in self.states]


class ExperimentWorld:
    """A runner with everything around it; `bench` has the engines."""

    def __init__(self, bench: Bench, database: Database) -> None:
        self.bench = bench
        self.database = database
        self.failures: list[str] = []
        self.tasks = Tasks(lambda name, error: self.failures.append(f"{name}: {error!r}"))
        self.store = ExperimentStore(database)
        self.checker = Checker()
        self.runner = ExperimentRunner(self.store, bench.serving, self.checker, self.tasks, lambda: bench.machine)
        self.heard = Heard()
        self.work: asyncio.Task[None] | None = None

    async def make(
        self,
        columns: Sequence[Column],
        prompts: Iterable[Prompt | str] = (),
        kind: ExperimentKind = ExperimentKind.PROMPTS,
        **options: object,
    ) -> Experiment:
        chosen = replace(Options(shuffle=False), **options)  # type: ignore[arg-type]
        asked = [Prompt(0, one) if isinstance(one, str) else one for one in prompts]
        made = Experiment(0, "Test", kind, tuple(columns), tuple(asked), chosen, order_seed=7)
        return await self.store.create(made)

    async def run(self, experiment: Experiment) -> None:
        await self.runner.run(experiment, self.heard)

    def begin(self, experiment: Experiment) -> asyncio.Task[None]:
        self.work = asyncio.create_task(self.run(experiment))
        return self.work

    async def plan(self, experiment: Experiment) -> Plan:
        await self.store.fill(experiment.id)
        waiting: dict[int, int] = {}
        for head in await self.store.heads(experiment.id):
            if head.state is CellState.WAITING:
                waiting[head.column] = waiting.get(head.column, 0) + 1
        return await self.runner.plan(experiment, waiting)

    async def heads(self, experiment: Experiment) -> tuple[CellHead, ...]:
        return await self.store.heads(experiment.id)

    async def cells(self, experiment: Experiment) -> tuple[Cell, ...]:
        return await self.store.cells(experiment.id)

    async def states(self, experiment: Experiment) -> list[list[CellState]]:
        """Of every shown column, its cells' states."""
        cells = await self.cells(experiment)
        columns = (await self.store.read(experiment.id)).shown
        return [[cell.state for cell in cells if cell.column == column.id] for column in columns]

    def elsewhere(self, name: str, server: Running) -> ModelRef:
        """A model of a server elsewhere."""
        self.bench.elsewhere[name] = server.endpoint
        return ModelRef(name, address=f"http://127.0.0.1/{name}/v1")

    async def close(self) -> None:
        await self.runner.shutdown()
        await self.checker.close()
        await self.tasks.shutdown()
        await self.database.close()
        await self.bench.serving.stop_all()


async def opened(paths: Paths, folder: Path) -> ExperimentWorld:
    """A runner over an empty database below *paths*; models and the stand-in engine lie in *folder*."""
    database = Database(paths.database)
    assert await database.open() is None
    return ExperimentWorld(Bench(paths, folder), database)
