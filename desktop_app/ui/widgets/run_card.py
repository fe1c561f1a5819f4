"""What is going to happen when an experiment is run, what happens while it is, and what is left to do.

The Compare page shows it above the answers. A line while there is nothing special; rows only where models cannot be in
memory together.
"""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.domain.experiment import ExperimentKind
from desktop_app.domain.units import span_words
from desktop_app.services.compare_view import CompareState, PlanState, RunState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, button, card, label, plain, set_property
from desktop_app.ui.widgets.flow import Flow

_AROUND = (16, 10, 16, 4)
"""Pixels around the frame: left, above, right, below."""
_SIDES = 32
"""Pixels beside the words, the frame's margin with those around it."""
_LETTERS = 40
"""Letters of words that are rather broken than put above the buttons."""


class RunCard(QWidget):
    """Draws plan, run, and what waits or failed, of a `CompareState`; hides itself when there is nothing to say."""

    run_clicked = Signal()
    """Everything that waits shall be run."""
    stop_clicked = Signal()
    rerun_clicked = Signal()
    """What failed or was stopped shall be run again."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stoppable = True
        self._words = label(wrap=True)
        self._failed = label()
        self._waiting = label()
        self._rerun = button("Run them again", self.rerun_clicked.emit)
        self._run = button("Run", self.run_clicked.emit, "primary")
        self._stop = button("Stop", self.stop_clicked.emit, "danger")
        self._outside = QVBoxLayout(self)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._actions = QWidget()
        self._bar = QProgressBar()
        self._start = QProgressBar()
        self._progress = label(role="second")
        self._progress.setFont(theme.figures_font(10))
        self._rows: list[_BatchRow] = []
        self._batches = QGridLayout()
        self._warning = card("notice")
        self._warning_words = label(wrap=True)
        self._stops = label(role="second", wrap=True)
        self._build()
        self.hide()

    def show_state(self, state: CompareState) -> None:
        """Draw *state*."""
        verbs = (self._stop, self._run, self._rerun)
        pressed = any(one.hasFocus() for one in verbs)
        run = state.run
        plan = state.plan if _plan_matters(state) else None
        words = run.words if run else plan.words if plan else ""
        self._words.setText(words)
        self._words.setVisible(bool(words))
        self._show_left(state)
        self._show_run(run)
        self._show_plan(plan, run, {one.column.id: one.title for one in state.columns})
        self.setVisible(bool(words) or (run is None and bool(state.waiting or state.failed)))
        self.setAccessibleName("Run")
        self.setAccessibleDescription(words)
        self._arrange()
        left = [one for one in verbs if one.isVisible()]
        if pressed and left and not any(one.hasFocus() for one in left):
            left[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def offer_stop(self, here: bool) -> None:
        """Have Stop *here*, or leave it to whoever has it in a better place."""
        if here is not self._stoppable:
            self._stoppable = here
            self._stop.setVisible(here and not self._bar.isHidden())
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words and buttons stand in one line where there is room for both."""
        super().resizeEvent(event)
        self._arrange()
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Something in it became higher or lower."""
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        """As high as its words need to be at this width; a page that is short of room would squeeze them."""
        height = self._outside.heightForWidth(self.width())
        if height != self.height():
            self.setFixedHeight(height)

    def _arrange(self) -> None:
        metrics = self._words.fontMetrics()
        wanted = min(metrics.horizontalAdvance(self._words.text()), metrics.averageCharWidth() * _LETTERS)
        beside = self.width() - 2 * _SIDES - self._actions.sizeHint().width() >= wanted
        direction = QBoxLayout.Direction
        self._head.setDirection(direction.LeftToRight if beside else direction.TopToBottom)

    def _show_left(self, state: CompareState) -> None:
        """What can be run, unless a run goes on."""
        idle = state.run is None
        begun = bool(state.done or state.failed)
        for part, count in ((self._failed, state.failed), (self._rerun, state.failed)):
            part.setVisible(idle and count > 0)
        self._failed.setText(f"{state.failed:,} failed or stopped" if state.failed else "")
        self._waiting.setText(f"{state.waiting:,} {'waits' if state.waiting == 1 else 'wait'}")
        self._waiting.setVisible(idle and begun and state.waiting > 0)
        self._run.setVisible(idle and state.waiting > 0)
        self._name(self._run, "Continue" if begun else "Run")

    def _show_run(self, run: RunState | None) -> None:
        for part in (self._bar, self._progress):
            part.setVisible(run is not None)
        self._stop.setVisible(run is not None and self._stoppable)
        self._start.setVisible(run is not None and run.share is not None)
        if run is None:
            return
        self._bar.setRange(0, max(1, run.total))
        self._bar.setValue(run.done)
        self._start.setValue(int(1000 * (run.share or 0.0)))
        self._progress.setText(progress_words(run))
        self._bar.setAccessibleDescription(self._progress.text())
        self._stop.setEnabled(not run.stopping)
        self._name(self._stop, "Stopping…" if run.stopping else "Stop")

    def _show_plan(self, plan: PlanState | None, run: RunState | None, titles: Mapping[int, str]) -> None:
        batches = plan.batches if plan and len(plan.batches) > 1 else ()
        while len(self._rows) < len(batches):
            self._rows.append(_BatchRow(self._batches, len(self._rows)))
        for number, row in enumerate(self._rows):
            row.set_visible(number < len(batches))
            if number < len(batches):
                names = [titles.get(column, f"Column {column}") for column in batches[number]]
                row.show_batch(_place_words(number, run), names, now=run is not None and run.batch == number)
        # While it runs, nothing is going to be stopped any more.
        stops = plan.stops if plan and run is None else ()
        self._stops.setText(f"Stopped to make room: {', '.join(stops)}.")
        self._stops.setVisible(bool(stops))
        self._warning_words.setText(plan.warning if plan else "")
        self._warning.setVisible(bool(plan and plan.warning))

    @staticmethod
    def _name(one: QWidget, text: str) -> None:
        one.setProperty("text", plain(text))
        one.setAccessibleName(text)

    def _build(self) -> None:
        for bar, name in ((self._bar, "Progress of the run"), (self._start, "Progress of the engine's start")):
            bar.setTextVisible(False)
            bar.setAccessibleName(name)
        self._start.setRange(0, 1000)
        self._start.setToolTip("Progress of the engine's start")
        set_property(self._failed, "tone", "bad")
        set_property(self._warning, "tone", "warn")
        warning = QVBoxLayout(self._warning)
        warning.setContentsMargins(12, 8, 12, 8)
        warning.addWidget(self._warning_words)
        actions = Flow(10, self._actions)
        for part in (self._failed, self._rerun, self._waiting, self._run, self._progress, self._stop):
            actions.addWidget(part)
        self._head.setSpacing(12)
        self._head.addWidget(self._words, 1)
        self._head.addWidget(self._actions)
        self._batches.setHorizontalSpacing(10)
        self._batches.setVerticalSpacing(4)
        self._batches.setColumnStretch(1, 1)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(14, 9, 10, 9)
        inside.setSpacing(8)
        inside.addLayout(self._head)
        inside.addWidget(self._bar)
        inside.addWidget(self._start)
        inside.addLayout(self._batches)
        inside.addWidget(self._stops)
        inside.addWidget(self._warning)
        self._outside.setContentsMargins(*_AROUND)
        self._outside.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self._outside.addWidget(frame)


class _BatchRow:
    """Models that are in memory at the same time, and when it is their turn."""

    def __init__(self, rows: QGridLayout, number: int) -> None:
        self._place = label("", "badge")
        self._names = ElidedLabel()
        rows.addWidget(self._place, number, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addWidget(self._names, number, 1)

    def set_visible(self, visible: bool) -> None:
        """Show it, or hide it."""
        for one in (self._place, self._names):
            one.setVisible(visible)

    def show_batch(self, place: str, names: Sequence[str], *, now: bool) -> None:
        """*place* says when it is their turn; *now* whether it is."""
        self._place.setText(place)
        set_property(self._place, "tone", "good" if now else "")
        self._names.setText(" + ".join(names))
        self._names.setAccessibleName(f"{place}: {' and '.join(names)}")


def progress_words(run: RunState) -> str:
    """How far a run is, e.g. `12 of 60 · about 4 min left`."""
    start = f"start {run.share:.0%}".replace("%", " %") if run.share is not None else ""
    left = f"about {span_words(run.seconds_left)} left" if run.seconds_left is not None and not run.stopping else ""
    done = f"{run.done:,} of {run.total:,}"
    return " · ".join(filter(None, ("" if done in run.words else done, start, left)))


def ended_words(run: RunState, state: CompareState) -> str:
    """What came of a *run*, in a sentence such as `11 of 12 answers are there; 1 failed or was stopped.` for ears."""
    if not run.total and not run.stopping and not state.waiting:
        return "All answers are checked."
    total = state.done + state.failed + state.waiting
    if state.done == total:
        return f"All {total:,} answers are there." if total > 1 else "The answer is there."
    parts = [f"{state.done:,} of {total:,} answers {'is' if state.done == 1 else 'are'} there"]
    if state.failed:
        parts.append("1 failed or was stopped" if state.failed == 1 else f"{state.failed:,} failed or were stopped")
    if state.waiting:
        parts.append("1 waits" if state.waiting == 1 else f"{state.waiting:,} wait")
    return f"{'; '.join(parts)}."


def _place_words(number: int, run: RunState | None) -> str:
    """When it is the turn of the batch with this *number*."""
    if run is None:
        return "first" if number == 0 else "then"
    return "done" if number < run.batch else "now" if number == run.batch else "then"


def _plan_matters(state: CompareState) -> bool:
    """Whether what is planned is worth a line: until something was asked, and where it is out of the ordinary."""
    plan = state.plan
    if plan is None:
        return False
    if state.run is not None or state.waiting:
        return True
    conversation = state.experiment is not None and state.experiment.kind is ExperimentKind.CONVERSATION
    return conversation and (not state.done or len(plan.batches) > 1 or bool(plan.warning))
