"""Quiet lines above the composer: what is going on, what waits, what this chat is; with one small button or none.

`chat_thread` owns them.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.services.chat_view import ChatState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label, plain
from desktop_app.ui.widgets.composer_chips import Icon
from desktop_app.ui.widgets.speech import announce

_TEMPORARY = "Temporary chat: nothing of it is written to the disk."


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
        if not verb:
            self.button.hide()
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


class ChatLines(QWidget):
    """All of them; those that have nothing to say take no room."""

    send_clicked = Signal()
    """What is queued shall be asked."""
    stop_clicked = Signal()
    """What is waited for is not wanted any more."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._temporary = ChatLine(theme, "clock")
        self._waiting = ChatLine(theme, "engine", "Stop")
        self._queued = ChatLine(theme, "continue", "Send now")
        self._unseen = ChatLine(theme, "warning")
        self._waiting.clicked.connect(self.stop_clicked)
        self._queued.clicked.connect(self.send_clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for line in (self._temporary, self._waiting, self._queued, self._unseen):
            column.addWidget(line)

    def show_state(self, state: ChatState, blind: str, *, ready: bool) -> None:
        """Say what there is to say.

        Args:
            state: the open conversation.
            blind: the model that does not take the picture that is attached; empty for none.
            ready: whether a model can be asked.
        """
        held_up = len(state.queued) if not state.answering and state.full is None else 0
        questions = "1 question waits" if held_up == 1 else f"{held_up} questions wait"
        self._queued.button.setVisible(ready)
        self._queued.show_words(f"{questions}{'' if ready else ' for a model'}." if held_up else "")
        self._waiting.show_words(f"{state.waiting}…" if state.waiting else "")
        self._temporary.show_words(_TEMPORARY if state.temporary else "")
        self._unseen.show_words(f"{blind} takes no pictures and will refuse the question." if blind else "")
        self.setVisible(bool(held_up or state.waiting or state.temporary or blind))
