"""One SQLite file: opened, brought up to date, and reached through one worker thread.

The stores of this folder are its only callers. Everything they do is one transaction on a thread of its own, so that a
slow disk never holds up the event loop. A file that cannot be read is kept under another name, never deleted, and what
can still be read of it is put into a new one.

There is one connection, because SQLite before 3.51.3 could lose the write-ahead log when two of them wrote and
checkpointed at the same time. It does not lock others out: `settings.peek()` reads beside it, and only reads.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from traceback import clear_frames
from typing import TypeVar

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.store.faults import in_words, is_damage, is_of_disk, is_of_index, not_opened, not_rescued
from desktop_app.store.opening import MEMORY, connect, migrate, prepare, roll_back
from desktop_app.store.rescue import rescue
from desktop_app.store.salvage import index_anew, read_text
from desktop_app.store.schema import MIGRATIONS

T = TypeVar("T")


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
        self._was_open = False
        self._has_salvaged = False

    async def open(self) -> UserError | None:
        """Open the file, or make it, and bring its schema up to date.

        Returns:
            What a person should read when the file was damaged: it lies aside now and another one took its place.

        Raises:
            UserError: the file is from a newer version, or it cannot be opened; it is left as it was.
        """
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._open)

    async def run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Do *action* in one transaction on the worker thread; it is on the disk when this returns.

        Raises:
            UserError: it could not be done; what was there before is untouched. (A disk that fails again while the file
                is closed may have kept the change that it reported as failed; never the other way round.)
        """
        if self._closed:
            raise UserError("Nothing can be read or saved any more.", "The program is ending.")
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._transact, action)

    async def close(self) -> None:
        """Finish what was begun and close the file; closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._worker, self._close)
        self._worker.shutdown(wait=False)

    # Everything below runs on the worker thread.

    def _open(self, *, new: bool = True) -> UserError | None:
        try:
            self._connection = prepare(self._path, self._migrations, new=new)
        except sqlite3.DatabaseError as error:
            if not is_damage(error) or self._has_salvaged:
                raise not_opened(error, self._path) from error
        except OSError as error:
            reason = f"{self._path}: {error.strerror}."
            raise UserError("What you saved cannot be opened.", reason, Remedy.RETRY, str(error)) from error
        except UnicodeDecodeError:
            # What SQLite says about a broken schema quotes it, whatever bytes it is made of.
            pass
        else:
            self._was_open = True
            return None
        return self._save_what_can_be_read()

    def _open_again(self) -> sqlite3.Connection:
        """Open what had to be closed, as at the start: looked through before anything is written."""
        closed = UserError("What you saved is not open.", "The file could not be read.", Remedy.RETRY)
        if not self._was_open:
            raise closed
        # At the start no file means a new one. Here something took it away, perhaps with the disk that it lies on.
        try:
            notice = self._open(new=False)
        except UserError as error:
            reason = f"{error.reason} Until it can be opened, nothing is saved."
            raise UserError(error.title, reason, error.remedy, error.details) from error
        if notice is not None or self._connection is None:
            raise notice or closed
        return self._connection

    def _save_what_can_be_read(self) -> UserError:
        self._close()
        try:
            notice = rescue(self._path, self._migrations)
        except (OSError, sqlite3.DatabaseError) as error:
            raise not_rescued(error) from error
        self._has_salvaged = True
        self._open(new=False)
        return notice

    def _transact(self, action: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection or self._open_again()
        try:
            return _attempt(connection, action)
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
            raise
        except sqlite3.DatabaseError as error:
            if told := self._failed(connection, error):
                raise told from error
        try:
            return _attempt(connection, action)
        except sqlite3.DatabaseError as error:
            raise (self._failed(connection, error) or in_words(error, self._path)) from error

    def _failed(self, connection: sqlite3.Connection, error: sqlite3.DatabaseError) -> UserError | None:
        """What a person reads of *error*; None when it was mended, and what failed is worth a second attempt."""
        # What the action was still reading would keep the connection from being closed.
        clear_frames(error.__traceback__)
        if is_of_disk(error):
            return self._disk_failed(in_words(error, self._path))
        if is_damage(error) and not is_of_index(error) and not self._has_salvaged:
            # Ids stay what they are, so whoever comes next finds everything that could be read.
            return self._save_what_can_be_read()
        return None if self._mended(connection, error) else in_words(error, self._path)

    def _disk_failed(self, told: UserError) -> UserError:
        """Close the file and look through it; *told* with what was seen.

        Nothing is done again: after a failed fsync nobody knows what of it the disk has, and a second one that works
        says nothing about the first (https://wiki.postgresql.org/wiki/Fsync_Errors).
        """
        self._close()
        try:
            self._open_again()
        except UserError as then:
            # Whoever comes next opens it before anything else.
            return UserError(told.title, f"{told.reason} {then.sentence()}", told.remedy, told.details)
        safe = "What was saved before was looked through and is safe."
        return UserError(told.title, f"{told.reason} {safe}", told.remedy, told.details)

    def _mended(self, connection: sqlite3.Connection, error: sqlite3.Error) -> bool:
        """Whether what failed is worth a second attempt: damage that nobody needs to lose anything by."""
        if "decode to UTF-8" in str(error):
            # A few bytes of a text are broken; the rest of it shall be seen.
            connection.text_factory = read_text
            return True
        if not is_of_index(error):
            return False
        # Only the search index is broken, and it is made of the messages.
        try:
            index_anew(connection)
        except sqlite3.DatabaseError as failure:
            roll_back(connection)
            told = in_words(failure, self._path)
            raise (self._disk_failed(told) if is_of_disk(failure) else told) from failure
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
        super().__init__(Path(MEMORY))
        self._fill = prepare

    def _transact(self, action: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            connection = connect(MEMORY)
            # Not even what a large sort puts aside shall reach the disk.
            connection.execute("PRAGMA temp_store = MEMORY")
            migrate(connection, self._migrations, self._path)
            self._fill(connection)
            self._connection = connection
        return super()._transact(action)


def _attempt(connection: sqlite3.Connection, action: Callable[[sqlite3.Connection], T]) -> T:
    try:
        connection.execute("BEGIN IMMEDIATE")
        result = action(connection)
        # A full disk may show only here; nobody is told that it is saved before this has returned.
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise
    return result
