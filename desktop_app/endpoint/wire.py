"""HTTP/1.1 over one connection: one request, one answer, and nothing else.

Beneath both the light questions of `probe.py` and the openai client of `stream.py`. It exists because it reads a token
stream twice as fast as httpx2's own transport (whose parser takes 8 µs for every chunk), because it lets the gauges ask
without importing 50 MB of client, and because what is not written here cannot be sent: no proxy, no redirect, no
cookie, no key to another host.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from desktop_app.endpoint.address import Address, Where, as_address
from desktop_app.endpoint.connection import Connection, connect

_READ_BYTES = 65_536
_HEAD_BYTES = 65_536
_CHUNK_LINE_BYTES = 1_024
_LENGTH_DIGITS = 15
BODY_BYTES = 4_000_000
"""The largest body that is collected; vLLM's `/metrics` has 80,000."""


class WireError(OSError):
    """The other side broke the protocol or went away in the middle."""


class Exchange:
    """The answer to one request: its status, its headers, and its body as it comes in.

    Closing it closes the connection at once; that is how vLLM is told to stop working on the answer.
    """

    def __init__(self, connection: Connection, status: int, headers: Mapping[str, str], rest: bytes) -> None:
        self.status = status
        self.headers = headers
        self._connection = connection
        self._rest = rest

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body, one piece for every read.

        Raises:
            WireError: it ended before it was complete.
            OSError: the connection broke.
        """
        body = _body_for(self.headers)
        data = self._rest
        while True:
            if piece := body.feed(data):
                yield piece
            if body.complete:
                return
            data = await self._connection.receive(_READ_BYTES)
            if not data:
                if body.needs_more:
                    raise WireError("the answer ended before it was complete")
                return

    async def read(self, limit: int) -> bytes:
        """The whole body.

        Raises:
            WireError: it is larger than *limit* bytes, or ended before it was complete.
            OSError: the connection broke.
        """
        body = bytearray()
        async with aclosing(self.pieces()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > limit:
                    raise WireError(f"the answer is larger than {limit:,} bytes")
        return bytes(body)

    def close(self) -> None:
        """End the connection; closing twice does nothing."""
        self._connection.close()


async def request(where: Where, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Exchange:
    """Send one request to the server at *where*, with its key, and wait for the head of the answer.

    The wait has no limit, since a first token may take minutes; a caller in a hurry sets one.

    Raises:
        TimeoutError: nobody accepted the connection in time.
        WireError: the answer is not HTTP.
        OSError: nobody listens, the server cannot prove who it is, or the connection broke.
    """
    address = as_address(where)
    connection = await connect(address)
    try:
        await connection.send(_head(address, method, target, headers, len(body)) + body)
        status, answer_headers, rest = await _read_head(connection)
    except BaseException:
        connection.close()
        raise
    return Exchange(connection, status, answer_headers, rest)


async def get(where: Where, target: str, seconds: float, limit: int = BODY_BYTES) -> tuple[int, bytes]:
    """Ask for *target* and return status and body, all within *seconds* and *limit* bytes; raises as `request`."""
    return await whole(where, "GET", target, {"accept": "*/*"}, b"", seconds, limit)


async def whole(
    where: Where, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float, limit: int
) -> tuple[int, bytes]:
    """Send one request and return status and body, all within *seconds* and *limit* bytes; raises as `request`."""
    async with asyncio.timeout(seconds):
        exchange = await request(where, method, target, headers, body)
        try:
            return exchange.status, await exchange.read(limit)
        finally:
            exchange.close()


def _head(address: Address, method: str, target: str, headers: Mapping[str, str], length: int) -> bytes:
    host = address.authority if address.elsewhere else "engine"
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}", "connection: close", f"content-length: {length}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if address.key:
        lines.append(f"authorization: Bearer {address.key}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _read_head(connection: Connection) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and what came behind them; interim answers (1xx) are passed over."""
    data = b""
    while True:
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > _HEAD_BYTES:
                raise WireError("the answer has a head without an end")
            piece = await connection.receive(_READ_BYTES)
            if not piece:
                raise WireError("the connection was closed without an answer")
            data += piece
        status, headers = _parse_head(data[:end])
        data = data[end + 4 :]
        if status >= 200:
            return status, headers, data


def _parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
        raise WireError("the answer is not HTTP")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(rest[:3]), headers


class _Plain:
    """A body of a known length, or one that ends with the connection."""

    def __init__(self, length: int | None) -> None:
        self._left = length

    @property
    def complete(self) -> bool:
        return self._left == 0

    @property
    def needs_more(self) -> bool:
        return bool(self._left)

    def feed(self, data: bytes) -> bytes:
        if self._left is None:
            return data
        piece = data[: self._left]
        self._left -= len(piece)
        return piece


class _Chunked:
    """A body in chunks (RFC 9112, 7.1); trailers are not read, since the connection is not used again."""

    def __init__(self) -> None:
        self.complete = False
        self.needs_more = True
        self._rest = b""
        self._left = 0
        """Bytes of the present chunk that are still to come, with the line end behind it."""

    def feed(self, data: bytes) -> bytes:
        data = self._rest + data
        self._rest = b""
        at, pieces = 0, []
        while not self.complete and at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                # The last two bytes of a chunk are its line end and no content.
                pieces.append(data[at : at + min(step, max(0, self._left - 2))])
                self._left -= step
                at += step
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._rest = data[at:]
                if len(self._rest) > _CHUNK_LINE_BYTES:
                    raise WireError("a chunk of the answer has no size")
                break
            size = _size(data[at:end])
            at = end + 2
            self.complete = size == 0
            self._left = size + 2
        return b"".join(pieces)


def _size(line: bytes) -> int:
    try:
        size = int(line.partition(b";")[0], 16)
    except ValueError:
        size = -1
    if size < 0:
        raise WireError("a chunk of the answer has no size")
    return size


def _body_for(headers: Mapping[str, str]) -> _Plain | _Chunked:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _Chunked()
    length = headers.get("content-length")
    if length is None:
        return _Plain(None)
    if not length.isdecimal() or len(length) > _LENGTH_DIGITS:
        raise WireError("the answer's length is not a number")
    return _Plain(int(length))
