"""An open experiment: its line at the top, what of it is looked at, what a run does, and where questions are written.

`pages.compare` owns one. It draws `CompareState` and `GridChange` and calls the verbs of `services/compare`; files,
models and chats are somebody else's business.
"""

from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.experiment import ExperimentKind
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.prompt_sets import PromptSet
from desktop_app.services.compare import Compare
from desktop_app.services.compare_view import CompareState, RunState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel
from desktop_app.ui.widgets.compare_composer import CompareComposer
from desktop_app.ui.widgets.experiment_bar import ExperimentBar, View
from desktop_app.ui.widgets.experiment_remarks import Remarks
from desktop_app.ui.widgets.experiment_views import ExperimentViews
from desktop_app.ui.widgets.model_list_look import model_list_sheet
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.run_card import RunCard, ended_words
from desktop_app.ui.widgets.speech import announce, listening
from desktop_app.ui.widgets.vote_view_words import nothing_to_vote

if TYPE_CHECKING:
    from desktop_app.ui.widgets.compare_columns import CompareColumns

_NO_ENGINE = UserError("No engine is installed.", "The models of this computer need one to answer.", Remedy.INSTALL)


class ExperimentBoard(QWidget):
    """Draws the open experiment.

    Args:
        theme: colours and fonts.
        bridge: starts verbs of services.
        compare: the open experiment.
        parent: the widget that it stands in.
    """

    back_clicked = Signal()
    column_asked = Signal(object)
    """A column's id, to be changed; None for one more."""
    export_asked = Signal(object)
    """An `ExperimentForm`."""
    prompts_asked = Signal()
    """Prompts of a file shall be added."""
    set_chosen = Signal(str)
    """A set of prompts that the program ships, by its key."""
    prompts_export_asked = Signal(str)
    chat_asked = Signal(int)
    """The conversation up to a cell's answer shall go on as a chat."""
    link_clicked = Signal(str)
    remedy_chosen = Signal(Remedy)

    def __init__(self, theme: Theme, bridge: Bridge, compare: Compare, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bridge = bridge
        self._compare = compare
        self._view = View.ANSWERS
        self._experiment = 0
        self._told: UserError | None = None
        """What `CompareState` said last that failed."""
        self._running: RunState | None = None
        """How far the run of the open experiment was when it was told last."""
        self.bar = ExperimentBar(theme)
        self._notice = Notice(theme, dismissable=True)
        self._missing = Notice(theme)
        self._installed = True
        self._note = ElidedLabel(role="second")
        self._note_line = QWidget()
        self._remarks = Remarks()
        self._run = RunCard(theme)
        self.composer = CompareComposer(theme)
        self._views = ExperimentViews(theme, bridge, compare, self.composer)
        self._column = QVBoxLayout(self)
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()
        bridge.watch(self, compare.state, self._on_state_changed)

    # --- what the page calls -------------------------------------------------------------------------------------

    def show_judges(self, models: Sequence[ModelRef]) -> None:
        """These models could judge answers."""
        self._views.show_judges(models)

    def show_sets(self, sets: tuple[PromptSet, ...]) -> None:
        """These sets of prompts can be used."""
        self._views.show_sets(sets)

    def flush(self) -> None:
        """Keep what is written and not kept yet."""
        self._views.flush()

    def say(self, words: str) -> None:
        """Say what was done last."""
        self._note.setText(words)
        self._note_line.setVisible(bool(words))

    def show_error(self, error: UserError | None) -> None:
        """Show what went wrong with a file."""
        self._notice.show_error(error)

    def show_engine(self, installed: bool) -> None:
        """Models of this computer can be asked, or cannot: there is an engine, or none."""
        self._installed = installed
        self._show_missing(self._compare.state.value)

    @property
    def columns(self) -> "CompareColumns | None":
        """The columns, while they are looked at."""
        return self._views.columns if self._views.shows_columns else None

    def focus_first(self) -> None:
        """Put the keyboard where it is needed next."""
        if self._views.shows_columns:
            self.composer.take_focus()
        else:
            self._views.focus_first()

    def look_at(self, cell: int) -> None:
        """Look at one answer of the open experiment."""
        experiment = self._compare.state.value.experiment
        if experiment is not None:
            self.show_view(View.ANSWERS)
            self._views.look_at(cell, experiment.kind)

    def escape(self) -> bool:
        """Leave what covers the answers, or stop the run; False when there is neither."""
        if self._views.close_cell():
            return True
        if self._view is not View.ANSWERS:
            self.show_view(View.ANSWERS)
            return True
        if self._compare.state.value.run is not None:
            self._stop()
            return True
        return False

    def show_view(self, view: View) -> None:
        """Look at something else of the experiment."""
        state = self._compare.state.value
        if state.experiment is None:
            return
        if self._view is View.VOTE and view is not View.VOTE:
            self._compare.end_votes()
            if nothing_to_vote(state):
                self._compare.dismiss_error()
        if view is not self._view:
            self.say("")
        self._view = view
        self._views.show_view(view, state.experiment.kind)
        self.bar.show_view(view)
        if view is View.VOTE:
            self._do("vote", self._compare.begin_votes())
        if self.isVisible() and not self.bar.tabs.has_keyboard():
            self.focus_first()

    # --- what happens --------------------------------------------------------------------------------------------

    def _on_state_changed(self, state: CompareState) -> None:
        experiment = state.experiment.id if state.experiment else 0
        self.bar.show_state(state)
        self._show_missing(state)
        self._show_error(state)
        if experiment != self._experiment:
            self._experiment, self._running = experiment, state.run
            self.say("")
            if state.experiment is not None:
                fresh = state.experiment.kind is ExperimentKind.PROMPTS and not state.experiment.prompts
                self.show_view(View.PROMPTS if fresh else View.ANSWERS)
            return
        self._views.draw()
        self._show_around(state)
        self._tell_end(state)

    def _tell_end(self, state: CompareState) -> None:
        """Say to whoever listens that a run is over and what came of it; answers are read out while they arrive."""
        before, self._running = self._running, state.run
        if before is not None and state.run is None and listening():
            announce(self, ended_words(before, state))

    def _show_error(self, state: CompareState) -> None:
        """Show what failed once: what was said of a file stays. Who votes is told by the votes that there are none."""
        error = None if self._view is View.VOTE and nothing_to_vote(state) else state.error
        if error is not self._told:
            self._told = error
            self._notice.show_error(error)

    def _show_missing(self, state: CompareState) -> None:
        """Say before anything is asked that nobody could answer."""
        local = any(not one.column.model.address for one in state.columns)
        missing = local and not self._installed
        self._missing.show_error(_NO_ENGINE if missing else None)
        # Without an engine nothing will be started, whatever is planned.
        self._run.show_state(replace(state, plan=None) if missing else state)

    def _show_around(self, state: CompareState) -> None:
        """Below columns questions are written; remarks are about answers and their figures."""
        answers = self._view is View.ANSWERS
        self._remarks.show_state(state if answers else CompareState(elsewhere=state.elsewhere))
        self.composer.setVisible(self._views.shows_columns)
        # Where questions are sent from they are stopped, too.
        self._run.offer_stop(not self._views.shows_columns)
        if self._views.shows_columns:
            self.composer.show_state(state)

    def _ask(self, text: str, column: int | None) -> None:
        experiment = self._experiment

        def tell(kept: bool) -> None:
            if not kept:
                self.composer.put_back(experiment, column, text)

        self._bridge.ask(self, "ask", self._compare.ask(text, column), tell)

    def _stop(self) -> None:
        self._do("stop", self._compare.stop())

    def _do(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        self._bridge.start(name, work)

    def _connect(self) -> None:
        bar, compare = self.bar, self._compare
        bar.back_clicked.connect(self.back_clicked)
        bar.view_chosen.connect(self.show_view)
        bar.renamed.connect(lambda title: self._do("rename", compare.rename(title)))
        bar.column_asked.connect(self.column_asked)
        bar.column_removed.connect(self._views.remove_column)
        bar.blind_chosen.connect(lambda blind: self._do("blind", compare.set_blind(blind)))
        bar.revealed.connect(lambda: self._do("reveal", compare.reveal()))
        bar.check_asked.connect(lambda: self._do("check again", compare.check_again()))
        bar.export_asked.connect(self.export_asked)
        views = self._views
        views.view_asked.connect(self.show_view)
        views.currentChanged.connect(lambda _index: self._show_around(compare.state.value))
        views.column_asked.connect(self.column_asked)
        views.prompts_asked.connect(self.prompts_asked)
        views.set_chosen.connect(self.set_chosen)
        views.prompts_export_asked.connect(self.prompts_export_asked)
        views.chat_asked.connect(self.chat_asked)
        views.link_clicked.connect(self.link_clicked)
        self.composer.sent.connect(self._ask)
        self.composer.stop_clicked.connect(self._stop)
        self._run.run_clicked.connect(self._on_run_clicked)
        self._run.stop_clicked.connect(self._stop)
        self._run.rerun_clicked.connect(self._on_rerun_clicked)
        self._notice.dismissed.connect(self._on_notice_dismissed)
        self._notice.remedy_chosen.connect(self.remedy_chosen)
        self._missing.remedy_chosen.connect(self.remedy_chosen)

    def _on_run_clicked(self) -> None:
        """What was being written counts; then the answers are what one wants to see."""
        if self._view in (View.PROMPTS, View.OPTIONS):
            self.show_view(View.ANSWERS)
        self._do("run", self._compare.run())
        self._leave_the_card()

    def _on_rerun_clicked(self) -> None:
        self._do("run again", self._compare.rerun_failed())
        self._leave_the_card()

    def _leave_the_card(self) -> None:
        """The button that was pressed is about to go, and none comes in its place where questions are written."""
        if self._views.shows_columns:
            self.composer.take_focus()

    def _on_notice_dismissed(self) -> None:
        self._compare.dismiss_error()
        self._notice.show_error(None)

    def _dress(self) -> None:
        self.setStyleSheet(self._theme.sheet(model_list_sheet(self._theme.tokens)))

    def _build(self) -> None:
        self._note_line.hide()
        line = QVBoxLayout(self._note_line)
        line.setContentsMargins(16, 8, 16, 0)
        line.addWidget(self._note)
        for notice in (self._notice, self._missing):
            notice.setContentsMargins(16, 10, 16, 0)
        self.composer.setContentsMargins(16, 8, 16, 12)
        column = self._column
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for one in (self.bar, self._notice, self._missing, self._note_line, self._run, self._remarks):
            column.addWidget(one)
        column.addWidget(self._views, 1)
        column.addWidget(self.composer)
