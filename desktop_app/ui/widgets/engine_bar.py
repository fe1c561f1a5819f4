"""The bar on top: which model runs, its state in words, and the one button that starts or stops it."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus, ModelRef
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, button, label, plain, set_property, tip

_TONES = {
    EngineStage.READY: "good",
    EngineStage.STARTING: "warn",
    EngineStage.STOPPING: "warn",
    EngineStage.FAILED: "bad",
}

_NAME_WIDTH = 280
"""Logical pixels; longer names are cut in the middle, because families of models differ at the end."""


def status_words(status: EngineStatus) -> str:
    """The state in a short line, beside the badge."""
    if status.stage is EngineStage.STARTING and status.progress is not None:
        left = time_left(status.progress.seconds, status.progress.expected_seconds)
        return f"{status.progress.words()}{' · ' + left if left else ''}"
    if status.stage is EngineStage.READY and status.context_tokens:
        return f"keeps {status.context_tokens:,} tokens in mind"
    if status.stage is EngineStage.FAILED and status.error is not None:
        return status.error.title
    return status.note


def time_left(seconds: float, expected: float | None) -> str:
    """How long it will still take, from how long it took last time; in words."""
    if expected is None:
        return "the first start takes longest"
    left = expected - seconds
    if left < 1:
        return "a moment longer than last time"
    return f"about {left:.0f} s left"


class EngineBar(QWidget):
    """Draws an `EngineStatus`; says what a person wants of the engine."""

    start_clicked = Signal()
    stop_clicked = Signal()
    install_clicked = Signal()
    guide_chosen = Signal()
    folder_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._status = EngineStatus(EngineStage.STOPPED)
        self.setProperty("role", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._model = QPushButton()
        self._model.setIconSize(QSize(18, 18))
        self._menu = QMenu(self._model)
        self._guide = QAction("Guide, the small model that ships with the program", self._menu)
        self._folder = QAction("Open a model folder…", self._menu)
        self._badge = label("", "badge")
        self._words = ElidedLabel(role="second")
        self._action = button("", self._on_action_clicked)
        self._progress = QProgressBar()
        self._build()
        theme.changed.connect(self._draw)
        self._draw()

    def show_status(self, status: EngineStatus) -> None:
        """Draw *status*."""
        self._status = status
        self._draw()

    def open_menu(self) -> None:
        """Show the choice of models."""
        self._model.showMenu()

    def _draw(self) -> None:
        status = self._status
        name = _model_name(status.model)
        shown = self._model.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, _NAME_WIDTH)
        self._model.setText(f"{plain(shown)}  ▾")
        self._model.setToolTip(tip(f"{name}: choose another (Ctrl+L)" if status.model else f"{name} (Ctrl+L)"))
        self._model.setAccessibleName(f"Choose a model; chosen: {name}" if status.model else name)
        self._model.setIcon(self._theme.icon("cube", self._theme.tokens.accent_text))
        self._guide.setIcon(self._theme.icon("chat"))
        self._folder.setIcon(self._theme.icon("folder"))
        self._badge.setText(status.stage.value)
        set_property(self._badge, "tone", _TONES.get(status.stage, ""))
        words = status_words(status)
        self._words.setText(words)
        self.setAccessibleName("Engine")
        self.setAccessibleDescription(f"{name}: {status.stage.value}. {words}")
        self._draw_action()
        self._draw_progress()

    def _draw_action(self) -> None:
        stage = self._status.stage
        stoppable = stage in (EngineStage.STARTING, EngineStage.READY)
        if stage is EngineStage.NOT_INSTALLED:
            text, icon = "Install the engine", "download"
        elif stage is EngineStage.STARTING:
            text, icon = "Cancel", "stop"
        elif stoppable:
            text, icon = "Stop", "stop"
        else:
            text, icon = "Start", "play"
        self._action.setText(text)
        self._action.setAccessibleName(text)
        self._action.setIcon(self._theme.icon(icon, self._theme.tokens.bad if stoppable else self._theme.tokens.good))
        self._action.setEnabled(stage is not EngineStage.STOPPING)

    def _draw_progress(self) -> None:
        status = self._status
        self._progress.setVisible(status.stage in (EngineStage.STARTING, EngineStage.STOPPING))
        progress = status.progress
        if status.stage is EngineStage.STARTING and progress is not None and progress.expected_seconds:
            self._progress.setRange(0, 1000)
            # Last time is an estimate: the bar waits at 95 % rather than claim to be done.
            share = min(0.95, progress.seconds / progress.expected_seconds)
            self._progress.setValue(int(1000 * share))
        else:
            self._progress.setRange(0, 0)

    def _on_action_clicked(self) -> None:
        stage = self._status.stage
        if stage is EngineStage.NOT_INSTALLED:
            self.install_clicked.emit()
        elif stage in (EngineStage.STARTING, EngineStage.READY):
            self.stop_clicked.emit()
        else:
            self.start_clicked.emit()

    def _build(self) -> None:
        self._guide.triggered.connect(self.guide_chosen)
        self._folder.triggered.connect(self.folder_asked)
        self._menu.addActions([self._guide, self._folder])
        self._model.setMenu(self._menu)
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(3)
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(policy)
        self._progress.setAccessibleName("Progress of the start")
        row = QHBoxLayout()
        row.setContentsMargins(16, 9, 16, 6)
        row.setSpacing(10)
        row.addWidget(self._model)
        row.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._words, 1)
        row.addWidget(self._action)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._progress)
        self.setFixedHeight(54)


def _model_name(model: ModelRef | None) -> str:
    return model.name if model else "Choose a model"
