"""The texts of one answer in full: what was asked, what was thought, what was said. `cell_view` owns them."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.chat import Message, MessageState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.looks import GAP, looks_of
from desktop_app.ui.widgets.message_body import Body
from desktop_app.ui.widgets.message_reasoning import Reasoning
from desktop_app.ui.widgets.message_view import put_away
from desktop_app.ui.widgets.text_view import safe_to_paste

_BREATH_MS = 4
"""Between two slices of a long answer; events of the person are handled in it."""
_SHORT = 600
"""Characters of a question that are shown at first."""
_MOST = 8_000
"""Characters of one that are shown at all: a book would take seconds to lay out. All of it can be copied."""
_COPY = "Copy all of it"
_TOLD = 4_000
"""Characters of an answer that a screen reader is given at once."""


class LongText(QWidget):
    """Plain words of a person or a file; of long ones the beginning, until somebody wants more."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._whole = ""
        self._text = label(wrap=True)
        # One long word must not make the view wider.
        self._text.setMinimumWidth(1)
        self._more = button("", self._on_more_clicked, "inline")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(label(title, "section"))
        column.addWidget(self._text)
        column.addWidget(self._more)

    def show_text(self, text: str) -> None:
        """Show *text*; nothing at all when it is empty. What was unfolded stays so."""
        text = safe_to_paste(text)
        self.setVisible(bool(text))
        if text != self._whole:
            self._whole = text
            self._show(_SHORT, "Show all of it" if len(text) <= _MOST else "Show more of it")

    def _show(self, most: int, more: str) -> None:
        """Show so many characters, and a button that does *more* when these are not all."""
        long = len(self._whole) > most
        self._text.setText(f"{self._whole[:most].rstrip()} …" if long else self._whole)
        self._more.setText(more)
        self._more.setAccessibleName(f"{self._title}: {more[:1].lower()}{more[1:]}")
        self._more.setVisible(long)

    def _on_more_clicked(self) -> None:
        if self._more.text() == _COPY:
            QGuiApplication.clipboard().setText(self._whole)
        else:
            self._show(_MOST, _COPY)


class AnswerText(QWidget):
    """An answer as it is read: its reasoning in one line that opens, then its blocks. It is as high as they are."""

    link_clicked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._looks = looks_of(theme)
        self._message: Message | None = None
        self._reasoning: Reasoning | None = None
        self._opened = False
        self._body = Body(self._looks, self)
        self._body.link_clicked.connect(self.link_clicked)
        self._body.resized.connect(self._arrange)
        self._slices = QTimer(self, singleShot=True, interval=_BREATH_MS)
        self._slices.timeout.connect(self._go_on)
        theme.changed.connect(self._on_theme_changed)

    def show_message(self, message: Message) -> None:
        """Show an answer; one that has grown goes on where it was."""
        if message == self._message:
            return
        if self._message is None or message.id != self._message.id or not message.text:
            self._body.drop()
        if self._message is not None and message.id != self._message.id:
            self._put_reasoning_away()
        self._message = message
        self.setAccessibleName("Answer")
        self.setAccessibleDescription(safe_to_paste(message.text[:_TOLD]))
        self._go_on()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width breaks other lines."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._arrange()

    def _go_on(self) -> None:
        """Lay out a part of what is new; the rest when events have been handled."""
        if self._message is None:
            return
        more = self._show_reasoning(self._message)
        final = self._message.state is not MessageState.STREAMING
        if self._body.show(self._message.text, final=final) or more:
            self._slices.start()
        self._arrange()

    def _show_reasoning(self, message: Message) -> bool:
        if not message.reasoning:
            self._put_reasoning_away()
            return False
        if self._reasoning is None:
            self._reasoning = Reasoning(self._theme, self._looks, opened=self._opened, parent=self)
            self._reasoning.link_clicked.connect(self.link_clicked)
            self._reasoning.resized.connect(self._arrange)
            self._reasoning.toggled.connect(self._on_toggled)
            self._reasoning.show()
        return self._reasoning.show_message(message)

    def _put_reasoning_away(self) -> None:
        put_away(self._reasoning)
        self._reasoning = None

    def _on_toggled(self, opened: bool) -> None:
        self._opened = opened
        self._go_on()

    def _arrange(self) -> None:
        width, top = self.width(), 0
        if self._reasoning is not None:
            height = self._reasoning.arrange(width)
            self._reasoning.setGeometry(0, 0, width, height)
            top = height + GAP
        self.setFixedHeight(max(1, top + self._body.arrange(0, top, width)))

    def _on_theme_changed(self) -> None:
        self._looks = looks_of(self._theme)
        self._body.set_looks(self._looks)
        if self._reasoning is not None:
            self._reasoning.set_looks(self._looks)
        self._arrange()
