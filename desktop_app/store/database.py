"""One SQLite file: opened, brought up to date, and reached through one worker thread.

The stores of this folder are its only callers. Everything they do is one transaction on a thread of its own, so that a
slow disk never holds up the event loop. A file that cannot be read is kept under another name, never deleted, and what
can still be read of it is put into a new one.

There is one connection, because SQLite before 3.51.3 could lose the write-ahead log when two of them wrote and
checkpointed at the same time. It does not lock others out: `settings.peek()` reads beside it, and only reads.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.store.faults import in_words, is_damage
from desktop_app.store.salvage import (
    COMPANIONS,
    Salvaged,
    copy_database,
    index_anew,
    read_text,
    repair,
    salvage,
    version_of,
)
from desktop_app.store.schema import MIGRATIONS
from desktop_app.store.search_words import search_words

T = TypeVar("T")

_BUSY_SECONDS = 5.0
_MEMORY = ":memory:"


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
        self._has_salvaged = False

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
            if not is_damage(error):
                raise in_words(error, self._path) from error
        except UnicodeDecodeError:
            # What SQLite says about a broken schema quotes it, whatever bytes it is made of.
            pass
        else:
            return None
        return self._save_what_can_be_read()

    def _save_what_can_be_read(self) -> UserError:
        self._has_salvaged = True
        self._close()
        try:
            return self._replace_damaged()
        except sqlite3.DatabaseError as error:
            raise in_words(error, self._path) from error
        except OSError as error:
            raise UserError(
                "Your saved conversations are damaged, and there was no way to save what can be read of them.",
                f"{error.strerror or 'The disk failed'}. Nothing was changed; free some space and try again.",
                Remedy.RETRY,
                str(error),
            ) from error

    def _replace_damaged(self) -> UserError:
        """Keep the damaged file under another name and put in its place what can be read of it."""
        aside = _name_aside(self._path)
        copy_database(self._path, aside)
        made = self._path.with_name(f"{self._path.stem}.salvaged.sqlite3")
        saved, source = self._salvage(self._path, made), "it"
        backups = sorted(self._path.parent.glob(f"{self._path.stem}.before-form-*.sqlite3"), reverse=True)
        if not saved.messages and backups:
            saved, source = self._salvage(backups[0], made), f"{backups[0]}, a copy made before an update"
        # The file that stood beside the damaged one must never be taken for one of the new file.
        _remove(self._path, COMPANIONS)
        made.replace(self._path)
        self._connection = self._prepare()
        if not saved.messages:
            title = "Your saved conversations could not be read, so the program began with an empty list."
            return UserError(title, f"The damaged file was kept as {aside}.")
        return UserError(
            "A part of your saved conversations could not be read.",
            f"{saved.words()} were saved from {source}. The damaged file was kept as {aside}.",
        )

    def _salvage(self, damaged: Path, made: Path) -> Salvaged:
        """Make a database at *made* of what can be read of another file, in the present form."""
        _remove(made, ("", *COMPANIONS))
        _make_private(made)
        version = version_of(damaged) or len(self._migrations)
        with closing(_connect(made)) as connection:
            # What points to rows that are lost is mended afterwards.
            connection.execute("PRAGMA foreign_keys = OFF")
            self._bring_to(connection, min(version, len(self._migrations)))
            salvage(damaged, made.with_name(f"{made.name}.source"), connection)
            self._bring_to(connection, len(self._migrations))
            return repair(connection)

    def _prepare(self) -> sqlite3.Connection:
        fresh = not self._path.exists() or self._path.stat().st_size == 0
        if fresh:
            _make_private(self._path)
        else:
            self._inspect()
        connection = _connect(self._path)
        try:
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _inspect(self) -> None:
        """Refuse what is newer or damaged, read-only: either file stays what it is to the byte."""
        with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            version = _version(connection)
            if version <= len(self._migrations):
                _check(connection)
                return
            raise UserError(
                "Your saved conversations were written by a newer version of this program.",
                f"They are in form {version}; this version knows up to {len(self._migrations)}. "
                "Install the newer version again. Nothing was changed.",
            )

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = _version(connection)
        if 0 < version < len(self._migrations):
            _back_up(connection, self._path.with_name(f"{self._path.stem}.before-form-{version + 1}.sqlite3"))
        self._bring_to(connection, len(self._migrations))

    def _bring_to(self, connection: sqlite3.Connection, form: int) -> None:
        for number in range(_version(connection), form):
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
            return _attempt(self._connection, action)
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
            raise
        except sqlite3.DatabaseError as error:
            if is_damage(error) and not _is_of_index(error) and not self._has_salvaged:
                # Ids stay what they are, so whoever comes next finds everything that could be read.
                raise self._save_what_can_be_read() from error
            if not self._mended(self._connection, error):
                raise in_words(error, self._path) from error
        try:
            return _attempt(self._connection, action)
        except sqlite3.DatabaseError as error:
            raise in_words(error, self._path) from error

    def _mended(self, connection: sqlite3.Connection, error: sqlite3.Error) -> bool:
        """Whether what failed is worth a second attempt: damage that nobody needs to lose anything by."""
        if "decode to UTF-8" in str(error):
            # A few bytes of a text are broken; the rest of it shall be seen.
            connection.text_factory = read_text
            return True
        if not _is_of_index(error):
            return False
        # Only the search index is broken, and it is made of the messages.
        try:
            index_anew(connection)
        except sqlite3.DatabaseError as failure:
            _roll_back(connection)
            raise in_words(failure, self._path) from failure
        return True

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class MemoryDatabase(Database):
    """The same forms in memory: opened when it is first used, gone when it is closed.

    Args:
        prepare: called once with the new, empty database.
    """

    def __init__(self, prepare: Callable[[sqlite3.Connection], None]) -> None:
        super().__init__(Path(_MEMORY))
        self._fill = prepare

    def _transact(self, action: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            connection = _connect(_MEMORY)
            # Not even what a large sort puts aside shall reach the disk.
            connection.execute("PRAGMA temp_store = MEMORY")
            self._migrate(connection)
            self._fill(connection)
            self._connection = connection
        return super()._transact(action)


def _is_of_index(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CORRUPT_VTAB


def _attempt(connection: sqlite3.Connection, action: Callable[[sqlite3.Connection], T]) -> T:
    try:
        connection.execute("BEGIN IMMEDIATE")
        result = action(connection)
        # A full disk may show only here; nobody is told that it is saved before this has returned.
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise
    return result


def _connect(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.create_function("search_words", 1, search_words, deterministic=True)
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


def _name_aside(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (f"{path.stem}.damaged-{stamp}{extra}.sqlite3" for extra in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(candidate for name in names if not (candidate := path.with_name(name)).exists())


def _remove(path: Path, ends: Sequence[str]) -> None:
    for end in ends:
        path.with_name(path.name + end).unlink(missing_ok=True)


def _roll_back(connection: sqlite3.Connection) -> None:
    # SQLite itself may already have rolled back (a full disk does that).
    if connection.in_transaction:
        connection.execute("ROLLBACK")
