"""A door on this computer in front of an engine's Unix socket, for programs that can only reach a port.

`terminal/serve` opens it. It listens on 127.0.0.1 only and lets nobody pass without the key: vLLM's own key guards only
some of its routes, and knows no difference between a program and a web page that was made to look local. So every
request must carry the key, and name this computer as its host (`visitor` says why). One request per connection.
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from desktop_app.domain.errors import UserError
from desktop_app.endpoint.visitor import HEAD_BYTES, HOST, RefusalError, Request, Visitors, read_request

_PIECE_BYTES = 65_536
_CONNECTIONS = 64
_OURS = ("host", "authorization", "connection", "keep-alive", "proxy-connection", "upgrade", "expect")
"""Not handed on: the key stays here, and the engine is told to close after its answer."""
_SAID = {
    400: "This is not a request that can be understood.",
    401: "The key is missing or wrong: send it as 'Authorization: Bearer KEY'.",
    403: "This door is for programs on this computer: the host must be localhost or 127.0.0.1.",
    408: "The request did not come in time.",
    431: "The head of the request is too long.",
    502: "The engine does not answer.",
    503: "Too many connections at the same time.",
}
KEY_LENGTH = 16
"""Characters of the shortest key that protects anything."""


@asynccontextmanager
async def open_relay(engine: Path, port: int, key: str) -> AsyncIterator[int]:
    """Listen on 127.0.0.1 as long as the context lasts; yields the port, which the system chooses for 0.

    Args:
        engine: the engine's Unix socket.
        port: where to listen.
        key: what every request must carry; random, at least 16 characters.

    Raises:
        UserError: the port is taken or not allowed.
        ValueError: the key is too short to protect anything.
    """
    if len(key) < KEY_LENGTH:
        raise ValueError(f"a key of less than {KEY_LENGTH} characters")
    relay = _Relay(engine, key)
    try:
        server = await asyncio.start_server(relay.visitors.serve, HOST, port, limit=HEAD_BYTES)
    except (OSError, OverflowError) as error:
        raise UserError(
            f"Port {port} cannot be used.", "Another program may have it. Choose another one.", details=str(error)
        ) from error
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await relay.visitors.end()
        await server.wait_closed()


class _Relay:
    def __init__(self, engine: Path, key: str) -> None:
        self._engine = engine
        self._wanted = f"Bearer {key}".encode()
        self.visitors = Visitors(self._receive)

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._pass_on(reader, writer)
        except RefusalError as refusal:
            await _answer(writer, refusal.status)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self.visitors) > _CONNECTIONS:
            raise RefusalError(503)
        request = await read_request(reader)
        if not hmac.compare_digest(request.headers.get("authorization", "").encode("latin-1"), self._wanted):
            raise RefusalError(401)
        length = request.length
        try:
            engine_reader, engine_writer = await asyncio.open_unix_connection(self._engine, limit=_PIECE_BYTES)
        except OSError as error:
            raise RefusalError(502) from error
        try:
            engine_writer.write(_head(request))
            await _both_ways(reader, engine_writer, engine_reader, writer, length)
        finally:
            # This is what tells the engine that nobody wants the rest of an answer.
            engine_writer.transport.abort()


def _head(request: Request) -> bytes:
    lines = [f"{request.method} {request.target} HTTP/1.1", "host: engine", "connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers.items() if name not in _OURS]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _both_ways(
    client: asyncio.StreamReader,
    to_engine: asyncio.StreamWriter,
    engine: asyncio.StreamReader,
    to_client: asyncio.StreamWriter,
    length: int | None,
) -> None:
    """Carry body and answer until the engine has said everything, or the client is gone."""
    there = asyncio.create_task(_carry_body(client, to_engine, length))
    back = asyncio.create_task(_carry(engine, to_client))
    try:
        done, _ = await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        there.cancel()
        back.cancel()
        await asyncio.gather(there, back, return_exceptions=True)


async def _carry_body(client: asyncio.StreamReader, to_engine: asyncio.StreamWriter, length: int | None) -> None:
    """Hand on the body and nothing behind it; returns when the client is gone."""
    left = length
    while piece := await client.read(_PIECE_BYTES):
        if left is not None:
            piece, left = piece[:left], left - len(piece[:left])
        if piece:
            to_engine.write(piece)
            await to_engine.drain()


async def _carry(engine: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
    while piece := await engine.read(_PIECE_BYTES):
        to_client.write(piece)
        await to_client.drain()


async def _answer(writer: asyncio.StreamWriter, status: int) -> None:
    error = {"error": {"message": _SAID[status], "type": "relay", "param": None, "code": status}}
    body = json.dumps(error).encode()
    head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    writer.write(f"{head}connection: close\r\n\r\n".encode() + body)
    await writer.drain()
