"""The engine of one model on this computer: checked, started, watched, stopped, and started again.

Owns one `EngineStatus`, the log and the connection. `services/serving` makes one for every model that is served, and
is the only one that calls its verbs. One verb at a time: a new one waits until the last has come to rest.
"""

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop_app.domain.engine import EngineStage, EngineStatus, StartPhase, StartProgress
from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.domain.flags import read_size
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import LaunchPlan, ModelRef, ModelSettings
from desktop_app.domain.machine import Machine
from desktop_app.domain.observable import Observable
from desktop_app.domain.start_clock import StartClock, StartKind
from desktop_app.domain.units import memory_words
from desktop_app.endpoint.client import Endpoint
from desktop_app.endpoint.probe import Readiness, readiness
from desktop_app.hub import local
from desktop_app.services.engine_run import EngineRun
from desktop_app.services.workshop import Workshop, start_failure, taken, unexpected

# ruff: noqa: PLC0415 - what starts and ends an engine is imported where that is done: no window waits 15 ms for it
if TYPE_CHECKING:
    from desktop_app.engine.process import StopReport
    from desktop_app.services.engine_log import EngineLog

_logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
"""Between two looks at whether a starting engine answers."""


class LocalEngine:
    """vLLM for one model.

    Args:
        model: what it serves.
        workshop: what it is started with.
        key: instead of the model's, where the same model may run a second time.
    """

    def __init__(self, model: ModelRef, workshop: Workshop, key: str = "") -> None:
        self.model = model
        self._workshop = workshop
        self._places = workshop.paths.engine(key or model.key)
        self._settings: ModelSettings | None = None
        self._run: EngineRun | None = None
        self._launching: asyncio.Task[EngineRun] | None = None
        self._unclean = False
        """Whether the last stop could not prove that nothing is left."""
        self._turn = asyncio.Lock()
        self.freed_bytes = 0
        """What its last stop gave back of the computer's memory; 0 when it ended otherwise, or that is not known."""
        self.log: EngineLog | None = None
        """What it printed since it was last started; None before the first time."""
        self.status = Observable(EngineStatus(self._resting_stage(), model))

    @property
    def endpoint(self) -> Endpoint | None:
        """The way to the engine while it is ready."""
        return self._run.endpoint if self._run else None

    @property
    def plan(self) -> LaunchPlan | None:
        """How it was started; None while nothing runs."""
        return self._run.plan if self._run else None

    @property
    def pid(self) -> int | None:
        """Its first process, of which all others descend; None while nothing runs."""
        return self._run.process.pid if self._run else None

    @property
    def settings(self) -> ModelSettings | None:
        """With which settings it was started; None while nothing runs."""
        return self._run.settings if self._run else None

    @property
    def chosen(self) -> ModelSettings:
        """With which settings the next start begins."""
        return self._settings or self._workshop.settings_of(self.model)

    async def memory_bytes(self) -> int:
        """What it takes now (see `workshop.taken`); 0 while it does not run."""
        return await taken(self._run.plan, self._run.process) if self._run else 0

    def refresh(self) -> None:
        """Look again whether there is an engine to start; called when one was installed, or taken away."""
        if self._run is None:
            self.status.set(EngineStatus(self._resting_stage(), self.model))

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        status = self.status.value
        stage = self._resting_stage() if status.stage is EngineStage.FAILED else status.stage
        self.status.set(replace(status, stage=stage, error=None))

    def fail(self, error: UserError) -> None:
        """Publish what is wrong with this model; one that starts or runs goes on doing so."""
        idle = self._run is None and self._launching is None
        if idle and self._workshop.environment() is not None:
            self._fail(error)
        else:
            self.status.set(replace(self.status.value, error=error))

    async def start(self, settings: ModelSettings | None = None) -> bool:
        """Start it and come back when it is ready, or not; the reason is published.

        Args:
            settings: instead of what the person chose, from now on.
        """
        async with self._turn:
            run = self._run
            if run is None or run.ended.done():
                await self._end_run()
                self._settings = settings or self._settings
                run = await self._begin(may_repeat=True)
        if run is None:
            return False
        await run.settled.wait()
        return self.endpoint is not None

    async def stop(self, why: str = "") -> None:
        """Stop it, whatever it is doing, and prove that it is gone; *why* is told with the figure."""
        if self._launching is not None:
            self._launching.cancel()
        async with self._turn:
            await self._end_run(why)

    def _resting_stage(self) -> EngineStage:
        return EngineStage.STOPPED if self._workshop.environment() else EngineStage.NOT_INSTALLED

    async def _begin(self, may_repeat: bool, note: str = "") -> EngineRun | None:
        environment = self._workshop.environment()
        if environment is None:
            self.status.set(EngineStatus(EngineStage.NOT_INSTALLED, self.model))
            return None
        progress = StartProgress(StartPhase.LOADING_ENGINE)
        self.freed_bytes = 0
        self.status.set(self._starting(progress, environment, note))
        launching = self._launching = asyncio.create_task(self._launch(environment, may_repeat))
        try:
            await asyncio.wait([launching])
        except asyncio.CancelledError:
            # Whoever waited is gone, and nobody else knows of the process that may have been started meanwhile.
            launching.cancel()
            await asyncio.wait([launching])
            if not launching.cancelled() and launching.exception() is None:
                await launching.result().process.stop()
            self.status.set(EngineStatus(self._resting_stage(), self.model))
            raise
        finally:
            self._launching = None
        if launching.cancelled():
            self.status.set(EngineStatus(self._resting_stage(), self.model, note="Stopped."))
            return None
        if (error := launching.exception()) is not None:
            # Told and logged, whatever it is: nothing may leave "Starting" standing.
            self._fail(start_failure(error))
            return None
        run = self._run = launching.result()
        run.follower = asyncio.create_task(self._follow(run))
        return run

    def _starting(self, progress: StartProgress, environment: EngineEnvironment, note: str = "") -> EngineStatus:
        return EngineStatus(EngineStage.STARTING, self.model, progress, note=note, engine=f"vLLM {environment.version}")

    async def _launch(self, environment: EngineEnvironment, may_repeat: bool) -> EngineRun:
        from desktop_app.engine import launch, preflight
        from desktop_app.engine.leftovers import end_leftover, end_leftovers
        from desktop_app.engine.measured import FigureReader
        from desktop_app.engine.phases import PhaseReader, expected_phases
        from desktop_app.engine.process import EngineProcess
        from desktop_app.services.engine_log import EngineLog

        shop = self._workshop
        await asyncio.to_thread(local.inspect, self.model.folder)
        await end_leftovers(shop.paths)
        if self._unclean:
            await asyncio.to_thread(end_leftover, self._places)
            self._unclean = False
        machine = await asyncio.to_thread(shop.machine)
        settings, plan = await asyncio.to_thread(self._plan, environment, machine)
        shop.admit(plan, machine)
        table = await shop.flag_table(environment)
        await asyncio.to_thread(preflight.check, plan, table, machine)
        log = self.log = self.log or EngineLog()
        log.clear()
        phases = expected_phases(plan)
        reader, figures = PhaseReader(phases), FigureReader(read_size(plan.get("--kv-cache-memory-bytes")) or 0)
        expected = shop.starts.expectation(StartKind.of(plan))
        clock = StartClock(expected, phases, time.monotonic())

        def hear(lines: list[str]) -> None:
            log.feed(lines)
            if self.endpoint is None:
                for line in lines:
                    reader.feed(line)
                    figures.feed(line)
                clock.hear(reader.progress, reader.heard, time.monotonic())

        argv, variables = launch.as_process(plan, shop.paths, self._places, shop.outside)
        # A container has no network at all; cutting off the program that runs it would only break that.
        contained = bool(environment.image)
        process = await EngineProcess.start(argv, variables, self._places, shop.paths, hear, needs_network=contained)
        ended = asyncio.create_task(process.wait())
        return EngineRun(plan, settings, process, reader, figures, clock, ended, asyncio.Event(), may_repeat)

    def _plan(self, environment: EngineEnvironment, machine: Machine) -> tuple[ModelSettings, LaunchPlan]:
        """What to start with; reads small files of the model."""
        from desktop_app.engine import launch

        shop = self._workshop
        settings = self.chosen
        taken = shop.taken_bytes(self.model.key)
        return settings, launch.plan(self.model, environment, self._places, machine, settings, taken)

    async def _follow(self, run: EngineRun) -> None:
        """From spawn to end; nothing that goes wrong on the way goes unsaid."""
        try:
            phase = await self._get_ready(run)
            await asyncio.wait([run.ended])
            await self._tell_end(run, phase)
        except Exception as error:  # noqa: BLE001 - told and logged: nothing may leave "Starting" or "Ready" standing
            failure = start_failure(error)
            try:
                await self._release(run)
            except Exception as another:  # noqa: BLE001 - the same
                failure = unexpected(another)
            self._run = None
            self._fail(failure)
        finally:
            run.settled.set()

    async def _release(self, run: EngineRun) -> "StopReport":
        """End the process of *run*, whatever becomes of the connection to it."""
        try:
            await self._close_endpoint(run)
        except Exception:
            _logger.exception("The connection to the engine could not be closed")
        return await run.process.stop()

    async def _get_ready(self, run: EngineRun) -> StartPhase | None:
        """Wait until it is ready; otherwise gives the phase in which it ended."""
        phase: StartPhase | None = None
        while not run.ended.done():
            ready = await readiness(self._places.socket, self.model.name)
            if ready.ready:
                await self._become_ready(run, ready)
                return None
            progress = run.clock.at(time.monotonic())
            self.status.set(replace(self.status.value, progress=progress))
            if progress.phase is not phase:
                phase = progress.phase
                await run.process.refresh()
            await asyncio.wait([run.ended], timeout=_POLL_SECONDS)
        return run.reader.progress.phase

    async def _become_ready(self, run: EngineRun, ready: Readiness) -> None:
        record = run.clock.finished(StartKind.of(run.plan), time.monotonic())
        await run.process.mark_ready()
        endpoint = Endpoint(self._places.socket, self.model.name, context_tokens=ready.context_tokens)
        await endpoint.warm_up()
        run.endpoint = endpoint
        memory = await run.process.memory_bytes()
        try:
            await self._workshop.starts.remember(run.plan, record, run.figures.measured(memory))
        except UserError as error:
            _logger.warning("What this start took is not remembered: %s", error.sentence())
        self.status.set(
            EngineStatus(
                EngineStage.READY,
                self.model,
                error=self.status.value.error,
                context_tokens=ready.context_tokens,
                note=f"Ready after {record.total:.0f} s.",
                engine=f"vLLM {run.plan.environment.version}",
                memory_bytes=memory,
            )
        )
        run.settled.set()

    async def _tell_end(self, run: EngineRun, phase: StartPhase | None) -> None:
        """Nobody asked for this end: say why, in words. *phase* is None when the engine had been ready."""
        from desktop_app.engine import failures

        await self._close_endpoint(run)
        machine = await asyncio.to_thread(self._workshop.machine)
        error = failures.explain(run.ended.result().code, run.process.tail, run.plan, phase, machine)
        if not (error.transient and run.may_repeat and phase is not None):
            self._run = None
            self._fail(error)
            return
        # A Stop that comes first takes the turn, and cancels this.
        async with self._turn:
            again = await self._begin(may_repeat=False, note=f"{error.title} Trying once more.")
        if again is not None:
            await again.settled.wait()

    async def _end_run(self, why: str = "") -> None:
        """Stop the present process, if any, and publish the proof."""
        run = self._run
        if run is None:
            return
        self.status.set(EngineStatus(EngineStage.STOPPING, self.model, error=self.status.value.error))
        if run.follower is not None:
            run.follower.cancel()
            await asyncio.wait([run.follower])
        self._run = None
        try:
            report = await self._release(run)
        except Exception as error:  # noqa: BLE001 - told and logged: nothing may leave "Stopping" standing
            self._unclean = True
            self._fail(unexpected(error))
            return
        await asyncio.wait([run.ended])
        self._unclean = bool(report.survivors)
        if report.survivors:
            pids = ", ".join(str(pid) for pid in report.survivors)
            reason = f"These processes are still there: {pids}."
            self._fail(EngineError("The engine could not be stopped completely.", reason, Remedy.SHOW_LOG))
            return
        self.freed_bytes = report.freed_bytes
        freed = f" {memory_words(report.freed_bytes)} of memory are free again." if report.freed_bytes else ""
        note = f"{why or 'Stopped.'}{freed}"
        self.status.set(EngineStatus(self._resting_stage(), self.model, error=self.status.value.error, note=note))

    async def _close_endpoint(self, run: EngineRun) -> None:
        endpoint, run.endpoint = run.endpoint, None
        if endpoint is not None:
            await endpoint.close()

    def _fail(self, error: UserError) -> None:
        self.status.set(EngineStatus(EngineStage.FAILED, self.model, error=error))
