"""The rows of a transcript: which message stands where, whether it has widgets or not.

`transcript` owns one `Rows`. Ten thousand rows are opened at once and one of them grows thirty times a second, so
that nothing here but opening and widening looks at all of them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from desktop_app.domain.chat import Message
from desktop_app.domain.tree import Place

if TYPE_CHECKING:
    from desktop_app.ui.widgets.message_view import MessageView


class Heights:
    """Heights of things below one another. To change one, and to find what is at a place, costs log₂ n steps.

    A Fenwick tree (P. M. Fenwick, 1994): entry *i* holds the sum of the `i & -i` heights up to *i*, counted from 1.
    """

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._sums = [0, *self._heights]
        for i in range(1, len(self._sums)):
            if (above := i + (i & -i)) < len(self._sums):
                self._sums[above] += self._sums[i]

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        return self._heights[index]

    @property
    def total(self) -> int:
        """Of all."""
        return self.top(len(self._heights))

    def top(self, index: int) -> int:
        """The sum of the heights before *index*."""
        total = 0
        while index:
            total += self._sums[index]
            index &= index - 1
        return total

    def at(self, place: int) -> int:
        """What covers *place*; the first or the last for a place beyond them; 0 when there is nothing."""
        index, step = 0, 1 << len(self._heights).bit_length()
        while step:
            if index + step < len(self._sums) and self._sums[index + step] <= place:
                index += step
                place -= self._sums[index]
            step >>= 1
        return min(index, max(0, len(self._heights) - 1))

    def set(self, index: int, height: int) -> None:
        """Change one."""
        more = height - self._heights[index]
        self._heights[index] = height
        index += 1
        while more and index < len(self._sums):
            self._sums[index] += more
            index += index & -index

    def append(self, height: int) -> None:
        """Add one below the last."""
        index = len(self._sums)
        self._sums.append(self.top(index - 1) - self.top(index & (index - 1)) + height)
        self._heights.append(height)


@dataclass(eq=False, slots=True)
class Row:
    """One message, with or without widgets. It is `selection.Selectable`."""

    message: Message
    index: int = 0
    view: "MessageView | None" = None
    changed: bool = True
    """Whether the view does not yet show the whole message."""
    place: Place | None = None

    @property
    def key(self) -> int:
        """The id of its message."""
        return self.message.id

    def parts(self) -> Sequence[QWidget]:
        """Its texts from the top; none while it has no widgets."""
        return self.view.parts() if self.view else ()

    def markdown(self) -> str:
        """The whole message."""
        return self.message.text


@dataclass(eq=False)
class Rows:
    """Rows below one another, `gap` pixels apart and below the top. Heights are *estimated* until they are known."""

    gap: int
    estimate: Callable[[Message], int]
    all: list[Row] = field(default_factory=list)
    _by_id: dict[int, Row] = field(default_factory=dict)
    _heights: Heights = field(default_factory=Heights)
    _realised: dict[Row, None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.all)

    def get(self, message_id: int) -> Row | None:
        """The row of a message; None when it is not there."""
        return self._by_id.get(message_id)

    @property
    def bottom(self) -> int:
        """Where the last one ends, with the gap below it."""
        return self.gap + self._heights.total

    @property
    def realised(self) -> list[Row]:
        """Those that have widgets, from the top."""
        return sorted(self._realised, key=_index)

    def top(self, row: Row) -> int:
        """Where it begins."""
        return self.gap + self._heights.top(row.index)

    def height(self, row: Row) -> int:
        """How tall it is, without the gap below."""
        return self._heights[row.index] - self.gap

    def end(self, row: Row) -> int:
        """Where it ends."""
        return self.top(row) + self.height(row)

    def between(self, top: int, bottom: int) -> Iterator[Row]:
        """Those of which something is between two places, from the top."""
        if not self.all or bottom <= top:
            return
        for index in range(self._heights.at(top - self.gap), len(self.all)):
            row = self.all[index]
            if self.top(row) >= bottom:
                return
            if self.end(row) > top:
                yield row

    def set_height(self, row: Row, height: int) -> None:
        """Its true height."""
        self._heights.set(row.index, height + self.gap)

    def set_view(self, row: Row, view: "MessageView | None") -> None:
        """It has got widgets, or has none any more."""
        row.view = view
        row.changed = True
        if view:
            self._realised[row] = None
        else:
            self._realised.pop(row, None)

    def append(self, message: Message) -> Row:
        """Add one at the end."""
        row = Row(message, len(self.all))
        self.all.append(row)
        self._by_id[message.id] = row
        self._heights.append(self.estimate(message) + self.gap)
        return row

    def show(self, messages: Sequence[Message]) -> list[Row]:
        """Have rows for exactly these messages; those that stay keep their widgets. Returns the rows that are out."""
        before = self._by_id
        heights = {row: self._heights[row.index] for row in self._realised}
        self.all = [before.get(message.id) or Row(message) for message in messages]
        self._by_id = {row.message.id: row for row in self.all}
        for index, row in enumerate(self.all):
            row.index = index
        gone = [row for key, row in before.items() if key not in self._by_id]
        for row in gone:
            self._realised.pop(row, None)
        for row, message in zip(self.all, messages, strict=True):
            if row.message is not message:
                row.changed |= row.message != message
                row.message = message
        estimate, gap = self.estimate, self.gap
        self._heights = Heights(heights.get(row) or estimate(row.message) + gap for row in self.all)
        return gone

    def estimate_again(self) -> None:
        """Lines break in another width now."""
        estimate, gap = self.estimate, self.gap
        self._heights = Heights(
            self._heights[row.index] if row.view else estimate(row.message) + gap for row in self.all
        )


def _index(row: Row) -> int:
    return row.index
