"""The curves of Monitor as CSV, a row for each moment. `services/monitor_files.py` calls it.

What is not known is empty, never 0. Rows begin with the first moment of which anything is known.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import isfinite

from desktop_app.domain.curves import Chart, Unit
from desktop_app.domain.marks import Mark
from desktop_app.domain.monitor_history import History, Line
from desktop_app.interchange.csv_cells import fit
from desktop_app.interchange.values import line as one_line

_DIGITS = 6
"""Behind the point: microseconds, and shares finer than any counter tells them."""


def monitor_csv(charts: Iterable[Chart], history: History, span: float, marks: Sequence[Mark], began: datetime) -> str:
    """All curves of *charts* over the last *span* seconds: a row for each bucket, a column for each curve.

    Args:
        charts: titles, labels and units of them name the columns.
        history: where the curves are; nothing may be added meanwhile.
        span: one of `monitor_history.SPANS`.
        marks: what happened; the words are in the last column, in the row of their moment.
        began: the moment at which `clock.seconds_now()` was 0, with its offset from UTC.
    """
    named = [(chart, curve) for chart in charts for curve in chart.curves]
    head = [fit(one_line(f"{chart.title}: {curve.label} ({_unit_words(chart.unit)})")) for chart, curve in named]
    lines = [history.line(curve.key, span) for _, curve in named]
    text = io.StringIO()
    # Without a byte order mark Excel reads no UTF-8.
    text.write("\ufeff")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["time", *head, "events"])
    happened = _by_row(lines[0], marks) if lines else {}
    for row in range(_first(lines, happened), len(lines[0].values) if lines else 0):
        at = began + timedelta(seconds=lines[0].start + row * lines[0].step)
        cells = [_cell(chart.unit, one.values[row]) for (chart, _), one in zip(named, lines, strict=True)]
        writer.writerow([at.isoformat(timespec="milliseconds"), *cells, fit("; ".join(happened.get(row, ())))])
    return text.getvalue()


def _unit_words(unit: Unit) -> str:
    return "share, 0 to 1" if unit is Unit.SHARE else unit.value


def _by_row(line: Line, marks: Sequence[Mark]) -> dict[int, list[str]]:
    """The words of marks by the row that they belong to; what is newer than the last row belongs to the last."""
    happened: dict[int, list[str]] = {}
    for mark in marks:
        row = int((mark.at - line.start) // line.step)
        if row >= 0:
            happened.setdefault(min(row, len(line.values) - 1), []).append(one_line(mark.words))
    return happened


def _first(lines: Sequence[Line], happened: Iterable[int]) -> int:
    """The first row of which anything is known."""
    end = len(lines[0].values) if lines else 0
    known = [next((row for row, value in enumerate(one.values) if isfinite(value)), end) for one in lines]
    return min((*known, *happened), default=end)


def _cell(unit: Unit, value: float) -> str | int | float:
    if not isfinite(value):
        return ""
    return round(value) if unit in (Unit.BYTES, Unit.BYTES_PER_SECOND) else round(value, _DIGITS)
