"""One setting on a line: what it is called and does, its flag, its control, and the way back."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from desktop_app.domain.flags import LEFT_TO_VLLM, Field
from desktop_app.domain.launch import FlagValue
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, button, label, set_property
from desktop_app.ui.widgets.setting_control import SettingControl
from desktop_app.ui.widgets.setting_trust import QUESTIONS, TrustQuestion
from desktop_app.ui.widgets.setting_values import baseline_words, range_words, value_words

_CONTROL_WIDTH = 236
_COPIED_MS = 1500
_LAYOUT_MS = 40
"""Until what was just shown has its place."""
_LONG = 240
"""Characters of a description that are shown at first: three lines. vLLM's own are up to thirty."""


class SettingLine(QWidget):
    """Title and sentence at the left, a control at the right."""

    def __init__(self, theme: Theme, title: str, words: str, control: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._first = False
        self._changed = False
        heading = label(title, wrap=True)
        heading.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
        self.words = label(words, "second", wrap=True)
        # One long word must not make the page wider than the window.
        heading.setMinimumWidth(1)
        self.words.setMinimumWidth(1)
        self.words.setVisible(bool(words))
        self.text = QVBoxLayout()
        self.text.setSpacing(3)
        self.text.addWidget(heading)
        self.text.addWidget(self.words)
        self._right = control
        theme.changed.connect(self._fit_control)
        self._fit_control()
        self.side = QVBoxLayout()
        self.side.setSpacing(2)
        self.side.addWidget(control)
        row = QHBoxLayout()
        row.setSpacing(24)
        row.addLayout(self.text, 1)
        row.addLayout(self.side)
        self.text.addStretch()
        self.side.addStretch()
        self.whole = QVBoxLayout(self)
        self.whole.setContentsMargins(20, 14, 20, 14)
        self.whole.setSpacing(0)
        self.whole.addLayout(row)

    def _fit_control(self) -> None:
        self._right.setFixedWidth(self._theme.grown(_CONTROL_WIDTH))

    def set_first(self, first: bool) -> None:
        """Whether it stands on top of its card, where no line is needed."""
        self._first = first

    def set_changed(self, changed: bool) -> None:
        """Whether somebody chose a value: a bar at the edge says so, and the way back at the right."""
        self._changed = changed
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line above, a bar at the left. Painted, as a border of the style sheet would move what is inside."""
        painter = QPainter(self)
        if not self._first:
            painter.fillRect(1, 0, self.width() - 2, 1, QColor(self._theme.tokens.line))
        if self._changed:
            painter.fillRect(1, 10, 3, self.height() - 20, QColor(self._theme.tokens.accent_text))


class SettingRow(SettingLine):
    """Draws a `Field` and says what a person chose for it."""

    chosen = Signal(str, object)
    """The flag, and a text, True, False, or None for: as preset and vLLM say."""

    def __init__(self, theme: Theme, field: Field, parent: QWidget | None = None) -> None:
        self._control = SettingControl(theme, field)
        super().__init__(theme, field.title, first_words(field.words), self._control, parent)
        self._field = field
        self._question: TrustQuestion | None = None
        self._back = button("", self._on_back_clicked, "inline")
        self._own = ElidedLabel(role="small")
        self._flag = _flag_button(theme, field.flag, self._on_flag_clicked)
        self._all = button("Read all", self._on_all_clicked, "inline")
        self._all.setAccessibleName(f"Read all about {field.title}")
        self._all.setVisible(first_words(field.words) != field.words)
        self._wrong = label(wrap=True)
        set_property(self._wrong, "tone", "bad")
        self._wrong.hide()
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(_COPIED_MS)
        self._copied.timeout.connect(self._show_flag)
        self._reveal = QTimer(self)
        self._reveal.setSingleShot(True)
        self._reveal.setInterval(_LAYOUT_MS)
        self._reveal.timeout.connect(self._show_question)
        self._control.chosen.connect(self._on_chosen)
        self._control.problem_changed.connect(self._on_problem_changed)
        self._build()
        self.show_field(field)

    @property
    def stops(self) -> list[QWidget]:
        """What the Tab key reaches, in order."""
        asked = [self._question.no, self._question.yes] if self._question is not None else []
        return [*self._control.stops, self._back, self._all, self._flag, *asked]

    def show_field(self, field: Field) -> None:
        """Show the present value of *field*."""
        self._field = field
        self._control.show_field(field)
        changed = field.value is not None
        back = f"Back to {baseline_words(field)}"
        self.set_changed(changed)
        self._own.setText(_own_default(field))
        self._back.setVisible(changed)
        self._back.setText(_short(back))
        self._back.setToolTip("" if _short(back) == back else back)
        self._back.setAccessibleName(f"{field.title}: {back}")
        self._control.stops[0].setToolTip(range_words(field).capitalize())
        self._control.stops[0].setWhatsThis(field.words)

    def _on_chosen(self, value: FlagValue | None) -> None:
        question = QUESTIONS.get(self._field.flag)
        if question is None or value is not True:
            self.chosen.emit(self._field.flag, value)
            return
        self._control.show_field(self._field)
        if self._question is None:
            self._question = TrustQuestion(self._theme, question)
            self._question.answered.connect(self._on_answered)
            self.whole.addWidget(self._question)
            QWidget.setTabOrder(self._flag, self._question.no)
            QWidget.setTabOrder(self._question.no, self._question.yes)
        self._question.show()
        self._question.no.setFocus(Qt.FocusReason.TabFocusReason)
        self._reveal.start()

    def _show_question(self) -> None:
        """Scroll to the question: whoever is asked has to see it."""
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None and self._question is not None:
            above.ensureWidgetVisible(self._question, 0, 24)

    def _on_answered(self, yes: bool) -> None:
        if self._question is not None:
            self._question.hide()
        self._control.setFocus(Qt.FocusReason.TabFocusReason)
        if yes:
            self.chosen.emit(self._field.flag, True)

    def _on_back_clicked(self) -> None:
        self._control.put_back()
        self._control.setFocus(Qt.FocusReason.OtherFocusReason)
        self.chosen.emit(self._field.flag, None)

    def _on_problem_changed(self, words: str) -> None:
        self._wrong.setText(words)
        self._wrong.setVisible(bool(words))
        self._control.stops[0].setAccessibleDescription(words or range_words(self._field))

    def _on_all_clicked(self) -> None:
        self.words.setText(self._field.words)
        self._all.hide()

    def _on_flag_clicked(self) -> None:
        QApplication.clipboard().setText(self._field.flag)
        self._flag.setText("Copied")
        self._copied.start()

    def _show_flag(self) -> None:
        self._flag.setText(self._field.flag)

    def _build(self) -> None:
        self.side.insertWidget(1, self._wrong)
        self.side.insertWidget(2, self._back, 0, Qt.AlignmentFlag.AlignLeft)
        foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self._flag)
        foot.addWidget(self._own, 1)
        self.text.insertWidget(2, self._all, 0, Qt.AlignmentFlag.AlignLeft)
        self.text.insertLayout(3, foot)


def _flag_button(theme: Theme, flag: str, clicked: object) -> QPushButton:
    made = QPushButton(flag)
    made.setProperty("role", "flag")
    made.setFont(theme.mono_font(9))
    made.setToolTip("Copy the name of this flag")
    made.setAccessibleName(f"Copy {flag}")
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.clicked.connect(clicked)
    return made


def _own_default(field: Field) -> str:
    """vLLM's own default, where it is not what the control shows anyway."""
    if field.default == LEFT_TO_VLLM or (field.value is None and field.preset_value is None):
        return ""
    return f"vLLM's own default: {value_words(field, field.default)}"


def first_words(words: str) -> str:
    """The beginning of a long description, cut behind a word."""
    if len(words) <= _LONG:
        return words
    return f"{words[:_LONG].rsplit(' ', 1)[0]} …"


def _short(words: str, length: int = 34) -> str:
    return words if len(words) <= length else f"{words[: length - 1]}…"
