"""A run that is killed in the middle goes on where it was: no cell is lost, and none that is done is asked again."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from desktop_app.domain.experiment import CellState, Column, Experiment, ExperimentKind, Options, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.paths import Paths
from desktop_app.store.database import Database
from desktop_app.store.experiments import ExperimentStore
from tests.conftest import reach
from tests.endpoint.running import Running, elsewhere

_ROOT = Path(__file__).parents[2]
_PROMPTS = 500
_NAMES = ("one", "two", "three")
_AT_A_TIME = 4


class _Asked:
    """What the stand-ins were asked, by the numbers of the questions."""

    def __init__(self, folder: Path) -> None:
        self._files = {name: folder / f"{name}.jsonl" for name in _NAMES}
        for file in self._files.values():
            file.touch()

    def file(self, name: str) -> Path:
        return self._files[name]

    def count(self) -> int:
        return sum(file.read_bytes().count(b"\n") for file in self._files.values())

    def numbers(self) -> dict[str, list[int]]:
        found = {}
        for name, file in self._files.items():
            requests = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
            found[name] = [int(one["messages"][-1]["content"].split()[1]) for one in requests]
        return found


async def _made(paths: Paths, models: list[ModelRef]) -> int:
    database = Database(paths.database)
    assert await database.open() is None
    columns = tuple(Column(0, model) for model in models)
    prompts = tuple(Prompt(0, f"Question {number} of many") for number in range(1, _PROMPTS + 1))
    options = Options(concurrency=_AT_A_TIME)
    experiment = Experiment(0, "Test", ExperimentKind.PROMPTS, columns, prompts, options)
    made = await ExperimentStore(database).create(experiment)
    await database.close()
    return made.id


async def _finished(paths: Paths, experiment: int) -> dict[str, list[int]]:
    """The numbers of the questions that have a complete answer, by column."""
    database = Database(paths.database)
    assert await database.open() is None
    cells = await ExperimentStore(database).cells(experiment)
    await database.close()
    assert all(bool(cell.answer.text) for cell in cells if cell.state is CellState.DONE)
    return {
        name: sorted(cell.prompt for cell in cells if cell.column == place and cell.state is CellState.DONE)
        for place, name in enumerate(_NAMES, 1)
    }


async def test_killed_twice_no_cell_is_lost_or_run_twice(paths: Paths, tmp_path: Path) -> None:
    asked = _Asked(tmp_path)
    async with AsyncExitStack() as stack:
        servers: dict[str, Running] = {}
        for name in _NAMES:
            servers[name] = await stack.enter_async_context(elsewhere(tmp_path, record=str(asked.file(name)), tokens=8))
        urls = {name: server.address.url for name, server in servers.items()}
        experiment = await _made(paths, [ModelRef(name, address=url) for name, url in urls.items()])
        command = ["-m", "tests.services.experiment_child", str(paths.root), str(experiment)]
        command += [f"{name}={url}" for name, url in urls.items()]

        before: list[tuple[dict[str, list[int]], dict[str, int]]] = []
        for kill_at in (400, 900):
            child = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=_ROOT)
            await reach(lambda enough=kill_at: asked.count() >= enough, f"{kill_at} questions", seconds=60)  # type: ignore[misc]
            child.kill()
            await child.wait()
            counts = {name: len(numbers) for name, numbers in asked.numbers().items()}
            before.append((await _finished(paths, experiment), counts))
        child = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=_ROOT)
        assert await child.wait() == 0

    everything = list(range(1, _PROMPTS + 1))
    assert await _finished(paths, experiment) == dict.fromkeys(_NAMES, everything)
    numbers = asked.numbers()
    for finished, counts in before:
        for name in _NAMES:
            assert finished[name], "something was done before it was killed"
            assert not set(finished[name]) & set(numbers[name][counts[name] :]), "finished, and asked again"
    lost = sum(len(one) for one in numbers.values()) - len(_NAMES) * _PROMPTS
    assert 0 <= lost <= 2 * len(_NAMES) * _AT_A_TIME, "only what was being written is asked again"
