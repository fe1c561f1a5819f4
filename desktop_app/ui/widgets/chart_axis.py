"""The axes of a chart: which lines of the vertical one have room, and what stands where below.

No painting here. Times are told as people ask for them: how long ago, up to five minutes; by the clock where the span
is longer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from math import ceil

from PySide6.QtCore import QRectF

from desktop_app.domain.figure_words import Tick
from desktop_app.domain.units import span_words
from desktop_app.ui.widgets.chart_data import Window

NOW = "now"
_BY_CLOCK = 600.0
"""Spans from here on have clock times, seconds."""
_STEPS = (10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1800.0)
"""Seconds between two words of the time axis."""
_MOST_STEPS = 7
_FEWEST_PIXELS = 1.5
"""Between two lines of the vertical axis, in heights of a line of words."""
_APART = 10.0
"""Between two words of the time axis, pixels."""
_LONG_WORDS, _SHORT_WORDS = 0.16, 14.0
"""Room that the words beside a plot usually take: at most this share of the width, and at least so many pixels."""


@dataclass(frozen=True)
class Scale:
    """Where values and moments of a window are in a plot."""

    plot: QRectF
    window: Window
    top: float
    """The value at the upper edge; 0 is at the lower one."""

    @property
    def column_width(self) -> float:
        """Pixels from one column to the next."""
        return self.plot.width() / max(1, self.window.count - 1)

    def x(self, at: float) -> float:
        """Where the moment *at* is."""
        return self.plot.right() - (self.window.right - at) / self.window.step * self.column_width

    def y(self, value: float) -> float:
        """Where a value is."""
        return self.plot.bottom() - value / self.top * self.plot.height()

    def column(self, x: float) -> int:
        """The column nearest to *x*."""
        return min(self.window.count - 1, max(0, round((x - self.plot.left()) / self.column_width)))


@dataclass(frozen=True)
class TimeTick:
    """A word of the time axis."""

    at: float
    words: str
    left: float
    """Where it begins, pixels."""


def by_clock(span: float) -> bool:
    """Whether the times of so long a span are told by the clock, and walk to the left."""
    return span >= _BY_CLOCK


def spaced(ticks: Sequence[Tick], plot_height: float, line_height: float) -> tuple[Tick, ...]:
    """*ticks* or every second, third … of them, so that their words do not crowd.

    The first one stays, and the last one where that leaves steps of equal length.
    """
    steps = len(ticks) - 1
    if steps < 1:
        return tuple(ticks)
    every = max(1, ceil(line_height * _FEWEST_PIXELS / max(1.0, plot_height / steps)))
    return tuple(ticks[:: next((one for one in range(every, steps + 1) if steps % one == 0), every)])


def time_ticks(
    scale: Scale, span: float, wall: datetime, room: QRectF, width: Callable[[str], float]
) -> tuple[TimeTick, ...]:
    """Words below the plot, as many as have room; the newest moment is always told.

    Args:
        scale: the plot.
        span: what is shown, seconds.
        wall: what the clock said at the right edge.
        room: where words may be.
        width: of words, pixels.
    """
    # Charts of one width have the same times, however long the words beside their plots are.
    narrow = _as_wide(scale, room, min(scale.plot.width(), room.width() * (1 - _LONG_WORDS)))
    wide = _as_wide(scale, room, max(scale.plot.width(), room.width() - _SHORT_WORDS))
    for step in (step for step in _STEPS if step * _MOST_STEPS >= span):
        times = _clock_times(narrow, span, wall, step, width) if by_clock(span) else _ago(scale, span, step)
        if all(_apart(_placed(one, times, room, width), width) for one in (narrow, wide)):
            return _placed(scale, times, room, width)
    return _placed(scale, [(scale.window.right, NOW)], room, width)


def moment_words(right: float, at: float, span: float, wall: datetime) -> str:
    """When the moment *at* was: seconds before the newest one, or by the clock."""
    ago = right - at
    if ago < 0.25:
        return NOW
    if by_clock(span):
        return f"{earlier(wall, ago):%H:%M:%S}"
    return f"{span_words(ago)} ago" if ago >= 10 else f"{ago:.1f}".removesuffix(".0") + " s ago"


def earlier(wall: datetime, seconds: float) -> datetime:
    """What the clock said *seconds* before it said *wall*; it may have been put forward or back meanwhile."""
    return datetime.fromtimestamp(wall.timestamp() - seconds)


def _as_wide(scale: Scale, room: QRectF, width: float) -> Scale:
    """*scale* with a plot of this width."""
    return replace(scale, plot=QRectF(room.right() - width, scale.plot.top(), width, scale.plot.height()))


def _ago(scale: Scale, span: float, step: float) -> list[tuple[float, str]]:
    right = scale.window.right
    count = int(span / step + 1e-6)
    if count == 1 and step < span:
        step = span  # one word that is not the oldest would leave half of the axis without any
    unit, words = (60.0, "min") if step >= 60 else (1.0, "s")
    # The oldest column is half a bucket younger than the span is long.
    made = [
        (max(scale.window.left, right - step * number), f"{step * number / unit:g} {words}")
        for number in range(count + 1)
    ]
    made[0] = (right, NOW)
    if count:
        made[-1] = (made[-1][0], f"{made[-1][1]} ago")
    return made


def _clock_times(
    scale: Scale, span: float, wall: datetime, step: float, width: Callable[[str], float]
) -> list[tuple[float, str]]:
    """Full hours and parts of them. They walk to the left; one that is about to leave, or to arrive, is not told."""
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    since = (wall - midnight).total_seconds() % step
    made = [(scale.window.right, NOW)]
    while since < span:
        at, words = scale.window.right - since, f"{earlier(wall, since):%H:%M}"
        middle, half = scale.x(at), width(words) / 2
        if middle - half >= scale.plot.left() - _SHORT_WORDS and middle + half + _APART <= scale.plot.right() - width(
            NOW
        ):
            made.append((at, words))
        since += step
    return made


def _placed(
    scale: Scale, times: Sequence[tuple[float, str]], room: QRectF, width: Callable[[str], float]
) -> tuple[TimeTick, ...]:
    """Each word in the middle below its moment, as far as *room* allows."""
    ends = [(at, words, scale.x(at) - width(words) / 2, room.right() - width(words)) for at, words in times]
    return tuple(TimeTick(at, words, min(max(room.left(), left), most)) for at, words, left, most in ends)


def _apart(ticks: Sequence[TimeTick], width: Callable[[str], float]) -> bool:
    """Whether the words of *ticks*, the newest first, do not touch."""
    return all(one.left + width(one.words) + _APART <= newer.left for newer, one in pairwise(ticks))
