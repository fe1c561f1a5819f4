"""What form an answer is held to: free, JSON, a pattern, one of a list; and what is wrong with what was written."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.sampling import MAX_PATTERN, Structure, StructureKind
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chat_settings_parts import FewChoices, GrowingText, Titled

_TITLES = {
    StructureKind.JSON: ("JSON schema", "Empty for any JSON object.", '{"type": "object",\n "properties": {…}}'),
    StructureKind.REGEX: ("Pattern", "A regular expression for the whole answer.", r"\d{4}-\d{2}-\d{2}"),
    StructureKind.CHOICE: ("Choices", "One to a line; the answer is one of them.", "yes\nno\nunsure"),
}
_WORDS = {
    StructureKind.NONE: "The model writes as it likes.",
    StructureKind.JSON: "The engine lets nothing through but JSON.",
    StructureKind.REGEX: "The engine lets nothing through that does not match.",
    StructureKind.CHOICE: "The engine lets nothing through but one of your choices.",
}
_NOT_YET = "Until this is mended, answers keep the form that they had."


class StructureForm(QWidget):
    """Draws a `Structure`; says what was written once nothing is wrong with it."""

    chosen = Signal(Structure)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = Structure()
        self._texts: dict[StructureKind, str] = {}
        self._kind = FewChoices(theme, "Form of the answer", [(kind.value, kind) for kind in StructureKind])
        self._kind.chosen.connect(self._on_kind_chosen)
        self._head = Titled("Form of the answer", self._kind)
        self._text = GrowingText("", (3, 14), MAX_PATTERN)
        self._text.setFont(theme.mono_font(9))
        self._text.taken.connect(self._on_taken)
        self._body = Titled("", self._text)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._head)
        column.addWidget(self._body)
        self.show_structure(Structure(), afresh=True)

    def show_structure(self, structure: Structure, *, afresh: bool) -> None:
        """Show *structure*. What is written and not taken stays, unless *afresh*: then it is another chat's."""
        if not afresh and structure == self._shown:
            return
        self._shown = structure
        if afresh:
            self._texts = {}
        self._texts[structure.kind] = structure.text
        self._draw(structure)

    @property
    def problem(self) -> str:
        """Why what stands there is not taken; empty when it is."""
        kind = next(kind for kind in StructureKind if kind is self._kind.currentData())
        return Structure(kind, self._text.toPlainText()).problem() if kind is not StructureKind.NONE else ""

    def take(self) -> None:
        """Take what is written."""
        self._text.take()

    def _draw(self, structure: Structure) -> None:
        self._kind.show_value(structure.kind)
        self._head.show_sentence(_WORDS[structure.kind])
        self._body.setVisible(structure.kind in _TITLES)
        if structure.kind in _TITLES:
            title, sentence, example = _TITLES[structure.kind]
            self._text.setAccessibleName(title)
            self._text.setPlaceholderText(example)
            self._body.show_title(title)
            self._body.show_sentence(sentence)
        self._text.show_text(structure.text)
        self._say_problem(structure)

    def _on_kind_chosen(self, kind: StructureKind) -> None:
        structure = Structure(kind, self._texts.get(kind, ""))
        self._draw(structure)
        self._choose(structure)

    def _on_taken(self, text: str) -> None:
        kind = next(kind for kind in StructureKind if kind is self._kind.currentData())
        self._texts[kind] = text
        structure = Structure(kind, text)
        self._say_problem(structure)
        self._choose(structure)

    def _choose(self, structure: Structure) -> None:
        if structure != self._shown and not structure.problem():
            self._shown = structure
            self.chosen.emit(structure)

    def _say_problem(self, structure: Structure) -> None:
        problem = structure.problem()
        # Whoever has just chosen a form has had no time to write; the sentence below says what to do.
        unwritten = not structure.text.strip()
        self._body.show_problem("" if not problem or unwritten else f"{problem} {_NOT_YET}")
