"""Copies a database as the files that it is, also from a disk that cannot read all of them.

`rescue.py` and `salvage.py` are the callers; nobody has the database open meanwhile.
"""

import errno
import os
import shutil
from pathlib import Path

COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by the ends of the names."""
_PIECE, _SECTOR = 1 << 20, 4096
"""Bytes that are copied at once, and that are given up at once where the disk cannot read them."""


def copy_database(source: Path, target: Path) -> None:
    """Copy a file and its companions, with their modes; what the disk cannot read of them becomes zeros.

    Raises:
        OSError: there is no room, or nothing at all can be read.
    """
    for end in ("", *COMPANIONS):
        part = source.with_name(source.name + end)
        if part.exists():
            _copy(part, target.with_name(target.name + end))


def _copy(source: Path, target: Path) -> None:
    with source.open("rb", buffering=0) as old, target.open("wb") as new:
        size, at, failure, zeros = os.fstat(old.fileno()).st_size, 0, None, 0
        while at < size:
            try:
                piece = _read_at(old.fileno(), at)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                failure, piece = error, bytes(min(_SECTOR, size - at))
                zeros += len(piece)
            new.write(piece)
            at += len(piece) or size
        if failure is not None and zeros >= size:
            raise failure
        new.flush()
        os.fsync(new.fileno())
    shutil.copystat(source, target)


def _read_at(file: int, at: int) -> bytes:
    """What can be read from there on; raises OSError when not even a sector can."""
    try:
        return os.pread(file, _PIECE, at)
    except OSError:
        return os.pread(file, _SECTOR, at)
