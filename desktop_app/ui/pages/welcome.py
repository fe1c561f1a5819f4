"""The first run: one page, one button. Skip is always there."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.services.setup import Setup, SetupState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import Scrolled, button, label
from desktop_app.ui.widgets.install_card import InstallCard

_WIDTH = 620
_STORY = "To begin, the engine vLLM is installed in a folder of its own. Then a small model, the Guide, answers."
_PROMISES = (
    "Nothing you write leaves this computer. No account, no telemetry; the network is used for this download only."
)


class WelcomePage(QWidget):
    """Offers to install the engine and to begin a chat with the Guide."""

    set_up_clicked = Signal()
    adopt_clicked = Signal()
    skipped = Signal()

    def __init__(self, theme: Theme, bridge: Bridge, setup: Setup, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._card = InstallCard(theme, "Set up and chat")
        self._card.install_clicked.connect(self.set_up_clicked)
        self._card.cancel_clicked.connect(setup.cancel)
        self._card.adopt_clicked.connect(self.adopt_clicked)
        self._card.dismissed.connect(setup.dismiss_error)
        self._skip = button("Skip for now", self.skipped.emit, "link")
        self._inner = QWidget()
        self._build()
        theme.changed.connect(self._fit)
        self._fit()
        bridge.watch(self, setup.state, self._on_setup_changed)

    def showEvent(self, event: QShowEvent) -> None:
        """The keyboard begins at the one button that leads on, not at whatever Qt comes to first."""
        super().showEvent(event)
        self._card.focus_action()

    def _on_setup_changed(self, state: SetupState) -> None:
        self._card.show_setup(state.plan, state.progress, state.error)

    def _fit(self) -> None:
        self._inner.setMaximumWidth(self._theme.scaled(_WIDTH))

    def _build(self) -> None:
        column = QVBoxLayout(self._inner)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(label("Chat with open models on this computer", "hero", wrap=True))
        column.addWidget(label(_STORY, "second", wrap=True))
        column.addSpacing(8)
        column.addWidget(self._card)
        column.addWidget(label(_PROMISES, "second", wrap=True))
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self._skip)
        column.addLayout(row)
        column.addStretch(3)
        middle = QWidget()
        centre = QHBoxLayout(middle)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(self._inner, 100)
        centre.addStretch(1)
        area = Scrolled()
        area.setWidget(middle)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(area)
