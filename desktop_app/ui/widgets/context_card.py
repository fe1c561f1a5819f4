"""A question that does not fit into the context, with the ways out; and a suggestion with one. Never a silent cut."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop_app.services.chat_view import ContextFull
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, plain, set_property
from desktop_app.ui.widgets.composer_chips import Icon
from desktop_app.ui.widgets.composer_words import first_words
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.speech import announce_shown

_GAP = 6
_BUTTON_SIDES = 34
"""Logical pixels of a button that its words do not take."""
_TITLE = "This is more than the model can keep in mind"


class _Ways(QWidget):
    """Buttons one after the other; in a narrow card the words of a long one are cut, and stand in its tooltip."""

    def __init__(self, buttons: Sequence[QPushButton]) -> None:
        super().__init__()
        self._buttons = buttons
        flow = Flow(_GAP, self)
        for one in buttons:
            flow.addWidget(one)

    def minimumSizeHint(self) -> QSize:
        """Hardly any width."""
        return QSize(1, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words as long as there is room."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Put on every button what fits of its accessible name."""
        for one in self._buttons:
            one.setMaximumWidth(self.width())
            room = self.width() - _BUTTON_SIDES
            words = one.fontMetrics().elidedText(one.accessibleName(), Qt.TextElideMode.ElideRight, room)
            one.setText(plain(words))


class ContextCard(QWidget):
    """Shows one `ContextFull`, or nothing."""

    leave_out_clicked = Signal()
    summarise_clicked = Signal()
    larger_clicked = Signal()
    dismissed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full: ContextFull | None = None
        self._words = label(wrap=True)
        self._question = label(role="second", wrap=True)
        self._question.setMinimumWidth(1)
        self._leave_out = button("", self.leave_out_clicked.emit, "primary")
        self._summarise = button("Summarise them first", self.summarise_clicked.emit)
        self._summarise.setToolTip("The model writes a summary of these messages and is given that instead of them.")
        self._larger = button("Larger context…", self.larger_clicked.emit)
        self._larger.setToolTip("Start the model again so that it can keep more in mind. This takes more memory.")
        title = label(_TITLE, wrap=True)
        title.setMinimumWidth(1)
        self._words.setMinimumWidth(1)
        title.setFont(theme.body_font(10.5, theme.body_font().Weight.DemiBold))
        cancel = button("Cancel", self.dismissed.emit, "plain")
        self._ways = _Ways((self._leave_out, self._summarise, self._larger, cancel))
        _fill(self, theme, (title, self._words, self._question), self._ways)
        self.show_full(None)

    def show_full(self, full: ContextFull | None) -> None:
        """Show why the question was not sent and what can be done; None hides the card."""
        if full is self._full and full is not None:
            return
        self._full = full
        self.setVisible(full is not None)
        if full is None:
            return
        self._words.setText(full.words)
        question = question_words(full)
        self._question.setText(question)
        self._question.setVisible(bool(question))
        many = "message" if full.droppable == 1 else f"{full.droppable} messages"
        self._leave_out.setAccessibleName(f"Leave out the oldest {many}")
        self._leave_out.setToolTip(
            f"{self._leave_out.accessibleName()}: the model no longer sees {'it' if full.droppable == 1 else 'them'}."
        )
        self._summarise.setAccessibleName(f"Summarise {'it' if full.droppable == 1 else 'them'} first")
        self._ways.fit()
        for one in (self._leave_out, self._summarise):
            one.setVisible(full.droppable > 0)
        self.setAccessibleName(_TITLE)
        self.setAccessibleDescription(full.words)
        announce_shown(self, f"{_TITLE}. {full.words}")


def question_words(full: ContextFull) -> str:
    """What waits, in one line: how the question begins and what hangs on it; empty for an answer asked for again."""
    text = f"“{first_words(full.text)}”" if full.text.strip() else ""
    return " · ".join(part for part in (text, *(one.name for one in full.attachments)) if part)


class SuggestionCard(QWidget):
    """Shows a sentence and one way out: to let the model continue a text instead of chatting."""

    text_mode_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = label(wrap=True)
        ways = _Ways((button("Continue as plain text", self.text_mode_clicked.emit, "primary"),))
        _fill(self, theme, (self._words,), ways)
        self.hide()

    def show_suggestion(self, words: str) -> None:
        """Show *words*; no words hide the card."""
        if words == self._words.text():
            return
        self._words.setText(words)
        self.setAccessibleName(words)
        self.setVisible(bool(words))
        announce_shown(self, words)


def _fill(widget: QWidget, theme: Theme, texts: tuple[QWidget, ...], ways: QWidget) -> None:
    """A card with a sign at the left, texts, and the ways out below them."""
    frame = card("notice")
    set_property(frame, "tone", "warn")
    column = QVBoxLayout()
    column.setSpacing(8)
    for one in texts:
        column.addWidget(one)
    column.addWidget(ways)
    sign = QVBoxLayout()
    sign.addWidget(Icon(theme, "warning", "warn"))
    sign.addStretch()
    row = QHBoxLayout(frame)
    row.setContentsMargins(12, 12, 12, 12)
    row.setSpacing(8)
    row.addLayout(sign)
    row.addLayout(column, 1)
    outside = QVBoxLayout(widget)
    outside.setContentsMargins(0, 0, 0, 0)
    outside.addWidget(frame)
