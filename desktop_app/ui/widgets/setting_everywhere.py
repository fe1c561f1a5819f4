"""Two choices that hold for every model: when an idle one is stopped, and whether one starts with the program."""

from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.store.settings import Settings
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import card, label
from desktop_app.ui.widgets.setting_parts import Choice, Switch
from desktop_app.ui.widgets.setting_row import SettingLine

_MINUTES = (0, 10, 30, 60)


class SettingEverywhere(QWidget):
    """Reads and changes `Settings`; both choices are off until somebody makes them."""

    def __init__(self, theme: Theme, bridge: Bridge, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._settings = settings
        self._idle = Choice(theme, "Unload a model that nobody asks")
        for minutes in _MINUTES:
            self._idle.addItem(_minutes_words(minutes), minutes)
        self._warm = Switch(theme, "Start the last model when the program opens")
        self._idle.activated.connect(self._on_idle_chosen)
        self._warm.toggled.connect(self._on_warm_toggled)
        self._build(theme)

    def showEvent(self, event: QShowEvent) -> None:
        """Read what is chosen now."""
        super().showEvent(event)
        minutes = self._settings.idle_unload_minutes
        if self._idle.findData(minutes) < 0:
            self._idle.addItem(_minutes_words(minutes), minutes)
        self._idle.setCurrentIndex(self._idle.findData(minutes))
        self._warm.show_state(self._settings.warm_start)

    def _on_idle_chosen(self, index: int) -> None:
        self._bridge.start("idle unload", self._settings.set_idle_unload_minutes(int(self._idle.itemData(index))))

    def _on_warm_toggled(self, wanted: bool) -> None:
        self._bridge.start("warm start", self._settings.set_warm_start(wanted))

    def _build(self, theme: Theme) -> None:
        warm = QWidget()
        row = QHBoxLayout(warm)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._warm)
        row.addStretch()
        idle_line = SettingLine(
            theme,
            "Unload a model that nobody asks",
            "Stops it and gives its memory back; your next message starts it again.",
            self._idle,
        )
        warm_line = SettingLine(
            theme,
            "Start the last model when the program opens",
            "It is ready sooner, and takes its memory from the beginning.",
            warm,
        )
        idle_line.set_first(True)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(0, 4, 0, 4)
        inside.setSpacing(0)
        inside.addWidget(idle_line)
        inside.addWidget(warm_line)
        title = label("For every model")
        title.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(title)
        column.addWidget(frame)


def _minutes_words(minutes: int) -> str:
    if not minutes:
        return "Never"
    return "After an hour" if minutes == 60 else f"After {minutes} minutes"
