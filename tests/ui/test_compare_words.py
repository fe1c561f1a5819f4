"""What the results of a comparison say."""

from dataclasses import replace

from desktop_app.services.compare_view import ColumnFigures
from desktop_app.ui.widgets.compare_words import letter, measured, named, rows, summary
from tests.ui.compare_states import figures


def test_columns_have_letters_and_hidden_ones_only_their_place() -> None:
    assert [letter(place) for place in range(6)] == ["A", "B", "C", "D", "E", "F"]
    assert named(1, "Qwen3-8B", hidden=False) == "B · Qwen3-8B"
    assert named(1, "Column 2", hidden=True) == "Column 2"


def test_a_row_for_every_figure_that_is_known_and_the_best_is_told_in_words() -> None:
    found = {row.name: row for row in rows((figures(1), figures(2)))}
    assert list(found) == ["First word after", "Tokens/s", "Tokens", "Memory", "Ended"]
    assert found["Tokens/s"].values == ("58", "52")
    assert found["Tokens/s"].best == (True, False)
    assert found["Tokens/s"].spoken(0) == "Tokens/s: 58, fastest"
    assert found["Memory"].spoken(1) == "Memory: 2.0 GB, least"
    assert found["Memory"].spoken(0) == "Memory: 2.5 GB"


def test_what_is_not_known_is_said_not_to_be() -> None:
    found = {row.name: row for row in rows((figures(1), ColumnFigures(2, failed=1)))}
    assert found["Tokens/s"].values[1] == "–"
    assert found["Tokens/s"].spoken(1) == "Tokens/s: not known"
    assert found["Answers"].values == ("1", "0, 1 failed")
    assert rows((ColumnFigures(1), ColumnFigures(2))) == ()


def test_checks_answers_that_were_cut_and_slow_engines_have_words() -> None:
    one = replace(figures(1), passed=3, checked=4, cut=2, speed=4.25, answers=4, best=frozenset({"passed"}))
    found = {row.name: row for row in rows((one, replace(one, best=frozenset())))}
    assert found["Checks"].spoken(0) == "Checks: 3 of 4 passed, most"
    assert found["Answers"].values[0] == "4, 2 cut short"
    assert found["Tokens/s"].values[0] == "4.2"


def test_the_summary_names_who_is_best_in_what() -> None:
    assert summary(rows((figures(1), figures(2)))) == (
        "First word soonest B, 0.20 s · fastest A, 58 tokens/s · least memory B, 2.0 GB"
    )
    both = replace(figures(1), best=frozenset({"speed"}))
    assert summary(rows((both, both))) == "Fastest A, B, 58 tokens/s"
    assert summary(rows((replace(both, best=frozenset()),))) == ""


def test_medians_are_said_to_be_medians() -> None:
    one, three = figures(1), replace(figures(2), answers=3)
    assert measured((one, one)) == ""
    assert measured((three, three)) == "medians of 3 answers each"
    assert measured((one, three)) == "medians of all answers"
