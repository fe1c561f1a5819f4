"""The story of a model's settings: shown with their effect, changed, mended, written out and read in.

Owns one `SettingsState` for the model whose page is open, and hands every model's `ModelSettings` to whoever starts it.
What people choose is on the disk when a verb returns; what cannot be is told in the state and changes nothing.
"""

import asyncio
import contextlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from desktop_app.domain.errors import EngineError, Fix, Remedy, UserError
from desktop_app.domain.flags import LEFT_TO_VLLM, FlagTable, canonical, read_size
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import FlagValue, ModelRef, ModelSettings, Preset
from desktop_app.domain.machine import Machine
from desktop_app.domain.observable import Observable
from desktop_app.paths import Paths
from desktop_app.services.settings_view import TRUST, Desk, SettingsState, draw, plan_of
from desktop_app.store.model_settings import ModelSettingsStore

# ruff: noqa: PLC0415 - what makes a plan is imported when a page of settings is opened: no window waits for it

__all__ = ["ModelSettingsService", "SettingsState"]


class ModelSettingsService:
    """Settings of models.

    Args:
        store: where they are kept.
        paths: where engines and their answers lie.
        machine: describes the computer; blocks.
        environment: the engine's environment; None while there is none.
        outside: the environment that the program was started in.
        taken_bytes: memory that is promised to engines other than that of a model, by the model's key.
        own_bytes: memory that a model has because it runs, by its key.
    """

    def __init__(
        self,
        store: ModelSettingsStore,
        paths: Paths,
        machine: Callable[[], Machine],
        environment: Callable[[], EngineEnvironment | None],
        outside: Mapping[str, str],
        taken_bytes: Callable[[str], int] = lambda _key: 0,
        own_bytes: Callable[[str], int] = lambda _key: 0,
    ) -> None:
        self._store = store
        self._paths = paths
        self._machine = machine
        self._environment = environment
        self._outside = outside
        self._taken_bytes = taken_bytes
        self._own_bytes = own_bytes
        self._tables: dict[EngineEnvironment, FlagTable] = {}
        self._asking = asyncio.Lock()
        self._desk: Desk | None = None
        self.state = Observable(SettingsState())

    async def load(self) -> None:
        """Read what was chosen; call it once, before anything else. Raises UserError."""
        await self._store.load()

    def settings_of(self, model: ModelRef) -> ModelSettings:
        """What was chosen for *model*, ready to start it with.

        Leave to run the model's own code is left out where its files are not those that were allowed; with the flag
        set this reads them, a few files of some kilobytes.
        """
        settings = self._store.get(model.key)
        if settings.get(TRUST) is True and not self._code_is_allowed(model):
            return settings.with_flags(((TRUST, None),))
        return settings

    async def flag_table(self, environment: EngineEnvironment) -> FlagTable | None:
        """What the engine has and knows; None when it was not asked yet. Takes milliseconds."""
        from desktop_app.engine import flags

        if environment not in self._tables:
            found = await flags.known_table(environment, self._paths)
            if found is None:
                return None
            self._tables[environment] = found
        return self._tables[environment]

    async def learn(self, environment: EngineEnvironment) -> FlagTable:
        """The same, asking the engine when that was not done yet; takes 5 seconds then. Raises EngineError."""
        from desktop_app.engine import flags

        async with self._asking:
            known = await self.flag_table(environment)
            if known is None:
                known = self._tables[environment] = await flags.read_table(environment, self._paths, self._outside)
            return known

    def problem_of(self, flag: str, value: FlagValue) -> str:
        """Why *flag* cannot be set to *value* for one run, as a sentence; empty when nothing speaks against it."""
        from desktop_app.engine.protection import refused_for_one_run

        name = canonical(flag)
        if reason := refused_for_one_run(name, value):
            return reason
        environment = self._environment()
        table = self._tables.get(environment) if environment else None
        if table is not None and table.find(name) is None:
            nearest = table.nearest(name)
            return f"This engine has no option {name}." + (f" Do you mean {nearest}?" if nearest else "")
        return ""

    async def open(self, model: ModelRef) -> None:
        """Show the settings of *model*; what the engine has is asked for the first time."""
        self._desk = None
        self.state.set(SettingsState(model, self._store.get(model.key), loading=True))
        environment = self._environment()
        if environment is None:
            reason = "Which settings there are depends on the engine."
            missing = UserError("There is no engine yet.", reason, Remedy.INSTALL)
            self.state.set(replace(self.state.value, loading=False, error=missing))
            return
        error: UserError | None = None
        table: FlagTable | None = None
        machine = await asyncio.to_thread(self._machine)
        try:
            table = await self.learn(environment)
        except UserError as failure:
            error = failure
        if self.state.value.model != model:
            return
        self._desk = Desk(model, environment, machine, table, self._taken_bytes(model.key), self._own_bytes(model.key))
        await self._show(error)

    async def change(self, flag: str, value: FlagValue | None) -> None:
        """Set a flag of the open model, or take the choice back (None)."""
        allow = (canonical(flag), value) == (TRUST, True)
        await self._guarded(lambda desk: self._changed(desk, ((flag, value),)), allow=allow)

    async def set_preset(self, preset: Preset) -> None:
        """Choose what starts of the open model aim at."""
        await self._guarded(lambda desk: replace(self._store.get(desk.model.key), preset=preset))

    async def set_variables(self, text: str) -> None:
        """Set variables of the engine's environment, lines of `NAME=value`, for the open model."""
        from desktop_app.engine.command_text import read_variables

        await self._guarded(
            lambda desk: replace(self._store.get(desk.model.key), variables=tuple(read_variables(text).items()))
        )

    async def edit_command(self, text: str) -> None:
        """Take the settings of the open model from a command that somebody wrote, or pasted."""
        await self._guarded(lambda desk: self._from_command(desk, text))

    async def reset(self) -> None:
        """Forget what was chosen for the open model."""
        await self._guarded(lambda _desk: ModelSettings())

    async def restore(self, settings: ModelSettings) -> None:
        """Take back a reset: choose for the open model what was chosen before."""
        await self._guarded(lambda _desk: settings)

    async def with_words(self, model: ModelRef, settings: ModelSettings, words: Sequence[str]) -> ModelSettings:
        """*settings* with flags from a command line on top, for one run; nothing is kept.

        Raises:
            UserError: there is no engine, or a flag cannot be set.
        """
        from desktop_app.engine import launch
        from desktop_app.engine.command_text import read_command

        environment = self._environment()
        if environment is None:
            raise UserError("There is no engine yet.", "Which settings there are depends on it.", Remedy.INSTALL)
        table: FlagTable | None = None
        with contextlib.suppress(EngineError):  # then vLLM says itself what is wrong with a flag
            table = await self.learn(environment)
        machine = await asyncio.to_thread(self._machine)
        places = self._paths.engine(model.key)
        plan = await asyncio.to_thread(launch.plan, model, environment, places, machine, settings)
        written = read_command(shlex.join(words), plan, table)
        return settings.with_flags(written.flags.items())

    async def apply_fix(self, model: ModelRef, fix: Fix) -> None:
        """Change the settings of *model* as *fix* says, whether its page is open or not. Raises UserError."""
        settings = self._store.get(model.key)
        environment = self._environment()
        changes = tuple(fix.flags)
        if environment is not None:
            changes = await asyncio.to_thread(_plain, changes, model, environment, settings)
        await self._keep(model, settings.with_flags(changes), allow=(TRUST, True) in fix.flags)
        if self._desk is not None and self._desk.model == model:
            await self._show(None)

    async def export(self, file: Path) -> None:
        """Write the settings of the open model to *file*."""
        model = self.state.value.model
        if model is None:
            return
        from desktop_app.services.settings_file import write_file

        try:
            await asyncio.to_thread(write_file, file, model, self._store.get(model.key))
        except UserError as error:
            self._tell(error)

    async def import_from(self, file: Path) -> None:
        """Take the settings of the open model from a file that `export` wrote, anybody's."""
        model, desk = self.state.value.model, self._desk
        if model is None or desk is None:
            return
        from desktop_app.services.settings_file import import_file

        try:
            settings, left_out = await asyncio.to_thread(import_file, file, desk.table)
        except UserError as error:
            self._tell(error)
            return
        told = None
        if left_out:
            reason = f"These cannot be taken over from a file: {', '.join(left_out)}."
            told = UserError("Some settings were left out.", reason)
        await self._keep(model, settings, allow=False)
        await self._show(told)

    def dismiss_error(self) -> None:
        """The person has read what went wrong."""
        self.state.set(replace(self.state.value, error=None))

    def _tell(self, error: UserError) -> None:
        self.state.set(replace(self.state.value, error=error))

    async def _guarded(self, make: Callable[[Desk], ModelSettings], allow: bool = False) -> None:
        """Make new settings of the open model, in a thread, and keep them; what cannot be is told."""
        desk = self._desk
        if desk is None:
            return
        try:
            before = self._store.get(desk.model.key)
            settings = await asyncio.to_thread(make, desk)
            newly = settings.get(TRUST) is True and before.get(TRUST) is not True
            await self._keep(desk.model, settings, allow=allow or newly)
        except UserError as error:
            self._tell(error)
            return
        if self._desk is desk:
            await self._show(None)

    async def _keep(self, model: ModelRef, settings: ModelSettings, allow: bool) -> None:
        """Remember settings; with *allow* the model's Python files are those that may run."""
        from desktop_app.engine.model_files import code_hash

        if settings.get(TRUST) is not True:
            if self._store.allowed_code(model.key):
                await self._store.allow_code(model.key, "")
        elif allow:
            await self._store.allow_code(model.key, await asyncio.to_thread(code_hash, model.folder) or "none")
        await self._store.put(model.key, settings)

    def _code_is_allowed(self, model: ModelRef) -> bool:
        from desktop_app.engine.model_files import code_hash

        return self._store.allowed_code(model.key) == (code_hash(model.folder) or "none")

    def _changed(self, desk: Desk, changes: tuple[tuple[str, FlagValue | None], ...]) -> ModelSettings:
        from desktop_app.engine.protection import protected, refused_value

        settings = self._store.get(desk.model.key)
        for flag, value in changes:
            reason = protected(flag) or ("" if value is None else refused_value(flag, value))
            if reason:
                raise UserError(f"{flag} cannot be set like this.", reason)
            if isinstance(value, str) and "\0" in value:
                raise UserError(f"{flag} cannot be set like this.", "It contains a sign that no command can have.")
        return settings.with_flags(_plain(changes, desk.model, desk.environment, settings))

    def _from_command(self, desk: Desk, text: str) -> ModelSettings:
        from desktop_app.engine.command_text import read_command

        settings = self._store.get(desk.model.key)
        bare = ModelSettings(settings.preset, variables=settings.variables)
        plan = plan_of(desk, self._paths, bare)
        written = read_command(text, plan, desk.table)
        chosen = tuple((flag, value) for flag, value in written.flags.items() if not _same(plan.get(flag), value))
        found = replace(settings, flags=chosen)
        if written.variables:
            found = replace(found, variables=tuple(written.variables.items()))
        # What the preset would add, and the text does not have, is left to vLLM.
        added = [(flag, value) for flag, value in plan_of(desk, self._paths, found).flags if flag not in written.flags]
        added = [entry for entry in added if entry[0] != "--enable-lora"]  # adapters need it
        return found.with_flags((flag, False if value is True else LEFT_TO_VLLM) for flag, value in added)

    async def _show(self, error: UserError | None) -> None:
        """Publish the settings of the open page with their effect."""
        desk = self._desk
        if desk is None:
            return
        settings = self._store.get(desk.model.key)
        state = await asyncio.to_thread(self._drawn, desk, settings)
        if self._desk is desk:
            self.state.set(replace(state, error=error))

    def _drawn(self, desk: Desk, settings: ModelSettings) -> SettingsState:
        allowed = settings.get(TRUST) is not True or self._code_is_allowed(desk.model)
        return draw(desk, self._paths, self._outside, settings, allowed)


def _plain(
    changes: tuple[tuple[str, FlagValue | None], ...],
    model: ModelRef,
    environment: EngineEnvironment,
    settings: ModelSettings,
) -> tuple[tuple[str, FlagValue | None], ...]:
    """The same changes, where leaving a flag to vLLM that no preset sets is to choose nothing."""
    from desktop_app.engine.launch import preset_flags

    preset = preset_flags(model, environment, settings)
    sized = ("--kv-cache-memory-bytes", "--gpu-memory-utilization")
    named = tuple((canonical(flag), value) for flag, value in changes)
    return tuple(
        (flag, None if value == LEFT_TO_VLLM and flag not in preset and flag not in sized else value)
        for flag, value in named
    )


def _same(planned: FlagValue | None, written: FlagValue) -> bool:
    """Whether two values of a flag mean the same, e.g. `512M` and its bytes."""
    if planned == written:
        return True
    sizes = read_size(planned), read_size(written)
    return sizes[0] is not None and sizes[0] == sizes[1]
