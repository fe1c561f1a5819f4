"""The openai client over our own wire. Imported late, by `client.py` only: openai takes half a second to import.

URL, body, authentication, status errors and exceptions are openai's. Two things are ours, because they decide how
smooth an answer is: the transport (`wire.py`), and `DeltaStream`, which decodes without building a pydantic object per
token (98 µs each, against 1 µs; a full read would hold up the event loop for 23 ms).
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Generic, TypeVar

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, AsyncStream

from desktop_app.domain.chat import Delta, MessageState
from desktop_app.domain.errors import UserError
from desktop_app.endpoint import wire
from desktop_app.endpoint.address import Address
from desktop_app.endpoint.errors import broken, refused
from desktop_app.endpoint.events import EventReader
from desktop_app.endpoint.knows import Knows, StreamOptions
from desktop_app.endpoint.probe import error_message

T = TypeVar("T")
_STATUS = "x-status"
"""Carries the status that a server really sent."""
_ERROR_BYTES = 65_536
_ERROR_SECONDS = 10.0
_NOT_UNDERSTOOD = (400, 422)
_NOT_CHOSEN = ("model", "messages", "prompt")
"""What of a request is no setting."""
_SENT_HEADERS = ("accept", "content-type")
"""Of all that openai would send. What it takes from the environment (keys, organisation) stays here."""

_REST_SECONDS = 0.016
"""Between two reads of a slow stream: one frame at 60 Hz. A wake-up for every token would cost more than its words."""
_SLOW_BYTES = 16_384
"""A read below this size counts as slow; above it the next read follows at once, so that speed has no limit."""


class WireTransport(httpx2.AsyncBaseTransport):
    """Carries httpx2's requests over `wire.py`; every request has a connection of its own.

    Args:
        address: where everything goes, whatever host a request names.
    """

    def __init__(self, address: Address) -> None:
        self._address = address

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send *request*; connection errors are raised as httpx2's, which openai understands."""
        headers = {name: request.headers[name] for name in _SENT_HEADERS if name in request.headers}
        body = await request.aread()
        try:
            exchange = await wire.request(self._address, request.method, request.url.raw_path.decode(), headers, body)
            # A page with status 200 is what web servers say that know nothing of the protocol.
            if exchange.status != 200 or exchange.headers.get("content-type", "").startswith("text/html"):
                return await _whole_error(exchange)
        except OSError as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        about = {"address": self._address}
        return httpx2.Response(
            exchange.status, headers=dict(exchange.headers), stream=_Body(exchange), extensions=about
        )


async def _whole_error(exchange: wire.Exchange) -> httpx2.Response:
    """An answer that is no stream. A redirect loses its target here, so that nothing can follow it."""
    try:
        async with asyncio.timeout(_ERROR_SECONDS):
            body = await exchange.read(_ERROR_BYTES)
    finally:
        exchange.close()
    status = 404 if exchange.status == 200 else exchange.status
    return httpx2.Response(max(400, status), headers={_STATUS: str(status)}, content=body)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, exchange: wire.Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async with aclosing(self._exchange.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
        except OSError as error:
            raise httpx2.ReadError(str(error)) from error

    async def aclose(self) -> None:
        self._exchange.close()


class DeltaStream(AsyncStream[T], Generic[T]):
    """openai's stream, yielding the deltas of one read at a time instead of one model object per token."""

    async def __stream__(self) -> AsyncIterator[T]:
        """The deltas of every read that has any."""
        reader = EventReader(partial(refused, self.response.extensions["address"]))
        try:
            async for piece in self.response.aiter_raw():
                deltas = reader.feed(piece)
                if deltas:
                    yield deltas  # type: ignore[misc]  # T is list[Delta], which openai cannot express
                if reader.done:
                    return
                # Nobody rests before the first word. Where there is no need to rest, other tasks still get their turn.
                slow = len(piece) < _SLOW_BYTES and any(delta.text or delta.reasoning for delta in deltas)
                await asyncio.sleep(_REST_SECONDS if slow else 0)
        except httpx2.RequestError as error:
            raise APIConnectionError(request=self.response.request) from error
        finally:
            await self.response.aclose()


def build_client(address: Address) -> AsyncOpenAI:
    """An openai client whose every request goes to *address*."""
    # No limit of time: a first token may take minutes, Stop ends the wait, and a dead engine closes its socket.
    transport = httpx2.AsyncClient(transport=WireTransport(address), trust_env=False, timeout=None)
    return AsyncOpenAI(
        api_key="none",  # `wire` sends the key, to this address only
        base_url=f"http://engine{address.base}",
        http_client=transport,
        max_retries=0,
        timeout=None,
    )


async def stream_deltas(
    client: AsyncOpenAI,
    address: Address,
    path: str,
    body: Mapping[str, object],
    knows: Knows,
    remember: Callable[[Knows], None],
) -> AsyncGenerator[list[Delta], None]:
    """Send *body* to *path* and yield what arrives: before all what was really sent, at last how the answer ended.

    A server that refuses a part of it is asked again without that; what it took then is told to *remember*.

    Raises:
        UserError: the server refused, failed or went away.
    """
    finished = False
    try:
        stream, sent = await _open(client, address, path, body, knows, remember)
        async with stream:
            async for deltas in stream:
                finished = finished or any(delta.finish for delta in deltas)
                yield [*sent, *deltas] if sent else deltas
                sent = ()
    except APIConnectionError as error:
        # What is missing after the finish is only a count of tokens.
        if not finished:
            raise _in_words(address, error) from error
    except APIStatusError as error:
        raise _in_words(address, error) from error
    if not finished:
        yield [Delta(finish=MessageState.INTERRUPTED)]


async def _open(
    client: AsyncOpenAI,
    address: Address,
    path: str,
    body: Mapping[str, object],
    knows: Knows,
    remember: Callable[[Knows], None],
) -> tuple[DeltaStream[list[Delta]], tuple[Delta, ...]]:
    before = knows
    while True:
        sent, left_out = knows.fit(body)
        try:
            stream = await _post(client, path, sent, knows.options)
        except APIStatusError as error:
            # Every turn of this loop knows less than the one before, so it ends.
            fewer = knows.without(sent, str(error.body), address.elsewhere)
            if error.status_code not in _NOT_UNDERSTOOD or fewer is None:
                raise
            knows = fewer
            continue
        if knows is not before:
            remember(knows)
        chosen = {name: value for name, value in sent.items() if name not in _NOT_CHOSEN}
        return stream, (Delta(request=json.dumps(chosen, ensure_ascii=False), left_out=left_out),)


async def _post(
    client: AsyncOpenAI, path: str, body: Mapping[str, object], options: StreamOptions
) -> DeltaStream[list[Delta]]:
    extra = {"stream_options": options} if options else {}
    return await client.post(
        path,
        body={**body, "stream": True, **extra},
        cast_to=object,
        stream=True,
        stream_cls=DeltaStream[list[Delta]],
    )


def _in_words(address: Address, error: APIConnectionError | APIStatusError) -> UserError:
    if isinstance(error, APIStatusError):
        status = int(error.response.headers.get(_STATUS, error.status_code))
        return refused(address, status, error_message(error.response.content))
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__
    return broken(address, cause or wire.WireError(str(error)))
