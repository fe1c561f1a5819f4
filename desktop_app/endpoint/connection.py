"""An open connection to a server: over a Unix socket, over TCP, or over TCP with TLS. `wire.py` is the only caller.

Plain sockets are used, not asyncio's streams: between two reads nothing wakes the loop, so a reader that rests for a
moment gets everything that came meanwhile in one piece. TLS is done in memory above the same sockets, so that it
behaves alike; closing closes the socket at once, without a farewell, because that is how an answer is ended.
"""

import asyncio
import os
import socket
import ssl
from functools import cache
from typing import Protocol

from desktop_app.endpoint.address import Address

CONNECT_SECONDS = 5.0
_SECONDS_ELSEWHERE = 10.0
"""Name, connection and handshake together; satellite links and sleeping servers take their time."""
_ADDRESSES = 4
"""How many addresses of one name are tried."""
_CIPHER_BYTES = 65_536
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""A server whose network went away is noticed after a minute; nothing else would ever end the wait."""


class Connection(Protocol):
    """Bytes out, bytes in."""

    async def receive(self, size: int) -> bytes:
        """What has come, at most *size* bytes; nothing at the end. Raises OSError."""

    async def send(self, data: bytes) -> None:
        """Send all of *data*; raises OSError."""

    def close(self) -> None:
        """End it at once; closing twice does nothing."""


class PlainConnection:
    """A connected socket that does not block."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    async def receive(self, size: int) -> bytes:
        """What has come, at most *size* bytes."""
        return await asyncio.get_running_loop().sock_recv(self._socket, size)

    async def send(self, data: bytes) -> None:
        """Send all of *data*."""
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    def close(self) -> None:
        """End it at once."""
        self._socket.close()


class TlsConnection:
    """TLS above a plain connection."""

    def __init__(self, plain: PlainConnection, context: ssl.SSLContext, host: str) -> None:
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._ended = False

    async def shake_hands(self) -> None:
        """Agree on keys and verify who answers; raises ssl.SSLError, which is an OSError."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            else:
                return await self._flush()

    async def receive(self, size: int) -> bytes:
        """What has come, at most *size* bytes."""
        while not (data := self._decrypted(size)) and not self._ended:
            await self._fill()
            await self._flush()
        return data

    async def send(self, data: bytes) -> None:
        """Send all of *data*."""
        self._tls.write(data)
        await self._flush()

    def close(self) -> None:
        """End it at once."""
        self._plain.close()

    def _decrypted(self, size: int) -> bytes:
        """All complete records (16 KiB at most each) up to *size* bytes."""
        pieces, left = [], size
        while left > 0 and not self._ended:
            try:
                piece = self._tls.read(left)
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                # Many servers hang up without a farewell; whether something is missing is seen by its length.
                piece = b""
            self._ended = not piece
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    async def _fill(self) -> None:
        if data := await self._plain.receive(_CIPHER_BYTES):
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            await self._plain.send(data)


async def connect(address: Address) -> Connection:
    """Open a connection to *address*.

    Raises:
        TimeoutError: nobody accepted it within 5 seconds, 10 for a server elsewhere.
        ssl.SSLError: who answers cannot prove to be *address*, or does not speak TLS.
        OSError: nobody is there.
    """
    if address.socket is not None:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await _connect_socket(socket.AF_UNIX, str(address.socket))
    async with asyncio.timeout(_SECONDS_ELSEWHERE):
        plain = await _connect_tcp(address.host, address.port)
        if address.scheme == "http":
            return plain
        try:
            context = await asyncio.to_thread(_context, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
            connection = TlsConnection(plain, context, address.host)
            await connection.shake_hands()
        except BaseException:
            plain.close()
            raise
        return connection


async def _connect_tcp(host: str, port: int) -> PlainConnection:
    """The first address of *host* that accepts; a name may have IPv6 ones that lead nowhere."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = found[:_ADDRESSES]
    failure: OSError = ConnectionRefusedError(f"{host} has no address")
    for family, _, _, _, where in found:
        try:
            async with asyncio.timeout(_SECONDS_ELSEWHERE * 0.8 / len(found)):
                return await _connect_socket(family, where)
        except OSError as error:
            failure = error
    raise failure


async def _connect_socket(family: int, where: "str | tuple[object, ...]") -> PlainConnection:
    connected = socket.socket(family, socket.SOCK_STREAM)
    try:
        connected.setblocking(False)
        if family != socket.AF_UNIX:
            _tune(connected)
        await asyncio.get_running_loop().sock_connect(connected, where)
    except BaseException:
        connected.close()
        raise
    return PlainConnection(connected)


def _tune(connected: socket.socket) -> None:
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        # Not every system has all three.
        if hasattr(socket, name):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


@cache
def _context(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """The system's certificates, read once (16 ms); OpenSSL takes them from elsewhere where those variables say so."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
