"""How a column's engine starts otherwise than its model's settings say: a few options in words, any other by name."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.domain.launch import FlagValue
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, button, set_property
from desktop_app.ui.widgets.chat_settings_parts import INDENT, FewChoices, Titled, indented, words
from desktop_app.ui.widgets.column_editor_words import (
    AS_SET,
    MAX_NAME,
    MAX_VALUE,
    OFFERS,
    Flags,
    Offer,
    number_problem,
    offered,
    read,
    twice,
    written,
)

FlagCheck = Callable[[str, FlagValue], str]
"""What is wrong with a flag and its value, as a sentence; empty when nothing is."""
_ABOUT = "Only what differs from the model's own settings. Columns with other options have an engine of their own."
_OTHERS_WORDS = "Any option of vLLM by its name. One that is only on needs no value; write --no-… to turn one off."


class FlagRow(QWidget):
    """An option by name: two lines, a button that takes it away, and what is wrong."""

    removed = Signal()
    changed = Signal()

    def __init__(self, theme: Theme, name: str = "", value: str = "") -> None:
        super().__init__()
        self.name = QLineEdit(name)
        self.value = QLineEdit(value)
        self._wrong = words()
        for entry, title, example, length in (
            (self.name, "Name of the option", "--option", MAX_NAME),
            (self.value, "Value of the option", "value", MAX_VALUE),
        ):
            entry.setAccessibleName(title)
            entry.setPlaceholderText(example)
            entry.setMaxLength(length)
            entry.setFont(theme.mono_font(9.5))
            entry.setMinimumWidth(60)
            entry.editingFinished.connect(self.changed)
        set_property(self._wrong, "tone", "bad")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.name, 3)
        row.addWidget(self.value, 2)
        away = IconButton(theme, "close", "Take the option away", self.removed.emit)
        row.addWidget(away)
        self.stops: tuple[QWidget, ...] = (self.name, self.value, away)
        """What the Tab key comes to, in this order."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._wrong)
        self.show_problem("")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written."""
        return not (self.name.text().strip() or self.value.text().strip())

    def flag(self) -> tuple[str, FlagValue]:
        """The option that is written."""
        return read(self.name.text(), self.value.text())

    def show_problem(self, problem: str) -> None:
        """Say what is wrong; empty for nothing."""
        self._wrong.setText(problem)
        self._wrong.setVisible(bool(problem))
        set_property(self.name, "tone", "bad" if problem else "")
        self.name.setAccessibleDescription(problem)


class EngineOptions(QWidget):
    """Draws flags and says when they changed.

    Args:
        theme: colours and fonts.
        check: what is wrong with a flag and its value.
        parent: the widget that it stands in.
    """

    changed = Signal()

    def __init__(self, theme: Theme, check: FlagCheck, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._check = check
        self._choices: dict[str, FewChoices] = {}
        self._numbers: dict[str, QLineEdit] = {}
        self._titled: dict[str, Titled] = {}
        self._rows: list[FlagRow] = []
        self._column = QVBoxLayout(self)
        self._others = QVBoxLayout()
        self._build()

    def show_flags(self, flags: Flags) -> None:
        """Show *flags*, and nothing that was written before."""
        inside, others = offered(flags)
        for flag, choice in self._choices.items():
            choice.show_value(inside.get(flag))
        for flag, entry in self._numbers.items():
            entry.setText(str(inside.get(flag, "")))
        for row in tuple(self._rows):
            self._drop(row)
        for flag, value in others:
            self._add(*written(flag, value))
        self._judge()

    def flags(self) -> Flags:
        """What is set; rows in which nothing is written count as none."""
        inside = []
        for offer in OFFERS:
            value = self._value_of(offer)
            if value is not None:
                inside.append((offer.flag, value))
        return (*inside, *(row.flag() for row in self._rows if not row.is_empty))

    def take(self) -> str:
        """Look at what is written and put the keyboard where something is wrong; what that is, empty for nothing."""
        place, problem = self._judge()
        if place is not None:
            place.setFocus(Qt.FocusReason.OtherFocusReason)
        return problem

    def _value_of(self, offer: Offer) -> FlagValue | None:
        if offer.values:
            index = self._choices[offer.flag].currentIndex()
            return offer.values[index - 1][1] if index > 0 else None
        return self._numbers[offer.flag].text().strip() or None

    def _judge(self) -> tuple[QWidget | None, str]:
        """Say at each place what is wrong there; the first one, and its sentence."""
        found: list[tuple[QWidget, str]] = []
        for offer in OFFERS:
            value = self._value_of(offer)
            problem = number_problem(value) if isinstance(value, str) and not offer.values else ""
            problem = problem or (self._check(offer.flag, value) if value is not None else "")
            self._titled[offer.flag].show_problem(problem)
            if problem:
                found.append((self._choices.get(offer.flag) or self._numbers[offer.flag], f"{offer.title}: {problem}"))
        repeated = twice(self.flags())
        for row in self._rows:
            problem = self._row_problem(row, repeated)
            row.show_problem(problem)
            if problem:
                found.append((row.name, problem))
        return found[0] if found else (None, "")

    def _row_problem(self, row: FlagRow, repeated: str) -> str:
        if row.is_empty:
            return ""
        if not row.name.text().strip(" -="):
            return "Write the name of the option before its value."
        flag, value = row.flag()
        return f"{flag} is set twice." if flag == repeated else self._check(flag, value)

    def _on_changed(self) -> None:
        self._judge()
        self.changed.emit()

    def _on_add_clicked(self) -> None:
        self._add("", "").name.setFocus(Qt.FocusReason.TabFocusReason)

    def _on_removed(self) -> None:
        row = self.sender()
        if isinstance(row, FlagRow):
            place = self._rows.index(row)
            self._drop(row)
            after = self._rows[place].name if place < len(self._rows) else self._add_button
            after.setFocus(Qt.FocusReason.OtherFocusReason)
            self._on_changed()

    def _add(self, name: str, value: str) -> FlagRow:
        row = FlagRow(self._theme, name, value)
        row.removed.connect(self._on_removed)
        row.changed.connect(self._on_changed)
        self._rows.append(row)
        self._others.addWidget(row)
        row.show()
        # Where it is seen, and not where it was made: after everything else.
        before = self._rows[-2].stops[-1] if len(self._rows) > 1 else self._numbers[OFFERS[-1].flag]
        for stop in (*row.stops, self._add_button):
            QWidget.setTabOrder(before, stop)
            before = stop
        return row

    def _drop(self, row: FlagRow) -> None:
        self._rows.remove(row)
        self._others.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _control_of(self, offer: Offer) -> QWidget:
        if offer.values:
            choice = FewChoices(self._theme, offer.title, ((AS_SET, None), *offer.values))
            choice.chosen.connect(self._on_changed)
            self._choices[offer.flag] = choice
            return choice
        entry = QLineEdit()
        entry.setAccessibleName(offer.title)
        entry.setPlaceholderText(f"{AS_SET.lower()}, {offer.example}")
        entry.setMaxLength(12)
        entry.editingFinished.connect(self._on_changed)
        self._numbers[offer.flag] = entry
        return entry

    def _build(self) -> None:
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(16)
        self._column.addLayout(indented(words(_ABOUT)))
        for offer in OFFERS:
            control = self._control_of(offer)
            control.setToolTip(offer.flag)
            self._titled[offer.flag] = Titled(offer.title, control, offer.sentence)
            self._column.addWidget(self._titled[offer.flag])
        self._add_button = button("Add an option", self._on_add_clicked)
        self._others.setSpacing(6)
        rest = QVBoxLayout()
        rest.setContentsMargins(INDENT, 0, 0, 0)
        rest.setSpacing(6)
        rest.addWidget(words("Other options", "strong"))
        rest.addLayout(self._others)
        rest.addWidget(self._add_button, 0, Qt.AlignmentFlag.AlignLeft)
        rest.addWidget(words(_OTHERS_WORDS))
        self._column.addLayout(rest)
