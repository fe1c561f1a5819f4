"""Where the parts of a chart are: title, legend, plot, the lane of marks, the words of the time axis. No painting here.

The plot takes what the words leave. A legend that would leave it too little is folded: `and 8 more`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSizeF

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chart_look import ChartLook, height_of, width_of, wrapped_height

_SIDE, _NARROW_SIDE = 16, 12
"""Logical pixels between the frame and what is in it; the smaller one in a chart below `_NARROW`."""
_NARROW = 360
_UPPER, _LOWER = 12, 10
_GAP, _APART = 7, 16
"""Between the parts of an entry of the legend, and between two entries."""
TICK_GAP = 7
"""Between the words of the vertical axis and the plot."""
_GAP_ABOVE_PLOT = 12
_LANE = 14
"""The lane of marks, logical pixels at the usual size of words."""
PLOT = 112
"""The height of a plot as it should be, logical pixels at the usual size of words."""
_LEAST_PLOT = 72
"""As it must be: a legend is folded before."""
_MOST_ROWS = 3
"""Of a legend, for which a chart gets higher; further ones are shown where the plot is high, else folded."""


@dataclass(frozen=True)
class Item:
    """What the legend says of one curve, or of all of them together."""

    label: str
    brief: str
    """The label of a legend that would have too many rows."""
    room: float
    """Pixels for its figure."""
    swatch: float
    """Pixels for its colour and shape; 0 where there is none."""


@dataclass(frozen=True)
class Entry:
    """An item in its place."""

    item: int
    words: str
    """Its label."""
    swatch: QRectF
    label: QRectF
    figure: QRectF
    large: bool = False
    """Whether its figure stands beside the title."""


@dataclass(frozen=True)
class Layout:
    """All places, in logical pixels of the chart."""

    title: QRectF
    help: QRectF
    """Empty where nothing is explained."""
    entries: tuple[Entry, ...]
    more: QRectF
    """Where the number of items that have no room stands; empty when all have."""
    hidden: int
    plot: QRectF
    lane: QRectF
    axis: QRectF


def height_of_chart(
    theme: Theme, look: ChartLook, width: float, title: str, explained: bool, items: Sequence[Item], plot: float = PLOT
) -> float:
    """The height of a chart so wide, whose plot is *plot* high at the usual size of words."""
    inner = _inner(QSizeF(width, 0))
    head, _, entries = _head(look, inner, title, explained, items)
    flow = [] if entries else _flow(look, inner, items)
    # One row is kept free where there is none, so that plots beside one another are about as high.
    rows = min(_MOST_ROWS, _rows(flow) or 1)
    return _above(look, head) + rows * _row(look) + _GAP_ABOVE_PLOT + theme.grown(plot) + _below(theme, look)


def least_height(theme: Theme, look: ChartLook) -> float:
    """The least height of a chart, whatever is in it."""
    return height_of_chart(theme, look, theme.grown(_NARROW), "", False, (), _LEAST_PLOT)


def arrange(
    theme: Theme, look: ChartLook, size: QSizeF, title: str, explained: bool, items: Sequence[Item], gutter: float
) -> Layout:
    """Place everything in *size*; *gutter* is the width of the words of the vertical axis."""
    inner = _inner(size)
    head, help_place, entries = _head(look, inner, title, explained, items)
    top, bottom = _above(look, head), size.height() - _below(theme, look)
    hidden, more = 0, QRectF()
    if not entries and items:
        room, row = bottom - top - _GAP_ABOVE_PLOT, _row(look)
        few, many = (int((room - theme.grown(plot)) // row) for plot in (_LEAST_PLOT, PLOT))
        rows = max(2, min(_MOST_ROWS, few), many)
        entries, hidden, more = _legend(look, QRectF(inner.left(), top, inner.width(), 0), items, rows)
        top = max([more.bottom() if hidden else 0.0, *(entry.figure.bottom() for entry in entries)])
    top += _GAP_ABOVE_PLOT
    left = inner.left() + gutter + (TICK_GAP if gutter else 0)
    plot = QRectF(left, top, max(1.0, inner.right() - left), max(1.0, bottom - top))
    lane = QRectF(plot.left(), plot.bottom(), plot.width(), theme.grown(_LANE))
    axis = QRectF(inner.left(), lane.bottom(), inner.width(), height_of(look.axis))
    return Layout(head, help_place, entries, more, hidden, plot, lane, axis)


def _inner(size: QSizeF) -> QRectF:
    side = _SIDE if size.width() >= _NARROW else _NARROW_SIDE
    return QRectF(side, _UPPER, size.width() - 2 * side, size.height() - _UPPER - _LOWER)


def _above(look: ChartLook, head: QRectF) -> float:
    return head.top() + max(head.height(), height_of(look.large)) + 2


def _row(look: ChartLook) -> float:
    return height_of(look.figure) + 4


def _below(theme: Theme, look: ChartLook) -> float:
    return theme.grown(_LANE) + height_of(look.axis) + _LOWER


def _head(
    look: ChartLook, inner: QRectF, title: str, explained: bool, items: Sequence[Item]
) -> tuple[QRectF, QRectF, tuple[Entry, ...]]:
    """Places of the title and of the sign beside it; and of a single item, where it has room in the same line."""
    line = max(height_of(look.title), height_of(look.large))
    side = look.help.deviceIndependentSize().width() if explained else 0.0
    wanted = width_of(look.title, title) + 1
    room = inner.width() - (side + _GAP if explained else 0.0)
    entries: tuple[Entry, ...] = ()
    if len(items) == 1 and not items[0].swatch and wanted + _APART + items[0].room <= room:
        figure = QRectF(inner.right() - items[0].room, inner.top(), items[0].room, line)
        label = width_of(look.label, items[0].label) + 1
        if label > room - wanted - _APART - items[0].room - _GAP:
            label = 0.0
        place = QRectF(figure.left() - _GAP - label, inner.top(), label, line)
        entries = (Entry(0, items[0].label, QRectF(), place, figure, large=True),)
    head = QRectF(inner.left(), inner.top(), min(wanted, room), line)
    if wanted > room:
        head.setHeight(max(line, wrapped_height(look.title, title, room)))
    sign = QRectF(head.right() + _GAP, head.top() + (line - side) / 2, side, side) if explained else QRectF()
    return head, sign, entries


def _legend(look: ChartLook, room: QRectF, items: Sequence[Item], rows: int) -> tuple[tuple[Entry, ...], int, QRectF]:
    """Entries in rows from the left; the last ones give way to the words that say how many there are."""
    entries = _flow(look, room, items)
    last = room.top() + (rows - 1) * _row(look)
    shown = [entry for entry in entries if entry.figure.top() < last + 1]
    if len(shown) == len(entries):
        return tuple(entries), 0, QRectF()
    width = width_of(look.label, more_words(len(items))) + 1
    while shown and shown[-1].figure.top() > last - 1 and shown[-1].figure.right() + _APART + width > room.right():
        shown.pop()
    left = room.left()
    if shown and shown[-1].figure.top() > last - 1:
        left = shown[-1].figure.right() + _APART
    return tuple(shown), len(items) - len(shown), QRectF(left, last, width, height_of(look.figure))


def more_words(count: int) -> str:
    """What stands for the items that have no room."""
    return f"and {count} more"


def _flow(look: ChartLook, room: QRectF, items: Sequence[Item]) -> list[Entry]:
    """Entries in rows from the left, in brief where there would be too many rows."""
    whole = _in_rows(look, room, items, [item.label for item in items])
    return whole if _rows(whole) <= _MOST_ROWS else _in_rows(look, room, items, [item.brief for item in items])


def _rows(entries: Sequence[Entry]) -> int:
    return len({entry.figure.top() for entry in entries})


def _in_rows(look: ChartLook, room: QRectF, items: Sequence[Item], labels: Sequence[str]) -> list[Entry]:
    x, y, height, entries = room.left(), room.top(), height_of(look.figure), []
    for number, (item, words) in enumerate(zip(items, labels, strict=True)):
        swatch = item.swatch + _GAP if item.swatch else 0.0
        label = width_of(look.label, words) + 1
        label = min(label, max(0.0, room.width() - swatch - _GAP - item.room))
        width = swatch + label + _GAP + item.room
        if x > room.left() and x + width > room.right():
            x, y = room.left(), y + _row(look)
        entries.append(
            Entry(
                number,
                words,
                QRectF(x, y, item.swatch, height),
                QRectF(x + swatch, y, label, height),
                QRectF(x + swatch + label + _GAP, y, item.room, height),
            )
        )
        x += width + _APART
    return entries
