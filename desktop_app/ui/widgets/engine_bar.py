"""The bar on top: which model is talked to, its state in words, the button that starts or stops it, and the others."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, button, label, plain, set_property, tip
from desktop_app.ui.widgets.engine_words import (
    TONES,
    beside_words,
    elsewhere,
    menu_words,
    model_name,
    stage_words,
    status_words,
)

_NAME_WIDTH = 280
"""Logical pixels; longer names are cut in the middle, because families of models differ at the end."""
_MENU_WIDTH = 460
_HEIGHT = 54
_STOPPABLE = (EngineStage.STARTING, EngineStage.READY)


class EngineBar(QWidget):
    """Draws the engines; says what a person wants of them."""

    start_clicked = Signal()
    stop_clicked = Signal()
    install_clicked = Signal()
    guide_chosen = Signal()
    models_asked = Signal()
    folder_asked = Signal()
    server_asked = Signal()
    settings_clicked = Signal()
    engine_chosen = Signal(str)
    """The key of the engine that shall be the current one."""
    stop_asked = Signal(str)
    """The key of an engine that shall be stopped, whichever is the current one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._engines: tuple[EngineStatus, ...] = ()
        self._status = EngineStatus(EngineStage.STOPPED)
        self._release = ""
        self._held = ""
        self.setProperty("role", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._model = QPushButton()
        self._menu = QMenu(self._model)
        self._entries: dict[str, QAction] = {}
        self._filled: object = None
        """What the menu was filled from; it is filled anew only when that changes, for it may be open."""
        self._settings = IconButton(theme, "sliders", "Settings of this model", self.settings_clicked.emit)
        self._badge = label("", "badge")
        self._words = ElidedLabel(role="second")
        self._action = button("", self._on_action_clicked)
        self._progress = QProgressBar()
        self._build()
        theme.changed.connect(self._on_theme_changed)
        self._draw()

    def show_status(self, status: EngineStatus) -> None:
        """Draw the current engine: the one that is talked to, or that Start would start."""
        self._status = status
        self._draw()

    def show_engines(self, engines: Sequence[EngineStatus]) -> None:
        """Offer these engines in the menu, the current one among them."""
        self._engines = tuple(engines)
        self._draw()

    def show_release(self, words: str, held: str) -> None:
        """Tell what was measured after a stop, until the next start; empty for nothing.

        Args:
            words: all of it. The note of the stop has said already what was given back, so this is its tooltip.
            held: in a short sentence who holds what is not back; it stands behind the note.
        """
        self._release, self._held = words, held
        self._draw()

    def open_menu(self) -> None:
        """Show the choice of models."""
        self._model.showMenu()

    def _draw(self) -> None:
        status = self._status
        name = model_name(status.model)
        room = self._theme.grown(_NAME_WIDTH)
        shown = self._model.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room)
        self._model.setText(f"{plain(shown)}  ▾")
        self._model.setToolTip(tip(f"{name}: choose another (Ctrl+L)" if status.model else f"{name} (Ctrl+L)"))
        self._model.setAccessibleName(f"Choose a model; chosen: {name}" if status.model else name)
        icon = "server" if elsewhere(status) else "cube"
        self._model.setIconSize(self._theme.icon_size())
        self._model.setIcon(self._theme.icon(icon, self._theme.tokens.accent_text))
        # A server elsewhere is set up by whoever runs it.
        self._settings.setVisible(status.model is not None and not elsewhere(status))
        self._badge.setText(stage_words(status))
        set_property(self._badge, "tone", TONES.get(status.stage, ""))
        words = status_words(status)
        stopped = status.stage is EngineStage.STOPPED and words and not elsewhere(status)
        beside = "" if status.active else beside_words(status, self._engines)
        self._words.setText(" ".join(filter(None, (words, self._held if stopped else "", beside))))
        words = " ".join(filter(None, (words, self._release if stopped else "", beside)))
        if stopped and self._release:
            self._words.setToolTip(tip(words))
        self.setAccessibleName("Engine")
        self.setAccessibleDescription(f"{name}: {stage_words(status)}. {words}")
        self._draw_action()
        self._draw_progress()
        self._draw_menu()

    def _draw_action(self) -> None:
        stage, away = self._status.stage, bool(elsewhere(self._status))
        stoppable = stage in _STOPPABLE
        if stage is EngineStage.NOT_INSTALLED and not away:
            text, icon = "Install the engine", "download"
        elif stage is EngineStage.STARTING:
            text, icon = "Cancel", "stop"
        elif stoppable:
            text, icon = ("Disconnect", "unplug") if away else ("Stop", "stop")
        else:
            text, icon = ("Connect", "plug") if away else ("Start", "play")
        self._action.setText(text)
        self._action.setAccessibleName(text)
        self._action.setIcon(self._theme.icon(icon, self._theme.tokens.bad if stoppable else self._theme.tokens.good))
        self._action.setEnabled(stage is not EngineStage.STOPPING)

    def _draw_progress(self) -> None:
        status = self._status
        self._progress.setVisible(status.stage in (EngineStage.STARTING, EngineStage.STOPPING))
        share = status.progress.share if status.stage is EngineStage.STARTING and status.progress else None
        self._progress.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self._progress.setValue(int(1000 * share))

    def _on_action_clicked(self) -> None:
        stage = self._status.stage
        if stage is EngineStage.NOT_INSTALLED and not elsewhere(self._status):
            self.install_clicked.emit()
        elif stage in _STOPPABLE:
            self.stop_clicked.emit()
        else:
            self.start_clicked.emit()

    def _listed(self) -> list[EngineStatus]:
        """The engines that the menu shows; the current one may be told of sooner by itself than among the others."""
        return [self._status if one.key == self._status.key else one for one in self._engines if one.model]

    def _draw_menu(self) -> None:
        listed = self._listed()
        wanted = (self._status.key, self._settings.isHidden(), [(one.key, one.stage) for one in listed])
        if wanted != self._filled:
            self._filled = wanted
            self._fill_menu(listed)
        for one in listed:
            self._entries[one.key].setText(self._entry(one))

    def _fill_menu(self, listed: list[EngineStatus]) -> None:
        self._menu.clear()
        self._entries.clear()
        self._add_engines(listed)
        self._add_stops(listed)
        self._add("chat", "Guide, the small model that ships with the program", self.guide_chosen.emit)
        self._add("cube", "Find another model…", self.models_asked.emit)
        self._add("folder", "Open a model folder…", self.folder_asked.emit)
        self._add("server", "Connect to a server…", self.server_asked.emit)
        if not self._settings.isHidden():
            self._menu.addSeparator()
            self._add("sliders", "Settings of this model…", self.settings_clicked.emit)

    def _add_engines(self, listed: list[EngineStatus]) -> None:
        group = QActionGroup(self._menu)
        for one in listed:
            action = QAction(self._entry(one), group)
            action.setCheckable(True)
            action.setChecked(one.key == self._status.key)
            action.triggered.connect(lambda _=False, key=one.key: self.engine_chosen.emit(key))
            self._menu.addAction(action)
            self._entries[one.key] = action
        if listed:
            self._menu.addSeparator()

    def _add_stops(self, listed: list[EngineStatus]) -> None:
        """The button beside the menu stops the current one; the others are stopped from here."""
        stoppable = [one for one in listed if one.stage in _STOPPABLE and one.key != self._status.key]
        for one in stoppable:
            verb, icon = ("Disconnect from", "unplug") if elsewhere(one) else ("Stop", "stop")
            stop = partial(self.stop_asked.emit, one.key)
            action = self._add(icon, f"{verb} {model_name(one.model)}", stop)
            action.setIcon(self._theme.icon(icon, self._theme.tokens.bad))
        if stoppable:
            self._menu.addSeparator()

    def _add(self, icon: str, text: str, chosen: Callable[[], object]) -> QAction:
        action = QAction(self._theme.icon(icon), self._cut(text), self._menu)
        action.triggered.connect(lambda: (chosen(), None)[1])
        self._menu.addAction(action)
        return action

    def _entry(self, status: EngineStatus) -> str:
        return self._cut(menu_words(status))

    def _cut(self, text: str) -> str:
        """*text* so that the menu stays inside the window, and an `&` stays what it is."""
        return plain(
            self._menu.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, self._theme.grown(_MENU_WIDTH))
        )

    def _on_theme_changed(self) -> None:
        self._filled = None
        self.setFixedHeight(self._theme.grown(_HEIGHT))
        self._draw()

    def _build(self) -> None:
        self._model.setMenu(self._menu)
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(3)
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(policy)
        self._progress.setAccessibleName("Progress of the start")
        model = QHBoxLayout()
        model.setSpacing(2)
        model.addWidget(self._model)
        model.addWidget(self._settings)
        row = QHBoxLayout()
        row.setContentsMargins(16, 9, 16, 6)
        row.setSpacing(10)
        row.addLayout(model)
        row.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._words, 1)
        row.addWidget(self._action)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._progress)
        self.setFixedHeight(self._theme.grown(_HEIGHT))
