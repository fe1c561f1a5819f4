"""The bar on top: which model is talked to, its state in words, the button that starts or stops it, and the others."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.launch import ModelRef
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, button, label, plain, set_property, tip
from desktop_app.ui.widgets.engine_words import (
    TONES,
    beside_words,
    elsewhere,
    model_name,
    stage_words,
    status_words,
)
from desktop_app.ui.widgets.model_menu import STOPPABLE, ModelMenu

_NAME_WIDTH = 280
"""Logical pixels; longer names are cut in the middle, because families of models differ at the end."""
_HEIGHT = 54
_OF_MENU = (
    "engine_chosen",
    "stop_asked",
    "model_chosen",
    "guide_chosen",
    "models_asked",
    "folder_asked",
    "server_asked",
    "settings_clicked",
)
"""Signals of the menu that are the bar's, too."""


class EngineBar(QWidget):
    """Draws the engines; says what a person wants of them."""

    start_clicked = Signal()
    stop_clicked = Signal()
    install_clicked = Signal()
    local_wanted = Signal()
    """Somebody looks for a model: `show_local()` shall be told of those on this computer."""
    model_chosen = Signal(ModelRef)
    """One of those."""
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
        self._menu = ModelMenu(theme, self._model)
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

    def show_local(self, models: Sequence[ModelRef]) -> None:
        """Offer these models of this computer in the menu."""
        self._menu.show_local(models)

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
        stoppable = stage in STOPPABLE
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
        elif stage in STOPPABLE:
            self.stop_clicked.emit()
        else:
            self.start_clicked.emit()

    def _draw_menu(self) -> None:
        # The current engine may be told of sooner by itself than among the others.
        listed = [self._status if one.key == self._status.key else one for one in self._engines if one.model]
        self._menu.show_engines(listed, self._status.key, settings=not self._settings.isHidden())

    def _on_theme_changed(self) -> None:
        self.setFixedHeight(self._theme.grown(_HEIGHT))
        self._draw()

    def _build(self) -> None:
        self._model.setMenu(self._menu)
        self._menu.aboutToShow.connect(self.local_wanted)
        for name in _OF_MENU:
            getattr(self._menu, name).connect(getattr(self, name))
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
