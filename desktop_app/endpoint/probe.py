"""Light questions to an engine: whether it is ready, and its figures. They need no openai and hardly any time.

`services/serving.py` asks while the engine starts and runs, the gauges once a second while somebody looks.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain.metrics import EngineMetrics, parse_metrics
from desktop_app.endpoint import wire
from desktop_app.endpoint.errors import engine_gone, engine_refused, engine_silent

_PROBE_SECONDS = 2.0
_METRICS_SECONDS = 2.0


@dataclass(frozen=True)
class Readiness:
    """Whether an engine can be talked to."""

    ready: bool
    context_tokens: int = 0
    """The longest conversation that it accepts, in tokens; 0 when it did not say."""


async def readiness(socket: Path, model: str) -> Readiness:
    """Whether the engine on *socket* is healthy and serves *model* under that name; never raises, at most 4 seconds."""
    try:
        status, _ = await wire.get(socket, "/health", _PROBE_SECONDS)
        if status != 200:
            return Readiness(ready=False)
        status, body = await wire.get(socket, "/v1/models", _PROBE_SECONDS)
    except OSError:
        return Readiness(ready=False)
    return _read_models(body, model) if status == 200 else Readiness(ready=False)


async def read_metrics(socket: Path) -> EngineMetrics:
    """The engine's own figures.

    Raises:
        UserError: it did not answer, or not within 2 seconds.
    """
    try:
        status, body = await wire.get(socket, "/metrics", _METRICS_SECONDS)
    except TimeoutError as error:
        raise engine_silent("no figures within 2 seconds") from error
    except OSError as error:
        raise engine_gone(str(error)) from error
    if status != 200:
        raise engine_refused(status, body.decode("utf-8", "replace"))
    return parse_metrics(body.decode("utf-8", "replace"))


def _read_models(body: bytes, model: str) -> Readiness:
    try:
        cards = json.loads(body)["data"]
        card = next(card for card in cards if card["id"] == model)
    except (ValueError, LookupError, TypeError, StopIteration):
        return Readiness(ready=False)
    length = card.get("max_model_len")
    return Readiness(ready=True, context_tokens=length if isinstance(length, int) else 0)
