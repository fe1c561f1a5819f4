"""What Monitor draws: charts, their curves and units. `monitor_charts` says which there are for a machine."""

from dataclasses import dataclass
from enum import Enum


class Unit(Enum):
    """What a figure counts."""

    SHARE = "share"
    """0…1, told as per cent."""
    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes per second"
    TOKENS_PER_SECOND = "tokens per second"
    COUNT = "count"
    SECONDS = "seconds"
    CELSIUS = "degrees Celsius"
    WATT = "watts"
    MEGAHERTZ = "megahertz"


class Form(Enum):
    """How a chart is drawn."""

    LINES = "lines"
    STACK = "stack"
    """One on top of another, the first curve at the bottom."""
    HEAT = "heat"
    """A row for each curve, the darker the more; shares only."""


class Section(Enum):
    """Where a chart belongs. The value is the heading."""

    MACHINE = "Computer"
    CARDS = "Graphics cards"
    ENGINE = "Engine"


@dataclass(frozen=True)
class Curve:
    """One series."""

    key: str
    """Of the series in `history.History`."""
    label: str
    """As short as a legend wants it."""
    brief: str = ""
    """The same where there is little room, e.g. `7` for `Card 7`; empty where it cannot be shorter."""


@dataclass(frozen=True)
class Chart:
    """Curves of one unit, drawn on one ground."""

    key: str
    title: str
    unit: Unit
    section: Section
    curves: tuple[Curve, ...]
    form: Form = Form.LINES
    top: float | None = None
    """What the upper edge always is, e.g. 1.0 for a share or all memory; None to follow the curves."""
    explanation: str = ""
    """One or two sentences for somebody who sees the word for the first time."""
    note: str = ""
    """Why there is nothing to draw, as a sentence; empty otherwise."""
