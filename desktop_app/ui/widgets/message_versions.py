"""`‹ 2/3 ›`: which version of a turn is shown, and the way to its neighbours."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from desktop_app.domain.tree import Place
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, label
from desktop_app.ui.widgets.message_actions import MessageAction

_TALL, _NARROW, _ICON = 28, 22, 16
"""Height and width of an arrow's button and size of the arrow, at the usual size of words, pixels."""

_ICONS = {MessageAction.PREVIOUS_VERSION: "chevron-left", MessageAction.NEXT_VERSION: "chevron-right"}


class VersionBar(QWidget):
    """Two arrows and the count between them; no size at all for a message with one version."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._place: Place | None = None
        self._buttons: dict[MessageAction, IconButton] = {}
        self._count: QLabel | None = None
        self.hide()

    def sizeHint(self) -> QSize:
        """As wide as it is."""
        tall = self._theme.grown(_TALL)
        if self._place is None or self._count is None:
            return QSize(0, tall)
        return QSize(2 * self._theme.grown(_NARROW) + self._count.sizeHint().width() + 4, tall)

    def fit(self) -> None:
        """Place arrows and count as large as the size of words asks for."""
        if self._count is None:
            return
        tall, narrow = self._theme.grown(_TALL), self._theme.grown(_NARROW)
        width = self._count.sizeHint().width() + 4
        previous, following = self._buttons.values()
        previous.setGeometry(0, 0, narrow, tall)
        self._count.setGeometry(narrow, 0, width, tall)
        following.setGeometry(narrow + width, 0, narrow, tall)
        for arrow in (previous, following):
            arrow.setIconSize(self._theme.icon_size(_ICON))

    def show_place(self, place: Place | None) -> None:
        """Show *place*; None hides it all."""
        if place == self._place:
            return
        self._place = place
        if place:
            self._show(place)
        self.setVisible(place is not None)

    def button(self, action: MessageAction) -> IconButton | None:
        """The arrow of *action*, or the other one when it leads nowhere."""
        if self._place is None or action not in self._buttons:
            return None
        other = next(one for one in self._buttons if one is not action)
        return self._buttons[action if self._buttons[action].isEnabled() else other]

    def _show(self, place: Place) -> None:
        if self._count is None:
            self._count = label(role="second")
            self._count.setParent(self)
            self._count.setFont(self._theme.figures_font())
            self._count.setAlignment(Qt.AlignmentFlag.AlignCenter)
            for action, icon in _ICONS.items():
                self._buttons[action] = self._make(action, icon)
        previous, following = self._buttons.values()
        previous.setEnabled(place.number > 1)
        following.setEnabled(place.number < place.count)
        self._count.setText(f"{place.number}/{place.count}")
        self._count.setAccessibleName(f"Version {place.number} of {place.count}")
        self._count.show()
        self.fit()

    def _make(self, action: MessageAction, icon: str) -> IconButton:
        made = IconButton(self._theme, icon, action.value, lambda: self.chosen.emit(action))
        made.setParent(self)
        made.show()
        return made
