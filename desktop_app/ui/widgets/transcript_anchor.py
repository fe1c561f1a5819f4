"""What stays where it is on the screen while messages above it come, go or change their height."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Self

from desktop_app.ui.widgets.transcript_rows import Row, Rows


@dataclass(frozen=True)
class Anchor:
    """A row, and how far below the upper edge of what is in sight it begins, or ends."""

    row: Row
    index: int
    """Where it stood; another message may stand there later."""
    offset: int
    """Pixels."""
    by_end: bool = False

    @classmethod
    def of(cls, rows: Rows, top: int, bottom: int) -> Self | None:
        """The first row in sight, of those with widgets if there are any."""
        seen = list(rows.between(top, bottom))
        row = next((row for row in seen if row.view), seen[0] if seen else None)
        return cls(row, row.index, rows.top(row) - top) if row else None

    @classmethod
    def among(cls, rows: Rows, top: int, bottom: int, staying: Container[int]) -> Self | None:
        """The first row in sight whose message stays, else the place of the first: another version may come there."""
        seen = list(rows.between(top, bottom))
        if not seen:
            return None
        row = next((row for row in seen if row.message.id in staying), None)
        if row:
            return cls(row, row.index, rows.top(row) - top)
        first = seen[0]
        # Whoever asked for another version did it at the end of this one.
        by_end = rows.top(first) < top and rows.end(first) < bottom
        return cls(first, first.index, (rows.end(first) if by_end else rows.top(first)) - top, by_end)

    def row_in(self, rows: Rows) -> Row | None:
        """The row, or the one that stands in its place now."""
        if rows.get(self.row.message.id) is self.row:
            return self.row
        return rows.all[self.index] if self.index < len(rows) else None

    def scrolled(self, rows: Rows) -> int | None:
        """Where to scroll to, so that it stands where it stood; None when there is nothing in its place."""
        row = self.row_in(rows)
        if row is None:
            return None
        return (rows.end(row) if self.by_end else rows.top(row)) - self.offset
