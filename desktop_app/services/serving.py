"""The story of running models: which of them run, which one is talked to, and whether there is room for another.

Owns the engines, one for each model that was started, and says which of them is the current one. It is the only one
that may start or stop an engine; it hands the endpoint of a ready one to whoever wants to talk to it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import EngineError, Fix, Remedy, UserError
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import LaunchPlan, ModelRef, ModelSettings
from desktop_app.domain.machine import Machine
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.domain.observable import Observable
from desktop_app.endpoint.client import Endpoint
from desktop_app.hub import local
from desktop_app.paths import Paths
from desktop_app.services.admission import admit
from desktop_app.services.engine_readings import EngineReading, read_engines
from desktop_app.services.local_engine import LocalEngine
from desktop_app.services.remote_engine import RemoteEngine
from desktop_app.services.workshop import Foreseen, Starts, Workshop

if TYPE_CHECKING:
    from desktop_app.engine.flags import FlagTable
    from desktop_app.services.engine_log import EngineLog

_TRIAL_KEY = "0" * 10
"""Of the engine that is only tried."""


class Preferences(Protocol):
    """What a person chose for models; `services.model_settings.ModelSettingsService` is one."""

    def settings_of(self, model: ModelRef) -> ModelSettings:
        """The settings of *model*."""

    async def flag_table(self, environment: EngineEnvironment) -> "FlagTable | None":
        """What the installed engine knows; None when it cannot be asked."""

    async def apply_fix(self, model: ModelRef, fix: Fix) -> None:
        """Change the settings of *model* as *fix* says; raises UserError."""


Engine = LocalEngine | RemoteEngine


class Serving:
    """Starts, watches and stops engines, one for each model.

    Args:
        paths: where sockets, logs and records of the engines lie.
        machine: describes the computer; blocks.
        environment: the engine's environment; None while there is none.
        preferences: what people chose for their models.
        starts: remembers what starts took.
        connect: opens the way to a model of a server elsewhere; raises UserError.
        outside: the environment that the program was started in.
    """

    def __init__(
        self,
        paths: Paths,
        machine: Callable[[], Machine],
        environment: Callable[[], EngineEnvironment | None],
        preferences: Preferences,
        starts: Starts,
        connect: Callable[[ModelRef], Awaitable[Endpoint]],
        outside: Mapping[str, str],
    ) -> None:
        self._paths = paths
        self._environment = environment
        self._preferences = preferences
        self._connect = connect
        self._workshop = Workshop(
            paths,
            machine,
            environment,
            preferences.settings_of,
            starts,
            outside,
            self.taken_bytes,
            self._admit,
            preferences.flag_table,
        )
        self._engines: dict[str, Engine] = {}
        self._current = ""
        resting = EngineStage.STOPPED if environment() else EngineStage.NOT_INSTALLED
        self.status = Observable(EngineStatus(resting))
        """The current engine: the one that is talked to, or that Start would start."""
        self.engines: Observable[tuple[EngineStatus, ...]] = Observable(())
        """Every engine that starts, runs, stops or has failed, the one started first in front."""

    @property
    def endpoint(self) -> Endpoint | None:
        """The way to the current engine while it is ready."""
        return self.endpoint_of(self._current)

    def endpoint_of(self, key: str) -> Endpoint | None:
        """The way to an engine while it is ready."""
        engine = self._engines.get(key)
        return engine.endpoint if engine else None

    def log_of(self, key: str) -> "EngineLog | None":
        """What an engine printed; None for a server elsewhere, and for what was never started."""
        engine = self._engines.get(key)
        return engine.log if isinstance(engine, LocalEngine) else None

    def plan_of(self, key: str) -> LaunchPlan | None:
        """How a running engine was started."""
        engine = self._engines.get(key)
        return engine.plan if isinstance(engine, LocalEngine) else None

    def commands(self) -> dict[str, tuple[list[str], dict[str, str]]]:
        """The command line and the variables of every engine of ours that runs, by the model's name."""
        from desktop_app.engine import launch  # noqa: PLC0415 - no window waits 15 ms for it

        shop = self._workshop
        plans = [plan for key in self._engines if (plan := self.plan_of(key)) is not None]
        return {
            plan.model.name: launch.as_process(plan, shop.paths, shop.paths.engine(plan.model.key), shop.outside)
            for plan in plans
        }

    def settings(self) -> dict[str, ModelSettings]:
        """What was chosen for every model that was served or selected, by its name."""
        engines = [engine for engine in self._engines.values() if isinstance(engine, LocalEngine)]
        return {engine.model.name: self._preferences.settings_of(engine.model) for engine in engines}

    def settings_of_run(self, key: str) -> ModelSettings | None:
        """With which settings a running engine was started."""
        engine = self._engines.get(key)
        return engine.settings if isinstance(engine, LocalEngine) else None

    def uses(self, environment: EngineEnvironment) -> bool:
        """Whether an engine runs from *environment*."""
        plans = (self.plan_of(key) for key in self._engines)
        return any(plan is not None and plan.environment.python == environment.python for plan in plans)

    def taken_bytes(self, key: str) -> int:
        """Memory that is promised to engines of ours other than *key*, as far as they run."""
        plans = [self.plan_of(other) for other in self._engines if other != key]
        return sum(plan.memory_bytes for plan in plans if plan is not None)

    def own_bytes(self, key: str) -> int:
        """Memory that is promised to the engine *key*, if it runs."""
        plan = self.plan_of(key)
        return plan.memory_bytes if plan is not None else 0

    def refresh(self) -> None:
        """Look again whether there is an engine to start; called when one was installed, or taken away."""
        for engine in self._engines.values():
            engine.refresh()
        if not self._current:
            resting = EngineStage.STOPPED if self._environment() else EngineStage.NOT_INSTALLED
            self.status.set(EngineStatus(resting))

    async def clean_up(self) -> int:
        """End what an earlier run of ours left behind; the number of processes ended."""
        from desktop_app.engine.leftovers import end_leftovers  # noqa: PLC0415 - no window waits 15 ms for it

        return len(await end_leftovers(self._paths))

    async def choose(self, folder: Path) -> None:
        """Start the model in *folder*; a folder that holds none is published as a failure."""
        try:
            model = await asyncio.to_thread(local.inspect, folder)
        except UserError as error:
            current = self._engines.get(self._current)
            if current is None or not current.status.value.active:
                current = self._make_current(ModelRef(local.model_name(folder), folder))
            current.fail(error)
            return
        await self.start(model)

    def dismiss_error(self) -> None:
        """The person has read what failed with the current engine."""
        if engine := self._engines.get(self._current):
            engine.dismiss_error()

    def select(self, model: ModelRef) -> None:
        """Make *model* the one that is talked to, or that Start will start; what runs goes on running."""
        self._make_current(model)

    def select_folder(self, folder: Path) -> None:
        """The same for the model in *folder*; whether one is there is seen when it is started."""
        self.select(ModelRef(local.model_name(folder), folder))

    def switch(self, key: str) -> None:
        """Talk to another engine that is there."""
        if engine := self._engines.get(key):
            self._make_current(engine.model)

    async def start(self, model: ModelRef, settings: ModelSettings | None = None) -> bool:
        """Start *model* beside what runs, and talk to it; True when it is ready. The reason of a failure is published.

        Where memory does not allow it the failure says what must be stopped first, and `mend()` does that.

        Args:
            model: on this computer, or of a server elsewhere.
            settings: instead of what the person chose for the model, as long as the program runs.
        """
        self._make_current(model)
        return await self.start_beside(model, settings)

    async def start_beside(self, model: ModelRef, settings: ModelSettings | None = None) -> bool:
        """The same, but whom one talks to stays who it is."""
        engine = self._engine_of(model)
        return await engine.start(settings) if isinstance(engine, LocalEngine) else await engine.start()

    def status_of(self, model: ModelRef) -> Observable[EngineStatus]:
        """What there is to say about the engine of *model*, whether it runs or not."""
        return self._engine_of(model).status

    def chosen(self, model: ModelRef) -> ModelSettings:
        """With which settings the next start of *model* begins."""
        engine = self._engines.get(model.key)
        return engine.chosen if isinstance(engine, LocalEngine) else self._preferences.settings_of(model)

    async def memory_of(self, key: str) -> int:
        """What a running engine takes, measured now: see `LocalEngine.memory_bytes`; 0 for a server elsewhere."""
        engine = self._engines.get(key)
        return await engine.memory_bytes() if isinstance(engine, LocalEngine) else 0

    async def foresee(self, model: ModelRef, settings: ModelSettings, machine: Machine) -> Foreseen | None:
        """How *model* would be started on *machine*, and what that would take; None while there is no engine."""
        return await asyncio.to_thread(self._workshop.foresee, model, settings, machine)

    async def ready(self, model: ModelRef) -> Endpoint:
        """The way to *model*, which is started if it must be; what leaves it no room is stopped first.

        Raises:
            UserError: it did not start.
        """
        self.select(model)
        if self.endpoint is None and not await self.start(model):
            error = self.status.value.error
            if error is not None and error.fix is not None and error.fix.stop and not error.fix.flags:
                await self.mend()
        endpoint = self.endpoint_of(model.key)
        if endpoint is None:
            raise self.status.value.error or EngineError(f"{model.name} did not start.", remedy=Remedy.RETRY)
        return endpoint

    async def stop(self, key: str = "") -> None:
        """Stop an engine, the current one by default, and prove that it is gone."""
        if engine := self._engines.get(key or self._current):
            await engine.stop()

    async def stop_all(self) -> None:
        """Stop every engine."""
        await asyncio.gather(*(engine.stop() for engine in self._engines.values()))

    async def restart(self, key: str = "") -> bool:
        """Stop an engine and start it again, with the settings of now."""
        engine = self._engines.get(key or self._current)
        if engine is None:
            return False
        await engine.stop()
        return await engine.start()

    async def mend(self) -> bool:
        """Do what the current failure's fix says, and start again; True when it is ready."""
        engine = self._engines.get(self._current)
        error = engine.status.value.error if engine else None
        if engine is None or error is None or error.fix is None:
            return False
        for key in error.fix.stop:
            await self.stop(key)
        if error.fix.flags:
            try:
                await self._preferences.apply_fix(engine.model, error.fix)
            except UserError as failure:
                engine.fail(failure)
                return False
        return await engine.start()

    def engine_pids(self) -> tuple[int, ...]:
        """The first process of every engine of ours that runs; all others of it descend from that."""
        engines = (engine for engine in self._engines.values() if isinstance(engine, LocalEngine))
        return tuple(pid for engine in engines if (pid := engine.pid) is not None)

    def ready_engines(self) -> tuple[tuple[ModelRef, Endpoint], ...]:
        """Engines of ours that are ready, and the server elsewhere that one talks to, each with the way to it."""
        return tuple(
            (engine.model, engine.endpoint)
            for key, engine in self._engines.items()
            if engine.endpoint is not None and (isinstance(engine, LocalEngine) or key == self._current)
        )

    async def readings(self) -> tuple[EngineReading, ...]:
        """What each of `ready_engines()` says of itself."""
        return await read_engines(self.ready_engines())

    async def counts(self) -> dict[str, EngineMetrics]:
        """What each ready engine of ours has done so far, by its key."""
        ours = (one for one in self.ready_engines() if not one[0].address)
        return {one.key: one.metrics for one in await read_engines(ours) if one.metrics is not None}

    def freed_bytes(self, key: str) -> int:
        """What the last stop of an engine of ours gave back of the computer's memory; 0 when that is not known."""
        engine = self._engines.get(key)
        return engine.freed_bytes if isinstance(engine, LocalEngine) else 0

    async def unload(self, key: str) -> None:
        """Stop an engine that nobody uses, and say so."""
        if engine := self._engines.get(key):
            await engine.stop("Stopped, since nobody asked it anything.")

    async def try_environment(self, environment: EngineEnvironment, model: ModelRef) -> None:
        """Start *model* on *environment*, beside what runs, and stop it; raises UserError when it does not start."""
        shop = replace(self._workshop, environment=lambda: environment, admit=lambda _plan, _machine: None)
        engine = LocalEngine(model, shop, key=_TRIAL_KEY)
        try:
            if not await engine.start(ModelSettings()):
                raise engine.status.value.error or EngineError("The new engine did not start.", remedy=Remedy.RETRY)
        finally:
            await engine.stop()

    def _engine_of(self, model: ModelRef) -> Engine:
        engine = self._engines.get(model.key)
        if engine is None:
            engine = RemoteEngine(model, self._connect) if model.address else LocalEngine(model, self._workshop)
            self._engines[model.key] = engine
            engine.status.watch(lambda _status: self._publish())
        return engine

    def _make_current(self, model: ModelRef) -> Engine:
        engine = self._engine_of(model)
        self._current = model.key
        self._publish()
        return engine

    def _publish(self) -> None:
        current = self._engines.get(self._current)
        if current is not None:
            self.status.set(current.status.value)
        shown = (EngineStage.STARTING, EngineStage.READY, EngineStage.STOPPING, EngineStage.FAILED)
        self.engines.set(tuple(one.status.value for one in self._engines.values() if one.status.value.stage in shown))

    def _admit(self, plan: LaunchPlan, machine: Machine) -> None:
        """Raise UserError when *plan* has no room beside the engines that run."""
        engines = (one for one in self._engines.values() if isinstance(one, LocalEngine))
        admit(plan, machine, [one for one in engines if one.model.key != plan.model.key])
