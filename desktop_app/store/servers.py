"""The list of servers elsewhere that a person entered: one value in the table of settings, without keys.

`services/servers` is the only caller; the keys lie in `keys.py`.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from desktop_app.store.database import Database

_KEY = "servers"


@dataclass(frozen=True)
class Server:
    """An OpenAI-compatible server elsewhere."""

    name: str
    """What people call it."""
    url: str
    """Its address as `Address.url` writes it; no two servers have the same."""
    model: str = ""
    """The model that is used there; empty until one is chosen."""


class ServerStore:
    """Keeps the list.

    Args:
        database: an open database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> tuple[Server, ...]:
        """The servers in their order; entries that make no sense are passed over. Raises UserError."""
        row = await self._database.run(
            lambda db: db.execute("SELECT value FROM settings WHERE key = ?", (_KEY,)).fetchone()
        )
        try:
            entries = json.loads(row["value"]) if row else []
        except ValueError:
            entries = []
        return tuple(server for entry in entries if (server := _read(entry))) if isinstance(entries, list) else ()

    async def save(self, servers: Sequence[Server]) -> None:
        """Replace the list; it is on the disk when this returns. Raises UserError."""
        text = json.dumps([asdict(server) for server in servers])

        def action(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO settings (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (_KEY, text),
            )

        await self._database.run(action)


def _read(entry: object) -> Server | None:
    if not isinstance(entry, dict):
        return None
    name, url, model = (entry.get(field) for field in ("name", "url", "model"))
    if not (isinstance(name, str) and isinstance(url, str) and url):
        return None
    return Server(name, url, model if isinstance(model, str) else "")
