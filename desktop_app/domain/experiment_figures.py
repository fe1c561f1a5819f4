"""The figures of an experiment's columns, and which of them may be called best. Pure.

`services/compare_figures.py` publishes them, exports write them. A winner is only named where a careful tester would
name one:

* **Speed and first word** are only compared when the columns' answers were not written at the same time, and when
  every column was asked about as many questions at once; answers that share a machine slow one another down. Then the
  median must be better by at least 5 % (less changes from run to run on one machine), and it must be better in more
  prompts than chance explains (a sign test over prompts, 5 %; with five prompts or fewer, in every one).
* **Passed**: the column does better in more of the prompts in which the two differ than chance explains (a sign test,
  which for single answers is McNemar's, 5 %). Repeats of one prompt count as one: they are no independent evidence.
* **Memory**: it must differ as it is shown.

Whoever is best is better than every other column that has the figure; `figures_words` says why nobody is.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

from desktop_app.domain.chat import MessageState
from desktop_app.domain.experiment import Cell, CellHead, CellState, Column
from desktop_app.domain.experiment_words import finish_words
from desktop_app.domain.units import memory_words

_LEAST_RATIO = 1.05
"""By how much the better median is better at least."""
_DOUBTFUL = 1.96
"""Standard deviations within which 95 % of what is chance lies."""
_EXACT = 60
"""Trials up to which chance is counted out; above, the normal curve is near enough."""
_SLACK = 0.05
"""Seconds for which two answers may overlap: one is settled while the next one is asked."""
_TIMED = {"speed": "speed", "first_word": "first word"}

_TOGETHER = (
    "Speeds are not ranked: answers of several columns were written at the same time and slowed one another down. "
    "“One at a time” makes them comparable."
)
_UNKNOWN_COMPANY = (
    "Speeds are not ranked: columns may have answered at the same time. “One at a time” makes them comparable."
)
_OTHER_COMPANY = "Speeds are not ranked: one column had more questions to answer at the same time than another."


@dataclass(frozen=True)
class ColumnFigures:
    """A column's figures over all its answers; 0 when not known."""

    column: int
    answers: int = 0
    failed: int = 0
    """Also those that were stopped."""
    first_word: float = 0.0
    """Seconds, the median (TTFT)."""
    speed: float = 0.0
    """Tokens per second without the wait, the median."""
    tokens: int = 0
    """Of all answers together."""
    memory: int = 0
    """Bytes, the most that its engine took."""
    passed: int = 0
    checked: int = 0
    """Answers whose checks are decided."""
    cut: int = 0
    """Answers that reached a limit of tokens."""
    finish: str = ""
    """How the last answer ended, in words."""
    best: frozenset[str] = frozenset()
    """The names of these fields in which no other column is better, where that can be said: `first_word`, `speed`,
    `memory`, `passed`."""


class _Answer(NamedTuple):
    """What counts of a cell that is done. 0 when not known."""

    prompt: int
    speed: float
    first_word: float
    tokens: int
    memory: int
    passed: bool | None
    cut: bool
    beside: int
    begun: float = 0.0
    """Unix time, seconds."""
    seconds: float = 0.0
    """How long it was written."""


def figures(columns: Sequence[Column], cells: Iterable[Cell | CellHead]) -> tuple[ColumnFigures, ...]:
    """The figures of *columns*, in their order. Whole cells know when they were written, which heads do not."""
    return _assess(columns, cells)[0]


def figures_words(columns: Sequence[Column], cells: Iterable[Cell | CellHead]) -> tuple[str, ...]:
    """Why nobody is called best by a figure that at least two columns have, in sentences; empty where somebody is."""
    return _assess(columns, cells)[1]


def _assess(
    columns: Sequence[Column], cells: Iterable[Cell | CellHead]
) -> tuple[tuple[ColumnFigures, ...], tuple[str, ...]]:
    ended: dict[int, list[Cell | CellHead]] = {column.id: [] for column in columns}
    for cell in cells:
        if cell.column in ended and cell.state not in (CellState.WAITING, CellState.RUNNING):
            ended[cell.column].append(cell)
    answers = {column: [_answer(one) for one in some if one.state is CellState.DONE] for column, some in ended.items()}
    rows = [_row(column, ended[column], answers[column]) for column in ended]
    winners, words = _winners(rows, answers, _unfair(answers))
    return tuple(
        replace(row, best=frozenset(name for name, winner in winners.items() if winner == row.column)) for row in rows
    ), words


def _answer(cell: Cell | CellHead) -> _Answer:
    if isinstance(cell, CellHead):
        first_word = cell.first_word if cell.tokens else 0.0
        return _Answer(
            cell.prompt, cell.speed, first_word, cell.tokens, cell.memory, cell.passed, cell.cut, cell.beside
        )
    timing = cell.answer.timing
    return _Answer(
        cell.prompt,
        timing.tokens_per_second,
        timing.first_token_seconds if timing.answer_tokens else 0.0,
        timing.answer_tokens,
        cell.memory,
        cell.passed,
        cell.answer.state is MessageState.CUT,
        cell.beside,
        cell.answer.created,
        timing.first_token_seconds + timing.decode_seconds,
    )


def _row(column: int, ended: Sequence[Cell | CellHead], answers: Sequence[_Answer]) -> ColumnFigures:
    whole = [one for one in ended if isinstance(one, Cell)]
    return ColumnFigures(
        column,
        answers=len(answers),
        failed=len(ended) - len(answers),
        first_word=_middle(one.first_word for one in answers),
        speed=_middle(one.speed for one in answers),
        tokens=sum(one.tokens for one in answers),
        memory=max((one.memory for one in answers), default=0),
        passed=sum(one.passed is True for one in answers),
        checked=sum(one.passed is not None for one in answers),
        cut=sum(one.cut for one in answers),
        finish=finish_words(max(whole, key=lambda one: (one.order, one.id))) if whole else "",
    )


def _middle(values: Iterable[float]) -> float:
    """The median of those that are known."""
    known = [value for value in values if value > 0]
    return median(known) if known else 0.0


def _unfair(answers: Mapping[int, Sequence[_Answer]]) -> str:
    """Why the columns' speeds say nothing about which is faster, as a sentence; empty when they do."""
    measured = [[one for one in some if one.speed or one.first_word] for some in answers.values()]
    measured = [some for some in measured if some]
    if not any(one.beside for some in measured for one in some):
        return ""
    if any(one.begun <= 0 for some in measured for one in some):
        return _UNKNOWN_COMPANY
    if _overlap(measured):
        return _TOGETHER
    typical = [median(one.beside for one in some) for some in measured]
    return _OTHER_COMPANY if max(typical) - min(typical) >= 1 else ""


def _overlap(columns: Sequence[Sequence[_Answer]]) -> bool:
    """Whether answers of different columns were written at the same time."""
    moments = sorted((one.begun, one.begun + one.seconds, place) for place, some in enumerate(columns) for one in some)
    ends = [0.0] * len(columns)
    for begun, end, place in moments:
        if any(other > begun + _SLACK for at, other in enumerate(ends) if at != place):
            return True
        ends[place] = max(ends[place], end)
    return False


def _winners(
    rows: Sequence[ColumnFigures], answers: Mapping[int, Sequence[_Answer]], unfair: str
) -> tuple[dict[str, int], tuple[str, ...]]:
    """The column that is best, by the name of the figure, and why there is none by others."""
    winners: dict[str, int] = {}
    words: list[str] = []
    for name, title in _TIMED.items():
        known = {row.column: getattr(row, name) for row in rows if getattr(row, name) > 0}
        if len(known) < 2:
            continue
        if unfair:
            words.append(unfair)
        elif (winner := _soonest(name, known, answers)) is not None:
            winners[name] = winner
        else:
            words.append(f"By {title} nobody is best: the difference is smaller than what changes from run to run.")
    sizes = sorted((row.memory, row.column) for row in rows if row.memory)
    if len(sizes) > 1 and memory_words(sizes[0][0]) != memory_words(sizes[1][0]):
        winners["memory"] = sizes[0][1]
    if len(checked := [row for row in rows if row.checked]) > 1:
        if (winner := _most_passed(checked, answers)) is not None:
            winners["passed"] = winner
        else:
            words.append("By what they passed nobody is best: the difference may be chance, or there is none.")
    return winners, tuple(dict.fromkeys(words))


def _soonest(name: str, known: Mapping[int, float], answers: Mapping[int, Sequence[_Answer]]) -> int | None:
    """Whose *name* is better than everybody's; more is better in a speed, less in a wait."""
    sign = 1 if name == "speed" else -1
    winner = max(known, key=lambda column: sign * known[column])
    mine = _by_prompt(answers[winner], name)
    for column, value in known.items():
        if column == winner:
            continue
        theirs = _by_prompt(answers[column], name)
        both = mine.keys() & theirs.keys()
        better = sum(sign * mine[prompt] > sign * theirs[prompt] for prompt in both)
        much = max(known[winner], value) >= _LEAST_RATIO * min(known[winner], value)
        sure = better == len(both) if len(both) <= 5 else _beyond_chance(better, len(both))
        if not (both and much and sure):
            return None
    return winner


def _by_prompt(answers: Sequence[_Answer], name: str) -> dict[int, float]:
    """The median of a figure over the repeats of each prompt."""
    found: dict[int, list[float]] = {}
    for one in answers:
        if (value := getattr(one, name)) > 0:
            found.setdefault(one.prompt, []).append(value)
    return {prompt: values[0] if len(values) == 1 else median(values) for prompt, values in found.items()}


def _most_passed(rows: Sequence[ColumnFigures], answers: Mapping[int, Sequence[_Answer]]) -> int | None:
    winner = max(rows, key=lambda row: row.passed / row.checked).column
    mine = _shares(answers[winner])
    for row in rows:
        if row.column == winner:
            continue
        theirs = _shares(answers[row.column])
        differing = [prompt for prompt in mine.keys() & theirs.keys() if mine[prompt] != theirs[prompt]]
        if not _beyond_chance(sum(mine[prompt] > theirs[prompt] for prompt in differing), len(differing)):
            return None
    return winner


def _shares(answers: Sequence[_Answer]) -> dict[int, float]:
    """Which share of each prompt's repeats passed."""
    found: dict[int, list[bool]] = {}
    for one in answers:
        if one.passed is not None:
            found.setdefault(one.prompt, []).append(one.passed)
    return {prompt: sum(verdicts) / len(verdicts) for prompt, verdicts in found.items()}


def _beyond_chance(wins: int, trials: int) -> bool:
    """Whether a coin falls on one side *wins* times of *trials* in less than 5 % of all cases (both sides counted)."""
    if 2 * wins <= trials:
        return False
    if trials <= _EXACT:
        return bool(2 * sum(math.comb(trials, count) for count in range(wins, trials + 1)) < 0.05 * 2**trials)
    return bool(wins - 0.5 > trials / 2 + _DOUBTFUL * math.sqrt(trials) / 2)
