"""The one way to talk to a running engine, over its private Unix socket.

`services/` are the callers. Nothing here imports openai until somebody chats, or calls `warm_up()`.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.chat import Delta, Message
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.probe import read_metrics

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class Endpoint:
    """One running engine.

    Args:
        socket: its Unix socket.
        model: the name under which it serves its model.
        sampling: what every chat request says besides the messages, e.g. `{"temperature": 0.0}`.
    """

    def __init__(self, socket: Path, model: str, sampling: Mapping[str, float] | None = None) -> None:
        self._socket = socket
        self._model = model
        self._sampling = dict(sampling or {})
        self._client: AsyncOpenAI | None = None

    @property
    def model(self) -> str:
        """The name of the model that answers."""
        return self._model

    async def warm_up(self) -> None:
        """Import and build what the first question needs (about 0.3 s, on a thread), so that it need not wait."""
        await self._warm_client()

    async def stream_chat(self, messages: Sequence[Message], **sampling: float) -> AsyncGenerator[list[Delta], None]:
        """Ask for an answer and yield it as it arrives: a list of deltas for every read, the last with `finish`.

        Close the iterator (`contextlib.aclosing`) or cancel the task to end the answer: the connection closes at once
        and the engine stops working on it.

        Raises:
            UserError: the engine refused, failed or went away.
        """
        client = await self._warm_client()
        from desktop_app.endpoint.stream import stream_deltas  # noqa: PLC0415 - imported by now, on a thread

        body = {
            "model": self._model,
            "messages": [_turn(message) for message in messages],
            "stream": True,
            "stream_options": {"include_usage": True, "continuous_usage_stats": True},
            **self._sampling,
            **sampling,
        }
        async with aclosing(stream_deltas(client, body)) as batches:
            async for batch in batches:
                yield batch

    async def metrics(self) -> EngineMetrics:
        """The engine's own figures; raises UserError when it does not answer within 2 seconds."""
        return await read_metrics(self._socket)

    async def close(self) -> None:
        """Let go of the client; ask nothing more of this endpoint."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def _warm_client(self) -> "AsyncOpenAI":
        if self._client is None:
            client = await asyncio.to_thread(_build_client, self._socket)
            self._client = self._client or client
        return self._client


def _turn(message: Message) -> dict[str, str]:
    # Half a surrogate pair cannot be sent as UTF-8; keyboards and pasted text do contain them.
    return {"role": message.role.value, "content": message.text.encode("utf-8", "replace").decode("utf-8")}


def _build_client(socket: Path) -> "AsyncOpenAI":
    # openai and httpx2 take 0.2-0.5 s to import, for which no window should wait.
    from desktop_app.endpoint.stream import build_client  # noqa: PLC0415

    return build_client(socket)
