"""What can be taken out of Monitor: files, and the address where Prometheus reads. The head of Monitor owns both."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from desktop_app.services.monitor_view import DoorState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label
from desktop_app.ui.widgets.flow import Flow

_DOOR_WORDS = "Prometheus on this computer can read the figures of the engines at this address:"
_DOOR_TIP = "Opens an address on this computer, only for this computer, where Prometheus can read the figures."
_DASHBOARD_TIP = "A file that Grafana imports: it draws what Prometheus has read."


class ExportButton(QWidget):
    """A button with a menu. Whoever owns it answers."""

    csv_asked = Signal()
    png_asked = Signal()
    dashboard_asked = Signal()
    door_asked = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._open = False
        self.button: QPushButton = button("Export", self.show_menu)
        self.button.setAccessibleDescription("Opens a menu")
        theme.changed.connect(self._dress)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.button)
        self._dress()

    def show_door(self, door: DoorState) -> None:
        """Whether the address is open."""
        self._open = bool(door.address)

    def show_menu(self) -> QMenu:
        """Open the menu below the button."""
        menu = QMenu(self)
        menu.setAccessibleName("Export")
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction("Figures as CSV…", self.csv_asked.emit)
        menu.addAction("Picture as PNG…", self.png_asked.emit)
        menu.addSeparator()
        menu.addAction("Grafana dashboard…", self.dashboard_asked.emit).setToolTip(_DASHBOARD_TIP)
        door = menu.addAction("Address for Prometheus")
        door.setCheckable(True)
        door.setChecked(self._open)
        door.setToolTip(_DOOR_TIP)
        door.toggled.connect(self.door_asked)
        menu.popup(self.button.mapToGlobal(self.button.rect().bottomLeft()))
        return menu

    def _dress(self) -> None:
        self.button.setIcon(self._theme.icon("download"))


class DoorBar(QWidget):
    """The address while it is open, why it could not be opened, or nothing."""

    copied = Signal(str)
    closed = Signal()
    """Nobody shall read there any more."""
    retried = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._door = DoorState()
        self._frame: QFrame = card("notice")
        self._words = label(wrap=True)
        self._address = QLineEdit()
        self._address.setReadOnly(True)
        self._address.setFont(theme.mono_font(9.5))
        self._address.setAccessibleName("Address for Prometheus")
        self._copy = button("Copy", self._on_copy_clicked)
        self._copy.setAccessibleName("Copy the address for Prometheus")
        self._close = button("Close", self.closed.emit, "plain")
        self._close.setAccessibleName("Close the address for Prometheus")
        self._again = button("Try again", self.retried.emit)
        self._build(theme)
        self.show_door(DoorState())

    def show_door(self, door: DoorState) -> None:
        """Show *door*."""
        if door != self._door:
            self._door = door
            self._words.setText(door.error or _DOOR_WORDS)
            self._address.setText(door.address)
            self.setAccessibleName("Address for Prometheus")
            self.setAccessibleDescription(door.error or f"{_DOOR_WORDS} {door.address}")
        for one in (self._address, self._copy):
            one.setVisible(bool(door.address))
        # Of an address that could not be opened it closes what is said about it.
        self._again.setVisible(bool(door.error) and not door.address)
        self.setVisible(bool(door.address or door.error))

    def _on_copy_clicked(self) -> None:
        self.copied.emit(self._door.address)

    def _build(self, theme: Theme) -> None:
        space = theme.space
        row = Flow(space.small)
        for one in (self._copy, self._again, self._close):
            row.addWidget(one)
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(space.medium, space.small, space.medium, space.small)
        inside.setSpacing(space.tiny)
        inside.addWidget(self._words)
        inside.addWidget(self._address)
        inside.addLayout(row)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._frame)
