"""What people chose for their models, and which models' own code they allowed. Used by `services/model_settings`.

`load()` once; after that reading is immediate, and every change is on the disk when its coroutine returns. What cannot
be read counts as not chosen. There is no secret among it: the service refuses them.
"""

import json
import sqlite3
from typing import Any

from desktop_app.domain.launch import FlagValue, ModelSettings, Preset
from desktop_app.store.database import Database

_SETTINGS = "model_settings:"
_CODE = "allowed_code:"
_UNCHANGED = ModelSettings()


class ModelSettingsStore:
    """Settings by a model's key (`ModelRef.key`).

    Args:
        database: an open database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._settings: dict[str, ModelSettings] = {}
        self._code: dict[str, str] = {}

    async def load(self) -> None:
        """Read everything; call it once, before anything else.

        Raises:
            UserError: the database cannot be read.
        """
        rows = await self._database.run(
            lambda db: db.execute("SELECT key, value FROM settings WHERE key LIKE '%:%'").fetchall()
        )
        for row in rows:
            key = str(row["key"])
            if key.startswith(_SETTINGS):
                self._settings[key.removeprefix(_SETTINGS)] = decode(row["value"])
            elif key.startswith(_CODE):
                self._code[key.removeprefix(_CODE)] = _text(row["value"])

    def get(self, key: str) -> ModelSettings:
        """What was chosen for a model; the defaults when nothing was."""
        return self._settings.get(key, _UNCHANGED)

    async def put(self, key: str, settings: ModelSettings) -> None:
        """Remember what was chosen for a model; nothing is kept of the defaults."""
        self._settings[key] = settings
        await self._write(_SETTINGS + key, "" if settings == _UNCHANGED else encode(settings))

    def allowed_code(self, key: str) -> str:
        """The hash of the Python files that the person allowed this model to run; empty for none."""
        return self._code.get(key, "")

    async def allow_code(self, key: str, hashed: str) -> None:
        """Remember which Python files a model may run; empty takes it back."""
        self._code[key] = hashed
        await self._write(_CODE + key, json.dumps(hashed) if hashed else "")

    async def _write(self, key: str, text: str) -> None:
        def action(db: sqlite3.Connection) -> None:
            if not text:
                db.execute("DELETE FROM settings WHERE key = ?", (key,))
                return
            db.execute(
                "INSERT INTO settings (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, text),
            )

        await self._database.run(action)


def encode(settings: ModelSettings) -> str:
    """Settings as JSON."""
    facts = {"preset": settings.preset.name, "flags": settings.flags, "variables": settings.variables}
    return json.dumps(facts, ensure_ascii=False)


def decode(text: str) -> ModelSettings:
    """Settings from JSON; the defaults when it makes no sense."""
    try:
        facts: dict[str, Any] = json.loads(text)
        return ModelSettings(
            preset=Preset[facts["preset"]],
            flags=tuple((_string(name), _value(value)) for name, value in facts["flags"]),
            variables=tuple((_string(name), _string(value)) for name, value in facts["variables"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return _UNCHANGED


def _value(value: object) -> FlagValue:
    return value if isinstance(value, bool) else _string(value)


def _string(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError("a text was expected")
    return value


def _text(text: str) -> str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""
