"""A quiet line above the composer: what is going on, what waits, what this chat is; with one small button or none.

`chat_thread` owns a few of them.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label, plain
from desktop_app.ui.widgets.composer_chips import Icon
from desktop_app.ui.widgets.speech import announce


class ChatLine(QWidget):
    """An icon, a sentence, and perhaps what can be done about it.

    Args:
        theme: icons.
        icon: the icon's name.
        verb: what the button says; empty for no button.
        parent: the widget that it stands in.
    """

    clicked = Signal()

    def __init__(self, theme: Theme, icon: str, verb: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = label(role="second", wrap=True)
        self._words.setMinimumWidth(1)
        self.button = button(plain(verb), self.clicked.emit, "link")
        self.button.setVisible(bool(verb))
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(8)
        row.addWidget(Icon(theme, icon))
        row.addWidget(self._words, 1)
        row.addWidget(self.button)
        self.hide()

    def show_words(self, words: str) -> None:
        """Show *words* and say them to a screen reader; no words hide the line."""
        if words == self._words.text():
            return
        self._words.setText(words)
        self.setAccessibleName(words)
        self.setVisible(bool(words))
        if words:
            announce(self, words)
