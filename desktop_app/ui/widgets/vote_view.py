"""Two answers side by side, without names: which one is better?

The Compare page shows it while somebody votes, in blind experiments and in others; figures are never shown, for speed
gives a model away.
"""

from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.experiment import Verdict
from desktop_app.services.compare_view import CompareState, PairState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, Scrolled, button, label, plain, set_property
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.looks import sheet_of
from desktop_app.ui.widgets.message_sheet import message_sheet
from desktop_app.ui.widgets.vote_view_pair import MARGIN, AnswerPair
from desktop_app.ui.widgets.vote_view_words import nothing_words

MAX_REASON = 2_000
"""Characters."""
_KEY = Qt.Key
_CHOICES: tuple[tuple[Verdict, str, str, tuple[Qt.Key, ...]], ...] = (
    (Verdict.LEFT, "← {}", "Left", (_KEY.Key_1, _KEY.Key_Left)),
    (Verdict.TIE, "{} (T)", "Equal", (_KEY.Key_3, _KEY.Key_T)),
    (Verdict.BOTH_BAD, "{} (B)", "Both bad", (_KEY.Key_4, _KEY.Key_B)),
    (Verdict.RIGHT, "{} →", "Right", (_KEY.Key_2, _KEY.Key_Right)),
)
"""From left to right, what stands on the button, the short form of it, and its keys."""
_LOW = 480
"""Pixels, at the usual size of words, below which height is kept for the answers."""
_SHEET = """
QFrame[role="answer"] {{ background: {background}; border: 1px solid {line}; border-radius: 10px; }}
"""


class VoteView(QWidget):
    """Draws the `PairState` of a `CompareState` and says what a person thinks of it."""

    voted = Signal(object, str)
    """A `Verdict` and a reason, which may be empty."""
    skipped = Signal()
    undone = Signal()
    """The last vote shall be taken back."""
    revealed = Signal()
    """Enough votes: names shall be shown."""
    closed = Signal()
    """Leave; names stay as they are."""
    link_clicked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pair: PairState | None = None
        self._hidden = False
        self._waiting = False
        """A vote was given and the next pair has not come yet: a key held down must not vote again."""
        self._title = label("Which answer is better?", "title")
        self._progress = label(role="second")
        self._progress.setFont(theme.figures_font(10))
        self._done = button("Done & reveal", self._on_done_clicked)
        self._area = Scrolled()
        self._sheet = AnswerPair(theme)
        self._nothing = label(role="title", wrap=True)
        self._reason = _Reason()
        self._choices = [self._make_choice(verdict, keys) for verdict, *_, keys in _CHOICES]
        self._grid = QGridLayout()
        self._bottom = QWidget()
        self._undo = button("Undo", self.undone.emit)
        self._skip = button("Skip", self._on_skip_clicked)
        self._keys = self._make_keys()
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()
        self.show_state(CompareState())

    def show_state(self, state: CompareState) -> None:
        """Draw *state*."""
        pair, before = state.pair, self._pair
        if state.error is not None or pair is None or before is None or _place(pair) != _place(before):
            self._waiting = False
        self._hidden = state.hidden
        self._pair = pair
        words = "Done & reveal" if state.hidden else "Done"
        self._done.setText(plain(words))
        self._done.setAccessibleName(words)
        # Once there is nothing left to compare, this is what is to be done next.
        set_property(self._done, "role", "" if pair else "primary")
        done = pair.done if pair else state.votes
        left = f" · {pair.left_over:,} more possible" if pair else ""
        self._progress.setText(f"{done:,} compared{left}")
        self._undo.setEnabled(done > 0)
        self._skip.setVisible(pair is not None)
        self._bottom.setVisible(pair is not None or done > 0)
        if pair is None and self._area.hasFocus():
            # Qt would give it to Undo, where a key takes the vote back.
            self._done.setFocus(Qt.FocusReason.OtherFocusReason)
        for part in (self._area, self._reason, *self._choices):
            part.setVisible(pair is not None)
        self._nothing.setVisible(pair is None)
        self._nothing.setText("\n".join(filter(None, nothing_words(state))))
        if pair is not None and (before is None or _question(pair) != _question(before)):
            self._reason.clear()
            self._area.verticalScrollBar().setValue(0)
        if pair is not None:
            self._sheet.show_pair(pair)
            if before is None and self._done.hasFocus():
                # The keyboard waited there for the first two answers; a key must not end the votes.
                self._area.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_first(self) -> None:
        """Put the keyboard where its keys vote."""
        (self._area if self._pair else self._done).setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Escape is for this view; the window has a use for it, too."""
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves the reason, then the view."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self._reason.hasFocus():
            self._area.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.closed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The four buttons stand in one row where there is room."""
        super().resizeEvent(event)
        self._arrange()

    def _vote(self, verdict: Verdict) -> None:
        if self._pair is not None and not self._waiting:
            self._waiting = True
            self.voted.emit(verdict, self._reason.text().strip())

    def _on_skip_clicked(self) -> None:
        if self._pair is not None and not self._waiting:
            self.skipped.emit()

    def _on_done_clicked(self) -> None:
        (self.revealed if self._hidden else self.closed).emit()

    def _on_reason_focused(self, focused: bool) -> None:
        """Letters belong to the reason while somebody writes it."""
        for key in self._keys:
            key.setEnabled(not focused)

    def _arrange(self) -> None:
        self._title.setVisible(self.height() >= self._theme.scaled(_LOW))
        room = self.width() - 2 * MARGIN - 3 * self._grid.spacing()
        one_row = self._name_choices(short=False) <= room or self._name_choices(short=True) <= room
        if not one_row:
            self._name_choices(short=False)
        columns = 4 if one_row else 2
        # In two rows the sides stay at their sides: left and right above, the other two below.
        order = (0, 1, 2, 3) if columns == 4 else (0, 2, 3, 1)
        for choice, place in zip(self._choices, order, strict=True):
            self._grid.addWidget(choice, place // columns, place % columns)

    def _name_choices(self, *, short: bool) -> int:
        """Write their words on the four buttons; the width of all, pixels."""
        for choice, (verdict, words, brief, _) in zip(self._choices, _CHOICES, strict=True):
            choice.setText(words.format(brief if short else verdict.value))
        return sum(choice.sizeHint().width() for choice in self._choices)

    def _dress(self) -> None:
        tokens = self._theme.tokens
        own = _SHEET.format(**vars(tokens))
        self.setStyleSheet(self._theme.sheet(sheet_of(tokens) + message_sheet(tokens) + own))
        self._arrange()

    def _make_choice(self, verdict: Verdict, keys: tuple[Qt.Key, ...]) -> QPushButton:
        made = button(verdict.value, partial(self._vote, verdict))
        names = " or ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)
        made.setToolTip(f"Key: {names}")
        made.setAccessibleDescription(f"Key: {names}")
        return made

    def _make_keys(self) -> list[QShortcut]:
        made = []
        for verdict, *_, keys in _CHOICES:
            for key in keys:
                one = QShortcut(QKeySequence(key), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
                one.setAutoRepeat(False)
                one.activated.connect(partial(self._vote, verdict))
                made.append(one)
        return made

    def _chain(self) -> None:
        """The Tab key goes from answer to answer, then to the votes, in the order in which they are seen."""
        before: QWidget = self._area
        for stop in (*self._sheet.stops(), *self._choices, self._reason, self._skip, self._undo):
            QWidget.setTabOrder(before, stop)
            before = stop

    def _connect(self) -> None:
        self._sheet.filled.connect(self._chain)
        self._reason.focused.connect(self._on_reason_focused)
        self._reason.returnPressed.connect(self._choices[0].setFocus)
        self._sheet.link_clicked.connect(self.link_clicked)

    def _build(self) -> None:
        self.setAccessibleName("Vote")
        self._area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._area.setAccessibleName("The two answers")
        self._area.setWidget(self._sheet)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 14, 12, 8)
        words = QWidget()
        titles = Flow(14, words)
        titles.addWidget(self._title)
        titles.addWidget(self._progress)
        head.addWidget(words, 1, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._done)
        head.addWidget(IconButton(self._theme, "close", "Stop voting", self.closed.emit))
        self._grid.setSpacing(8)
        reason = QHBoxLayout()
        reason.setSpacing(8)
        reason.addWidget(self._reason, 1)
        reason.addStretch(0)
        reason.addWidget(self._skip)
        reason.addWidget(self._undo)
        bottom = QVBoxLayout(self._bottom)
        bottom.setContentsMargins(MARGIN, 10, MARGIN, 14)
        bottom.setSpacing(8)
        bottom.addLayout(self._grid)
        bottom.addLayout(reason)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._area, 1)
        column.addWidget(self._nothing, 1)
        column.addWidget(self._bottom)


class _Reason(QLineEdit):
    """A line for why."""

    focused = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Reason")
        self.setPlaceholderText("Why? (optional)")
        self.setMaxLength(MAX_REASON)
        self.setMinimumWidth(80)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Somebody writes."""
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Nobody writes any more."""
        super().focusOutEvent(event)
        self.focused.emit(False)


def _place(pair: PairState) -> tuple[object, ...]:
    """Tells the moments apart at which a pair is compared."""
    return (*_question(pair), pair.done)


def _question(pair: PairState) -> tuple[int, ...]:
    return pair.prompt, pair.repeat, pair.left.id, pair.right.id
