"""What a chart draws of the past: a window of columns, and the values of each curve in them. No painting here.

A column is one bucket of the history, or several where there are more of them than pixels. Which buckets share a column
never changes, so that a curve moves to the left without changing its shape.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil, floor, isnan, nan
from operator import add

from desktop_app.domain.curves import Chart
from desktop_app.domain.monitor_history import History, Line

_FEWEST_COLUMNS = 10
"""However narrow a chart is."""


@dataclass(frozen=True)
class Window:
    """The columns that are shown. Column *n* of all time covers the seconds from n · step to (n + 1) · step."""

    first: int
    """The number of the column at the left edge."""
    count: int
    step: float
    """Seconds of a column."""
    buckets: int
    """Of the history, in a column."""

    @property
    def left(self) -> float:
        """When the middle of the first column is, `seconds_now()`."""
        return self.time(0)

    @property
    def right(self) -> float:
        """When the middle of the newest column is."""
        return self.time(self.count - 1)

    def time(self, column: int) -> float:
        """The middle of a column, counted from the left."""
        return (self.first + column + 0.5) * self.step

    def column(self, at: float) -> int | None:
        """The column in which the moment *at* is; None when it is not shown.

        A narrow chart leaves out buckets at its ends that a wide one shows: they are read in the column beside them.
        """
        found, beside = floor(at / self.step) - self.first, 0 if self.buckets == 1 else 1
        return min(max(found, 0), self.count - 1) if -2 * beside <= found < self.count + beside else None

    def only(self, column: int) -> "Window":
        """Nothing but one column."""
        return replace(self, first=self.first + column, count=1)


@dataclass(frozen=True)
class Track:
    """One curve in a window."""

    values: "array[float]"
    """One for each column, NaN where it is unknown."""
    runs: tuple[tuple[int, int], ...]
    """Begin and end of each row of columns that are known; the end is not part of it."""

    @property
    def highest(self) -> float | None:
        """The largest value; None when nothing is known."""
        return max((max(self.values[begin:end]) for begin, end in self.runs), default=None)

    @property
    def lowest(self) -> float | None:
        """The smallest value; None when nothing is known."""
        return min((min(self.values[begin:end]) for begin, end in self.runs), default=None)

    def at(self, column: int) -> float | None:
        """The value of *column*; None where it is unknown."""
        value = self.values[column]
        return None if isnan(value) else value


def window_of(line: Line, columns: int) -> Window:
    """What of *line* is shown in so many columns of pixels; columns that are not full yet are left out."""
    count = len(line.values)
    buckets = max(1, ceil(count / max(_FEWEST_COLUMNS, columns)))
    end = (round(line.start / line.step) + count) // buckets
    # Where several buckets share a column, the first of the line may lie in the middle of one.
    shown = count if buckets == 1 else max(1, count // buckets - 1)
    return Window(end - shown, shown, line.step * buckets, buckets)


def track_of(line: Line, window: Window) -> Track:
    """The values of *line* in the columns of *window*."""
    values = thinned(line, window)
    return Track(values, runs(values))


def tracks_of(chart: Chart, history: History, span: float, window: Window) -> tuple[Track, ...]:
    """All curves of *chart*."""
    return tuple(track_of(history.line(curve.key, span), window) for curve in chart.curves)


def thinned(line: Line, window: Window, newest: int | None = None) -> "array[float]":
    """The mean of what is known in each column of *window*, or in the *newest* so many of them."""
    count = window.count if newest is None else min(newest, window.count)
    begin = (window.first + window.count - count) * window.buckets - round(line.start / line.step)
    cut = line.values[begin : begin + count * window.buckets]
    if window.buckets == 1:
        return array("d", cut)
    parts = list(zip(*(cut[number :: window.buckets] for number in range(window.buckets)), strict=True))
    if not isnan(sum(cut)):
        return array("d", [sum(part) / window.buckets for part in parts])
    return array("d", map(_mean, parts))


def runs(values: Sequence[float]) -> tuple[tuple[int, int], ...]:
    """Begin and end of each row of values that are known."""
    if not isnan(sum(values)):  # one makes the sum one; this is the usual case, and told cheaply
        return ((0, len(values)),) if len(values) else ()
    found, place = [], 0
    for unknown, group in groupby(values, isnan):
        length = sum(1 for _ in group)
        if not unknown:
            found.append((place, place + length))
        place += length
    return tuple(found)


def stacked(tracks: Sequence[Track]) -> tuple[Track, ...]:
    """Each curve on top of those before it; what is unknown counts as nothing where another one is known."""
    made: list[Track] = []
    gaps = [all(map(isnan, column)) for column in zip(*(track.values for track in tracks), strict=True)]
    below: Sequence[float] = [nan if gap else 0.0 for gap in gaps]
    for track in tracks:
        whole = track.runs == ((0, len(track.values)),)
        values = track.values if whole else [0.0 if isnan(value) else value for value in track.values]
        below = array("d", map(add, below, values))
        made.append(Track(below, runs(below)))
    return tuple(made)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not isnan(value)]
    return sum(known) / len(known) if known else nan


def newest(history: History, key: str, now: float) -> float | None:
    """The newest value that is known and not old: what engines do is known later than what the machine does."""
    return history.newest(key, now, _OLD)


_OLD = 7
"""Buckets of half a second: while Monitor is looked at, engines at rest are asked every two seconds."""
