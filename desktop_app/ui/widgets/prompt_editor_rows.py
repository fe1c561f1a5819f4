"""The prompts of a set while somebody edits them: what is pasted, deleted, brought back, and what was told already.

Plain values. `prompt_editor_model` owns one `Draft`; the service takes a moment to store an edit and says so by
publishing the experiment, and such an echo must never undo what was typed after it.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Generic, TypeVar

from desktop_app.domain.experiment import MAX_PROMPTS, CellHead, CellState, Prompt

_KEPT = 50
"""Edits of which no echo has come back; a service that answers none of them must not make the list grow."""

Contents = tuple[tuple[object, ...], ...]
"""Prompts by what a person made of them, without the ids that the store gives."""

T = TypeVar("T")


class Echoes(Generic[T]):
    """What was told, in order, until it comes back."""

    def __init__(self) -> None:
        self._told: list[T] = []

    def tell(self, value: T) -> None:
        """Somebody is told *value*."""
        self._told = [*self._told[-_KEPT:], value]

    def hear(self, value: T) -> bool:
        """Whether *value* is what was told; what was told before it is forgotten."""
        if value not in self._told:
            return False
        self._told = self._told[self._told.index(value) + 1 :]
        return True


def answered(cells: Mapping[tuple[int, int, int], CellHead]) -> frozenset[int]:
    """The ids of the prompts that have been asked: they stay as they are, or answers would belong to other words."""
    return frozenset(key[0] for key, head in cells.items() if head.state is not CellState.WAITING)


def pasted(text: str) -> tuple[Prompt, ...]:
    """Prompts from copied text: one in each line, or cells of a table with reference answers in the second column."""
    if "\t" not in text:
        return tuple(Prompt(0, line.strip()) for line in text.splitlines() if line.strip())
    rows = [[cell.strip() for cell in row[:2]] for row in _cells(text)]
    return tuple(Prompt(0, row[0], row[1] if len(row) > 1 else "") for row in rows if row and row[0])


def _cells(text: str) -> list[list[str]]:
    """Cells as programs with tables copy them: between quotation marks where they have several lines."""
    try:
        return list(csv.reader(io.StringIO(text), csv.excel_tab))
    except csv.Error:
        return [line.split("\t") for line in text.splitlines()]


def count_words(count: int) -> str:
    """E.g. `12 prompts`."""
    return "1 prompt" if count == 1 else f"{count:,} prompts"


class Draft:
    """The rows of the table."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []
        self.locked: frozenset[int] = frozenset()
        """Ids of prompts that have answers."""
        self._experiment = 0
        self._published: Sequence[Prompt] = ()
        self._echoes: Echoes[Contents] = Echoes()
        self._removed: list[tuple[int, Prompt]] = []

    @property
    def written(self) -> tuple[Prompt, ...]:
        """Those that have words."""
        return tuple(prompt for prompt in self.prompts if prompt.text.strip())

    def is_locked(self, place: int) -> bool:
        """Whether the prompt there has answers."""
        return self.prompts[place].id in self.locked

    def publish(self, experiment: int, prompts: Sequence[Prompt]) -> bool:
        """The service says that the experiment has these; True when they are news, and have to be drawn."""
        same = experiment == self._experiment
        if same and prompts is self._published:
            return False
        self._experiment, self._published = experiment, prompts
        seen = _without_ids(prompts)
        if same and seen == _without_ids(self.written):
            self._echoes.hear(seen)
            self._adopt(prompts)
            return False
        if same and self._echoes.hear(seen):
            return False
        self._echoes = Echoes()
        self._removed = []
        self.prompts = list(prompts)
        return True

    def tell(self) -> tuple[Prompt, ...]:
        """What the service is to be told."""
        written = self.written
        self._echoes.tell(_without_ids(written))
        return written

    def write(self, place: int, prompt: Prompt) -> None:
        """Put other words there. A prompt without words is none, and has no id to keep."""
        self.prompts[place] = prompt if prompt.text.strip() else replace(prompt, id=0)

    def room_for(self, prompts: Sequence[Prompt]) -> Sequence[Prompt]:
        """As many of *prompts* as may still be added."""
        return prompts[: max(0, MAX_PROMPTS - len(self.prompts))]

    @property
    def places_back(self) -> list[int]:
        """Where `undo()` would put back what was taken out, from above."""
        kept = len(self.prompts)
        return [min(place, kept + number) for number, (place, _) in enumerate(self._removed)]

    def free(self, places: Iterable[int]) -> list[int]:
        """Those of *places* whose prompts have no answers, from above."""
        return sorted(place for place in places if not self.is_locked(place))

    def remove(self, places: Sequence[int]) -> None:
        """Take out the prompts there, which `free()` said."""
        gone = set(places)
        self._removed = [(place, self.prompts[place]) for place in places]
        self.prompts = [prompt for place, prompt in enumerate(self.prompts) if place not in gone]

    def undo(self) -> None:
        """Bring back what was taken out last; only once."""
        back = dict(zip(self.places_back, (prompt for _, prompt in self._removed), strict=True))
        others, self._removed = iter(self.prompts), []
        count = len(self.prompts) + len(back)
        self.prompts = [back[place] if place in back else next(others) for place in range(count)]

    def _adopt(self, prompts: Iterable[Prompt]) -> None:
        """Take over the ids that the store has given."""
        known = iter(prompts)
        self.prompts = [next(known) if prompt.text.strip() else prompt for prompt in self.prompts]


_content = attrgetter("text", "reference", "name", "column", "checks")


def _without_ids(prompts: Iterable[Prompt]) -> Contents:
    return tuple(map(_content, prompts))
