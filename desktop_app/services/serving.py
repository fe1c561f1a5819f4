"""The story of a running model: checked, started, watched, stopped.

Owns one `EngineStatus`. It is the only one that may start or stop the engine; it hands the endpoint of a ready engine
to whoever wants to talk to it. One verb at a time: a new one waits until the last has come to rest.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop_app.domain.engine import (
    EngineEnvironment,
    EngineStage,
    EngineStatus,
    LaunchPlan,
    ModelRef,
    StartPhase,
    StartProgress,
)
from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.domain.machine import Machine
from desktop_app.domain.observable import Observable
from desktop_app.domain.units import memory_words
from desktop_app.endpoint.client import Endpoint
from desktop_app.endpoint.probe import Readiness, readiness
from desktop_app.hub import local
from desktop_app.paths import Paths

# ruff: noqa: PLC0415 - what starts and ends an engine is imported where that is done: no window waits 15 ms for it
if TYPE_CHECKING:
    from desktop_app.engine.phases import PhaseReader
    from desktop_app.engine.process import EngineProcess, Exit, StopReport

_logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
"""Between two looks at whether a starting engine answers."""
_LOG_LINES = 2000


class StartTimes(Protocol):
    """Remembers how long starts took."""

    async def expected(self, model: ModelRef) -> float | None:
        """Seconds that the last start of *model* took; None when it was never started."""

    async def remember(self, model: ModelRef, seconds: float) -> None:
        """Keep how long this start took; raises UserError."""


@dataclass
class _Run:
    """One engine from spawn to end."""

    plan: LaunchPlan
    process: "EngineProcess"
    reader: "PhaseReader"
    ended: "asyncio.Task[Exit]"
    settled: asyncio.Event
    """Set when it is ready, or will never be."""
    endpoint: Endpoint | None = None
    follower: "asyncio.Task[None] | None" = None


class Serving:
    """Starts, watches and stops vLLM for one model at a time.

    Args:
        paths: where socket, log and record of the engine lie.
        machine: describes the computer; blocks.
        environment: the engine's environment; None while there is none.
        times: remembers how long starts took.
        outside: the environment that the program was started in.
    """

    def __init__(
        self,
        paths: Paths,
        machine: Callable[[], Machine],
        environment: Callable[[], EngineEnvironment | None],
        times: StartTimes,
        outside: Mapping[str, str],
    ) -> None:
        self._paths = paths
        self._machine = machine
        self._environment = environment
        self._times = times
        self._outside = outside
        self._run: _Run | None = None
        self._turn = asyncio.Lock()
        self.status = Observable(EngineStatus(EngineStage.STOPPED if environment() else EngineStage.NOT_INSTALLED))
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        """The last lines that the engine printed."""
        self.log_grew = Observable(0)
        """Counts the lines of the log since the program began."""

    @property
    def endpoint(self) -> Endpoint | None:
        """The way to the engine while it is ready."""
        return self._run.endpoint if self._run else None

    def refresh(self) -> None:
        """Look again whether there is an engine to start; called when one was installed, or taken away."""
        if self._run is None:
            self.status.set(EngineStatus(self._resting_stage(), self.status.value.model))

    def _resting_stage(self) -> EngineStage:
        return EngineStage.STOPPED if self._environment() else EngineStage.NOT_INSTALLED

    async def clean_up(self) -> int:
        """End what an earlier run of ours left behind; the number of processes ended."""
        from desktop_app.engine.leftovers import end_leftovers

        async with self._turn:
            return len(await end_leftovers(self._paths)) if self._run is None else 0

    async def choose(self, folder: Path) -> None:
        """Serve the model in *folder* instead of the present one.

        A folder that holds none is published as a failure; a model that starts or runs goes on doing so.
        """
        try:
            model = await asyncio.to_thread(local.inspect, folder)
        except UserError as error:
            status = self.status.value
            if status.stage in (EngineStage.STOPPED, EngineStage.FAILED):
                self._fail(ModelRef(local.model_name(folder), folder), error)
            else:
                self.status.set(replace(status, error=error))
            return
        await self.start(model)

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        status = self.status.value
        stage = self._resting_stage() if status.stage is EngineStage.FAILED else status.stage
        self.status.set(replace(status, stage=stage, error=None))

    def select(self, model: ModelRef) -> None:
        """Make *model* the one that Start will start; a running one is left alone."""
        if self.status.value.stage in (EngineStage.STOPPED, EngineStage.NOT_INSTALLED):
            self.status.set(replace(self.status.value, model=model))

    def select_folder(self, folder: Path) -> None:
        """The same for the model in *folder*; whether one is there is seen when it is started."""
        self.select(ModelRef(local.model_name(folder), folder))

    async def start(self, model: ModelRef) -> bool:
        """Start the engine with *model* and come back when it is ready, or not; the reason is published."""
        async with self._turn:
            run = self._run
            if run is None or run.plan.model != model or run.ended.done():
                await self._end_run()
                run = await self._begin(model)
        if run is None:
            return False
        await run.settled.wait()
        return run.endpoint is not None

    async def stop(self) -> None:
        """Stop the engine, whatever it is doing, and prove that it is gone."""
        async with self._turn:
            await self._end_run()

    async def _begin(self, model: ModelRef) -> _Run | None:
        environment = self._environment()
        if environment is None:
            self.status.set(EngineStatus(EngineStage.NOT_INSTALLED, model))
            return None
        self.status.set(EngineStatus(EngineStage.STARTING, model, StartProgress(StartPhase.LOADING_ENGINE)))
        try:
            run = self._run = await self._launch(model, environment)
        except Exception as error:  # noqa: BLE001 - told and logged: nothing may leave "Starting" standing
            self._fail(model, _start_failure(error))
            return None
        run.follower = asyncio.create_task(self._follow(run))
        return run

    async def _launch(self, model: ModelRef, environment: EngineEnvironment) -> _Run:
        from desktop_app.engine import launch
        from desktop_app.engine.leftovers import end_leftovers
        from desktop_app.engine.phases import PhaseReader
        from desktop_app.engine.process import EngineProcess

        await asyncio.to_thread(local.inspect, model.folder)
        machine = await asyncio.to_thread(self._machine)
        plan = launch.default_plan(model, environment, self._paths, machine)
        await end_leftovers(self._paths)
        self.log.clear()
        reader = PhaseReader()

        def hear(line: str) -> None:
            self.log.append(_readable(line))
            reader.feed(line)
            self.log_grew.set(self.log_grew.value + 1)

        surroundings = launch.process_environment(plan, self._paths, self._outside)
        process = await EngineProcess.start(launch.command(plan), surroundings, self._paths, hear)
        return _Run(plan, process, reader, asyncio.create_task(process.wait()), asyncio.Event())

    async def _follow(self, run: _Run) -> None:
        """From spawn to end; nothing that goes wrong on the way goes unsaid."""
        try:
            phase = await self._get_ready(run)
            await asyncio.wait([run.ended])
            await self._tell_end(run, phase)
        except Exception as error:  # noqa: BLE001 - told and logged: nothing may leave "Starting" or "Ready" standing
            failure = _start_failure(error)
            try:
                await self._release(run)
            except Exception as another:  # noqa: BLE001 - the same
                failure = _unexpected(another)
            self._run = None
            self._fail(run.plan.model, failure)
        finally:
            run.settled.set()

    async def _release(self, run: _Run) -> "StopReport":
        """End the process of *run*, whatever becomes of the connection to it."""
        try:
            await self._close_endpoint(run)
        except Exception:
            _logger.exception("The connection to the engine could not be closed")
        return await run.process.stop()

    async def _get_ready(self, run: _Run) -> StartPhase | None:
        """Wait until it is ready; otherwise gives the phase in which it ended."""
        model = run.plan.model
        began = time.monotonic()
        expected = await self._times.expected(model)
        phase: StartPhase | None = None
        while not run.ended.done():
            ready = await readiness(self._paths.socket, model.name)
            seconds = time.monotonic() - began
            if ready.ready:
                await self._become_ready(run, ready, seconds)
                return None
            progress = replace(run.reader.progress, seconds=float(int(seconds)), expected_seconds=expected)
            self._publish_progress(model, progress)
            if progress.phase is not phase:
                phase = progress.phase
                await run.process.refresh()
            await asyncio.wait([run.ended], timeout=_POLL_SECONDS)
        return run.reader.progress.phase

    async def _become_ready(self, run: _Run, ready: Readiness, seconds: float) -> None:
        model = run.plan.model
        await run.process.mark_ready()
        run.endpoint = Endpoint(self._paths.socket, model.name)
        await run.endpoint.warm_up()
        try:
            await self._times.remember(model, seconds)
        except UserError as error:
            _logger.warning("The time of this start is not remembered: %s", error.sentence())
        note = f"Ready after {seconds:.0f} s."
        told = self.status.value.error
        self.status.set(EngineStatus(EngineStage.READY, model, None, told, ready.context_tokens, note))
        run.settled.set()

    async def _tell_end(self, run: _Run, phase: StartPhase | None) -> None:
        """Nobody asked for this end: say why, in words. *phase* is None when the engine had been ready."""
        from desktop_app.engine import failures

        await self._close_endpoint(run)
        self._run = None
        error = failures.explain(run.ended.result().code, run.process.tail, run.plan, phase)
        self._fail(run.plan.model, error)

    async def _end_run(self) -> None:
        """Stop the present engine, if any, and publish the proof."""
        run = self._run
        if run is None:
            return
        model = run.plan.model
        self.status.set(EngineStatus(EngineStage.STOPPING, model, error=self.status.value.error))
        if run.follower is not None:
            run.follower.cancel()
            await asyncio.wait([run.follower])
        self._run = None
        try:
            report = await self._release(run)
        except Exception as error:  # noqa: BLE001 - told and logged: nothing may leave "Stopping" standing
            self._fail(model, _unexpected(error))
            return
        await asyncio.wait([run.ended])
        if report.survivors:
            pids = ", ".join(str(pid) for pid in report.survivors)
            reason = f"These processes are still there: {pids}."
            self._fail(model, EngineError("The engine could not be stopped completely.", reason, Remedy.SHOW_LOG))
            return
        freed = f" {memory_words(report.freed_bytes)} of memory are free again." if report.freed_bytes else ""
        told = self.status.value.error
        self.status.set(EngineStatus(EngineStage.STOPPED, model, error=told, note=f"Stopped.{freed}"))

    async def _close_endpoint(self, run: _Run) -> None:
        endpoint, run.endpoint = run.endpoint, None
        if endpoint is not None:
            await endpoint.close()

    def _publish_progress(self, model: ModelRef, progress: StartProgress) -> None:
        self.status.set(EngineStatus(EngineStage.STARTING, model, progress, self.status.value.error))

    def _fail(self, model: ModelRef, error: UserError) -> None:
        self.status.set(EngineStatus(EngineStage.FAILED, model, error=error))


def _start_failure(error: Exception) -> UserError:
    if isinstance(error, UserError):
        return error
    if isinstance(error, OSError):
        return EngineError("The engine could not be started.", f"{error}.", Remedy.RETRY)
    return _unexpected(error)


def _unexpected(error: Exception) -> UserError:
    """A fault of ours, for people; for us it is logged."""
    _logger.error("Serving met a fault", exc_info=error)
    return EngineError("Something went wrong inside this program.", "Its log says more.", Remedy.RETRY)


def _readable(line: str) -> str:
    """A line of the log as people read it: level and message, whatever form it was printed in."""
    from desktop_app.engine.phases import read_record

    record = read_record(line)
    return f"{record.level:<8}{record.message}" if record.level else record.message
