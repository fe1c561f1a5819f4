"""Presets as files."""

from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.sampling import ChatSettings, Preset, Sampling
from desktop_app.services.preset_files import MAX_BYTES, read_presets, write_presets
from desktop_app.services.presets import presets_from_json


async def test_presets_come_back_from_their_file(tmp_path: Path) -> None:
    settings = ChatSettings(system="Be brief.", sampling=Sampling(temperature=0.2))
    await write_presets(tmp_path / "presets.json", [Preset(1, "Brief", settings)])
    assert presets_from_json(await read_presets(tmp_path / "presets.json")) == (("Brief", settings),)


async def test_what_is_no_such_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "huge").write_bytes(b" " * (MAX_BYTES + 1))
    (tmp_path / "picture").write_bytes(b"\xff\xfe\xff")
    for name in ("huge", "picture", "missing", "."):
        with pytest.raises(UserError, match="could not be read"):
            await read_presets(tmp_path / name)
    with pytest.raises(UserError, match="not written"):
        await write_presets(tmp_path / "no" / "folder", [])
