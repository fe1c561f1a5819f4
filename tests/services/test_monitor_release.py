"""When it is told what a stop gave back; engines, memory and words are in `test_monitor` and `test_monitor_memory`."""

from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.machine import Machine
from desktop_app.services.monitor_release import ReleaseWatch
from desktop_app.services.monitor_view import Release
from desktop_app.services.tasks import Tasks
from tests.conftest import reach
from tests.services.test_serving import MACHINE
from tests.services.test_starts import plan

ONE, TWO = (ModelRef(name, Path("/models") / name) for name in ("one", "two"))


@pytest.mark.parametrize("kind", EngineKind)
async def test_cards_that_an_engine_did_not_use_are_not_woken_after_its_stop(kind: EngineKind) -> None:
    tasks, looks = Tasks(lambda _name, _error: None), list[bool]()

    def look(cards: bool) -> Machine:
        looks.append(cards)
        return MACHINE

    watch = ReleaseWatch(look, lambda _key: plan(kind), lambda _key: 0, lambda _told: None, tasks, pause=0.0)
    watch.hear([EngineStatus(EngineStage.STARTING, ONE)])
    watch.hear([])
    await reach(lambda: not tasks.names, "the looks")
    assert looks == [True, *[kind is EngineKind.CUDA] * 2]
    await tasks.shutdown()


async def test_while_another_is_being_stopped_nothing_is_told_of_the_first() -> None:
    tasks, told = Tasks(lambda _name, _error: None), list[Release | None]()
    machine = replace(MACHINE, available_bytes=MACHINE.memory_bytes // 2)
    watch = ReleaseWatch(
        lambda _cards: machine, lambda _key: plan(EngineKind.CPU), lambda _key: 5 << 30, told.append, tasks, pause=0.0
    )
    starting, ready = (
        [EngineStatus(stage, model) for model in (ONE, TWO)] for stage in (EngineStage.STARTING, EngineStage.READY)
    )
    watch.hear(starting)
    watch.hear(ready)
    stopping = EngineStatus(EngineStage.STOPPING, TWO)
    watch.hear([EngineStatus(EngineStage.STOPPING, ONE), stopping])
    watch.hear([stopping])
    await reach(lambda: not tasks.names, "the first is measured")
    watch.hear([])
    await reach(lambda: not tasks.names, "the second is measured")
    words = [release.words for release in told if release is not None]
    assert [word.rpartition("; ")[2] for word in words] == ["10.0 GB were given back."]
    await tasks.shutdown()
