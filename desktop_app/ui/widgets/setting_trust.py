"""The question that comes before a setting that gives something away: what it means, yes or no, in place."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, set_property


@dataclass(frozen=True)
class Question:
    """What is asked before a switch goes on."""

    title: str
    words: str
    yes: str
    no: str


QUESTIONS = {
    "--trust-remote-code": Question(
        "Let this model run its own program code?",
        "Some models bring Python files of their own. With this on, the engine runs them on your computer with your "
        "rights: they can read your files, change them and use the network. Turn it on only for a model whose makers "
        "you trust, after a look at the .py files in its folder. If the files change later, you are asked again.",
        "Run its code",
        "Leave it off",
    )
}
"""By flag. Everything else needs no asking."""


class TrustQuestion(QWidget):
    """Asks one question below the setting that it is about."""

    answered = Signal(bool)

    def __init__(self, theme: Theme, question: Question, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        frame = card("notice")
        set_property(frame, "tone", "warn")
        title = label(question.title, wrap=True)
        title.setFont(theme.body_font(10.5, theme.body_font().Weight.DemiBold))
        self.no = button(question.no, lambda: self.answered.emit(False))
        self.yes = button(question.yes, lambda: self.answered.emit(True), "danger")
        for one in (self.no, self.yes):
            one.setAccessibleDescription(f"{question.title} {question.words}")
        self.setAccessibleName(question.title)
        self.setAccessibleDescription(question.words)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.no)
        row.addWidget(self.yes)
        row.addStretch()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(8)
        inside.addWidget(title)
        inside.addWidget(label(question.words, wrap=True))
        inside.addLayout(row)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 8, 0, 0)
        outside.addWidget(frame)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape is a no."""
        if event.key() == Qt.Key.Key_Escape:
            self.answered.emit(False)
        else:
            super().keyPressEvent(event)
