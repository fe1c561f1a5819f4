"""A server on a Unix socket or a port that answers every connection with prepared bytes: what no engine should send."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

HEAD_END = b"\r\n\r\n"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


class Seen:
    """What reached the server."""

    def __init__(self) -> None:
        self.request = b""
        self.port = 0
        self.closed = asyncio.Event()


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(path: Path, *pieces: bytes, keep_open: bool = False) -> AsyncIterator[Seen]:
    """Serve *pieces* one after another, then close, or stay until the other side closes."""
    seen = Seen()
    async with await asyncio.start_unix_server(_serving(seen, pieces, keep_open), path):
        yield seen


@asynccontextmanager
async def answering_port(*pieces: bytes, keep_open: bool = False, until: bytes = HEAD_END) -> AsyncIterator[Seen]:
    """The same on a port of this computer."""
    seen = Seen()
    async with await asyncio.start_server(_serving(seen, pieces, keep_open, until), "127.0.0.1", 0) as server:
        seen.port = server.sockets[0].getsockname()[1]
        yield seen


def _serving(seen: Seen, pieces: tuple[bytes, ...], keep_open: bool, until: bytes = HEAD_END) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            seen.request = await reader.readuntil(until)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if keep_open:
                while await reader.read(4096):
                    pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            seen.closed.set()
            writer.close()

    return serve


def descriptors() -> int:
    """How many files and connections this program has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@contextmanager
def never_reading(port: int, request: bytes) -> Iterator[socket.socket]:
    """A visitor that asks, has room for hardly anything, and reads nothing."""
    with socket.socket() as visitor:
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        visitor.connect(("127.0.0.1", port))
        visitor.sendall(request)
        yield visitor
