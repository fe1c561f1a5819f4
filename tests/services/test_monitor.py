"""Monitor over engines that really start and stop: what it keeps, tells, measures and hands out."""

import asyncio
import math
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.engine import EngineStage
from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import DownloadStage, DownloadStatus
from desktop_app.domain.machine import Attention, GpuSample, MemoryUser
from desktop_app.domain.marks import MarkKind
from desktop_app.domain.monitor_history import SPANS
from desktop_app.endpoint.address import parse_address
from desktop_app.endpoint.client import Endpoint
from desktop_app.engine.leftovers import read_record
from desktop_app.paths import Paths
from desktop_app.services.gauges import Frame
from desktop_app.services.models_view import DownloadsState
from desktop_app.services.monitor_build import MonitorPart
from desktop_app.services.monitor_view import DoorState, Release
from tests.conftest import reach
from tests.endpoint.test_metrics_door import asks
from tests.endpoint.test_metrics_door import say as say_to
from tests.services.gauge_world import SAMPLE
from tests.services.monitor_world import GIB, MonitorWorld, monitor_world
from tests.services.test_serving import say


@pytest.fixture
async def world(paths: Paths, tmp_path: Path) -> AsyncIterator[MonitorWorld]:
    async with monitor_world(paths, tmp_path) as made:
        yield made


def known(world: MonitorWorld, key: str) -> list[float]:
    """The values of a curve in the last minute."""
    return [value for value in world.monitor.history.line(key, SPANS[0]).values if not math.isnan(value)]


# --- figures -----------------------------------------------------------------------------------------------------


async def test_readings_of_the_machine_become_curves(world: MonitorWorld) -> None:
    for _ in range(20):
        world.tell()
    assert set(known(world, "cpu")) == {0.25}
    keys = {curve.key for chart in world.state.charts for curve in chart.curves}
    assert {"cpu", "core0", "core1", "memory.others"} <= keys
    assert world.state.frame.machine.at == world.at


async def test_what_stays_equal_stays_the_same_object(world: MonitorWorld) -> None:
    world.tell()
    await world.serving.start(world.bench.model())
    await world.asked()
    world.tell()
    before = world.state
    world.tell(replace(SAMPLE, cpu=0.5))
    after = world.state
    assert after.frame is not before.frame
    assert after.charts is before.charts
    assert (after.marks, after.alerts, after.energy, after.kv) == (
        before.marks,
        before.alerts,
        before.energy,
        before.kv,
    )
    assert after.marks is before.marks
    assert after.alerts is before.alerts
    assert after.energy is before.energy
    assert after.kv is before.kv


async def test_new_cards_and_their_troubles_change_the_charts(world: MonitorWorld) -> None:
    world.tell()
    before = world.state.charts
    world.tell(replace(SAMPLE, gpus=(GpuSample("A card", 0.5, GIB, 8 * GIB),)))
    assert "card0.busy" in {curve.key for chart in world.state.charts for curve in chart.curves}
    with_card = world.state.charts
    assert with_card != before
    world.tell(replace(SAMPLE, gpu_note="The driver does not answer."))
    assert "card0.busy" in {curve.key for chart in world.state.charts for curve in chart.curves}


async def test_downloads_and_disks_have_their_curve(world: MonitorWorld) -> None:
    running = DownloadStatus("a/b", DownloadStage.RUNNING, bytes_per_second=3e6)
    world.downloads.set(DownloadsState((running, replace(running, repo_id="c/d"))))
    for _ in range(4):
        world.tell()
    assert set(known(world, "transfer.network")) == {6e6}
    world.downloads.set(DownloadsState((replace(running, stage=DownloadStage.PAUSED),)))
    for _ in range(4):
        world.tell()
    assert set(known(world, "transfer.network")) == {6e6, 0}


def measured(world: MonitorWorld) -> list[EngineFigures]:
    """What was told of engines, once each."""
    return list({one.at: one for state in world.seen for one in state.frame.engines}.values())


async def test_an_engine_s_figures_become_curves_and_its_answers_marks(world: MonitorWorld) -> None:
    model = world.bench.model(answer="One two three four.")
    assert await world.serving.start(model)
    world.tell()
    await world.asked()
    assert world.state.kv is not None
    assert world.state.kv.name == model.name
    world.tell()
    await say(world.bench, "Count!")
    await world.asked()
    # The engine may be read more than once: which reading has the answer in it is nobody's business.
    await reach(lambda: sum(one.finished for one in measured(world)) == 1, "the answer in the figures")
    assert max(state.frame.tokens_per_second or 0 for state in world.seen) > 0
    while world.at < world.state.frame.engines[0].at:
        world.tell()
    assert max(known(world, "engine.generation")) > 0
    assert world.kinds == [MarkKind.STARTED, MarkKind.READY, MarkKind.ANSWER]


async def test_rates_that_cover_no_time_are_no_dip(world: MonitorWorld) -> None:
    one = EngineFigures("tiny", "tiny", running=1, at=99.9)
    sample = replace(SAMPLE, at=100.0, seconds=0.5)
    world.gauges.frames.set(Frame(sample))
    world.gauges.frames.set(Frame(sample, (one,)))
    world.gauges.frames.set(Frame(replace(sample, at=101.0), (one,)))
    assert known(world, "engine.generation") == []
    two = replace(one, generation=40.0, at=100.9, seconds=1.0)
    world.gauges.frames.set(Frame(replace(sample, at=101.0), (two,)))
    world.gauges.frames.set(Frame(replace(sample, at=101.5), (two,)))
    assert known(world, "engine.generation") == [40.0] * 3
    assert set(known(world, "engine.running")) == {1.0}


async def test_an_engine_that_stops_is_gone_from_the_figures_at_once(world: MonitorWorld) -> None:
    model = world.bench.model()
    await world.serving.start(model)
    world.tell()
    await reach(lambda: world.state.frame.engines, "the engine's figures")
    await world.serving.stop(model.key)
    await reach(lambda: not world.state.frame.engines, "their end, without another reading")
    assert world.state.kv is None


async def test_warnings_begin_with_a_mark(world: MonitorWorld) -> None:
    for _ in range(20):
        world.tell(replace(SAMPLE, used_bytes=SAMPLE.total_bytes))
    assert [alert.key for alert in world.state.alerts] == ["memory"]
    assert world.kinds == [MarkKind.WARNING]


async def test_energy_is_told_where_it_is_measured(world: MonitorWorld) -> None:
    world.tell(replace(SAMPLE, cpu_energy=100.0))
    world.tell(replace(SAMPLE, cpu_energy=110.0))
    world.tell(replace(SAMPLE, cpu_energy=120.0))
    assert world.state.energy.source == "the processor"
    assert known(world, "power.processor")[-1] == 20


async def test_what_a_server_elsewhere_takes_is_not_measured_here(world: MonitorWorld) -> None:
    model = ModelRef("big", address="https://example.org/v1")
    world.bench.elsewhere["big"] = Endpoint(parse_address(model.address), "big")
    assert await world.serving.start(model)
    for number in range(1, 5):
        sample = replace(SAMPLE, cpu_energy=10.0 * number, at=float(number), seconds=1.0)
        figures = EngineFigures(model.key, "big", generation=9.0, running=1, generated_tokens=9.0 * number)
        world.gauges.frames.set(Frame(sample, (replace(figures, at=float(number), seconds=1.0),)))
    assert world.state.energy.source == "the processor"
    assert world.state.energy.session is None


async def test_engines_are_told_to_the_sampler(world: MonitorWorld) -> None:
    model = world.bench.model()
    await world.serving.start(model)
    world.tell()
    (pid,) = world.serving.engine_pids()
    assert world.sampler.watched[-1] == (pid,)
    record = read_record(world.bench.paths.engine(model.key).record)
    assert record is not None
    assert record.supervisor.pid == pid
    await world.serving.stop(model.key)
    world.tell()
    assert not world.sampler.watched[-1]


# --- events ------------------------------------------------------------------------------------------------------


async def test_what_becomes_of_engines_is_marked_while_nobody_looks(world: MonitorWorld) -> None:
    world.gauges.set_attention(Attention.NOBODY)
    one, two = world.bench.model("one"), world.bench.model("two")
    await world.serving.start(one)
    await world.serving.start(two)
    world.serving.switch(one.key)
    await world.serving.stop(two.key)
    assert [(mark.kind, mark.words) for mark in world.state.marks] == [
        (MarkKind.STARTED, "one is being started."),
        (MarkKind.READY, "one is ready."),
        (MarkKind.STARTED, "two is being started."),
        (MarkKind.MODEL, "two is talked to."),
        (MarkKind.READY, "two is ready."),
        (MarkKind.MODEL, "one is talked to."),
        (MarkKind.STOPPED, "two was stopped."),
    ]


# --- after a stop ------------------------------------------------------------------------------------------------


async def released(world: MonitorWorld) -> Release:
    await reach(lambda: world.state.release, "what was measured after the stop")
    assert world.state.release is not None
    return world.state.release


async def test_after_a_stop_it_says_what_is_back(world: MonitorWorld) -> None:
    world.gauges.set_attention(Attention.NOBODY)
    model = world.bench.model()
    await world.serving.start(model)
    assert world.state.release is None
    world.memory = replace(world.memory, available_bytes=5 * GIB - (200 << 20))
    await world.serving.stop(model.key)
    told = await released(world)
    assert told.back
    assert told.words.startswith("Memory is back to 3.2 GB; ")
    # The same figure as in the engine's own words.
    assert world.bench.status.note.removeprefix("Stopped. ").partition(" of ")[0] in told.words


async def test_a_new_start_takes_the_last_words_away(world: MonitorWorld) -> None:
    model = world.bench.model()
    await world.serving.start(model)
    await world.serving.stop(model.key)
    await released(world)
    await world.serving.start(model)
    assert world.state.release is None


async def test_an_engine_that_is_killed_is_measured_too_and_holders_are_named(world: MonitorWorld) -> None:
    model = world.bench.model()
    await world.serving.start(model)
    record = read_record(world.bench.paths.engine(model.key).record)
    assert record is not None
    world.memory = replace(world.memory, available_bytes=3 * GIB, users=(MemoryUser("firefox", 2 * GIB),))
    os.kill(record.leader.pid, signal.SIGKILL)
    told = await released(world)
    assert told == Release("Memory is at 5.0 GB, 2.0 GB more than before the start.", False, ("firefox, 2.0 GB",))
    assert world.bench.status.stage is EngineStage.FAILED


async def test_a_start_that_never_came_to_a_process_is_not_measured(world: MonitorWorld) -> None:
    model = world.bench.model()
    (model.folder / "config.json").unlink()
    await world.serving.start(model)
    assert world.bench.status.stage is EngineStage.FAILED
    await reach(lambda: "memory before a start" not in world.tasks.names, "the look before")
    assert world.looks == 1
    assert "memory after a stop" not in world.tasks.names


async def test_while_another_runs_that_is_said(world: MonitorWorld) -> None:
    one, two = world.bench.model("one"), world.bench.model("two")
    await world.serving.start(one)
    await world.serving.start(two)
    await world.serving.stop(one.key)
    told = await released(world)
    assert told.back
    assert "while two runs; " in told.words


async def test_several_that_stop_together_are_told_together(world: MonitorWorld) -> None:
    for name in ("one", "two"):
        await world.serving.start(world.bench.model(name))
    await world.serving.stop_all()
    told = await released(world)
    assert told.words.startswith("Memory is back to 3.0 GB")


async def test_memory_that_cannot_be_looked_at_is_no_trouble(world: MonitorWorld) -> None:
    model = world.bench.model()
    world.look_fails = True
    await world.serving.start(model)
    await world.serving.stop(model.key)
    await reach(lambda: "memory after a stop" not in world.tasks.names, "the end of looking")
    assert world.state.release is None


# --- the door ----------------------------------------------------------------------------------------------------


def port(world: MonitorWorld) -> int:
    return int(world.state.door.address.removesuffix("/metrics").rpartition(":")[2])


async def test_the_address_gives_the_figures_of_who_is_talked_to(world: MonitorWorld) -> None:
    await asyncio.gather(world.monitor.open_door(), world.monitor.open_door())
    address = world.state.door.address
    assert address.startswith("http://127.0.0.1:")
    assert (await say_to(port(world), asks()))[0] == 503
    one, two = world.bench.model("one"), world.bench.model("two")
    await world.serving.start(one)
    await world.serving.start(two)
    assert b'model_name="two"' in (await say_to(port(world), asks()))[2]
    world.serving.switch(one.key)
    assert b'model_name="one"' in (await say_to(port(world), asks()))[2]
    assert b'model_name="two"' in (await say_to(port(world), asks("GET /metrics/two HTTP/1.1")))[2]
    await world.serving.stop(one.key)
    assert b'model_name="two"' in (await say_to(port(world), asks()))[2]

    closed = port(world)
    await world.monitor.close_door()
    assert world.state.door == DoorState()
    with pytest.raises(OSError, match=r"refused|Connect"):
        await asyncio.open_connection("127.0.0.1", closed)


async def test_nothing_is_heard_after_the_end(world: MonitorWorld) -> None:
    await world.monitor.open_door()
    await world.monitor.shutdown()
    seen = len(world.seen)
    world.tell()
    await world.serving.start(world.bench.model())
    assert len(world.seen) == seen
    assert world.state.door == DoorState()


async def test_it_is_made_once_and_takes_figures_from_then_on(world: MonitorWorld, tmp_path: Path) -> None:
    part = MonitorPart(world.gauges, world.serving, world.downloads, world.look, world.tasks)
    await part.shutdown()
    await part.begin()
    await part.begin()
    world.tell()
    assert part.monitor.state.value.frame is world.gauges.frames.value
    assert await part.files.write_dashboard(tmp_path / "dashboard.json") is None
    await part.shutdown()
    await part.shutdown()
    world.tell()
    assert part.monitor.state.value.frame is not world.gauges.frames.value
