"""What a chart draws of the past: columns, gaps, stacks. No widget."""

from array import array
from math import isnan, nan

import pytest

from desktop_app.domain.monitor_history import History, Line
from desktop_app.ui.widgets.chart_data import Track, Window, newest, runs, stacked, thinned, track_of, window_of

LINE = Line(100.0, 0.5, array("d", range(120)))


def long_line(moved: int) -> Line:
    """Six hundred buckets, the whole line *moved* buckets on; bucket *n* of all time has the value *n*."""
    return Line((1000 + moved) * 0.5, 0.5, array("d", range(1000 + moved, 1600 + moved)))


def test_every_bucket_has_a_column_where_there_is_room() -> None:
    window = window_of(LINE, 400)
    assert (window.count, window.buckets, window.step) == (120, 1, 0.5)
    assert (window.left, window.right) == (100.25, 159.75)
    assert list(track_of(LINE, window).values) == list(range(120))


def test_a_moment_is_in_the_column_that_covers_it() -> None:
    window = window_of(LINE, 400)
    assert window.column(100.0) == 0
    assert window.column(159.9) == 119
    assert window.column(99.9) is window.column(160.0) is None
    assert all(window.column(window.time(column)) == column for column in range(window.count))


@pytest.mark.parametrize("columns", [50, 100, 199, 200, 250, 299, 300, 599, 600, 2000])
def test_there_are_never_more_columns_than_pixels(columns: int) -> None:
    window = window_of(long_line(0), columns)
    assert window.count <= columns
    assert len(track_of(long_line(0), window).values) == window.count


@pytest.mark.parametrize("moved", range(7))
def test_a_curve_keeps_its_shape_while_it_moves(moved: int) -> None:
    before, after = (window_of(long_line(by), 250) for by in (0, moved))
    assert after.count == before.count
    old, new = thinned(long_line(0), before), thinned(long_line(moved), after)
    shift = after.first - before.first
    assert shift == (1000 + moved + 600) // 3 - 1600 // 3
    assert list(old[shift:]) == list(new[: len(new) - shift])


def test_a_column_is_the_mean_of_what_is_known_in_it() -> None:
    line = Line(0.0, 1.0, array("d", [1, 3, nan, 5, nan, nan, 7, 9]))
    window = Window(0, 4, 2.0, 2)
    values = thinned(line, window)
    assert (values[0], values[1], values[3]) == (2.0, 5.0, 8.0)
    assert isnan(values[2])
    assert list(thinned(line, window, 1)) == [8.0]


def test_gaps_stay_gaps() -> None:
    assert runs([nan, 1.0, 2.0, nan, nan, 3.0]) == ((1, 3), (5, 6))
    assert runs([1.0, 2.0]) == ((0, 2),)
    assert runs([nan, nan]) == runs([]) == ()


def test_a_curve_knows_how_low_and_how_high_it_was() -> None:
    track = Track(array("d", [nan, 4, 2, nan, 9]), ((1, 3), (4, 5)))
    assert (track.lowest, track.highest) == (2.0, 9.0)
    assert (track.at(1), track.at(0)) == (4.0, None)
    nothing = Track(array("d", [nan]), ())
    assert nothing.lowest is nothing.highest is None


def test_in_a_stack_what_is_unknown_counts_as_nothing_beside_what_is_known() -> None:
    below = Track(array("d", [1, 2, nan, nan]), ((0, 2),))
    above = Track(array("d", [10, nan, 30, nan]), ((0, 1), (2, 3)))
    first, second = stacked((below, above))
    assert list(first.values[:3]) == [1.0, 2.0, 0.0]
    assert list(second.values[:3]) == [11.0, 2.0, 30.0]
    assert first.runs == second.runs == ((0, 3),)


def test_the_newest_value_is_there_at_once() -> None:
    history = History()
    for number in range(1, 9):
        history.add(50.0 + number / 2, 0.5, {"a": float(number)})
        assert newest(history, "a", 50.0 + number / 2) == number
    assert newest(history, "b", 54.0) is None


def test_the_newest_value_of_an_engine_is_from_when_it_was_asked_last() -> None:
    history = History()
    for number in range(1, 17):
        history.add(50.0 + number / 2, 0.5, {"machine": 1.0})
        if number == 4:
            history.fill(50.0, 52.0, {"engine": 40.0})
    found = [newest(history, "engine", 50.0 + number / 2) for number in range(4, 17)]
    assert found == [40.0] * 6 + [None] * 7
