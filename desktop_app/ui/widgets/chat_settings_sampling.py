"""The rows of a chat's sampling: numbers, stop texts, a switch; one for each of `PARAMETERS`."""

import secrets
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.sampling import MAX_STOP_LENGTH, MAX_STOPS, PARAMETERS, Parameter, Sampling
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton
from desktop_app.ui.widgets.chat_settings_number import NumberRow
from desktop_app.ui.widgets.chat_settings_parts import GrowingText, SwitchRow, Titled
from desktop_app.ui.widgets.chat_settings_words import read_stops, stop_lines

_STOP_WORDS = "One to a line; \\n stands for the end of a line."


class SamplingRows(QWidget):
    """Rows for some parameters; says the name of one and what was chosen for it.

    Args:
        theme: colours.
        names: of the parameters, or empty for all.
        without: names of those that stand elsewhere.
        parent: the widget that it stands in.
    """

    chosen = Signal(str, object)

    def __init__(
        self, theme: Theme, names: Sequence[str] = (), without: Sequence[str] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._numbers: dict[str, NumberRow] = {}
        self._switches: dict[str, SwitchRow] = {}
        self._stops = GrowingText("Stop at", (2, 6), MAX_STOPS * (2 * MAX_STOP_LENGTH + 1))
        self._shown_stops: tuple[str, ...] = ()
        self._stops_row: Titled | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(18)
        for parameter in PARAMETERS:
            if parameter.name not in without and (not names or parameter.name in names):
                column.addWidget(self._make(parameter))

    def show_sampling(self, sampling: Sampling, defaults: Sampling) -> None:
        """Show what is chosen, and the model's own values where nothing is."""
        for name, number in self._numbers.items():
            number.show_value(getattr(sampling, name), defaults)
        for name, switch in self._switches.items():
            switch.show_value(getattr(sampling, name), getattr(defaults, name) is not False)
        if sampling.stop != self._shown_stops:
            self._shown_stops = sampling.stop
            self._stops.show_text(stop_lines(sampling.stop))

    @property
    def problem(self) -> str:
        """What is wrong with something that is written, and with what; empty when nothing is."""
        found = {number.title: number.problem for number in self._numbers.values()}
        if self._stops_row is not None:
            found["Stop at"] = self._stops_row.problem
        return next((f"{title}: {problem}" for title, problem in found.items() if problem), "")

    def take(self) -> None:
        """Take what is written."""
        for number in self._numbers.values():
            number.take()
        self._stops.take()

    def forget(self) -> None:
        """Forget what is written and not taken."""
        for number in self._numbers.values():
            number.forget()
        self._stops.show_text(stop_lines(self._shown_stops))
        self._show_stop_problem("")

    def _make(self, parameter: Parameter) -> QWidget:
        if parameter.name == "stop":
            self._stops.taken.connect(self._on_stops_taken)
            self._stops_row = Titled(parameter.title, self._stops, f"{parameter.sentence} {_STOP_WORDS}")
            return self._stops_row
        if not parameter.step:
            switch = SwitchRow(self._theme, parameter.title, parameter.sentence, back=True)
            switch.chosen.connect(lambda value: self.chosen.emit(parameter.name, value))
            self._switches[parameter.name] = switch
            return switch
        dice = IconButton(self._theme, "dice", "New seed", self._roll) if parameter.name == "seed" else None
        number = NumberRow(self._theme, parameter, dice)
        number.chosen.connect(lambda value: self.chosen.emit(parameter.name, value))
        self._numbers[parameter.name] = number
        return number

    def _roll(self) -> None:
        """A seed that nobody has thought of; six digits can be read to somebody."""
        self._numbers["seed"].put(secrets.randbelow(1_000_000))

    def _on_stops_taken(self, text: str) -> None:
        stops, wrong = read_stops(text)
        self._show_stop_problem(wrong)
        if not wrong:
            # They stand there as they were written; showing them again would move the cursor.
            self._shown_stops = stops
            self.chosen.emit("stop", stops)

    def _show_stop_problem(self, words: str) -> None:
        if self._stops_row is not None:
            self._stops_row.show_problem(words)
