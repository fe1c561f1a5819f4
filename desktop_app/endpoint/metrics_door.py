"""An address on this computer where Prometheus, Grafana or curl read what an engine tells of itself, and nothing else.

`services/monitor` opens it when a person asks for it. Engines of ours listen on Unix sockets, which such programs
cannot reach. `GET /metrics` hands on the text of the engine that is talked to (of another one that is ready, while that
one is not); `GET /metrics/NAME` that of the model of this name, percent-encoded. It listens on 127.0.0.1 only and
wants this computer named as the host (`visitor` says why), but no key: figures are all there is to read. One request
per connection.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from desktop_app.domain.errors import UserError
from desktop_app.endpoint.address import Address
from desktop_app.endpoint.probe import read_metrics_text
from desktop_app.endpoint.visitor import HEAD_BYTES, HOST, RefusalError, Request, Visitors, read_request

PORT = 8417
"""Where it listens unless another program does. In nobody's list of known ports, and free of those that vLLM (8000),
Prometheus (9090) and Grafana (3000) take by themselves."""
PATH = "/metrics"
_CONNECTIONS = 16
_ANSWER_SECONDS = 10.0
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/)."""
_SAID = {
    400: "This is not a request that can be understood.",
    403: "This address is for programs on this computer: the host must be localhost or 127.0.0.1.",
    404: "There is nothing but /metrics, and /metrics/NAME for the model of that name.",
    405: "This address can only be read.",
    408: "The request did not come in time.",
    431: "The head of the request is too long.",
    503: "No model is running.",
}
_CROWDED = "Too many programs ask at the same time.\n"
_NOT_OPENED = "No address could be opened on this computer."


@dataclass(frozen=True)
class Source:
    """An engine that is ready."""

    model: str
    """The name of its model."""
    where: Address


class MetricsDoor:
    """The open address.

    Args:
        sources: the engines that are ready, the one that `/metrics` stands for in front.
        patience: how many seconds a visitor may take to read the answer.
    """

    def __init__(self, sources: Callable[[], Sequence[Source]], patience: float = _ANSWER_SECONDS) -> None:
        self._sources = sources
        self._patience = patience
        self._visitors = Visitors(self._receive)
        self._server: asyncio.Server | None = None

    async def open(self, port: int = PORT) -> str:
        """Listen on *port*, or on any free one where that is taken; the address of `/metrics`.

        Raises:
            UserError: no port can be listened on.
        """
        try:
            server = await self._listen(port)
        except (OSError, OverflowError) as error:
            raise UserError(_NOT_OPENED, f"{error}.") from error
        if not server.sockets:
            # asyncio passes over a socket that cannot even be made.
            server.close()
            raise UserError(_NOT_OPENED, "The system allows no more connections.")
        self._server = server
        return f"http://{HOST}:{server.sockets[0].getsockname()[1]}{PATH}"

    async def close(self) -> None:
        """Listen no more, and break off whoever is being answered."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        await self._visitors.end()
        await server.wait_closed()

    async def _listen(self, port: int) -> asyncio.Server:
        try:
            return await asyncio.start_server(self._visitors.serve, HOST, port, limit=HEAD_BYTES)
        except OSError:
            return await asyncio.start_server(self._visitors.serve, HOST, 0, limit=HEAD_BYTES)

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._visitors) > _CONNECTIONS:
            answer = _message(503, _CROWDED)
        else:
            answer = await self._answer(reader)
        async with asyncio.timeout(self._patience):
            writer.write(answer)
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        whole = True
        try:
            request = await read_request(reader)
            whole = request.method != "HEAD"
            return _message(200, await self._text(request), whole)
        except RefusalError as refusal:
            return _message(refusal.status, f"{_SAID[refusal.status]}\n", whole)
        except UserError as error:
            return _message(502, f"{error.sentence()}\n", whole)

    async def _text(self, request: Request) -> str:
        """What the engine tells that is asked for. Raises RefusalError and UserError."""
        if request.method not in ("GET", "HEAD"):
            raise RefusalError(405)
        if request.length != 0:
            raise RefusalError(400)
        path = request.target.partition("?")[0]
        if path != PATH and not path.startswith(f"{PATH}/"):
            raise RefusalError(404)
        name = unquote(path.removeprefix(PATH).removeprefix("/"))
        sources = self._sources()
        source = next((one for one in sources if name in ("", one.model)), None)
        if source is None:
            raise RefusalError(404 if sources else 503)
        return await read_metrics_text(source.where)


def _message(status: int, text: str, whole: bool = True) -> bytes:
    """The bytes of an answer; only its head unless it is to be *whole*."""
    body = text.encode("utf-8", "replace")
    head = f"HTTP/1.1 {status} {'OK' if status == 200 else '-'}\r\ncontent-type: {_TEXT}\r\n"
    head += "allow: GET, HEAD\r\n" if status == 405 else ""
    # Nobody may take the text for a page, whatever a model is called.
    head += f"x-content-type-options: nosniff\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + (body if whole else b"")
