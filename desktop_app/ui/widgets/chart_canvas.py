"""The drawing of a chart: curves over the last minutes, a legend with figures, a moment at which all are read.

`chart.ChartView` adds what people do with it. Nothing is painted for nothing: the ground and the curves are kept as
pictures, which are made again when a new whole column, another size or another look asks for it. A figure of the legend
that changes has its own place painted, no more.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from math import isinf

from PySide6.QtCore import QEvent, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from desktop_app.domain.curves import Chart, Form, Section, Unit
from desktop_app.domain.figure_words import figure
from desktop_app.domain.marks import Mark
from desktop_app.domain.monitor_history import SPANS, History
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chart_axis import moment_words
from desktop_app.ui.widgets.chart_data import Window, newest, tracks_of
from desktop_app.ui.widgets.chart_frame import ROUND, paint_figures, paint_ground, paint_moment, paint_time
from desktop_app.ui.widgets.chart_heat import HeatRows
from desktop_app.ui.widgets.chart_layout import PLOT, height_of_chart, least_height
from desktop_app.ui.widgets.chart_look import look_of
from desktop_app.ui.widgets.chart_marks import Group, gathered, paint_hairs, paint_marks
from desktop_app.ui.widgets.chart_paint import paint_lines, paint_stack
from desktop_app.ui.widgets.chart_scene import Scene, items_of, room_for, scene_of, window_for
from desktop_app.ui.widgets.chart_words import description, figures, labels

_WIDTH, _LEAST_WIDTH = 420, 240
"""Logical pixels: as a chart likes to be, and as narrow as it may be, at any size of words."""
_TALL_PLOT = 200
"""Of a heat map with many rows, logical pixels at the usual size of words."""
_MANY_ROWS = 24
_SPOKEN_EVERY = 5.0
"""Seconds between two changes of the description: a screen reader should not hear of every figure."""
REACH = 8.0
"""How far from a mark the pointer or the moment may be, logical pixels."""


class ChartCanvas(QLabel):
    """Draws a `Chart` on a card of its own. A label that holds a picture is a graphic to a screen reader.

    Args:
        theme: colours and fonts.
        clock: local time, for words of the time axis.
    """

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, clock: Callable[[], datetime] = datetime.now
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._clock = clock
        self._look = look_of(theme)
        self._chart: Chart | None = None
        self._history = History()
        self._span = 0.0
        self._marks: tuple[Mark, ...] = ()
        self._now = 0.0
        self._revision = -1
        self._texts: tuple[str, ...] = ()
        self._rooms: tuple[float, ...] = ()
        """Of the figures in the legend, pixels."""
        self._heat = HeatRows()
        self._scene: Scene | None = None
        self._before: Scene | None = None
        """Of the same chart in the same size a column before; None when anything else has changed."""
        self._ground = QPixmap()
        self._grounded: tuple[object, ...] = ()
        """What the ground was painted from."""
        self._painted: QPixmap | None = None
        self._moment: float | None = None
        self._row: int | None = None
        """Of a heat map, which is read."""
        self._described = float("-inf")
        self._wanted = 0
        """The height that was asked for last."""
        self._gathered: tuple[Scene, tuple[Mark, ...], tuple[Group, ...]] | None = None
        """The marks of a scene as they were drawn: gathering hundreds takes longer than the rest of a drawing."""
        picture = QPixmap(1, 1)
        picture.fill(Qt.GlobalColor.transparent)
        self.setPixmap(picture)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self._dress)

    # --- what is shown -------------------------------------------------------------------------------------------

    def show_chart(self, chart: Chart) -> None:
        """Draw *chart* from now on."""
        if chart == self._chart:
            return
        self._chart = chart
        self._row = None
        self.setAccessibleName(chart.title)
        self._described = float("-inf")
        self._forget()
        self.updateGeometry()

    def draw(self, history: History, span: float, marks: Sequence[Mark], now: float) -> None:
        """Show the last *span* seconds.

        Args:
            history: has the values of the chart's curves.
            span: seconds, one of `monitor_history.SPANS`.
            marks: what happened, the oldest first.
            now: `seconds_now()` of the newest reading.
        """
        if self._chart is None:
            return
        other = history is not self._history or span != self._span
        revision = history.revision(span)
        self._history, self._span, self._now = history, span, now
        if other:
            self._described = float("-inf")
            self._forget()
        elif revision != self._revision and self._scene and self._window() != self._scene.scale.window:
            self._before, self._scene, self._painted = self._scene, None, None
            self.update()
        self._revision = revision
        if tuple(marks) != self._marks:
            self._marks = tuple(marks)
            self._painted = None
            self.update()
        self._tell()
        # What is being read out is not changed meanwhile; the figures of a moment are told by themselves.
        if isinf(self._described) or not (self.hasFocus() or -_SPOKEN_EVERY < self._described - now <= 0):
            self._describe()

    def show_moment(self, at: float | None) -> None:
        """Read all curves at the moment *at*, `seconds_now()`; None to show the newest figures."""
        if at == self._moment:
            return
        self._moment = at
        self._tell()
        self.update()

    # --- sizes and looks -----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Room for a plot that is easy to read."""
        width = self._theme.grown(_WIDTH)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Less than that, but never a plot too low to read."""
        return QSize(_LEAST_WIDTH, round(least_height(self._theme, self._look)))

    def hasHeightForWidth(self) -> bool:
        """A legend takes more rows where it is narrow."""
        return True

    def heightForWidth(self, width: int) -> int:
        """With as many rows as the legend takes in *width*."""
        chart = self._chart or _NO_CHART
        items = self._scene.items if self._scene else items_of(self._look, chart, self._rooms)
        many = chart.form is Form.HEAT and len(chart.curves) >= _MANY_ROWS
        plot = _TALL_PLOT if many else PLOT
        return round(height_of_chart(self._theme, self._look, width, chart.title, bool(chart.explanation), items, plot))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place everything again."""
        super().resizeEvent(event)
        self._scene = self._before = self._painted = None

    def hideEvent(self, event: QHideEvent) -> None:
        """Out of sight, it keeps no pictures."""
        super().hideEvent(event)
        self._scene = self._before = self._painted = None
        self._ground, self._grounded = QPixmap(), ()

    def _dress(self) -> None:
        self._look = look_of(self._theme)
        self._forget()
        self.updateGeometry()

    def _forget(self) -> None:
        """Work everything out again when it is painted next."""
        self._scene = self._before = self._painted = None
        self._grounded = ()
        self._texts = ("",) * len(labels(self._chart)) if self._chart else ()
        self._rooms = (0.0,) * len(self._texts)
        self._tell()
        self.update()

    # --- what is told --------------------------------------------------------------------------------------------

    def _window(self) -> Window | None:
        return window_for(self._chart, self._history, self._span, self.width()) if self._chart else None

    def _values(self) -> tuple[float | None, ...]:
        """Of all curves: at the moment that is read, else the newest."""
        chart, column = self._chart, self._column()
        if chart is None or not self._span:
            return (None,) * len(chart.curves) if chart else ()
        if column is None:
            return tuple(newest(self._history, curve.key, self._now) for curve in chart.curves)
        scene = self._arranged()
        if scene.tracks:
            return tuple(track.at(column) for track in scene.tracks)
        return tuple(one.at(0) for one in tracks_of(chart, self._history, self._span, scene.scale.window.only(column)))

    def _column(self) -> int | None:
        """The column that is read; None while none is, or when it is not shown here."""
        return None if self._moment is None else self._arranged().scale.window.column(self._moment)

    def _tell(self) -> None:
        """Have the figures of the legend painted that are others now."""
        if self._chart is None:
            return
        texts = figures(self._chart, self._values())
        changed = [number for number, text in enumerate(texts) if text != self._texts[number]]
        self._texts = texts
        rooms = list(self._rooms)
        for number in changed:
            rooms[number] = max(rooms[number], room_for(self._look, self._chart, texts[number]))
        if tuple(rooms) != self._rooms:
            self._rooms = tuple(rooms)
            if self._scene and any(room > self._scene.items[number].room for number, room in enumerate(rooms)):
                self._scene = self._before = self._painted = None
                self.update()
        if self._scene is not None:
            for entry in self._scene.layout.entries:
                if entry.item in changed:
                    self.update(entry.figure.toAlignedRect())

    def _describe(self) -> None:
        """Let a screen reader have the present figures."""
        window = self._window()
        if self._chart is None or window is None or not self._span:
            return
        self._described = self._now
        heat = self._chart.form is Form.HEAT
        tracks = () if heat else tracks_of(self._chart, self._history, self._span, window)
        values = tuple(newest(self._history, curve.key, self._now) for curve in self._chart.curves)
        words = description(self._chart, self._span, values, tracks)
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)

    # --- painting ------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """The ring of the keyboard's focus is drawn by hand."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut, QEvent.Type.DynamicPropertyChange):
            self.update()
        if event.type() is QEvent.Type.FocusIn:
            self._describe()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The kept picture, and on it the figures and the moment."""
        if self._chart is None:
            return
        scene, ratio = self._arranged(), self.devicePixelRatioF()
        if self._painted is None or self._painted.devicePixelRatio() != ratio:
            self._painted = self._paint(scene, ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._painted)
        if scene.known:
            paint_figures(painter, scene, self._texts, QRectF(event.rect()), self._look)
            column = self._column()
            if column is not None:
                paint_moment(painter, scene, column, self._row, self._moment_words(scene), self._look)
        if self.hasFocus() and self.property("kbd") is True:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._look.ring, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), ROUND, ROUND)

    def _arranged(self) -> Scene:
        """What is to be painted, worked out when something has changed."""
        if self._scene is None:
            before, size, span = self._before, QSizeF(self.size()), self._span or SPANS[0]
            times = self._clock(), self._now
            known = self._chart or _NO_CHART, self._history, span
            self._scene = scene_of(self._theme, self._look, *known, size, self._heat, self._rooms, *times, before)
            self._rooms = tuple(item.room for item in self._scene.items)
            if before is None or before.items != self._scene.items:
                self._ask_for_height()
        return self._scene

    def _ask_for_height(self) -> None:
        wanted = self.heightForWidth(self.width())
        if wanted != self._wanted:
            self._wanted = wanted
            self.updateGeometry()

    def _paint(self, scene: Scene, ratio: float) -> QPixmap:
        """The ground with the curves on it."""
        grounded = (*scene.ground(), ratio, self.size())
        if grounded != self._grounded:
            self._ground, self._grounded = self._empty(ratio), grounded
            painter = QPainter(self._ground)
            paint_ground(painter, scene, QSizeF(self.size()), self._look)
            painter.end()
        made = self._ground.copy()
        if not scene.known:
            return made
        painter = QPainter(made)
        groups, layout = self._groups(scene), scene.layout
        if scene.chart.form is Form.HEAT:
            self._heat.paint(painter, layout.plot, self._look)
        paint_hairs(painter, groups, layout.plot, self._look)
        if scene.chart.form is Form.STACK:
            paint_stack(painter, scene.tracks, scene.scale, self._look)
        elif scene.chart.form is Form.LINES:
            paint_lines(painter, scene.tracks, scene.scale, self._look)
        paint_marks(painter, groups, layout.lane, self._look)
        if not scene.timed:
            paint_time(painter, scene, self._look)
        painter.end()
        return made

    def _empty(self, ratio: float) -> QPixmap:
        made = QPixmap(self.size() * ratio)
        made.setDevicePixelRatio(ratio)
        return made

    def _groups(self, scene: Scene) -> tuple[Group, ...]:
        before = self._gathered
        if before is None or before[0] is not scene or before[1] is not self._marks:
            groups = gathered(self._marks, scene.scale, self._theme.grown(REACH * 1.5))
            before = self._gathered = scene, self._marks, groups
        return before[2]

    def _near(self, scene: Scene, x: float) -> Group | None:
        """The marks that stand near *x*."""
        near = [one for one in self._groups(scene) if abs(one.x - x) <= REACH]
        return min(near, key=lambda one: abs(one.x - x), default=None)

    def _moment_words(self, scene: Scene) -> str:
        """What stands below the moment that is read: when it was, and what happened then."""
        if self._moment is None:
            return ""
        words = [moment_words(scene.scale.window.right, self._moment, scene.span, scene.wall)]
        if self._row is not None and self._row < len(scene.chart.curves):
            value = figure(scene.chart.unit, self._values()[self._row])
            words.append(f"{scene.chart.curves[self._row].label}: {value}")
        near = self._near(scene, scene.scale.x(self._moment))
        return " · ".join([*words, near.marks[-1].words] if near else words)


_NO_CHART = Chart("", "", Unit.COUNT, Section.MACHINE, ())
