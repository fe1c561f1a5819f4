"""What running engines say of themselves: each is asked for its `/metrics`, all at the same time.

`services/serving` says which are to be asked, `services/gauges` makes rates of what they say.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from desktop_app.domain.clock import seconds_now
from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.client import Endpoint

UNREADABLE = "The figures could not be read. The program's log says why."
_PATIENCE_SECONDS = 3.0
"""How long one may take to tell its figures; the others wait for it."""


@dataclass(frozen=True)
class EngineReading:
    """What one engine said."""

    key: str
    """The model's, as in `EngineStatus.key`."""
    name: str
    run: object
    """The same thing as long as it is the same run of the engine: its counters begin anew with every run."""
    at: float
    """When it answered, or did not, `clock.seconds_now()`."""
    metrics: EngineMetrics | None = None
    note: str = ""
    """Why there are no metrics, as a sentence."""
    failure: Exception | None = None
    """What nobody foresaw, for the program's log."""


async def read_engines(engines: Iterable[tuple[ModelRef, Endpoint]]) -> tuple[EngineReading, ...]:
    """Ask all of them at once; it takes as long as the slowest, and one that fails says why in its reading."""
    return tuple(await asyncio.gather(*(_read(model, endpoint) for model, endpoint in engines)))


async def _read(model: ModelRef, endpoint: Endpoint) -> EngineReading:
    metrics, note, failure = None, "", None
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            metrics = await endpoint.metrics()
    except UserError as error:
        note = error.sentence()
    except OSError:
        note = "The engine does not answer."
    except Exception as error:  # noqa: BLE001 - told in the reading: the other engines' figures do not wait for it
        note, failure = UNREADABLE, error
    return EngineReading(model.key, model.name, endpoint, seconds_now(), metrics, note, failure)
