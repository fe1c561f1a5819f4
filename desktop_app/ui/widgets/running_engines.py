"""What runs: a card for every engine of ours and every server elsewhere, or the way to the first of them."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import Remedy
from desktop_app.paths import Paths
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, plain, short_name
from desktop_app.ui.widgets.engine_card import EngineCard
from desktop_app.ui.widgets.engine_words import elsewhere
from desktop_app.ui.widgets.other_engines import OtherEngines


class RunningEngines(QWidget):
    """Draws the engines. Signals carry the key of one."""

    chosen = Signal(str)
    start_clicked = Signal(str)
    stop_clicked = Signal(str)
    settings_clicked = Signal(str)
    log_clicked = Signal(str)
    test_clicked = Signal(str)
    remedy_chosen = Signal(str, Remedy)

    def __init__(self, theme: Theme, paths: Paths, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._paths = paths
        self._current = EngineStatus(EngineStage.STOPPED)
        self._engines: tuple[EngineStatus, ...] = ()
        self._cards: dict[str, EngineCard] = {}
        self._empty = card()
        self._empty_words = label("", "second", wrap=True)
        self._begin = button("", lambda: self.start_clicked.emit(self._current.key), "primary")
        self.others = OtherEngines()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._build()
        self._draw()

    def show_current(self, status: EngineStatus) -> None:
        """This is the engine that is talked to, or that Start would start."""
        if status != self._current:
            self._current = status
            self._draw()

    def show_engines(self, engines: Sequence[EngineStatus]) -> None:
        """Draw these."""
        self._engines = tuple(one for one in engines if one.model)
        self._draw()

    def _draw(self) -> None:
        keys = [one.key for one in self._engines]
        for gone in set(self._cards) - set(keys):
            old = self._cards.pop(gone)
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        for place, one in enumerate(self._engines):
            if one.key not in self._cards:
                self._cards[one.key] = self._make_card(one.key)
                self._column.insertWidget(place, self._cards[one.key])
            status = self._current if one.key == self._current.key else one
            places = None if elsewhere(one) else self._paths.engine(one.key)
            self._cards[one.key].show_status(status, places, one.key == self._current.key)
        self._draw_empty()

    def _draw_empty(self) -> None:
        self._empty.setVisible(not self._engines)
        missing = self._current.stage is EngineStage.NOT_INSTALLED
        model = self._current.model
        # How to install one stands right below, in the list of engines.
        words = "Models run in the engine vLLM, which is not installed yet." if missing else "No model runs."
        note = "" if missing else self._current.note
        self._empty_words.setText(f"{words} {note}".strip())
        verb = "Connect to" if model and model.address else "Start"
        action = f"{verb} {short_name(model.name)}" if model and not missing else ""
        self._begin.setVisible(bool(action))
        self._begin.setText(plain(action))
        self._begin.setAccessibleName(action)

    def _make_card(self, key: str) -> EngineCard:
        made = EngineCard(self._theme, key)
        made.chosen.connect(self.chosen)
        made.start_clicked.connect(self.start_clicked)
        made.stop_clicked.connect(self.stop_clicked)
        made.settings_clicked.connect(self.settings_clicked)
        made.log_clicked.connect(self.log_clicked)
        made.test_clicked.connect(self.test_clicked)
        made.remedy_chosen.connect(self.remedy_chosen)
        return made

    def _build(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self._begin)
        row.addStretch()
        inside = QVBoxLayout(self._empty)
        inside.setContentsMargins(20, 16, 20, 16)
        inside.setSpacing(12)
        inside.addWidget(self._empty_words)
        inside.addLayout(row)
        self._column.addWidget(self._empty)
        self._column.addWidget(self.others)
