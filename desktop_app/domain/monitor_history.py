"""The last hour of every figure that Monitor draws. `services.monitor` adds, charts and the CSV export read.

Each series has three rings of 600 buckets: of 0.5 s for the last five minutes, of 1.5 s for the last fifteen, of 6 s
for the last hour. A bucket is the mean of what it covers, weighted by time, so that curves are the same at every pace
of reading. A ring never grows, and a series that tells nothing for an hour is let go.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, isfinite, nan

SPANS = (60.0, 300.0, 900.0, 3600.0)
"""How much of the past can be asked for, seconds."""
REACH = 5.0
"""Seconds. Readings that are no further apart follow one another: the time between them is covered by the later one.
Twice and a half the slowest pace (`domain.machine.Attention`), so that one lost reading leaves no gap."""

_BUCKETS = 600
_STEPS = (0.5, 1.5, 6.0)
"""Seconds of a bucket of each tier."""
_UNKNOWN = array("d", [nan]) * _BUCKETS


@dataclass(frozen=True)
class Line:
    """One series over one span, in buckets of equal length, oldest first."""

    start: float
    """When the first bucket begins, `time.monotonic()`."""
    step: float
    """Seconds of a bucket."""
    values: Sequence[float]
    """The mean of each bucket; NaN where it is unknown."""


class History:
    """Figures by key over the last hour. Times are those of `time.monotonic()`, in seconds."""

    def __init__(self) -> None:
        self._tiers = tuple(_Tier(step) for step in _STEPS)
        self._at: float | None = None

    def add(self, at: float, seconds: float, values: Mapping[str, float]) -> None:
        """Take one reading; one that is not later than the one before is passed over.

        Args:
            at: when it was taken.
            seconds: how much time it covers. Up to `REACH` after the reading before it covers all of the time since;
                after a longer pause only so much, at most `REACH`, and the rest of the pause stays unknown.
            values: by key; what is not finite counts as unknown. New keys may come at any time.
        """
        if self._at is not None and at <= self._at:
            return
        before, self._at = self._at, at
        begin = before if before is not None and at - before <= REACH else at - min(max(0.0, seconds), REACH)
        known = {key: value for key, value in values.items() if isfinite(value)}
        for tier in self._tiers:
            tier.add(begin, at, known)

    def line(self, key: str, span: float) -> Line:
        """The last *span* seconds of the series *key*, only whole buckets; all unknown when there is no such series."""
        return self._tier(span).line(key, span)

    def revision(self, span: float) -> int:
        """A number that is another one whenever there is a new whole bucket for *span*."""
        return self._tier(span).head

    def read(self, key: str, span: float, at: float) -> float | None:
        """The bucket at the moment *at* of a line of *span*, or the one under way; None where it is unknown."""
        return self._tier(span).read(key, span, at)

    def keys(self) -> tuple[str, ...]:
        """All series of the last hour."""
        return self._tiers[-1].keys()

    def _tier(self, span: float) -> "_Tier":
        return next((tier for tier in self._tiers if span <= tier.step * _BUCKETS), self._tiers[-1])


class _Tier:
    """All series in buckets of one length. Bucket *n* covers the seconds from n · step to (n + 1) · step."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.head = 0
        """The bucket under way; those before it are whole."""
        self._rings: dict[str, array[float]] = {}
        """Bucket *n* is at *n* mod 600."""
        self._sums: dict[str, float] = {}
        """Of value · seconds in the bucket under way."""
        self._covered: dict[str, float] = {}
        """Seconds of the bucket under way of which the series is known."""
        self._heard: dict[str, int] = {}
        """The last bucket of which something is known."""

    def keys(self) -> tuple[str, ...]:
        return tuple(self._rings)

    def add(self, begin: float, end: float, values: Mapping[str, float]) -> None:
        for number in range(floor(begin / self.step), floor(end / self.step) + 1):
            self._turn(number)
            seconds = min(end, (number + 1) * self.step) - max(begin, number * self.step)
            if seconds > 0:
                self._pour(seconds, values)

    def line(self, key: str, span: float) -> Line:
        count = min(_BUCKETS, max(1, round(span / self.step)))
        first = self.head - count
        ring, low, high = self._rings.get(key, _UNKNOWN), first % _BUCKETS, self.head % _BUCKETS
        values = ring[low:high] if low < high else ring[low:] + ring[:high]
        return Line(first * self.step, self.step, values)

    def read(self, key: str, span: float, at: float) -> float | None:
        number = floor(at / self.step)
        if number == self.head:
            covered = self._covered.get(key, 0.0)
            return self._sums[key] / covered if covered else None
        count = min(_BUCKETS, max(1, round(span / self.step)))
        if not self.head - count <= number < self.head:
            return None
        value = self._rings.get(key, _UNKNOWN)[number % _BUCKETS]
        return None if value != value else value  # noqa: PLR0124 - NaN is what differs from itself

    def _pour(self, seconds: float, values: Mapping[str, float]) -> None:
        """Add *seconds* of *values* to the bucket under way."""
        sums, covered = self._sums, self._covered
        for key, value in values.items():
            if key not in sums:
                self._rings[key], sums[key], covered[key] = _UNKNOWN[:], 0.0, 0.0
            sums[key] += value * seconds
            covered[key] += seconds

    def _turn(self, number: int) -> None:
        """Close the buckets before *number*."""
        if number <= self.head:
            return
        gone = []
        gap = range(self.head + 1, min(number, self.head + _BUCKETS + 1))
        for key, ring in self._rings.items():
            covered = self._covered[key]
            if covered:
                self._heard[key] = self.head
            elif number - self._heard[key] > _BUCKETS:
                gone.append(key)
            ring[self.head % _BUCKETS] = self._sums[key] / covered if covered else nan
            self._sums[key] = self._covered[key] = 0.0
            for unknown in gap:
                ring[unknown % _BUCKETS] = nan
        for key in gone:
            for kept in (self._rings, self._sums, self._covered, self._heard):
                del kept[key]
        self.head = number
