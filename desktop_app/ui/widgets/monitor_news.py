"""What Monitor has to say in words: warnings, memory after a stop, the address for Prometheus, the program's own use.

The page of Monitor owns one, above its charts; it scrolls with them.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.machine import Usage
from desktop_app.services.monitor_view import MonitorState, Release
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label
from desktop_app.ui.widgets.calm_text import CalmText
from desktop_app.ui.widgets.composer_chips import Icon
from desktop_app.ui.widgets.monitor_alerts import AlertStack
from desktop_app.ui.widgets.monitor_export import DoorBar
from desktop_app.ui.widgets.monitor_words import own_use, release_words, unbroken

_OWN_USE_EVERY = 4.0
"""Seconds between two changes of what the program itself uses: it is to be read, not to be watched."""


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


class MonitorNews(QWidget):
    """Draws what `MonitorState` says beside the figures."""

    door_asked = Signal(bool)
    """Whether the address for Prometheus shall be open."""
    copied = Signal(str)
    """This text shall be put on the clipboard."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own_use_told = 0.0
        self.alerts = AlertStack(theme)
        self.door = DoorBar(theme)
        self._release = ReleaseLine(theme)
        self._own_use = CalmText("second")
        self._own_use.hide()
        self.door.copied.connect(self.copied)
        self.door.closed.connect(lambda: self.door_asked.emit(False))
        self.door.retried.connect(lambda: self.door_asked.emit(True))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.space.small)
        for widget in (self.alerts, self._release, self.door, self._own_use):
            column.addWidget(widget)

    def show_state(self, state: MonitorState, own: Usage) -> None:
        """Draw what is said; what is the same as before costs nothing.

        Args:
            state: what is known.
            own: what the window and its helpers use, their share of the processor over the last minute.
        """
        self.alerts.show_alerts(state.alerts)
        self._release.show_release(state.release)
        self.door.show_door(state.door)
        at = state.frame.machine.at
        if self._own_use.isHidden() or abs(at - self._own_use_told) >= _OWN_USE_EVERY:
            self._own_use_told = at
            words = own_use(own)
            self._own_use.setText(unbroken(words))
            self._own_use.setVisible(bool(words))
