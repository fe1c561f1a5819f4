"""What stands above and below the rows of the list of conversations: New chat, a selection, bin and import."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, button, card
from desktop_app.ui.widgets.conversation_list_entries import chats_words
from desktop_app.ui.widgets.flow import Flow

_ICON = 15


class NewChat(QWidget):
    """The button that begins a chat, and beside it what else can be begun."""

    clicked = Signal()
    more_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.main = button("New chat", self.clicked.emit, "primary")
        self.more = button("", self.more_clicked.emit, "primary")
        self.main.setProperty("side", "left")
        self.more.setProperty("side", "right")
        self.main.setToolTip("Begin a new conversation")
        self.more.setToolTip("Temporary chat, new folder")
        self.more.setAccessibleName("More to begin")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.main, 1)
        row.addWidget(self.more)
        theme.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        colour = self._theme.tokens.on_accent
        for one in (self.main, self.more):
            one.setIconSize(self._theme.icon_size(_ICON))
        self.main.setIcon(self._theme.icon("plus", colour))
        self.more.setIcon(self._theme.icon("chevron-down", colour))


class BulkBar(QWidget):
    """How many chats are selected, and what can be done with all of them."""

    pin_clicked = Signal()
    move_clicked = Signal()
    export_clicked = Signal()
    delete_clicked = Signal()
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ElidedLabel()
        self.pin = _quiet("Pin", self.pin_clicked.emit)
        self.to_folder = _quiet("Move", self.move_clicked.emit)
        self.export = _quiet("Export", self.export_clicked.emit)
        self.delete = _quiet("Delete", self.delete_clicked.emit)
        frame = card("notice")
        head = QHBoxLayout()
        # As far in as the words of the buttons below.
        head.setContentsMargins(9, 0, 0, 0)
        head.addWidget(self._words, 1)
        head.addWidget(IconButton(theme, "close", "Select only the open chat", self.closed.emit))
        verbs = Flow(0)
        for one in (self.pin, self.to_folder, self.export, self.delete):
            verbs.addWidget(one)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(3, 4, 4, 6)
        inside.setSpacing(0)
        inside.addLayout(head)
        inside.addLayout(verbs)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)
        self.hide()

    def show_count(self, count: int, pinned: bool) -> None:
        """Show the bar for *count* chats; *pinned* when all of them are."""
        self.setVisible(count > 1)
        self._words.setText(f"{chats_words(count)} selected")
        self.pin.setText("Unpin" if pinned else "Pin")
        self.pin.setAccessibleName(self.pin.text())


class Foot(QWidget):
    """Bin and import, small: a newcomer needs neither."""

    bin_clicked = Signal()
    import_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bin = _quiet("Bin", self.bin_clicked.emit)
        self._bin.setToolTip("Deleted chats are kept for 30 days")
        self._import = _quiet("Import…", self.import_clicked.emit)
        self._import.setToolTip("Chats from this program, from ChatGPT or from Open WebUI")
        row = Flow(4, self)
        row.addWidget(self._bin)
        row.addWidget(self._import)
        theme.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        for one in (self._bin, self._import):
            one.setIconSize(self._theme.icon_size(_ICON))
        self._bin.setIcon(self._theme.icon("trash"))
        self._import.setIcon(self._theme.icon("download"))


def _quiet(text: str, clicked: Callable[[], object]) -> QPushButton:
    return button(text, clicked, "quiet")
