"""The strip at the bottom of the window: how busy the machine and the engine are, always in sight. It opens Monitor.

Painted by hand, because it is drawn for as long as the window is open: a gauge is painted again only when its text or
its curve has changed. Where there is little room the curves go first, then the bars; the figures stay.
"""

from collections import deque
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QToolTip, QWidget

from desktop_app.services.gauges import EMPTY, Frame
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import paint_bar
from desktop_app.ui.widgets.gauge_values import Gauge, Graph, explanation, gauges, words

HEIGHT = 36
"""At the usual size of words, pixels."""
_SAMPLES = 60
"""A curve's length: one or two minutes."""
_LEVELS = 16
"""A curve's height in logical pixels. It is drawn in whole ones: a quiet machine draws the same curve again."""
_CURVE_WIDTH, _BAR_WIDTH, _BAR_HEIGHT = 64, 56, 6
_SPOKEN_EVERY = 5
"""Moments between two changes of the description: a screen reader should not hear of every figure."""
_SLOWEST_SCALE = 10.0
"""Tokens per second at the top of an idle speed curve."""
_RING = 2
"""Of the keyboard's focus, pixels."""
_LEAST_SHRINK = 0.75
"""How much smaller than chosen words may be before figures are left out."""
_FITTINGS = 4
"""The font is relatively wider when it is smaller: how often a size is tried."""
_MORE = "Click for more."


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


class _Curve:
    """The last samples of one gauge, and how they are drawn."""

    def __init__(self) -> None:
        self.levels: tuple[int, ...] = ()
        """Heights in whole logical pixels, the oldest first."""
        self._samples: deque[float] = deque(maxlen=_SAMPLES)

    def add(self, sample: float, *, speed: bool) -> bool:
        """Take one more; whether the curve looks different now. A *speed* is drawn against the highest of its own."""
        self._samples.append(sample)
        before = self.levels
        if speed:
            top = max(_SLOWEST_SCALE, *self._samples)
            self.levels = tuple(round(one / top * _LEVELS) for one in self._samples)
        else:
            self.levels = (*before[1 - _SAMPLES :], round(min(1.0, sample) * _LEVELS))
        return self.levels != before


class GaugeStrip(QAbstractButton):
    """Draws the newest `Frame`. `clicked` asks for Monitor: a click anywhere, or Enter or Space with the keyboard."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._frame = EMPTY
        self._gauges: tuple[Gauge, ...] = gauges(EMPTY)
        self._curves: dict[str, _Curve] = {}
        self._places: tuple[_Place, ...] = ()
        self._frames = 0
        self._brief = False
        """Whether there is no room for all figures, so that cards are summed up and memory is told as a share."""
        self._shrink = 1.0
        """Of the size of words: figures that have no room grow less than the others."""
        self._label_font = self._figures_font = QFont()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
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
        before, engine_before = self._gauges, bool(self._frame.engines)
        # When engines have answered there is another frame of the same moment.
        later = frame.machine is not self._frame.machine
        self._frame, self._gauges = frame, gauges(frame, brief=self._brief)
        moved = self._remember(later)
        if _room_asked(before) != _room_asked(self._gauges):
            self._arrange()
            self.update()
        else:
            for old, new, place in zip(before, self._gauges, self._places, strict=True):
                if old.text != new.text or old.tone is not new.tone or new.key in moved:
                    self.update(place.whole)
        self._frames += later
        if engine_before is not bool(frame.engines) or (later and self._frames % _SPOKEN_EVERY == 1):
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter does what Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Explain the figure under the pointer; draw the ring when the keyboard comes and goes."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            from html import escape  # noqa: PLC0415 - it loads every named character of HTML

            # As rich text, so that long sentences are wrapped; a card's name is no markup.
            tip = escape(self.tip_at(event.pos())).replace("\n", "<br>")
            QToolTip.showText(event.globalPos(), f"<p>{tip}</p>", self)
            return True
        if event.type() is QEvent.Type.DynamicPropertyChange:
            self.update()
        return super().event(event)

    def tip_at(self, position: QPoint) -> str:
        """What the figure at *position* is, and what a click does."""
        pairs = zip(self._gauges, self._places, strict=True)
        key = next((gauge.key for gauge, place in pairs if place.whole.contains(position)), "")
        return f"{explanation(self._frame, key, brief=self._brief)}\n{_MORE}" if key else _MORE

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the gauges that lie in what has to be painted."""
        tokens, dirty = self._theme.tokens, event.rect()
        painter = QPainter(self)
        painter.fillRect(dirty, QColor(tokens.raised if self.underMouse() else tokens.side))
        painter.fillRect(QRect(0, 0, self.width(), 1), QColor(tokens.line))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for gauge, place in zip(self._gauges, self._places, strict=True):
            if place.whole.intersects(dirty):
                self._paint(painter, gauge, place)
        if self.property("kbd") is True:
            painter.setPen(QPen(QColor(tokens.accent_text), _RING))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(_RING, _RING, -_RING, -_RING), 6, 6)

    def _paint(self, painter: QPainter, gauge: Gauge, place: _Place) -> None:
        tokens, left = self._theme.tokens, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._label_font)
        painter.setPen(QColor(tokens.second))
        painter.drawText(place.label, left, gauge.label)
        painter.setFont(self._figures_font)
        painter.setPen(QColor(tokens.text if gauge.amount is not None else tokens.second))
        painter.drawText(place.text, left, gauge.text)
        if place.graph is not None:
            colour = QColor(getattr(tokens, gauge.tone.value))
            if gauge.graph is Graph.BAR:
                room, top = place.graph, place.graph.center().y() - _BAR_HEIGHT / 2
                bar = QRectF(room.x(), top, room.width(), _BAR_HEIGHT)
                paint_bar(painter, bar, gauge.amount or 0.0, QColor(tokens.line), colour)
            else:
                curve = self._curves.get(gauge.key)
                self._paint_curve(painter, place.graph, curve.levels if curve else (), colour)

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

    def _remember(self, later: bool) -> set[str]:
        """Append samples of a *later* moment; whose curves look different now. What is unknown loses its curve."""
        kept: dict[str, _Curve] = {}
        moved = set()
        for key, _, _, _, graph, amount, _ in self._gauges:
            if graph is Graph.CURVE and amount is not None:
                kept[key] = self._curves.get(key) or _Curve()
                if later and kept[key].add(amount, speed=key == "speed"):
                    moved.add(key)
        moved |= self._curves.keys() - kept.keys()
        self._curves = kept
        return moved

    def _arrange(self) -> None:
        """Place all gauges from the left, in the most detail that fits."""
        room = self.width() - 2 * self._theme.space.large
        self._brief = False
        self._gauges = gauges(self._frame)
        detail = self._fitting(room)
        if detail is None:
            self._brief = True
            self._gauges = gauges(self._frame, brief=True)
            detail = self._fitting(room)
        detail = _Detail.NARROW if detail is None else detail
        x, places = float(self._theme.space.large), []
        for gauge, width in zip(self._gauges, self._widths(detail), strict=True):
            places.append(self._place(gauge, x, width, detail))
            x += width
        self._places = tuple(places)

    def _fitting(self, room: int) -> _Detail | None:
        """The most detail that fits, in words as large as *room* allows, but no smaller than usual; None for none."""
        self._take_fonts(1.0)
        for detail in _Detail:
            # Nothing stands behind the last one that it would have to keep away from.
            if sum(self._widths(detail)) <= room + self._between(detail):
                return detail
        room += self._between(_Detail.NARROW)
        gaps = sum(self._between(_Detail.NARROW) + self._gap(_Detail.NARROW) for _ in self._gauges)
        usual = min(1.0, 1 / self._theme.text_scale)
        # Whoever wants large words would rather have fewer of them.
        least = usual if self._brief else max(usual, _LEAST_SHRINK)
        shrink = 1.0
        for _ in range(_FITTINGS):
            shrink *= (room - gaps) / (sum(self._widths(_Detail.NARROW)) - gaps)
            self._take_fonts(max(least, shrink))
            if sum(self._widths(_Detail.NARROW)) <= room:
                return _Detail.NARROW
        return None

    def _take_fonts(self, shrink: float) -> None:
        self._label_font = self._theme.body_font(9 * shrink)
        self._figures_font = self._theme.figures_font(9.5 * shrink)

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
        figures = QFontMetricsF(self._figures_font)
        gap = self._gap(detail)
        between = self._between(detail)
        widths = []
        for gauge in self._gauges:
            graph = _graph_width(gauge, detail)
            text = max(figures.horizontalAdvance(gauge.widest), figures.horizontalAdvance(gauge.text))
            widths.append(self._label_width(gauge) + gap + (graph + gap if graph else 0) + text + between)
        return widths

    def _label_width(self, gauge: Gauge) -> float:
        return QFontMetricsF(self._label_font).horizontalAdvance(gauge.label) + 1

    def _between(self, detail: _Detail) -> int:
        space = self._theme.space
        return {_Detail.ALL: space.huge, _Detail.NARROW: space.medium}.get(detail, space.large)

    def _gap(self, detail: _Detail) -> int:
        return self._theme.space.tiny if detail is _Detail.NARROW else self._theme.space.small


def _room_asked(shown: tuple[Gauge, ...]) -> list[tuple[str, str, str]]:
    """What the places of gauges depend on."""
    return [(gauge.key, gauge.label, gauge.widest) for gauge in shown]


def _graph_width(gauge: Gauge, detail: _Detail) -> int:
    if gauge.graph is Graph.CURVE:
        return _CURVE_WIDTH if detail is _Detail.ALL else 0
    return _BAR_WIDTH if gauge.graph is Graph.BAR and detail <= _Detail.BARS else 0
