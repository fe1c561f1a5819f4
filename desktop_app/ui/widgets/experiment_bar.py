"""The line above an open experiment: the way back, its title, what of it is looked at, and what can be done with it.

`pages.compare` owns one; it knows `CompareState` and nothing else.
"""

from collections.abc import Mapping
from enum import Enum
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLineEdit, QMenu, QPushButton, QWidget

from desktop_app.domain.experiment import MAX_COLUMNS, MIN_COLUMNS, Experiment, ExperimentKind
from desktop_app.services.compare_view import CompareState
from desktop_app.services.experiment_files import ExperimentForm
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, button, plain, tip

_NARROW = 860
"""Pixels below which the bar leaves words out."""
_TITLE_WIDTH = 120
_BLIND = "Names and figures are hidden until you reveal them, and columns are shuffled: nobody is voted for by name."


class View(Enum):
    """What of an experiment is looked at. The value is what people read."""

    ANSWERS = "Answers"
    PROMPTS = "Prompts"
    DIFFERENCES = "Differences"
    VOTE = "Vote"
    RATINGS = "Ratings"
    OPTIONS = "Options"


def views_of(kind: ExperimentKind) -> tuple[View, ...]:
    """What can be looked at: a prompt set has its options beside its prompts."""
    if kind is ExperimentKind.PROMPTS:
        return (View.ANSWERS, View.PROMPTS, View.VOTE, View.RATINGS)
    return (View.ANSWERS, View.DIFFERENCES, View.VOTE, View.RATINGS, View.OPTIONS)


class ViewTabs(QFrame):
    """Chooses what is looked at, by mouse, Tab and arrow keys."""

    chosen = Signal(View)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "segments")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(2, 2, 2, 2)
        self._row.setSpacing(2)
        self._buttons: Mapping[View, QPushButton] = {view: self._button(view) for view in View}

    def show_views(self, views: tuple[View, ...], counts: Mapping[View, int]) -> None:
        """Offer *views*; a count stands beside what has one."""
        for view, made in self._buttons.items():
            made.setVisible(view in views)
            count = counts.get(view, 0)
            made.setText(plain(f"{view.value} · {count:,}" if count else view.value))
            made.setAccessibleName(f"{view.value}, {count:,}" if count else view.value)

    def show_chosen(self, view: View) -> None:
        """Show that *view* is looked at, without telling anybody."""
        with QSignalBlocker(self._buttons[view]):
            self._buttons[view].setChecked(True)

    def has_keyboard(self) -> bool:
        """Whether somebody chooses by keys."""
        return any(made.hasFocus() for made in self._buttons.values())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Left and Right choose; a button by itself would only move the focus."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and event.key() in steps:
            offered = [made for made in self._buttons.values() if not made.isHidden()]
            here = next((index for index, made in enumerate(offered) if made is watched), 0)
            chosen = offered[(here + steps[Qt.Key(event.key())]) % len(offered)]
            chosen.setFocus(Qt.FocusReason.TabFocusReason)
            chosen.click()
            return True
        return super().eventFilter(watched, event)

    def _button(self, view: View) -> QPushButton:
        made = button(view.value, lambda: None, "segment")
        made.setCheckable(True)
        # A click goes on to what it shows, where keys have a meaning; Tab still comes here.
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # Not `clicked`: a screen reader toggles what can be checked, and no click comes of that.
        made.toggled.connect(lambda on: self.chosen.emit(view) if on else None)
        made.installEventFilter(self)
        self._group.addButton(made)
        self._row.addWidget(made)
        return made


class ExperimentBar(QWidget):
    """Says which experiment is open."""

    back_clicked = Signal()
    view_chosen = Signal(View)
    renamed = Signal(str)
    column_asked = Signal(object)
    """A column's id, to be changed; None for one more."""
    column_removed = Signal(int)
    blind_chosen = Signal(bool)
    revealed = Signal()
    check_asked = Signal()
    """Every answer shall be checked anew, by the judge too."""
    export_asked = Signal(ExperimentForm)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._experiment: Experiment | None = None
        self._hidden = False
        self._view = View.ANSWERS
        self._checkable = False
        """Whether there are answers, and checks of them."""
        self._titles: dict[int, str] = {}
        """Of the columns, by their ids."""
        self._back = IconButton(theme, "chevron-left", "All experiments", self.back_clicked.emit)
        self._title = ElidedLabel(role="title")
        self._title.setMinimumWidth(_TITLE_WIDTH)
        self._edit = QLineEdit()
        self._edit.setAccessibleName("Title of the experiment")
        self._edit.hide()
        self._edit.editingFinished.connect(self._on_title_edited)
        self._edit.installEventFilter(self)
        self.tabs = ViewTabs()
        self.tabs.chosen.connect(self.view_chosen)
        self._columns = button("Columns", self._show_columns)
        self._blind = button("Reveal", self.revealed.emit)
        self._blind.setToolTip(tip("Show the names and figures"))
        self._more = IconButton(theme, "more", "More: rename, blind, export", self._show_menu)
        self._build()

    def show_state(self, state: CompareState) -> None:
        """Show whose experiment this is and what can be done with it."""
        experiment = state.experiment
        self._experiment = experiment
        if experiment is None:
            return
        self._title.setText(experiment.title)
        counts = {View.VOTE: state.votes, View.PROMPTS: len(experiment.prompts)}
        self.tabs.show_views(views_of(experiment.kind), counts)
        checks = bool(experiment.options.checks) or any(prompt.checks for prompt in experiment.prompts)
        self._checkable = checks and bool(state.done) and state.run is None
        # Columns that stand side by side have buttons of their own.
        self._columns.setVisible(experiment.kind is ExperimentKind.PROMPTS)
        self._columns.setEnabled(state.run is None and not state.hidden)
        self._titles = {one.column.id: one.title for one in state.columns}
        self._hidden = state.hidden
        self.show_view(self._view)

    def show_view(self, view: View) -> None:
        """Show that *view* is looked at. Who votes has a button that ends the votes and reveals."""
        self._view = view
        self.tabs.show_chosen(view)
        self._blind.setVisible(self._hidden and view is not View.VOTE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow window leaves words out."""
        super().resizeEvent(event)
        narrow = self.width() < self._theme.scaled(_NARROW)
        self._title.setMinimumWidth(0 if narrow else self._theme.scaled(_TITLE_WIDTH))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape gives a new title up."""
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if watched is self._edit and escape and event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            event.accept()
            if event.type() is QEvent.Type.KeyPress:
                self._edit.setText(self._title.text())
                self._on_title_edited()
            return True
        return super().eventFilter(watched, event)

    def rename(self) -> None:
        """Let the person write another title."""
        self._edit.setText(self._title.text())
        self._title.hide()
        self._edit.show()
        self._edit.selectAll()
        self._edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_title_edited(self) -> None:
        if self._edit.isHidden():
            return
        if self._edit.hasFocus():
            self._more.setFocus(Qt.FocusReason.OtherFocusReason)
        self._edit.hide()
        self._title.show()
        title = " ".join(self._edit.text().split())
        if title and title != self._title.text():
            self.renamed.emit(title)

    def _show_columns(self) -> None:
        menu = QMenu(self)
        menu.setAccessibleName("Columns")
        menu.aboutToHide.connect(menu.deleteLater)
        for column, title in self._titles.items():
            one = menu.addMenu(plain(title))
            one.addAction("Change…", partial(self.column_asked.emit, column))
            remove = one.addAction("Remove", partial(self.column_removed.emit, column))
            remove.setEnabled(len(self._titles) > MIN_COLUMNS)
        menu.addSeparator()
        more = menu.addAction("Add a column…", partial(self.column_asked.emit, None))
        more.setEnabled(len(self._titles) < MAX_COLUMNS)
        menu.popup(self._columns.mapToGlobal(self._columns.rect().bottomLeft()))

    def _show_menu(self) -> None:
        menu = QMenu(self)
        menu.setAccessibleName("More")
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction("Rename", self.rename)
        blind = menu.addAction("Blind: hide names and figures")
        blind.setCheckable(True)
        blind.setChecked(self._experiment is not None and self._experiment.blind)
        blind.setToolTip(tip(_BLIND))
        blind.toggled.connect(self.blind_chosen)
        if self._checkable:
            menu.addAction("Check all answers again", self.check_asked.emit)
        menu.addSeparator()
        for form in ExperimentForm:
            menu.addAction(f"Export as {form.words}…", partial(self.export_asked.emit, form))
        menu.setToolTipsVisible(True)
        menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self._back)
        row.addWidget(self._title, 1)
        row.addWidget(self._edit, 1)
        row.addWidget(self.tabs)
        row.addWidget(self._blind)
        row.addWidget(self._columns)
        row.addWidget(self._more)
