"""Light questions to a server: whether it is ready, what it serves, its figures. They need no openai and hardly time.

`services/` ask while an engine starts and runs, the gauges once a second while somebody looks, `services/servers` when
somebody enters the address of a server elsewhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.domain.errors import UserError
from desktop_app.domain.metrics import EngineMetrics, parse_metrics
from desktop_app.endpoint import wire
from desktop_app.endpoint.address import Address, Where, as_address
from desktop_app.endpoint.errors import NotOfferedError, answer_unreadable, broken, refused

_PROBE_SECONDS = 2.0
_METRICS_SECONDS = 2.0
_ELSEWHERE_SECONDS = 10.0
"""For a server elsewhere: name, connection, handshake and a sleeping server."""
_NAME_LENGTH = 300
_CARDS = 2_000
"""More models than any server has; the longest list known (OpenRouter's) has about 400."""
_CONTEXT_FIELDS = ("max_model_len", "context_length", "max_context_length", "context_window", "n_ctx")
"""vLLM; OpenRouter; LM Studio and Mistral; Groq; llama.cpp. None of them stands in OpenAI's own protocol."""


@dataclass(frozen=True)
class Readiness:
    """Whether an engine can be talked to."""

    ready: bool
    context_tokens: int = 0
    """The longest conversation that it accepts, in tokens; 0 when it did not say."""


@dataclass(frozen=True)
class ModelCard:
    """A model that a server offers."""

    id: str
    """The name to ask for it."""
    context_tokens: int = 0
    """The longest conversation that it accepts, in tokens; 0 when the server does not say."""


async def readiness(where: Where, model: str) -> Readiness:
    """Whether the server is healthy and serves *model* under that name; never raises, at most 4 seconds, 20 elsewhere.

    One of ours has to say that it is healthy; one elsewhere need not know that question.
    """
    address = as_address(where)
    seconds = _ELSEWHERE_SECONDS if address.elsewhere else _PROBE_SECONDS
    try:
        status, _ = await wire.get(address, address.beside("/health"), seconds)
        if status != 200 and (not address.elsewhere or status >= 500):
            return Readiness(ready=False)
        cards = await list_models(address, seconds)
    except (OSError, UserError):
        return Readiness(ready=False)
    card = next((card for card in cards if card.id == model), None)
    return Readiness(card is not None, card.context_tokens if card else 0)


async def list_models(where: Where, seconds: float = _ELSEWHERE_SECONDS) -> list[ModelCard]:
    """The models that a server offers.

    Raises:
        UserError: it cannot be reached, refuses, or is no OpenAI-compatible server.
    """
    address = as_address(where)
    status, body = await _get(address, address.api("/models"), seconds)
    if status != 200:
        raise refused(address, status, error_message(body))
    cards = _read_cards(body)
    if cards is None:
        # Many web servers answer every question with 200 and a page.
        raise refused(address, 404, "") if address.elsewhere else answer_unreadable("no list of models")
    return cards


async def read_metrics(where: Where) -> EngineMetrics:
    """The engine's own figures; raises as `read_metrics_text`."""
    return parse_metrics(await read_metrics_text(where))


async def read_metrics_text(where: Where) -> str:
    """The engine's own figures as it tells them: Prometheus' text, about 80 kB.

    Raises:
        NotOfferedError: a server elsewhere does not tell any.
        UserError: it did not answer, or not within 2 seconds (10 elsewhere).
    """
    address = as_address(where)
    seconds = _ELSEWHERE_SECONDS if address.elsewhere else _METRICS_SECONDS
    status, body = await _get(address, address.beside("/metrics"), seconds)
    text = body.decode("utf-8", "replace")
    if address.elsewhere and (300 <= status < 500 or (status == 200 and "vllm:" not in text)):
        raise NotOfferedError("This server does not tell how busy it is.")
    if status != 200:
        raise refused(address, status, text)
    return text


async def read_version(where: Where) -> str:
    """vLLM's version, e.g. `0.32.0`; empty for a server that does not say. Raises UserError when it is unreachable."""
    address = as_address(where)
    status, body = await _get(address, address.beside("/version"), _ELSEWHERE_SECONDS)
    try:
        answer = json.loads(body) if status == 200 else {}
    except (ValueError, RecursionError):
        return ""
    version = answer.get("version") if isinstance(answer, dict) else None
    return version[:60] if isinstance(version, str) else ""


def error_message(body: bytes) -> str:
    """What an answer with an error status says; vLLM's form, OpenAI's, FastAPI's, or plain text."""
    text = body.decode("utf-8", "replace")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return "" if text.lstrip().startswith("<") else text
    if isinstance(answer, Mapping):
        error = answer.get("error") or answer.get("detail") or answer.get("message") or ""
        return str(error.get("message", "") if isinstance(error, Mapping) else error)
    return ""


async def _get(address: Address, target: str, seconds: float) -> tuple[int, bytes]:
    try:
        return await wire.get(address, target, seconds)
    except OSError as error:
        raise broken(address, error) from error


def _read_cards(body: bytes) -> list[ModelCard] | None:
    """The cards of a list of models; None when it is none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    # Some servers (Together) leave the frame away.
    entries = answer.get("data") if isinstance(answer, dict) else answer
    if not isinstance(entries, list):
        return None
    return [card for entry in entries[:_CARDS] if (card := _read_card(entry)) is not None]


def _read_card(entry: object) -> ModelCard | None:
    name = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(name, str) or not 0 < len(name) <= _NAME_LENGTH:
        return None
    meta = entry.get("meta")
    facts = {**meta, **entry} if isinstance(meta, dict) else entry
    found = (facts.get(name) for name in _CONTEXT_FIELDS)
    return ModelCard(name, next((size for size in found if type(size) is int and size > 0), 0))
