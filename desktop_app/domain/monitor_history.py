"""The last hour of every figure that Monitor draws. `services.monitor` adds, charts and the CSV export read.

Each series has three rings: of 600 buckets of 0.5 s for the last five minutes, of 1.5 s for the last fifteen, of 6 s
for the last hour. A bucket is the mean of what it covers, weighted by time, so that curves are the same at every pace
of reading. A ring never grows, and a series that tells nothing for an hour is let go.

The machine's readings are the clock: they alone begin new buckets. What engines did is known only when they were asked,
a second or more later, and for a stretch of time of its own: it is filled into the buckets that it belongs to, whole
ones too. So the newest whole buckets of an engine's series are unknown for a while, and never made up.
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
"""Whole ones."""
_AHEAD = 39
"""Buckets behind the one under way: engines may have been asked a moment after the machine was read."""
_SIZE = _BUCKETS + 1 + _AHEAD
_STEPS = (0.5, 1.5, 6.0)
"""Seconds of a bucket of each tier."""
_UNKNOWN = array("d", [nan]) * _SIZE
_NOTHING = array("d", [0.0]) * _SIZE


@dataclass(frozen=True)
class Line:
    """One series over one span, in buckets of equal length, oldest first."""

    start: float
    """When the first bucket begins, `clock.seconds_now()`."""
    step: float
    """Seconds of a bucket."""
    values: Sequence[float]
    """The mean of each bucket; NaN where it is unknown."""


class History:
    """Figures by key over the last hour. Times are those of `clock.seconds_now()`, in seconds."""

    def __init__(self) -> None:
        self._tiers = tuple(_Tier(step) for step in _STEPS)
        self._at: float | None = None

    def add(self, at: float, seconds: float, values: Mapping[str, float]) -> None:
        """Take one reading of the machine; one that is not later than the one before is passed over.

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
        for tier in self._tiers:
            tier.turn(at)
        self._pour(begin, at, values)

    def fill(self, begin: float, end: float, values: Mapping[str, float], *, on_top: bool = False) -> None:
        """Take what is known only now of the time from *begin* to *end*; nothing before the machine was ever read.

        It may have passed already, and may end a few seconds after the machine's last reading.

        Args:
            begin: the first moment of it.
            end: its last moment.
            values: by key; what is not finite counts as unknown.
            on_top: add to what is known of this time. Otherwise nothing may be known of it yet.
        """
        if self._at is not None:
            self._pour(begin, end, values, on_top)

    def line(self, key: str, span: float) -> Line:
        """The last *span* seconds of the series *key*, only whole buckets; all unknown when there is no such series."""
        return self._tier(span).line(key, span)

    def revision(self, span: float) -> int:
        """A number that is another one whenever there is a new whole bucket for *span*.

        What is filled into older ones does not change it: the next bucket is never far.
        """
        return self._tier(span).head

    def read(self, key: str, span: float, at: float) -> float | None:
        """The bucket at the moment *at* of a line of *span*, or the one under way; None where it is unknown."""
        return self._tier(span).read(key, span, at)

    def newest(self, key: str, now: float, buckets: int) -> float | None:
        """The value of the finest bucket of *now*, or the last one known in so many *buckets*, that one included."""
        return self._tiers[0].newest(key, now, buckets)

    def keys(self) -> tuple[str, ...]:
        """All series of the last hour."""
        return self._tiers[-1].keys()

    def _pour(self, begin: float, end: float, values: Mapping[str, float], on_top: bool = False) -> None:
        known = {key: value for key, value in values.items() if isfinite(value)}
        for tier in self._tiers:
            tier.pour(begin, end, known, on_top)

    def _tier(self, span: float) -> "_Tier":
        return next((tier for tier in self._tiers if span <= tier.step * _BUCKETS), self._tiers[-1])


class _Series:
    """One series of one tier. Bucket *n* is at *n* mod `_SIZE`."""

    __slots__ = ("covered", "heard", "means")

    def __init__(self) -> None:
        self.means = _UNKNOWN[:]
        self.covered = _NOTHING[:]
        """Seconds of each bucket of which something is known."""
        self.heard = 0
        """The last bucket of which something is known."""


class _Tier:
    """All series in buckets of one length. Bucket *n* covers the seconds from n · step to (n + 1) · step."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.head = 0
        """The bucket under way; those before it are whole."""
        self._series: dict[str, _Series] = {}

    def keys(self) -> tuple[str, ...]:
        return tuple(self._series)

    def turn(self, at: float) -> None:
        """Have the bucket of *at* be the one under way."""
        number = floor(at / self.step)
        if number <= self.head:
            return
        entering = [one % _SIZE for one in range(max(self.head, number - _SIZE) + _AHEAD + 1, number + _AHEAD + 1)]
        for key, series in list(self._series.items()):
            if number - series.heard > _BUCKETS:
                del self._series[key]
                continue
            for place in entering:
                series.means[place], series.covered[place] = nan, 0.0
        self.head = number

    def pour(self, begin: float, end: float, values: Mapping[str, float], on_top: bool) -> None:
        """Add *values* to the buckets from *begin* to *end*, as far as there are any."""
        first, last = floor(begin / self.step), floor(end / self.step)
        for number in range(max(first, self.head - _BUCKETS), min(last, self.head + _AHEAD) + 1):
            seconds = min(end, (number + 1) * self.step) - max(begin, number * self.step)
            if seconds > 0:
                self._pour_into(number, seconds, values, on_top)

    def line(self, key: str, span: float) -> Line:
        count = min(_BUCKETS, max(1, round(span / self.step)))
        first = self.head - count
        series, low, high = self._series.get(key), first % _SIZE, self.head % _SIZE
        ring = series.means if series else _UNKNOWN
        values = ring[low:high] if low < high else ring[low:] + ring[:high]
        return Line(first * self.step, self.step, values)

    def read(self, key: str, span: float, at: float) -> float | None:
        number, series = floor(at / self.step), self._series.get(key)
        count = min(_BUCKETS, max(1, round(span / self.step)))
        if series is None or not self.head - count <= number <= self.head or not series.covered[number % _SIZE]:
            return None
        return series.means[number % _SIZE]

    def newest(self, key: str, now: float, buckets: int) -> float | None:
        number, series = floor(now / self.step), self._series.get(key)
        if series is None:
            return None
        for one in range(min(number, self.head), max(number - buckets, self.head - _BUCKETS - 1), -1):
            if series.covered[one % _SIZE]:
                return series.means[one % _SIZE]
        return None

    def _pour_into(self, number: int, seconds: float, values: Mapping[str, float], on_top: bool) -> None:
        place, known = number % _SIZE, self._series
        for key, value in values.items():
            series = known.get(key)
            if series is None:
                series = known[key] = _Series()
            covered = series.covered[place]
            if not covered:
                series.means[place], series.covered[place] = value, seconds
            elif on_top:
                whole = max(covered, seconds)
                series.means[place] = (series.means[place] * covered + value * seconds) / whole
                series.covered[place] = whole
            else:
                series.means[place] += (value - series.means[place]) * seconds / (covered + seconds)
                series.covered[place] = covered + seconds
            series.heard = max(series.heard, number)
