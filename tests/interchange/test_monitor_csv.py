"""The curves of Monitor as CSV."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from desktop_app.domain.curves import Chart, Curve, Section, Unit
from desktop_app.domain.marks import Mark, MarkKind
from desktop_app.domain.monitor_history import SPANS, History
from desktop_app.interchange.monitor_csv import monitor_csv

BEGAN = datetime(2026, 11, 21, 12, 0, tzinfo=timezone(timedelta(hours=1)))
CHARTS = (
    Chart("cpu", "Processor", Unit.SHARE, Section.MACHINE, (Curve("cpu", "All cores"),)),
    Chart(
        "memory",
        "Memory",
        Unit.BYTES,
        Section.MACHINE,
        (Curve("memory.program", "This program"), Curve("memory.others", "Other programs")),
    ),
    Chart("engine.kv", "KV cache", Unit.SHARE, Section.ENGINE, (), note="Nothing yet."),
)


def filled(seconds: int = 10) -> History:
    history = History()
    for second in range(seconds + 1):
        history.add(1000.0 + second, 1.0, {"cpu": 0.25, "memory.program": 2**30 + 0.4})
    return history


def rows(
    history: History, span: float = 60.0, marks: Sequence[Mark] = (), charts: tuple[Chart, ...] = CHARTS
) -> list[list[str]]:
    text = monitor_csv(charts, history, span, marks, BEGAN)
    assert text.startswith("\ufeff")
    found = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert len({len(row) for row in found}) == 1
    return found


def test_a_row_for_every_bucket() -> None:
    found = rows(filled())
    assert found[0] == [
        "time",
        "Processor: All cores (share, 0 to 1)",
        "Memory: This program (bytes)",
        "Memory: Other programs (bytes)",
        "events",
    ]
    assert found[1] == ["2026-11-21T12:16:39.000+01:00", "0.25", "1073741824", "", ""]
    assert len(found) == 1 + 22
    moments = [datetime.fromisoformat(row[0]) for row in found[1:]]
    assert {later - moment for moment, later in pairwise(moments)} == {timedelta(seconds=0.5)}
    assert moments[0].astimezone(UTC) == datetime(2026, 11, 21, 11, 16, 39, tzinfo=UTC)


@pytest.mark.parametrize("span", SPANS)
def test_every_span(span: float) -> None:
    found = rows(filled(4000), span)
    assert (len(found) - 1) * filled(1).line("cpu", span).step == span


def test_a_gap_is_empty() -> None:
    history = filled()
    history.add(1030.0, 1.0, {"cpu": 1.0})
    found = rows(history)
    assert [row[1] for row in found[-5:]] == ["", "", "", "1.0", "1.0"]


def test_marks_stand_at_their_moment() -> None:
    marks = [
        Mark(5.0, MarkKind.READY, "Too old."),
        Mark(1003.2, MarkKind.STARTED, "Guide is being started."),
        Mark(1003.4, MarkKind.MODEL, "Guide is talked to."),
        Mark(1010.4, MarkKind.ANSWER, "An answer was finished."),
    ]
    found = rows(filled(), marks=marks)
    assert {row[0][14:23]: row[-1] for row in found[1:] if row[-1]} == {
        "16:43.000": "Guide is being started.; Guide is talked to.",
        "16:49.500": "An answer was finished.",
    }


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@SUM(1)", "＝1", "|x", " =1"])
def test_no_cell_is_a_formula(name: str) -> None:
    charts = (Chart("a", name, Unit.WATT, Section.CARDS, (Curve("cpu", name),)),)
    found = rows(filled(), marks=[Mark(1003.0, MarkKind.FAILED, name)], charts=charts)
    texts = [found[0][1], *(row[-1] for row in found if row[-1] and row is not found[0])]
    assert len(texts) == 2
    assert all(text.startswith("'") for text in texts)


def test_names_that_break_lines() -> None:
    charts = (Chart("a", 'A "card", one', Unit.WATT, Section.CARDS, (Curve("cpu", "x\r\ny\0\u202e"),)),)
    found = rows(filled(), marks=[Mark(1003.0, MarkKind.FAILED, "It\r\nfailed;\u2028 badly")], charts=charts)
    assert found[0][1] == 'A "card", one: x y (watts)'
    assert "It failed; badly" in [row[-1] for row in found]


def test_nothing_is_known() -> None:
    assert len(rows(History())) == 1
    assert rows(filled(), charts=()) == [["time", "events"]]
