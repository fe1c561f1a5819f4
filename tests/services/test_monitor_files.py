"""Figures, dashboard and picture as files, whole or not at all."""

import csv
import json
import resource
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from desktop_app.domain.clock import seconds_now
from desktop_app.domain.monitor_history import SPANS
from desktop_app.paths import Paths
from desktop_app.services.gauges import Frame
from desktop_app.services.monitor_files import MonitorFiles
from tests.services.gauge_world import SAMPLE
from tests.services.monitor_world import MonitorWorld, monitor_world


@pytest.fixture
async def world(paths: Paths, tmp_path: Path) -> AsyncIterator[MonitorWorld]:
    async with monitor_world(paths, tmp_path) as made:
        yield made


def fill(world: MonitorWorld, seconds: float = 60.0) -> None:
    """Readings up to this moment."""
    now = seconds_now()
    for number in range(int(seconds / 0.5), -1, -1):
        sample = replace(SAMPLE, at=now - number * 0.5, seconds=0.5)
        world.gauges.frames.set(Frame(sample))


def dashboards(folder: Path) -> list[str]:
    """Files of that name, finished or not."""
    return [one.name for one in folder.glob("*dash*")]


async def test_figures_have_a_row_for_each_moment(world: MonitorWorld, tmp_path: Path) -> None:
    fill(world)
    file = tmp_path / "figures.csv"
    assert await MonitorFiles(world.monitor).write_csv(SPANS[0], file) is None
    head, *rows = csv.reader(file.read_text("utf-8-sig").splitlines())
    assert head[0] == "time"
    assert head[-1] == "events"
    assert 100 < len(rows) <= 120
    assert "0.25" in rows[-1]
    # The last row is of now, in the time of this place.
    assert abs(datetime.fromisoformat(rows[-1][0]) - datetime.now().astimezone()) < timedelta(minutes=5)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_the_dashboard_asks_for_what_vllm_tells(world: MonitorWorld, tmp_path: Path) -> None:
    file = tmp_path / "dashboard.json"
    assert await MonitorFiles(world.monitor).write_dashboard(file) is None
    board = json.loads(file.read_text("utf-8"))
    assert board["title"] == "vLLM Desktop"
    assert "vllm:generation_tokens_total" in file.read_text("utf-8")


async def test_a_picture_is_written_as_it_is(world: MonitorWorld, tmp_path: Path) -> None:
    file = tmp_path / "monitor.png"
    assert await MonitorFiles(world.monitor).write_picture(b"\x89PNG", file) is None
    assert file.read_bytes() == b"\x89PNG"


async def test_what_was_there_stays_when_the_disk_is_full(world: MonitorWorld, tmp_path: Path) -> None:
    file = tmp_path / "dashboard.json"
    file.write_text("before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        error = await MonitorFiles(world.monitor).write_dashboard(file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error is not None
    assert error.sentence() == "The dashboard was not written. There is no room left where “dashboard.json” should go."
    assert file.read_text() == "before"
    assert dashboards(tmp_path) == ["dashboard.json"]


async def test_places_that_do_not_exist_are_told(world: MonitorWorld, tmp_path: Path) -> None:
    files, nowhere = MonitorFiles(world.monitor), tmp_path / "no" / "file"
    errors = (await files.write_csv(SPANS[0], nowhere), await files.write_picture(b"", nowhere))
    titles = [error.title for error in errors if error is not None]
    assert titles == ["The figures were not written.", "The picture was not written."]
