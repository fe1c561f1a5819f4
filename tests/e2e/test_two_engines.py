"""Two real engines at once in one program and one data folder: what happens to one is nothing to the other."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.engine import leftovers
from desktop_app.paths import Paths, resources
from tests import engine_cache
from tests.conftest import wait_until
from tests.e2e import models, traces
from tests.e2e.owners import Owner

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

_GUIDE = resources() / "guide"


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder with the real engine; afterwards nothing of it may run."""
    folder = Path(tempfile.mkdtemp(prefix="vd-")) / "d"
    engine_cache.borrow(Paths(folder))
    yield folder
    wait_until(lambda: not traces.processes_of(folder), "no process of ours")
    shutil.rmtree(folder.parent)


@pytest.fixture
def owner(data: Path, tmp_path: Path) -> Iterator[Owner]:
    """Both engines, ready; `endless` is in the middle of an answer."""
    made = Owner(data, [models.endless(tmp_path / "endless"), _GUIDE])
    yield made
    made.close()


def test_one_is_killed_and_one_is_stopped(owner: Owner) -> None:
    for model in ("endless", "guide"):
        owner.wait_for("ready", model)
    owner.stream("endless")
    wait_until(lambda: words(owner) > 10, "the first words")
    guide, endless = owner.snapshot("guide"), owner.snapshot("endless")
    assert not guide.pids & endless.pids
    assert not guide.memory & endless.memory

    os.kill(owner.leader("guide"), signal.SIGKILL)

    guide.wait_until_nothing()
    assert "ended from outside" in owner.wait_for("exited", "guide")["words"]
    so_far = words(owner)
    wait_until(lambda: words(owner) > so_far + 50, "more words of the other")
    assert owner.heard("answered", "endless") is None
    # Another program that opens the data folder finds nothing to end.
    assert asyncio.run(leftovers.end_leftovers(owner.paths)) == []
    assert owner.snapshot("endless").pids == endless.pids
    assert not endless.pids & {item.pid for item in asyncio.run(leftovers.strangers(owner.paths))}
    assert all(file.exists() for file in (endless.places.socket, endless.places.record, endless.places.tmp))

    owner.tell("stop endless")

    report = owner.wait_for("stopped", "endless")
    assert (report["survivors"], report["released"]) == ([], True)
    assert report["freed"] > 200 * 1024 * 1024
    assert endless.left() == []
    print(report)


def words(owner: Owner) -> int:
    """Pieces of the answer of `endless` so far."""
    return int((owner.heard("words", "endless") or {"count": 0})["count"])
