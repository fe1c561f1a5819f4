"""Puts a damaged file aside and a new one in its place, with what can be read of it. `database.py` is the caller.

What cannot be read at all comes from the newest copy that was made before an update, if there is one. No other copies
are kept, because what a person deletes shall be gone.
"""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain.errors import UserError
from desktop_app.store.attachments import remove_orphans
from desktop_app.store.opening import bring_to, connect, copies, make_private
from desktop_app.store.raw_copy import COMPANIONS, copy_database
from desktop_app.store.salvage import Salvaged, names_of_tables, repair, salvage, version_of

_ALL = ("", *COMPANIONS)


@dataclass(frozen=True)
class _Part:
    """Tables that make sense together only."""

    tables: tuple[str, ...]
    telling: tuple[str, ...]
    """Those without which the others are worth nothing."""
    heads: str = ""
    """The table that says which conversations or experiments there are; empty for none."""
    owned: tuple[str, ...] = ()
    """Those that name one of them in each row."""
    owner: str = ""
    """In which column."""


_CHATS = _Part(
    ("folders", "conversations", "messages", "growth", "attachments", "message_attachments", "chances"),
    ("messages",),
    "conversations",
    ("messages",),
    "conversation",
)
_EXPERIMENTS = _Part(
    ("experiments", "experiment_columns", "experiment_prompts", "provenances", "cells", "cell_growth", "votes"),
    ("experiment_prompts", "cells"),
    "experiments",
    ("experiment_columns", "experiment_prompts", "cells", "votes"),
    "experiment",
)


def rescue(path: Path, migrations: Sequence[str]) -> UserError:
    """Keep the damaged file at *path* under another name and put in its place what can be read of it.

    Returns:
        What a person should read of it.

    Raises:
        OSError, sqlite3.Error: there is no room, or the disk fails; nothing was changed.
    """
    aside, made = _name_aside(path), path.with_name(f"{path.stem}.salvaged.sqlite3")
    try:
        _keep(path, aside)
        saved, unread = _read_into(path, made, migrations)
        found = _take_from_copies(made, path, migrations, unread) or _Found(saved)
        told = _told(found, aside, whole=not unread)
    except BaseException:
        _remove(aside, _ALL)
        _remove(made, _ALL)
        raise
    # The file that stood beside the damaged one must never be taken for one of the new file.
    _remove(path, COMPANIONS)
    made.replace(path)
    return told


@dataclass(frozen=True)
class _Found:
    """How much there is again, and where it comes from."""

    saved: Salvaged
    taken: str = ""
    """What comes from a copy, in words."""
    copy: Path | None = None


def _read_into(damaged: Path, made: Path, migrations: Sequence[str]) -> tuple[Salvaged, frozenset[str]]:
    """Make a database at *made* of what can be read of another, in the present form; with the tables that could not."""
    _remove(made, _ALL)
    make_private(made)
    form = min(version_of(damaged) or len(migrations), len(migrations))
    with closing(connect(made)) as db:
        # What points to rows that are lost is mended afterwards.
        db.execute("PRAGMA foreign_keys = OFF")
        bring_to(db, migrations, form)
        unread = salvage(damaged, made.with_name(f"{made.name}.source"), db)
        bring_to(db, migrations, len(migrations))
        return repair(db), unread


def _take_from_copies(made: Path, path: Path, migrations: Sequence[str], unread: frozenset[str]) -> _Found | None:
    """Fill what is lost as a whole from the newest copy that has any of it; None when that is not needed, or no use."""
    with closing(connect(made)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        # What is empty and could be read is empty because a person deleted it.
        lost = [part for part in _parts(db) if unread.intersection(part.telling) and not _has("main", db, part)]
        older = made.with_name(f"{made.stem}.older.sqlite3")
        for copy in copies(path) if lost else ():
            try:
                _read_into(copy, older, migrations)
                saved, taken = _take(db, older, lost, unread)
                if taken:
                    return _Found(saved, taken, copy)
            finally:
                _remove(older, _ALL)
    return None


def _take(db: sqlite3.Connection, older: Path, lost: Sequence[_Part], unread: frozenset[str]) -> tuple[Salvaged, str]:
    """Put what *older* has of the lost parts into *db*; how much was there without them, and what came, in words."""
    db.execute("ATTACH ? AS older", (str(older),))
    try:
        parts = [part for part in lost if _has("older", db, part)]
        # Where it can be read which conversations or experiments there are, those that were deleted do not come back.
        known = [part for part in parts if part.heads and part.heads not in unread]
        names = [name for part in parts for name in part.tables if part not in known or name != part.heads]
        db.executescript("".join(f"DELETE FROM main.{name};" for name in names))  # noqa: S608
        saved = repair(db)
        db.executescript("".join(f"INSERT INTO main.{name} SELECT * FROM older.{name};" for name in names))  # noqa: S608
        for part in known:
            for name in part.owned:
                db.execute(f"DELETE FROM main.{name} WHERE {part.owner} NOT IN (SELECT id FROM main.{part.heads})")  # noqa: S608
    finally:
        db.execute("DETACH older")
    came = [repair(db).without(saved).words()] + ["settings"] * any(not part.heads for part in parts)
    if _CHATS in known:
        remove_orphans(db)
    return saved, ", and ".join(one for one in came if one)


def _has(which: str, db: sqlite3.Connection, part: _Part) -> bool:
    return any(db.execute(f"SELECT 1 FROM {which}.{name} LIMIT 1").fetchone() for name in part.telling)  # noqa: S608


def _parts(db: sqlite3.Connection) -> list[_Part]:
    named = {*_CHATS.tables, *_EXPERIMENTS.tables}
    return [_CHATS, _EXPERIMENTS, *(_Part((name,), (name,)) for name in names_of_tables(db) if name not in named)]


def _told(found: _Found, aside: Path, *, whole: bool) -> UserError:
    saved = found.saved.words()
    reasons = [f"Saved from the file: {saved}." if saved else "No chat and no experiment could be saved from the file."]
    if found.copy is not None:
        made = time.strftime("%Y-%m-%d %H:%M", time.localtime(found.copy.stat().st_mtime))
        reasons.append(f"From a copy of {made}, which was made before an update ({found.copy}): {found.taken}.")
        reasons.append("What came later is lost.")
    reasons.append(f"The damaged file was kept as {aside}.")
    if whole:
        title = "The file of your conversations and experiments was damaged, and all that is in it could be read."
    elif saved or found.copy is not None:
        title = "A part of your saved conversations and experiments could not be read."
    else:
        title = "Your saved conversations and experiments could not be read, so the program began with empty lists."
    return UserError(title, " ".join(reasons))


def _keep(path: Path, aside: Path) -> None:
    """Give a file and its companions a second name, under which they stay when others take their place."""
    try:
        for end in _ALL:
            if (part := path.with_name(path.name + end)).exists():
                aside.with_name(aside.name + end).hardlink_to(part)
    except OSError:
        # Not every disk knows second names.
        _remove(aside, _ALL)
        copy_database(path, aside)


def _name_aside(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (f"{path.stem}.damaged-{stamp}{extra}.sqlite3" for extra in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(candidate for name in names if not (candidate := path.with_name(name)).exists())


def _remove(path: Path, ends: Sequence[str]) -> None:
    for end in ends:
        path.with_name(path.name + end).unlink(missing_ok=True)
