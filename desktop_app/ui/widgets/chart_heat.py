"""The picture of a heat map: a row for each curve, a column for each moment, in shades.

A hundred cores have sixty thousand values on it, of which a reading brings a hundred: the rows are kept and moved on.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import isnan

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from desktop_app.domain.curves import Curve
from desktop_app.domain.monitor_history import History
from desktop_app.ui.widgets.chart_data import Window, thinned
from desktop_app.ui.widgets.chart_look import SHADES, ChartLook

_GAP_ROWS = 7
"""Pixels of a row from which on rows have a hair between them."""


class HeatRows:
    """Shades by row and column: 0 where nothing is known, else 1 to `SHADES`."""

    def __init__(self) -> None:
        self._window: Window | None = None
        self._curves: tuple[Curve, ...] = ()
        self._rows: list[bytes] = []

    def take(self, history: History, span: float, curves: tuple[Curve, ...], window: Window) -> None:
        """Go on to *window*; what was known before is not asked again."""
        new = self._new(curves, window)
        if new == window.count or len(self._rows) != len(curves):
            new, self._rows = window.count, [b""] * len(curves)
        if new:
            for number, curve in enumerate(curves):
                shades = _shades(thinned(history.line(curve.key, span), window, new))
                self._rows[number] = (self._rows[number] + shades)[-window.count :]
        self._window, self._curves = window, curves

    @property
    def known(self) -> bool:
        """Whether there is anything to see."""
        return any(any(row) for row in self._rows)

    def _new(self, curves: tuple[Curve, ...], window: Window) -> int:
        """How many columns at the right are not known yet."""
        before = self._window
        if before is None or curves != self._curves:
            return window.count
        if (before.step, before.count, before.buckets) != (window.step, window.count, window.buckets):
            return window.count
        moved = window.first - before.first
        return moved if 0 <= moved < window.count else window.count

    def paint(self, painter: QPainter, plot: QRectF, look: ChartLook) -> None:
        """Fill *plot*, the first row on top."""
        if self._window is None or not self._rows:
            return
        width, stride = self._window.count, (self._window.count + 3) // 4 * 4
        padding = bytes(stride - width)
        pixels = b"".join(row + padding for row in self._rows)
        image = QImage(pixels, width, len(self._rows), stride, QImage.Format.Format_Indexed8)
        image.setColorTable([look.card.rgba(), *(shade.rgba() for shade in look.shades)])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.save()
        painter.setClipRect(plot)
        # Moments are in the middle of their columns, the first and the last one at the edges, as in every chart.
        half = plot.width() / max(1, width - 1) / 2
        painter.drawImage(plot.adjusted(-half, 0, half, 0), image)
        painter.restore()
        edges = row_edges(plot, len(self._rows))
        if plot.height() / len(self._rows) >= _GAP_ROWS:
            for edge in edges[1:-1]:
                painter.fillRect(QRectF(plot.left(), edge - 0.5, plot.width(), 1), look.card)


def row_edges(plot: QRectF, rows: int) -> list[float]:
    """Where rows begin and end, from the top."""
    return [plot.top() + plot.height() * number / rows for number in range(rows + 1)]


def row_at(plot: QRectF, rows: int, y: float) -> int | None:
    """The row at *y*; None where there is none."""
    edges = row_edges(plot, rows)
    return next((number for number, (top, bottom) in enumerate(pairwise(edges)) if top <= y < bottom), None)


def _shades(values: Sequence[float]) -> bytes:
    return bytes(0 if isnan(value) else 1 + int(min(1.0, max(0.0, value)) * (SHADES - 1) + 0.5) for value in values)
