"""The two lists of models, *On this computer* and *Discover*, with search, chips and sort. `ui/pages/models` owns one.

It draws `ModelsState` and sifts it by itself; everything else it asks for by signals.
"""

import re
from enum import Enum

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.fit import Verdict
from desktop_app.domain.library import Source
from desktop_app.services.models_view import ModelRow, ModelsState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, plain, short_name
from desktop_app.ui.widgets.model_filter import VerdictChips
from desktop_app.ui.widgets.model_filter_bar import OFFLINE, FilterBar
from desktop_app.ui.widgets.model_list_empty import Invitation
from desktop_app.ui.widgets.model_list_entry import Answer, Order, Question, Sieve
from desktop_app.ui.widgets.model_list_view import ModelListView
from desktop_app.ui.widgets.setting_parts import Choice

_REPOSITORY = re.compile(r"(?:https?://[^/\s]+/)?([\w.-]{1,96}/[\w.-]{1,96})(?:[/?#@:]\S*)?", re.ASCII)
"""What looks like a repository or a link to one; whether it is one, the service says."""
_PAUSE_MS = 60
"""Before the detail follows the arrow keys: a pressed key repeats quicker."""

_SORT_LETTERS = 17
"""Of the widest order, in letters of more than average width."""
_SORT_LEAST = 80
"""Pixels of its box, with an arrow in it."""


class Shelf(Enum):
    """Which models are looked at. The value is what people read."""

    LOCAL = "On this computer"
    DISCOVER = "Discover"


_FIRST_SHOWN = {
    # What somebody has is never out of sight; what is offered runs well.
    Shelf.LOCAL: frozenset(Verdict),
    Shelf.DISCOVER: frozenset({Verdict.RUNS_WELL}),
}


class Segments(QFrame):
    """Chooses one of the two lists, by mouse, Tab and arrow keys."""

    chosen = Signal(Shelf)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "segments")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        self._buttons = {shelf: self._button(shelf) for shelf in Shelf}
        for one in self._buttons.values():
            row.addWidget(one)

    def show_chosen(self, shelf: Shelf) -> None:
        """Show that *shelf* is looked at, without telling anybody."""
        with QSignalBlocker(self._buttons[shelf]):
            self._buttons[shelf].setChecked(True)

    def show_count(self, shelf: Shelf, count: int) -> None:
        """Say how many models there are."""
        words = f"{shelf.value} · {count:,}" if count else shelf.value
        self._buttons[shelf].setText(plain(words))
        self._buttons[shelf].setAccessibleName(f"{shelf.value}, {count:,} model{'' if count == 1 else 's'}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Left and Right choose; a button by itself would only move the focus."""
        keys = {Qt.Key.Key_Left: Shelf.LOCAL, Qt.Key.Key_Right: Shelf.DISCOVER}
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and event.key() in keys:
            chosen = self._buttons[keys[Qt.Key(event.key())]]
            chosen.setFocus(Qt.FocusReason.TabFocusReason)
            chosen.click()
            return True
        return super().eventFilter(watched, event)

    def _button(self, shelf: Shelf) -> QPushButton:
        made = button(shelf.value, lambda: None, "segment")
        made.setCheckable(True)
        # Not `clicked`: a screen reader toggles what can be checked, and no click comes of that.
        made.toggled.connect(lambda on: self.chosen.emit(shelf) if on else None)
        made.installEventFilter(self)
        self._group.addButton(made)
        return made


class ModelBrowser(QWidget):
    """Shows the models, those that were searched for and chosen, and says which one is looked at."""

    chosen = Signal(str)
    """A model's key (`ModelRow.key`): it is selected, for instance by the arrow keys."""
    opened = Signal(str)
    """It was clicked, or Enter was pressed."""
    search_asked = Signal(str)
    """The Hub shall be asked for these words."""
    address_opened = Signal(str)
    """A repository, link or folder was pasted and shall be looked at."""
    hub_settings_clicked = Signal()
    shelf_chosen = Signal()
    """The person went to the other list."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = ModelsState()
        self._shelf = Shelf.DISCOVER
        self._sieves = {shelf: Sieve() for shelf in Shelf}
        self._shown = dict(_FIRST_SHOWN)
        self._words = dict.fromkeys(Shelf, "")
        self._last = dict.fromkeys(Shelf, "")
        """The key that was selected last, of each list."""
        self._begun = False
        """Whether there was something to show."""
        self.segments = Segments()
        self._bar = FilterBar()
        self._sort = Choice(theme, "Sort by")
        self._chips = VerdictChips(theme)
        self._view = ModelListView(theme)
        self._empty = Invitation()
        self._frame = card()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._build()
        self._connect()
        self._chips.choose(self._shown[self._shelf])
        self.show_shelf(Shelf.DISCOVER)

    @property
    def shelf(self) -> Shelf:
        """Which list is looked at."""
        return self._shelf

    @property
    def key(self) -> str:
        """Of the model that is selected; empty for none."""
        return self._view.key

    @property
    def _order(self) -> Order:
        chosen = self._sort.currentData()
        return chosen if isinstance(chosen, Order) else Order.FIT

    def show_state(self, state: ModelsState) -> None:
        """Show these models."""
        self._state = state
        self._sieves[Shelf.LOCAL].fill(state.local)
        self._sieves[Shelf.DISCOVER].fill(state.discover)
        self.segments.show_count(Shelf.LOCAL, len(state.local))
        self._bar.show_state(state.offline, state.searching)
        if state.machine is not None and not self._begun:
            self._begun = True
            self._show_suggested()
        self._sift()

    def show_shelf(self, shelf: Shelf) -> None:
        """Look at the other list; each keeps its words and its chips."""
        self._words[self._shelf], self._shown[self._shelf] = self._bar.search.text(), self._chips.verdicts
        self._last[self._shelf] = self._view.key or self._last[self._shelf]
        self._shelf = shelf
        self.segments.show_chosen(shelf)
        with QSignalBlocker(self._bar):
            self._bar.search.setText(self._words[shelf])
        self._bar.set_discover(shelf is Shelf.DISCOVER)
        self._chips.choose(self._shown[shelf])
        self._sift()

    def select(self, key: str) -> bool:
        """Select a model; whether it is among those that are shown."""
        return self._view.select(key)

    def bring(self, key: str) -> None:
        """Select a model where it stands: in the list that is looked at, or else in the other one."""
        lists = {shelf: any(row.key == key for row in self._sieves[shelf].rows) for shelf in Shelf}
        if not lists[self._shelf] and any(lists.values()):
            self.show_shelf(next(shelf for shelf, there in lists.items() if there))
        self.select(key)

    def first_key(self) -> str:
        """Of the model that was looked at last in this list, or else of the first one; empty for none."""
        keys = [row.key for row in self._view.rows.rows]
        last = self._last[self._shelf]
        return last if last in keys else keys[0] if keys else ""

    def focus_search(self) -> None:
        """Let the person type what to search for."""
        self._bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._bar.search.selectAll()

    def focus_list(self) -> None:
        """Let the arrow keys move among the models."""
        self._view.setFocus(Qt.FocusReason.TabFocusReason)

    def _sift(self) -> None:
        """Show what the words and chips let through."""
        words = self._bar.words
        repository = _REPOSITORY.fullmatch(words) if self._shelf is Shelf.DISCOVER else None
        if words.startswith(("/", "~/")):
            self._bar.show_offer("Open this folder", by_itself=True)
        else:
            self._bar.show_offer(f"Open {short_name(repository.group(1))}" if repository else "")
        question = Question(repository.group(1) if repository else words, self._chips.verdicts, self._order)
        answer = self._sieves[self._shelf].ask(question)
        self._view.show_rows(answer.rows, self._shelf is Shelf.DISCOVER)
        self._chips.show_counts(answer.counts, answer.hidden)
        self._view.setVisible(bool(answer.rows))
        self._invite(answer)

    def _invite(self, answer: Answer) -> None:
        """Say what to do where there is nothing to see."""
        words, state, show = self._bar.words, self._state, self._empty.show_words
        only_guide = self._shelf is Shelf.LOCAL and not words and all(_is_guide(row) for row in state.local)
        if answer.rows and not only_guide:
            self._empty.hide()
        elif state.machine is None or (state.looking and not answer.counts):
            show("Looking at this computer…", "Its memory, its cards, and the models that are already here.")
        elif answer.hidden and not answer.rows:
            models = "1 model is" if answer.hidden == 1 else f"{answer.hidden:,} models are"
            show(f"{models} hidden by the filter.", "None has the chosen verdicts.", "Show all", self._chips.show_all)
        elif self._shelf is Shelf.LOCAL and not words:
            text = "A download can be paused, and goes on where it stopped."
            title = "Only the Guide is here so far." if state.local else "No model is on this computer yet."
            show(title, text, "Find a model that suits this computer", lambda: self._choose_shelf(Shelf.DISCOVER))
        elif self._shelf is Shelf.LOCAL:
            show("No model on this computer has this in its name.", "", "Look in Discover", self._look_in_discover)
        else:
            self._invite_to_hub(words)

    def _invite_to_hub(self, words: str) -> None:
        state, show = self._state, self._empty.show_words
        if state.searching:
            show("Asking the Hub…")
        elif state.offline:
            show("The catalogue has no such model.", OFFLINE, "Hub settings", self.hub_settings_clicked.emit)
        elif state.searched and state.searched == words:
            show(f"The Hub has nothing for “{words}”.", "", "Clear the search", self._bar.search.clear)
        elif words:
            text = "The catalogue has no such model; the Hub has many more."
            show(text, "", "Search the Hub", lambda: self._ask_hub(words))
        else:
            show("The catalogue is empty.", "Type what to look for, then the Hub can be asked.")

    def _show_suggested(self) -> None:
        """On a small computer the suggestion may be tight: the first filter does not hide it."""
        verdicts = {row.fit.verdict for row in self._state.discover if row.suggested}
        self._shown[Shelf.DISCOVER] |= verdicts
        if self._shelf is Shelf.DISCOVER:
            self._chips.choose(self._chips.verdicts | verdicts)

    def _look_in_discover(self) -> None:
        self._words[Shelf.DISCOVER] = self._bar.search.text()
        self._choose_shelf(Shelf.DISCOVER)

    def _choose_shelf(self, shelf: Shelf) -> None:
        self.show_shelf(shelf)
        self.shelf_chosen.emit()

    def _ask_hub(self, words: str) -> None:
        """Ask, and do not hide what comes for want of figures: not known is not no."""
        self._show_unknown()
        self.search_asked.emit(words)

    def _open_address(self, text: str) -> None:
        self._show_unknown()
        self.address_opened.emit(text)

    def _show_unknown(self) -> None:
        self._chips.choose(self._chips.verdicts | {Verdict.UNKNOWN})
        self._sift()

    def _on_typed(self, letters: str) -> None:
        if letters.strip():
            self._bar.search.setFocus(Qt.FocusReason.OtherFocusReason)
            self._bar.search.insert(letters)

    def _on_down_pressed(self) -> None:
        if self._view.isVisible():
            self.focus_list()

    def _connect(self) -> None:
        self.segments.chosen.connect(self._choose_shelf)
        self._bar.changed.connect(self._sift)
        self._bar.search_asked.connect(self._ask_hub)
        self._bar.address_opened.connect(self._open_address)
        self._bar.down_pressed.connect(self._on_down_pressed)
        self._chips.changed.connect(self._sift)
        self._sort.currentIndexChanged.connect(self._sift)
        self._view.chosen.connect(self._pause.start)
        self._pause.timeout.connect(lambda: self.chosen.emit(self._view.key) if self._view.key else None)
        self._view.opened.connect(self._on_opened)
        self._view.typed.connect(self._on_typed)
        self._view.left.connect(self.focus_search)

    def _on_opened(self, key: str) -> None:
        self._pause.stop()
        self.opened.emit(key)

    def _build(self) -> None:
        for order in Order:
            self._sort.addItem(order.value, order)
        self._sort.setMinimumContentsLength(_SORT_LETTERS)
        # Where both do not fit, its words are cut, and never those beside it, which have no room to be cut.
        self._sort.setMinimumWidth(_SORT_LEAST)
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(4, 4, 2, 4)
        inside.setSpacing(0)
        inside.addWidget(self._view, 1)
        inside.addWidget(self._empty, 1)
        head = QHBoxLayout()
        head.addWidget(self.segments)
        head.addStretch()
        head.addWidget(self._sort)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self._bar)
        column.addWidget(self._chips)
        column.addWidget(self._frame, 1)


def _is_guide(row: ModelRow) -> bool:
    return row.local is not None and row.local.source is Source.GUIDE
