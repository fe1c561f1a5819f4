"""What the columns of a comparison say in words: their letters and their results, row by row. Pure.

`compare_columns` and `difference_view` draw it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from desktop_app.domain.experiment import Cell, CellState
from desktop_app.domain.units import memory_words
from desktop_app.services.compare_view import ColumnFigures, ColumnState

UNKNOWN = "–"
_TOLD = {
    "first_word": "first word soonest {}, {}",
    "speed": "fastest {}, {} tokens/s",
    "memory": "least memory {}, {}",
    "passed": "most checks {}, {}",
}
_ENDED = (CellState.DONE, CellState.FAILED, CellState.STOPPED)


@dataclass(frozen=True)
class Row:
    """One figure of all columns."""

    name: str
    values: tuple[str, ...]
    """`UNKNOWN` where there is none."""
    best: tuple[bool, ...]
    mark: str = ""
    """What the best are, beside their value, e.g. `least`."""
    told: str = ""
    """The same where it stands by itself, with places for who it is and the value."""

    def spoken(self, place: int) -> str:
        """The figure of one column in words, e.g. `Tokens/s: 41, fastest`."""
        value = "not known" if self.values[place] == UNKNOWN else self.values[place]
        return f"{self.name}: {value}, {self.mark}" if self.best[place] else f"{self.name}: {value}"


def letter(place: int) -> str:
    """What a column is called for short: A for the leftmost."""
    return chr(ord("A") + place)


def named(place: int, title: str, hidden: bool) -> str:
    """A column in a list, e.g. `A · Qwen3-8B`; a hidden name says the place already."""
    return title if hidden else f"{letter(place)} · {title}"


def last_ended(column: ColumnState) -> Cell | None:
    """The newest answer that is not being written; None when there is none."""
    return next((cell for cell in reversed(column.cells) if cell.state in _ENDED), None)


def rows(figures: Sequence[ColumnFigures]) -> tuple[Row, ...]:
    """The results of all columns; rows in which nothing is known are left out."""
    made = (
        _row(figures, "First word after", "first_word", "soonest", [_seconds(one.first_word) for one in figures]),
        _row(figures, "Tokens/s", "speed", "fastest", [_speed(one.speed) for one in figures]),
        _row(figures, "Tokens", "", "", [f"{one.tokens:,}" if one.tokens else "" for one in figures]),
        _row(figures, "Memory", "memory", "least", [memory_words(one.memory) if one.memory else "" for one in figures]),
        _row(figures, "Checks", "passed", "most", [_checks(one) for one in figures]),
        _row(figures, "Answers", "", "", _answers(figures)),
        _row(figures, "Ended", "", "", [one.finish for one in figures]),
    )
    return tuple(row for row in made if any(value != UNKNOWN for value in row.values))


def summary(found: Sequence[Row]) -> str:
    """Who is best in what, e.g. `First word soonest B, 0.31 s · fastest A, 41 tokens/s`; empty when nobody knows."""
    parts = [
        row.told.format(", ".join(letter(place) for place in places), row.values[places[0]])
        for row in found
        if (places := [place for place, best in enumerate(row.best) if best])
    ]
    words = " · ".join(parts)
    return words[:1].upper() + words[1:]


def measured(figures: Sequence[ColumnFigures]) -> str:
    """What the figures are made of, e.g. `medians of 3 answers each`."""
    counts = {one.answers for one in figures}
    if max(counts, default=0) < 2:
        return ""
    return f"medians of {min(counts)} answers each" if len(counts) == 1 else "medians of all answers"


def _row(figures: Sequence[ColumnFigures], name: str, field: str, mark: str, values: Sequence[str]) -> Row:
    best = tuple(field in one.best for one in figures)
    return Row(name, tuple(value or UNKNOWN for value in values), best, mark, _TOLD.get(field, ""))


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds else ""


def _speed(speed: float) -> str:
    if not speed:
        return ""
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"


def _checks(figures: ColumnFigures) -> str:
    return f"{figures.passed:,} of {figures.checked:,} passed" if figures.checked else ""


def _answers(figures: Sequence[ColumnFigures]) -> list[str]:
    """Only where they differ, or some of them are not whole."""
    notable = any(one.failed or one.cut for one in figures) or len({one.answers for one in figures}) > 1
    return [_count(one) if notable else "" for one in figures]


def _count(figures: ColumnFigures) -> str:
    parts = [f"{figures.answers:,}"]
    if figures.failed:
        parts.append(f"{figures.failed:,} failed")
    if figures.cut:
        parts.append(f"{figures.cut:,} cut short")
    return ", ".join(parts)
