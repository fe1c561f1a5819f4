"""What the program remembers about a person's choices: a small table of keys and JSON values.

`load()` once; after that reading is immediate, and every change is on the disk when its coroutine returns. A value that
is missing or makes no sense counts as not chosen.
"""

import base64
import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.observable import Observable
from desktop_app.store.database import Database


class Settings:
    """The remembered choices.

    Args:
        database: an open database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._values: dict[str, object] = {}
        self.idle_unload = Observable(0)
        """`idle_unload_minutes`, for whoever acts on it."""

    async def load(self) -> None:
        """Read everything; call it once, before anything else.

        Raises:
            UserError: the database cannot be read.
        """
        self.take(await self._database.run(lambda db: db.execute("SELECT key, value FROM settings").fetchall()))

    def take(self, rows: Iterable[Sequence[str]]) -> None:
        """Take what was chosen from *rows* of key and JSON, as the table has them."""
        self._values = {key: _decode(value) for key, value in rows}
        self.idle_unload.set(self.idle_unload_minutes)

    @property
    def appearance(self) -> Appearance:
        """The colours; those of the system unless somebody chose."""
        name = self._values.get("appearance")
        return next((one for one in Appearance if one.name == name), Appearance.SYSTEM)

    async def set_appearance(self, appearance: Appearance) -> None:
        """Remember the colours."""
        await self._set("appearance", appearance.name)

    @property
    def last_conversation(self) -> int | None:
        """The conversation that was open last; it may be gone by now."""
        value = self._values.get("last_conversation")
        return value if isinstance(value, int) else None

    async def set_last_conversation(self, conversation: int | None) -> None:
        """Remember which conversation is open; None for a new one."""
        await self._set("last_conversation", conversation)

    @property
    def model_folder(self) -> Path | None:
        """The folder of the model that was chosen last; it may be gone by now."""
        return self._path("model_folder")

    async def set_model_folder(self, folder: Path | None) -> None:
        """Remember the chosen model; None for none."""
        await self._set("model_folder", str(folder) if folder else None)

    @property
    def setup_skipped(self) -> bool:
        """Whether somebody skipped the first-run page."""
        return self._values.get("setup_skipped") is True

    async def set_setup_skipped(self, skipped: bool) -> None:
        """Remember that the first-run page was skipped."""
        await self._set("setup_skipped", skipped)

    @property
    def geometry(self) -> bytes:
        """Size and place of the window as Qt packs them; empty when never saved."""
        value = self._values.get("geometry")
        try:
            return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
        except ValueError:
            return b""

    async def set_geometry(self, geometry: bytes) -> None:
        """Remember size and place of the window."""
        await self._set("geometry", base64.b64encode(geometry).decode("ascii"))

    def draft(self, conversation: int | None) -> str:
        """What was written in a conversation but not sent; None is the new one."""
        drafts = self._values.get("drafts")
        text = drafts.get(str(conversation)) if isinstance(drafts, dict) else None
        return text if isinstance(text, str) else ""

    async def set_draft(self, conversation: int | None, text: str) -> None:
        """Remember what is written in a conversation; nothing is kept of an empty text."""
        before = self._values.get("drafts")
        drafts = dict(before) if isinstance(before, dict) else {}
        drafts.pop(str(conversation), None)
        if text:
            drafts[str(conversation)] = text
        if drafts != before:
            await self._set("drafts", drafts)

    async def keep_drafts(self, conversations: Collection[int]) -> None:
        """Forget what was written in conversations other than these, which are gone for good, and not in a new one."""
        before = self._values.get("drafts")
        drafts = before if isinstance(before, dict) else {}
        names = {str(None), *map(str, conversations)}
        kept = {name: text for name, text in drafts.items() if name in names}
        if kept != drafts:
            await self._set("drafts", kept)

    @property
    def idle_unload_minutes(self) -> int:
        """After how many minutes without a question a model is stopped; 0 for never."""
        value = self._values.get("idle_unload_minutes")
        return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

    async def set_idle_unload_minutes(self, minutes: int) -> None:
        """Remember after how long an idle model is stopped; 0 for never."""
        await self._set("idle_unload_minutes", minutes)
        self.idle_unload.set(self.idle_unload_minutes)

    @property
    def warm_start(self) -> bool:
        """Whether the last model is started when the program opens."""
        return self._values.get("warm_start") is True

    async def set_warm_start(self, wanted: bool) -> None:
        """Remember whether the last model is to be started when the program opens."""
        await self._set("warm_start", wanted)

    @property
    def start_history(self) -> object:
        """What was learned of earlier starts, as `domain.start_clock` wrote it; None before the first."""
        return self._values.get("start_history")

    async def set_start_history(self, history: object) -> None:
        """Keep what was learned of starts; *history* is JSON's."""
        await self._set("start_history", history)

    @property
    def measurements(self) -> list[dict[str, object]]:
        """What engines said about the memory that models take, as `services.starts` wrote it."""
        value = self._values.get("measurements")
        return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

    async def set_measurements(self, measurements: list[dict[str, object]]) -> None:
        """Keep what engines said about memory."""
        await self._set("measurements", measurements)

    @property
    def hub_endpoint(self) -> str:
        """Where models are looked for, as somebody chose; empty for the usual place."""
        value = self._values.get("hub_endpoint")
        return value if isinstance(value, str) else ""

    async def set_hub_endpoint(self, endpoint: str) -> None:
        """Remember where models are looked for; empty for the usual place."""
        await self._set("hub_endpoint", endpoint)

    @property
    def hub_token_for(self) -> str:
        """Where the kept token may be sent: scheme, host and port; empty when there is no token."""
        value = self._values.get("hub_token_for")
        return value if isinstance(value, str) else ""

    @property
    def hub_token_place(self) -> str:
        """Where the token is kept, in words."""
        value = self._values.get("hub_token_place")
        return value if isinstance(value, str) else ""

    async def set_hub_token(self, origin: str, place: str) -> None:
        """Remember for whom a token is kept, and where; never the token itself. Both empty for none."""
        await self._set("hub_token_for", origin)
        await self._set("hub_token_place", place)

    @property
    def hub_offline(self) -> bool:
        """Whether the Hub may not be asked anything."""
        return self._values.get("hub_offline") is True

    async def set_hub_offline(self, offline: bool) -> None:
        """Remember whether the Hub may be asked."""
        await self._set("hub_offline", offline)

    @property
    def model_folders(self) -> tuple[Path, ...]:
        """Folders with models that somebody added, in this order."""
        value = self._values.get("model_folders")
        return tuple(Path(one) for one in value if isinstance(one, str) and one) if isinstance(value, list) else ()

    async def set_model_folders(self, folders: Sequence[Path]) -> None:
        """Remember the folders with models."""
        await self._set("model_folders", [str(folder) for folder in folders])

    @property
    def shortcuts(self) -> dict[str, str]:
        """Keys that somebody chose for commands, by the command's id; `ui.shortcuts` knows the others."""
        value = self._values.get("shortcuts")
        pairs = value.items() if isinstance(value, dict) else ()
        return {name: keys for name, keys in pairs if isinstance(name, str) and isinstance(keys, str)}

    async def set_shortcuts(self, shortcuts: Mapping[str, str]) -> None:
        """Remember the keys that differ from the usual ones."""
        await self._set("shortcuts", dict(shortcuts))

    @property
    def text_scale(self) -> float:
        """How large words are, as a share of the system's size, 0.8 to 2."""
        value = self._values.get("text_scale")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return min(2.0, max(0.8, float(value))) if number else 1.0  # type: ignore[arg-type]  # it is a number

    async def set_text_scale(self, scale: float) -> None:
        """Remember how large words are."""
        await self._set("text_scale", scale)

    @property
    def improve_titles(self) -> bool:
        """Whether a model that has nothing to do may find a better title for a chat."""
        return self._values.get("improve_titles") is not False

    async def set_improve_titles(self, wanted: bool) -> None:
        """Remember whether models may find titles."""
        await self._set("improve_titles", wanted)

    def folded(self, part: str) -> bool | None:
        """Whether a part of the window was folded away, by its name; None when nobody has folded or opened it."""
        value = self._values.get(f"folded_{part}")
        return value if isinstance(value, bool) else None

    async def set_folded(self, part: str, folded: bool) -> None:
        """Remember whether a part of the window is folded away."""
        await self._set(f"folded_{part}", folded)

    def _path(self, key: str) -> Path | None:
        value = self._values.get(key)
        return Path(value) if isinstance(value, str) and value else None

    async def _set(self, key: str, value: object) -> None:
        self._values[key] = value
        text = json.dumps(value)

        def action(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO settings (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, text),
            )

        await self._database.run(action)


def _decode(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def peek(database: Path) -> Settings:
    """The settings as they are now, read without opening the program's database for writing.

    For whoever only looks (`doctor`, `fit`), also while a window is open; nothing is chosen when there is no database.
    Of one that cannot be read nothing is known but that Offline mode may be chosen there, so it is.
    """
    settings = Settings(Database(database))
    # Where it may make no files beside the database, SQLite reads it only when told that nobody else writes either.
    how = "mode=ro&immutable=1" if _is_still(database) else "mode=ro"
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?{how}", uri=True)) as connection:
            settings.take(connection.execute("SELECT key, value FROM settings").fetchall())
    except sqlite3.Error:
        settings.take([("hub_offline", "true")] if _may_be_there(database) else [])
    return settings


def _is_still(database: Path) -> bool:
    """Whether nothing can be written beside the file, and all that was ever saved is in it."""
    writable = os.access(database.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    return not writable and not os.path.lexists(f"{database}-wal")


def _may_be_there(file: Path) -> bool:
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
