"""The menu that a model is chosen from: engines that there are, models on this computer, and ways to others.

`EngineBar` owns one and hands its signals on.
"""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.launch import ModelRef
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import plain
from desktop_app.ui.widgets.engine_words import elsewhere, menu_words, model_name

STOPPABLE = (EngineStage.STARTING, EngineStage.READY)
_WIDTH = 460
"""Logical pixels; longer entries are cut in the middle, because families of models differ at the end."""
_MOST = 12
"""Models of this computer that are listed; the page of models has the others."""


class ModelMenu(QMenu):
    """Offers models.

    Args:
        theme: icons and sizes.
        parent: the button that opens it.
    """

    engine_chosen = Signal(str)
    stop_asked = Signal(str)
    model_chosen = Signal(ModelRef)
    guide_chosen = Signal()
    models_asked = Signal()
    folder_asked = Signal()
    server_asked = Signal()
    settings_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._current = ""
        self._settings = False
        self._engines: tuple[EngineStatus, ...] = ()
        self._local: tuple[ModelRef, ...] = ()
        self._entries: dict[str, QAction] = {}
        self._filled: object = None
        """What it was filled from; it is filled anew only when that changes, for it may be open."""
        self._below: QAction | None = None
        """What stands below the models of this computer."""
        self._shown_local: list[QAction] = []
        theme.changed.connect(self._on_theme_changed)

    def show_engines(self, engines: Sequence[EngineStatus], current: str, *, settings: bool) -> None:
        """Offer *engines*, of which the one with the key *current* is talked to, and its *settings* if it has any."""
        self._engines, self._current, self._settings = tuple(engines), current, settings
        self._draw()

    def show_local(self, models: Sequence[ModelRef]) -> None:
        """Offer these *models* of this computer, too; those among the engines, and the Guide, are offered anyway."""
        if tuple(models) != self._local:
            self._local = tuple(models)
            self._fill_local()

    def _draw(self) -> None:
        wanted = (self._current, self._settings, [(one.key, one.stage) for one in self._engines])
        if wanted != self._filled:
            self._filled = wanted
            self._fill()
        for one in self._engines:
            self._entries[one.key].setText(self._cut(menu_words(one)))

    def _fill(self) -> None:
        self.clear()
        self._entries.clear()
        self._shown_local.clear()
        self._add_engines()
        self._add_stops()
        self._below = self._add("chat", "Guide, the small model that ships with the program", self.guide_chosen.emit)
        self._add("cube", "Find another model…", self.models_asked.emit)
        self._add("folder", "Open a model folder…", self.folder_asked.emit)
        self._add("server", "Connect to a server…", self.server_asked.emit)
        if self._settings:
            self.addSeparator()
            self._add("sliders", "Settings of this model…", self.settings_clicked.emit)
        self._fill_local()

    def _fill_local(self) -> None:
        """Put the models of this computer where they belong. The other entries stay, for it may be open."""
        for action in self._shown_local:
            self.removeAction(action)
            action.deleteLater()
        self._shown_local.clear()
        if self._below is None:
            return
        others = [one for one in self._local if not one.is_guide and one.key not in self._entries]
        made = [self._make("play", f"Start {one.name}", partial(self.model_chosen.emit, one)) for one in others[:_MOST]]
        if len(others) > _MOST:
            made.append(self._make("cube", f"{len(others) - _MOST} more on this computer…", self.models_asked.emit))
        if made:
            separator = QAction(self)
            separator.setSeparator(True)
            self._shown_local = [*made, separator]
            self.insertActions(self._below, self._shown_local)

    def _add_engines(self) -> None:
        group = QActionGroup(self)
        for one in self._engines:
            action = QAction(self._cut(menu_words(one)), group)
            action.setCheckable(True)
            action.setChecked(one.key == self._current)
            action.triggered.connect(lambda _=False, key=one.key: self.engine_chosen.emit(key))
            self.addAction(action)
            self._entries[one.key] = action
        if self._engines:
            self.addSeparator()

    def _add_stops(self) -> None:
        """The button beside the menu stops the current one; the others are stopped from here."""
        stoppable = [one for one in self._engines if one.stage in STOPPABLE and one.key != self._current]
        for one in stoppable:
            verb, icon = ("Disconnect from", "unplug") if elsewhere(one) else ("Stop", "stop")
            action = self._add(icon, f"{verb} {model_name(one.model)}", partial(self.stop_asked.emit, one.key))
            action.setIcon(self._theme.icon(icon, self._theme.tokens.bad))
        if stoppable:
            self.addSeparator()

    def _add(self, icon: str, text: str, chosen: Callable[[], object]) -> QAction:
        action = self._make(icon, text, chosen)
        self.addAction(action)
        return action

    def _make(self, icon: str, text: str, chosen: Callable[[], object]) -> QAction:
        action = QAction(self._theme.icon(icon), self._cut(text), self)
        action.triggered.connect(lambda: (chosen(), None)[1])
        return action

    def _cut(self, text: str) -> str:
        """*text* so that the menu stays inside the window, and an `&` stays what it is."""
        return plain(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, self._theme.grown(_WIDTH)))

    def _on_theme_changed(self) -> None:
        self._filled = None
        self._draw()
