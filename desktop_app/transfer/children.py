"""Runs a short-lived program to its end: Python, pip, our fetcher. Nothing that it started outlives the call.

Called by `engine` and by `hub/download.py`. The engine itself is not started here.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_LINE_LIMIT = 1 << 20
"""Bytes. pip prints the names of everything that it installs on one line."""


def _ignore(_line: str) -> None:
    pass


async def run(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    on_line: Callable[[str], None] = _ignore,
    timeout: float | None = None,  # noqa: ASYNC109 - the timeout has to end the child as well
    pass_fds: Sequence[int] = (),
    given: bytes = b"",
) -> int:
    """Run *argv* with *given* as its input and hand each line of its output (both streams) to *on_line*.

    Ends the whole process group at once when the calling task is cancelled, when *timeout* (seconds) is over, or when
    *on_line* raises.

    Returns:
        The exit status.

    Raises:
        OSError: the program cannot be started.
        TimeoutError: it took too long.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=dict(env),
        cwd=cwd,
        stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # A group of its own, so that one signal reaches pip's build helpers too.
        start_new_session=True,
        limit=_LINE_LIMIT,
        pass_fds=tuple(pass_fds),
    )
    try:
        async with asyncio.timeout(timeout):
            if process.stdin is not None:
                process.stdin.write(given)
                process.stdin.close()
            await _read(process, on_line)
            return await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _read(process: asyncio.subprocess.Process, on_line: Callable[[str], None]) -> None:
    if process.stdout is None:
        return
    async for line in process.stdout:
        on_line(line.decode("utf-8", "replace").rstrip("\r\n"))
