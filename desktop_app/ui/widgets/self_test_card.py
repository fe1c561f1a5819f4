"""The self-test of an engine: what it will ask, what works, what does not, and the verdict in a sentence."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.services.self_test import SelfTestState
from desktop_app.services.self_test_engine import Step, StepState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, set_property

_STORY = (
    "Asks the engine that answers the chats everything that it should be able to do: chat, streaming, stopping in the "
    "middle, a long text, structured answers. Takes some seconds."
)
_TONES = {StepState.PASSED: "good", StepState.FAILED: "bad", StepState.RUNNING: "warn"}


class SelfTestCard(QWidget):
    """Draws a `SelfTestState`."""

    run_clicked = Signal(str)
    """The key of the engine to be tested."""
    cancel_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._current = EngineStatus(EngineStage.STOPPED)
        self._state = SelfTestState()
        self._words = label(wrap=True)
        self._run = button("Run the self-test", lambda: self.run_clicked.emit(self._current.key))
        self._cancel = button("Cancel", self.cancel_clicked.emit)
        self._table = QWidget()
        self._grid = QGridLayout(self._table)
        self._rows: list[tuple[QLabel, QLabel, QLabel, QLabel]] = []
        self._build()
        self._draw()

    def show_current(self, status: EngineStatus) -> None:
        """This is the engine that would be tested."""
        self._current = status
        self._draw()

    def show_state(self, state: SelfTestState) -> None:
        """Draw *state*."""
        self._state = state
        while len(self._rows) < len(state.steps):
            self._add_row()
        for row, step in zip(self._rows, state.steps, strict=False):
            self._show_step(row, step)
        self._draw()

    def _draw(self) -> None:
        state, ready = self._state, self._current.stage is EngineStage.READY
        self._table.setVisible(bool(state.steps))
        self._run.setVisible(not state.running)
        self._run.setEnabled(ready)
        self._cancel.setVisible(state.running)
        words, tone = _STORY if ready else f"{_STORY} It needs a model that runs.", ""
        if state.running:
            words = f"Testing {state.model}…"
        elif state.verdict:
            words, tone = f"{state.model}: {state.verdict}", "good" if state.passed else "bad"
        self._words.setText(words)
        set_property(self._words, "tone", tone)
        set_property(self._words, "role", "" if state.verdict else "second")

    @staticmethod
    def _show_step(row: tuple[QLabel, QLabel, QLabel, QLabel], step: Step) -> None:
        badge, name, words, seconds = row
        badge.setText(step.state.value)
        set_property(badge, "tone", _TONES.get(step.state, ""))
        name.setText(step.name)
        words.setText(step.words)
        seconds.setText(f"{step.seconds:.1f} s" if step.seconds else "")

    def _add_row(self) -> None:
        place = len(self._rows)
        badge, name = label("", "badge"), label()
        badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        words, seconds = label("", "second", wrap=True), label("", "second")
        seconds.setFont(self._theme.figures_font(10))
        row = (name, badge, words, seconds)
        for column, one in enumerate(row):
            # What wraps fills its cell; the rest stands at the height of its first line.
            alignment = Qt.AlignmentFlag(0) if one is words else Qt.AlignmentFlag.AlignTop
            self._grid.addWidget(one, place, column, alignment)
        self._rows.append((badge, name, words, seconds))

    def _build(self) -> None:
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(2, 1)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self._words, 1)
        for one in (self._run, self._cancel):
            head.addWidget(one, 0, Qt.AlignmentFlag.AlignTop)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(20, 16, 20, 16)
        inside.setSpacing(14)
        inside.addLayout(head)
        inside.addWidget(self._table)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)
