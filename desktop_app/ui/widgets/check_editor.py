"""The checks of a set of prompts: what an answer must be, one below the other. `prompt_editor` owns one."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.experiment import Check, CheckKind
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, button, card, label, set_property
from desktop_app.ui.widgets.chat_settings_parts import FewChoices, GrowingText, words
from desktop_app.ui.widgets.message_view import put_away
from desktop_app.ui.widgets.notice import UndoBar
from desktop_app.ui.widgets.setting_parts import Switch

MOST = 20
"""Checks of one set."""
_LIMIT = 100_000
"""Characters."""
_UNDO_MS = 10_000
_SENTENCES = {
    CheckKind.CONTAINS: "The answer must have this text in it. Left empty: each prompt's reference answer.",
    CheckKind.EXACT: "The answer must be this text and no other. Left empty: each prompt's reference answer.",
    CheckKind.REGEX: "Something in the answer must match this pattern, written as in Python. Left empty: each prompt's "
    "reference answer is the pattern.",
    CheckKind.SCHEMA: "The answer must be JSON that this JSON schema accepts. Left empty: any JSON.",
    CheckKind.JUDGE: "What the judge looks at, in plain words. Left empty: whether the answer says what the reference "
    "answer says. The judge is chosen under “How it is run”.",
}
_HINTS = {
    CheckKind.CONTAINS: "Canberra",
    CheckKind.EXACT: "42",
    CheckKind.REGEX: r"\b\d{4}-\d{2}-\d{2}\b",
    CheckKind.SCHEMA: '{"type": "object", "required": ["name"]}',
    CheckKind.JUDGE: "Is it polite, and does it name a reason?",
}
_PLAIN = (CheckKind.CONTAINS, CheckKind.EXACT, CheckKind.REGEX)
"""Those for which the case of letters can be ignored."""


class CheckRow(QWidget):
    """One check.

    Args:
        theme: colours and fonts.
        problem: why a check cannot work, in a sentence; empty when it can.
        parent: the widget that it stands in.
    """

    changed = Signal()
    removed = Signal()

    def __init__(self, theme: Theme, problem: Callable[[Check], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._problem = problem
        self._check = Check(CheckKind.CONTAINS)
        self._kind = FewChoices(theme, "Kind of check", [(kind.value, kind) for kind in CheckKind])
        self._text = GrowingText("What is checked", (1, 8), _LIMIT)
        self._case = Switch(theme, "Ignore upper and lower case")
        self._case_words = label("Ignore upper and lower case", "small")
        self._wrong = words()
        set_property(self._wrong, "tone", "bad")
        self._sentence = words()
        self._remove = IconButton(theme, "trash", "Remove this check", self.removed.emit)
        self._build()
        self._kind.chosen.connect(self._on_kind_chosen)
        self._text.taken.connect(self._on_text_taken)
        self._case.toggled.connect(self._on_case_toggled)
        theme.changed.connect(self._draw)

    @property
    def check(self) -> Check:
        """As it stands there."""
        return self._check

    def show_check(self, check: Check, number: int) -> None:
        """Show *check*, the *number*-th one; what somebody is just writing stays."""
        self.setAccessibleName(f"Check {number}")
        self._remove.setAccessibleName(f"Remove check {number}")
        if check != self._check or not self._sentence.text():
            self._check = check
            self._text.show_text(check.text)
            self._draw()

    def flush(self) -> None:
        """Say at once what is written."""
        self._text.take()

    def take_focus(self) -> None:
        """Let somebody write what is checked."""
        self._text.setFocus(Qt.FocusReason.TabFocusReason)

    def _edit(self, check: Check) -> None:
        if check != self._check:
            self._check = check
            self._draw()
            self.changed.emit()

    def _on_kind_chosen(self, kind: CheckKind) -> None:
        self.flush()
        self._edit(replace(self._check, kind=kind))

    def _on_text_taken(self, text: str) -> None:
        self._edit(replace(self._check, text=text))

    def _on_case_toggled(self, on: bool) -> None:
        self._edit(replace(self._check, ignore_case=on))

    def _draw(self) -> None:
        check = self._check
        self._kind.show_value(check.kind)
        self._case.show_state(check.ignore_case)
        for one in (self._case, self._case_words):
            one.setVisible(check.kind in _PLAIN)
        coded = check.kind in (CheckKind.REGEX, CheckKind.SCHEMA)
        self._text.setFont(self._theme.mono_font(9.5) if coded else self._theme.body_font())
        self._text.setPlaceholderText(f"E.g. {_HINTS[check.kind]}")
        self._sentence.setText(_SENTENCES[check.kind])
        problem = self._problem(check)
        self._wrong.setText(problem)
        self._wrong.setVisible(bool(problem))
        set_property(self._text, "tone", "bad" if problem else "")
        self._text.setAccessibleDescription(problem or _SENTENCES[check.kind])

    def _build(self) -> None:
        self._kind.setMinimumContentsLength(18)
        frame = card()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._kind)
        head.addStretch()
        head.addWidget(self._remove)
        case = QHBoxLayout()
        case.setSpacing(10)
        case.addWidget(self._case)
        case.addWidget(self._case_words, 1)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(14, 12, 10, 12)
        inside.setSpacing(6)
        inside.addLayout(head)
        inside.addWidget(self._text)
        inside.addWidget(self._wrong)
        inside.addWidget(self._sentence)
        inside.addLayout(case)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)


class CheckEditor(QWidget):
    """All checks, and one more.

    Args:
        theme: colours and fonts.
        problem: why a check cannot work, in a sentence; empty when it can.
        parent: the widget that it stands in.
    """

    changed = Signal(tuple)

    def __init__(self, theme: Theme, problem: Callable[[Check], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._problem = problem
        self._rows: list[CheckRow] = []
        self._before: tuple[Check, ...] = ()
        self._intro = words("", "second")
        self._add = button("Add a check", self._on_add_clicked)
        self._undo = UndoBar(theme)
        self._undo.undo_clicked.connect(self._on_undo_clicked)
        self._timer = QTimer(self, singleShot=True, interval=_UNDO_MS)
        self._timer.timeout.connect(lambda: self._undo.show_text(""))
        self._column = QVBoxLayout()
        self._column.setSpacing(10)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(12)
        outside.addWidget(self._intro)
        outside.addLayout(self._column)
        outside.addWidget(self._undo)
        outside.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_checks(())

    @property
    def checks(self) -> tuple[Check, ...]:
        """As they stand there."""
        return tuple(row.check for row in self._rows)

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show these."""
        while len(self._rows) > len(checks):
            put_away(self._rows.pop())
        while len(self._rows) < len(checks):
            self._rows.append(self._row())
        for number, (row, check) in enumerate(zip(self._rows, checks, strict=True), start=1):
            row.show_check(check, number)
        self._intro.setText(
            "Every answer has to pass all of these."
            if checks
            else "Nothing is checked yet. With a check, every answer is marked as passed or not, and every column has "
            "a pass rate."
        )
        self._add.setEnabled(len(checks) < MOST)

    def flush(self) -> None:
        """Say at once what is written."""
        for row in self._rows:
            row.flush()

    def _row(self) -> CheckRow:
        row = CheckRow(self._theme, self._problem)
        row.changed.connect(self._on_changed)
        row.removed.connect(self._on_removed)
        self._column.addWidget(row)
        row.show()
        return row

    def _on_changed(self) -> None:
        self.changed.emit(self.checks)

    def _on_add_clicked(self) -> None:
        self.show_checks((*self.checks, Check(CheckKind.CONTAINS)))
        self._rows[-1].take_focus()
        self._on_changed()

    def _on_removed(self) -> None:
        self.flush()
        self._before = self.checks
        gone = next(number for number, row in enumerate(self._rows) if row is self.sender())
        put_away(self._rows.pop(gone))
        self.show_checks(self.checks)
        self._undo.show_text(f"The check “{self._before[gone].kind.value}” was removed")
        self._timer.start()
        self._on_changed()

    def _on_undo_clicked(self) -> None:
        self._undo.show_text("")
        self.show_checks(self._before)
        self._on_changed()
