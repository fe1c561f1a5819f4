"""Conversations as rows: the list, the bin, folders, and what is kept with each. Called by `conversations.py`.

Everything here runs inside a transaction of `database.py`, on its thread.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from desktop_app.domain.chat import Conversation, DeletedConversation, Folder
from desktop_app.domain.sampling import ChatSettings
from desktop_app.store.attachments import remove_orphans
from desktop_app.store.cleaning import clean
from desktop_app.store.messages import unindex
from desktop_app.store.search_words import search_words

TEMPORARY_IDS = 2**30
"""Ids of temporary conversations and their messages are greater than this; those of stored ones never get there."""

_COLUMNS = "id, title, updated, titled, pinned, folder"
_NEXT_TOUCH = "(SELECT coalesce(max(touched), 0) + 1 FROM conversations)"


@dataclass(frozen=True)
class Head:
    """What a conversation's own row says about its content."""

    chosen: int | None
    kept: tuple[ChatSettings, int | None, str]
    """Settings, from which message on it is seen, and what is given instead of the others."""


def listed(db: sqlite3.Connection) -> tuple[Conversation, ...]:
    """Every conversation that is not deleted: pinned ones first, then the one written to last."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM conversations WHERE deleted IS NULL ORDER BY pinned DESC, touched DESC"  # noqa: S608
    )
    return tuple(_conversation(row) for row in rows)


def deleted(db: sqlite3.Connection) -> tuple[DeletedConversation, ...]:
    """Every deleted conversation, the one deleted last first."""
    rows = db.execute(
        f"SELECT {_COLUMNS}, deleted FROM conversations WHERE deleted IS NOT NULL ORDER BY deleted DESC, touched DESC"  # noqa: S608
    )
    return tuple(DeletedConversation(_conversation(row), row["deleted"]) for row in rows)


def deleted_before(db: sqlite3.Connection, limit: float) -> list[int]:
    """The ids of what was deleted before *limit* (Unix time, seconds)."""
    return [row["id"] for row in db.execute("SELECT id FROM conversations WHERE deleted < ?", (limit,))]


def remove(db: sqlite3.Connection, conversations: Iterable[int]) -> int:
    """Remove conversations for good, and what only they had; returns how many."""
    ids = list(conversations)
    for one in ids:
        unindex(db, [row["id"] for row in db.execute("SELECT id FROM messages WHERE conversation = ?", (one,))])
        db.execute("DELETE FROM title_index WHERE rowid = ?", (one,))
        db.execute("DELETE FROM conversations WHERE id = ?", (one,))
    if ids:
        remove_orphans(db)
    return len(ids)


def head(db: sqlite3.Connection, conversation: int) -> Head | None:
    """What its row says; None when there is no such conversation."""
    row = db.execute(
        "SELECT chosen, settings, seen_from, summary FROM conversations WHERE id = ?", (conversation,)
    ).fetchone()
    if row is None:
        return None
    return Head(row["chosen"], (decode_settings(row["settings"]), row["seen_from"], row["summary"]))


def insert(db: sqlite3.Connection, conversation: Conversation, settings: ChatSettings, now: float) -> Conversation:
    """A new conversation; its id is given here, and a folder that is not there counts as none."""
    title, updated = clean(conversation.title), conversation.updated or now
    folder = db.execute("SELECT id FROM folders WHERE id = ?", (conversation.folder,)).fetchone()
    made = replace(conversation, title=title, updated=updated, folder=folder["id"] if folder else None)
    cursor = db.execute(
        "INSERT INTO conversations (title, titled, created, updated, pinned, folder, settings, touched)"  # noqa: S608
        f" VALUES (?, ?, ?, ?, ?, ?, ?, {_NEXT_TOUCH})",
        (title, made.titled, now, updated, made.pinned, made.folder, encode_settings(settings)),
    )
    identity = int(cursor.lastrowid or 0)
    _index_title(db, identity)
    return replace(made, id=identity, temporary=identity > TEMPORARY_IDS)


def copy(db: sqlite3.Connection, conversation: int, now: float) -> Conversation:
    """A new conversation without messages, of the same title, folder and settings.

    Raises:
        KeyError: there is no such conversation.
    """
    row = db.execute(f"SELECT {_COLUMNS}, settings FROM conversations WHERE id = ?", (conversation,)).fetchone()  # noqa: S608
    if row is None:
        raise KeyError(conversation)
    made = replace(_conversation(row), title=f"{row['title']} (branch)", updated=now, pinned=False)
    return insert(db, made, decode_settings(row["settings"]), now)


def copy_seen_from(db: sqlite3.Connection, source: int, target: int, ids: Mapping[int, int]) -> None:
    """Let a copy be seen from the same message on, as far as it has that message."""
    row = db.execute("SELECT seen_from, summary FROM conversations WHERE id = ?", (source,)).fetchone()
    if row["seen_from"] in ids:
        values = (ids[row["seen_from"]], row["summary"], target)
        db.execute("UPDATE conversations SET seen_from = ?, summary = ? WHERE id = ?", values)


def touch(db: sqlite3.Connection, conversation: int, now: float) -> None:
    """Put a conversation at the top of the list."""
    db.execute(
        f"UPDATE conversations SET updated = ?, touched = {_NEXT_TOUCH} WHERE id = ?",  # noqa: S608
        (now, conversation),
    )


def rename(db: sqlite3.Connection, conversation: int, title: str, *, by_person: bool) -> None:
    """Change a title; one that a person chose is only changed by a person."""
    db.execute(
        "UPDATE conversations SET title = ?, titled = ? WHERE id = ? AND titled <= ?",
        (clean(title), by_person, conversation, by_person),
    )
    _index_title(db, conversation)


def folders(db: sqlite3.Connection) -> tuple[Folder, ...]:
    """All folders by name."""
    found = [Folder(row["id"], row["name"]) for row in db.execute("SELECT id, name FROM folders ORDER BY id")]
    return tuple(sorted(found, key=lambda folder: folder.name.casefold()))


def add_folder(db: sqlite3.Connection, name: str) -> Folder:
    """Make an empty folder."""
    cursor = db.execute("INSERT INTO folders (name) VALUES (?)", (clean(name),))
    return Folder(int(cursor.lastrowid or 0), clean(name))


def encode_settings(settings: ChatSettings) -> str:
    """Settings as JSON; empty when nothing was chosen."""
    values = settings.as_json()
    return clean(json.dumps(values, ensure_ascii=False)) if values else ""


def decode_settings(text: str) -> ChatSettings:
    """Settings from JSON; what makes no sense counts as not chosen."""
    try:
        return ChatSettings.from_json(json.loads(text)) if text else ChatSettings()
    except (ValueError, RecursionError):
        return ChatSettings()


def _index_title(db: sqlite3.Connection, conversation: int) -> None:
    row = db.execute("SELECT title FROM conversations WHERE id = ?", (conversation,)).fetchone()
    if row:
        words = (conversation, search_words(row["title"]))
        db.execute("INSERT OR REPLACE INTO title_index (rowid, title) VALUES (?, ?)", words)


def _conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(
        row["id"],
        row["title"],
        row["updated"],
        bool(row["titled"]),
        bool(row["pinned"]),
        row["folder"],
        row["id"] > TEMPORARY_IDS,
    )
