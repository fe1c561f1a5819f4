"""The head of Monitor: how far back is looked, what can be taken out, what is to be warned of and to be known.

The page of Monitor owns one; `ui/monitor_room` answers its signals.
"""

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.monitor_history import SPANS
from desktop_app.services.monitor_view import MonitorState, Release
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.calm_text import CalmText
from desktop_app.ui.widgets.composer_chips import Icon
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.model_list_look import model_list_sheet
from desktop_app.ui.widgets.monitor_alerts import AlertStack
from desktop_app.ui.widgets.monitor_export import DoorBar, ExportButton
from desktop_app.ui.widgets.monitor_words import own_use, release_words, span_name, unbroken

_OWN_USE_EVERY = 4.0
"""Seconds between two changes of what the program itself uses: it is to be read, not to be watched."""


class SpanChoice(QFrame):
    """Chooses how far back is looked, by mouse, Tab and arrow keys. Where there is no room it has two lines."""

    chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "segments")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 2, 2, 2)
        row = Flow(2)
        column.addLayout(row)
        self._buttons = {span: self._button(span) for span in SPANS}
        for one in self._buttons.values():
            row.addWidget(one)

    def show_span(self, span: float) -> None:
        """Show that *span* seconds are looked at, without telling anybody."""
        with QSignalBlocker(self._buttons[span]):
            self._buttons[span].setChecked(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Left and Right choose; a button by itself would only move the focus."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and event.key() in steps:
            offered = list(self._buttons.values())
            here = next((index for index, made in enumerate(offered) if made is watched), 0)
            chosen = offered[(here + steps[Qt.Key(event.key())]) % len(offered)]
            chosen.setFocus(Qt.FocusReason.TabFocusReason)
            chosen.click()
            return True
        return super().eventFilter(watched, event)

    def _button(self, span: float) -> QPushButton:
        made = button(span_name(span), lambda: None, "segment")
        made.setAccessibleName(f"The last {span_name(span)}")
        made.setCheckable(True)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # Not `clicked`: a screen reader toggles what can be checked, and no click comes of that.
        made.toggled.connect(lambda on: self.chosen.emit(span) if on else None)
        made.installEventFilter(self)
        self._group.addButton(made)
        return made


class ReleaseLine(QWidget):
    """What was measured after an engine was stopped: a line, or nothing."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._release: Release | None = None
        self._words = label(wrap=True)
        self._back, self._held = Icon(theme, "check", "good"), Icon(theme, "info")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.space.small)
        row.addWidget(self._back, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._held, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        self.setAccessibleName("After the stop")
        self.hide()

    def show_release(self, release: Release | None) -> None:
        """Show *release*; None hides it."""
        if release == self._release:
            return
        self._release = release
        self.setVisible(release is not None)
        if release is not None:
            words = release_words(release)
            self._words.setText(unbroken(words))
            self.setAccessibleDescription(words)
            self._back.setVisible(release.back)
            self._held.setVisible(not release.back)


class MonitorHead(QWidget):
    """Draws what `MonitorState` says beside the curves, and offers what can be done with them."""

    span_chosen = Signal(float)
    """Seconds, one of `monitor_history.SPANS`."""
    csv_asked = Signal()
    png_asked = Signal()
    dashboard_asked = Signal()
    door_asked = Signal(bool)
    """Whether the address for Prometheus shall be open."""
    copied = Signal(str)
    """This text shall be put on the clipboard."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._own_use_told = 0.0
        self._beside: bool | None = None
        """Whether the choice of the span stands beside the title."""
        self._title = label("Monitor", "hero")
        self._row = QGridLayout()
        self._spans = SpanChoice()
        self._export = ExportButton(theme)
        self._alerts = AlertStack(theme)
        self._release = ReleaseLine(theme)
        self._door = DoorBar(theme)
        self._own_use = CalmText("second")
        self._own_use.hide()
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()

    def show_state(self, state: MonitorState) -> None:
        """Draw everything but the span; what is the same as before costs nothing."""
        self._alerts.show_alerts(state.alerts)
        self._release.show_release(state.release)
        self._door.show_door(state.door)
        self._export.show_door(state.door)
        machine = state.frame.machine
        if self._own_use.isHidden() or abs(machine.at - self._own_use_told) >= _OWN_USE_EVERY:
            self._own_use_told = machine.at
            words = own_use(machine.program)
            self._own_use.setText(unbroken(words))
            self._own_use.setVisible(bool(words))

    def show_span(self, span: float) -> None:
        """Show that *span* seconds are looked at, without telling anybody."""
        self._spans.show_span(span)

    def _connect(self) -> None:
        self._spans.chosen.connect(self.span_chosen)
        self._export.csv_asked.connect(self.csv_asked)
        self._export.png_asked.connect(self.png_asked)
        self._export.dashboard_asked.connect(self.dashboard_asked)
        self._export.door_asked.connect(self.door_asked)
        self._door.copied.connect(self.copied)
        self._door.closed.connect(self._on_door_closed)
        self._door.retried.connect(self._on_door_retried)

    def _on_door_closed(self) -> None:
        # The button that was pressed goes away; the keyboard would go to who knows where.
        self._export.button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.door_asked.emit(False)

    def _on_door_retried(self) -> None:
        self.door_asked.emit(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The choice of the span goes below the title where it has no room beside it."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        gaps = 2 * self._theme.space.huge + 2 * self._row.horizontalSpacing()
        wanted = sum(one.sizeHint().width() for one in (self._title, self._spans, self._export)) + gaps
        beside = self.width() >= wanted
        if beside is not self._beside:
            self._beside = beside
            self._row.removeWidget(self._spans)
            if beside:
                self._row.addWidget(self._spans, 0, 1, Qt.AlignmentFlag.AlignVCenter)
            else:
                self._row.addWidget(self._spans, 1, 0, 1, 3, Qt.AlignmentFlag.AlignLeft)

    def _dress(self) -> None:
        self.setStyleSheet(self._theme.sheet(model_list_sheet(self._theme.tokens)))
        self._arrange()

    def _build(self) -> None:
        space = self._theme.space
        self._row.setHorizontalSpacing(space.medium)
        self._row.setVerticalSpacing(space.small)
        self._row.setColumnStretch(0, 1)
        self._row.addWidget(self._title, 0, 0)
        # Before the button, as Tab goes through them; `_arrange` puts it where it has room.
        self._row.addWidget(self._spans, 0, 1)
        self._row.addWidget(self._export, 0, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(space.huge, space.large, space.huge, space.medium)
        column.setSpacing(space.small)
        column.addLayout(self._row)
        for widget in (self._alerts, self._release, self._door, self._own_use):
            column.addWidget(widget)
