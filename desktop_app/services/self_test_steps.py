"""The checks of the self-test, one coroutine each: it returns what it saw in words, or raises why not.

`self_test.py` is the only caller. What an engine or a model cannot have (a base model has no chat, a server elsewhere
tells no figures) is not available rather than failed; what it should do and does not do has failed.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing

from desktop_app.domain.chat import Delta
from desktop_app.domain.errors import UserError
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.ask import Reply
from desktop_app.endpoint.errors import NotOfferedError
from desktop_app.endpoint.probe import list_models, readiness
from desktop_app.services.self_test_engine import (
    ANSWER_SECONDS,
    Engine,
    FailedError,
    UnavailableError,
    question,
    short,
)
from desktop_app.services.self_test_long import long_prompt

_STOP_SECONDS = 5.0
"""How soon the engine must have stopped; vLLM took 34 ms when it was measured."""
_POLL_SECONDS = 0.01
_FORM_TOKENS = 64
"""Twice what the form needs. The Guide, which fills up whatever it gets with blanks, took 0.08 s for each."""
_SCHEMA = {
    "type": "object",
    "properties": {"sky": {"enum": ["blue", "green"]}, "sure": {"type": "boolean"}},
    "required": ["sky", "sure"],
    "additionalProperties": False,
}
"""Every value is bounded: a weak model would fill a free text or number to the end of its context."""


async def reachable(engine: Engine) -> str:
    """It is healthy, serves the model, and tells its version."""
    endpoint = engine.endpoint
    cards = await list_models(endpoint.address)
    card = next((card for card in cards if card.id == endpoint.model), None)
    if card is None:
        raise FailedError(f"It answers, but does not serve {endpoint.model}.")
    if not (await readiness(endpoint.address, endpoint.model)).ready:
        raise FailedError("It answers, but says that it is not healthy.")
    engine.context = card.context_tokens or engine.context
    engine.version = await endpoint.version()
    name = f"vLLM {engine.version}" if engine.version else "The server"
    context = f", with a context of {engine.context:,} tokens" if engine.context else ""
    return f"{name} serves {endpoint.model}{context}."


async def chat(engine: Engine) -> str:
    """A question gets an answer."""
    reply = await engine.ask("What is this program? Answer in one sentence.", max_tokens=64)
    said = reply.text.strip() or reply.reasoning.strip()
    if not said:
        raise FailedError("The answer was empty.")
    return f"It answered: “{short(said)}”"


async def text_completion(engine: Engine) -> str:
    """It goes on with a text, without a template."""
    try:
        reply = await engine.complete("The sky is", max_tokens=16)
    except UserError as error:
        if engine.elsewhere:
            raise UnavailableError(f"This server does not go on with a text: {error.sentence()}") from error
        raise
    # A model that was made for chats may end at once; what counts is that the engine went through it.
    if not reply.text and not reply.finish:
        raise FailedError("Nothing came back.")
    return f"It went on: “{short(reply.text)}”" if reply.text.strip() else "It had nothing to add to the text."


async def streaming(engine: Engine) -> str:
    """An answer comes in pieces, in order, with its end and its count."""
    _need_chat(engine)
    began, first, deltas = time.monotonic(), 0.0, list[Delta]()
    async with asyncio.timeout(ANSWER_SECONDS):
        async with aclosing(
            engine.endpoint.stream_chat(question("Tell me about yourself."), {"max_tokens": 64})
        ) as batches:
            async for batch in batches:
                first = first or time.monotonic() - began
                deltas += batch
    _check_stream(deltas, engine)
    pieces, tokens = sum(bool(delta.text) for delta in deltas), max(delta.answer_tokens for delta in deltas)
    counted = f", {tokens} tokens" if tokens else "; it does not count tokens"
    return f"{pieces} pieces{counted}, the first after {first:.2f} s."


def _check_stream(deltas: list[Delta], engine: Engine) -> None:
    """Raise unless *deltas* are an answer as it should be streamed."""
    finishes = [index for index, delta in enumerate(deltas) if delta.finish]
    texts = [index for index, delta in enumerate(deltas) if delta.text]
    counts = [delta.answer_tokens for delta in deltas if delta.answer_tokens]
    if len(finishes) != 1:
        raise FailedError("The answer did not say that it was over.")
    if not texts and not counts:
        raise FailedError("The answer was empty.")
    if texts and texts[-1] > finishes[0]:
        raise FailedError("Words came after the end of the answer.")
    if counts != sorted(counts):
        raise FailedError("The pieces did not come in order.")
    if not counts and not engine.elsewhere:
        raise FailedError("The engine did not count its tokens.")
    if len(texts) == 1 and (not counts or counts[-1] > 2):
        raise FailedError("The whole answer came in one piece.")


async def stop_in_the_middle(engine: Engine) -> str:
    """Leaving in mid-answer makes the engine stop working on it."""
    _need_chat(engine)
    before = await _figures(engine)
    if before.running:
        raise UnavailableError("The engine is answering somebody else right now, so it cannot be seen.")
    wanted = max(64, min(engine.context or 1024, 4096) - 256)
    # vLLM goes on to the limit when it is told to pass over the end of the answer.
    options = {"max_tokens": wanted, **({"ignore_eos": True} if engine.version else {})}
    async with asyncio.timeout(ANSWER_SECONDS):
        async with aclosing(engine.endpoint.stream_chat(question("Count to one million."), options)) as batches:
            await anext(batches)
    left = time.monotonic()
    while (figures := await _figures(engine)).running:
        if time.monotonic() - left > _STOP_SECONDS:
            raise FailedError(f"The engine was still working on the answer {_STOP_SECONDS:.0f} seconds later.")
        await asyncio.sleep(_POLL_SECONDS)
    seconds, made = time.monotonic() - left, figures.generated_tokens - before.generated_tokens
    if made >= wanted:
        raise UnavailableError("The answer was complete before it could be stopped.")
    return f"The engine stopped within {seconds * 1000:.0f} ms, after {made:.0f} of {wanted:,} tokens."


async def structured_output(engine: Engine) -> str:
    """An answer keeps to a JSON schema."""
    form = {"type": "json_schema", "json_schema": {"name": "sky", "schema": _SCHEMA, "strict": True}}
    try:
        reply = await _ask_for_form(engine, form)
    except UserError as error:
        if _means_unsupported(error):
            raise UnavailableError(f"The engine has no structured output: {error.sentence()}") from error
        raise
    if reply.finish == "length" and not reply.text.strip():
        raise UnavailableError("The model was still thinking when its tokens were used up.")
    try:
        value = json.loads(reply.text)
    except ValueError as error:
        raise FailedError(f"The answer is no JSON: “{short(reply.text)}”") from error
    keeps = isinstance(value, dict) and set(value) == {"sky", "sure"}
    if not keeps or value["sky"] not in ("blue", "green") or not isinstance(value["sure"], bool):
        raise FailedError(f"The answer does not keep to the form: “{short(reply.text)}”")
    return f"The answer kept to the form: {short(json.dumps(value))}"


async def _ask_for_form(engine: Engine, form: Mapping[str, object]) -> Reply:
    text = "What colour is the sky, and are you sure? Answer as JSON."
    reply = await engine.ask(text, max_tokens=_FORM_TOKENS, response_format=form)
    if reply.finish == "length":
        # It thinks first; or blanks, which every form allows between its words, are what a weak model loves most.
        reply = await engine.ask(text, max_tokens=256, response_format=form, frequency_penalty=2.0)
    return reply


STEPS: tuple[tuple[str, Callable[[Engine], Awaitable[str]]], ...] = (
    ("Reachable", reachable),
    ("Chat", chat),
    ("Text completion", text_completion),
    ("Streaming", streaming),
    ("Stop in the middle", stop_in_the_middle),
    ("Long prompt", long_prompt),
    ("Structured output", structured_output),
)
"""The checks in their order; the first one decides whether there is anything to test."""


def _means_unsupported(error: UserError) -> bool:
    words = f"{error.sentence()} {error.details}".lower()
    named = any(
        name in words for name in ("response_format", "structured", "json_schema", "guided", "grammar", "xgrammar")
    )
    return named and not any(code in error.details for code in ("500:", "502:", "503:"))


def _need_chat(engine: Engine) -> None:
    if not engine.chats:
        raise UnavailableError("This model has no chat template.")


async def _figures(engine: Engine) -> EngineMetrics:
    try:
        return await engine.endpoint.metrics()
    except NotOfferedError as error:
        raise UnavailableError(f"{error.sentence()} So it cannot be seen whether it stops.") from error
