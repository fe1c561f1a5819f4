"""What the page of a model's settings shows, computed from the settings, the machine and the engine.

Pure but for a model's small files; called by `model_settings` in a thread.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from desktop_app.domain.errors import UserError
from desktop_app.domain.fit import MemoryParts
from desktop_app.domain.flag_words import WORDS
from desktop_app.domain.flags import Field, FlagTable, fields, read_size
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import LaunchPlan, ModelRef, ModelSettings
from desktop_app.domain.machine import Machine
from desktop_app.domain.suggestions import suggest
from desktop_app.domain.units import memory_words
from desktop_app.paths import Paths

# ruff: noqa: PLC0415 - what makes a plan is imported when a page of settings is opened: no window waits for it

TRUST = "--trust-remote-code"


@dataclass(frozen=True)
class SettingsState:
    """The settings of the model whose page is open."""

    model: ModelRef | None = None
    settings: ModelSettings = field(default_factory=ModelSettings)
    fields: tuple[Field, ...] = ()
    """Everything that the installed engine has; empty while that is not known."""
    command: str = ""
    """The exact command, one flag on each line, quoted for a shell."""
    environment: str = ""
    """The exact variables, a line `NAME=value` each."""
    variables: str = ""
    """Those among them that the person set."""
    memory: MemoryParts | None = None
    context: str = ""
    """What the context takes, in a sentence; empty when it is not known."""
    suggestions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    loading: bool = False
    error: UserError | None = None


@dataclass(frozen=True)
class Desk:
    """What the open page is computed from, besides the settings."""

    model: ModelRef
    environment: EngineEnvironment
    machine: Machine
    table: FlagTable | None
    taken_bytes: int
    """Promised to our other engines."""
    own_bytes: int
    """What this model has already because it runs."""


def plan_of(desk: Desk, paths: Paths, settings: ModelSettings) -> LaunchPlan:
    """How the model of the open page would be started with *settings*."""
    from desktop_app.engine import launch

    places = paths.engine(desk.model.key)
    return launch.plan(desk.model, desk.environment, places, desk.machine, settings, desk.taken_bytes)


def draw(
    desk: Desk, paths: Paths, outside: Mapping[str, str], settings: ModelSettings, code_allowed: bool
) -> SettingsState:
    """The state of the open page; *code_allowed* is whether the model's Python files are those that may run."""
    from desktop_app.engine import launch, preflight

    plan = plan_of(desk, paths, settings)
    surroundings = launch.process_environment(plan, paths, paths.engine(desk.model.key), outside)
    memory, context = _memory(desk, plan)
    return SettingsState(
        model=desk.model,
        settings=settings,
        fields=tuple(_fields(desk, paths, settings)),
        command=" \\\n  ".join(launch.lines(plan)),
        environment=_variable_lines(surroundings),
        variables=_variable_lines(dict(settings.variables)),
        memory=memory,
        context=context,
        suggestions=tuple(_suggestions(desk, settings)),
        warnings=tuple(_warnings(desk, plan, code_allowed, preflight.doubts(plan, desk.table, desk.machine))),
    )


def _fields(desk: Desk, paths: Paths, settings: ModelSettings) -> Iterable[Field]:
    from desktop_app.engine.protection import protected

    if desk.table is None:
        return ()
    preset = dict(plan_of(desk, paths, ModelSettings(settings.preset)).flags)
    hidden = frozenset(flag.name for flag in desk.table.flags if protected(flag.name))
    return fields(desk.table, WORDS, settings, preset, hidden)


def _memory(desk: Desk, plan: LaunchPlan) -> tuple[MemoryParts, str]:
    """What it takes, and what of that the context takes, in a sentence."""
    from desktop_app.engine import memory, model_files

    facts, kind, flags = model_files.look(desk.model.folder), desk.environment.kind, dict(plan.flags)
    card = desk.machine.gpus[plan.fullest] if kind is EngineKind.CUDA and desk.machine.gpus else None
    room = memory.room(kind, desk.machine, card, desk.taken_bytes)
    need = memory.need(kind, flags, dict(plan.variables), facts, room)
    others = max(0, room.total - room.free - desk.own_bytes)
    left = max(0, room.total - others - need.total)
    parts = MemoryParts(need.weights, need.kv_cache, need.overhead, others, left, room.total)
    geometry = facts.geometry
    if geometry is None:
        return parts, ""
    asked, kept = read_size(flags.get("--max-model-len")), memory_words(need.kv_cache)
    if asked:
        size = memory_words(memory.conversation_bytes(asked, geometry, flags, kind, room))
        return parts, f"A context of {asked:,} tokens takes {size}; {kept} are set aside for conversations."
    longest = memory.longest(need.kv_cache, geometry, flags, kind, room)
    return parts, f"{kept} for conversations hold a context of {longest:,} tokens." if longest else ""


def _suggestions(desk: Desk, settings: ModelSettings) -> Iterable[str]:
    from desktop_app.engine import model_files

    if desk.table is None:
        return
    facts = model_files.look(desk.model.folder)
    names = (desk.model.name, *facts.architectures, facts.model_type)
    for one in suggest(names, facts.template, desk.table):
        # Where the person has decided already, nothing is suggested.
        if any(settings.get(flag) is None for flag, _ in one.flags):
            yield one.words


def _variable_lines(variables: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={shlex.quote(value) if value else ''}" for name, value in sorted(variables.items()))


def _warnings(desk: Desk, plan: LaunchPlan, allowed: bool, doubts: tuple[UserError, ...]) -> list[str]:
    from desktop_app.engine import presets

    found = [doubt.sentence() for doubt in doubts]
    if plan.get(TRUST) is True:
        meaning = "Python files of this model run with your rights: they could read or send whatever you can."
        found.append(meaning if allowed else f"The model's Python files have changed. Allow them again. {meaning}")
    if desk.environment.kind is EngineKind.CPU:
        if plan.get("--dtype") in ("float16", "half"):
            found.append("half is slow on processors; bfloat16 is the fast format.")
        if plan.get("--enable-lora") is True and plan.get("--enforce-eager") is not True:
            found.append("With adapters nothing is compiled on a processor.")
        if plan.get("--enforce-eager") is not True and not presets.compiler():
            found.append("Compiling needs a C++ compiler (g++), and there is none on this computer.")
    return found
