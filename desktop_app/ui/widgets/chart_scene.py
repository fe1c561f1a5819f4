"""Everything that a chart paints until its data, its size or its looks change, worked out once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

from PySide6.QtCore import QSizeF

from desktop_app.domain.curves import Chart, Form
from desktop_app.domain.figure_words import Tick, figure, nice_top, ticks
from desktop_app.domain.monitor_history import History
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chart_axis import Scale, TimeTick, by_clock, earlier, spaced, time_ticks
from desktop_app.ui.widgets.chart_data import Track, Window, stacked, tracks_of, window_of
from desktop_app.ui.widgets.chart_heat import HeatRows
from desktop_app.ui.widgets.chart_layout import Item, Layout, arrange
from desktop_app.ui.widgets.chart_look import ChartLook, height_of, width_of
from desktop_app.ui.widgets.chart_words import labels

_WORDS = 80
"""Pixels of a chart's width that are not the plot's, about: there are no more columns than pixels."""


@dataclass(frozen=True)
class Scene:
    """One chart at one time in one size."""

    chart: Chart
    span: float
    tracks: tuple[Track, ...]
    """Of all curves; empty for a heat map, whose rows are kept elsewhere."""
    known: bool
    """Whether there is anything to draw."""
    scale: Scale
    ticks: tuple[Tick, ...]
    """Lines of the vertical axis; for a heat map its rows, of which a value is a number."""
    layout: Layout
    items: tuple[Item, ...]
    """Of the legend."""
    wall: datetime
    """What the clock said at the right edge."""
    measure: Callable[[str], float]
    """The width of words of the axes, pixels."""

    @cached_property
    def times(self) -> tuple[TimeTick, ...]:
        """Words of the time axis."""
        return time_ticks(self.scale, self.span, self.wall, self.layout.axis, self.measure)

    @property
    def timed(self) -> bool:
        """Whether the words of the time axis stand still."""
        return not by_clock(self.span)

    def ground(self) -> tuple[object, ...]:
        """What the ground of a chart looks like: equal grounds are painted once."""
        still = self.span if self.timed or not self.known else 0.0
        return self.chart, self.ticks, self.layout, self.known, self.scale.top, still


def window_for(chart: Chart, history: History, span: float, width: float) -> Window:
    """The columns that a chart so wide shows."""
    key = chart.curves[0].key if chart.curves else ""
    return window_of(history.line(key, span), int(width) - _WORDS)


def scene_of(
    theme: Theme,
    look: ChartLook,
    chart: Chart,
    history: History,
    span: float,
    size: QSizeF,
    rows: HeatRows,
    rooms: Sequence[float],
    now: datetime,
    monotonic: float,
    before: Scene | None = None,
) -> Scene:
    """Work out a chart.

    Args:
        theme: sizes.
        look: fonts.
        chart: what is drawn.
        history: values.
        span: seconds until now.
        size: of the chart.
        rows: of the chart, if it is a heat map; they are brought up to date.
        rooms: pixels that the figures of the legend had so far: they only grow, so that nothing jumps.
        now: what the clock says.
        monotonic: what `seconds_now()` says at the same time.
        before: the scene that this one takes the place of, if chart, span, size and looks are the same: what has not
            changed is not worked out again.
    """
    window = window_for(chart, history, span, size.width())
    heat = chart.form is Form.HEAT
    tracks = () if heat else tracks_of(chart, history, span, window)
    if heat:
        rows.take(history, span, chart.curves, window)
    known = not chart.note and (rows.known if heat else any(track.runs for track in tracks))
    top = 1.0 if heat else _top(chart, tracks)
    lines = _rows(chart) if heat else ticks(chart.unit, top)
    items = items_of(look, chart, rooms, () if before else tracks)
    if before and (before.items, before.scale.top, before.known) == (items, top, known):
        layout, shown = before.layout, before.ticks
    else:
        gutter = max((width_of(look.axis, line.words) for line in lines), default=0.0) if known else 0.0
        explained = bool(chart.explanation)
        layout = arrange(theme, look, size, chart.title, explained, items if known else (), gutter)
        shown = _shown(lines, layout, look, heat)
    scale = Scale(layout.plot, window, top)
    wall = earlier(now, monotonic - window.right)
    return Scene(chart, span, tracks, known, scale, shown, layout, items, wall, partial(width_of, look.axis))


def room_for(look: ChartLook, chart: Chart, text: str) -> float:
    """Pixels for a figure such as *text*: all digits are equally wide, and all figures as long as it."""
    font = look.large if single(chart) else look.figure
    return width_of(font, "".join("0" if sign.isdigit() else sign for sign in text)) + 1 if text else 0.0


def single(chart: Chart) -> bool:
    """Whether *chart* is one line, which needs no legend."""
    return chart.form is Form.LINES and len(chart.curves) == 1


def items_of(look: ChartLook, chart: Chart, rooms: Sequence[float], tracks: Sequence[Track] = ()) -> tuple[Item, ...]:
    """The parts of the legend, with room for the figures so far and for the highest of each curve."""
    made = []
    for number, (label, room) in enumerate(zip(labels(chart), rooms, strict=True)):
        highest = room_for(look, chart, figure(chart.unit, tracks[number].highest)) if tracks else 0.0
        brief = "" if chart.form is Form.HEAT else chart.curves[number].brief
        # A single curve needs none, and the shades of a heat map are shown once.
        shown = not single(chart) and (number == 0 or chart.form is not Form.HEAT)
        made.append(Item(label, brief or label, max(room, highest), look.swatches[chart.form] if shown else 0.0))
    return tuple(made)


def _top(chart: Chart, tracks: Sequence[Track]) -> float:
    if chart.top:
        return chart.top
    drawn = stacked(tracks) if chart.form is Form.STACK and tracks else tracks
    return nice_top(chart.unit, max((track.highest or 0.0 for track in drawn), default=0.0))


def _rows(chart: Chart) -> tuple[Tick, ...]:
    return tuple(Tick(number, curve.brief or curve.label) for number, curve in enumerate(chart.curves))


def _shown(lines: Sequence[Tick], layout: Layout, look: ChartLook, heat: bool) -> tuple[Tick, ...]:
    height = layout.plot.height() * ((len(lines) - 1) / len(lines) if heat and lines else 1)
    return spaced(lines, height, height_of(look.axis) * (0.5 if heat else 1))
