"""What is to be minded about the present settings, and what would suit the model, as cards."""

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, set_property

_FLAG = re.compile(r"--[a-z][a-z0-9-]+")
_JOINER = "\u2060"
"""Keeps a line from being broken behind the hyphens of a flag."""


class SettingNotes(QWidget):
    """Draws warnings first, then suggestions; nothing where there are none."""

    flag_clicked = Signal(str)
    """Somebody wants to see the setting that a note speaks of."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._cards: list[QFrame] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.hide()

    def show_notes(self, warnings: tuple[str, ...], suggestions: tuple[str, ...]) -> None:
        """Show these sentences."""
        if (warnings, suggestions) != self._shown:
            self._shown = (warnings, suggestions)
            self._make(warnings, suggestions)
        self.setVisible(bool(self._cards))

    def _make(self, warnings: tuple[str, ...], suggestions: tuple[str, ...]) -> None:
        for old in self._cards:
            old.hide()
            old.deleteLater()
        self._cards = [self._note("Warning", words, "warn") for words in warnings]
        self._cards += [self._note("Suits this model", words, "") for words in suggestions]
        for one in self._cards:
            self._column.addWidget(one)
            one.show()

    def _note(self, heading: str, words: str, tone: str) -> QFrame:
        frame = card("notice")
        set_property(frame, "tone", tone)
        title = label(heading)
        title.setFont(self._theme.body_font(9.5, QFont.Weight.DemiBold))
        text = label(_FLAG.sub(lambda found: _JOINER.join(found.group()), words), wrap=True)
        # Whoever copied a flag from here would carry the joiners along.
        text.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        text.setMinimumWidth(1)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(14, 10, 14, 10)
        inside.setSpacing(2)
        row = QHBoxLayout()
        row.addWidget(title)
        row.addStretch()
        inside.addLayout(row)
        inside.addWidget(text)
        if (found := _FLAG.search(words)) is not None:
            flag = found.group()
            show = button("Show it", lambda: self.flag_clicked.emit(flag), "inline")
            show.setAccessibleName(f"Show the setting {flag}")
            row.addWidget(show)
        frame.setAccessibleName(heading)
        frame.setAccessibleDescription(words)
        return frame
