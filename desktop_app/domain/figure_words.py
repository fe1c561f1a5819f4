"""Figures in words, and the axes that they are read on. Charts, the CSV export and screen readers ask here.

Sizes in memory count in powers of two, what goes to disks and over networks in powers of ten, as in `domain.units`.
"""

from dataclasses import dataclass
from math import ceil, floor, isfinite, log2, log10

from desktop_app.domain.curves import Unit
from desktop_app.domain.units import memory_words, span_words

UNKNOWN = "–"

_SPOKEN_UNITS = {
    "GB": ("gigabyte", "gigabytes"),
    "MB": ("megabyte", "megabytes"),
    "GB/s": ("gigabyte per second", "gigabytes per second"),
    "MB/s": ("megabyte per second", "megabytes per second"),
    "kB/s": ("kilobyte per second", "kilobytes per second"),
    "h": ("hour", "hours"),
    "min": ("minute", "minutes"),
    "s": ("second", "seconds"),
    "ms": ("millisecond", "milliseconds"),
    "%": ("percent", "percent"),
    "tok/s": ("token per second", "tokens per second"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "W": ("watt", "watts"),
    "MHz": ("megahertz", "megahertz"),
}
"""Of one, and of any other number."""
_SMALLEST_TOP = {
    Unit.SHARE: 0.1,
    Unit.BYTES: 2.0**28,
    Unit.BYTES_PER_SECOND: 1e6,
    Unit.TOKENS_PER_SECOND: 10.0,
    Unit.COUNT: 4.0,
    Unit.SECONDS: 0.01,
    Unit.CELSIUS: 100.0,
    Unit.WATT: 10.0,
    Unit.MEGAHERTZ: 1000.0,
}
"""The lowest upper edge of an axis: below it a curve would show noise as large as work."""
_SHORTEST = 0.0005
"""Seconds. The first bound at which engines of ours count times (`engine/presets`): below it nothing is told apart."""
_SMALLEST_PERCENT = 0.1
"""Below it a little is told from nothing, not how little."""
_STEPS = (1.0, 2.0, 5.0, 10.0)
_SPEEDS = ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"))


@dataclass(frozen=True)
class Tick:
    """A line of an axis."""

    value: float
    words: str
    """As short as an axis wants it, e.g. `8 GB`."""


def figure(unit: Unit, value: float | None) -> str:
    """A figure for eyes, e.g. `41 tok/s`, `7.2 GB`, `34 %`; a dash for what is unknown."""
    if value is None or not isfinite(value):
        return UNKNOWN
    match unit:
        case Unit.SHARE:
            return _percent(value)
        case Unit.BYTES:
            return memory_words(round(value))
        case Unit.BYTES_PER_SECOND:
            return _speed(value)
        case Unit.TOKENS_PER_SECOND:
            return f"{_number(value)} tok/s"
        case Unit.COUNT:
            return _number(value)
        case Unit.SECONDS:
            return _duration(value)
        case Unit.CELSIUS:
            return f"{value:.0f} °C"
        case Unit.WATT:
            return f"{value:,.0f} W" if value >= 10 or not value else f"{value:.1f} W"
        case Unit.MEGAHERTZ:
            return f"{value:,.0f} MHz"


def spoken(unit: Unit, value: float | None) -> str:
    """A figure for ears, e.g. `41 tokens per second`; `unknown` for what is unknown."""
    words = figure(unit, value)
    if words == UNKNOWN:
        return "unknown"
    parts = words.replace("< ", "less than ").split(" ")
    return " ".join(_spelled(part, number) for part, number in zip(parts, ("", *parts), strict=False))


def nice_top(unit: Unit, highest: float) -> float:
    """The upper edge of an axis that shows values up to *highest*: a round one, and never too small for its unit."""
    least = _SMALLEST_TOP[unit]
    wanted = max(least, highest if isfinite(highest) else least)
    step = _step(unit, wanted)
    return _round(ceil(wanted / step - 1e-9) * step)


def ticks(unit: Unit, top: float) -> tuple[Tick, ...]:
    """Lines of an axis from 0 to *top*: up to five at round values, 0 among them; *top* too where it is a round one."""
    if not isfinite(top) or top <= 0:
        return (Tick(0.0, "0"),)
    step = _step(unit, top)
    count = floor(top / step + 1e-9)
    return tuple(Tick(_round(number * step), _axis_words(unit, number * step, step)) for number in range(count + 1))


def _step(unit: Unit, top: float) -> float:
    """The smallest round step that divides *top* into four at most."""
    wanted = top / 4
    if unit is Unit.BYTES:
        return float(2.0 ** ceil(log2(wanted) - 1e-9))
    if unit is Unit.COUNT:
        wanted = max(1.0, wanted)
    decade = 10.0 ** floor(log10(wanted))
    return next(step * decade for step in _STEPS if step * decade >= wanted * (1 - 1e-9))


def _round(value: float) -> float:
    """Without the last digits that multiplying leaves, e.g. 0.3 for 3 · 0.1."""
    return float(f"{value:.14g}")


def _axis_words(unit: Unit, value: float, step: float) -> str:
    """A round value: with no more digits than it has, in the unit of its step."""
    if not value:
        return "0"
    match unit:
        case Unit.SHARE:
            return f"{value * 100:g} %"
        case Unit.BYTES:
            return f"{value / 2**20:g} MB" if step < 2**29 and value < 2**30 else f"{value / 2**30:g} GB"
        case Unit.BYTES_PER_SECOND:
            size, name = _speed_unit(value)
            return f"{value / size:g} {name}"
        case Unit.SECONDS:
            return f"{value * 1000:g} ms" if step < 0.1 else f"{value:g} s"
        case Unit.COUNT | Unit.TOKENS_PER_SECOND:
            return f"{value:,.0f}"
        case Unit.WATT:
            return f"{value:,.0f} W"
        case Unit.CELSIUS | Unit.MEGAHERTZ:
            return figure(unit, value)


def _percent(share: float) -> str:
    percent = share * 100
    if 0 < percent < _SMALLEST_PERCENT:
        return f"< {_SMALLEST_PERCENT} %"
    return f"{percent:.1f} %" if 0 < percent < 0.95 else f"{percent:.0f} %"


def _duration(seconds: float) -> str:
    if 0 < seconds < _SHORTEST:
        return f"< {_SHORTEST * 1000} ms"
    if seconds < 0.1:
        return f"{seconds * 1000:.1f} ms" if 0 < seconds < 0.01 else f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.2f} s"
    return f"{seconds:.1f} s" if seconds < 100 else span_words(seconds)


def _speed(value: float) -> str:
    size, name = _speed_unit(value)
    return f"{_number(value / size)} {name}"


def _speed_unit(value: float) -> tuple[float, str]:
    return next(((size, name) for size, name in _SPEEDS if value >= size), _SPEEDS[-1])


def _number(value: float) -> str:
    """Whole from ten on, and where nothing is behind the point."""
    return f"{value:,.0f}" if value >= 10 or round(value, 1) == round(value) else f"{value:.1f}"


def _spelled(part: str, before: str) -> str:
    """The word for a unit; anything else as it is."""
    one, many = _SPOKEN_UNITS.get(part, (part, part))
    return one if before == "1" else many
