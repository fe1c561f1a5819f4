"""Saves rows one after the other and says of each whether it is saved: `python -m tests.store.durable_child FILE ROWS`.

Every line goes to standard output in one call of its own, after `run()` has returned or raised, so that whoever traces
the system calls sees what the disk had confirmed by then.
"""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from desktop_app.domain.errors import UserError
from desktop_app.store.database import Database

FORM = "CREATE TABLE things (number INTEGER PRIMARY KEY, content BLOB NOT NULL)"
SIZE = 400_000
"""Bytes of a row: after eleven of them SQLite takes what is in the log over into the file."""


def _say(line: str) -> None:
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def _inserting(number: int) -> Callable[[sqlite3.Connection], object]:
    return lambda db: db.execute("INSERT INTO things VALUES (?, randomblob(?))", (number, SIZE))


async def main(path: Path, rows: int) -> None:
    """Open the file, save that many rows, each once, and close it."""
    database = Database(path, (FORM,))
    try:
        notice = await database.open()
        _say(f"open after damage: {notice.sentence()}" if notice else "open")
        for number in range(rows):
            try:
                await database.run(_inserting(number))
                _say(f"saved {number}")
            except UserError as error:
                _say(f"failed {number}: {error.sentence()}")
    except UserError as error:
        _say(f"not open: {error.sentence()}")
    await database.close()
    _say("closed")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
