"""Settings of conversations under names: kept, renamed, deleted, and carried as a file.

`conversations.py` owns one for its verbs. Reading and writing files is the caller's part.
"""

import json
from collections.abc import Iterable

from desktop_app.domain.errors import UserError
from desktop_app.domain.sampling import ChatSettings, Preset
from desktop_app.services.conversation_desk import Desk
from desktop_app.services.conversation_talk import Undo
from desktop_app.store.presets import PresetStore

NAME_CHARACTERS = 60
"""The longest name of a preset."""
_FORM = "vllm-desktop presets"
_MOST = 1_000
_UNREADABLE = "This file has no presets of this program."


def presets_as_json(presets: Iterable[Preset]) -> str:
    """Presets as the text of a file."""
    listed = [{"name": preset.name, "settings": preset.settings.as_json()} for preset in presets]
    return json.dumps({"form": _FORM, "version": 1, "presets": listed}, ensure_ascii=False, indent=2) + "\n"


def presets_from_json(text: str) -> tuple[tuple[str, ChatSettings], ...]:
    """Names and settings from such a text; what is of the wrong kind or out of range counts as not chosen.

    Raises:
        UserError: the text is none that `presets_as_json()` wrote.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(_UNREADABLE, "It is no JSON.", details=str(error)) from error
    listed = values.get("presets") if isinstance(values, dict) and values.get("form") == _FORM else None
    if not isinstance(listed, list):
        raise UserError(_UNREADABLE)
    entries = [entry for entry in listed[:_MOST] if isinstance(entry, dict)]
    named = [(_name(entry.get("name")), ChatSettings.from_json(entry.get("settings"))) for entry in entries]
    return tuple((name, settings) for name, settings in named if name)


class Presets:
    """Keeps presets.

    Args:
        desk: publishes them, and has the conversation that they are taken from and used for.
        store: has them on the disk.
    """

    def __init__(self, desk: Desk, store: PresetStore) -> None:
        self._desk = desk
        self._store = store

    async def load(self) -> None:
        """Read and publish them."""
        with self._desk.failures_told():
            self._desk.set_presets(await self._store.all())

    def settings(self, preset_id: int) -> ChatSettings | None:
        """What a preset says; None when it is gone."""
        preset = self._find(preset_id)
        return preset.settings if preset else None

    async def save(self, name: str) -> None:
        """Keep the settings of the open conversation under a name; one with this name is changed."""
        await self._keep(((_name(name), self._desk.open.settings),))

    async def take(self, text: str) -> None:
        """Keep the presets of a file's text; those with a name that is there are changed."""
        with self._desk.failures_told():
            await self._keep(presets_from_json(text))

    async def rename(self, preset_id: int, name: str) -> None:
        """Give a preset another name; an empty one, or one that another has, changes nothing."""
        name = _name(name)
        if not name or self._find(preset_id) is None:
            return
        if any(one.name == name and one.id != preset_id for one in self._desk.state.value.presets):
            self._desk.told(UserError(f"There is a preset “{name}” already.", "Choose another name."))
            return
        with self._desk.failures_told():
            await self._store.rename(preset_id, name)
            await self.load()

    async def delete(self, preset_id: int) -> None:
        """Delete a preset; undo in the open conversation brings it back."""
        preset = self._find(preset_id)
        if preset is None:
            return
        with self._desk.failures_told():
            await self._store.delete(preset_id)
            words = f"Deleted the preset “{preset.name}”."
            undo = Undo(words, lambda: self._keep(((preset.name, preset.settings),)))
            self._desk.open.undo.append(undo)
            await self.load()

    async def _keep(self, named: Iterable[tuple[str, ChatSettings]]) -> None:
        with self._desk.failures_told():
            for name, settings in named:
                there = next((one for one in self._desk.state.value.presets if one.name == name), None)
                if there is not None:
                    await self._store.save(there.id, settings)
                elif name:
                    await self._store.add(name, settings)
        await self.load()

    def _find(self, preset_id: int) -> Preset | None:
        return next((one for one in self._desk.state.value.presets if one.id == preset_id), None)


def _name(name: object) -> str:
    return " ".join(name.split())[:NAME_CHARACTERS] if isinstance(name, str) else ""
