"""Experiments to files, whole or not at all."""

import asyncio
import json
import resource
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell
from desktop_app.interchange.experiment_parcel import ExperimentParcel
from desktop_app.services.experiment_files import ExperimentFiles, ExperimentForm
from tests.conftest import reach
from tests.interchange.experiments import answer, sky


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.mark.parametrize("form", ExperimentForm)
async def test_every_form_is_written_for_its_owner_only(form: ExperimentForm, tmp_path: Path) -> None:
    file = tmp_path / f"out{form.value}"
    assert await ExperimentFiles().export(sky(), form, file) is None
    assert "Why is the sky" in file.read_text("utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names(tmp_path) == [file.name]
    assert form.words


@pytest.mark.parametrize("form", ExperimentForm)
async def test_a_blind_experiment_stays_blind(form: ExperimentForm, tmp_path: Path) -> None:
    file = tmp_path / "out"
    assert await ExperimentFiles().export(sky(blind=True), form, file) is None
    text = file.read_text("utf-8")
    assert "Qwen" not in text
    assert "Column 2" in text


async def test_figures_are_those_of_the_whole_answers(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert await ExperimentFiles().export(replace(sky(), figures=()), ExperimentForm.JSON, file) is None
    assert json.loads(file.read_text("utf-8"))["figures"][0]["best"] == ["first_word", "memory", "speed"]


async def test_what_was_there_stays_until_all_is_written(tmp_path: Path) -> None:
    file = tmp_path / "out.html"
    file.write_text("before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        error = await ExperimentFiles().export(sky(), ExperimentForm.HTML, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error is not None
    assert error.sentence() == "The experiment was not written. There is no room left where “out.html” should go."
    assert file.read_text() == "before"
    assert names(tmp_path) == ["out.html"]


async def test_answers_that_cannot_be_read_are_told_and_leave_nothing(tmp_path: Path) -> None:
    def whole(cell: Cell) -> Cell:
        if cell.id == 3:
            raise UserError("The answers could not be read.", "The disk does not answer. Try again.")
        return cell

    for form in ExperimentForm:
        error = await ExperimentFiles().export(replace(sky(), whole=whole), form, tmp_path / "out")
        assert error is not None
        assert error.sentence() == (
            "The experiment was not written. The answers could not be read. The disk does not answer. Try again."
        )
    assert names(tmp_path) == []


async def test_places_that_do_not_exist_are_told(tmp_path: Path) -> None:
    error = await ExperimentFiles().export(sky(), ExperimentForm.CSV, tmp_path / "no" / "out.csv")
    assert error is not None
    assert error.title == "The experiment was not written."


async def test_halves_of_signs_do_not_stop_an_export(tmp_path: Path) -> None:
    parcel = replace(sky(), cells=(answer(1, 1, 1, "a\ud800b"),))
    for form in ExperimentForm:
        assert await ExperimentFiles().export(parcel, form, tmp_path / "out") is None


class Endless(tuple[Cell, ...]):
    """Cells that come to no end once figures are made of them; tells that they are being written."""

    begun: asyncio.Event
    loop: asyncio.AbstractEventLoop
    measured = False

    def __iter__(self) -> Iterator[Cell]:
        yield answer(1, 1, 1)
        if self.measured:
            self.loop.call_soon_threadsafe(self.begun.set)
        while self.measured:
            yield answer(1, 1, 1)
        self.measured = True


async def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    cells = Endless()
    cells.begun, cells.loop = asyncio.Event(), asyncio.get_running_loop()
    parcel = ExperimentParcel(sky().experiment, cells)
    task = asyncio.create_task(ExperimentFiles().export(parcel, ExperimentForm.CSV, tmp_path / "out.csv"))
    await cells.begun.wait()
    assert len(names(tmp_path)) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await reach(lambda: names(tmp_path) == [], "the draft to be taken away")
