"""One program per data folder: the lock that says so, and the way to bring the window of the one that has it in front.

Called by `bootstrap`. The lock ends with the process, however that ends.
"""

import asyncio
import fcntl
import socket
from collections.abc import Callable
from pathlib import Path
from typing import IO

from desktop_app.domain.errors import UserError
from desktop_app.paths import Paths

_PATIENCE_SECONDS = 2.0


def lock(paths: Paths) -> IO[str]:
    """Take the data folder for this program.

    Raises:
        UserError: another program has it, or the folder cannot be used.
    """
    try:
        paths.make()
        held = (paths.root / "lock").open("w", encoding="ascii")
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        reason = f"Its data folder is {paths.root}. Close it, or choose another folder with --data-dir."
        raise UserError("vLLM Desktop is already open.", reason) from error
    except OSError as error:
        raise UserError("The data folder cannot be used.", f"{paths.root}: {error.strerror or error}.") from error
    return held


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
