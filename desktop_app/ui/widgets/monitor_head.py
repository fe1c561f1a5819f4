"""The head of Monitor: how far back is looked, what can be taken out, and whether there are warnings out of sight.

The page of Monitor owns one; `ui/monitor_room` answers its signals.
"""

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.monitor_history import SPANS
from desktop_app.services.monitor_view import DoorState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.model_list_look import model_list_sheet
from desktop_app.ui.widgets.monitor_export import ExportButton
from desktop_app.ui.widgets.monitor_words import span_name


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

    def take_focus(self) -> None:
        """Put the keyboard on the span that is looked at."""
        shown = next((one for one in self._buttons.values() if one.isChecked()), self)
        shown.setFocus(Qt.FocusReason.OtherFocusReason)

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


class MonitorHead(QWidget):
    """Names the page, and offers what can be done with it. It stays while the rest of the page scrolls."""

    span_chosen = Signal(float)
    """Seconds, one of `monitor_history.SPANS`."""
    csv_asked = Signal()
    png_asked = Signal()
    dashboard_asked = Signal()
    door_asked = Signal(bool)
    """Whether the address for Prometheus shall be open."""
    warnings_asked = Signal()
    """The warnings shall be brought into sight."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._beside: bool | None = None
        """Whether the choice of the span stands beside the title."""
        self._count = 0
        """Warnings out of sight."""
        self._title = label("Monitor", "hero")
        self._warnings = button("", self.warnings_asked.emit, "plain")
        self._warnings.hide()
        self._row = QGridLayout()
        self._spans = SpanChoice()
        self._export = ExportButton(theme)
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()

    def show_door(self, door: DoorState) -> None:
        """Whether the address for Prometheus is open."""
        self._export.show_door(door)

    def show_span(self, span: float) -> None:
        """Show that *span* seconds are looked at, without telling anybody."""
        self._spans.show_span(span)

    def focus_export(self) -> None:
        """Put the keyboard on the button that exports."""
        self._export.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_warnings(self, count: int) -> None:
        """Tell that there are *count* warnings, which are out of sight."""
        if count == self._count:
            return
        self._count = count
        if not count and self._warnings.hasFocus():
            # Whoever pressed it is at the top now; the keyboard would go to who knows where.
            self._spans.take_focus()
        self._warnings.setAccessibleName(f"Show {_warnings(count)}")
        self._warnings.setVisible(bool(count))
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The choice of the span goes below the title where it has no room beside it."""
        super().resizeEvent(event)
        self._arrange()

    def _connect(self) -> None:
        self._spans.chosen.connect(self.span_chosen)
        self._export.csv_asked.connect(self.csv_asked)
        self._export.png_asked.connect(self.png_asked)
        self._export.dashboard_asked.connect(self.dashboard_asked)
        self._export.door_asked.connect(self.door_asked)

    def _arrange(self) -> None:
        shown = [one for one in (self._title, self._warnings, self._spans, self._export) if not one.isHidden()]
        gaps = 2 * self._theme.space.huge + (len(shown) - 1) * self._row.horizontalSpacing()
        self._warnings.setText(_warnings(self._count))
        beside = self.width() >= sum(one.sizeHint().width() for one in shown) + gaps
        if not beside:
            self._warnings.setText(str(self._count))
        if beside is not self._beside:
            self._beside = beside
            self._row.removeWidget(self._spans)
            if beside:
                self._row.addWidget(self._spans, 0, 2, Qt.AlignmentFlag.AlignVCenter)
            else:
                self._row.addWidget(self._spans, 1, 0, 1, 4, Qt.AlignmentFlag.AlignLeft)

    def _dress(self) -> None:
        self.setStyleSheet(self._theme.sheet(model_list_sheet(self._theme.tokens)))
        self._warnings.setIcon(self._theme.icon("warning", self._theme.tokens.warn))
        self._arrange()

    def _build(self) -> None:
        space = self._theme.space
        self._row.setHorizontalSpacing(space.medium)
        self._row.setVerticalSpacing(space.small)
        self._row.setColumnStretch(1, 1)
        self._row.addWidget(self._title, 0, 0)
        self._row.addWidget(self._warnings, 0, 1, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        # Before the button, as Tab goes through them; `_arrange` puts it where it has room.
        self._row.addWidget(self._spans, 0, 2)
        self._row.addWidget(self._export, 0, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(space.huge, space.large, space.huge, space.medium)
        column.addLayout(self._row)


def _warnings(count: int) -> str:
    return f"{count} warning{'' if count == 1 else 's'}"
