"""One number of a chat's settings: its title, what holds when it is not chosen, an entry, a slider, a sentence."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.domain.sampling import Parameter, Sampling
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, set_property
from desktop_app.ui.widgets.chat_settings_parts import INDENT, PAUSE_MS, words
from desktop_app.ui.widgets.chat_settings_words import (
    figure,
    own_value,
    own_words,
    range_words,
    read_number,
    stepped,
)
from desktop_app.ui.widgets.fit_slider import CalmSlider

_ENTRY_LETTERS = 7
_MANY = 10
"""Steps that an arrow key takes together with Shift."""


class NumberEntry(QLineEdit):
    """A line for a number; up and down count."""

    counted = Signal(int)
    """So many steps up."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Count by arrow keys, tens with Shift."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        if step:
            self.counted.emit(step * (_MANY if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1))
        else:
            super().keyPressEvent(event)


class NumberRow(QWidget):
    """Draws one of `PARAMETERS` that is a number, and says what a person chose."""

    chosen = Signal(object)
    """A number; None for: as the model has it."""

    def __init__(self, theme: Theme, parameter: Parameter, beside: QWidget | None = None) -> None:
        super().__init__()
        self._theme = theme
        self._parameter = parameter
        self._value: float | None = None
        self._defaults = Sampling()
        self._own = words()
        self._back = button("", self._on_back_clicked, "inline")
        # Large letters in a narrow panel: rather a cut word here than an entry beyond the edge.
        self._back.setMinimumWidth(1)
        self._entry = NumberEntry()
        self._slider = CalmSlider(theme, f"{parameter.title}, slider") if not parameter.whole else None
        self._wrong = words()
        set_property(self._wrong, "tone", "bad")
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._take)
        self._connect()
        self._build(beside)
        theme.changed.connect(self.update)

    def show_value(self, value: float | None, defaults: Sampling) -> None:
        """Show what is chosen, or None; *defaults* are the model's own. What somebody is just writing stays."""
        self._value, self._defaults = value, defaults
        if not self._pause.isActive() and self._entry.property("tone") != "bad":
            self._show_text()
        own = own_value(self._parameter, defaults)
        told = own_words(self._parameter, defaults)
        self._entry.setPlaceholderText("none" if own is None else figure(own))
        self._own.setText(told)
        self._own.setVisible(value is None)
        self._back.setVisible(value is not None)
        self._back.setText("Back to " + (told if own is None else figure(own)))
        self._back.setToolTip(f"Back to {told}")
        self._back.setAccessibleName(f"{self._parameter.title}: back to {told}")
        shown = own if value is None else value
        if self._slider is not None and not self._slider.isSliderDown():
            self._slider.blockSignals(True)
            self._slider.setValue(self._step_of(shown))
            self._slider.blockSignals(False)
        self._describe("")
        self.update()

    def put(self, value: float | None) -> None:
        """Choose *value*, whatever stands in the entry."""
        self._pause.stop()
        self._value = value
        self._show_text()
        self._say_problem("")
        self.chosen.emit(value)

    def forget(self) -> None:
        """Forget what was written and not taken: another chat is shown."""
        self._pause.stop()
        self._say_problem("")

    def take(self) -> None:
        """Take what is written, if somebody has just written it."""
        if self._pause.isActive():
            self._take()

    @property
    def title(self) -> str:
        """What it is called."""
        return self._parameter.title

    @property
    def problem(self) -> str:
        """Why what stands there is not taken; empty when it is."""
        return self._wrong.text()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A bar at the edge of what is chosen."""
        if self._value is not None:
            QPainter(self).fillRect(0, 2, 3, self.height() - 4, QColor(self._theme.tokens.accent_text))

    def _show_text(self) -> None:
        text = "" if self._value is None else figure(self._value)
        if text != self._entry.text():
            self._entry.setText(text)

    def _take(self) -> None:
        self._pause.stop()
        value, wrong = read_number(self._parameter, self._entry.text())
        self._say_problem(wrong)
        # What is shown of a long number is rounded; whoever only looks at it does not choose the rounded one.
        shown = "" if self._value is None else figure(self._value)
        if not wrong and self._entry.text().strip() != shown and value != self._value:
            self.chosen.emit(value)

    def _on_counted(self, steps: int) -> None:
        present, wrong = read_number(self._parameter, self._entry.text())
        own = own_value(self._parameter, self._defaults)
        value = stepped(self._parameter, own if present is None or wrong else present, steps)
        self._entry.setText(figure(value))
        self._say_problem("")
        self._pause.start()

    def _on_slider_moved(self, step: int) -> None:
        self._entry.setText(figure(self._value_of(step)))

    def _on_slider_changed(self, step: int) -> None:
        self.put(self._value_of(step))

    def _on_back_clicked(self) -> None:
        self._entry.setFocus(Qt.FocusReason.OtherFocusReason)
        self.put(None)

    def _say_problem(self, problem: str) -> None:
        self._wrong.setText(problem)
        self._wrong.setVisible(bool(problem))
        set_property(self._entry, "tone", "bad" if problem else "")
        self._describe(problem)

    def _describe(self, problem: str) -> None:
        own = "" if self._value is not None else f" Now {own_words(self._parameter, self._defaults)}."
        sentence = problem or f"{self._parameter.sentence} {range_words(self._parameter).capitalize()}.{own}"
        self._entry.setAccessibleDescription(sentence)

    def _value_of(self, step: int) -> float:
        return round(self._parameter.least + step * self._parameter.step, 6)

    def _step_of(self, value: float | None) -> int:
        return round(((value or 0) - self._parameter.least) / self._parameter.step)

    def _connect(self) -> None:
        self._entry.textEdited.connect(self._pause.start)
        self._entry.editingFinished.connect(self._take)
        self._entry.counted.connect(self._on_counted)
        if self._slider is not None:
            # What is passed on the way is not meant.
            self._slider.setTracking(False)
            self._slider.setRange(0, self._step_of(self._parameter.most))
            self._slider.sliderMoved.connect(self._on_slider_moved)
            self._slider.valueChanged.connect(self._on_slider_changed)
            self._slider.setAccessibleDescription(self._parameter.sentence)

    def _build(self, beside: QWidget | None) -> None:
        self._entry.setAccessibleName(self._parameter.title)
        self._entry.setFixedWidth(self.fontMetrics().averageCharWidth() * _ENTRY_LETTERS + 22)
        self._wrong.hide()
        title = words(self._parameter.title, "strong")
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(title)
        left.addWidget(self._own)
        left.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addLayout(left, 1)
        if beside is not None:
            row.addWidget(beside, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._entry, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(INDENT, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        if self._slider is not None:
            column.addWidget(self._slider)
        column.addWidget(self._wrong)
        column.addWidget(words(self._parameter.sentence))
