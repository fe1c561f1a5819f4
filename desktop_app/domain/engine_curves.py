"""What engines add to the curves of Monitor, each over the time that it was measured over.

`services.monitor` hands over the engines of each frame and fills what comes into the `History`. Engines are asked less
often than the machine is read, and each counts its tokens between two answers of its own. So a speed belongs to exactly
this time: the area below the curve is the number of tokens, however often and however late an engine answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from desktop_app.domain.engine_figures import EngineFigures


@dataclass(frozen=True)
class Stretch:
    """Values of some curves over a time."""

    begin: float
    """`clock.seconds_now()`."""
    end: float
    values: dict[str, float]
    """By the curves' keys."""
    on_top: bool = False
    """Whether they are to be added to what another engine told of this time."""


class EngineCurves:
    """Makes stretches of what engines tell. Speeds are sums of all engines; of the rest see `_state`."""

    def __init__(self) -> None:
        self._until = -inf
        """Up to here at least one engine has told what it did."""

    def add(self, engines: tuple[EngineFigures, ...], fresh: tuple[EngineFigures, ...]) -> list[Stretch]:
        """What is new; nothing of an engine that was read for the first time, since its rates cover no time.

        Args:
            engines: those that answered when they were asked last.
            fresh: those of them that were measured anew.
        """
        told, before = [one for one in fresh if one.seconds > 0], self._until
        if not told:
            return []
        made = [stretch for one in told for stretch in self._speeds(one)]
        begin = max(before, min(one.at - one.seconds for one in told))
        if begin < self._until:
            made.append(Stretch(begin, self._until, _state(engines, fresh)))
        return made

    def _speeds(self, one: EngineFigures) -> Iterator[Stretch]:
        """The speeds of *one*: on top of what others told of the same time, by themselves where nobody did."""
        begin, speeds = one.at - one.seconds, {"engine.generation": one.generation, "engine.prompt": one.prompt}
        shared = min(max(begin, self._until), one.at)
        if begin < shared:
            yield Stretch(begin, shared, speeds, on_top=True)
        if shared < one.at:
            yield Stretch(shared, one.at, speeds)
        self._until = max(self._until, one.at)


def _written(one: EngineFigures) -> int:
    """Answers that were being written: at least one where tokens came, though it was over when the engine was asked."""
    return max(one.running, 1 if one.generation > 0 else 0)


def _state(engines: tuple[EngineFigures, ...], fresh: tuple[EngineFigures, ...]) -> dict[str, float]:
    """Sums of answers, the fullest KV cache, and what only one engine can tell of the busiest that does."""
    found = {
        "engine.running": float(sum(_written(one) if one in fresh else one.running for one in engines)),
        "engine.waiting": float(sum(one.waiting for one in engines)),
        "engine.preempted": float(sum(one.preempted for one in fresh)),
        "engine.kv": max(one.kv_cache for one in engines),
    }
    busiest = sorted(engines, key=lambda one: (one.running, one.generation), reverse=True)
    hits = next((one.hit_rate for one in busiest if one.hit_rate is not None), None)
    if hits is not None:
        found["engine.hits"] = hits
    for name, told in (("first", [one.first_word for one in busiest]), ("between", [one.between for one in busiest])):
        times = next((one for one in told if one is not None), None)
        if times is not None:
            found |= {f"engine.{name}.p50": times.p50, f"engine.{name}.p90": times.p90, f"engine.{name}.p99": times.p99}
    return found
