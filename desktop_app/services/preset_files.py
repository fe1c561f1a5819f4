"""Presets as files, to be carried to another computer."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from desktop_app.domain.errors import UserError
from desktop_app.domain.sampling import Preset
from desktop_app.services.presets import presets_as_json

MAX_BYTES = 5_000_000
"""More than any collection of presets has."""


async def write_presets(file: Path, presets: Iterable[Preset]) -> None:
    """Write presets to *file*. Raises UserError."""
    text = presets_as_json(presets)
    try:
        await asyncio.to_thread(file.write_text, text, "utf-8")
    except OSError as error:
        raise UserError("The presets were not written.", f"{file}: {error.strerror or error}.") from error


async def read_presets(file: Path) -> str:
    """The text of a file of presets. Raises UserError."""
    try:
        return await asyncio.to_thread(_read, file)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("The presets could not be read.", f"{file.name} is no file of presets.") from error


def _read(file: Path) -> str:
    if not file.is_file() or file.stat().st_size > MAX_BYTES:
        raise OSError(f"{file} is no file, or too large")
    return file.read_text("utf-8")
