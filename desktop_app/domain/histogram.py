"""How often something took how long, as Prometheus counts it: in buckets. And what can be read off that.

`domain/metrics` makes them of an engine's `/metrics`, `domain/engine_meter` reads percentiles off them.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

_MOST_BUCKETS = 256
"""Ten times as many as vLLM's largest; what an engine elsewhere says beyond that is told less finely."""
_MOST_COUNTED = 2.0**53
"""Up to here floats count in ones."""
_LONGEST = 1e9
"""No bound is meant that is above: 30 years in seconds."""


@dataclass(frozen=True)
class Histogram:
    """Counts of values by size.

    Two are added and subtracted bucket by bucket; where their buckets differ, by the buckets that both have.
    """

    bounds: tuple[float, ...] = ()
    """The upper bounds of all buckets but the last, which is open; above 0, rising. A bound belongs to its bucket."""
    counts: tuple[float, ...] = ()
    """How many values lie in each bucket, one bucket more than bounds. Nothing where nothing is known."""

    @classmethod
    def of_cumulative(cls, pairs: Iterable[tuple[float, float]]) -> "Histogram":
        """A histogram of what Prometheus tells: bounds, and how many values are not above each; in any order.

        Bounds that come twice are of several engines. The pairs may hold anything. One that cannot be meant (no number,
        below 0, beyond all measure) is left out, and what it counted lies in the bucket above; counts that fall are
        held at the highest before, as Prometheus does (`ensureMonotonicAndIgnoreSmallDeltas` in `promql/quantile.go`).
        """
        known: dict[float, float] = {}
        for bound, count in pairs:
            if (0 < bound <= _LONGEST or bound == math.inf) and 0 <= count <= _MOST_COUNTED:
                known[bound] = known.get(bound, 0.0) + count // 1
        bounds = sorted(known)
        rising = list(accumulate((known[bound] for bound in bounds), max))
        total = rising[-1] if rising else 0.0
        if bounds and math.isinf(bounds[-1]):
            del bounds[-1], rising[-1]
        step = -(-len(bounds) // _MOST_BUCKETS) or 1
        return cls(tuple(bounds[::step]), _apart((*rising[::step], total))) if total else cls()

    @property
    def total(self) -> float:
        """How many values were counted."""
        return sum(self.counts)

    def __add__(self, other: "Histogram") -> "Histogram":
        """The values of both."""
        if not other.counts or not self.counts:
            return self if self.counts else other
        one, two = _alike(self, other)
        return Histogram(one.bounds, tuple(a + b for a, b in zip(one.counts, two.counts, strict=True)))

    def __sub__(self, before: "Histogram") -> "Histogram":
        """The values that came since *before*; none in a bucket that counts less than it did."""
        if not before.counts or not self.counts:
            return self
        one, two = _alike(self, before)
        return Histogram(one.bounds, tuple(max(0.0, a - b) for a, b in zip(one.counts, two.counts, strict=True)))

    def percentile(self, share: float) -> float | None:
        """The size that *share* (0…1) of the values do not exceed; None when there are none.

        As Prometheus' `histogram_quantile` (https://prometheus.io/docs/prometheus/latest/querying/functions/): the
        values of a bucket are taken to lie evenly between its bounds, the first begins at 0, and of the open one only
        its lower bound is known.
        """
        wanted, below, lower = min(1.0, max(0.0, share)) * self.total, 0.0, 0.0
        for upper, count in zip(self.bounds, self.counts, strict=False):
            if count and below + count >= wanted:
                return min(upper, lower + (upper - lower) * (wanted - below) / count)
            below += count
            lower = upper
        return lower if lower and self.total else None


NOTHING = Histogram()
"""Where nothing was counted."""


def _alike(one: Histogram, two: Histogram) -> tuple[Histogram, Histogram]:
    """Both with the buckets that both have."""
    if one.bounds == two.bounds:
        return one, two
    bounds = tuple(sorted(set(one.bounds) & set(two.bounds)))
    return _coarser(one, bounds), _coarser(two, bounds)


def _coarser(fine: Histogram, bounds: tuple[float, ...]) -> Histogram:
    """The same values with fewer bounds."""
    rising = dict(zip(fine.bounds, accumulate(fine.counts), strict=False))
    return Histogram(bounds, _apart((*(rising[bound] for bound in bounds), fine.total)))


def _apart(rising: tuple[float, ...]) -> tuple[float, ...]:
    """Counts by bucket, of counts of everything up to each."""
    return tuple(count - below for count, below in zip(rising, (0.0, *rising), strict=False))
