"""Ratings as they are drawn and as they are told."""

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.ratings import Rating
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.rating_view import IntervalBar, RatingView, scale_of
from desktop_app.ui.widgets.rating_view_words import HOW, NO_VOTES, NOT_APART, overlap, range_words
from tests.ui.hands import press_button, seen, words

BEST = Rating("a", "Qwen3-8B", 64, 40, 14, 10, 1088, 1011, 1165)
NEXT = Rating("b", "Gemma-3", 60, 30, 20, 10, 1043, 981, 1105)
LAST = Rating("c", "Llama", 50, 10, 30, 10, 868, 800, 931)
WON = Rating("d", "Phi-4", 3, 3, 0, 0, why="It has not lost yet, so nobody can tell how much better it is.")


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> RatingView:
    made = RatingView(theme)
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    return made


def stops(view: RatingView) -> list[str]:
    return [one.accessibleName() for one in seen(view, QWidget) if type(one).__name__ == "_Row"]


def test_contestants_are_told_with_interval_and_votes(view: RatingView) -> None:
    view.show_ratings((BEST, LAST), 57, "Ratings of this experiment", {"a": "temperature 0.2"})
    told = words(view)
    assert {"Ratings of this experiment", "Qwen3-8B", "temperature 0.2", "1088 (1011 to 1165)", HOW} <= set(told)
    assert "64 votes: 40 wins, 10 ties, 14 losses" in told
    assert told[1].startswith("57 votes.")
    assert stops(view)[0] == ("Qwen3-8B, temperature 0.2: 1088 (1011 to 1165). 64 votes: 40 wins, 10 ties, 14 losses.")


def test_overlapping_intervals_are_said_in_words(view: RatingView) -> None:
    view.show_ratings((BEST, NEXT, LAST), 90)
    assert words(view).count(NOT_APART) == 1
    assert overlap(BEST, NEXT)
    assert not overlap(NEXT, LAST)
    assert not overlap(LAST, WON)


def test_without_a_rating_it_says_why(view: RatingView) -> None:
    view.show_ratings((BEST, WON), 67)
    assert "no rating yet" in words(view)
    assert WON.why in words(view)
    assert stops(view)[-1] == f"Phi-4: no rating yet. {WON.why} 3 votes: 3 wins, 0 ties, 0 losses."


def test_nothing_yet(view: RatingView) -> None:
    view.show_ratings((BEST,), 1)
    view.show_ratings((), 0)
    assert words(view) == ["Ratings", NO_VOTES]


def test_all_bars_have_one_scale(view: RatingView) -> None:
    view.show_ratings((BEST, NEXT, LAST), 90)
    first, second, third = seen(view, IntervalBar)
    assert first.place_of(1000) == second.place_of(1000) == third.place_of(1000)
    assert 0 <= third.place_of(800) < third.place_of(1165) <= first.width()
    assert scale_of((BEST, NEXT, LAST)) == (800, 1165)
    assert scale_of((Rating("a", "A", 2, 1, 1, 0, 1000.0, 999.0, 1001.0),)) == (950, 1050)


def test_it_can_be_closed(view: RatingView) -> None:
    closed: list[bool] = []
    view.closed.connect(lambda: closed.append(True))
    press_button(view, "Close the ratings")
    assert closed == [True]
    assert range_words(Rating("a", "A", 2, 1, 1, 0, 1000.4)) == "1000"
