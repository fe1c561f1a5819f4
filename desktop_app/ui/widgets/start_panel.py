"""The middle of an empty chat: what is going on with the engine, and the one thing to do next."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus, StartPhase, StartProgress
from desktop_app.domain.errors import Remedy
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import Scrolled, button, card, label, plain, short_name
from desktop_app.ui.widgets.engine_bar import time_left
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.step_list import StepList

_PHASES = tuple(StartPhase)
_WIDTH = 640
_MARGIN = 24
_GAP = 10


class StartPanel(Scrolled):
    """Draws an `EngineStatus` large: steps of a start, a failure with its remedy, a greeting with questions."""

    start_clicked = Signal()
    install_clicked = Signal()
    remedy_chosen = Signal(Remedy)
    question_chosen = Signal(str)

    def __init__(self, theme: Theme, questions: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label(role="hero", wrap=True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text = label(role="second", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._steps_card = card()
        self._steps = StepList(theme, [phase.value for phase in _PHASES])
        self._left = label(role="second")
        self.notice = Notice(theme)
        self.notice.remedy_chosen.connect(self.remedy_chosen)
        self._action = button("", self._on_action_clicked, "primary")
        self._questions = QWidget()
        self._grid = QGridLayout(self._questions)
        self._asks = [button(one, partial(self.question_chosen.emit, one), "suggestion") for one in questions]
        self._stage = EngineStage.STOPPED
        self._build()
        self._arrange_questions(0)

    def show_status(self, status: EngineStatus) -> None:
        """Draw *status*."""
        self._stage = status.stage
        name = short_name(status.model.name) if status.model else "A model"
        guide = status.model is not None and status.model.is_guide
        self._steps_card.setVisible(status.stage is EngineStage.STARTING)
        self.notice.show_error(status.error if status.stage is EngineStage.FAILED else None)
        self._questions.setVisible(status.stage is EngineStage.READY and guide)
        idle = status.stage in (EngineStage.STOPPED, EngineStage.NOT_INSTALLED)
        self._action.setVisible(idle)
        action = "Install the engine" if status.stage is EngineStage.NOT_INSTALLED else f"Start {name}"
        self._action.setText(plain(action))
        self._action.setAccessibleName(action)
        title, text = _words(status, name, guide)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        if status.progress is not None:
            self._show_progress(status.progress)

    def _show_progress(self, progress: StartProgress) -> None:
        detail = f"{progress.done} of {progress.total}" if progress.total > 1 else ""
        self._steps.show_step(_PHASES.index(progress.phase), detail)
        left = time_left(progress.seconds, progress.expected_seconds)
        self._left.setText(f"{progress.seconds:.0f} s so far · {left}")

    def _on_action_clicked(self) -> None:
        if self._stage is EngineStage.NOT_INSTALLED:
            self.install_clicked.emit()
        else:
            self.start_clicked.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Questions stand in two columns where there is room for the widest."""
        super().resizeEvent(event)
        # The size is the viewport's. Asking for the viewport itself would take 7 ms of the window's first picture:
        # PySide then makes every widget class to see which of them it is.
        self._arrange_questions(event.size().width())

    def _arrange_questions(self, width: int) -> None:
        room = min(width - 2 * _MARGIN, _WIDTH)
        widest = max((ask.sizeHint().width() for ask in self._asks), default=0)
        columns = 2 if room >= 2 * widest + _GAP else 1
        for index, ask in enumerate(self._asks):
            self._grid.addWidget(ask, index // columns, index % columns)

    def _build(self) -> None:
        inside = QVBoxLayout(self._steps_card)
        inside.setContentsMargins(20, 16, 20, 16)
        inside.addWidget(self._steps)
        inside.addWidget(self._left)
        self._grid.setContentsMargins(0, 8, 0, 0)
        self._grid.setSpacing(_GAP)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self._action)
        row.addStretch()
        narrow = QWidget()
        narrow.setMaximumWidth(_WIDTH)
        content = QWidget()
        self.setWidget(content)
        outside = QHBoxLayout(content)
        outside.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        outside.addStretch(1)
        outside.addWidget(narrow, 100)
        outside.addStretch(1)
        column = QVBoxLayout(narrow)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addStretch(2)
        for part in (self._title, self._text, self._steps_card, self.notice, self._questions):
            column.addWidget(part)
        column.addLayout(row)
        column.addStretch(3)


def _words(status: EngineStatus, name: str, guide: bool) -> tuple[str, str]:
    """Headline and sentence for each state."""
    match status.stage:
        case EngineStage.NOT_INSTALLED:
            return "No engine yet", "Models run in the engine vLLM. It is installed once, in a folder of its own."
        case EngineStage.STOPPED:
            return f"{name} is stopped", status.note or "Start it, and ask it something here."
        case EngineStage.STARTING:
            return f"{name} is starting", "You can write your question meanwhile."
        case EngineStage.STOPPING:
            return f"{name} is stopping", ""
        case EngineStage.FAILED:
            return f"{name} is not running" if status.model else "That did not work", ""
        case EngineStage.READY if guide:
            return (
                "What would you like to know?",
                "The Guide is a very small model that only knows this program, one question at a time.",
            )
        case _:
            return "What would you like to know?", f"{name} answers on this computer. Nothing is sent anywhere."
