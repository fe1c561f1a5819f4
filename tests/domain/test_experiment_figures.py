"""Figures of columns, and when one may be called best."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from desktop_app.domain.chat import Message, MessageState, Role, Timing
from desktop_app.domain.experiment import Cell, CellHead, CellState, CheckKind, CheckResult, Column
from desktop_app.domain.experiment_figures import figures, figures_words
from desktop_app.domain.launch import ModelRef

COLUMNS = (Column(1, ModelRef("one")), Column(2, ModelRef("two")))
THREE = (*COLUMNS, Column(3, ModelRef("three")))


def cell(
    column: int,
    prompt: int = 1,
    *,
    speed: float = 10.0,
    wait: float = 0.2,
    memory: int = 0,
    passed: bool | None = None,
    beside: int = 0,
    begun: float = 0.0,
    repeat: int = 0,
) -> Cell:
    """An answer of 101 tokens."""
    timing = Timing(wait, 100 / speed, 10, 101)
    message = Message(prompt, Role.ASSISTANT, "x", created=begun, timing=timing)
    checks = () if passed is None else (CheckResult(CheckKind.EXACT, passed),)
    return Cell(prompt, prompt, column, repeat, CellState.DONE, message, prompt, beside, memory=memory, checks=checks)


def best(cells: Sequence[Cell | CellHead], columns: Sequence[Column] = COLUMNS) -> list[set[str]]:
    return [set(one.best) for one in figures(columns, cells)]


def test_medians_sums_and_counts() -> None:
    cells = [cell(1, n, speed=speed, wait=n / 10, memory=n, passed=n > 1) for n, speed in enumerate((10, 20, 90), 1)]
    cut = Cell(4, 4, 1, state=CellState.DONE, answer=Message(4, Role.ASSISTANT, "", MessageState.CUT), order=9)
    failed = Cell(5, 5, 1, state=CellState.FAILED)
    stopped = Cell(6, 6, 1, state=CellState.STOPPED)
    one, two = figures(COLUMNS, [*cells, cut, failed, stopped, Cell(7, 7, 1), cell(99)])
    assert (one.answers, one.failed, one.tokens, one.memory) == (4, 2, 303, 3)
    assert (round(one.speed), one.first_word) == (20, 0.2)
    assert (one.passed, one.checked, one.cut) == (2, 3, 1)
    assert one.finish == "stopped at a limit of tokens"
    assert (two.answers, two.speed, two.finish) == (0, 0.0, "")


def test_the_faster_one_is_best_where_each_answered_alone() -> None:
    cells = [cell(1, speed=20, wait=0.3), cell(2, speed=10, wait=0.2)]
    assert best(cells) == [{"speed"}, {"first_word"}]
    assert figures_words(COLUMNS, cells) == ()


def test_nobody_is_best_alone() -> None:
    assert best([cell(1, memory=5 << 30, passed=True)]) == [set(), set()]


def test_a_tie_and_what_changes_from_run_to_run_have_no_winner() -> None:
    for speed in (20.0, 20.9):
        cells = [cell(1, speed=speed), cell(2, speed=20.0)]
        assert best(cells) == [set(), set()]
        assert "nobody is best" in figures_words(COLUMNS, cells)[0]


def test_whoever_is_best_is_better_than_every_other() -> None:
    cells = [cell(1, speed=20), cell(2, speed=19.9), cell(3, speed=5)]
    assert best(cells, THREE) == [set(), set(), set()]
    assert best([cell(1, speed=40), *cells[1:]], THREE) == [{"speed"}, set(), set()]


def test_speeds_of_answers_that_were_written_together_are_not_ranked() -> None:
    cells = [cell(1, speed=40, begun=1000.0), cell(2, speed=10, begun=1000.1, beside=1)]
    assert best(cells) == [set(), set()]
    (words,) = figures_words(COLUMNS, cells)
    assert words.startswith("Speeds are not ranked: answers of several columns were written at the same time")


def test_without_times_company_counts_as_that_of_the_others() -> None:
    assert best([cell(1, speed=40), cell(2, speed=10, beside=1)]) == [set(), set()]


def test_columns_that_came_one_after_another_with_equal_company_are_ranked() -> None:
    left = [cell(1, n, speed=40, begun=1000.0 + n, beside=min(n, 3)) for n in range(8)]
    right = [cell(2, n, speed=10, begun=2000.0 + n, beside=min(n, 3)) for n in range(8)]
    assert best([*left, *right]) == [{"speed"}, set()]
    crowded = [cell(2, n, speed=10, begun=2000.0 + n, beside=7) for n in range(8)]
    assert best([*left, *crowded]) == [set(), set()]
    assert "had more questions" in figures_words(COLUMNS, [*left, *crowded])[0]


def test_the_better_median_must_be_better_in_most_prompts() -> None:
    left = [cell(1, n, speed=30 if n < 5 else 5) for n in range(8)]
    right = [cell(2, n, speed=20) for n in range(8)]
    assert best([*left, *right]) == [set(), set()]


def test_answers_to_other_questions_are_not_compared() -> None:
    assert best([cell(1, 1, speed=40), cell(2, 2, speed=10)]) == [set(), set()]


def test_memory_is_best_where_it_is_shown_to_differ() -> None:
    assert best([cell(1, memory=5 << 30), cell(2, memory=6 << 30)]) == [{"memory"}, set()]
    assert best([cell(1, memory=5 << 30), cell(2, memory=(5 << 30) + 1)]) == [set(), set()]


@pytest.mark.parametrize(("wins", "losses", "named"), [(5, 0, False), (6, 0, True), (8, 1, True), (7, 2, False)])
def test_passing_more_is_only_best_beyond_chance(wins: int, losses: int, named: bool) -> None:
    """The two-sided sign test: 6:0 has p = 0.031, 5:0 0.063, 8:1 0.039, 7:2 0.18."""
    verdicts = [(True, False)] * wins + [(False, True)] * losses + [(True, True)] * 50
    cells = [cell(column, n, passed=two[column - 1]) for n, two in enumerate(verdicts) for column in (1, 2)]
    assert best(cells) == [{"passed"} if named else set(), set()]
    assert any("may be chance" in words for words in figures_words(COLUMNS, cells)) is not named


def test_repeats_of_one_prompt_are_one_witness() -> None:
    cells = [cell(column, 1, passed=column == 1, repeat=n) for n in range(50) for column in (1, 2)]
    assert best(cells) == [set(), set()]


def test_equal_columns_are_hardly_ever_told_apart() -> None:
    random.seed(7)
    named = 0
    for _ in range(200):
        cells = [
            cell(column, n, speed=random.gauss(20, 4), wait=random.gauss(0.3, 0.05), passed=random.random() < 0.6)
            for n in range(30)
            for column in (1, 2)
        ]
        named += any(best(cells))
    assert named <= 24  # three figures at less than 5 % each


def test_heads_of_a_grid_are_ranked_when_answers_came_one_at_a_time() -> None:
    heads = [
        CellHead(n, 1, n, 0, CellState.DONE, tokens=9, speed=10.0 * n, first_word=0.1 * n, memory=n << 30, cut=n == 2)
        for n in (1, 2)
    ]
    assert best(heads) == [{"first_word", "memory"}, {"speed"}]
    together = [replace(head, beside=1) for head in heads]
    assert best(together) == [{"memory"}, set()]
    assert "may have answered at the same time" in figures_words(COLUMNS, together)[0]
    assert [one.cut for one in figures(COLUMNS, heads)] == [0, 1]
