"""Opens the file: made when there is none, looked through before it is written to, and brought to the present form.

`database.py` and `rescue.py` are the callers. Everything here runs on the one thread that the file is reached through.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.store.search_words import search_words

MEMORY = ":memory:"
"""In place of a path: a database that is nowhere but in memory."""
_BUSY_SECONDS = 5.0


def connect(path: Path | str) -> sqlite3.Connection:
    """A connection as every store here expects it. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.create_function("search_words", 1, search_words, deterministic=True)
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL, because a saved answer shall survive a power cut too; it costs two fsync a second while an answer streams.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def prepare(path: Path, migrations: Sequence[str], *, new: bool = True) -> sqlite3.Connection:
    """A connection to the file, which is whole and in the present form, or new.

    Args:
        path: where it lies or shall lie.
        migrations: one script per form.
        new: whether it may be made when it is not there.

    Raises:
        UserError: it is from a newer version, or cannot be made; it is left as it was.
        sqlite3.Error: it is damaged, cannot be opened, or is not there.
        OSError: it cannot be looked at.
    """
    is_empty = path.exists() and path.stat().st_size == 0
    if is_empty and (copies(path) or not new):
        # There was something in it: a copy says so, or whoever has it open.
        raise _damage("the file is empty")
    if new and (is_empty or not path.exists()):
        make_private(path)
    else:
        _inspect(path, len(migrations))
    connection = connect(path)
    try:
        migrate(connection, migrations, path)
    except BaseException:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection, migrations: Sequence[str], path: Path) -> None:
    """Bring what *connection* reaches to the present form; of an older file at *path* a copy is made before."""
    version = _version(connection)
    if 0 < version < len(migrations):
        _back_up(connection, path.with_name(f"{path.stem}.before-form-{version + 1}.sqlite3"))
    bring_to(connection, migrations, len(migrations))


def bring_to(connection: sqlite3.Connection, migrations: Sequence[str], form: int) -> None:
    """Take the steps that are lacking to *form*. Raises sqlite3.Error; what was done by then is whole."""
    for number in range(_version(connection), form):
        try:
            # The version is part of the transaction: a step is done and recorded, or neither.
            connection.executescript(
                f"BEGIN IMMEDIATE; {migrations[number]}; PRAGMA user_version = {number + 1}; COMMIT;"
            )
        except BaseException:
            roll_back(connection)
            raise


def copies(path: Path) -> list[Path]:
    """The copies that were made of the file at *path* before updates, the newest first."""
    found = path.parent.glob(f"{path.stem}.before-form-*.sqlite3")
    forms = {one: one.stem.rpartition("-")[2] for one in found}
    return sorted((one for one, form in forms.items() if form.isdecimal()), key=lambda one: -int(forms[one]))


def roll_back(connection: sqlite3.Connection) -> None:
    """Undo what was begun. SQLite itself may already have done so: a full disk does that."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read. Raises UserError."""
    # SQLite gives its companions (-wal, -shm) the mode of the file itself.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise UserError(
            "Nothing can be saved.", f"{path} cannot be made: {error.strerror}.", Remedy.RETRY, str(error)
        ) from error


def _inspect(path: Path, newest: int) -> None:
    """Refuse what is newer or damaged, read-only: either file stays what it is to the byte."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        version = _version(connection)
        if version <= newest:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise _damage(str(verdict))
            return
        raise UserError(
            "Your saved conversations and experiments were written by a newer version of this program.",
            f"They are in form {version}; this version knows up to {newest}. "
            "Install the newer version again. Nothing was changed.",
        )


def _damage(what: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(what)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    make_private(part)
    copy = sqlite3.connect(part)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    part.replace(target)
