"""What stands below the message field: attach, settings, what is chosen or a hint, the room left, the button."""

from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.services.chat_view import ContextState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, label, set_property
from desktop_app.ui.widgets.composer_chips import Choices
from desktop_app.ui.widgets.composer_counter import ContextCounter
from desktop_app.ui.widgets.composer_words import too_many_words

_GAP = 4
_SPACES = 7
"""Gaps of the row besides those behind its controls."""


class Press(Enum):
    """What the round button does; its name, its icon and its key."""

    SEND = ("Send", "send", "Enter")
    QUEUE = ("Queue", "send", "Enter")
    STOP = ("Stop the answer", "stop", "Esc")


class ComposerFoot(QWidget):
    """One row of small controls, and above it whatever has no room in it."""

    attach_clicked = Signal()
    settings_clicked = Signal()
    pressed = Signal()
    """The round button."""
    stop_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._press = Press.SEND
        self._urgent = False
        self._attach = IconButton(theme, "paperclip", "Attach files", self.attach_clicked.emit)
        self._settings = IconButton(theme, "sliders", "Settings of this chat", self.settings_clicked.emit)
        self._choices = Choices()
        self._choices.clicked.connect(self.settings_clicked)
        self._hint = label(role="small")
        self._hint.setObjectName("hint")
        self._problem = label(role="small", wrap=True)
        set_property(self._problem, "tone", "bad")
        self._problem.hide()
        for one in (self._hint, self._problem):
            # Words go elsewhere where they have no room; they never keep the window wide.
            one.setMinimumWidth(1)
        self._counter = ContextCounter(theme)
        self._stop = IconButton(theme, "stop", Press.STOP.value[0], self.stop_clicked.emit)
        self._stop.setToolTip("Stop the answer (Esc)")
        self._stop.hide()
        self._button = IconButton(theme, "send", "Send", self.pressed.emit)
        self._button.setProperty("role", "send")
        self._row = QHBoxLayout()
        self._above = QVBoxLayout(self)
        self._build()

    def show_button(self, press: Press, enabled: bool) -> None:
        """Say what the round button does, and whether it can be pressed."""
        if press is self._press and enabled is self._button.isEnabled():
            return
        self._press = press
        name, _, key = press.value
        self._button.setToolTip(f"{name} ({key})")
        self._button.setAccessibleName(name)
        self._button.setEnabled(enabled)
        self._stop.setVisible(press is Press.QUEUE)
        self._draw_button()

    def dress(self) -> None:
        """Take the present colours and sizes of words."""
        self._draw_button()
        self._arrange()

    def _draw_button(self) -> None:
        tokens = self._theme.tokens
        colour = tokens.on_accent if self._button.isEnabled() else tokens.disabled
        self._button.setIcon(self._theme.icon(self._press.value[1], colour))

    def show_hint(self, words: str, urgent: bool) -> None:
        """Show *words*; only those that are *urgent* take the place of what is chosen, or a line of their own."""
        if (words, urgent) != (self._hint.text(), self._urgent):
            self._urgent = urgent
            self._hint.setText(words)
            self._arrange()

    def show_choices(self, chips: tuple[str, ...]) -> None:
        """Show what is chosen."""
        if self._choices.show_chips(chips):
            self._arrange()

    def show_context(self, context: ContextState) -> None:
        """Show how much the model can still keep in mind, and say when it is too much."""
        if not self._counter.show_context(context):
            return
        self._problem.setText(too_many_words(context))
        self._problem.setVisible(bool(self._problem.text()))
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow row has no room for words."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Put the hint where it has room: in the row, above it, or nowhere."""
        self._counter.set_short(self._counter.full_width() > self._room(without=self._counter))
        # Not its size hint: that is another one when its words are wrapped, and the hint would go to and fro.
        fits = self._hint.fontMetrics().horizontalAdvance(self._hint.text()) <= self._room()
        chosen = not self._choices.is_empty
        in_row = fits and (self._urgent or not chosen)
        wanted: QBoxLayout = self._row if in_row else self._above
        if wanted.indexOf(self._hint) < 0:
            (self._above if in_row else self._row).removeWidget(self._hint)
            wanted.insertWidget(3 if in_row else 1, self._hint)
            self._hint.setWordWrap(not in_row)
        self._hint.setVisible(bool(self._hint.text()) and (in_row or self._urgent))
        self._choices.setVisible(chosen and not (in_row and self._urgent))

    def _room(self, without: QWidget | None = None) -> int:
        """Pixels of the row that are left for words."""
        others = (self._attach, self._settings, self._counter, self._stop, self._button)
        taken = sum(one.sizeHint().width() + _GAP for one in others if not one.isHidden() and one is not without)
        return self.width() - taken - _SPACES * _GAP

    def _build(self) -> None:
        self._row.setSpacing(_GAP)
        self._row.addWidget(self._attach)
        self._row.addWidget(self._settings)
        self._row.addSpacing(_GAP)
        self._row.addWidget(self._hint)
        self._row.addWidget(self._choices, 100)
        self._row.addStretch(1)
        self._row.addWidget(self._counter)
        self._row.addSpacing(_GAP)
        self._row.addWidget(self._stop)
        self._row.addWidget(self._button)
        self._above.setContentsMargins(0, 0, 0, 0)
        self._above.setSpacing(_GAP)
        self._above.addWidget(self._problem)
        self._above.addLayout(self._row)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
