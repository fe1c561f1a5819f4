"""What somebody wants of a model: how much it shall keep in mind, and for how many people at the same time.

Emits at once while the slider is dragged; answers that arrive for a wish that is no longer the last do not move it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.fit import USUAL_CONTEXT, Fit, Wish
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label
from desktop_app.ui.widgets.fit_bar import unbroken
from desktop_app.ui.widgets.fit_slider import CalmSlider, Counter
from desktop_app.ui.widgets.model_detail_words import context_words

SHORTEST = 1024
"""Tokens from which the slider counts; less is hardly a conversation."""
MOST_PEOPLE = 16
_SHORT = 128
"""Where it begins for a model that cannot keep more than twice `SHORTEST`."""


def steps(longest: int, value: int = 0) -> tuple[int, ...]:
    """The contexts to choose from: each half as much again, the model's *longest* and the present *value* among them.

    Nothing for a model whose longest is not known.
    """
    if longest <= 0:
        return ()
    first = SHORTEST if longest >= 2 * SHORTEST else _SHORT
    found = {longest} | ({value} if 0 < value <= longest else set())
    size = first
    while size < longest:
        found |= {size, size * 3 // 2} if size * 3 // 2 < longest else {size}
        size *= 2
    return tuple(sorted(found))


class WishControls(QWidget):
    """A slider for the context and a counter for people.

    Args:
        theme: colours and fonts.
        parent: the widget that they stand in.
    """

    wish_changed = Signal(object)
    """The `Wish` that was made."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wish = Wish()
        self._asked: list[Wish] = []
        """Wishes that were told and not answered yet, the last one last."""
        self._model = ""
        self._steps: tuple[int, ...] = ()
        self._words = label()
        self._tokens = label(role="second")
        self._tokens.setFont(theme.figures_font(9.5))
        self._room = label(role="second", wrap=True)
        self._slider = CalmSlider(theme, "How much it keeps in mind")
        self._people = Counter(theme, "People at the same time", 1, MOST_PEOPLE)
        self._people_words = label()
        self._words.setBuddy(self._slider)
        self._slider.valueChanged.connect(self._on_moved)
        self._people.valueChanged.connect(self._on_counted)
        self._build()

    @property
    def last_stop(self) -> QWidget:
        """Where the keyboard goes last."""
        return self._people

    def show_wish(self, model: str, wish: Wish, fit: Fit, longest: int) -> None:
        """Show *wish* for a model by its key, what came of it, and the *longest* context of the model in tokens."""
        if model != self._model:
            self._model = model
            self._asked.clear()
        elif self._is_stale(wish):
            return
        self._wish = wish
        usual = min(USUAL_CONTEXT, longest) if longest else USUAL_CONTEXT
        context = wish.context or fit.context or usual
        self._show_steps(steps(longest, context), context)
        self._slider.show_room(bisect_right(self._steps, fit.longest) - 1 if fit.longest else None)
        self._room.setText(unbroken(_room_words(fit, longest)))
        self._room.setVisible(bool(self._room.text()))
        with QSignalBlocker(self._people):
            self._people.setValue(wish.people)
        self._say()

    def _is_stale(self, wish: Wish) -> bool:
        """Whether *wish* is one that was overtaken: by a later one, or by the hand that still moves."""
        if not self._asked:
            return False
        if wish == self._asked[-1]:
            self._asked.clear()
            return False
        return wish in self._asked or wish == self._wish

    def _show_steps(self, found: Sequence[int], context: int) -> None:
        self._steps = tuple(found)
        self._slider.setVisible(len(self._steps) > 1)
        for one in (self._words, self._tokens):
            one.setVisible(bool(self._steps))
        if not self._steps:
            return
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, len(self._steps) - 1)
            self._slider.setPageStep(2)
            if not self._slider.isSliderDown():
                self._slider.setValue(min(bisect_left(self._steps, context), len(self._steps) - 1))

    def _on_moved(self, step: int) -> None:
        self._tell(replace(self._last(), context=self._steps[step]))

    def _on_counted(self, people: int) -> None:
        self._tell(replace(self._last(), people=people))

    def _last(self) -> Wish:
        return self._asked[-1] if self._asked else self._wish

    def _tell(self, wish: Wish) -> None:
        self._asked.append(wish)
        self._say()
        self.wish_changed.emit(wish)

    def _say(self) -> None:
        """Both choices in words."""
        if self._steps:
            context = self._steps[self._slider.value()]
            self._words.setText(context_words(context))
            self._tokens.setText(f"{context:,} tokens")
            self._slider.setAccessibleDescription(f"{context_words(context)}: {context:,} tokens")
        people = self._people.value()
        self._people_words.setText("person at a time" if people == 1 else "people at a time")

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._people)
        row.addWidget(self._people_words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        # Each stands in a line of its own: nothing moves below the hand that drags.
        for part in (self._words, self._slider, self._tokens, self._room):
            column.addWidget(part)
        column.addSpacing(6)
        column.addLayout(row)


def _room_words(fit: Fit, longest: int) -> str:
    """How far there would be room."""
    if not fit.longest or not longest:
        return ""
    if fit.longest >= longest:
        return f"There is room for all that it can keep in mind: {longest:,} tokens."
    return f"There is room for up to {fit.longest:,} tokens; the model could keep {longest:,}."
