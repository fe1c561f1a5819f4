"""Several models at once: each with its own engine, room for them, what a failure's button does, idle ones."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.engine import EngineStage
from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import ModelRef, ModelSettings
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.domain.observable import Observable
from desktop_app.endpoint.client import Endpoint
from desktop_app.engine.leftovers import read_record
from desktop_app.paths import Paths
from desktop_app.services.idle import Counts, IdleWatch
from tests import fake_docker_place
from tests.conftest import reach
from tests.engine_fakes import alive
from tests.services.test_serving import Bench, say

_ROOM_FOR_ONE = 3 << 30
_BROKEN_LOG = Path(__file__).parents[1] / "data" / "vllm_logs" / "f_tool_bad_parser.log"


@pytest.fixture
async def bench(paths: Paths, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(paths, tmp_path)
    yield made
    await made.serving.stop_all()


def stages(bench: Bench) -> dict[str, EngineStage]:
    return {one.model.name: one.stage for one in bench.serving.engines.value if one.model}


def with_a_wrong_parser(bench: Bench) -> ModelRef:
    """A model with a setting that vLLM refuses."""
    model = bench.model(log=str(_BROKEN_LOG), exit=1)
    flags = (("--tool-call-parser", "foo"), ("--enable-auto-tool-choice", True))
    bench.choices.chosen[model.key] = ModelSettings(flags=flags)
    return model


async def test_two_models_run_at_once_and_each_answers(bench: Bench) -> None:
    first, second = bench.model("first", answer="I am the first."), bench.model("second", answer="I am the second.")
    assert await bench.serving.start(first)
    assert await bench.serving.start(second)

    assert stages(bench) == {"first": EngineStage.READY, "second": EngineStage.READY}
    assert await say(bench, "Who?") == "I am the second."
    bench.serving.switch(first.key)
    assert bench.status.model == first
    assert await say(bench, "Who?") == "I am the first."

    await bench.serving.stop(second.key)
    assert stages(bench) == {"first": EngineStage.READY}
    assert await say(bench, "Still there?") == "I am the first."


async def test_one_that_is_killed_does_not_disturb_the_other(bench: Bench) -> None:
    first, second = bench.model("first", answer="I am here."), bench.model("second")
    await bench.serving.start(second)
    await bench.serving.start(first)
    record = read_record(bench.paths.engine(second.key).record)
    assert record is not None
    os.kill(record.leader.pid, signal.SIGKILL)

    await reach(lambda: stages(bench)["second"] is EngineStage.FAILED, "the failure of the second")
    assert bench.status.model == first
    assert await say(bench, "And you?") == "I am here."
    bench.serving.switch(second.key)
    assert bench.error.title
    assert bench.serving.endpoint is None


async def test_without_room_it_says_what_must_be_stopped_and_the_button_does_it(bench: Bench) -> None:
    first, second = bench.model("first"), bench.model("second")
    assert await bench.serving.start(first)
    everybody = bench.processes()
    bench.machine = replace(bench.machine, available_bytes=200 << 20)

    assert not await bench.serving.start(second)

    assert bench.status.stage is EngineStage.FAILED
    assert bench.error.button == "Stop first and start second"
    assert "0.2 GB are free while first runs" in bench.error.reason
    assert stages(bench) == {"first": EngineStage.READY, "second": EngineStage.FAILED}

    async def room_comes_back() -> None:
        await reach(lambda: bench.serving.endpoint_of(first.key) is None, "the end of the first")
        bench.machine = replace(bench.machine, available_bytes=_ROOM_FOR_ONE)

    mended, _ = await asyncio.gather(bench.serving.mend(), room_comes_back())
    assert mended
    assert stages(bench) == {"second": EngineStage.READY}
    assert not any(map(alive, everybody))


async def test_what_a_starting_engine_will_take_is_not_promised_twice(bench: Bench) -> None:
    bench.machine = replace(bench.machine, available_bytes=_ROOM_FOR_ONE)
    starting = await bench.loading("first")
    assert not await bench.serving.start(bench.model("second"))
    assert bench.error.fix is not None
    assert bench.error.fix.stop
    await bench.serving.stop_all()
    assert not await starting


async def test_the_button_of_a_failure_changes_the_setting_and_starts_again(bench: Bench) -> None:
    model = with_a_wrong_parser(bench)
    assert not await bench.serving.start(model)
    assert bench.error.remedy is Remedy.FIX, bench.error.sentence()
    bench.model()  # from now on it starts

    assert await bench.serving.mend()

    assert bench.status.stage is EngineStage.READY
    assert bench.choices.settings_of(model).get("--tool-call-parser") is None


async def test_a_setting_that_cannot_be_kept_is_told(bench: Bench) -> None:
    await bench.serving.start(with_a_wrong_parser(bench))
    bench.choices.failure = UserError("The disk is full.")
    assert not await bench.serving.mend()
    assert bench.error.title == "The disk is full."
    bench.serving.dismiss_error()
    assert not await bench.serving.mend()


async def test_settings_reach_the_engine_and_a_restart_takes_new_ones(bench: Bench) -> None:
    model = bench.model()
    bench.choices.chosen[model.key] = bench.choices.settings_of(model).with_flags([("--max-num-seqs", "3")])
    await bench.serving.start(model)
    plan = bench.serving.plan_of(model.key)
    assert plan is not None
    assert plan.get("--max-num-seqs") == "3"
    assert bench.serving.uses(plan.environment)

    bench.choices.chosen[model.key] = bench.choices.settings_of(model).with_flags([("--max-num-seqs", "5")])
    assert await bench.serving.restart()
    plan = bench.serving.plan_of(model.key)
    assert plan is not None
    assert plan.get("--max-num-seqs") == "5"


async def test_a_failure_that_can_pass_is_tried_once_more_and_only_once(bench: Bench) -> None:
    log = bench.folder / "race.log"
    log.write_text(
        "AssertionError: Error in memory profiling. Initial free memory 7.1 GiB, current 7.4 GiB.\n", "utf-8"
    )
    assert not await bench.serving.start(bench.model(log=str(log), exit=1))
    assert bench.status.stage is EngineStage.FAILED
    notes = [status.note for status in bench.seen if "Trying once more" in status.note]
    assert notes
    assert bench.stages().count(EngineStage.FAILED) == 1


async def test_cancelling_while_it_is_tried_once_more_stays_cancelled(bench: Bench) -> None:
    log = bench.folder / "race.log"
    log.write_text("AssertionError: Error in memory profiling. Initial free memory 7.1 GiB.\n", "utf-8")
    model = bench.model(log=str(log), exit=1)
    starting = bench.begin(model)
    await reach(lambda: "Trying once more" in bench.status.note, "the second try")
    await bench.serving.stop()
    assert await starting is False
    assert bench.status.stage in (EngineStage.STOPPED, EngineStage.FAILED)
    assert not bench.processes()


async def test_an_engine_in_a_container_answers_and_leaves_none(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = "vllm/vllm-openai:v0.32.0"
    docker = fake_docker_place.Docker(tmp_path / "docker", monkeypatch, image)
    bench = Bench(bench.paths, tmp_path)
    bench.environment = EngineEnvironment(docker.program, "0.32.0", EngineKind.CPU, managed=False, image=image)
    assert await bench.serving.start(bench.model(answer="From inside.")), bench.error.sentence()
    assert await say(bench, "Where are you?") == "From inside."
    assert docker.running()
    await bench.serving.stop()
    assert not docker.running()
    assert bench.status.stage is EngineStage.STOPPED


async def test_a_server_elsewhere_is_connected_and_left(bench: Bench) -> None:
    model = ModelRef("theirs", address="https://example.org/v1")
    bench.elsewhere["theirs"] = EngineError("The server does not answer.")
    assert not await bench.serving.start(model)
    assert (bench.status.stage, bench.error.title) == (EngineStage.FAILED, "The server does not answer.")

    bench.elsewhere["theirs"] = Endpoint(bench.paths.runtime / "none.sock", "theirs")
    assert await bench.serving.start(model)
    assert (bench.status.stage, bench.status.address) == (EngineStage.READY, model.address)
    assert bench.serving.log_of(model.key) is None
    await bench.serving.stop()
    assert bench.status.note == "Disconnected. The server goes on."


class Idle:
    """Engines that are looked at, and those that were stopped."""

    def __init__(self, minutes: int) -> None:
        self.minutes = Observable(minutes)
        self.counts: Counts = {"a": EngineMetrics(5, 5), "b": EngineMetrics(5, 5)}
        self.looks = 0
        self.stopped: list[str] = []
        self.watch = IdleWatch(self.minutes, self.look, self.stop, second=0.0001)

    async def look(self) -> Counts:
        self.looks += 1
        busy = EngineMetrics(5 + self.looks, 5)
        return {key: count if key == "a" else busy for key, count in self.counts.items()}

    async def stop(self, key: str) -> None:
        self.stopped.append(key)
        del self.counts[key]


async def test_only_an_engine_that_did_nothing_all_the_time_is_unloaded() -> None:
    idle = Idle(minutes=1)
    running = asyncio.create_task(idle.watch.run())
    await reach(lambda: idle.stopped, "an idle engine's end")
    looks = idle.looks
    await reach(lambda: idle.looks > looks + 20, "more looks")
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert idle.stopped == ["a"]
    assert looks >= 10


async def test_nothing_is_unloaded_unless_somebody_chose_it() -> None:
    idle, other = Idle(minutes=0), Idle(minutes=1)
    running = [asyncio.create_task(one.watch.run()) for one in (idle, other)]
    await reach(lambda: other.looks > 20, "looks where somebody chose it")
    assert idle.looks == 0

    idle.minutes.set(1)
    await reach(lambda: idle.looks, "a look as soon as it is chosen")
    for task in running:
        task.cancel()
    await asyncio.wait(running)


async def test_an_unloaded_engine_says_why_and_gives_its_memory_back(bench: Bench) -> None:
    model = bench.model()
    await bench.serving.start(model)
    assert set(await bench.serving.counts()) == {model.key}
    await bench.serving.unload(model.key)
    assert bench.status.stage is EngineStage.STOPPED
    assert bench.status.note.startswith("Stopped, since nobody asked it anything.")
