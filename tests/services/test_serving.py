"""Models from Start to Stop, with the stand-in engine as a child process below the shipped supervisor."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import Message, Role
from desktop_app.domain.engine import EngineStage, EngineStatus, StartPhase
from desktop_app.domain.errors import Fix, Remedy, UserError
from desktop_app.domain.fit import Measured
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import LaunchPlan, ModelRef, ModelSettings
from desktop_app.domain.machine import Machine
from desktop_app.domain.start_clock import Expectation, StartHistory, StartKind, StartRecord
from desktop_app.endpoint.client import Endpoint
from desktop_app.engine.leftovers import Mark, Record, boot, write_record
from desktop_app.engine.process import EngineProcess, StopReport
from desktop_app.engine.supervisor import entry, family, table
from desktop_app.paths import EnginePlaces, Paths
from desktop_app.services.serving import Serving
from tests.conftest import reach
from tests.engine_fakes import alive, make_environment, make_model

MACHINE = Machine("a processor", 2, 8 << 30, frozenset())


class Times:
    """Remembers in memory; with `failure` set it cannot, and `fault` is one of ours."""

    def __init__(self) -> None:
        self.history = StartHistory()
        self.failure: UserError | None = None
        self.fault: Exception | None = None
        self.figures = Measured()

    def expectation(self, kind: StartKind) -> Expectation:
        if self.fault:
            raise self.fault
        return self.history.expectation(kind)

    async def remember(self, plan: LaunchPlan, record: StartRecord, figures: Measured) -> None:
        if self.failure:
            raise self.failure
        self.history = self.history.with_record(record)
        self.figures = figures


class Choices:
    """What a person chose, in memory."""

    def __init__(self) -> None:
        self.chosen: dict[str, ModelSettings] = {}
        self.failure: UserError | None = None

    def settings_of(self, model: ModelRef) -> ModelSettings:
        return self.chosen.get(model.key, ModelSettings())

    async def flag_table(self, environment: EngineEnvironment) -> None:
        del environment

    async def apply_fix(self, model: ModelRef, fix: Fix) -> None:
        if self.failure:
            raise self.failure
        self.chosen[model.key] = self.settings_of(model).with_flags(fix.flags)


async def nowhere(_model: ModelRef) -> Endpoint:
    """There is no server elsewhere."""
    raise UserError("There is no server elsewhere.")


class Bench:
    """A `Serving` with everything around it, and every status that it published."""

    def __init__(self, paths: Paths, folder: Path) -> None:
        self.paths = paths
        self.folder = folder
        self.times = Times()
        self.others = set(family(table(), [os.getpid()]))
        self.environment: EngineEnvironment | None = make_environment(folder)
        self.choices = Choices()
        self.machine = MACHINE
        self.elsewhere: dict[str, Endpoint | UserError] = {}
        self.serving = Serving(
            paths,
            lambda: self.machine,
            lambda: self.environment,
            self.choices,
            self.times,
            self.connect,
            os.environ,
        )
        self.seen: list[EngineStatus] = []
        self.serving.status.watch(self.seen.append)

    async def connect(self, model: ModelRef) -> Endpoint:
        found = self.elsewhere[model.name]
        if isinstance(found, UserError):
            raise found
        return found

    @property
    def status(self) -> EngineStatus:
        return self.serving.status.value

    @property
    def places(self) -> EnginePlaces:
        """Of the current engine."""
        return self.paths.engine(self.status.key)

    @property
    def log(self) -> str:
        """What the current engine printed."""
        log = self.serving.log_of(self.status.key)
        return "\n".join(log.record(number).message for number in range(log.oldest, log.end)) if log else ""

    @property
    def error(self) -> UserError:
        assert self.status.error is not None
        return self.status.error

    def model(self, name: str = "tiny", **behaviour: object) -> ModelRef:
        return make_model(self.folder, name, **behaviour)

    def begin(self, model: ModelRef) -> "asyncio.Task[bool]":
        return asyncio.create_task(self.serving.start(model))

    async def loading(self, name: str = "tiny") -> "asyncio.Task[bool]":
        """A start that will not get ready, far enough that there is an engine process."""
        model = self.model(name, ready_after=600)
        starting = self.begin(model)
        await reach(self.paths.engine(model.key).record.exists, "an engine process")
        return starting

    def processes(self) -> set[int]:
        """What descends from this process since the bench was made."""
        return set(family(table(), [os.getpid()])) - self.others

    def stages(self) -> list[EngineStage]:
        """The stages that were published, without repetitions."""
        stages = [status.stage for status in self.seen]
        return [stage for index, stage in enumerate(stages) if index == 0 or stages[index - 1] is not stage]


@pytest.fixture
async def bench(paths: Paths, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(paths, tmp_path)
    yield made
    await made.serving.stop_all()


async def say(bench: Bench, text: str) -> str:
    endpoint = bench.serving.endpoint
    assert endpoint is not None
    return "".join(
        [delta.text async for batch in endpoint.stream_chat([Message(1, Role.USER, text)]) for delta in batch]
    )


async def test_from_start_to_stop(bench: Bench) -> None:
    model = bench.model(answer="Yes.", max_model_len=4096)

    assert await bench.serving.start(model)

    assert bench.stages() == [EngineStage.STOPPED, EngineStage.STARTING, EngineStage.READY]
    assert (bench.status.model, bench.status.context_tokens) == (model, 4096)
    assert bench.status.note.startswith("Ready after ")
    assert bench.times.history.records[0].total > 0
    assert await say(bench, "Is it so?") == "Yes."
    everybody = bench.processes()
    assert len(everybody) >= 2

    await bench.serving.stop()

    assert bench.stages()[3:] == [EngineStage.STOPPING, EngineStage.STOPPED]
    assert bench.status.note.startswith("Stopped. ")
    assert bench.status.note.endswith("B of memory are free again.")
    assert bench.serving.endpoint is None
    assert not any(map(alive, everybody))
    assert not bench.places.socket.exists()


async def test_phases_of_a_start_are_told_with_the_time_of_the_last_one(bench: Bench) -> None:
    assert await bench.serving.start(bench.model(ready_after=1))
    await bench.serving.stop()
    del bench.seen[:]
    starting = await bench.loading()
    await reach(lambda: "init engine" in bench.log, "the log of the start")
    await reach(lambda: bench.status.progress and bench.status.progress.phase is StartPhase.FINISHING, "the last phase")

    progress = [status.progress for status in bench.seen if status.progress]
    order = [list(StartPhase).index(one.phase) for one in progress]
    assert order == sorted(order)
    assert progress[0].phase is StartPhase.LOADING_ENGINE
    assert not progress[-1].first
    assert progress[-1].left is not None
    assert progress[-1].share is not None
    await bench.serving.stop()
    assert await starting is False


async def test_cancelling_a_start_does_not_wait_for_the_engine(bench: Bench) -> None:
    starting = await bench.loading()
    everybody = bench.processes()

    await bench.serving.stop()

    assert await starting is False
    assert bench.status.stage is EngineStage.STOPPED
    assert not any(map(alive, everybody))
    assert bench.times.history.records == ()


@pytest.mark.parametrize("turns", [1, 5, 20, 60])
async def test_whoever_waits_for_a_start_may_go_away_and_no_process_stays(bench: Bench, turns: int) -> None:
    starting = bench.begin(bench.model(ready_after=600))
    for _ in range(turns):
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await bench.serving.stop()
    await reach(lambda: not bench.processes(), "the end of every process")
    assert bench.serving.endpoint is None


async def test_pressing_start_twice_starts_once(bench: Bench) -> None:
    model = bench.model(ready_after=0.3)
    assert all(await asyncio.gather(bench.serving.start(model), bench.serving.start(model)))
    assert bench.stages() == [EngineStage.STOPPED, EngineStage.STARTING, EngineStage.READY]
    leader = bench.places.record.read_text("utf-8")
    assert await bench.serving.start(model)
    assert bench.places.record.read_text("utf-8") == leader


async def test_an_engine_that_dies_is_told_in_words_and_can_be_started_again(bench: Bench) -> None:
    model = bench.model(die_after_tokens=2)
    await bench.serving.start(model)
    with pytest.raises(UserError):
        await say(bench, "Tell me a lot.")
    await reach(lambda: bench.status.stage is EngineStage.FAILED, "the failure")

    assert "engine" in bench.error.title.lower()
    assert bench.error.reason
    assert bench.serving.endpoint is None
    assert not bench.places.socket.exists()
    assert await bench.serving.start(bench.model())


async def test_a_start_that_fails_says_the_decisive_line(bench: Bench) -> None:
    log = Path(__file__).parents[1] / "data" / "vllm_logs" / "f_no_weights.log"
    assert not await bench.serving.start(bench.model(log=str(log), exit=1))
    assert bench.status.stage is EngineStage.FAILED
    assert bench.error.title == "The model has no weights."
    assert bench.error.details
    assert not bench.places.record.exists()


async def test_a_damaged_model_fails_before_there_is_any_process(bench: Bench) -> None:
    model = bench.model()
    (model.folder / "model.safetensors").write_bytes(b"no")
    assert not await bench.serving.start(model)
    assert bench.status.stage is EngineStage.FAILED
    assert bench.error.remedy is Remedy.CHOOSE_MODEL
    assert not bench.places.record.exists()
    assert not bench.places.log.exists()


async def test_a_python_that_is_gone_is_told_in_words(bench: Bench) -> None:
    assert bench.environment is not None
    bench.environment = replace(bench.environment, python=bench.folder / "none" / "python")
    assert not await bench.serving.start(bench.model())
    assert bench.status.stage is EngineStage.FAILED
    assert bench.error.title == "The engine could not be started."
    assert bench.error.remedy is Remedy.INSTALL


async def test_without_an_engine_nothing_is_started(paths: Paths, tmp_path: Path) -> None:
    bench = Bench(paths, tmp_path)
    bench.environment = None
    assert not await bench.serving.start(bench.model())
    bench.environment = make_environment(tmp_path)
    bench.serving.refresh()
    bench.environment = None
    bench.serving.refresh()
    assert bench.stages() == [
        EngineStage.STOPPED,
        EngineStage.NOT_INSTALLED,
        EngineStage.STOPPED,
        EngineStage.NOT_INSTALLED,
    ]


async def test_a_new_engine_forgets_the_failure_of_the_old(bench: Bench) -> None:
    await bench.serving.start(bench.model(exit=1))
    assert bench.status.stage is EngineStage.FAILED
    bench.serving.refresh()
    assert (bench.status.stage, bench.status.error) == (EngineStage.STOPPED, None)


async def test_stop_when_nothing_runs_changes_nothing(bench: Bench) -> None:
    before = bench.status
    await bench.serving.stop()
    assert bench.status == before


async def test_stop_pressed_twice_ends_once(bench: Bench) -> None:
    await bench.serving.start(bench.model())
    await asyncio.gather(bench.serving.stop(), bench.serving.stop())
    assert bench.stages()[-3:] == [EngineStage.READY, EngineStage.STOPPING, EngineStage.STOPPED]


async def test_a_folder_without_a_model_leaves_the_running_one_alone(bench: Bench) -> None:
    await bench.serving.start(bench.model())
    await bench.serving.choose(bench.folder)
    assert bench.status.stage is EngineStage.READY
    assert bench.error.title == "There is no model in this folder."
    assert bench.serving.endpoint is not None
    bench.serving.dismiss_error()
    assert bench.status.error is None


async def test_a_folder_without_a_model_is_a_failure_when_nothing_runs(bench: Bench) -> None:
    await bench.serving.choose(bench.folder)
    assert bench.status.stage is EngineStage.FAILED
    assert bench.status.model == ModelRef(bench.folder.name, bench.folder)


async def test_a_chosen_folder_is_served(bench: Bench) -> None:
    await bench.serving.choose(bench.model("chosen").folder)
    assert bench.status.stage is EngineStage.READY
    assert bench.status.model is not None
    assert bench.status.model.name == "chosen"


async def test_selecting_only_decides_what_start_will_start(bench: Bench) -> None:
    first, second = bench.model("first"), bench.model("second")
    bench.serving.select(first)
    assert (bench.status.stage, bench.status.model) == (EngineStage.STOPPED, first)
    await bench.serving.start(first)
    bench.serving.select(second)
    assert (bench.status.stage, bench.status.model) == (EngineStage.STOPPED, second)
    assert [status.model for status in bench.serving.engines.value] == [first]


async def test_a_start_is_ready_even_when_its_time_cannot_be_kept(bench: Bench) -> None:
    bench.times.failure = UserError("Nothing can be saved.")
    assert await bench.serving.start(bench.model())
    assert bench.status.stage is EngineStage.READY


async def test_a_record_that_cannot_be_written_fails_the_start_and_leaves_no_process(bench: Bench) -> None:
    model = bench.model(ready_after=600)
    (bench.paths.engine(model.key).record / "in the way").mkdir(parents=True)
    assert not await bench.serving.start(model)
    assert bench.status.stage is EngineStage.FAILED
    await reach(lambda: not bench.processes(), "the engine's end")


@pytest.fixture
def left_over(paths: Paths) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that is on the record of a window that is gone."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        found = entry(process.pid)
        assert found is not None
        mark = Mark.of(found)
        write_record(paths.engine("0123456789").record, Record(boot(), Mark(mark.pid, 1.0), mark, mark, "", (mark,)))
        yield process
        process.kill()


async def test_what_an_earlier_run_left_is_ended(bench: Bench, left_over: "subprocess.Popen[bytes]") -> None:
    assert await bench.serving.clean_up() == 1
    assert left_over.wait(timeout=60) == -signal.SIGKILL
    assert list(bench.paths.records.iterdir()) == []


async def test_looking_for_left_overs_leaves_the_running_engine_alone(bench: Bench) -> None:
    await bench.serving.start(bench.model())
    assert await bench.serving.clean_up() == 0
    assert await say(bench, "Are you there?")


async def test_a_folder_without_a_model_is_told_while_another_starts_until_it_is_dismissed(bench: Bench) -> None:
    loaded = bench.folder / "loaded"
    model = bench.model(ready_when=str(loaded))
    starting = bench.begin(model)
    await reach(bench.paths.engine(model.key).record.exists, "an engine process")
    await bench.serving.choose(bench.folder)
    assert (bench.status.stage, bench.error.title) == (EngineStage.STARTING, "There is no model in this folder.")
    told = len(bench.seen)
    loaded.touch()
    assert await starting
    assert len(bench.seen) > told
    assert all(status.error is bench.error for status in bench.seen[told:])
    assert bench.status.stage is EngineStage.READY
    bench.serving.dismiss_error()
    assert (bench.status.stage, bench.status.error) == (EngineStage.READY, None)


async def test_a_folder_without_a_model_is_told_where_there_is_no_engine(paths: Paths, tmp_path: Path) -> None:
    bench = Bench(paths, tmp_path)
    bench.environment = None
    bench.serving.refresh()
    await bench.serving.choose(bench.folder)
    assert (bench.status.stage, bench.error.title) == (
        EngineStage.NOT_INSTALLED,
        "There is no model in this folder.",
    )
    bench.serving.dismiss_error()
    assert (bench.status.stage, bench.status.error) == (EngineStage.NOT_INSTALLED, None)


async def test_a_dismissed_failure_does_not_promise_an_engine_that_is_gone(bench: Bench) -> None:
    await bench.serving.start(bench.model(exit=1))
    bench.environment = None
    bench.serving.dismiss_error()
    assert bench.status.stage is EngineStage.NOT_INSTALLED


async def test_a_new_start_forgets_what_was_told_before(bench: Bench) -> None:
    await bench.serving.choose(bench.folder)
    assert await bench.serving.start(bench.model())
    assert bench.status.error is None


async def test_an_engine_that_is_being_installed_is_not_started_and_can_be_afterwards(bench: Bench) -> None:
    environment, bench.environment = bench.environment, None
    assert not await bench.serving.start(bench.model())
    bench.environment = environment
    bench.serving.refresh()
    assert bench.stages() == [EngineStage.STOPPED, EngineStage.NOT_INSTALLED, EngineStage.STOPPED]
    assert await bench.serving.start(bench.model())


async def test_a_fault_of_ours_while_it_starts_is_told_logged_and_leaves_no_process(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.times.fault = RuntimeError("a fault")
    assert not await bench.serving.start(bench.model(ready_after=600))
    assert bench.status.stage is EngineStage.FAILED
    assert bench.error.title == "Something went wrong inside this program."
    assert bench.error.remedy is Remedy.RETRY
    assert "RuntimeError: a fault" in caplog.text
    await reach(lambda: not bench.processes(), "the engine's end")
    bench.times.fault = None
    assert await bench.serving.start(bench.model())


async def test_a_fault_of_ours_before_there_is_a_process_is_told(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Machine:
        raise RuntimeError("a fault")

    serving = Serving(
        bench.paths, broken, lambda: bench.environment, bench.choices, bench.times, bench.connect, os.environ
    )
    assert not await serving.start(bench.model())
    assert serving.status.value.stage is EngineStage.FAILED
    assert "RuntimeError: a fault" in caplog.text


async def test_a_stop_that_meets_a_fault_of_ours_is_told_and_can_be_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_process: EngineProcess) -> StopReport:
        raise RuntimeError("a fault")

    await bench.serving.start(bench.model())
    with monkeypatch.context() as patched:
        patched.setattr(EngineProcess, "stop", broken)
        await bench.serving.stop()
    assert bench.status.stage is EngineStage.FAILED
    assert bench.error.title == "Something went wrong inside this program."
    assert await bench.serving.start(bench.model())
    assert await say(bench, "Are you there?")
