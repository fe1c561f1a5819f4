"""Whether there is room for one more engine beside those that run. `services/serving` asks before every start."""

from collections.abc import Sequence

from desktop_app.domain.errors import EngineError, Fix
from desktop_app.domain.launch import LaunchPlan
from desktop_app.domain.machine import Machine
from desktop_app.domain.units import memory_words
from desktop_app.services.local_engine import LocalEngine
from desktop_app.services.workshop import free_bytes

_SLACK_BYTES = 256 * 1024 * 1024
"""Left over when two models share the memory."""


def admit(plan: LaunchPlan, machine: Machine, engines: Sequence[LocalEngine]) -> None:
    """Raise UserError when *plan* has no room beside those of *engines* that run; its fix stops them."""
    others = [one for one in engines if one.plan is not None]
    free = free_bytes(plan, machine)
    if not others or not free or not plan.memory_bytes:
        return
    # What an engine that still starts will take is not missing yet.
    free -= sum(one.plan.memory_bytes for one in others if one.plan and one.endpoint is None)
    if plan.memory_bytes + _SLACK_BYTES <= free:
        return
    names = " and ".join(one.model.name for one in others)
    raise EngineError(
        "There is no room for two models at once." if len(others) == 1 else "There is no room for one more model.",
        f"{plan.model.name} needs about {memory_words(plan.memory_bytes)}, and {memory_words(max(0, free))} are "
        f"free while {names} {'runs' if len(others) == 1 else 'run'}.",
        fix=Fix(f"Stop {names} and start {plan.model.name}", stop=tuple(one.model.key for one in others)),
    )
