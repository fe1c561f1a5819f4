"""A model's settings in a file: what people export, keep, and give to one another. Used by `model_settings`.

Such a file may come from anybody: what would make the engine run code, or open it to others, is never taken over.
"""

import json
from pathlib import Path
from typing import Any

from desktop_app.domain.errors import UserError
from desktop_app.domain.flags import FlagTable, canonical
from desktop_app.domain.launch import FlagValue, ModelRef, ModelSettings, Preset
from desktop_app.engine.protection import RUNS_CODE, protected, refused_value, refused_variable

_FORMAT = "vllm-desktop model settings"
_LIMIT = 1 << 20


def write_file(file: Path, model: ModelRef, settings: ModelSettings) -> None:
    """Write the settings of *model* to *file*. Raises UserError."""
    content = {
        "format": _FORMAT,
        "version": 1,
        "model": model.name,
        "preset": settings.preset.name,
        "flags": dict(settings.flags),
        "variables": dict(settings.variables),
    }
    try:
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise UserError("The settings were not written.", f"{file}: {error.strerror}.") from error


def import_file(file: Path, table: FlagTable | None) -> tuple[ModelSettings, list[str]]:
    """The settings in *file*, and the names of what cannot be taken over.

    Raises:
        UserError: it cannot be read, or is no such file.
    """
    return _imported(_read(file), table)


def _read(file: Path) -> dict[str, Any]:
    title = "The settings could not be read."
    try:
        with file.open("rb") as stream:
            raw = stream.read(_LIMIT + 1)
        content = json.loads(raw) if len(raw) <= _LIMIT else None
    except OSError as error:
        raise UserError(title, f"{file}: {error.strerror}.") from error
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise UserError(title, f"{file.name} holds no settings that this program wrote.")
    return content


def _imported(content: dict[str, Any], table: FlagTable | None) -> tuple[ModelSettings, list[str]]:
    """The settings of a file, and the names of what cannot be taken over from one."""
    flags, variables = content.get("flags"), content.get("variables")
    if not isinstance(flags, dict) or not isinstance(variables, dict):
        raise UserError("The settings could not be read.", "The file is damaged.")
    preset = next((one for one in Preset if one.name == content.get("preset")), Preset.QUICK)
    kept: list[tuple[str, FlagValue]] = []
    left_out: list[str] = []
    for name, value in flags.items():
        flag = canonical(name)
        sound = isinstance(value, bool) or (isinstance(value, str) and "\0" not in value)
        known = table is None or table.find(flag) is not None
        if sound and known and flag not in RUNS_CODE and not protected(flag) and not refused_value(flag, value):
            kept.append((flag, value))
        else:
            left_out.append(name)
    sound_variables = []
    for name, value in variables.items():
        if isinstance(value, str) and "\0" not in value and not refused_variable(name):
            sound_variables.append((name, value))
        else:
            left_out.append(name)
    return ModelSettings(preset, tuple(kept), tuple(sound_variables)), left_out
