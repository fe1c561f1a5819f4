"""Which rows of a grid of answers are shown, in which order, and how many there are of each kind. Plain values.

`prompt_grid_model` owns one `GridRows`. Nothing here goes through all cells because one of them changed: every row is
judged by itself, and its place among thousands is found by bisection.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from desktop_app.domain.experiment import CellHead, CellState, Prompt

SNIPPET = 160
"""Characters of `CellHead.snippet`; a shorter one is the whole answer."""

Key = tuple[int, int, int]
"""Prompt, column and repeat."""


class Show(Enum):
    """Which rows are looked at. The value is what people read."""

    ALL = "All"
    FAILED = "Failed"
    NOT_PASSED = "Not passed"
    DIFFER = "Answers differ"
    WAITING = "Waiting"


class Order(Enum):
    """How rows are sorted. The value is what people read."""

    PROMPTS = "By prompt"
    FAILURES = "Most failures first"


class Facts(NamedTuple):
    """What is known of a row's cells."""

    failed: int = 0
    """How many failed or were stopped."""
    not_passed: int = 0
    """How many are answered, and a check says no."""
    differ: bool = False
    waiting: int = 0
    """How many have no answer yet."""

    def shown_as(self, show: Show) -> bool:
        """Whether the row is among those of *show*."""
        match show:
            case Show.ALL:
                return True
            case Show.FAILED:
                return self.failed > 0
            case Show.NOT_PASSED:
                return self.not_passed > 0
            case Show.DIFFER:
                return self.differ
            case Show.WAITING:
                return self.waiting > 0


class Row(NamedTuple):
    """A prompt, asked for the *repeat*-th time."""

    number: int
    """Of the prompt, from 1."""
    prompt: Prompt
    repeat: int
    """From 0."""
    repeats: int


def facts_of(heads: Sequence[CellHead]) -> Facts:
    """What the cells of one row say."""
    failed = not_passed = waiting = 0
    answers = set()
    for head in heads:
        if head.state is CellState.DONE:
            not_passed += head.passed is False
            # Of two long answers only the beginning is here; another length tells that they are not the same.
            answers.add((head.snippet, head.passed, head.tokens if len(head.snippet) >= SNIPPET else 0))
        elif head.state in (CellState.FAILED, CellState.STOPPED):
            failed += 1
        else:
            waiting += 1
    return Facts(failed, not_passed, len(answers) > 1, waiting)


class GridRows:
    """All rows, and the places of those that are shown."""

    def __init__(self) -> None:
        self.show = Show.ALL
        self.order = Order.PROMPTS
        self.counts: Counter[Show] = Counter()
        """How many rows there are of each kind, hidden ones too."""
        self._rows: list[Row] = []
        self._columns: tuple[int, ...] = ()
        self._numbers: dict[tuple[int, int], int] = {}
        """Where a prompt and its repeat stand in `_rows`."""
        self._facts: list[Facts] = []
        self._shown: list[tuple[int, int]] = []
        """What it is sorted by, and its number in `_rows`; sorted."""

    def __len__(self) -> int:
        return len(self._shown)

    @property
    def total(self) -> int:
        """How many rows there are, hidden ones too."""
        return len(self._rows)

    def fill(self, prompts: Sequence[Prompt], repeats: int, columns: tuple[int, ...]) -> None:
        """These are the rows and the ids of the columns from now on; `judge_all()` has to follow."""
        self._rows = [
            Row(number, prompt, repeat, repeats)
            for number, prompt in enumerate(prompts, start=1)
            for repeat in range(repeats)
        ]
        self._columns = columns
        self._numbers = {(row.prompt.id, row.repeat): number for number, row in enumerate(self._rows)}

    def judge_all(self, cells: Mapping[Key, CellHead]) -> None:
        """Look at every cell."""
        self._facts = [self._judged(number, cells) for number in range(len(self._rows))]
        # Rows that are alike in this, and most are, are counted once.
        self.counts = Counter()
        for facts, count in Counter(self._facts).items():
            self.counts.update({show: count for show in Show if facts.shown_as(show)})
        self.sift()

    def sift(self) -> None:
        """Take the places anew, by `show` and `order`."""
        facts, show = self._facts, self.show
        self._shown = sorted(
            (self._weight(one), number) for number, one in enumerate(facts) if show is Show.ALL or one.shown_as(show)
        )

    def row(self, place: int) -> Row:
        """What is shown at *place*."""
        return self._rows[self._shown[place][1]]

    def number_of(self, prompt: int, repeat: int) -> int | None:
        """Which of all rows it is, shown or not; None when there is no such row."""
        return self._numbers.get((prompt, repeat))

    def place_of(self, number: int) -> int | None:
        """Where a row is shown; None when it is not."""
        entry = (self._sorted_by(number), number)
        place = bisect_left(self._shown, entry)
        return place if place < len(self._shown) and self._shown[place] == entry else None

    def place_for(self, facts: Facts, number: int) -> int | None:
        """Where a row would be shown with these facts, were it not there yet; None for nowhere."""
        if not facts.shown_as(self.show):
            return None
        return bisect_left(self._shown, (self._weight(facts), number))

    def judge(self, number: int, cells: Mapping[Key, CellHead]) -> Facts | None:
        """What the cells of one row say now; None when that is nothing new."""
        facts = self._judged(number, cells)
        return None if facts == self._facts[number] else facts

    def take_out(self, place: int) -> None:
        """Show the row at *place* no more."""
        del self._shown[place]

    def put_in(self, place: int, number: int) -> None:
        """Show a row at *place*, which `place_for()` said."""
        self._shown.insert(place, (self._sorted_by(number), number))

    def learn(self, number: int, facts: Facts) -> None:
        """Keep what is known of a row from now on. It must not be among those that are shown by other facts."""
        for show in Show:
            self.counts[show] += facts.shown_as(show) - self._facts[number].shown_as(show)
        self._facts[number] = facts

    def _judged(self, number: int, cells: Mapping[Key, CellHead]) -> Facts:
        row = self._rows[number]
        prompt, repeat = row.prompt.id, row.repeat
        found = [cells.get((prompt, column, repeat)) for column in self._columns]
        return facts_of([head for head in found if head is not None])

    def _sorted_by(self, number: int) -> int:
        return self._weight(self._facts[number])

    def _weight(self, facts: Facts) -> int:
        return 0 if self.order is Order.PROMPTS else -(facts.failed + facts.not_passed)
