"""What SQLite says when something is wrong, in words. Called by `database.py`."""

import sqlite3
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY_CODE = 0xFF
"""SQLite's extended result codes carry the primary one in their lowest byte (sqlite.org/rescode.html)."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _DAMAGED


def in_words(error: sqlite3.Error, path: Path) -> UserError:
    """What a person reads of *error*, which came from the file at *path*."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
    title, reason = {
        sqlite3.SQLITE_FULL: (
            "There is no room left on the disk, so the last change is not saved.",
            "Free some space; what was saved before is safe.",
        ),
        sqlite3.SQLITE_READONLY: ("Your conversations cannot be saved.", f"{path} may not be written to."),
        sqlite3.SQLITE_CANTOPEN: ("Your conversations cannot be opened.", f"{path} may not be read or written."),
        sqlite3.SQLITE_BUSY: (
            "Your conversations are in use by another program.",
            "Close the other window of this program.",
        ),
        sqlite3.SQLITE_CORRUPT: (
            "A part of your saved conversations cannot be read.",
            f"The disk may have a fault ({path}). Start the program again: it will save what can be read.",
        ),
    }.get(code, ("Your conversations could not be read or saved.", f"The disk may have a fault ({path})."))
    return UserError(title, reason, Remedy.RETRY, f"{type(error).__name__}: {error}")
