"""The line under an answer: what can be done with it, which version it is, how fast it came and how it ended."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QPushButton, QWidget

from desktop_app.domain.answer_words import EndingRemedy, ending, under
from desktop_app.domain.chat import Message, MessageState
from desktop_app.ui.widgets.basics import button, label, plain
from desktop_app.ui.widgets.looks import Looks
from desktop_app.ui.widgets.message_actions import ActionBar
from desktop_app.ui.widgets.message_versions import VersionBar

_GAP = 8
_SAID_MILLISECONDS = 1500


class Foot(QWidget):
    """Buttons, arrows and words beside one another, or the words below when there is no room."""

    remedy = Signal(object)

    def __init__(self, looks: Looks, actions: ActionBar, versions: VersionBar, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions, self._versions = actions, versions
        for bar in (actions, versions):
            bar.setParent(self)
        self._words = label(role="second", wrap=True)
        self._words.setParent(self)
        self._link: QPushButton | None = None
        self._remedy = EndingRemedy.NONE
        self._shown = ""
        self._said = QTimer(self, singleShot=True, interval=_SAID_MILLISECONDS)
        self._said.timeout.connect(lambda: self._words.setText(self._shown))
        self.set_looks(looks)

    def set_looks(self, looks: Looks) -> None:
        """Write in another font."""
        self._font = QFont(looks.body)
        self._font.setPointSizeF(self._font.pointSizeF() * 0.9)
        self._words.setFont(self._font)
        if self._link:
            self._link.setFont(self._font)

    def show_message(self, message: Message, remedies: Sequence[EndingRemedy]) -> None:
        """Say how *message* went, and offer what helps if it is among *remedies*."""
        streaming = message.state is MessageState.STREAMING
        begun = message.text or message.reasoning
        self._shown = ("writing" if begun else "") if streaming else _line(message)
        self._said.stop()
        self._words.setText(self._shown)
        remedy = EndingRemedy.NONE if streaming else ending(message).remedy
        self._show_remedy(remedy if remedy in remedies else EndingRemedy.NONE)

    def say(self, words: str) -> None:
        """Say something else for a moment."""
        self._words.setText(words)
        self._said.start()

    def sections(self) -> Sequence[QWidget]:
        """Where the keyboard stops, in order."""
        return [one for one in (self._link, self._actions, self._versions) if one]

    def arrange(self, width: int) -> int:
        """Place everything in *width* pixels; the height that it takes."""
        size = self._actions.sizeHint()
        actions, line = size.width(), size.height()
        self._actions.setGeometry(0, 0, actions, line)
        self._actions.fit()
        left = actions + (_GAP if actions else 0)
        if not self._versions.isHidden():
            arrows = self._versions.sizeHint().width()
            self._versions.setGeometry(left, 0, arrows, line)
            self._versions.fit()
            left += arrows + _GAP
        link = self._link.sizeHint().width() if self._link and not self._link.isHidden() else 0
        words = self._words.fontMetrics().horizontalAdvance(self._words.text()) + 4
        beside = left + words + link <= width
        top = 0 if beside or not left else line
        start = left if beside else 0
        room = width - start - link
        taken = min(words, room)
        height = max(line, self._words.heightForWidth(taken) + 4)
        self._words.setGeometry(start, top, taken, height)
        if self._link:
            size = self._link.sizeHint()
            self._link.setGeometry(start + taken + 2, top + (line - size.height()) // 2, size.width(), size.height())
        return top + height

    def _show_remedy(self, remedy: EndingRemedy) -> None:
        if remedy is self._remedy:
            return
        self._remedy = remedy
        if self._link is None:
            self._link = button("", self._on_link_clicked, "link")
            self._link.setFont(self._font)
            self._link.setParent(self)
        self._link.setText(plain(remedy.value))
        self._link.setAccessibleName(remedy.value)
        self._link.setVisible(remedy is not EndingRemedy.NONE)

    def _on_link_clicked(self) -> None:
        self.remedy.emit(self._remedy)


def _line(message: Message) -> str:
    """How fast it came and how it ended; why it failed stands in a card above."""
    failed = message.state is MessageState.FAILED and message.error
    return "failed" if failed else under(message)
