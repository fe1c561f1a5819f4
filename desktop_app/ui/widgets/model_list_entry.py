"""Which models of a list are shown, and in which order: plain values, quick enough for 5,000 at every key.

`model_list` has one `Sieve` for each of its lists.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from desktop_app.domain.fit import Verdict
from desktop_app.services.models_view import ModelRow

_RANKS = {verdict: rank for rank, verdict in enumerate(Verdict)}
_NO_SIZE = 1 << 62


class Order(Enum):
    """How models are sorted. The value is what people read."""

    FIT = "Best for this computer"
    SIZE = "Smallest first"
    NEWEST = "Newest first"
    NAME = "By name"


@dataclass(frozen=True)
class Question:
    """What is to be shown."""

    words: str = ""
    """All of them must be in the name, or in what it is good for."""
    verdicts: frozenset[Verdict] = frozenset(Verdict)
    order: Order = Order.FIT


class Answer(NamedTuple):
    """What is shown, and what is not."""

    rows: list[ModelRow]
    counts: Counter[Verdict]
    """How many have the searched words, by verdict, hidden ones too."""

    @property
    def hidden(self) -> int:
        """How many have the words, but not one of the verdicts."""
        return self.counts.total() - len(self.rows)


class _Entry(NamedTuple):
    row: ModelRow
    verdict: Verdict
    text: str


class Sieve:
    """The models of one list, sorted and sifted."""

    def __init__(self) -> None:
        self._rows: Sequence[ModelRow] = ()
        self._sorted: dict[Order, list[_Entry]] = {}

    @property
    def rows(self) -> Sequence[ModelRow]:
        """All of them, as they were given."""
        return self._rows

    def fill(self, rows: Sequence[ModelRow]) -> None:
        """These are the models from now on."""
        if rows is not self._rows:
            self._rows = rows
            self._sorted = {}

    def ask(self, question: Question) -> Answer:
        """What *question* lets through."""
        words = question.words.casefold().split()
        entries = self._in_order(question.order)
        # Two plain loops: this runs at every key.
        found = [entry for entry in entries if all(word in entry.text for word in words)] if words else entries
        counts = Counter([entry.verdict for entry in found])
        return Answer([entry.row for entry in found if entry.verdict in question.verdicts], counts)

    def _in_order(self, order: Order) -> list[_Entry]:
        if order not in self._sorted:
            rows = sorted(self._rows, key=_KEYS[order])
            self._sorted[order] = [_Entry(row, row.fit.verdict, _text(row)) for row in rows]
        return self._sorted[order]


def _text(row: ModelRow) -> str:
    about = row.known.good_for if row.known else ""
    return f"{row.name} {row.repo_id} {about}".casefold()


def _by_fit(row: ModelRow) -> tuple[object, ...]:
    """What is suggested comes first, then the largest that runs well, for large ones know more.

    What is only for learning comes last. What the catalogue does not know stays as the Hub sorted it.
    """
    learning = row.known is not None and row.known.learning
    strange = row.known is None and row.local is None
    size = 0 if strange else -(row.spec.parameters or row.spec.weights_bytes // 2)
    return (not row.suggested, _RANKS[row.fit.verdict], learning, strange, size)


def _by_size(row: ModelRow) -> tuple[object, ...]:
    return (row.size_bytes or _NO_SIZE, row.name.casefold())


def _by_age(row: ModelRow) -> tuple[object, ...]:
    """Newest first: the day it came onto this computer, or else when it was published; unknown ones last."""
    since = -row.local.modified if row.local else 0.0
    published = (row.known.released if row.known else "") or (row.found.modified if row.found else "")
    # The letters of a date, from large to small.
    return (since, tuple(-ord(letter) for letter in published[:10]) or (0,), row.name.casefold())


def _by_name(row: ModelRow) -> tuple[object, ...]:
    return (row.name.rpartition("/")[2].casefold(), row.name.casefold())


_KEYS: dict[Order, Callable[[ModelRow], tuple[object, ...]]] = {
    Order.FIT: _by_fit,
    Order.SIZE: _by_size,
    Order.NEWEST: _by_age,
    Order.NAME: _by_name,
}
