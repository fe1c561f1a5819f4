"""What answers cost in energy: per answer and per 1,000 tokens, of the last work and of this session.

The page of Monitor owns one.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QVBoxLayout, QWidget

from desktop_app.domain.energy import NO_ENERGY, EnergyState, EnergyUse
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label
from desktop_app.ui.widgets.calm_text import CalmText
from desktop_app.ui.widgets.monitor_words import (
    ENERGY_NOTHING,
    ENERGY_WAITING,
    energy_words,
    lamp_words,
    unbroken,
    work_words,
)

_WIDE = 460
"""At the usual size of words, pixels, from which on the two stand side by side."""
_FIGURE = 15.0
"""Points."""


class _Use(QWidget):
    """One stretch of work."""

    def __init__(self, theme: Theme, title: str) -> None:
        super().__init__()
        self._title = title
        self._theme = theme
        self._answer, self._tokens = CalmText(), CalmText()
        self._lamp, self._work = CalmText("second"), CalmText("second")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.space.tiny)
        for one in (label(title, "section"), self._answer, self._tokens, self._lamp, self._work):
            self._column.addWidget(one)
        self._column.addStretch()
        self._answer.setFont(theme.figures_font(_FIGURE))

    def show_use(self, use: EnergyUse | None) -> str:
        """Show *use*; the same in a sentence. None hides it."""
        self.setVisible(use is not None)
        if use is None:
            return ""
        per_answer, lamp = energy_words(use.per_answer), lamp_words(use.per_answer)
        texts = {
            self._answer: f"{per_answer} per answer" if use.answers else "",
            self._tokens: f"{energy_words(use.per_thousand_tokens)} per 1,000 tokens" if use.tokens else "",
            self._lamp: f"As much as {lamp}." if lamp else "",
            self._work: f"{work_words(use)[0].upper()}{work_words(use)[1:]}.",
        }
        for place, text in texts.items():
            place.setVisible(bool(text))
            place.setText(unbroken(text))
        return f"{self._title}: {'. '.join(text.rstrip('.') for text in texts.values() if text)}."


class EnergyCard(QFrame):
    """Shows one `EnergyState`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Energy")
        self._theme = theme
        self._energy: EnergyState | None = None
        self._title = label("Energy")
        self._title.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
        self._source = label(role="second", wrap=True)
        self._note = label(role="second", wrap=True)
        self._last, self._session = _Use(theme, "Last work"), _Use(theme, "This session")
        self._uses = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._build()
        theme.changed.connect(self._turn)
        self.show_energy(NO_ENERGY)

    def show_energy(self, energy: EnergyState) -> None:
        """Show what is known."""
        if energy == self._energy:
            return
        self._energy = energy
        said = [self._last.show_use(energy.last)]
        # The session says nothing new while it is that one stretch of work.
        said.append(self._session.show_use(energy.session if energy.session != energy.last else None))
        if energy.source:
            self._source.setText("" if energy.last or energy.session else ENERGY_WAITING)
        else:
            self._source.setText("" if energy.note else ENERGY_NOTHING)
        self._note.setText(energy.note)
        for one in (self._source, self._note):
            one.setVisible(bool(one.text()))
        self.setAccessibleDescription(" ".join(text for text in (*said, self._source.text(), energy.note) if text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room."""
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        wide = self.width() >= self._theme.scaled(_WIDE)
        self._uses.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _build(self) -> None:
        space = self._theme.space
        self._uses.setSpacing(space.large)
        for one in (self._last, self._session):
            self._uses.addWidget(one, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(space.large, space.medium, space.large, space.large)
        column.setSpacing(space.small)
        column.addWidget(self._title)
        column.addLayout(self._uses)
        column.addWidget(self._source)
        column.addWidget(self._note)
        column.addStretch()
