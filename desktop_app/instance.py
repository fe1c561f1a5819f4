"""One program per data folder: the lock that says so, and the way to bring the window of the one that has it in front.

Called by `bootstrap`, by `services/session` for windows, and by `commands` for what runs in a terminal. The lock ends
with the process, however that ends.
"""

import asyncio
import errno
import fcntl
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from desktop_app.domain.errors import UserError
from desktop_app.paths import Paths

_PATIENCE_SECONDS = 2.0
_PROBE_BYTES = 64 << 10
"""As much as the smallest database takes."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class FolderError(UserError):
    """Nothing can be saved in the data folder.

    Args:
        folder: the data folder.
        error: what the system says of it.
    """

    def __init__(self, folder: Path, error: OSError) -> None:
        said = error.strerror or str(error)
        super().__init__("The data folder cannot be used.", f"{folder}: {said}.")
        self.folder = folder
        full, shown = error.errno in _FULL, _short(folder)
        self.because = f"there is no room left for {shown}" if full else f"{shown} may not be written to"
        """The reason as a part of a sentence."""
        self.said = f"{said}: {error.filename}" if error.filename else said
        """The system's own words, and the file or folder that they are about."""


def _short(folder: Path) -> str:
    """Its path as people write it who are at home."""
    home = os.path.expanduser("~")  # noqa: PTH111 - pathlib raises RuntimeError where there is none
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)


def lock(paths: Paths) -> IO[str]:
    """Take the data folder for this program.

    Raises:
        UserError: another program has it.
        FolderError: the folder cannot be used.
    """
    try:
        paths.make()
        return _held(paths.root / "lock")
    except BlockingIOError as error:
        reason = f"Its data folder is {paths.root}. Close it, or choose another folder with --data-dir."
        raise UserError("vLLM Desktop is already open.", reason) from error
    except OSError as error:
        raise FolderError(paths.root, error) from error


def _held(file: Path) -> IO[str]:
    opened = file.open("w", encoding="ascii")
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        opened.close()
        raise
    return opened


def take(paths: Paths) -> IO[str]:
    """Take the data folder and see that things can be saved there, before a window says that they are.

    Raises:
        UserError: another program has it.
        FolderError: the folder cannot be used: it may not be written to, or the disk is full.
    """
    held = lock(paths)
    try:
        _try_to_write(paths)
    except OSError as error:
        held.close()
        raise FolderError(paths.root, error) from error
    return held


def _try_to_write(paths: Paths) -> None:
    for folder in (paths.root, paths.logs, paths.runtime):
        # A full disk lets files be made, and fails when something is written.
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            probe.write(bytes(_PROBE_BYTES))
    database = paths.database
    companions = (database.with_name(f"{database.name}{end}") for end in ("-wal", "-shm"))
    for file in (database, *companions, paths.logs / "program.log"):
        if file.exists():
            os.close(os.open(file, os.O_RDWR | os.O_CLOEXEC))


async def listen(paths: Paths, summoned: Callable[[], None]) -> asyncio.Server:
    """Have *summoned* called whenever the program is started again; the lock must be held."""
    _door(paths).unlink(missing_ok=True)

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        summoned()

    return await asyncio.start_unix_server(answer, _door(paths))


def summon(paths: Paths) -> bool:
    """Bring the window of the program that has the lock in front; False when it has none."""
    with socket.socket(socket.AF_UNIX) as knock:
        knock.settimeout(_PATIENCE_SECONDS)
        try:
            knock.connect(str(_door(paths)))
            return knock.recv(1) == b""
        except OSError:
            return False


def _door(paths: Paths) -> Path:
    return paths.runtime / "window.sock"
