"""What a chart says: figures of its legend, the words for ears, why there is nothing to see. No painting here."""

from collections.abc import Sequence

from desktop_app.domain.curves import Chart, Form
from desktop_app.domain.figure_words import figure, spoken
from desktop_app.ui.widgets.chart_data import Track

_MOST_SPOKEN = 8
"""Curves that are told one by one."""
_SPANS = {60.0: "minute", 300.0: "5 minutes", 900.0: "15 minutes", 3600.0: "hour"}
RAMP, AVERAGE, HIGHEST = "0 to 100 %", "Average", "Highest"
"""What the legend of a heat map tells, beginning with its shades."""


def labels(chart: Chart) -> tuple[str, ...]:
    """The parts of the legend."""
    return (RAMP, AVERAGE, HIGHEST) if chart.form is Form.HEAT else tuple(curve.label for curve in chart.curves)


def figures(chart: Chart, values: Sequence[float | None]) -> tuple[str, ...]:
    """The figures of the legend, one for each of `labels`, from one value for each curve."""
    if chart.form is not Form.HEAT:
        return tuple(figure(chart.unit, value) for value in values)
    known = [(value, number) for number, value in enumerate(values) if value is not None]
    if not known:
        return "", figure(chart.unit, None), figure(chart.unit, None)
    highest, number = max(known, key=lambda pair: (pair[0], -pair[1]))
    average = sum(value for value, _ in known) / len(known)
    return "", figure(chart.unit, average), f"{chart.curves[number].label}: {figure(chart.unit, highest)}"


def said(chart: Chart, values: Sequence[float | None]) -> str:
    """The values of all curves at one moment, for ears."""
    if chart.form is Form.HEAT:
        known = [(value, number) for number, value in enumerate(values) if value is not None]
        if not known:
            return "unknown"
        highest, number = max(known, key=lambda pair: (pair[0], -pair[1]))
        average = spoken(chart.unit, sum(value for value, _ in known) / len(known))
        return f"average {average}, highest {chart.curves[number].label} with {spoken(chart.unit, highest)}"
    pairs = list(zip(chart.curves, values, strict=True))
    if len(pairs) == 1:
        return spoken(chart.unit, pairs[0][1])
    told = [f"{curve.label} {spoken(chart.unit, value)}" for curve, value in pairs[:_MOST_SPOKEN]]
    return ", ".join([*told, f"and {len(pairs) - _MOST_SPOKEN} more"] if len(pairs) > _MOST_SPOKEN else told)


def description(chart: Chart, span: float, values: Sequence[float | None], tracks: Sequence[Track]) -> str:
    """The whole chart for ears: newest figures, how low and high each curve was, what the chart is about.

    Args:
        chart: what it is about.
        span: what is shown, seconds.
        values: the newest of each curve.
        tracks: all that is shown of each curve; none for a heat map.
    """
    known = values if chart.form is Form.HEAT else [track.highest for track in tracks]
    if chart.note or all(value is None for value in known):
        return f"{nothing_words(chart, span)} {chart.explanation}".strip()
    ranges = [
        f"{curve.label} between {spoken(chart.unit, low)} and {spoken(chart.unit, high)}"
        for curve, track in zip(chart.curves, tracks, strict=False)
        if (low := track.lowest) is not None and (high := track.highest) is not None
    ]
    told = [f"Now {said(chart, values)}."]
    if ranges and chart.form is not Form.HEAT:
        each = ranges if len(chart.curves) > 1 else [ranges[0].removeprefix(chart.curves[0].label).strip()]
        more = f"; and {len(each) - _MOST_SPOKEN} more" if len(each) > _MOST_SPOKEN else ""
        told.append(f"In the last {span_name(span)} {'; '.join(each[:_MOST_SPOKEN])}{more}.")
    return " ".join([*told, chart.explanation]).strip()


def nothing_words(chart: Chart, span: float) -> str:
    """Why there is nothing to see."""
    return chart.note or f"No data in the last {span_name(span)}."


def span_name(span: float) -> str:
    """A span as it is spoken of, e.g. `5 minutes`."""
    return _SPANS.get(span, f"{round(span / 60)} minutes")
