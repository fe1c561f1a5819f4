"""What every engine is started with, as `services/serving` hands it to each `LocalEngine`; how a failure is told."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import LaunchPlan, ModelRef, ModelSettings
from desktop_app.domain.machine import Machine
from desktop_app.domain.start_clock import Expectation, StartKind, StartRecord
from desktop_app.paths import Paths

if TYPE_CHECKING:
    from desktop_app.domain.fit import Measured
    from desktop_app.engine.flags import FlagTable
    from desktop_app.engine.process import EngineProcess

_logger = logging.getLogger(__name__)


class Starts(Protocol):
    """Remembers what starts took; `services.starts.Starts` is one."""

    def expectation(self, kind: StartKind) -> Expectation:
        """What the next start of *kind* may take."""

    async def remember(self, plan: LaunchPlan, record: StartRecord, figures: "Measured") -> None:
        """Keep how long this start took, and what the engine said about memory; raises UserError."""


@dataclass(frozen=True)
class Foreseen:
    """How an engine would be started, and what that would take."""

    plan: LaunchPlan
    seconds: float | None
    """What starts like this took; None when nothing is known."""


@dataclass(frozen=True)
class Workshop:
    """What every engine is started with.

    Args (all blocking ones are called in a thread):
        machine: describes the computer; blocks.
        environment: the engine's environment; None while there is none.
        settings_of: what the person chose for a model.
        starts: remembers what starts took.
        outside: the environment that the program was started in.
        taken_bytes: memory that is promised to engines other than that of a model, by the model's key.
        admit: raises UserError when there is no room for this plan beside the other engines.
        flag_table: what the installed engine knows, if that has been read already.
    """

    paths: Paths
    machine: Callable[[], Machine]
    environment: Callable[[], EngineEnvironment | None]
    settings_of: Callable[[ModelRef], ModelSettings]
    starts: Starts
    outside: Mapping[str, str]
    taken_bytes: Callable[[str], int]
    admit: Callable[[LaunchPlan, Machine], None]
    flag_table: Callable[[EngineEnvironment], Awaitable["FlagTable | None"]]

    def foresee(self, model: ModelRef, settings: ModelSettings, machine: Machine) -> Foreseen | None:
        """What a start of *model* on *machine* would be, with nothing else of ours running; None without an engine.

        Reads small files of the model: call it in a thread.
        """
        from desktop_app.engine import launch  # noqa: PLC0415 - no window waits 15 ms for it

        environment = self.environment()
        if environment is None:
            return None
        plan = launch.plan(model, environment, self.paths.engine(model.key), machine, settings)
        usual = self.starts.expectation(StartKind.of(plan)).usual
        return Foreseen(plan, sum(usual.values()) if usual else None)


def free_bytes(plan: LaunchPlan, machine: Machine) -> int:
    """Free memory where *plan* would live; 0 when it is not known."""
    if plan.environment.kind is EngineKind.CUDA and machine.gpus:
        return machine.gpus[min(plan.fullest, len(machine.gpus) - 1)].free_bytes
    return machine.available_bytes


async def taken(plan: LaunchPlan, process: "EngineProcess") -> int:
    """What a running engine takes: of the computer's memory as measured now, of all its cards as planned.

    vLLM takes a card's memory at once and keeps it; drivers do not tell whose it is inside containers.
    """
    if plan.environment.kind is not EngineKind.CUDA:
        return await process.memory_bytes()
    from desktop_app.engine.memory import cards_in_all  # noqa: PLC0415 - as above

    return plan.memory_bytes * cards_in_all(dict(plan.flags))


def start_failure(error: BaseException) -> UserError:
    """Why a start failed, for people."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, OSError):
        return EngineError("The engine could not be started.", f"{error}.", Remedy.RETRY)
    return unexpected(error)


def unexpected(error: BaseException) -> UserError:
    """A fault of ours, for people; for us it is logged."""
    _logger.error("Serving met a fault", exc_info=error)
    return EngineError("Something went wrong inside this program.", "Its log says more.", Remedy.RETRY)
