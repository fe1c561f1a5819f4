"""The engines of an experiment: what they would take, started for it, watched, and stopped again.

`experiment_plan.py` decides with what `look()` says; `experiment_course.py` holds engines batch by batch. Everything is
done through `serving`, so that engines of experiments are seen, and can be stopped, like any other.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.domain.experiment import Column, Provenance
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import LaunchPlan, ModelRef, ModelSettings
from desktop_app.domain.machine import Machine
from desktop_app.endpoint.client import Endpoint
from desktop_app.services.experiment_plan import Demand, Outlook, Room, Seat
from desktop_app.services.provenance import Provenances
from desktop_app.services.serving import Serving
from desktop_app.services.tasks import Tasks
from desktop_app.services.workshop import Foreseen

_END_SECONDS = 20.0
"""How long an engine that does not answer any more may take to be found dead, with all its processes."""
_RESTING = (EngineStage.STOPPED, EngineStage.FAILED, EngineStage.NOT_INSTALLED)
_WORDS_LENGTH = 60


@dataclass(frozen=True)
class Held:
    """An engine that is ready to be asked."""

    model: ModelRef
    endpoint: Endpoint
    provenance: Provenance


class ExperimentEngines:
    """Starts and stops engines for experiments.

    Args:
        serving: has all engines.
        provenances: says where answers come from.
        machine: describes the computer; blocks.
        tasks: runs what goes on meanwhile.
    """

    def __init__(
        self, serving: Serving, provenances: Provenances, machine: Callable[[], Machine], tasks: Tasks
    ) -> None:
        self._serving = serving
        self._provenances = provenances
        self._machine = machine
        self._tasks = tasks
        self._ours: dict[str, bool] = {}
        """Engines that we started and that run; whether a person talked to them before."""
        self._held: dict[str, Held] = {}
        """Engines as they were when they became ready: what they came from is found out once for each start."""

    async def look(self, columns: Sequence[Column], limit: int) -> Outlook:
        """What *columns* need and what there is; nothing is started. *limit* is in bytes, 0 for none."""
        by_key = {column.engine_key: column for column in columns}
        plans = {plan.model.key: plan for plan in self._plans()}
        running = {key for key, column in by_key.items() if self._runs(column)}
        stale = tuple(key for key in by_key if key in plans and key not in running)
        others = tuple(_seat(plan) for key, plan in plans.items() if key not in by_key)
        kinds = [plan.environment.kind for plan in plans.values()]
        starts: dict[str, Foreseen] = {}
        machine: Machine | None = None
        if any(key not in running and not column.model.address for key, column in by_key.items()):
            machine = self._cleared(await asyncio.to_thread(self._machine))
            starts = await self._foreseen([by_key[key] for key in by_key if key not in running], machine)
            kinds = [one.plan.environment.kind for one in starts.values()] or kinds
        demands = []
        for key, column in by_key.items():
            start = starts.get(key)
            plan = plans.get(key) if key in running else start.plan if start else None
            seat = _seat(plan) if plan else Seat(key, engine_of(column).name)
            known = key in running or bool(column.model.address)
            seconds = 0.0 if known else start.seconds if start else None
            shared = tuple(one.id for one in columns if one.engine_key == key)
            demands.append(Demand(seat, shared, key in running, seconds, known or start is not None))
        room = Room(_pools(machine, kinds[0] if kinds else None) if machine else (), limit)
        return Outlook(tuple(demands), others, stale, room)

    async def hold(
        self, column: Column, ended: asyncio.Event, watcher: Callable[[EngineStatus], None]
    ) -> Held | UserError | None:
        """The engine that *column* needs, ready; it is started if it must be.

        Args:
            column: one of those that it answers for.
            ended: set when nobody wants it any more; what was begun is undone then.
            watcher: told what it does meanwhile.

        Returns:
            It; why it did not start; or None when nobody wants it any more.
        """
        model = engine_of(column)
        holding = self._tasks.start(_guarded(self._hold(model, column)), name="start an engine")
        waiting = self._tasks.start(ended.wait(), name="wait for the end of a run")
        unwatch = self._serving.status_of(model).watch(watcher)
        try:
            await asyncio.wait({holding, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            unwatch()
            waiting.cancel()
        if not holding.done():
            holding.cancel()
            await asyncio.wait({holding})
            if model.key in self._ours:
                await self.stop([model.key])
        return None if holding.cancelled() else holding.result()

    async def loss(self, held: Held) -> str:
        """Why *held* cannot be asked any more, in a sentence; empty while it can. Asked when an answer went wrong."""
        if self._ready(held):
            try:
                await held.endpoint.version()
            except UserError as error:
                silence = error.sentence()
            else:
                return ""
            # What killed it is found out in a moment.
            if held.model.address or not await self._ends(held):
                return silence
        await self._ends(held)
        failure = self._serving.status_of(held.model).value.error
        return failure.sentence() if failure else f"{held.model.name} was stopped before it could answer."

    async def memory_of(self, held: Held) -> int:
        """What the engine takes now, in bytes; 0 when that is not known."""
        return await self._serving.memory_of(held.model.key)

    async def stop(self, keys: Iterable[str]) -> None:
        """Stop these engines, whoever started them."""
        for key in keys:
            self._ours.pop(key, None)
            await self._serving.stop(key)

    async def release(self, but: Collection[str] = ()) -> None:
        """Stop every engine that we started, except *but* and those that are a person's by now.

        It is hers when she has begun to talk to it, and when she has started it anew after it had ended.
        """
        current = self._serving.status.value.key
        for key, was_current in list(self._ours.items()):
            if key in but:
                continue
            held = self._held.get(key)
            if (key == current and not was_current) or (held is not None and not self._ready(held)):
                del self._ours[key]
            else:
                await self.stop([key])

    async def _hold(self, model: ModelRef, column: Column) -> Held:
        known = self._held.get(model.key)
        if known is not None and self._ready(known):
            return known
        if model.address:
            return await self._connect(model)
        _refuse_options(column)
        hashing = self._tasks.start(self._provenances.files(model), name="hash the model's files")
        try:
            plan, endpoint = await self._start(model, self._settings(column) if column.flags else None)
            await asyncio.wait({hashing})
            files = () if hashing.cancelled() else hashing.result()
            held = Held(model, endpoint, await self._provenances.of_engine(column.model, plan, files))
        finally:
            hashing.cancel()
        self._held[model.key] = held
        return held

    async def _start(self, model: ModelRef, settings: ModelSettings | None) -> tuple[LaunchPlan, Endpoint]:
        key, status = model.key, self._serving.status_of(model)
        if self._serving.plan_of(key) is None and status.value.stage is not EngineStage.STARTING:
            self._begin(key)
        ready = await self._serving.start_beside(model, settings)
        plan, endpoint = self._serving.plan_of(key), self._serving.endpoint_of(key)
        if ready and plan is not None and endpoint is not None:
            return plan, endpoint
        self._ours.pop(key, None)
        if status.value.stage is EngineStage.NOT_INSTALLED:
            raise EngineError("No engine is installed.", "Models on this computer need one.", Remedy.INSTALL)
        raise status.value.error or EngineError(f"{model.name} did not start.", remedy=Remedy.RETRY)

    def _begin(self, key: str) -> None:
        """It is us who start this engine."""
        self._ours[key] = self._serving.status.value.key == key
        self._held.pop(key, None)

    async def _connect(self, model: ModelRef) -> Held:
        if self._serving.endpoint_of(model.key) is None:
            self._begin(model.key)
        ready = await self._serving.start_beside(model)
        endpoint = self._serving.endpoint_of(model.key)
        if not ready or endpoint is None:
            self._ours.pop(model.key, None)
            error = self._serving.status_of(model).value.error
            raise error or EngineError(f"{model.name} could not be reached.", remedy=Remedy.RETRY)
        held = Held(model, endpoint, await self._provenances.of_server(model, await endpoint.version()))
        self._held[model.key] = held
        return held

    def _ready(self, held: Held) -> bool:
        return self._serving.endpoint_of(held.model.key) is held.endpoint

    async def _ends(self, held: Held) -> bool:
        """Whether the engine comes to rest before long."""
        rests = asyncio.Event()

        def look(status: EngineStatus) -> None:
            if status.stage in _RESTING:
                rests.set()

        unwatch = self._serving.status_of(held.model).watch(look)
        try:
            await asyncio.wait_for(rests.wait(), _END_SECONDS)
        except TimeoutError:
            return False
        finally:
            unwatch()
        return True

    def _runs(self, column: Column) -> bool:
        """Whether the engine of *column* runs as it is wanted."""
        key = column.engine_key
        if column.model.address:
            return self._serving.endpoint_of(key) is not None
        return self._serving.plan_of(key) is not None and self._serving.settings_of_run(key) == self._settings(column)

    async def _foreseen(self, columns: Iterable[Column], machine: Machine) -> dict[str, Foreseen]:
        """What starts of the engines of *columns* on this computer would be, by key."""
        found: dict[str, Foreseen] = {}
        for column in columns:
            if not column.model.address:
                start = await self._serving.foresee(engine_of(column), self._settings(column), machine)
                found |= {column.engine_key: start} if start else {}
        return found

    def _settings(self, column: Column) -> ModelSettings:
        """With what the engine of *column* is to be started."""
        return self._serving.chosen(column.model).with_flags(column.flags)

    def _plans(self) -> list[LaunchPlan]:
        """How the engines on this computer that start or run were started."""
        found = (self._serving.plan_of(status.key) for status in self._serving.engines.value)
        return [plan for plan in found if plan is not None]

    def _cleared(self, machine: Machine) -> Machine:
        """*machine* as if no engine of ours ran. What one that still starts will take is not missing yet."""
        free, cards = machine.available_bytes, list(machine.gpus)
        for plan in self._plans():
            if self._serving.endpoint_of(plan.model.key) is None:
                continue
            if plan.environment.kind is EngineKind.CPU:
                free += plan.memory_bytes if free else 0
            for place in range(plan.fullest, min(plan.fullest + _seat(plan).cards, len(cards))):
                if plan.environment.kind is EngineKind.CUDA:
                    card = cards[place]
                    back = min(card.total_bytes, card.free_bytes + plan.memory_bytes)
                    cards[place] = replace(card, free_bytes=back)
        return replace(machine, available_bytes=min(free, machine.memory_bytes), gpus=tuple(cards))


async def _guarded(work: Coroutine[Any, Any, Held]) -> Held | UserError:
    try:
        return await work
    except UserError as error:
        return error


def _refuse_options(column: Column) -> None:
    """Raise EngineError for options that nobody could choose in the window; what is stored may say anything."""
    from desktop_app.engine.protection import refused_for_one_run  # noqa: PLC0415 - no window waits for it

    for flag, value in column.flags:
        if reason := refused_for_one_run(flag, value):
            raise EngineError(f"{flag} cannot be set like this.", reason)


def engine_of(column: Column) -> ModelRef:
    """What the engine of *column* serves: its model, under a name of its own where it has options of its own."""
    if not column.flags or column.model.address:
        return column.model
    options = " ".join(flag if value is True else f"{flag}={value}" for flag, value in column.flags)
    # Pages show what is behind the last stroke of a name.
    name = f"{column.model.name} with {options.replace('/', ' ')[:_WORDS_LENGTH]}"
    return replace(column.model, name=name, own_key=column.engine_key)


def _seat(plan: LaunchPlan) -> Seat:
    if plan.environment.kind is EngineKind.CPU:
        return Seat(plan.model.key, plan.model.name, plan.memory_bytes)
    from desktop_app.engine.memory import cards_in_all  # noqa: PLC0415 - no window waits 15 ms for it

    return Seat(plan.model.key, plan.model.name, plan.memory_bytes, cards_in_all(dict(plan.flags)))


def _pools(machine: Machine, kind: EngineKind | None) -> tuple[int, ...]:
    """What is free for engines of *kind*; empty when that is not known."""
    if kind is EngineKind.CUDA and machine.gpus:
        return tuple(gpu.free_bytes for gpu in machine.gpus)
    free = machine.available_bytes or machine.memory_bytes
    return (free,) if free else ()
