"""The axes of a chart, its marks and its legend: places and words. No widget."""

from datetime import datetime
from functools import partial

import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF

from desktop_app.domain.figure_words import Tick
from desktop_app.domain.marks import Mark, MarkKind
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chart_axis import NOW, Scale, TimeTick, moment_words, spaced, time_ticks
from desktop_app.ui.widgets.chart_data import Window
from desktop_app.ui.widgets.chart_layout import Item, Layout, arrange, height_of_chart
from desktop_app.ui.widgets.chart_look import look_of, width_of
from desktop_app.ui.widgets.chart_marks import gathered, shape, words_of

PLOT = QRectF(50, 20, 480, 100)
WALL = datetime(2026, 11, 21, 14, 5, 20)
STEPS = {60.0: 0.5, 300.0: 0.5, 900.0: 1.5, 3600.0: 6.0}


def scale(span: float = 60.0, plot: QRectF = PLOT, top: float = 2.0) -> Scale:
    return Scale(plot, Window(2000, round(span / STEPS[span]), STEPS[span], 1), top)


def told(span: float, width: float, letter: float = 6.0, wall: datetime = WALL) -> list[TimeTick]:
    plot = QRectF(50, 20, width - 66, 100)
    room = QRectF(16, 130, width - 32, 12)
    return list(time_ticks(scale(span, plot), span, wall, room, lambda words: letter * len(words)))


def test_values_and_moments_have_their_places() -> None:
    place = scale()
    assert (place.y(0.0), place.y(1.0), place.y(2.0)) == (120.0, 70.0, 20.0)
    assert place.x(place.window.right) == PLOT.right()
    assert place.x(place.window.left) == pytest.approx(PLOT.left())
    assert all(place.column(place.x(place.window.time(column))) == column for column in range(120))
    assert (place.column(-1000), place.column(5000)) == (0, 119)


def test_times_up_to_five_minutes_are_told_as_how_long_ago() -> None:
    assert [tick.words for tick in told(60.0, 420)] == [NOW, "10 s", "20 s", "30 s", "40 s", "50 s", "60 s ago"]
    assert [tick.words for tick in told(300.0, 420)] == [NOW, "1 min", "2 min", "3 min", "4 min", "5 min ago"]
    assert [tick.words for tick in told(300.0, 260)] == [NOW, "2 min", "4 min ago"]
    assert [tick.words for tick in told(300.0, 260, 12.0)] == [NOW, "5 min ago"]


def test_times_of_long_spans_are_told_by_the_clock() -> None:
    assert [tick.words for tick in told(3600.0, 460)] == [NOW, "13:50", "13:40", "13:30", "13:20", "13:10"]
    assert [tick.words for tick in told(900.0, 460)] == [NOW, "14:03", "14:00", "13:57", "13:54", "13:51"]


def test_times_around_midnight() -> None:
    words = [tick.words for tick in told(3600.0, 460, wall=datetime(2026, 11, 22, 0, 25, 0))]
    assert words == [NOW, "00:10", "00:00", "23:50", "23:40", "23:30"]


@pytest.mark.parametrize("span", STEPS)
@pytest.mark.parametrize("letter", [5.0, 7.0, 10.0])
@pytest.mark.parametrize("width", [240, 260, 300, 420, 800, 1400])
def test_words_of_the_time_axis_never_touch(span: float, letter: float, width: float) -> None:
    ticks = sorted(told(span, width, letter), key=lambda tick: tick.left)
    assert ticks[-1].words == NOW
    end = 0.0
    for tick in ticks:
        assert tick.left >= max(16.0, end)
        end = tick.left + letter * len(tick.words) + 10
    assert end - 10 <= width - 16


def test_lines_of_the_axis_have_room_for_their_words() -> None:
    ticks = [Tick(value, str(value)) for value in range(5)]
    assert spaced(ticks, 100, 12) == tuple(ticks)
    assert [tick.value for tick in spaced(ticks, 60, 12)] == [0, 2, 4]
    assert [tick.value for tick in spaced(ticks[:4], 40, 12)] == [0, 3]
    assert spaced(ticks[:1], 10, 12) == tuple(ticks[:1])


@pytest.mark.parametrize(
    ("ago", "span", "words"),
    [
        (0.0, 60.0, NOW),
        (1.5, 60.0, "1.5 s ago"),
        (3.0, 60.0, "3 s ago"),
        (80.0, 300.0, "80 s ago"),
        (140.0, 300.0, "2 min 20 s ago"),
        (20.0, 3600.0, "14:05:00"),
    ],
)
def test_a_moment_is_told_as_the_axis_tells_it(ago: float, span: float, words: str) -> None:
    assert moment_words(1000.0, 1000.0 - ago, span, WALL) == words


def test_marks_that_would_overlap_are_gathered_and_look_like_the_weightiest() -> None:
    place = scale()
    right = place.window.right
    marks = [
        Mark(right - 30, MarkKind.ANSWER, "An answer."),
        Mark(right - 29.8, MarkKind.OUT_OF_MEMORY, "No memory."),
        Mark(right - 29.6, MarkKind.ANSWER, "Another answer."),
        Mark(right - 10, MarkKind.READY, "Ready."),
        Mark(right - 70, MarkKind.READY, "Long ago."),
    ]
    first, second = gathered(marks, place, 12)
    assert first.kind is MarkKind.OUT_OF_MEMORY
    assert words_of(first) == "An answer.\nNo memory.\nAnother answer."
    assert (second.x, second.marks) == (place.x(right - 10), (marks[3],))


def test_of_very_many_marks_the_newest_are_told() -> None:
    place = scale()
    marks = [Mark(place.window.right - 1, MarkKind.ANSWER, f"{number}.") for number in range(40)]
    (group,) = gathered(marks, place, 12)
    assert words_of(group).splitlines() == ["34 more before", *(f"{number}." for number in range(34, 40))]


def test_each_kind_of_mark_is_told_apart_without_colours() -> None:
    filled = {MarkKind.READY, MarkKind.STOPPED, MarkKind.OUT_OF_MEMORY, MarkKind.ANSWER, MarkKind.WARNING}
    looks = set()
    for kind in MarkKind:
        path = shape(kind, QPointF(0, 0), 8)
        places = [path.elementAt(number) for number in range(path.elementCount())]
        looks.add((tuple((place.x, place.y) for place in places), kind in filled))
    assert len(looks) == len(MarkKind)


LABELS = [("This program", "0.2 GB"), ("Engines", "12.5 GB"), ("Other programs", "7.0 GB")]
CARDS = [(f"Card {number}", "100 °C") for number in range(16)]
NAMES = [("NVIDIA GeForce RTX 4090 Founders Edition", "450 W"), ("NVIDIA H100 80GB HBM3 SXM5", "83 W")]
TITLES = ["Memory", "Downloads and disk", "A very long title of a chart that nobody would ever write so"]


def placed(theme: Theme, width: float, title: str, legend: list[tuple[str, str]], height: float = 0.0) -> Layout:
    look = look_of(theme)
    single = len(legend) == 1
    items = [
        Item(
            label,
            label.removeprefix("Card "),
            width_of(look.large if single else look.figure, figure),
            0 if single else 20,
        )
        for label, figure in legend
    ]
    size = QSizeF(width, height or height_of_chart(theme, look, width, title, True, items))
    layout = arrange(theme, look, size, title, True, items, width_of(look.axis, "1,000 MB/s"))
    assert layout.axis.bottom() <= size.height()
    return layout


@pytest.mark.parametrize("text_scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("width", [260, 330, 460, 1400])
@pytest.mark.parametrize("legend", [LABELS, CARDS, NAMES, LABELS[:1]], ids=["parts", "cards", "names", "one"])
@pytest.mark.parametrize("title", TITLES)
def test_nothing_is_clipped_and_nothing_overlaps(
    theme: Theme, text_scale: float, width: float, legend: list[tuple[str, str]], title: str
) -> None:
    theme.set_text_scale(text_scale)
    try:
        layout = placed(theme, width, title, legend)
        look = look_of(theme)
        figure = partial(width_of, look.large if len(legend) == 1 else look.figure)
    finally:
        theme.set_text_scale(1.0)
    inside = QRectF(0, 0, width, 10_000)
    parts = [layout.title, layout.help, layout.plot]
    for entry in layout.entries:
        assert figure(legend[entry.item][1]) <= entry.figure.width() + 0.01
        parts += [part for part in (entry.swatch, entry.label, entry.figure) if not part.isEmpty()]
    parts += [layout.more] if layout.hidden else []
    assert all(inside.contains(part) for part in parts)
    assert not [(a, b) for number, a in enumerate(parts) for b in parts[:number] if a.intersects(b)]
    assert len(layout.entries) + layout.hidden == len(legend)
    assert layout.plot.height() >= 72


def test_a_legend_without_room_is_folded(theme: Theme) -> None:
    narrow, wide = placed(theme, 260, "Card use", CARDS), placed(theme, 1400, "Card use", CARDS)
    assert narrow.hidden > 0
    assert wide.hidden == 0
    assert placed(theme, 260, "Card use", CARDS, 900).hidden == 0


def test_a_single_figure_stands_beside_the_title_where_it_has_room(theme: Theme) -> None:
    assert placed(theme, 460, "Memory", LABELS[:1]).entries[0].large
    assert not placed(theme, 260, TITLES[2], LABELS[:1]).entries[0].large
