"""The strip at the bottom of the window: how busy the machine and the engine are, always in sight.

Painted by hand, because it is drawn for as long as the window is open: a gauge is painted again only when its text or
its curve has changed. Where there is little room the curves go first, then the bars; the figures stay.
"""

from collections import deque
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from desktop_app.services.gauges import EMPTY, Frame
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.gauge_values import Gauge, Graph, gauges, words

HEIGHT = 36
"""At the usual size of words, pixels."""
_SAMPLES = 60
"""A curve's length: one or two minutes."""
_LEVELS = 16
"""A curve's height in logical pixels. Samples are kept as whole ones: a quiet machine draws the same curve again."""
_CURVE_WIDTH, _BAR_WIDTH, _BAR_HEIGHT = 64, 56, 6
_SPOKEN_EVERY = 5
"""Frames between two changes of the description: a screen reader should not hear of every figure."""
_SLOWEST_SCALE = 10.0
"""Tokens per second at the top of an idle speed curve."""


class _Detail(IntEnum):
    """What is drawn beside the figures, from all to nothing."""

    ALL = 0
    BARS = 1
    FIGURES = 2
    NARROW = 3


@dataclass(frozen=True)
class _Place:
    """Where a gauge is painted."""

    whole: QRect
    label: QRectF
    graph: QRectF | None
    text: QRectF


class GaugeStrip(QWidget):
    """Draws the newest `Frame`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._frame = EMPTY
        self._gauges: tuple[Gauge, ...] = gauges(EMPTY)
        self._curves: dict[str, deque[float]] = {}
        self._places: tuple[_Place, ...] = ()
        self._frames = 0
        self._shrink = 1.0
        """Of the size of words: figures that have no room grow less than the others."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Gauges")
        self.setAccessibleDescription(words(EMPTY))
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        """Take the present colours and sizes of words."""
        self.setFixedHeight(self._theme.grown(HEIGHT))
        self._arrange()
        self.update()

    def show_frame(self, frame: Frame) -> None:
        """Draw *frame* and let the curves go on."""
        before, drawn = self._gauges, {gauge.key: self._curve(gauge) for gauge in self._gauges}
        engine_changed = (frame.tokens_per_second is None) is not (self._frame.tokens_per_second is None)
        self._frame, self._gauges = frame, gauges(frame)
        self._remember()
        if [(gauge.key, gauge.widest) for gauge in before] != [(gauge.key, gauge.widest) for gauge in self._gauges]:
            self._arrange()
            self.update()
        else:
            self._update_changed(before, drawn)
        self._frames += 1
        if engine_changed or self._frames % _SPOKEN_EVERY == 1:
            self.setAccessibleDescription(words(frame))

    def sizeHint(self) -> QSize:
        """Wide enough for everything."""
        return QSize(round(sum(self._widths(_Detail.ALL))) + 2 * self._theme.space.large, self._theme.grown(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """The strip never keeps the window wide."""
        return QSize(0, self._theme.grown(HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find the detail that fits."""
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        """Explain the figure under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            from html import escape  # noqa: PLC0415 - it loads every named character of HTML

            # As rich text, so that long sentences are wrapped; a card's name is no markup.
            tip = escape(self.tip_at(event.pos())).replace("\n", "<br>")
            QToolTip.showText(event.globalPos(), f"<p>{tip}</p>" if tip else "", self)
            return True
        return super().event(event)

    def tip_at(self, position: QPoint) -> str:
        """What the figure at *position* is; empty between figures."""
        pairs = zip(self._gauges, self._places, strict=True)
        return next((gauge.tip for gauge, place in pairs if place.whole.contains(position)), "")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the gauges that lie in what has to be painted."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(self._theme.tokens.side))
        painter.fillRect(QRect(0, 0, self.width(), 1), QColor(self._theme.tokens.line))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for gauge, place in zip(self._gauges, self._places, strict=True):
            if place.whole.intersects(event.rect()):
                self._paint(painter, gauge, place)

    def _paint(self, painter: QPainter, gauge: Gauge, place: _Place) -> None:
        tokens, left = self._theme.tokens, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._label_font())
        painter.setPen(QColor(tokens.second))
        painter.drawText(place.label, left, gauge.label)
        painter.setFont(self._figures_font())
        painter.setPen(QColor(tokens.text if gauge.amount is not None else tokens.second))
        painter.drawText(place.text, left, gauge.text)
        if place.graph is not None:
            colour = QColor(getattr(tokens, gauge.tone.value))
            if gauge.graph is Graph.BAR:
                self._paint_bar(painter, place.graph, gauge.amount or 0.0, colour)
            else:
                self._paint_curve(painter, place.graph, self._curve(gauge), colour)

    def _paint_bar(self, painter: QPainter, room: QRectF, share: float, colour: QColor) -> None:
        bar = QRectF(room.x(), room.center().y() - _BAR_HEIGHT / 2, room.width(), _BAR_HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.tokens.line))
        painter.drawRoundedRect(bar, _BAR_HEIGHT / 2, _BAR_HEIGHT / 2)
        if share > 0:
            # Below its own height a rounded bar would not look like one.
            bar.setWidth(max(_BAR_HEIGHT, min(1.0, share) * room.width()))
            painter.setBrush(colour)
            painter.drawRoundedRect(bar, _BAR_HEIGHT / 2, _BAR_HEIGHT / 2)

    def _paint_curve(self, painter: QPainter, room: QRectF, levels: tuple[int, ...], colour: QColor) -> None:
        step, floor = room.width() / (_SAMPLES - 1), room.bottom()
        painter.setPen(QColor(self._theme.tokens.line))
        painter.drawLine(QPointF(room.left(), floor), QPointF(room.right(), floor))
        if not levels:
            return
        begin = room.right() - step * (len(levels) - 1)
        points = [QPointF(begin + step * index, floor - level) for index, level in enumerate(levels)]
        soft = QColor(colour)
        soft.setAlphaF(0.18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(soft)
        painter.drawPolygon(QPolygonF([QPointF(begin, floor), *points, QPointF(room.right(), floor)]))
        painter.setPen(colour)
        painter.drawPolyline(QPolygonF(points))

    def _remember(self) -> None:
        """Append the newest samples; what is gone or unknown loses its curve."""
        curves: dict[str, deque[float]] = {}
        for gauge in self._gauges:
            if gauge.graph is Graph.CURVE and gauge.amount is not None:
                curves[gauge.key] = self._curves.get(gauge.key) or deque(maxlen=_SAMPLES)
                curves[gauge.key].append(gauge.amount)
        self._curves = curves

    def _curve(self, gauge: Gauge) -> tuple[int, ...]:
        """The samples as heights in whole logical pixels; a speed is drawn against the highest of its own."""
        samples = self._curves.get(gauge.key, ())
        top = max(_SLOWEST_SCALE, *samples) if gauge.key == "speed" and samples else 1.0
        return tuple(round(min(1.0, sample / top) * _LEVELS) for sample in samples)

    def _update_changed(self, before: tuple[Gauge, ...], drawn: dict[str, tuple[int, ...]]) -> None:
        for old, new, place in zip(before, self._gauges, self._places, strict=True):
            if (old.text, old.tone) != (new.text, new.tone) or drawn[new.key] != self._curve(new):
                self.update(place.whole)

    def _arrange(self) -> None:
        """Place all gauges from the left, in the most detail that fits."""
        room = self.width() - 2 * self._theme.space.large
        self._shrink = 1.0
        fitting = [detail for detail in _Detail if sum(self._widths(detail)) <= room]
        detail = fitting[0] if fitting else _Detail.NARROW
        if not fitting:
            self._fit_words(room)
        x, places = float(self._theme.space.large), []
        for gauge, width in zip(self._gauges, self._widths(detail), strict=True):
            places.append(self._place(gauge, x, width, detail))
            x += width
        self._places = tuple(places)

    def _place(self, gauge: Gauge, x: float, width: float, detail: _Detail) -> _Place:
        gap, height = self._gap(detail), self._theme.grown(HEIGHT)
        label = QRectF(x, 0, self._label_width(gauge), height)
        text_x, graph = label.right() + gap, None
        graph_width = _graph_width(gauge, detail)
        if graph_width:
            graph = QRectF(text_x, (height - _LEVELS) / 2, graph_width, _LEVELS)
            text_x = graph.right() + gap
        whole = QRect(int(x), 0, int(width) + 1, height)
        return _Place(whole, label, graph, QRectF(text_x, 0, x + width - text_x, height))

    def _widths(self, detail: _Detail) -> list[float]:
        """The width of every gauge, with the gap to the next."""
        figures = QFontMetricsF(self._figures_font())
        gap = self._gap(detail)
        between = self._between(detail)
        widths = []
        for gauge in self._gauges:
            graph = _graph_width(gauge, detail)
            text = max(figures.horizontalAdvance(gauge.widest), figures.horizontalAdvance(gauge.text))
            widths.append(self._label_width(gauge) + gap + (graph + gap if graph else 0) + text + between)
        return widths

    def _label_width(self, gauge: Gauge) -> float:
        return QFontMetricsF(self._label_font()).horizontalAdvance(gauge.label) + 1

    def _fit_words(self, room: int) -> None:
        """Make the words as large as *room* allows, but no smaller than usual."""
        wanted = sum(self._widths(_Detail.NARROW))
        gaps = sum(self._between(_Detail.NARROW) + self._gap(_Detail.NARROW) for _ in self._gauges)
        self._shrink = max(min(1.0, 1 / self._theme.text_scale), (room - gaps) / (wanted - gaps))

    def _between(self, detail: _Detail) -> int:
        space = self._theme.space
        return {_Detail.ALL: space.huge, _Detail.NARROW: space.medium}.get(detail, space.large)

    def _label_font(self) -> QFont:
        return self._theme.body_font(9 * self._shrink)

    def _figures_font(self) -> QFont:
        return self._theme.figures_font(9.5 * self._shrink)

    def _gap(self, detail: _Detail) -> int:
        return self._theme.space.tiny if detail is _Detail.NARROW else self._theme.space.small


def _graph_width(gauge: Gauge, detail: _Detail) -> int:
    if gauge.graph is Graph.CURVE:
        return _CURVE_WIDTH if detail is _Detail.ALL else 0
    return _BAR_WIDTH if detail <= _Detail.BARS else 0
