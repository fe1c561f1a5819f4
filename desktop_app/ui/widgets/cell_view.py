"""One answer of a grid in full: question, reference, the answer itself, what its checks say, how it came about.

The Compare page puts it beside or in the place of the grid and gives it whole `Cell`s; what is asked of them, and which
one comes next, it says by signals.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal, SignalInstance
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.domain.answer_words import under
from desktop_app.domain.experiment import Cell, CellState, CheckResult, Prompt, Provenance
from desktop_app.services.compare_view import ColumnState, CompareState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, Scrolled, button, label, surface
from desktop_app.ui.widgets.cell_view_answer import AnswerText, LongText
from desktop_app.ui.widgets.cell_view_origin import Origin
from desktop_app.ui.widgets.chat_settings_look import chat_settings_sheet
from desktop_app.ui.widgets.chat_settings_parts import Fold
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.looks import sheet_of
from desktop_app.ui.widgets.message_sheet import message_sheet
from desktop_app.ui.widgets.message_view import put_away
from desktop_app.ui.widgets.prompt_grid_marks import MarkLabel
from desktop_app.ui.widgets.prompt_grid_words import state_mark, verdict_mark

_SIDE = 20
_KEYS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
}
_ROW_KEYS = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
}


class Page(Scrolled):
    """What scrolls; keys with Alt go from cell to cell instead."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("The whole answer")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll by arrow keys, unless Alt is held."""
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)


class CheckRows(QWidget):
    """What the checks say of an answer: a mark, what was checked, and why."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: Sequence[CheckResult] = ()
        self._inside: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(label("Checks", "section"))
        self.hide()

    def show_results(self, results: Sequence[CheckResult]) -> None:
        """Show these; nothing at all without."""
        self.setVisible(bool(results))
        if results == self._shown:
            return
        self._shown = results
        put_away(self._inside)
        self._inside = QWidget()
        rows = QVBoxLayout(self._inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(12)
        for result in results:
            rows.addWidget(self._row(result))
        self._column.addWidget(self._inside)
        self._inside.show()

    def _row(self, result: CheckResult) -> QWidget:
        made = QWidget()
        mark = MarkLabel(self._theme, made)
        mark.show_mark(verdict_mark(result.passed))
        head = Flow(10)
        head.addWidget(mark)
        head.addWidget(label(result.kind.value))
        made.setAccessibleName(f"{result.kind.value}: {mark.mark.words}. {result.why}")
        inside = QVBoxLayout(made)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(1)
        inside.addLayout(head)
        if result.why:
            why = label(result.why, "second", wrap=True)
            why.setMinimumWidth(1)
            inside.addWidget(why)
        return made


class CellView(QWidget):
    """Draws one cell."""

    continue_asked = Signal(int)
    ask_again = Signal(int)
    copy_asked = Signal(int)
    """Its answer belongs onto the clipboard."""
    closed = Signal()
    moved = Signal(int)
    """The cell before (-1) or behind (1) is wanted."""
    row_moved = Signal(int)
    """The same column's answer to the prompt above (-1) or below (1) is wanted."""
    link_clicked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._cell: Cell | None = None
        self._title = ElidedLabel()
        self._mark = MarkLabel(theme)
        self._about = ElidedLabel(role="second")
        self._question = LongText("Question")
        self._reference = LongText("Reference answer")
        self._heading = label("Answer", "section")
        self._answer = AnswerText(theme)
        self._error = _wrapped("bad")
        self._waiting = _wrapped()
        self._figures = label(role="second", wrap=True)
        self._checks = CheckRows(theme)
        self._origin = Origin(theme)
        self._fold = Fold(theme, "How it came about", (self._origin,))
        self._previous = IconButton(theme, "chevron-left", "Previous answer (Alt+Left)", lambda: self.moved.emit(-1))
        self._next = IconButton(theme, "chevron-right", "Next answer (Alt+Right)", lambda: self.moved.emit(1))
        self._above = IconButton(theme, "arrow-up", "Prompt above (Alt+Up)", lambda: self.row_moved.emit(-1))
        self._below = IconButton(theme, "arrow-down", "Prompt below (Alt+Down)", lambda: self.row_moved.emit(1))
        self._close = IconButton(theme, "close", "Close the answer (Esc)", self.closed.emit)
        self._continue = button("Continue in a chat", lambda: self._say(self.continue_asked))
        self._again = button("Ask again", lambda: self._say(self.ask_again))
        self._copy = button("Copy answer", lambda: self._say(self.copy_asked))
        self._page = Page()
        self._build()
        self._fold.head.toggled.connect(self._origin.set_open)
        self._answer.link_clicked.connect(self.link_clicked)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def cell(self) -> int | None:
        """The id of the cell that is shown."""
        return self._cell.id if self._cell else None

    def show_cell(self, cell: Cell, state: CompareState, provenance: Provenance | None = None) -> None:
        """Show *cell* of the experiment in *state*; the same cell, grown, goes on where it was."""
        another = self._cell is None or cell.id != self._cell.id
        self._cell = cell
        column = next((one for one in state.columns if one.column.id == cell.column), None)
        prompts = state.experiment.prompts if state.experiment else ()
        self._show_head(cell, column, state, prompts)
        prompt = next((one for one in prompts if one.id == cell.prompt), Prompt(cell.prompt, ""))
        self._question.show_text(prompt.text)
        self._reference.show_text(prompt.reference)
        self._show_answer(cell, state.hidden)
        self._checks.show_results(() if state.hidden else cell.checks)
        self._fold.setVisible(not state.hidden)
        self._origin.show_origin(cell, provenance)
        if another:
            self._page.verticalScrollBar().setValue(0)

    def take_focus(self) -> None:
        """Let the arrow keys scroll the answer."""
        self._page.setFocus(Qt.FocusReason.TabFocusReason)

    def event(self, event: QEvent) -> bool:
        """Keys that mean something here must not do what they do elsewhere in the window."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride and _is_ours(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt and an arrow goes to another cell, Escape back to the grid."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.closed.emit()
        elif _is_ours(event) and key in _KEYS:
            self.moved.emit(_KEYS[key])
        elif _is_ours(event):
            self.row_moved.emit(_ROW_KEYS[key])
        else:
            super().keyPressEvent(event)

    def _show_head(
        self, cell: Cell, column: ColumnState | None, state: CompareState, prompts: Sequence[Prompt]
    ) -> None:
        self._title.setText(column.title if column else "A column that was taken away")
        self._mark.show_mark(state_mark(cell.state, cell.passed, hidden=state.hidden))
        number = next((number for number, one in enumerate(prompts, start=1) if one.id == cell.prompt), 0)
        repeats = state.experiment.options.repeats if state.experiment else 1
        parts = (
            f"Prompt {number:,} of {len(prompts):,}" if number else "",
            f"run {cell.repeat + 1} of {repeats}" if repeats > 1 else "",
            column.settings if column else "",
        )
        self._about.setText(" · ".join(part for part in parts if part))
        self.setAccessibleName(f"Answer of {self._title.text()}. {self._about.text()}")

    def _show_answer(self, cell: Cell, hidden: bool) -> None:
        answer = cell.answer
        self._answer.show_message(answer)
        self._answer.setVisible(bool(answer.text or answer.reasoning))
        failed = cell.state is CellState.FAILED
        self._error.setText(answer.error or "It failed, and nobody said why.")
        self._error.setVisible(failed)
        self._waiting.setText("It waits for its turn." if cell.state is CellState.WAITING else "It is being asked…")
        asked = cell.state in (CellState.WAITING, CellState.RUNNING)
        self._waiting.setVisible(asked and not answer.text and not answer.reasoning)
        self._figures.setText("" if hidden or failed else under(answer))
        self._figures.setVisible(bool(self._figures.text()))
        self._again.setEnabled(not asked)
        self._continue.setEnabled(cell.state in (CellState.DONE, CellState.STOPPED) and bool(answer.text))
        self._copy.setEnabled(bool(answer.text))

    def _say(self, signal: SignalInstance) -> None:
        if self._cell is not None:
            signal.emit(self._cell.id)

    def _dress(self) -> None:
        tokens = self._theme.tokens
        sheet = chat_settings_sheet(tokens) + message_sheet(tokens) + sheet_of(tokens)
        self.setStyleSheet(self._theme.sheet(sheet))
        self._title.setFont(self._theme.body_font(12, QFont.Weight.DemiBold))

    def _build(self) -> None:
        self._title.setFont(self._theme.body_font(12, QFont.Weight.DemiBold))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(self._page, 1)
        column.addWidget(self._foot())
        self._page.setWidget(self._inside())

    def _head(self) -> QWidget:
        first = QHBoxLayout()
        first.setSpacing(2)
        first.addWidget(self._title, 1)
        for one in (self._above, self._below, self._previous, self._next, self._close):
            first.addWidget(one)
        second = QHBoxLayout()
        second.setSpacing(12)
        second.addWidget(self._mark)
        second.addWidget(self._about, 1)
        made = surface("bar")
        inside = QVBoxLayout(made)
        inside.setContentsMargins(_SIDE, 8, 8, 10)
        inside.setSpacing(2)
        inside.addLayout(first)
        inside.addLayout(second)
        return made

    def _inside(self) -> QWidget:
        made = surface("page")
        column = QVBoxLayout(made)
        column.setContentsMargins(_SIDE, 14, _SIDE, 14)
        column.setSpacing(16)
        answer = QVBoxLayout()
        answer.setSpacing(6)
        for one in (self._heading, self._answer, self._error, self._waiting, self._figures):
            answer.addWidget(one)
        column.addWidget(self._question)
        column.addWidget(self._reference)
        column.addLayout(answer)
        column.addWidget(self._checks)
        column.addWidget(self._fold)
        column.addStretch()
        return made

    def _foot(self) -> QWidget:
        made = surface("strip")
        row = Flow(8)
        for one in (self._continue, self._again, self._copy):
            row.addWidget(one)
        inside = QVBoxLayout(made)
        inside.setContentsMargins(_SIDE, 10, _SIDE, 10)
        inside.addLayout(row)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        return made


def _is_ours(event: QKeyEvent) -> bool:
    alt = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.AltModifier
    return alt and Qt.Key(event.key()) in {*_KEYS, *_ROW_KEYS}


def _wrapped(tone: str = "") -> QLabel:
    made = label(role="" if tone else "second", wrap=True)
    made.setMinimumWidth(1)
    if tone:
        made.setProperty("tone", tone)
    return made
