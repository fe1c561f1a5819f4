"""Who comes to a door of ours on this computer, and what they ask: read with care, since anybody may knock.

`relay` and `metrics_door` listen on 127.0.0.1 and read requests with it. Every program of the computer can reach such
a door, and so can every web page that a browser shows: a page of another host that points its name here (DNS
rebinding) would even read the answers. So a request has to name this computer as its host, and what could be read in
two ways is refused.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

HOST = "127.0.0.1"
"""Where doors listen: nobody on the network reaches them."""
HEAD_BYTES = 32_768
"""The longest head of a request; the limit of the streams that `read_request` reads."""
HEAD_SECONDS = 10.0
_NAMES = ("localhost", "127.0.0.1", "[::1]")
_ONCE = ("host", "authorization", "content-length", "transfer-encoding", "connection")
"""Headers that may stand once only: two of a kind are read differently by different programs (request smuggling)."""
_LENGTH_DIGITS = 15
_log = logging.getLogger(__name__)


class RefusalError(Exception):
    """A request is refused, with this HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


@dataclass(frozen=True)
class Request:
    """The head of a request."""

    method: str
    target: str
    """Begins with a slash."""
    headers: Mapping[str, str]
    """By their names in lower case."""

    @property
    def length(self) -> int | None:
        """Bytes of the body; None for one in chunks. Raises RefusalError where that cannot be told for sure."""
        encoding, length = self.headers.get("transfer-encoding"), self.headers.get("content-length", "0")
        if encoding is not None:
            if encoding.lower() != "chunked" or "content-length" in self.headers:
                raise RefusalError(400)
            return None
        if not (length.isascii() and length.isdecimal() and len(length) <= _LENGTH_DIGITS):
            raise RefusalError(400)
        return int(length)


class Visitors:
    """The connections of a door: each is one task, until what was said to it is on its way or the door is closed.

    Args:
        receive: reads the request of a connection and answers it.
    """

    def __init__(self, receive: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        self._receive = receive
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._tasks)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its request to the last byte of the answer; for `asyncio.start_server`."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this as a task
        self._tasks.add(task)
        # What `drain` was waited for has left this program: a visitor that reads nothing keeps no connection open.
        writer.transport.set_write_buffer_limits(0)
        try:
            await self._receive(reader, writer)
        except (OSError, asyncio.IncompleteReadError) as error:
            _log.debug("a connection ended: %s", error)
            writer.transport.abort()
        except asyncio.CancelledError:
            # The end of the door; nobody waits for this task but `end`.
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def end(self) -> None:
        """Break off whoever is being answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The head of the request that comes, which names this computer.

    Raises:
        RefusalError: it does not, it cannot be understood, is too long, or does not come in time.
        OSError: the connection broke.
        asyncio.IncompleteReadError: the other side left.
    """
    try:
        async with asyncio.timeout(HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
    except TimeoutError as error:
        raise RefusalError(408) from error
    except asyncio.LimitOverrunError as error:
        raise RefusalError(431) from error
    request = _parse(head)
    if not _names_this_computer(request.headers.get("host", "")):
        raise RefusalError(403)
    return request


def _names_this_computer(host: str) -> bool:
    name, _, port = host.lower().rpartition(":")
    return host.lower() in _NAMES or (name in _NAMES and port.isdecimal())


def _parse(head: bytes) -> Request:
    """What could be read in two ways is refused."""
    first, *lines = head.decode("latin-1")[:-4].split("\r\n")
    if any(sign in line for line in (first, *lines) for sign in "\n\r\0"):
        raise RefusalError(400)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not name or name.strip() != name:
            raise RefusalError(400)
        if name in headers and name in _ONCE:
            raise RefusalError(400)
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    method, _, rest = first.partition(" ")
    target, _, version = rest.partition(" ")
    if not (method.isalpha() and target.startswith("/") and version in ("HTTP/1.1", "HTTP/1.0")):
        raise RefusalError(400)
    return Request(method, target, headers)
