"""How far a start is: its phases, the share of the whole, the time left, and what to do when it seems stuck."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.domain.engine import StartPhase, StartProgress
from desktop_app.domain.errors import Remedy
from desktop_app.domain.start_clock import time_words
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, set_property
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.step_list import StepList


class StartCard(QWidget):
    """Draws a `StartProgress`, or nothing."""

    cancel_clicked = Signal()
    log_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phases: tuple[StartPhase, ...] = ()
        self._steps = StepList(theme)
        self._bar = QProgressBar()
        self._left = label(wrap=True)
        self._seconds = label(role="second")
        self._seconds.setFont(theme.figures_font(10))
        self._stuck = card("notice")
        set_property(self._stuck, "tone", "warn")
        self._stuck_words = label(wrap=True)
        self._build()
        self.show_progress(None)

    def show_progress(self, progress: StartProgress | None) -> None:
        """Draw *progress*; None hides the card."""
        self.setVisible(progress is not None)
        if progress is None:
            return
        if progress.phases != self._phases:
            self._phases = progress.phases
            self._steps.show_steps([phase.value for phase in progress.phases])
        counted = progress.total > 1
        detail = f"{progress.done:,} of {progress.total:,}" if counted else ""
        part = progress.done / progress.total if counted else None
        self._steps.show_step(self._index(progress), detail, part)
        self._bar.setVisible(progress.share is not None)
        self._bar.setValue(int(1000 * (progress.share or 0.0)))
        words = time_words(progress)
        self._left.setText(progress.words() if progress.stuck else words[:1].upper() + words[1:])
        self._stuck_words.setText(words if progress.stuck else "")
        self._seconds.setText(f"{progress.seconds:.0f} s so far")
        self._stuck.setVisible(progress.stuck)

    def _index(self, progress: StartProgress) -> int:
        """The place of the phase; one that nobody expected counts as the last before it that was."""
        order = list(StartPhase)
        now = order.index(progress.phase)
        return max((i for i, phase in enumerate(progress.phases) if order.index(phase) <= now), default=0)

    def _build(self) -> None:
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the whole start")
        words = QHBoxLayout()
        words.addWidget(self._left, 1)
        words.addWidget(self._seconds, 0, Qt.AlignmentFlag.AlignTop)
        self._build_stuck()
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(20, 14, 20, 14)
        inside.setSpacing(10)
        # What matters most stands first: in a small window the steps may have to be scrolled to.
        inside.addLayout(words)
        inside.addWidget(self._bar)
        inside.addWidget(self._stuck)
        inside.addWidget(self._steps)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)

    def _build_stuck(self) -> None:
        row = Flow()
        row.addWidget(button(Remedy.SHOW_LOG.value, self.log_clicked.emit))
        row.addWidget(button("Cancel", self.cancel_clicked.emit))
        inside = QVBoxLayout(self._stuck)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(8)
        inside.addWidget(self._stuck_words)
        inside.addLayout(row)
