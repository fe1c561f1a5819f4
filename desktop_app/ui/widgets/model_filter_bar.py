"""The line above the list of models: search, and what can be asked of the Hub with the words that were typed."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.ui.widgets.basics import button, label, plain

OFFLINE = "Offline mode is on: the Hub is not asked for anything."
_NO_WORDS = "Type what to look for, then the Hub can be asked."


class ModelSearch(QLineEdit):
    """A line to search with. Escape empties it, Down goes to the list, Enter asks the Hub."""

    down_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Search the models")
        # Only with something to clear: Qt looks through every icon theme for the button's picture.
        self.textChanged.connect(lambda text: self.setClearButtonEnabled(bool(text)))

    def event(self, event: QEvent) -> bool:
        """Escape is for this line while it has words; the window has a use for it, too."""
        mine = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and bool(self.text())
        if event.type() is QEvent.Type.ShortcutOverride and mine:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys that are not of a line of text."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self.down_pressed.emit()
        else:
            super().keyPressEvent(event)


class FilterBar(QWidget):
    """Takes words; offers to ask the Hub for them, or to open what they name."""

    changed = Signal()
    """Other words."""
    search_asked = Signal(str)
    """The Hub shall be asked for these words."""
    address_opened = Signal(str)
    """A repository, a link or a folder, as it was typed."""
    down_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._discover = True
        self._offline = False
        self._searching = False
        self._offer = ""
        self._by_itself = False
        self.search = ModelSearch()
        self._ask = button("Search the Hub", self._on_ask_clicked)
        self._note = label(role="small")
        self._build()
        self.search.textChanged.connect(self._on_changed)
        self.search.returnPressed.connect(self._on_ask_clicked)
        self.search.down_pressed.connect(self.down_pressed)
        self._show()

    @property
    def words(self) -> str:
        """What is searched for."""
        return self.search.text().strip()

    @property
    def can_ask(self) -> bool:
        """Whether the button can do what it says."""
        if self._by_itself:
            return True
        return self._discover and not self._offline and not self._searching and bool(self.words)

    def set_discover(self, discover: bool) -> None:
        """Whether the models of the Hub are looked at, or those on this computer."""
        self._discover = discover
        self._show()

    def show_state(self, offline: bool, searching: bool) -> None:
        """Whether the Hub may be asked, and whether it is being asked."""
        if (offline, searching) != (self._offline, self._searching):
            self._offline, self._searching = offline, searching
            self._show()

    def show_offer(self, offer: str, by_itself: bool = False) -> None:
        """The words name something that can be opened, as the button then says; nothing else if *offer* is empty.

        What can be opened *by itself* needs no Hub.
        """
        self._offer, self._by_itself = offer, by_itself and bool(offer)
        self._show()

    def _on_changed(self) -> None:
        self.changed.emit()
        self._show()

    def _on_ask_clicked(self) -> None:
        if not self.can_ask:
            return
        if self._offer:
            self.address_opened.emit(self.words)
        else:
            self.search_asked.emit(self.words)

    def _show(self) -> None:
        self.search.setPlaceholderText(
            "Search, or paste a link of the Hub" if self._discover else "Search the models on this computer"
        )
        words = "Asking the Hub…" if self._searching else "Search the Hub"
        if self._offer and not self._searching:
            words = self._offer
        self._ask.setText(plain(words))
        self._ask.setAccessibleName(words)
        self._ask.setVisible(self._discover or self._by_itself)
        self._ask.setEnabled(self.can_ask)
        self._ask.setToolTip("" if self.can_ask else OFFLINE if self._offline else "" if self.words else _NO_WORDS)
        self._note.setText(OFFLINE)
        self._note.setVisible(self._discover and self._offline)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.search, 1)
        row.addWidget(self._ask)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self._note)
