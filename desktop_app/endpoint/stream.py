"""The openai client over our own wire. Imported late, by `client.py` only: openai takes half a second to import.

URL, body, authentication, status errors and exceptions are openai's. Two things are ours, because they decide how
smooth an answer is: the transport (`wire.py`), and `DeltaStream`, which decodes without building a pydantic object per
token (98 µs each, against 1 µs; a full read would hold up the event loop for 23 ms).
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Generic, TypeVar

import httpx2
from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI, AsyncStream

from desktop_app.domain.chat import Delta, MessageState
from desktop_app.domain.errors import UserError
from desktop_app.endpoint import wire
from desktop_app.endpoint.errors import engine_gone, engine_refused, engine_silent
from desktop_app.endpoint.events import EventReader

T = TypeVar("T")

_SENT_HEADERS = ("accept", "content-type")
"""Of all that openai would send. What it takes from the environment (keys, organisation) stays here."""

_REST_SECONDS = 0.016
"""Between two reads of a slow stream: one frame at 60 Hz. A wake-up for every token would cost more than its words."""
_SLOW_BYTES = 16_384
"""A read below this size counts as slow; above it the next read follows at once, so that speed has no limit."""


class UnixTransport(httpx2.AsyncBaseTransport):
    """Carries httpx2's requests over `wire.py`; every request has a connection of its own.

    Args:
        path: the Unix socket.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send *request*; connection errors are raised as httpx2's, which openai understands."""
        headers = {name: request.headers[name] for name in _SENT_HEADERS if name in request.headers}
        body = await request.aread()
        try:
            exchange = await wire.request(self._path, request.method, request.url.raw_path.decode(), headers, body)
        except TimeoutError as error:
            raise httpx2.ConnectTimeout(str(error), request=request) from error
        except OSError as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        return httpx2.Response(exchange.status, headers=dict(exchange.headers), stream=_Body(exchange))


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
        reader = EventReader()
        try:
            async for piece in self.response.aiter_raw():
                deltas = reader.feed(piece)
                if deltas:
                    yield deltas  # type: ignore[misc]  # T is list[Delta], which openai cannot express
                if reader.done:
                    return
                # Nobody rests before the first word. Where there is no need to rest, other tasks still get their turn.
                slow = len(piece) < _SLOW_BYTES and any(delta.text for delta in deltas)
                await asyncio.sleep(_REST_SECONDS if slow else 0)
        except httpx2.RequestError as error:
            raise APIConnectionError(request=self.response.request) from error
        finally:
            await self.response.aclose()


def build_client(path: Path) -> AsyncOpenAI:
    """An openai client whose every request goes to the Unix socket *path*."""
    # No limit of time: a first token may take minutes, Stop ends the wait, and a dead engine closes its socket.
    transport = httpx2.AsyncClient(transport=UnixTransport(path), trust_env=False, timeout=None)
    return AsyncOpenAI(
        api_key="none",  # the socket's folder is the lock; vLLM asks for no key
        base_url="http://engine/v1",
        http_client=transport,
        max_retries=0,
        timeout=None,
    )


async def stream_deltas(client: AsyncOpenAI, body: Mapping[str, object]) -> AsyncGenerator[list[Delta], None]:
    """Send the chat request *body* and yield what arrives; the last delta says how the answer ended.

    Raises:
        UserError: the engine refused, failed or went away.
    """
    finished = False
    try:
        stream = await client.post(
            "/chat/completions", body=body, cast_to=object, stream=True, stream_cls=DeltaStream[list[Delta]]
        )
        async with stream:
            async for deltas in stream:
                finished = finished or any(delta.finish for delta in deltas)
                yield deltas
    except APIConnectionError as error:
        # What is missing after the finish is only a count of tokens.
        if not finished:
            raise _in_words(error) from error
    except APIStatusError as error:
        raise _in_words(error) from error
    if not finished:
        yield [Delta(finish=MessageState.INTERRUPTED)]


def _in_words(error: APIConnectionError | APIStatusError) -> UserError:
    if isinstance(error, APITimeoutError):
        return engine_silent(str(error.__cause__ or error))
    if isinstance(error, APIConnectionError):
        return engine_gone(str(error.__cause__ or error))
    message = error.body.get("message") if isinstance(error.body, dict) else error.body
    return engine_refused(error.status_code, str(message or error.message))
