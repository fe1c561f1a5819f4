"""The middle of an empty chat: what is going on with the engine, and the one thing to do next."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import Remedy
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import Scrolled, button, label, plain, short_name
from desktop_app.ui.widgets.engine_words import elsewhere, host
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.start_card import StartCard

_WIDTH = 640
_MARGIN = 24
_GAP = 10


class StartPanel(Scrolled):
    """Draws an `EngineStatus` large: steps of a start, a failure with its remedy, a greeting with questions."""

    start_clicked = Signal()
    stop_clicked = Signal()
    """A start that seems stuck shall be given up."""
    install_clicked = Signal()
    remedy_chosen = Signal(Remedy)
    question_chosen = Signal(str)

    def __init__(self, theme: Theme, questions: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._narrow = QWidget()
        self._title = label(role="hero", wrap=True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text = label(role="second", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._progress = StartCard(theme)
        self._progress.cancel_clicked.connect(self.stop_clicked)
        self._progress.log_clicked.connect(lambda: self.remedy_chosen.emit(Remedy.SHOW_LOG))
        self.notice = Notice(theme, with_log=True)
        self.notice.remedy_chosen.connect(self.remedy_chosen)
        self._action = button("", self._on_action_clicked, "primary")
        self._questions = QWidget()
        self._grid = QGridLayout(self._questions)
        self._asks = [button(one, partial(self.question_chosen.emit, one), "suggestion") for one in questions]
        self._status = EngineStatus(EngineStage.STOPPED)
        self._build()
        theme.changed.connect(self._fit)
        self._fit()

    def show_status(self, status: EngineStatus) -> None:
        """Draw *status*."""
        self._status = status
        name = short_name(status.model.name) if status.model else "A model"
        guide = status.model is not None and status.model.is_guide
        starting = status.stage is EngineStage.STARTING and not elsewhere(status)
        self._progress.show_progress(status.progress if starting else None)
        self.notice.show_error(status.error if status.stage is EngineStage.FAILED else None)
        self._questions.setVisible(status.stage is EngineStage.READY and guide)
        action = _action(status, name)
        self._action.setVisible(bool(action))
        self._action.setText(plain(action))
        self._action.setAccessibleName(action)
        title, text = _words_elsewhere(status, name) if elsewhere(status) else _words(status, name, guide)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))

    def _on_action_clicked(self) -> None:
        if self._status.stage is EngineStage.NOT_INSTALLED and not elsewhere(self._status):
            self.install_clicked.emit()
        else:
            self.start_clicked.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Questions stand in two columns where there is room for the widest."""
        super().resizeEvent(event)
        # The size is the viewport's. Asking for the viewport itself would take 7 ms of the window's first picture:
        # PySide then makes every widget class to see which of them it is.
        self._arrange_questions(event.size().width())

    def _fit(self) -> None:
        self._narrow.setMaximumWidth(self._theme.scaled(_WIDTH))
        self._arrange_questions(self.width())

    def _arrange_questions(self, width: int) -> None:
        room = min(width - 2 * _MARGIN, self._narrow.maximumWidth())
        widest = max((ask.sizeHint().width() for ask in self._asks), default=0)
        columns = 2 if room >= 2 * widest + _GAP else 1
        for index, ask in enumerate(self._asks):
            self._grid.addWidget(ask, index // columns, index % columns)

    def _build(self) -> None:
        self._grid.setContentsMargins(0, 8, 0, 0)
        self._grid.setSpacing(_GAP)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self._action)
        row.addStretch()
        content = QWidget()
        self.setWidget(content)
        outside = QHBoxLayout(content)
        outside.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        outside.addStretch(1)
        outside.addWidget(self._narrow, 100)
        outside.addStretch(1)
        column = QVBoxLayout(self._narrow)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addStretch(2)
        for part in (self._title, self._text, self._progress, self.notice, self._questions):
            column.addWidget(part)
        column.addLayout(row)
        column.addStretch(3)


def _action(status: EngineStatus, name: str) -> str:
    """The text of the one button; empty where there is nothing to begin."""
    if status.stage not in (EngineStage.STOPPED, EngineStage.NOT_INSTALLED):
        return ""
    if elsewhere(status):
        return f"Connect to {name}"
    return "Install the engine" if status.stage is EngineStage.NOT_INSTALLED else f"Start {name}"


def _words(status: EngineStatus, name: str, guide: bool) -> tuple[str, str]:
    """Headline and sentence for each state."""
    match status.stage:
        case EngineStage.NOT_INSTALLED:
            return "No engine yet", "Models run in the engine vLLM. It is installed once, in a folder of its own."
        case EngineStage.STOPPED:
            return f"{name} is stopped", status.note or "Start it, and ask it something here."
        case EngineStage.STARTING:
            return f"{name} is starting", status.note or "You can write your question meanwhile."
        case EngineStage.STOPPING:
            return f"{name} is stopping", "Its memory is free again in a moment."
        case EngineStage.FAILED:
            return f"{name} is not running" if status.model else "That did not work", ""
        case EngineStage.READY if guide:
            return (
                "What would you like to know?",
                "The Guide is a very small model that only knows this program, one question at a time.",
            )
        case _:
            return "What would you like to know?", f"{name} answers on this computer. Nothing is sent anywhere."


def _words_elsewhere(status: EngineStatus, name: str) -> tuple[str, str]:
    """The same for a model that another computer serves."""
    where = host(elsewhere(status))
    match status.stage:
        case EngineStage.STARTING:
            return f"Connecting to {name}", f"It is served by {where}."
        case EngineStage.READY:
            return "What would you like to know?", f"{name} is served by {where}: what you write is sent there."
        case EngineStage.FAILED:
            return f"{name} cannot be reached", ""
        case EngineStage.STOPPING:
            return f"Leaving {name}", ""
        case _:
            return f"{name} is not connected", status.note or f"It is served by {where}."
