"""One SQLite file: opened, brought up to date, and reached through one worker thread.

The stores of this folder are its only callers. Everything they do is one transaction on a thread of its own, so that a
slow disk never holds up the event loop. A file that cannot be read is put aside under another name, never deleted.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.store.schema import MIGRATIONS

T = TypeVar("T")

_BUSY_SECONDS = 5.0
_COMPANIONS = ("-wal", "-shm", "-journal")
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY_CODE = 0xFF
"""SQLite's extended result codes carry the primary one in their lowest byte (sqlite.org/rescode.html)."""


class Database:
    """The file with everything that people wrote and chose.

    Args:
        path: where the file lies or shall lie; its folder exists.
        migrations: one SQL script per schema version, in order; tests hand in their own.
    """

    def __init__(self, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
        self._path = path
        self._migrations = migrations
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    async def open(self) -> UserError | None:
        """Open the file, or make it, and bring its schema up to date.

        Returns:
            What a person should read when the file was damaged: it lies aside now and an empty one took its place.

        Raises:
            UserError: the file is from a newer version, or it cannot be opened; it is left as it was.
        """
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._open)

    async def run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Do *action* in one transaction on the worker thread; it is on the disk when this returns.

        Raises:
            UserError: it could not be done; what was there before is untouched.
        """
        if self._closed:
            raise UserError("Your conversations are closed.", "The program is ending.")
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._transact, action)

    async def close(self) -> None:
        """Finish what was begun and close the file; closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._worker, self._close)
        self._worker.shutdown(wait=False)

    # Everything below runs on the worker thread.

    def _open(self) -> UserError | None:
        try:
            self._connection = self._prepare()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise _in_words(error, self._path) from error
        else:
            return None
        aside = _put_aside(self._path)
        try:
            self._connection = self._prepare()
        except sqlite3.DatabaseError as error:
            raise _in_words(error, self._path) from error
        return UserError(
            "Your saved conversations could not be read, so the program began with an empty list.",
            f"The damaged file was kept as {aside}.",
            Remedy.NONE,
        )

    def _prepare(self) -> sqlite3.Connection:
        fresh = not self._path.exists() or self._path.stat().st_size == 0
        if fresh:
            _make_private(self._path)
        else:
            self._refuse_newer()
        connection = _connect(self._path)
        try:
            if not fresh:
                _check(connection)
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _refuse_newer(self) -> None:
        # Read-only, so that a file of a newer version stays what it is to the byte.
        connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            version = _version(connection)
        finally:
            connection.close()
        if version > len(self._migrations):
            raise UserError(
                "Your saved conversations were written by a newer version of this program.",
                f"They are in form {version}; this version knows up to {len(self._migrations)}. "
                "Install the newer version again. Nothing was changed.",
            )

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = _version(connection)
        if 0 < version < len(self._migrations):
            _back_up(connection, self._path.with_name(f"{self._path.stem}.before-form-{version + 1}.sqlite3"))
        for number in range(version, len(self._migrations)):
            try:
                # The version is part of the transaction: a step is done and recorded, or neither.
                connection.executescript(
                    f"BEGIN IMMEDIATE; {self._migrations[number]}; PRAGMA user_version = {number + 1}; COMMIT;"
                )
            except BaseException:
                _roll_back(connection)
                raise

    def _transact(self, action: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            raise UserError("Your conversations are not open.", "The file could not be read.", Remedy.RETRY)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            result = action(self._connection)
            # A full disk may show only here; nobody is told that it is saved before this has returned.
            self._connection.execute("COMMIT")
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
            _roll_back(self._connection)
            raise
        except sqlite3.DatabaseError as error:
            _roll_back(self._connection)
            raise _in_words(error, self._path) from error
        except BaseException:
            _roll_back(self._connection)
            raise
        return result

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL, because a saved answer shall survive a power cut too; it costs two fsync a second while an answer streams.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _check(connection: sqlite3.Connection) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        error = sqlite3.DatabaseError(str(verdict))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make_private(path: Path) -> None:
    # SQLite gives its companions (-wal, -shm) the mode of the file itself.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise UserError(
            "Your conversations cannot be saved.", f"{path} cannot be made: {error.strerror}.", Remedy.RETRY, str(error)
        ) from error


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    _make_private(part)
    copy = sqlite3.connect(part)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    part.replace(target)


def _put_aside(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (f"{path.stem}.damaged-{stamp}{extra}.sqlite3" for extra in ("", *(f"-{n}" for n in range(2, 1000))))
    aside = next(candidate for name in names if not (candidate := path.with_name(name)).exists())
    for companion in ("", *_COMPANIONS):
        part = path.with_name(path.name + companion)
        if part.exists():
            part.rename(aside.with_name(aside.name + companion))
    return aside


def _roll_back(connection: sqlite3.Connection) -> None:
    # SQLite itself may already have rolled back (a full disk does that).
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _DAMAGED


def _in_words(error: sqlite3.Error, path: Path) -> UserError:
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
            "Start the program again: it will keep the damaged file and begin a new one.",
        ),
    }.get(code, ("Your conversations could not be read or saved.", f"The disk may have a fault ({path})."))
    return UserError(title, reason, Remedy.RETRY, f"{type(error).__name__}: {error}")
