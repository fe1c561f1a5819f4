"""What stands where there is no model to show, or only the one that ships with the program: one next action."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.ui.widgets.basics import button, label, plain

_SIDE = 24
"""Pixels left and right of the words, at least."""
_LETTERS = 76
"""Of a line, at most."""


class Invitation(QWidget):
    """A sentence and a button."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._act: Callable[[], object] = str
        self._title = label(role="title", wrap=True)
        self._text = label(role="second", wrap=True)
        self._button = button("", self._on_clicked, "primary")
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(_SIDE, 20, _SIDE, 20)
        column.setSpacing(10)
        column.addStretch(2)
        for one in (self._title, self._text):
            one.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(one)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self.hide()

    def show_words(self, title: str, text: str = "", words: str = "", act: Callable[[], object] = str) -> None:
        """Say this and offer *act* on a button with these words; without words there is no button."""
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._button.setText(plain(words))
        self._button.setAccessibleName(words)
        self._button.setVisible(bool(words))
        self._act = act
        self.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Long lines are hard to read."""
        super().resizeEvent(event)
        side = max(_SIDE, (self.width() - _LETTERS * self._text.fontMetrics().averageCharWidth()) // 2)
        self._column.setContentsMargins(side, 20, side, 20)

    def has_keyboard(self) -> bool:
        """Whether the keyboard is on the button."""
        return self._button.hasFocus()

    def focus_button(self) -> None:
        """Put the keyboard on the button."""
        self._button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_clicked(self) -> None:
        self._act()
