"""Two to six conversations beside one another: the same words put to several models, and what came of it.

`pages.compare` owns one and hands it `CompareState`s. Columns have a least width; where there is no room for all of
them they scroll sideways, together with their results and with the fields in which each is asked by itself.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from desktop_app.domain.experiment import MAX_COLUMNS, MIN_COLUMNS
from desktop_app.services.compare_view import CompareState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton
from desktop_app.ui.widgets.compare_column import CompareColumn
from desktop_app.ui.widgets.compare_composer import Asking, CompareComposer
from desktop_app.ui.widgets.compare_fields import ColumnField
from desktop_app.ui.widgets.compare_ground import Ground, Parts
from desktop_app.ui.widgets.compare_results import ResultBar, ResultCard
from desktop_app.ui.widgets.compare_words import last_ended, measured, named, rows, summary
from desktop_app.ui.widgets.focus_chain import put_in_order
from desktop_app.ui.widgets.message_view import put_away
from desktop_app.ui.widgets.pump import Pump

HIDDEN = "Figures are hidden until the names are revealed"


class CompareColumns(QScrollArea):
    """Draws the columns of a `CompareState`; its signals tell what a person did with them."""

    column_edit_asked = Signal(int)
    column_removed = Signal(int)
    column_added = Signal()
    ask_again = Signal(int)
    """A cell, as in the next one, and in `details_asked`."""
    continue_asked = Signal(int)
    go_on_asked = Signal(int, bool)
    """A cell, and whether all columns shall go on from its answer or each from its own again."""
    details_asked = Signal(int)
    link_clicked = Signal(str)
    differences_asked = Signal()

    def __init__(self, theme: Theme, pump: Pump, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pump = pump
        self._state = CompareState()
        self._experiment = 0
        self._composer: CompareComposer | None = None
        self._columns: list[CompareColumn] = []
        self._cards: list[ResultCard] = []
        self._fields: list[ColumnField] = []
        self._results: tuple[object, ...] = ()
        """What the table was drawn from."""
        self._chosen: bool | None = None
        """Whether somebody folded the table; None while nobody has said."""
        self._folded = False
        self._ground = Ground(theme)
        self._add = IconButton(theme, "plus", "Add a column", self.column_added.emit)
        self._bar = ResultBar(theme)
        self._build()
        theme.changed.connect(self._arrange)
        theme.focus_moved.connect(self._on_focus_moved)

    # --- what a page calls -------------------------------------------------------------------------------------------

    def show_state(self, state: CompareState) -> None:
        """Show *state*; cheap when only answers have grown."""
        # What is shown of a message changes with the names: those of the same columns are made anew, too.
        anew = state.hidden is not self._state.hidden
        self._state = state
        experiment = state.experiment.id if state.experiment else 0
        ids = [one.column.id for one in state.columns]
        if anew or experiment != self._experiment or ids != [one.key for one in self._columns]:
            self._have_columns(experiment, ids, anew=anew)
        removable = len(ids) > MIN_COLUMNS
        for place, (column, shown) in enumerate(zip(self._columns, state.columns, strict=True)):
            column.show_state(shown, experiment, place, state.hidden, removable)
        if self._show_results():
            self._add.setVisible(bool(experiment) and len(ids) < MAX_COLUMNS and not state.hidden)
            self._arrange()

    def host(self, composer: CompareComposer) -> None:
        """Show the small fields of *composer* below the columns while each is asked by itself."""
        self._composer = composer
        composer.asking_changed.connect(self._on_asking_changed)

    def step_column(self, step: int) -> None:
        """Put the keyboard on the column to the left (-1) or to the right (1), around the ends."""
        if self._columns:
            place, focused = self._focused_place(), self.window().focusWidget()
            aim = (place + step) % len(self._columns) if place is not None else 0
            writing = focused is not None and any(one.isAncestorOf(focused) for one in self._fields)
            target = self._fields[aim] if writing else self._columns[aim].place_to_read()
            target.setFocus(Qt.FocusReason.TabFocusReason)

    def step_message(self, step: int) -> None:
        """Put the keyboard on the message above (-1) or below (1), in the column where it is."""
        if self._columns:
            self._columns[self._focused_place() or 0].transcript.step(step)

    def follow(self) -> None:
        """Go to the newest words of all columns and follow them."""
        for column in self._columns:
            column.transcript.follow()

    # --- what Qt calls -----------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room, or less."""
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        """What nobody saw asked for no room."""
        super().showEvent(event)
        self._arrange()

    # --- columns -----------------------------------------------------------------------------------------------------

    def _have_columns(self, experiment: int, ids: list[int], *, anew: bool) -> None:
        """Have widgets for these columns; those that stay keep theirs, unless all are made *anew*."""
        stay = experiment == self._experiment and not anew
        kept = {one.key: one for one in self._columns if stay and one.key in ids}
        gone = [one for one in self._columns if one.key not in kept]
        self._results = ()
        self._experiment = experiment
        self._columns = [kept.get(key) or self._made_column() for key in ids]
        while len(self._cards) < len(ids):
            self._cards.append(ResultCard(self._theme, self._ground))
        gone_cards, self._cards = self._cards[len(ids) :], self._cards[: len(ids)]
        for column in gone:
            self._pump.forget(column)
            self._pump.forget(column.transcript)
        for one in (*gone, *gone_cards):
            put_away(one)
        self._have_fields()

    def _made_column(self) -> CompareColumn:
        made = CompareColumn(self._theme, self._pump, self._ground)
        made.edit_asked.connect(self.column_edit_asked)
        made.removed.connect(self.column_removed)
        made.ask_again.connect(self.ask_again)
        made.continue_asked.connect(self.continue_asked)
        made.go_on_asked.connect(self.go_on_asked)
        made.details_asked.connect(self.details_asked)
        made.transcript.link_clicked.connect(self.link_clicked)
        made.layout_asked.connect(self._arrange)
        made.show()
        return made

    def _have_fields(self) -> None:
        """Have a field below every column while each is asked by itself; who writes in one goes on writing there."""
        focused = self.window().focusWidget()
        places = [at for at, one in enumerate(self._fields) if focused is not None and one.isAncestorOf(focused)]
        for one in self._fields:
            put_away(one)
        self._fields = []
        if self._composer:
            self._composer.forget_fields()
            if self._composer.asking is Asking.EACH:
                self._fields = [
                    self._composer.field(self._experiment, one.column.id, self._ground) for one in self._state.columns
                ]
        for one in self._fields:
            one.show()
        stops = [stop for column in self._columns for stop in column.stops()]
        stops += [self._add, *self._bar.stops(), *self._cards, *(stop for one in self._fields for stop in one.stops())]
        put_in_order(self, stops)
        for at in places if self._fields else ():
            self._fields[min(at, len(self._fields) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)
        self._speak(self._focused_place())

    def _on_asking_changed(self, _asking: object) -> None:
        self._have_fields()
        self._arrange()
        if self._fields:
            self._fields[0].setFocus(Qt.FocusReason.OtherFocusReason)

    # --- results -----------------------------------------------------------------------------------------------------

    def _show_results(self) -> bool:
        """Draw the table, and say whether it is another one than before."""
        state = self._state
        answered = sum(last_ended(one) is not None for one in state.columns) > 1
        names = tuple(one.title for one in state.columns)
        drawn = (state.figures, state.figures_words, state.hidden, answered, self._folded, names)
        if drawn == self._results:
            return False
        self._results = drawn
        found = () if state.hidden else rows(state.figures)
        best = summary(found) if self._folded else measured(state.figures)
        words = HIDDEN if state.hidden else " · ".join(one for one in (best, *state.figures_words) if one)
        self._bar.show_words(words if answered or found else "", bool(found), answered)
        self._bar.set_folded(self._folded)
        for place, (card, shown) in enumerate(zip(self._cards, state.columns, strict=True)):
            card.show_rows(found, place, named(place, shown.title, state.hidden))
            card.setVisible(bool(found) and not self._folded)
        self._bar.setVisible(bool(found) or answered)
        return True

    def _on_fold_clicked(self) -> None:
        self._chosen = not self._folded
        self._arrange()

    # --- places ------------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Put everything in its place, the table only where there is room for it or somebody wants it."""
        parts = Parts(self._columns, self._cards, self._fields, self._bar, self._add)
        view = self.viewport().size()
        folded = self._ground.is_low(parts, view) if self._chosen is None else self._chosen
        if folded is not self._folded:
            self._folded = folded
            self._show_results()
        self._ground.arrange(parts, view)
        self._stick()

    def _stick(self) -> None:
        """The bar stays in sight while columns scroll below it."""
        self._bar.move(self.horizontalScrollBar().value(), self._bar.y())
        self._bar.raise_()

    def _focused_place(self) -> int | None:
        """The column in which the keyboard is, in its results or in its field; None when it is elsewhere."""
        focused = self.window().focusWidget()
        places = (self._columns, self._cards, self._fields)
        for row in places:
            for place, one in enumerate(row):
                if focused is one or (focused is not None and one.isAncestorOf(focused)):
                    return place
        return None

    def _on_focus_moved(self, focused: QWidget | None) -> None:
        """The column that has the keyboard is in sight, and is the one that is read out."""
        if focused is None or not self._ground.isAncestorOf(focused):
            return
        place = self._focused_place()
        if place is not None:
            column = self._columns[place]
            bar = self.horizontalScrollBar()
            right = column.x() + column.width() + 1  # with the line behind it
            bar.setValue(max(min(bar.value(), column.x()), right - self.viewport().width()))
            self._speak(place)

    def _speak(self, place: int | None) -> None:
        for other, column in enumerate(self._columns):
            column.transcript.set_spoken(other == (place or 0))

    def _build(self) -> None:
        self.setAccessibleName("Columns")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._add.setParent(self._ground)
        self._bar.setParent(self._ground)
        self._bar.hide()
        self.setWidget(self._ground)
        self.setCornerWidget(QWidget())
        self._ground.layout_asked.connect(self._arrange)
        self._bar.fold_clicked.connect(self._on_fold_clicked)
        self._bar.differences_asked.connect(self.differences_asked)
        self.horizontalScrollBar().valueChanged.connect(self._stick)
        for keys, step in (("Ctrl+Tab", 1), ("Ctrl+Shift+Tab", -1)):
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda step=step: self.step_column(step))
