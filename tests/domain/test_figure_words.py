"""Figures in words, and round axes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain.curves import Unit
from desktop_app.domain.figure_words import figure, nice_top, spoken, ticks

GIB = 2**30


@pytest.mark.parametrize(
    ("unit", "value", "short", "long"),
    [
        (Unit.SHARE, 0.34, "34 %", "34 percent"),
        (Unit.SHARE, 0.003, "0.3 %", "0.3 percent"),
        (Unit.SHARE, 0.001, "0.1 %", "0.1 percent"),
        (Unit.SHARE, 0.0009, "< 0.1 %", "less than 0.1 percent"),
        (Unit.SHARE, 1e-9, "< 0.1 %", "less than 0.1 percent"),
        (Unit.SHARE, 0.0, "0 %", "0 percent"),
        (Unit.SHARE, 1.0, "100 %", "100 percent"),
        (Unit.BYTES, 7.2 * GIB, "7.2 GB", "7.2 gigabytes"),
        (Unit.BYTES, 10 * 2**20, "10 MB", "10 megabytes"),
        (Unit.BYTES_PER_SECOND, 0.0, "0 kB/s", "0 kilobytes per second"),
        (Unit.BYTES_PER_SECOND, 990e3, "990 kB/s", "990 kilobytes per second"),
        (Unit.BYTES_PER_SECOND, 51.2e6, "51 MB/s", "51 megabytes per second"),
        (Unit.BYTES_PER_SECOND, 3.5e9, "3.5 GB/s", "3.5 gigabytes per second"),
        (Unit.TOKENS_PER_SECOND, 41.2, "41 tok/s", "41 tokens per second"),
        (Unit.TOKENS_PER_SECOND, 1.0, "1 tok/s", "1 token per second"),
        (Unit.TOKENS_PER_SECOND, 4.12, "4.1 tok/s", "4.1 tokens per second"),
        (Unit.TOKENS_PER_SECOND, 12345.0, "12,345 tok/s", "12,345 tokens per second"),
        (Unit.COUNT, 3.0, "3", "3"),
        (Unit.COUNT, 0.5, "0.5", "0.5"),
        (Unit.SECONDS, 0.31, "0.31 s", "0.31 seconds"),
        (Unit.SECONDS, 0.02, "20 ms", "20 milliseconds"),
        (Unit.SECONDS, 0.0042, "4.2 ms", "4.2 milliseconds"),
        (Unit.SECONDS, 0.0005, "0.5 ms", "0.5 milliseconds"),
        (Unit.SECONDS, 0.0003, "< 0.5 ms", "less than 0.5 milliseconds"),
        (Unit.SECONDS, 0.0, "0 ms", "0 milliseconds"),
        (Unit.SECONDS, 12.34, "12.3 s", "12.3 seconds"),
        (Unit.SECONDS, 130.0, "2 min 10 s", "2 minutes 10 seconds"),
        (Unit.CELSIUS, 61.4, "61 °C", "61 degrees Celsius"),
        (Unit.WATT, 120.4, "120 W", "120 watts"),
        (Unit.WATT, 4.5, "4.5 W", "4.5 watts"),
        (Unit.MEGAHERTZ, 1980.0, "1,980 MHz", "1,980 megahertz"),
    ],
)
def test_figures_for_eyes_and_ears(unit: Unit, value: float, short: str, long: str) -> None:
    assert figure(unit, value) == short
    assert spoken(unit, value) == long


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_unknown(unit: Unit, value: float | None) -> None:
    assert figure(unit, value) == "–"
    assert spoken(unit, value) == "unknown"


@pytest.mark.parametrize(
    ("unit", "highest", "top", "words"),
    [
        (Unit.SHARE, 1.0, 1.0, ("0", "50 %", "100 %")),
        (Unit.SHARE, 0.003, 0.1, ("0", "5 %", "10 %")),
        (Unit.SHARE, 0.3, 0.3, ("0", "10 %", "20 %", "30 %")),
        (Unit.BYTES, 25e9, 24 * GIB, ("0", "8 GB", "16 GB", "24 GB")),
        (Unit.BYTES, 3 * GIB, 3 * GIB, ("0", "1 GB", "2 GB", "3 GB")),
        (Unit.BYTES, 1.4 * GIB, 1.5 * GIB, ("0", "0.5 GB", "1 GB", "1.5 GB")),
        (Unit.BYTES, 0, GIB / 4, ("0", "64 MB", "128 MB", "192 MB", "256 MB")),
        (Unit.BYTES_PER_SECOND, 3e3, 1e6, ("0", "500 kB/s", "1 MB/s")),
        (Unit.BYTES_PER_SECOND, 1.7e9, 2e9, ("0", "500 MB/s", "1 GB/s", "1.5 GB/s", "2 GB/s")),
        (Unit.TOKENS_PER_SECOND, 41, 60, ("0", "20", "40", "60")),
        (Unit.COUNT, 1, 4, ("0", "1", "2", "3", "4")),
        (Unit.SECONDS, 0.3, 0.3, ("0", "0.1 s", "0.2 s", "0.3 s")),
        (Unit.SECONDS, 0.019, 0.02, ("0", "5 ms", "10 ms", "15 ms", "20 ms")),
        (Unit.CELSIUS, 61, 100, ("0", "50 °C", "100 °C")),
        (Unit.WATT, 310, 400, ("0", "100 W", "200 W", "300 W", "400 W")),
        (Unit.WATT, 1, 10, ("0", "5 W", "10 W")),
        (Unit.MEGAHERTZ, 1980, 2000, ("0", "500 MHz", "1,000 MHz", "1,500 MHz", "2,000 MHz")),
    ],
)
def test_axes(unit: Unit, highest: float, top: float, words: tuple[str, ...]) -> None:
    assert nice_top(unit, highest) == top
    assert tuple(tick.words for tick in ticks(unit, top)) == words


def test_an_edge_that_is_not_round_has_no_line() -> None:
    assert [tick.words for tick in ticks(Unit.BYTES, 23.4 * GIB)] == ["0", "8 GB", "16 GB"]


@pytest.mark.parametrize("top", [0.0, -1.0, math.nan, math.inf])
def test_no_edge_no_lines(top: float) -> None:
    assert [tick.words for tick in ticks(Unit.WATT, top)] == ["0"]


@pytest.mark.parametrize("highest", [math.nan, math.inf, -1.0])
def test_an_axis_without_values_has_an_edge(highest: float) -> None:
    assert nice_top(Unit.WATT, highest) == 10.0


@given(unit=st.sampled_from(list(Unit)), highest=st.floats(0, 1e15))
def test_every_axis_is_round_and_holds_its_values(unit: Unit, highest: float) -> None:
    top = nice_top(unit, highest)
    lines = ticks(unit, top)
    values = [tick.value for tick in lines]
    assert highest <= top * (1 + 1e-9)
    assert 3 <= len(lines) <= 5
    assert values[0] == 0
    assert values[-1] == pytest.approx(top)
    assert values == sorted(set(values))
    assert len({tick.words for tick in lines}) == len(lines)
