"""The axes of a chart: which lines of the vertical one have room, and what stands where below.

No painting here. Times are told as people ask for them: how long ago, up to five minutes; by the clock where the span
is longer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
_APART = 14.0
"""Between two words of the time axis, pixels."""


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
    made: tuple[TimeTick, ...] = ()
    for step in (step for step in _STEPS if step * _MOST_STEPS >= span):
        wanted = _clock_times(scale, span, wall, step) if by_clock(span) else _ago(scale, span, step)
        placed = [TimeTick(at, words, _beside(scale.x(at), width(words), room)) for at, words in wanted]
        # By the clock the words walk to the left, and one that is about to leave, or to arrive, is not told.
        made = tuple(one for one in placed if one.words == NOW or _fits(one, placed[0], scale, width, room, span))
        ends = [(one.left, one.left + width(one.words)) for one in made]
        if all(end + _APART <= begin for (begin, _), (_, end) in pairwise(ends)):
            return made
    return made[:1]


def moment_words(right: float, at: float, span: float, wall: datetime) -> str:
    """When the moment *at* was: seconds before the newest one, or by the clock."""
    ago = right - at
    if ago < 0.25:
        return NOW
    if by_clock(span):
        return f"{wall - timedelta(seconds=ago):%H:%M:%S}"
    return f"{span_words(ago)} ago" if ago >= 10 else f"{ago:.1f}".removesuffix(".0") + " s ago"


def _ago(scale: Scale, span: float, step: float) -> list[tuple[float, str]]:
    right = scale.window.right
    count = int(span / step + 1e-6)
    if count == 1 and step < span:
        step = span  # one word that is not the oldest would leave half of the axis without any
    # The oldest column is half a bucket younger than the span is long.
    made = [(max(scale.window.left, right - step * number), span_words(step * number)) for number in range(count + 1)]
    made[0] = (right, NOW)
    if count:
        made[-1] = (made[-1][0], f"{made[-1][1]} ago")
    return made


def _clock_times(scale: Scale, span: float, wall: datetime, step: float) -> list[tuple[float, str]]:
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    since = (wall - midnight).total_seconds() % step
    made = [(scale.window.right, NOW)]
    while since < span:
        made.append((scale.window.right - since, f"{wall - timedelta(seconds=since):%H:%M}"))
        since += step
    return made


def _fits(
    tick: TimeTick, newest: TimeTick, scale: Scale, width: Callable[[str], float], room: QRectF, span: float
) -> bool:
    if not by_clock(span):
        return True
    middle, half = scale.x(tick.at), width(tick.words) / 2
    return middle - half >= room.left() and middle + half + _APART <= newest.left


def _beside(x: float, width: float, room: QRectF) -> float:
    """The left end of words around *x* that stay in *room*."""
    return min(max(room.left(), x - width / 2), room.right() - width)
