"""The rail at the left of the window: a button for each page. The main window answers it."""

from enum import Enum

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.ui.shortcuts import CommandId, Shortcuts
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton

_AROUND = 34
"""Pixels of the width that are not an icon."""
_ICON = 18


class Place(Enum):
    """Where the rail leads: the name of an icon, and what people read."""

    CHAT = ("chat", "Chat", CommandId.CHAT)
    MODELS = ("cube", "Models", CommandId.MODELS)
    COMPARE = ("columns", "Compare", CommandId.COMPARE)
    MONITOR = ("gauge", "Monitor", CommandId.MONITOR)
    ENGINE = ("engine", "Engine", CommandId.ENGINE)
    LOG = ("log", "Log", CommandId.LOG)
    MODEL_SETTINGS = ("sliders", "Settings of the model", CommandId.MODEL_SETTINGS)
    PREFERENCES = ("gear", "Preferences", CommandId.PREFERENCES)

    def __init__(self, icon: str, words: str, command: CommandId) -> None:
        self.icon = icon
        self.words = words
        self.command = command


_BELOW = (Place.MODEL_SETTINGS, Place.PREFERENCES)
"""At the bottom, apart from what one works in."""


class Rail(QWidget):
    """Asks for pages; the button of the one that is shown is down.

    Args:
        theme: icons.
        shortcuts: the keys that the tooltips name.
    """

    asked = Signal(object)
    """A `Place`."""

    def __init__(self, theme: Theme, shortcuts: Shortcuts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 12, 8, 12)
        column.setSpacing(8)
        self._buttons: dict[Place, IconButton] = {}
        for place in Place:
            if place is _BELOW[0]:
                column.addStretch()
            button = IconButton(theme, place.icon, place.words, pixels=_ICON)
            button.setCheckable(True)
            # Not `clicked`: a screen reader toggles buttons that can be down. Showing the page sets it right again.
            button.toggled.connect(lambda _down, place=place: self.asked.emit(place))
            shortcuts.tell(button, place.words, place.command)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
            self._buttons[place] = button
        theme.changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.setFixedWidth(self._theme.grown(_ICON) + _AROUND)

    def show_place(self, shown: Place | None) -> None:
        """The page of *shown* is in front; None for one that the rail does not lead to."""
        for place, button in self._buttons.items():
            with QSignalBlocker(button):
                button.setChecked(place is shown)
