"""What is said of answers in a grid: how far one is, its figures, a column's pass rate, and all of it for a reader."""

from dataclasses import dataclass
from enum import Enum

from desktop_app.domain.experiment import CellHead, CellState
from desktop_app.services.compare_view import ColumnFigures, ColumnState
from desktop_app.ui.widgets.prompt_grid_rows import Row
from desktop_app.ui.widgets.text_view import safe_to_paste

_SHOWN = 600
"""Characters of a prompt that are looked at for two lines of it."""


class Shape(Enum):
    """What is drawn before a word, so that nobody has to see colours."""

    NONE = "none"
    TICK = "tick"
    CROSS = "cross"
    QUESTION = "question"
    CLOCK = "clock"
    DOTS = "dots"
    TRIANGLE = "triangle"
    SQUARE = "square"


@dataclass(frozen=True)
class Mark:
    """How far an answer is, or what its checks say."""

    shape: Shape
    words: str
    tone: str
    """The token's name of its colour."""


_NO_MARK = Mark(Shape.NONE, "", "second")
_PASSED = Mark(Shape.TICK, "Passed", "good")
_NOT_PASSED = Mark(Shape.CROSS, "Not passed", "bad")
_MARKS = {
    CellState.WAITING: Mark(Shape.CLOCK, "Waiting", "second"),
    CellState.RUNNING: Mark(Shape.DOTS, "Being written", "accent_text"),
    CellState.FAILED: Mark(Shape.TRIANGLE, "Failed", "bad"),
    CellState.STOPPED: Mark(Shape.SQUARE, "Stopped", "warn"),
}
NOT_ASKED = "Not asked"
"""Where a prompt is for another column only."""


def verdict_mark(passed: bool | None) -> Mark:
    """What a check says."""
    return _PASSED if passed else _NOT_PASSED if passed is False else Mark(Shape.QUESTION, "Undecided", "warn")


def state_mark(state: CellState, passed: bool | None, *, hidden: bool) -> Mark:
    """How far an answer is, or whether it passed; nothing while verdicts are *hidden*, or without checks."""
    if state is not CellState.DONE:
        return _MARKS[state]
    return _NO_MARK if hidden or passed is None else verdict_mark(passed)


def mark_of(head: CellHead, *, hidden: bool) -> Mark:
    """The mark of a cell in the grid."""
    return state_mark(head.state, head.passed, hidden=hidden)


def figures_of(head: CellHead, *, hidden: bool) -> str:
    """E.g. `41 tok/s · 312 tokens`; nothing while figures are *hidden*."""
    if hidden:
        return ""
    parts = [speed_words(head.speed)] if head.speed else []
    if head.tokens:
        parts.append("1 token" if head.tokens == 1 else f"{head.tokens:,} tokens")
    return " · ".join([*parts, *(["cut off"] if head.cut else [])])


def speed_words(speed: float) -> str:
    """Tokens per second, e.g. `41 tok/s`."""
    return f"{speed:.0f} tok/s" if speed >= 10 else f"{speed:.1f} tok/s"


def one_line(text: str) -> str:
    """The beginning of *text* without line breaks, and without signs that reverse what is read."""
    return " ".join(safe_to_paste(text[:_SHOWN]).split())


def row_words(row: Row) -> str:
    """Above a prompt, e.g. `12 · run 2 of 3 · capitals`."""
    run = f"run {row.repeat + 1} of {row.repeats}" if row.repeats > 1 else ""
    return " · ".join(part for part in (f"{row.number:,}", run, one_line(row.prompt.name)) if part)


def row_sentence(row: Row) -> str:
    """A row's prompt for a screen reader."""
    run = f", run {row.repeat + 1} of {row.repeats}" if row.repeats > 1 else ""
    return f"Prompt {row.number:,}{run}: {one_line(row.prompt.text)}"


def cell_sentence(head: CellHead | None, row: Row, title: str, *, hidden: bool) -> str:
    """A cell for a screen reader: whose answer to what, how far it is, its figures, its beginning."""
    run = f", run {row.repeat + 1}" if row.repeats > 1 else ""
    where = f"{title}, prompt {row.number:,}{run}"
    if head is None:
        return f"{where}: {NOT_ASKED.lower()}."
    words = mark_of(head, hidden=hidden).words or "Answered"
    figures = figures_of(head, hidden=hidden).replace(" · ", ", ")
    return " ".join(
        part for part in (f"{where}: {words.lower()}.", f"{figures}." * bool(figures), head.snippet) if part
    )


def pass_words(figures: ColumnFigures) -> str:
    """E.g. `17 of 20 passed`, or how many answers there are where nothing was checked."""
    if figures.checked:
        words = f"{figures.passed:,} of {figures.checked:,} passed"
        return f"{words}, best" if "passed" in figures.best else words
    answers = "1 answer" if figures.answers == 1 else f"{figures.answers:,} answers"
    failed = f"{figures.failed:,} failed" if figures.failed else ""
    return ", ".join(part for part in (answers if figures.answers else "", failed) if part)


def median_words(figures: ColumnFigures) -> str:
    """E.g. `median 41 tok/s · first word 0.31 s`."""
    parts = []
    if figures.speed:
        parts.append(speed_words(figures.speed) + (" (best)" if "speed" in figures.best else ""))
    if figures.first_word:
        best = " (best)" if "first_word" in figures.best else ""
        parts.append(f"first word {figures.first_word:.2f} s{best}")
    return f"median {' · '.join(parts)}" if parts else ""


@dataclass(frozen=True)
class Head:
    """What stands above a column."""

    title: str
    result: str = ""
    medians: str = ""
    failure: str = ""
    """Why it has no more answers; stands in the place of the medians."""

    @property
    def sentence(self) -> str:
        """All of it."""
        return ". ".join(part for part in (self.title, self.result, self.medians, self.failure) if part)


def head_of(column: ColumnState, figures: ColumnFigures | None) -> Head:
    """What stands above *column*; *figures* are None while they are hidden."""
    if figures is None:
        return Head(column.title, column.words, "", column.failure)
    return Head(column.title, pass_words(figures) or column.words, median_words(figures), column.failure)
