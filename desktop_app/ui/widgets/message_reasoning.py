"""What a model thought before it answered: one line, which opens to the text."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolButton, QWidget

from desktop_app.domain.chat import Message, MessageState
from desktop_app.domain.units import span_words
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.looks import QUOTE_INDENT, Looks
from desktop_app.ui.widgets.message_body import Body

_CHARACTERS_PER_TOKEN = 4
"""For an estimate while nobody has counted; English text has 3.5 to 4.5."""
_GAP = 4
_ICON = 14
_RULE = 3


class Reasoning(QWidget):
    """The text costs nothing while it is folded."""

    link_clicked = Signal(str)
    copied = Signal(str)
    toggled = Signal(bool)
    resized = Signal()

    def __init__(self, theme: Theme, looks: Looks, *, opened: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._opened = opened
        self._looks = _quieter(looks)
        self._message: Message | None = None
        self._head = QToolButton(self)
        self._head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._head.setProperty("role", "fold")
        self._head.setCursor(Qt.CursorShape.PointingHandCursor)
        self._head.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._head.clicked.connect(lambda: self.set_opened(not self._opened))
        self._body = Body(self._looks, self)
        self._body.link_clicked.connect(self.link_clicked)
        self._body.copied.connect(self.copied)
        self._body.resized.connect(self.resized)
        self._draw_head()

    @property
    def opened(self) -> bool:
        """Whether the text is shown."""
        return self._opened

    def set_opened(self, opened: bool) -> None:
        """Show the text, or only the line."""
        if opened is self._opened:
            return
        self._opened = opened
        if not opened:
            self._body.drop()
        self._draw_head()
        self.toggled.emit(opened)

    def show_message(self, message: Message) -> bool:
        """Show what was thought, or a part of what is new in it; True when there is more."""
        self._message = message
        words = reasoning_words(message)
        if words != self._head.text():
            self._head.setText(words)
            self._name()
        if not self._opened:
            return False
        thinking = message.state is MessageState.STREAMING and not message.text
        return self._body.show(message.reasoning, final=not thinking)

    def parts(self) -> Sequence[QWidget]:
        """Its texts, while it is open."""
        return self._body.parts() if self._opened else ()

    def set_looks(self, looks: Looks) -> None:
        """Show the same in other colours and fonts."""
        self._looks = _quieter(looks)
        self._body.set_looks(self._looks)
        self._draw_head()

    def arrange(self, width: int) -> int:
        """Place line and text in *width* pixels; the height that they take."""
        size = self._head.sizeHint()
        self._head.setGeometry(-3, 0, min(size.width(), width), size.height())
        if not self._opened:
            return size.height()
        top = size.height() + _GAP
        return top + self._body.arrange(QUOTE_INDENT, top, width - QUOTE_INDENT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A rule beside the text."""
        if self._opened and self._body.widget:
            place = self._body.widget.geometry()
            painter = QPainter(self)
            painter.fillRect(QRect(2, place.top(), _RULE, place.height() - 8), self._looks.line)
            painter.end()

    def _draw_head(self) -> None:
        font = QFont(self._looks.body)
        font.setPointSizeF(font.pointSizeF() * 0.95)
        self._head.setFont(font)
        self._head.setIconSize(self._theme.icon_size(_ICON))
        self._head.setIcon(self._theme.icon("chevron-down" if self._opened else "chevron-right"))
        self._name()

    def _name(self) -> None:
        self._head.setAccessibleName(f"{self._head.text()}, {'opened' if self._opened else 'folded'}")


def reasoning_words(message: Message) -> str:
    """E.g. `Thought for 12 s · 340 tokens`, or how far it has come."""
    record = message.record
    if record.reasoning_tokens:
        count = f"{record.reasoning_tokens:,} tokens"
    else:
        # Rounded, so that a guess does not look like a count.
        count = f"about {max(10, round(len(message.reasoning) // _CHARACTERS_PER_TOKEN, -1)):,} tokens"
    if message.state is MessageState.STREAMING and not message.text:
        return f"Thinking… {count}"
    spent = f"Thought for {span_words(record.reasoning_seconds)}" if record.reasoning_seconds else "Thought first"
    return f"{spent} · {count}"


def _quieter(looks: Looks) -> Looks:
    """The same looks with the text in the second colour."""
    return replace(looks, text=looks.second)
