"""What SQLite says when something is wrong, in words. Called by `database.py`."""

import errno
import sqlite3
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY_CODE = 0xFF
"""SQLite's extended result codes carry the primary one in their lowest byte (sqlite.org/rescode.html)."""
_NOT_READ = (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _DAMAGED


def is_of_index(error: sqlite3.Error) -> bool:
    """Whether the search index is broken, and perhaps nothing else."""
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CORRUPT_VTAB


def is_of_disk(error: sqlite3.Error) -> bool:
    """Whether the disk failed to read or write, e.g. to confirm what was written."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE == sqlite3.SQLITE_IOERR


def in_words(error: sqlite3.Error, path: Path) -> UserError:
    """What a person reads of *error*, which came from the file at *path*."""
    whole = getattr(error, "sqlite_errorcode", 0)
    code = whole if whole in _NOT_READ else whole & _PRIMARY_CODE
    title, reason = {
        sqlite3.SQLITE_FULL: (
            "There is no room left on the disk, so the last change is not saved.",
            "Free some space; what was saved before is safe.",
        ),
        sqlite3.SQLITE_IOERR: (
            "The disk reported an error, so the last change is not saved.",
            f"It may have a fault, or no room left for you ({path}).",
        ),
        **dict.fromkeys(
            _NOT_READ,
            (
                "The disk reported an error, so what you saved could not be read.",
                f"Nothing was changed. It may have a fault ({path}).",
            ),
        ),
        sqlite3.SQLITE_READONLY: ("Nothing can be saved.", f"{path} may not be written to."),
        sqlite3.SQLITE_CANTOPEN: (
            "Your saved conversations and experiments cannot be opened.",
            f"{path} may not be read or written.",
        ),
        sqlite3.SQLITE_BUSY: (
            "Your saved conversations and experiments are in use by another program.",
            "Close the other window of this program.",
        ),
        sqlite3.SQLITE_CORRUPT: (
            "A part of your saved conversations and experiments cannot be read.",
            f"The disk may have a fault ({path}). Start the program again: it will save what can be read.",
        ),
    }.get(code, ("What you saved could not be read, or not be changed.", f"The disk may have a fault ({path})."))
    return UserError(title, reason, Remedy.RETRY, f"{type(error).__name__}: {error}")


def not_opened(error: sqlite3.Error, path: Path) -> UserError:
    """What a person reads when *error* kept the file from being opened: nothing was changed yet that could be lost."""
    why = {sqlite3.SQLITE_FULL: "There is no room left on the disk", sqlite3.SQLITE_IOERR: "The disk reported an error"}
    told = in_words(error, path)
    if cause := why.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE):
        title = "Your saved conversations and experiments cannot be opened."
        return UserError(title, f"{cause} ({path}).", told.remedy, told.details)
    return told


def not_rescued(error: OSError | sqlite3.Error) -> UserError:
    """What a person reads when there was no way to make a new file of a damaged one."""
    if isinstance(error, OSError):
        what, full = error.strerror, error.errno in (errno.ENOSPC, errno.EDQUOT)
    else:
        what, full = "", getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE == sqlite3.SQLITE_FULL
    return UserError(
        "What you saved is damaged, and there was no way to save what can be read of it.",
        f"{what or 'The disk failed'}. Nothing was changed; {'free some space' if full else 'look at the disk'}"
        " and try again.",
        Remedy.RETRY,
        f"{type(error).__name__}: {error}",
    )
