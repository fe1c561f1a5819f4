"""The page that compares: earlier experiments, the one that is open, a column that is edited, ratings of all votes.

The main window's `CompareRoom` owns it and answers its signals: models, files, chats and links are its business.
"""

from collections.abc import Coroutine, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.experiment import CellState, Column, Experiment, ExperimentKind, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.prompt_sets import PromptSet
from desktop_app.domain.ratings import Rating
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.services.compare import Compare
from desktop_app.services.compare_view import CompareState
from desktop_app.services.experiments import Experiments
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.experiment_board import ExperimentBoard
from desktop_app.ui.widgets.experiment_list import ExperimentList
from desktop_app.ui.widgets.rating_view import RatingView

# ruff: noqa: PLC0415 - what is seldom looked at is imported when it is
if TYPE_CHECKING:
    from desktop_app.ui.widgets.column_editor import ColumnEditor, FlagCheck, ModelOffer
    from desktop_app.ui.widgets.compare_columns import CompareColumns

_SETTLE_MILLISECONDS = 150
"""After a change of an experiment, until the list is read again."""


class ComparePage(QWidget):
    """Shows experiments.

    Args:
        theme: colours and fonts.
        bridge: starts verbs of services.
        compare: the open experiment.
        experiments: the list of them.
        check: why an option of the engine cannot be set, in words.
        parent: the widget that it stands in.
    """

    offers_wanted = Signal()
    """What models a column can have is to be said: `show_offers`."""
    defaults_wanted = Signal(object)
    """What a model does where nothing is chosen is to be said: `show_defaults`."""
    server_asked = Signal()
    remedy_chosen = Signal(Remedy)
    export_asked = Signal(object)
    """An `ExperimentForm`."""
    prompts_asked = Signal()
    prompts_export_asked = Signal(str)
    chat_asked = Signal(int)
    link_clicked = Signal(str)

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        compare: Compare,
        experiments: Experiments,
        check: "FlagCheck",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAccessibleName("Compare")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bridge = bridge
        self._compare = compare
        self._experiments = experiments
        self._offers: tuple[ModelOffer, ...] = ()
        self._sets: tuple[PromptSet, ...] = ()
        self._open: int | None = None
        self._wanted: ExperimentKind | None = None
        """What shall begin as soon as it is known which models there are."""
        self._looked = False
        """Whether somebody looked which models are on this computer."""
        self._theme = theme
        self._check = check
        self.list = ExperimentList(theme)
        self.board = ExperimentBoard(theme, bridge, compare)
        self._frames = QStackedWidget()
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MILLISECONDS)
        self._build()
        self._connect()
        bridge.watch(self, experiments.state, self.list.show_state)
        bridge.watch(self, compare.state, self._on_state_changed)

    @cached_property
    def editor(self) -> "ColumnEditor":
        """Where a column is changed."""
        from desktop_app.ui.widgets.column_editor import ColumnEditor

        made = ColumnEditor(self._theme, self._check)
        made.saved.connect(self._on_column_saved)
        made.cancelled.connect(self._to_board)
        made.server_asked.connect(self.server_asked)
        made.model_chosen.connect(self.defaults_wanted.emit)
        self._frames.addWidget(made)
        return made

    @cached_property
    def ratings(self) -> "RatingView":
        """What all votes together say."""
        made = RatingView(self._theme)
        made.closed.connect(self._to_list)
        self._frames.addWidget(made)
        return made

    # --- what the room calls -------------------------------------------------------------------------------------

    def show_offers(self, offers: "tuple[ModelOffer, ...]") -> None:
        """These are the models that a column can have."""
        before, self._offers = self._offers, offers
        if "editor" in self.__dict__:
            self.editor.show_models(offers)
            known = {offer.model.key for offer in before}
            came = [offer.model for offer in offers if offer.model.address and offer.model.key not in known]
            if came and before and self._frames.currentWidget() is self.editor:
                # Somebody asked for a server here, and this is what they meant.
                self.editor.choose_model(came[0])
        self.board.show_judges([offer.model for offer in offers if not offer.problem])

    def begin_wanted(self) -> None:
        """The offers are all that there are: what was to begin with them can."""
        self._looked = True
        if self._wanted is not None:
            kind, self._wanted = self._wanted, None
            self._on_new_asked(kind)

    def show_engine(self, installed: bool) -> None:
        """Models of this computer can be asked, or cannot: there is an engine, or none."""
        self.board.show_engine(installed)

    def show_defaults(self, model: ModelRef, defaults: Sampling) -> None:
        """This is what *model* does where nothing is chosen."""
        self.editor.show_defaults(model, defaults)

    def show_sets(self, sets: Sequence[PromptSet]) -> None:
        """These sets of prompts can be used."""
        self._sets = tuple(sets)
        self.board.show_sets(self._sets)

    def add_prompts(self, prompts: Sequence[Prompt], words: str) -> None:
        """Add prompts to the open experiment, and say what was read."""
        experiment = self._compare.state.value.experiment
        if experiment is not None:
            self.board.flush()
            experiment = self._compare.state.value.experiment or experiment
            self.say(words)
            self._do("prompts", self._compare.set_prompts((*experiment.prompts, *prompts)))

    def say(self, words: str) -> None:
        """Say what was done last."""
        self.board.say(words)

    def show_error(self, error: UserError | None) -> None:
        """Show what went wrong with a file."""
        if error is not None:
            self.board.show_error(error)

    def flush(self) -> None:
        """Keep what is written and not kept yet: the window closes."""
        self.board.flush()

    @property
    def columns(self) -> "CompareColumns | None":
        """The columns of the open experiment, while they are looked at."""
        return self.board.columns if self._frames.currentWidget() is self.board else None

    def focus_first(self) -> None:
        """Put the keyboard where it is needed next."""
        shown = self._frames.currentWidget()
        if shown is self.list:
            self.list.focus_first()
        elif shown is self.board:
            self.board.focus_first()

    def escape(self) -> bool:
        """Leave what is open here; False when there is nothing to leave."""
        shown = self._frames.currentWidget()
        if shown is self.__dict__.get("editor"):
            self.editor.leave()
        elif shown is self.__dict__.get("ratings"):
            self._to_list()
        elif shown is self.board and not self.board.escape():
            self._leave()
        elif shown is self.list:
            return False
        return True

    def showEvent(self, event: QShowEvent) -> None:
        """Read the list once somebody looks."""
        super().showEvent(event)
        self.offers_wanted.emit()
        self._do("read the experiments", self._experiments.load())
        self.focus_first()

    # --- experiments ---------------------------------------------------------------------------------------------

    def _on_state_changed(self, state: CompareState) -> None:
        opened = state.experiment.id if state.experiment else None
        if opened != self._open:
            self._open = opened
            self._show(self.list if opened is None else self.board)
            if self.isVisible():
                self.focus_first()
        self._settle.start()

    def _on_new_asked(self, kind: ExperimentKind) -> None:
        if self._looked:
            self._do("new experiment", self._compare.new(kind, first_columns(self._offers)))
        else:
            self._wanted = kind
            self.offers_wanted.emit()

    def _leave(self) -> None:
        self._compare.close()
        self._to_list()

    def _on_ratings_asked(self) -> None:
        self._bridge.ask(self, "ratings", self._experiments.all_ratings(), self._show_ratings)

    def _show_ratings(self, ratings: tuple[Rating, ...]) -> None:
        votes = sum(rating.votes for rating in ratings) // 2
        self.ratings.show_ratings(ratings, votes, "Ratings of all votes")
        self._show(self.ratings)

    # --- columns -------------------------------------------------------------------------------------------------

    def _on_column_asked(self, column_id: int | None) -> None:
        state = self._compare.state.value
        if state.experiment is None:
            return
        self.offers_wanted.emit()
        found = state.experiment.column(column_id) if column_id is not None else None
        self.editor.show_models(self._offers)
        self.editor.edit(found, answered=self._answered(column_id))
        self._show(self.editor)
        self.editor.focus_first()

    def _answered(self, column_id: int | None) -> bool:
        """Whether a column has answers, so that other settings make it another one."""
        cells = [(cell.column, cell.state) for one in self._compare.state.value.columns for cell in one.cells]
        cells += [(head.column, head.state) for head in self._compare.grid.value.cells.values()]
        return (column_id, CellState.DONE) in cells

    def _on_column_saved(self, column: Column) -> None:
        experiment = self._compare.state.value.experiment
        self._to_board()
        if experiment is not None:
            self._do("columns", self._compare.set_columns(with_column(experiment, column)))

    def _to_board(self) -> None:
        self._show(self.board)
        self.focus_first()

    def _to_list(self) -> None:
        self._show(self.list)
        self.focus_first()

    def _show(self, frame: QWidget) -> None:
        self._frames.setCurrentWidget(frame)

    def _do(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        self._bridge.start(name, work)

    def _connect(self) -> None:
        do, experiments = self._do, self._experiments
        shown = self.list
        shown.new_asked.connect(self._on_new_asked)
        shown.opened.connect(lambda key: do("open an experiment", self._compare.open(key)))
        shown.renamed.connect(lambda key, title: do("rename", experiments.rename(key, title)))
        shown.duplicated.connect(lambda key: do("duplicate", experiments.duplicate(key)))
        shown.deleted.connect(lambda key: do("delete", experiments.delete(key)))
        shown.undo_asked.connect(lambda: do("undo", experiments.undo()))
        shown.ratings_asked.connect(self._on_ratings_asked)
        shown.error_dismissed.connect(experiments.dismiss_error)
        shown.remedy_chosen.connect(self.remedy_chosen)
        board = self.board
        board.back_clicked.connect(self._leave)
        board.column_asked.connect(self._on_column_asked)
        board.export_asked.connect(self.export_asked)
        board.prompts_asked.connect(self.prompts_asked)
        board.prompts_export_asked.connect(self.prompts_export_asked)
        board.set_chosen.connect(self._on_set_chosen)
        board.chat_asked.connect(self.chat_asked)
        board.link_clicked.connect(self.link_clicked)
        board.remedy_chosen.connect(self.remedy_chosen)
        self._settle.timeout.connect(self._refresh)

    def _on_set_chosen(self, key: str) -> None:
        found = next((one for one in self._sets if one.key == key), None)
        if found is not None:
            self.add_prompts(found.prompts, f"Added “{found.title}”: {len(found.prompts)} prompts.")

    def _refresh(self) -> None:
        if self._frames.currentWidget() is self.list and self.isVisible():
            self._do("read the experiments", self._experiments.load())

    def _build(self) -> None:
        for frame in (self.list, self.board):
            self._frames.addWidget(frame)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._frames)


def first_columns(offers: "Sequence[ModelOffer]") -> tuple[Column, ...]:
    """What a new experiment begins with: two models where there are two, else one with two temperatures."""
    usable = [offer.model for offer in offers if not offer.problem]
    if not usable:
        return ()
    if len(usable) > 1:
        return (Column(0, usable[0]), Column(0, usable[1]))
    sure = ChatSettings(sampling=Sampling(temperature=0.0))
    return (Column(0, usable[0]), Column(0, usable[0], sure))


def with_column(experiment: Experiment, column: Column) -> tuple[Column, ...]:
    """The shown columns with *column* in the place of the one that has its id, or at the end."""
    shown = experiment.shown
    if any(one.id == column.id for one in shown):
        return tuple(column if one.id == column.id else one for one in shown)
    return (*shown, column)
