"""Two answers to one question beside one another, with the words marked that only one of them has.

`pages.compare` owns one and hands it the same `CompareState`s as the columns; which two answers is chosen here. Words
are compared while the view is looked at, and when both answers have ended.
"""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QShortcut, QShowEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from desktop_app.domain.experiment import Cell, CellState
from desktop_app.domain.word_diff import PieceKind
from desktop_app.services.compare_view import CompareState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, label
from desktop_app.ui.widgets.compare_words import named
from desktop_app.ui.widgets.difference_words import Change, Compared, compared, is_cut, prepared, unmarked
from desktop_app.ui.widgets.setting_look import setting_sheet
from desktop_app.ui.widgets.setting_parts import Choice
from desktop_app.ui.widgets.speech import announce, listening

_QUESTION = 80
"""Characters of a question in the list."""
_SHEET = """
QPlainTextEdit[role="difference"] {{ border: 1px solid {line}; border-radius: 10px; padding: 8px 10px; }}
QPlainTextEdit[role="difference"][kbd="true"] {{ border-color: {accent_text}; }}
"""


class MarkedText(QPlainTextEdit):
    """A text whose own words are underlined on a background."""

    def __init__(self, theme: Theme, kind: PieceKind) -> None:
        super().__init__()
        self._theme = theme
        self._kind = kind
        self.setProperty("role", "difference")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        reading = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        self.setTextInteractionFlags(reading)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_compared(self, found: Compared, name: str) -> None:
        """Show the pieces that are in this text."""
        self.setExtraSelections([])
        self.setFont(self._theme.body_font())
        self.clear()
        cursor, plain, marked = QTextCursor(self.document()), QTextCharFormat(), self._mark()
        cursor.beginEditBlock()
        for piece in found.pieces:
            if piece.kind in (PieceKind.SAME, self._kind):
                same = piece.kind is PieceKind.SAME or not found.marked
                cursor.insertText(piece.text, plain if same else marked)
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.setAccessibleName(f"Answer of {name}")
        count = len(found.changes)
        self.setAccessibleDescription(f"{count} differences, F7 goes to the next one" if count else "No differences")

    def go_to(self, place: tuple[int, int]) -> None:
        """Bring a difference into the middle and show which one is meant."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(place[0])
        self.setTextCursor(cursor)
        self.centerCursor()
        cursor.setPosition(place[1], QTextCursor.MoveMode.KeepAnchor)
        shown = QTextEdit.ExtraSelection()
        shown.cursor = cursor
        shown.format.setBackground(QColor(self._theme.tokens.accent))
        shown.format.setForeground(QColor(self._theme.tokens.on_accent))
        self.setExtraSelections([shown])

    def _mark(self) -> QTextCharFormat:
        tokens = self._theme.tokens
        mark = QTextCharFormat()
        mark.setForeground(QColor(tokens.text))
        mark.setBackground(QColor(tokens.warn_soft if self._kind is PieceKind.LEFT else tokens.accent_soft))
        mark.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        return mark


class DifferenceView(QWidget):
    """Two answers, how much of them is the same, and the way from difference to difference (F7, Shift+F7)."""

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = CompareState()
        self._drawn: tuple[object, ...] = ()
        """What the texts were drawn from."""
        self._changes: tuple[Change, ...] = ()
        self._at = -1
        self._question = Choice(theme, "Question")
        self._sides = (Choice(theme, "Left answer"), Choice(theme, "Right answer"))
        self._texts = (MarkedText(theme, PieceKind.LEFT), MarkedText(theme, PieceKind.RIGHT))
        self._words = label(wrap=True)
        self._place = label(role="second")
        self._up = IconButton(theme, "arrow-up", "Previous difference", self.previous)
        self._down = IconButton(theme, "arrow-down", "Next difference", self.next)
        self._close = IconButton(theme, "close", "Back to the columns", self.closed.emit)
        self._build()
        for one in (self._question, *self._sides):
            one.currentIndexChanged.connect(self._on_chosen)
        for keys, go in (("F7", self.next), ("Shift+F7", self.previous)):
            QShortcut(QKeySequence(keys), self, go, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        theme.changed.connect(self._dress)
        self._dress()

    # --- what a page calls -------------------------------------------------------------------------------------------

    def show_state(self, state: CompareState) -> None:
        """Show *state*: of the question and the columns that are chosen, at first the newest and the leftmost two."""
        self._state = state
        columns = [(named(at, one.title, state.hidden), one.column.id) for at, one in enumerate(state.columns)]
        for at, side in enumerate(self._sides):
            _fill(side, columns, min(at, len(columns) - 1))
        questions = self._questions()
        _fill(self._question, questions, len(questions) - 1)
        self._draw()

    def next(self) -> None:
        """Go to the next difference; from the last one to the first."""
        self._go(self._at + 1)

    def previous(self) -> None:
        """Go to the one before."""
        self._go(self._at - 1 if self._at >= 0 else -1)

    # --- what Qt calls -----------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Compare what arrived while nobody looked."""
        super().showEvent(event)
        self._draw()

    # --- what is compared --------------------------------------------------------------------------------------------

    def _questions(self) -> list[tuple[str, int]]:
        """Those that two columns have an answer to."""
        counts: dict[int, int] = {}
        for column in self._state.columns:
            for prompt in {cell.prompt for cell in column.cells if cell.answer.text}:
                counts[prompt] = counts.get(prompt, 0) + 1
        experiment = self._state.experiment
        prompts = experiment.prompts if experiment else ()
        return [
            (f"{at}. {_line(prompt.text)}", prompt.id)
            for at, prompt in enumerate(prompts, 1)
            if counts.get(prompt.id, 0) > 1
        ]

    def _cell(self, side: Choice) -> Cell | None:
        """The last answer of the chosen column to the chosen question."""
        key, prompt = side.currentData(), self._question.currentData()
        shown = next((one for one in self._state.columns if one.column.id == key), None)
        cells = reversed(shown.cells) if shown else ()
        return next((cell for cell in cells if cell.prompt == prompt and cell.answer.text), None)

    def _draw(self) -> None:
        """Compare the two that are chosen, unless they were compared already or nobody looks."""
        if not self.isVisible():
            return
        names = [side.currentText() for side in self._sides]
        cells = [self._cell(side) for side in self._sides]
        missing = [name for name, cell in zip(names, cells, strict=True) if cell is None]
        writing = [name for name, cell in zip(names, cells, strict=True) if cell and cell.state is CellState.RUNNING]
        texts = [cell.answer.text if cell and cell.state is not CellState.RUNNING else "" for cell in cells]
        drawn = (*texts, *names, *missing, *writing, self._theme.tokens, self._theme.text_scale)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        left, right = map(prepared, texts)
        found = compared(left, right) if not missing and not writing else unmarked(left, right)
        self._changes, self._at = found.changes, -1
        for view, name in zip(self._texts, names, strict=True):
            view.show_compared(found, name)
        cut = any(map(is_cut, texts))
        self._words.setText(_said(found, writing, missing, cut=cut))
        self._show_place()

    def _on_chosen(self) -> None:
        self._draw()

    # --- differences -------------------------------------------------------------------------------------------------

    def _go(self, at: int) -> None:
        if not self._changes:
            return
        self._at = at % len(self._changes)
        change = self._changes[self._at]
        for view, place in zip(self._texts, (change.left, change.right), strict=True):
            view.go_to(place)
        self._show_place()
        if listening():
            announce(self, f"{self._place.text()}. {change.spoken()}")

    def _show_place(self) -> None:
        count = len(self._changes)
        words = f"{count:,} difference{'s' if count != 1 else ''}" if count else ""
        self._place.setText(f"Difference {self._at + 1:,} of {count:,}" if self._at >= 0 else words)
        self._place.setAccessibleDescription(self._changes[self._at].spoken() if self._at >= 0 else "")
        for one in (self._up, self._down):
            one.setEnabled(bool(count))

    def _dress(self) -> None:
        tokens = self._theme.tokens
        self.setStyleSheet(self._theme.sheet(setting_sheet(tokens) + _SHEET.format(**vars(tokens))))
        self._draw()

    def _build(self) -> None:
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._up.setToolTip("Previous difference (Shift+F7)")
        self._down.setToolTip("Next difference (F7)")
        top = QHBoxLayout()
        top.addWidget(self._question, 1)
        top.addWidget(self._close)
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self._words, 1)
        line.addWidget(self._place)
        line.addWidget(self._up)
        line.addWidget(self._down)
        panes = QHBoxLayout()
        panes.setSpacing(12)
        for side, text in zip(self._sides, self._texts, strict=True):
            pane = QVBoxLayout()
            pane.setSpacing(8)
            pane.addWidget(side)
            pane.addWidget(text, 1)
            panes.addLayout(pane, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 12, 24, 16)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(line)
        column.addLayout(panes, 1)


def _fill(choice: Choice, entries: Sequence[tuple[str, int]], usual: int) -> None:
    """Have *entries* in the list; what was chosen stays chosen, else the one at *usual* is."""
    if [(choice.itemText(at), choice.itemData(at)) for at in range(choice.count())] == list(entries):
        return
    with QSignalBlocker(choice):
        chosen = choice.currentData()
        choice.clear()
        for words, key in entries:
            choice.addItem(words, key)
        at = choice.findData(chosen) if chosen is not None else -1
        choice.setCurrentIndex(at if at >= 0 else usual)


def _line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _QUESTION else f"{words[:_QUESTION]}…"


def _said(found: Compared, writing: Sequence[str], missing: Sequence[str], *, cut: bool) -> str:
    if missing:
        nothing = len(missing) > 1
        return (
            "There are no two answers to compare yet." if nothing else f"{missing[0]} has no answer to this question."
        )
    if writing:
        return f"{' and '.join(writing)} is still being written; words are compared when it has ended."
    words = f"{found.words} · marked and underlined is what only one of them says" if found.changes else found.words
    return f"{words} · of such long answers only the beginning is compared" if cut else words
