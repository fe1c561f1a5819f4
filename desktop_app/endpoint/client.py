"""The one way to talk to a server: an engine of ours over its Unix socket, or any OpenAI-compatible one elsewhere.

`services/` are the callers. Nothing here imports openai until somebody chats, or calls `warm_up()`.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop_app.domain.chat import Delta, Message
from desktop_app.domain.errors import UserError
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.address import Address, Where, as_address
from desktop_app.endpoint.ask import Reply, post, read_reply
from desktop_app.endpoint.errors import NotOfferedError
from desktop_app.endpoint.knows import Knows
from desktop_app.endpoint.messages import NO_IMAGES, sendable, turns
from desktop_app.endpoint.probe import read_metrics, read_version

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_COUNT_SECONDS = 10.0
_NOTHING_MORE: Mapping[str, object] = {}
_CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}
"""vLLM's words for: go on with the last message instead of answering it."""
_TEXT_TOKENS = 512
"""How far a text is continued when nothing is chosen. vLLM would stop after 16, and base models hardly ever do."""


class Endpoint:
    """One model of one running server.

    Args:
        where: the Unix socket of an engine of ours, or the address of any server.
        model: the name under which it serves its model.
        sampling: what every chat request says besides the messages, e.g. `{"temperature": 0.0}`.
        context_tokens: the longest conversation that it accepts, in tokens; 0 when unknown.
    """

    def __init__(
        self, where: Where, model: str, sampling: Mapping[str, object] | None = None, context_tokens: int = 0
    ) -> None:
        self._address = as_address(where)
        self._model = model
        self._sampling = dict(sampling or {})
        self._client: AsyncOpenAI | None = None
        self._knows = Knows()
        self._is_vllm: bool | None = None
        self._no_metrics: NotOfferedError | None = None
        self.context_tokens = context_tokens

    @property
    def model(self) -> str:
        """The name of the model that answers."""
        return self._model

    @property
    def elsewhere(self) -> bool:
        """Whether it is a server that is not ours."""
        return self._address.elsewhere

    @property
    def address(self) -> Address:
        """Where it answers."""
        return self._address

    async def warm_up(self) -> None:
        """Import and build what the first question needs (about 0.3 s, on a thread), so that it need not wait."""
        await self._warm_client()

    async def stream_chat(
        self,
        messages: Sequence[Message],
        request: Mapping[str, object] = _NOTHING_MORE,
        *,
        continue_last: bool = False,
        images: Mapping[int, bytes] = NO_IMAGES,
    ) -> AsyncGenerator[list[Delta], None]:
        """Ask for an answer and yield it as it arrives: a list of deltas for every read, the last with `finish`.

        The first delta says what was really sent, and what was left out because the server does not know it. Close
        the iterator (`contextlib.aclosing`) or cancel the task to end the answer: the connection closes at once and
        the engine stops working on it.

        Args:
            messages: the conversation; `domain.history.as_sent` makes it.
            request: what else is asked, e.g. `ChatSettings.request()`.
            continue_last: go on with the last message, which is an answer that was cut.
            images: the bytes of attached pictures by the attachment's id, where the messages have none.

        Raises:
            NoTemplateError: the model cannot hold a conversation.
            UserError: the server refused, failed or went away.
        """
        # Files of ten million characters and pictures take up to half a second.
        sent = await asyncio.to_thread(turns, messages, images)
        body = {"model": self._model, "messages": sent, **self._sampling, **request}
        if continue_last:
            body |= _CONTINUE
        async with aclosing(self._stream("/chat/completions", body)) as batches:
            async for batch in batches:
                yield batch

    async def stream_text(
        self, prompt: str, request: Mapping[str, object] = _NOTHING_MORE
    ) -> AsyncGenerator[list[Delta], None]:
        """Let the model go on with *prompt*, without a chat template; as `stream_chat`.

        At most 512 tokens are asked for when *request* says nothing else: base models hardly ever end by themselves.
        """
        limit = min(_TEXT_TOKENS, self.context_tokens) if self.context_tokens else _TEXT_TOKENS
        body = {"model": self._model, "prompt": sendable(prompt), "max_tokens": limit, **self._sampling, **request}
        async with aclosing(self._stream("/completions", body)) as batches:
            async for batch in batches:
                yield batch

    async def chat(self, messages: Sequence[Message], seconds: float, **options: object) -> Reply:
        """Ask for a whole answer within *seconds*; *options* go into the request as they are. Raises UserError."""
        body = {"model": self._model, "messages": turns(messages), **self._sampling, **options}
        return read_reply(await post(self._address, self._address.api("/chat/completions"), body, seconds))

    async def complete(self, prompt: str, seconds: float, **options: object) -> Reply:
        """Let the model go on with *prompt*, without a chat template, within *seconds*. Raises UserError."""
        body = {"model": self._model, "prompt": sendable(prompt), **self._sampling, **options}
        return read_reply(await post(self._address, self._address.api("/completions"), body, seconds))

    async def count_tokens(
        self,
        text: Sequence[Message] | str,
        request: Mapping[str, object] = _NOTHING_MORE,
        *,
        continue_last: bool = False,
        images: Mapping[int, bytes] = NO_IMAGES,
    ) -> int:
        """How many tokens a conversation with its frame, or a plain prompt, has as it would be sent. vLLM only.

        Args:
            text: a conversation, or a prompt.
            request: as for `stream_chat`; what chat templates are told counts.
            continue_last: as for `stream_chat`.
            images: as for `stream_chat`.

        Raises:
            NotOfferedError: the server does not count.
            NoTemplateError: the model cannot hold a conversation.
            UserError: the server refused, failed or went away.
        """
        body: dict[str, object] = {"model": self._model}
        if isinstance(text, str):
            body["prompt"] = sendable(text)
        else:
            body |= {"messages": await asyncio.to_thread(turns, text, images)}
            body |= {name: request[name] for name in ("chat_template_kwargs",) if name in request}
            body |= _CONTINUE if continue_last else {}
        answer = await self._post_count(body)
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

    async def _stream(self, path: str, body: dict[str, object]) -> AsyncGenerator[list[Delta], None]:
        client = await self._warm_client()
        from desktop_app.endpoint.stream import stream_deltas  # noqa: PLC0415 - imported by now, on a thread

        body = await self._for_elsewhere(body) if self._address.elsewhere else body
        stream = stream_deltas(client, self._address, path, body, self._knows, self._remember)
        async with aclosing(stream) as batches:
            async for batch in batches:
                yield batch

    async def _for_elsewhere(self, body: dict[str, object]) -> dict[str, object]:
        """*body* with its form in OpenAI's words; what these cannot say is sent to vLLM only."""
        wanted = body.get("structured_outputs")
        if not isinstance(wanted, dict):
            return body
        if "json" in wanted:
            schema = {"name": "answer", "schema": wanted["json"]}
            rest = {name: value for name, value in body.items() if name != "structured_outputs"}
            return {**rest, "response_format": {"type": "json_schema", "json_schema": schema}}
        if self._is_vllm is None:
            self._is_vllm = bool(await self.version())
        if not self._is_vllm:
            # Other servers would pass over it without a word.
            self._knows = replace(self._knows, unknown=self._knows.unknown | {"structured_outputs"})
        return body

    async def _post_count(self, body: dict[str, object]) -> dict[str, object]:
        target = self._address.beside("/tokenize")
        sent, _ = self._knows.fit(body)
        try:
            return await post(self._address, target, sent, _COUNT_SECONDS)
        except UserError as error:
            fewer = self._knows.without(sent, error.details, elsewhere=False)
            if fewer is None:
                raise
        answer = await post(self._address, target, fewer.fit(body)[0], _COUNT_SECONDS)
        self._knows = fewer
        return answer

    async def _warm_client(self) -> "AsyncOpenAI":
        if self._client is None:
            client = await asyncio.to_thread(_build_client, self._address)
            self._client = self._client or client
        return self._client

    def _remember(self, knows: Knows) -> None:
        self._knows = knows


def _build_client(address: Address) -> "AsyncOpenAI":
    # openai and httpx2 take 0.2-0.5 s to import, for which no window should wait.
    from desktop_app.endpoint.stream import build_client  # noqa: PLC0415

    return build_client(address)
