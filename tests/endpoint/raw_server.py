"""A server on a Unix socket that answers every connection with prepared bytes, for what no engine should send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


class Seen:
    """What reached the server."""

    def __init__(self) -> None:
        self.request = b""
        self.closed = asyncio.Event()


@asynccontextmanager
async def answering(path: Path, *pieces: bytes, keep_open: bool = False) -> AsyncIterator[Seen]:
    """Serve *pieces* one after another, then close, or stay until the other side closes."""
    seen = Seen()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.request = await reader.readuntil(b"\r\n\r\n")
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if keep_open:
                while await reader.read(4096):
                    pass
        except ConnectionError:
            pass
        finally:
            seen.closed.set()
            writer.close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield seen
    finally:
        server.close()
        await server.wait_closed()
