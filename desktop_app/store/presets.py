"""Settings of conversations under names. Called by `services/presets.py`."""

import sqlite3

from desktop_app.domain.sampling import ChatSettings, Preset
from desktop_app.store.cleaning import clean
from desktop_app.store.conversation_rows import decode_settings, encode_settings
from desktop_app.store.database import Database


class PresetStore:
    """Reads and writes presets; every method is one transaction and raises UserError when it fails.

    Args:
        database: an open database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[Preset, ...]:
        """All presets by name."""

        def action(db: sqlite3.Connection) -> tuple[Preset, ...]:
            rows = db.execute("SELECT id, name, settings FROM presets ORDER BY id").fetchall()
            found = [Preset(row["id"], row["name"], decode_settings(row["settings"])) for row in rows]
            return tuple(sorted(found, key=lambda preset: preset.name.casefold()))

        return await self._database.run(action)

    async def add(self, name: str, settings: ChatSettings) -> Preset:
        """Keep settings under a name; two presets may have the same one."""
        name = clean(name)
        values = (name, encode_settings(settings))

        def action(db: sqlite3.Connection) -> Preset:
            cursor = db.execute("INSERT INTO presets (name, settings) VALUES (?, ?)", values)
            return Preset(int(cursor.lastrowid or 0), name, settings)

        return await self._database.run(action)

    async def rename(self, preset: int, name: str) -> None:
        """Give a preset another name."""
        values = (clean(name), preset)
        await self._database.run(lambda db: db.execute("UPDATE presets SET name = ? WHERE id = ?", values))

    async def save(self, preset: int, settings: ChatSettings) -> None:
        """Keep other settings under the name that a preset has."""
        values = (encode_settings(settings), preset)
        await self._database.run(lambda db: db.execute("UPDATE presets SET settings = ? WHERE id = ?", values))

    async def delete(self, preset: int) -> None:
        """Forget a preset."""
        await self._database.run(lambda db: db.execute("DELETE FROM presets WHERE id = ?", (preset,)))
