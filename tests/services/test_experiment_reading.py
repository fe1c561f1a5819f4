"""Texts of answers, read when they are wanted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell, CellState, Column, Experiment, ExperimentKind, Options, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.interchange.experiment_parcel import ExperimentParcel
from desktop_app.paths import Paths
from desktop_app.services.experiment_files import ExperimentFiles, ExperimentForm
from desktop_app.services.experiment_reading import Texts, read_light
from desktop_app.store.database import Database
from desktop_app.store.experiments import ExperimentStore

COLUMNS = tuple(Column(0, ModelRef(name, Path(name))) for name in ("One", "Two"))
REPEATS = 100
"""More answers than are read at once, several times."""


class Counting(ExperimentStore):
    """Counts how often answers are read."""

    reads = 0

    async def cells(self, experiment: int, ids: Sequence[int] | None = None) -> tuple[Cell, ...]:
        self.reads += 1
        return await super().cells(experiment, ids)


@pytest.fixture
async def store(paths: Paths) -> AsyncIterator[Counting]:
    database = Database(paths.database)
    await database.open()
    yield Counting(database)
    await database.close()


async def answered(store: ExperimentStore) -> Experiment:
    """An experiment in which every cell says its number, and thinks of it."""
    prompts = (Prompt(0, "First?"), Prompt(0, "Second?"))
    made = await store.create(
        Experiment(0, "Numbers", ExperimentKind.PROMPTS, COLUMNS, prompts, Options(repeats=REPEATS))
    )
    for head in await store.fill(made.id):
        number = str(head.id)
        message = Message(head.id, Role.ASSISTANT, number, MessageState.COMPLETE, reasoning=f"Say {number}")
        await store.start(Cell(head.id, head.prompt, head.column, head.repeat))
        await store.finish(Cell(head.id, head.prompt, head.column, head.repeat, CellState.DONE, message))
    return made


async def test_cells_come_without_texts_and_get_them_when_asked(store: Counting) -> None:
    made = await answered(store)
    cells = await read_light(store, made.id)
    assert len(cells) == 2 * 2 * REPEATS
    assert {(cell.answer.text, cell.answer.reasoning, cell.state) for cell in cells} == {("", "", CellState.DONE)}
    store.reads = 0
    texts = Texts(store, made.id, cells)
    whole = await asyncio.to_thread(lambda: tuple(map(texts.of, cells)))
    assert store.reads == 7, "64 at once"
    assert whole == await store.cells(made.id)


async def test_a_report_that_goes_column_by_column_reads_nothing_twice(store: Counting) -> None:
    made = await answered(store)
    cells = await read_light(store, made.id)
    half = len(cells) // 2
    store.reads = 0
    texts = Texts(store, made.id, cells)
    mixed = [one for pair in zip(cells[:half], cells[half:], strict=True) for one in pair]
    found = await asyncio.to_thread(lambda: [texts.of(cell).answer.text for cell in mixed])
    assert found == [str(cell.id) for cell in mixed]
    assert store.reads == 7


async def test_an_answer_that_is_gone_by_now_has_no_text(store: Counting) -> None:
    made = await answered(store)
    cells = await read_light(store, made.id)
    texts = Texts(store, made.id, cells)
    await store.delete(made.id)
    await store.purge(0.0)
    assert await asyncio.to_thread(texts.of, cells[0]) == cells[0]


async def test_a_database_that_is_closed_meanwhile_is_told(store: Counting, tmp_path: Path) -> None:
    made = await answered(store)
    cells = await read_light(store, made.id)
    parcel = ExperimentParcel(made, cells, whole=Texts(store, made.id, cells).of)
    await store._database.close()
    error = await ExperimentFiles().export(parcel, ExperimentForm.CSV, tmp_path / "out.csv")
    assert isinstance(error, UserError)
    assert not (tmp_path / "out.csv").exists()
