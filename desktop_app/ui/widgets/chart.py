"""A chart of Monitor that is read with the pointer, the keyboard or a screen reader.

The page makes one for each `domain.curves.Chart`, has it draw, and hands the moment that is read in one to all.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QHideEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from desktop_app.domain.curves import Form
from desktop_app.domain.figure_words import spoken
from desktop_app.domain.marks import Mark
from desktop_app.domain.monitor_history import History
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import tip
from desktop_app.ui.widgets.chart_axis import moment_words
from desktop_app.ui.widgets.chart_canvas import REACH, ChartCanvas
from desktop_app.ui.widgets.chart_heat import row_at
from desktop_app.ui.widgets.chart_marks import words_of
from desktop_app.ui.widgets.chart_scene import Scene
from desktop_app.ui.widgets.chart_words import labels, said
from desktop_app.ui.widgets.speech import announce, listening

_STEPS = 60
"""Presses of an arrow key from one edge to the other."""


class ChartView(ChartCanvas):
    """Draws a `Chart`, and tells which moment of it is read.

    Args:
        theme: colours and fonts.
        clock: local time, for words of the time axis.
    """

    moment_changed = Signal(object)
    """Another moment is read: `seconds_now()`, or None when no moment is read any more. For all charts to show."""

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, clock: Callable[[], datetime] = datetime.now
    ) -> None:
        super().__init__(theme, parent, clock)
        self._pointer: QPointF | None = None
        self._by_keys = False
        """Whether this chart's keys chose the moment."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def draw(self, history: History, span: float, marks: Sequence[Mark], now: float) -> None:
        """Show the last *span* seconds; below a pointer at rest there is another moment then."""
        super().draw(history, span, marks, now)
        if self._chart is None:
            return
        if self._pointer is not None:
            self._read(self._arranged().scale.column(self._pointer.x()))
        elif self._by_keys and self._column() is None:
            self._leave()

    def show_moment(self, at: float | None) -> None:
        """Read what another chart reads: a pointer that rests here must not disturb keys that are pressed there."""
        if at != self._moment:
            self._pointer, self._by_keys, self._row = None, False, None
            super().show_moment(at)

    def words_at(self, place: QPointF) -> str:
        """What the tooltip at *place* says; empty for nothing."""
        if self._chart is None:
            return ""
        scene = self._arranged()
        layout = scene.layout
        if layout.title.contains(place) or layout.help.contains(place):
            return self._chart.explanation
        if layout.lane.adjusted(-REACH, -2, REACH, 2).contains(place):
            near = self._near(scene, place.x())
            return words_of(near) if near else ""
        legend = [one.label.united(one.figure) for one in layout.entries if not one.large]
        return self._all_figures() if any(room.contains(place) for room in (*legend, layout.more)) else ""

    def stop_reading(self) -> bool:
        """End the reading of a moment that this chart's keys chose; False when they did not."""
        reading = self._by_keys
        if reading:
            self._leave()
        return reading

    def event(self, event: QEvent) -> bool:
        """Explain what is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            words = tip(self.words_at(QPointF(event.pos()))).replace("\n", "<br>")
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing is read out of sight."""
        self._leave()
        super().hideEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the curves below the pointer."""
        super().mouseMoveEvent(event)
        scene = self._arranged() if self._chart else None
        place = event.position()
        if scene is not None and scene.known and scene.layout.plot.adjusted(-4, -4, 4, 4).contains(place):
            self._pointer, self._by_keys = place, False
            self._take_row(scene, row_at(scene.layout.plot, len(scene.chart.curves), place.y()))
            self._read(scene.scale.column(place.x()))
        elif self._pointer is not None:
            self._leave()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer has gone."""
        super().leaveEvent(event)
        if self._pointer is not None:
            self._leave()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard has gone."""
        super().focusOutEvent(event)
        if self._by_keys:
            self._leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk along the curves, with Ctrl by the smallest steps; Space explains, Esc ends the reading."""
        scene = self._arranged() if self._chart else None
        key = event.key()
        if key == Qt.Key.Key_Escape and self._moment is not None:
            self._leave()
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and scene and scene.chart.explanation:
            below = self.mapToGlobal(scene.layout.help.bottomLeft().toPoint())
            QToolTip.showText(below, tip(scene.chart.explanation), self)
        elif scene is not None and scene.known and self._walk(scene, key, event.modifiers()):
            if listening():
                announce(self, self._moment_said(scene))
        else:
            super().keyPressEvent(event)

    def _walk(self, scene: Scene, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """Go where *key* goes; False when it goes nowhere."""
        last, column = scene.scale.window.count - 1, self._column()
        rows = len(scene.chart.curves)
        step = 1 if modifiers & Qt.KeyboardModifier.ControlModifier else max(1, round(last / _STEPS))
        here = last + step if column is None else column
        ways: dict[int, int] = {
            Qt.Key.Key_Left: here - step,
            Qt.Key.Key_Right: here + step,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if key in ways:
            self._pointer, self._by_keys = None, True
            self._read(min(last, max(0, ways[key])))
            return True
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and scene.chart.form is Form.HEAT and column is not None:
            turn = 1 if key == Qt.Key.Key_Down else -1
            self._take_row(scene, 0 if self._row is None else min(rows - 1, max(0, self._row + turn)))
            return True
        return False

    def _read(self, column: int) -> None:
        at = self._arranged().scale.window.time(column)
        if at != self._moment:
            super().show_moment(at)
            self.moment_changed.emit(at)

    def _leave(self) -> None:
        """Nothing is read here any more."""
        if self._pointer is None and not self._by_keys and self._moment is None:
            return
        mine = self._pointer is not None or self._by_keys or self.hasFocus()
        self._pointer, self._by_keys, self._row = None, False, None
        super().show_moment(None)
        if mine:
            self.moment_changed.emit(None)

    def _take_row(self, scene: Scene, row: int | None) -> None:
        if scene.chart.form is Form.HEAT and row != self._row:
            self._row = row
            self.update()

    def _moment_said(self, scene: Scene) -> str:
        """The moment that is read, for ears."""
        if self._moment is None:
            return ""
        when = moment_words(scene.scale.window.right, self._moment, scene.span, scene.wall)
        words = f"{when}: {self._row_said(scene) or said(scene.chart, self._values())}."
        near = self._near(scene, scene.scale.x(self._moment))
        return f"{words} {words_of(near)}" if near else words

    def _row_said(self, scene: Scene) -> str:
        """The row of a heat map that is read, for ears."""
        if self._row is None or self._moment is None:
            return ""
        return f"{scene.chart.curves[self._row].label} {spoken(scene.chart.unit, self._values()[self._row])}"

    def _all_figures(self) -> str:
        """The whole legend, a line for each part."""
        if self._chart is None:
            return ""
        pairs = zip(labels(self._chart), self._texts, strict=True)
        return "\n".join(f"{label}: {text}" for label, text in pairs if text)
