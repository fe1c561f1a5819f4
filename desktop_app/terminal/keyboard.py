"""Lines from standard input, without a thread.

A thread that waits for a key cannot be cancelled: the program would not end after Ctrl+C until somebody pressed Enter.
`chat.py` makes one `Keyboard`.
"""

import asyncio
import os

_PIECE = 64 * 1024
"""Bytes read at once."""


class Keyboard:
    """Reads a terminal, a pipe or a file line by line.

    Args:
        descriptor: where the lines come from.
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._ended = False

    async def line(self) -> str | None:
        """The next line without its end; None when there are no more. Cancelling leaves everything unread."""
        while b"\n" not in self._rest and not self._ended:
            await self._wait()
            piece = os.read(self._descriptor, _PIECE)
            self._rest += piece
            self._ended = not piece
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")

    async def _wait(self) -> None:
        """Until there is something to read. A file always has something, and cannot be waited for."""
        loop = asyncio.get_running_loop()
        there = asyncio.Event()
        try:
            loop.add_reader(self._descriptor, there.set)
        except PermissionError:
            return
        try:
            await there.wait()
        finally:
            loop.remove_reader(self._descriptor)
