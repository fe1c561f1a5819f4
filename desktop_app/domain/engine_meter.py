"""Makes figures of an engine's counters: how fast it is, and how long things take, lately.

`services/gauges` keeps one for every engine that runs, and hands it each reading of `/metrics`. It never reads a clock.
"""

from collections import deque

from desktop_app.domain.engine_figures import EngineFigures, Percentiles
from desktop_app.domain.histogram import Histogram
from desktop_app.domain.metrics import EngineMetrics, rate

LATELY = 30.0
"""What percentiles and the hit rate look back over, seconds; readings further apart than that say nothing of now."""
_STEP = 0.5
"""Readings are kept at least this far apart, seconds: there are never more than LATELY / _STEP + 2 of them."""


class EngineMeter:
    """Watches the counters of one engine.

    Args:
        key: the model's, as in `EngineStatus.key`.
        name: the model's, for people.
    """

    def __init__(self, key: str, name: str) -> None:
        self._key = key
        self._name = name
        self._last: tuple[float, EngineMetrics] | None = None
        self._kept: deque[tuple[float, EngineMetrics]] = deque()
        """Readings of the last LATELY seconds, and one that is older: what is new since then came lately."""
        self._figures = EngineFigures(key, name)

    def add(self, at: float, metrics: EngineMetrics) -> EngineFigures:
        """Take a reading and say what it means.

        The first one, the first after an engine began to count anew, and the first after a break of more than LATELY
        have no rates. One that is not later than the last is passed over.

        Args:
            at: when it was read, seconds; only differences matter.
            metrics: what was read.
        """
        if self._last is not None and self._last[0] >= at:
            return self._figures
        if self._last is None or at - self._last[0] > LATELY or _anew(self._last[1], metrics):
            self._last = at, metrics
            self._kept.clear()
        self._figures = self._measure(at, metrics, *self._last, self._reference(at, metrics))
        self._last = at, metrics
        return self._figures

    def _reference(self, at: float, metrics: EngineMetrics) -> EngineMetrics:
        """Keep the reading, and return the one that is LATELY old, or the oldest."""
        if not self._kept or at - self._kept[-1][0] >= _STEP:
            self._kept.append((at, metrics))
        while len(self._kept) > 1 and at - self._kept[1][0] >= LATELY:
            self._kept.popleft()
        return self._kept[0][1]

    def _measure(
        self, at: float, now: EngineMetrics, then: float, last: EngineMetrics, earlier: EngineMetrics
    ) -> EngineFigures:
        asked = now.prefix_queries - earlier.prefix_queries
        return EngineFigures(
            self._key,
            self._name,
            generation=rate(last.generated_tokens, now.generated_tokens, at - then),
            prompt=rate(last.prompt_tokens, now.prompt_tokens, at - then),
            running=now.running,
            waiting=now.waiting,
            preempted=now.preemptions - last.preemptions,
            finished=now.finished - last.finished,
            kv_cache=now.kv_cache,
            kv_tokens=now.kv_tokens,
            kv_block=now.kv_block,
            hit_rate=min(1.0, (now.prefix_hits - earlier.prefix_hits) / asked) if asked else None,
            first_word=_percentiles(now.first_word - earlier.first_word),
            between=_percentiles(now.between - earlier.between),
            generated_tokens=now.generated_tokens,
            at=at,
            seconds=at - then,
        )


def _anew(before: EngineMetrics, now: EngineMetrics) -> bool:
    """Whether a counter fell: it is another process that counts."""
    return any(b > a for b, a in zip(_counters(before), _counters(now), strict=True))


def _counters(metrics: EngineMetrics) -> tuple[float, ...]:
    return (
        metrics.generated_tokens,
        metrics.prompt_tokens,
        metrics.preemptions,
        metrics.prefix_queries,
        metrics.prefix_hits,
        metrics.finished,
        metrics.first_word.total,
        metrics.between.total,
    )


def _percentiles(took: Histogram) -> Percentiles | None:
    p50, p90, p99 = (took.percentile(share) for share in (0.5, 0.9, 0.99))
    return None if p50 is None or p90 is None or p99 is None else Percentiles(p50, p90, p99)
