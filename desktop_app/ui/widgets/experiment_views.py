"""What of an experiment can be looked at: columns or grid, prompts or options, differences, votes, ratings, one answer.

`ExperimentBoard` owns one. Each is made when it is looked at first, draws `CompareState`, and its verbs are those of
`services/compare`; what reaches beyond the experiment is a signal.
"""

from collections.abc import Callable, Coroutine, Sequence
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop_app.domain.experiment import ExperimentKind
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.prompt_sets import PromptSet
from desktop_app.services.compare import Compare
from desktop_app.services.compare_view import CompareState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.experiment_bar import View
from desktop_app.ui.widgets.focus_chain import others
from desktop_app.ui.widgets.pump import Pump

# ruff: noqa: PLC0415 - what of an experiment is looked at is imported when it is looked at
if TYPE_CHECKING:
    from desktop_app.ui.widgets.cell_desk import CellDesk
    from desktop_app.ui.widgets.compare_columns import CompareColumns
    from desktop_app.ui.widgets.compare_composer import CompareComposer
    from desktop_app.ui.widgets.difference_view import DifferenceView
    from desktop_app.ui.widgets.experiment_options import ExperimentOptions
    from desktop_app.ui.widgets.grid_pane import GridPane
    from desktop_app.ui.widgets.prompt_editor import PromptEditor
    from desktop_app.ui.widgets.rating_view import RatingView
    from desktop_app.ui.widgets.vote_view import VoteView

W = TypeVar("W", bound=QWidget)

_AROUND = (16, 8, 16, 12)
"""Pixels around what does not reach to the edges: left, above, right, below."""


class ExperimentViews(QStackedWidget):
    """Shows one of them.

    Args:
        theme: colours and fonts.
        bridge: starts verbs of services.
        compare: the open experiment.
        composer: where questions to columns are written.
    """

    view_asked = Signal(View)
    """Something else shall be looked at."""
    column_asked = Signal(object)
    """A column's id, to be changed; None for one more."""
    prompts_asked = Signal()
    set_chosen = Signal(str)
    prompts_export_asked = Signal(str)
    chat_asked = Signal(int)
    link_clicked = Signal(str)

    def __init__(self, theme: Theme, bridge: Bridge, compare: Compare, composer: "CompareComposer") -> None:
        super().__init__()
        self._theme = theme
        self._bridge = bridge
        self._compare = compare
        self._composer = composer
        self._judges: tuple[ModelRef, ...] = ()
        self._sets: tuple[PromptSet, ...] = ()
        self._pump = Pump(self)
        self._drawn: dict[QWidget, Callable[[CompareState], None]] = {}
        """What has been made, and how it draws a state."""

    @property
    def shows_columns(self) -> bool:
        """Whether columns are looked at, side by side."""
        shown = self.currentWidget()
        return shown is not None and shown is self.__dict__.get("columns")

    def show_view(self, view: View, kind: ExperimentKind) -> None:
        """Look at *view* of an experiment of this kind."""
        self.flush()
        self.setCurrentWidget(self._widget_of(view, kind))
        self.draw()

    def flush(self) -> None:
        """Keep what is written and not kept yet."""
        for name in ("prompts", "options"):
            if name in self.__dict__:
                self.__dict__[name].flush()

    def look_at(self, cell: int, kind: ExperimentKind) -> None:
        """Look at one answer: beside its grid, or instead of its columns."""
        if kind is ExperimentKind.PROMPTS:
            self.grid.look_at(cell)
        else:
            self.show_detail(cell)

    def show_detail(self, cell: int) -> None:
        """Look at one answer of a conversation."""
        self.setCurrentWidget(self.detail)
        self.detail.open(cell)
        self.detail.view.take_focus()

    def focus_first(self) -> None:
        """Put the keyboard into what is looked at."""
        shown = self.currentWidget()
        if shown is self.__dict__.get("detail"):
            self.detail.view.take_focus()
        elif shown is self.__dict__.get("grid"):
            self.grid.focus_first()
        elif shown is self.__dict__.get("votes"):
            self.votes.focus_first()
        elif shown is self.__dict__.get("prompts"):
            self.prompts.focus_first()
        elif shown is not None and (first := first_stop(shown)) is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def draw(self) -> None:
        """Draw what is looked at; the rest is drawn when it is looked at again."""
        shown = self.currentWidget()
        draw = self._drawn.get(shown) if shown is not None else None
        if draw is not None:
            draw(self._compare.state.value)

    def close_cell(self) -> bool:
        """Put the answer away that is looked at; False when none is."""
        shown = self.currentWidget()
        if shown is self.__dict__.get("detail"):
            self.view_asked.emit(View.ANSWERS)
            return shown is not None
        return shown is not None and shown is self.__dict__.get("grid") and self.grid.close_cell()

    def remove_column(self, column: int) -> None:
        """Compare without a column; its answers are kept."""
        experiment = self._compare.state.value.experiment
        if experiment is not None:
            kept = [one for one in experiment.shown if one.id != column]
            self._do("columns", self._compare.set_columns(kept))

    def show_judges(self, models: Sequence[ModelRef]) -> None:
        """These models could judge answers."""
        self._judges = tuple(models)
        if "prompts" in self.__dict__:
            self.prompts.show_models(self._judges)

    def show_sets(self, sets: tuple[PromptSet, ...]) -> None:
        """These sets of prompts can be used."""
        self._sets = sets

    @cached_property
    def columns(self) -> "CompareColumns":
        """The answers of a conversation, side by side."""
        from desktop_app.ui.widgets.compare_columns import CompareColumns

        made = CompareColumns(self._theme, self._pump)
        made.host(self._composer)
        made.column_edit_asked.connect(self.column_asked.emit)
        made.column_added.connect(lambda: self.column_asked.emit(None))
        made.column_removed.connect(self.remove_column)
        made.ask_again.connect(self._ask_again)
        made.continue_asked.connect(self.chat_asked)
        made.go_on_asked.connect(lambda cell, carried: self._do("go on", self._compare.carry_on(cell, carried)))
        made.details_asked.connect(self.show_detail)
        made.differences_asked.connect(lambda: self.view_asked.emit(View.DIFFERENCES))
        made.link_clicked.connect(self.link_clicked)
        return self._made(made, made.show_state)

    @cached_property
    def grid(self) -> "GridPane":
        """The answers of a prompt set."""
        from desktop_app.ui.widgets.grid_pane import GridPane

        made = GridPane(self._theme, self._bridge, self._compare)
        made.ask_again.connect(self._ask_again)
        made.chat_asked.connect(self.chat_asked)
        made.prompts_asked.connect(lambda: self.view_asked.emit(View.PROMPTS))
        made.grid.setContentsMargins(*_AROUND)
        made.link_clicked.connect(self.link_clicked)
        return self._made(made, made.show_state)

    @cached_property
    def detail(self) -> "CellDesk":
        """One answer of a conversation, with all that is known of it."""
        from desktop_app.ui.widgets.cell_desk import CellDesk

        made = CellDesk(self._theme, self._bridge, self._compare)
        made.ask_again.connect(self._ask_again)
        made.continue_asked.connect(self.chat_asked)
        made.link_clicked.connect(self.link_clicked)
        made.view.moved.connect(lambda columns: self._step(columns, 0))
        made.view.row_moved.connect(lambda prompts: self._step(0, prompts))
        made.closed.connect(lambda: self.view_asked.emit(View.ANSWERS))
        return self._made(made, lambda _state: None)

    @cached_property
    def prompts(self) -> "PromptEditor":
        """The questions of a prompt set, and how it is run."""
        from desktop_app.checks.rules import problem
        from desktop_app.ui.widgets.prompt_editor import PromptEditor

        made = PromptEditor(self._theme, problem)
        made.show_sets(self._sets)
        made.show_models(self._judges)
        made.prompts_changed.connect(lambda prompts: self._do("prompts", self._compare.set_prompts(prompts)))
        made.options_changed.connect(lambda options: self._do("options", self._compare.set_options(options)))
        made.import_asked.connect(self.prompts_asked)
        made.export_asked.connect(self.prompts_export_asked)
        made.set_chosen.connect(self.set_chosen)
        made.done.connect(lambda: self.view_asked.emit(View.ANSWERS))
        made.setContentsMargins(*_AROUND)
        return self._made(made, self._draw_prompts)

    @cached_property
    def options(self) -> "ExperimentOptions":
        """How a conversation is run."""
        from desktop_app.ui.widgets.experiment_options import ExperimentOptions

        made = ExperimentOptions(self._theme)
        made.changed.connect(lambda options: self._do("options", self._compare.set_options(options)))
        return self._made(made, made.show_state)

    @cached_property
    def differences(self) -> "DifferenceView":
        """Two answers, word by word."""
        from desktop_app.ui.widgets.difference_view import DifferenceView

        made = DifferenceView(self._theme)
        made.closed.connect(lambda: self.view_asked.emit(View.ANSWERS))
        return self._made(made, made.show_state)

    @cached_property
    def votes(self) -> "VoteView":
        """Two answers without names."""
        from desktop_app.ui.widgets.vote_view import VoteView

        made = VoteView(self._theme)
        made.voted.connect(lambda verdict, reason: self._do("vote", self._compare.vote(verdict, reason)))
        made.skipped.connect(lambda: self._do("skip", self._compare.skip_pair()))
        made.undone.connect(lambda: self._do("undo a vote", self._compare.undo_vote()))
        made.revealed.connect(self._reveal)
        made.closed.connect(lambda: self.view_asked.emit(View.ANSWERS))
        made.link_clicked.connect(self.link_clicked)
        return self._made(made, made.show_state)

    @cached_property
    def ratings(self) -> "RatingView":
        """What the votes say."""
        from desktop_app.ui.widgets.rating_view import RatingView

        made = RatingView(self._theme)
        made.closed.connect(lambda: self.view_asked.emit(View.ANSWERS))
        return self._made(made, self._draw_ratings)

    def _widget_of(self, view: View, kind: ExperimentKind) -> QWidget:
        match view:
            case View.ANSWERS:
                return self.columns if kind is ExperimentKind.CONVERSATION else self.grid
            case View.PROMPTS:
                return self.prompts
            case View.OPTIONS:
                return self.options
            case View.DIFFERENCES:
                return self.differences
            case View.VOTE:
                return self.votes
            case View.RATINGS:
                return self.ratings

    def _step(self, columns: int, prompts: int) -> None:
        """Look at the answer beside, or to another question; nothing happens at the ends."""
        cells = [one.cells for one in self._compare.state.value.columns]
        places = [
            (x, y) for x, column in enumerate(cells) for y, cell in enumerate(column) if cell.id == self.detail.cell
        ]
        for x, y in places:
            if 0 <= x + columns < len(cells) and 0 <= y + prompts < len(cells[x + columns]):
                self.detail.open(cells[x + columns][y + prompts].id)

    def _made(self, made: W, draw: Callable[[CompareState], None]) -> W:
        self._drawn[made] = draw
        self.addWidget(made)
        return made

    def _draw_prompts(self, state: CompareState) -> None:
        if state.experiment is not None:
            from desktop_app.ui.widgets.prompt_editor_rows import answered

            cells = self._compare.grid.value.cells
            self.prompts.show_experiment(state.experiment, answered(cells), running=state.run is not None)

    def _draw_ratings(self, state: CompareState) -> None:
        settings = {one.column.identity: one.settings for one in state.columns}
        self.ratings.show_ratings(state.ratings, state.votes, "What the votes say", settings)

    def _ask_again(self, cell: int) -> None:
        self._do("ask again", self._compare.ask_again(cell))

    def _reveal(self) -> None:
        self._do("reveal", self._compare.reveal())
        self.view_asked.emit(View.RATINGS)

    def _do(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        self._bridge.start(name, work)


def first_stop(widget: QWidget) -> QWidget | None:
    """Where the Tab key goes first in *widget*; None when it has nothing to stop at."""
    for one in takewhile(widget.isAncestorOf, others(widget)):
        if one.isVisible() and one.isEnabled() and one.focusPolicy() & Qt.FocusPolicy.TabFocus:
            return one
    return None
