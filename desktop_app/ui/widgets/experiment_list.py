"""Where comparing begins: what it is for, the two things that can be begun, and the experiments that there are.

The Compare page shows it while no experiment is open, and answers its signals.
"""

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy
from desktop_app.domain.experiment import ExperimentKind
from desktop_app.services.compare_view import ExperimentsState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import Scrolled, button, label
from desktop_app.ui.widgets.experiment_list_choice import CHOICE_SHEET, BigChoice
from desktop_app.ui.widgets.experiment_list_view import ICONS, ExperimentView
from desktop_app.ui.widgets.experiment_list_words import SENTENCES, WHAT_FOR, sifted
from desktop_app.ui.widgets.model_filter_bar import ModelSearch
from desktop_app.ui.widgets.notice import Notice, UndoBar

_WIDTH = 860
_MARGIN = 24
_MANY = 8
"""More than these can be searched."""
_NOTHING_YET = "What you compare is kept here, with every answer and how it came about."
_NOTHING_FOUND = "No experiment has this."


class ExperimentList(QWidget):
    """Draws `ExperimentsState` and says what a person wants."""

    new_asked = Signal(object)
    """An `ExperimentKind`."""
    opened = Signal(int)
    renamed = Signal(int, str)
    duplicated = Signal(int)
    deleted = Signal(int)
    undo_asked = Signal()
    ratings_asked = Signal()
    """Of the votes of all experiments."""
    error_dismissed = Signal()
    remedy_chosen = Signal(Remedy)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = ExperimentsState()
        self._notice = Notice(theme, dismissable=True)
        self._choices = [
            BigChoice(theme, ICONS[kind], kind.value, SENTENCES[kind], partial(self._on_new, kind), self)
            for kind in ExperimentKind
        ]
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head = label("Earlier experiments", "title")
        self._ratings = button("Ratings of all votes", self.ratings_asked.emit)
        self._search = ModelSearch()
        self._view = ExperimentView(theme)
        self._empty = label("", "second", wrap=True)
        self._first = button("Compare two models", partial(self._on_new, ExperimentKind.CONVERSATION), "primary")
        self._undo = UndoBar(theme)
        self._bottom = 0
        """Of the row that the keyboard is at, in pixels below the list's top."""
        self._bring = QTimer(self, singleShot=True, interval=0)
        self._content = QWidget()
        self._scroll = Scrolled()
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()
        self._fill()

    def show_state(self, state: ExperimentsState) -> None:
        """Draw *state*."""
        self._state = state
        self._notice.show_error(state.error)
        self._undo.show_text(state.undo)
        self._fill()

    def focus_first(self) -> None:
        """Put the keyboard where a person begins: the list, or what can be begun when there is none."""
        if self._view.rows.heads:
            self._view.enter()
        else:
            self._choices[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def rename(self, experiment: int) -> None:
        """Let the person edit a title in place."""
        self._view.edit_title(experiment)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The two choices stand side by side where there is room."""
        super().resizeEvent(event)
        self._arrange()

    def _fill(self) -> None:
        state = self._state
        many = len(state.experiments) > _MANY
        if not many and self._search.text():
            self._search.clear()
        self._search.setVisible(many)
        self._view.show_heads(sifted(state.experiments, self._search.text()))
        shown = bool(self._view.rows.heads)
        self._view.setVisible(shown)
        self._head.setVisible(bool(state.experiments))
        self._ratings.setVisible(bool(state.experiments))
        nothing = state.loaded and not state.experiments
        self._first.setVisible(nothing)
        self._empty.setText(_NOTHING_YET if nothing else _NOTHING_FOUND)
        self._empty.setVisible(state.loaded and not shown)

    def _arrange(self) -> None:
        room = min(self.width(), self._theme.scaled(_WIDTH)) - 2 * _MARGIN - self._pair.spacing()
        beside = room >= 2 * max(choice.least_width() for choice in self._choices)
        direction = QBoxLayout.Direction
        self._pair.setDirection(direction.LeftToRight if beside else direction.TopToBottom)

    def _dress(self) -> None:
        self.setStyleSheet(self._theme.sheet(CHOICE_SHEET.format(**vars(self._theme.tokens))))
        self._content.setMaximumWidth(self._theme.scaled(_WIDTH))
        self._undo.setMaximumWidth(self._theme.scaled(_WIDTH) - 2 * _MARGIN)
        self._arrange()

    def _on_new(self, kind: ExperimentKind) -> None:
        self.new_asked.emit(kind)

    def _on_search_left(self) -> None:
        if self._search.isVisible():
            self._search.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self._choices[-1].setFocus(Qt.FocusReason.TabFocusReason)

    def _on_moved(self, bottom: int) -> None:
        """The row that the keyboard is at comes into sight, once all rows have their places."""
        self._bottom = bottom
        self._bring.start()

    def _on_bring_due(self) -> None:
        inside = self._scroll.widget()
        if inside is not None:
            top = self._view.mapTo(inside, self._view.rect().topLeft()).y()
            half = self._view.row_height // 2
            self._scroll.ensureVisible(0, top + self._bottom - half, 0, half + _MARGIN)

    def _connect(self) -> None:
        self._bring.timeout.connect(self._on_bring_due)
        self._search.textChanged.connect(self._fill)
        self._search.down_pressed.connect(self._view.enter)
        self._search.returnPressed.connect(self._view.enter)
        self._view.left.connect(self._on_search_left)
        self._view.moved.connect(self._on_moved)
        self._view.opened.connect(self.opened)
        self._view.duplicated.connect(self.duplicated)
        self._view.deleted.connect(self.deleted)
        self._view.rows.renamed.connect(self.renamed)
        self._undo.undo_clicked.connect(self.undo_asked)
        self._notice.dismissed.connect(self.error_dismissed)
        self._notice.remedy_chosen.connect(self.remedy_chosen)

    def _build(self) -> None:
        self.setAccessibleName("Compare")
        self._search.setPlaceholderText("Search experiments")
        self._search.setAccessibleName("Search experiments")
        self._pair.setSpacing(12)
        for choice in self._choices:
            self._pair.addWidget(choice, 1)
        head = QHBoxLayout()
        head.addWidget(self._head, 1)
        head.addWidget(self._ratings)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        column.setSpacing(12)
        column.addWidget(label("Compare", "hero"))
        column.addWidget(label(WHAT_FOR, "second", wrap=True))
        column.addWidget(self._notice)
        column.addSpacing(4)
        column.addLayout(self._pair)
        column.addSpacing(12)
        column.addLayout(head)
        column.addWidget(self._search)
        column.addWidget(self._empty)
        column.addWidget(self._first, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._view)
        column.addStretch(1)
        middle = QWidget()
        across = QHBoxLayout(middle)
        across.setContentsMargins(0, 0, 0, 0)
        across.addStretch(1)
        across.addWidget(self._content, 100)
        across.addStretch(1)
        self._scroll.setWidget(middle)
        foot = QHBoxLayout()
        foot.setContentsMargins(_MARGIN, 0, _MARGIN, 12)
        foot.addStretch(1)
        foot.addWidget(self._undo, 100)
        foot.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(0)
        outside.addWidget(self._scroll, 1)
        outside.addLayout(foot)
