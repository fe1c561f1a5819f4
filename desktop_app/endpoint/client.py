"""The one way to talk to a server: an engine of ours over its Unix socket, or any OpenAI-compatible one elsewhere.

`services/` are the callers. Nothing here imports openai until somebody chats, or calls `warm_up()`.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from desktop_app.domain.chat import Delta, Message
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.address import Address, Where, as_address
from desktop_app.endpoint.ask import Reply, post, read_reply
from desktop_app.endpoint.errors import NotOfferedError
from desktop_app.endpoint.probe import read_metrics, read_version

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from desktop_app.endpoint.stream import StreamOptions

_COUNT_SECONDS = 10.0


class Endpoint:
    """One model of one running server.

    Args:
        where: the Unix socket of an engine of ours, or the address of any server.
        model: the name under which it serves its model.
        sampling: what every chat request says besides the messages, e.g. `{"temperature": 0.0}`.
        context_tokens: the longest conversation that it accepts, in tokens; 0 when unknown.
    """

    def __init__(
        self, where: Where, model: str, sampling: Mapping[str, float] | None = None, context_tokens: int = 0
    ) -> None:
        self._address = as_address(where)
        self._model = model
        self._sampling = dict(sampling or {})
        self._client: AsyncOpenAI | None = None
        self._stream_options: StreamOptions = {"include_usage": True, "continuous_usage_stats": True}
        self._no_metrics: NotOfferedError | None = None
        self.context_tokens = context_tokens

    @property
    def model(self) -> str:
        """The name of the model that answers."""
        return self._model

    @property
    def address(self) -> Address:
        """Where it answers."""
        return self._address

    async def warm_up(self) -> None:
        """Import and build what the first question needs (about 0.3 s, on a thread), so that it need not wait."""
        await self._warm_client()

    async def stream_chat(self, messages: Sequence[Message], **sampling: float) -> AsyncGenerator[list[Delta], None]:
        """Ask for an answer and yield it as it arrives: a list of deltas for every read, the last with `finish`.

        Close the iterator (`contextlib.aclosing`) or cancel the task to end the answer: the connection closes at once
        and the engine stops working on it.

        Raises:
            UserError: the server refused, failed or went away.
        """
        client = await self._warm_client()
        from desktop_app.endpoint.stream import stream_deltas  # noqa: PLC0415 - imported by now, on a thread

        body = {"model": self._model, "messages": turns(messages), **self._sampling, **sampling}
        stream = stream_deltas(client, self._address, body, self._stream_options, self._remember_options)
        async with aclosing(stream) as batches:
            async for batch in batches:
                yield batch

    async def chat(self, messages: Sequence[Message], seconds: float, **options: object) -> Reply:
        """Ask for a whole answer within *seconds*; *options* go into the request as they are. Raises UserError."""
        body = {"model": self._model, "messages": turns(messages), **self._sampling, **options}
        return read_reply(await post(self._address, self._address.api("/chat/completions"), body, seconds))

    async def complete(self, prompt: str, seconds: float, **options: object) -> Reply:
        """Let the model go on with *prompt*, without a chat template, within *seconds*. Raises UserError."""
        body = {"model": self._model, "prompt": _sendable(prompt), **self._sampling, **options}
        return read_reply(await post(self._address, self._address.api("/completions"), body, seconds))

    async def count_tokens(self, text: Sequence[Message] | str) -> int:
        """How many tokens a conversation with its frame, or a plain prompt, has. vLLM only; raises UserError."""
        question = {"prompt": _sendable(text)} if isinstance(text, str) else {"messages": turns(text)}
        body = {"model": self._model, **question}
        answer = await post(self._address, self._address.beside("/tokenize"), body, _COUNT_SECONDS)
        count = answer.get("count")
        if not isinstance(count, int):
            raise NotOfferedError("This server does not count tokens.")
        return count

    async def version(self) -> str:
        """vLLM's version; empty for a server that does not say. Raises UserError when it is unreachable."""
        return await read_version(self._address)

    async def metrics(self) -> EngineMetrics:
        """The engine's own figures.

        Raises:
            NotOfferedError: a server elsewhere does not tell any; it is asked only once.
            UserError: it does not answer within 2 seconds (10 elsewhere).
        """
        if self._no_metrics is not None:
            raise self._no_metrics
        try:
            return await read_metrics(self._address)
        except NotOfferedError as error:
            self._no_metrics = error
            raise

    async def close(self) -> None:
        """Let go of the client; ask nothing more of this endpoint."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def _warm_client(self) -> "AsyncOpenAI":
        if self._client is None:
            client = await asyncio.to_thread(_build_client, self._address)
            self._client = self._client or client
        return self._client

    def _remember_options(self, options: "StreamOptions") -> None:
        self._stream_options = options


def turns(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Messages as the protocol writes them."""
    return [{"role": message.role.value, "content": _sendable(message.text)} for message in messages]


def _sendable(text: str) -> str:
    # Half a surrogate pair cannot be sent as UTF-8; keyboards and pasted text do contain them.
    return text.encode("utf-8", "replace").decode("utf-8")


def _build_client(address: Address) -> "AsyncOpenAI":
    # openai and httpx2 take 0.2-0.5 s to import, for which no window should wait.
    from desktop_app.endpoint.stream import build_client  # noqa: PLC0415

    return build_client(address)
