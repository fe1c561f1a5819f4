"""What earlier starts took, of time and of memory, kept in the settings.

`LocalEngine` asks before a start and tells after one; the Models page asks for the memory, so that the engine's own
figures replace estimates.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from desktop_app.domain.flags import read_size
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import LaunchPlan
from desktop_app.domain.start_clock import Expectation, StartHistory, StartKind, StartRecord
from desktop_app.store.settings import Settings

if TYPE_CHECKING:
    from desktop_app.domain.fit import Measured

_KEPT = 200
"""Measurements that are kept, the newest of them."""


class Starts:
    """What earlier starts took.

    Args:
        settings: where it is kept.
        chosen: whether the model with a key is the one that is talked to; experiments start others beside it.
    """

    def __init__(self, settings: Settings, chosen: Callable[[str], bool] = lambda _key: True) -> None:
        self._settings = settings
        self._chosen = chosen

    def expectation(self, kind: StartKind) -> Expectation:
        """What the next start of *kind* may take."""
        return StartHistory.from_json(self._settings.start_history).expectation(kind)

    async def remember(self, plan: LaunchPlan, record: StartRecord, figures: "Measured") -> None:
        """Keep how long this start took, what the engine said about memory, and that a chosen model was used last."""
        history = StartHistory.from_json(self._settings.start_history)
        await self._settings.set_start_history(history.with_record(record).as_json())
        if self._chosen(plan.model.key):
            await self._settings.set_model_folder(None if plan.model.is_guide else plan.model.folder)
        others = [one for one in self._settings.measurements if not _is_about(one, plan.model.key, _kind(plan))]
        await self._settings.set_measurements([*others, _written(plan, figures)][-_KEPT:])

    def measured(self, model: str, kind: EngineKind) -> "Measured | None":
        """What an engine of *kind* said of the model with this key when it was started last; None before that."""
        found = [one for one in self._settings.measurements if _is_about(one, model, kind.name)]
        return _read(found[-1]) if found else None


def _kind(plan: LaunchPlan) -> str:
    return plan.environment.kind.name


def _is_about(one: Mapping[str, object], model: str, kind: str) -> bool:
    return one.get("model") == model and one.get("kind") == kind


def _written(plan: LaunchPlan, figures: "Measured") -> dict[str, object]:
    # On a processor vLLM only says how large the files are, rounded; their heads say that exactly.
    cards = max(1, read_size(plan.get("--tensor-parallel-size")) or 1)
    weights = figures.weights * cards if plan.environment.kind is EngineKind.CUDA else 0
    return {
        "model": plan.model.key,
        "kind": _kind(plan),
        "weights": weights,
        "overhead": figures.overhead,
        "kv_token_bytes": figures.kv_token_bytes * cards,
    }


def _read(one: Mapping[str, object]) -> "Measured":
    """A value that makes no sense counts as not said."""
    from desktop_app.domain.fit import Measured  # noqa: PLC0415 - the window opens without it

    numbers = [one.get(name) for name in ("weights", "overhead", "kv_token_bytes")]
    weights, overhead, token = (value if isinstance(value, int | float) and value > 0 else 0 for value in numbers)
    return Measured(int(weights), int(overhead), float(token))
