"""What one message looks like: a question in its bubble, an answer with its name, blocks and the line below.

`Transcript` makes, feeds and places them. Heights are worked out here rather than by layouts: an answer that arrives
changes thirty times a second, and only at its end.
"""

import re
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPainter, QPaintEvent, QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QWidget

from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, label
from desktop_app.ui.widgets.looks import LINE_HEIGHT, Looks
from desktop_app.ui.widgets.text_view import TextView, safe_to_paste

if TYPE_CHECKING:
    from desktop_app.ui.widgets.answer_body import AnswerBody

SLICE = 1500
"""Characters of an answer that are laid out in one turn of the event loop: 8 to 11 ms. Larger turns save nothing."""

FIRST_SLICE = 12_000
"""Characters of an answer that are laid out as soon as it comes into sight."""

_WORDS = {
    MessageState.STREAMING: "Writing",
    MessageState.STOPPED: "Stopped by you",
    MessageState.CUT: "Cut at the limit of tokens",
    MessageState.INTERRUPTED: "Interrupted: the program ended before the answer did",
    MessageState.FAILED: "Failed",
}
_AVATAR = 22
_HEADER = 26
_FOOTER = 30
_CARD_PADDING = 12
_BUBBLE_PADDING_X = 16
_BUBBLE_PADDING_Y = 10
_RISE = 2
"""Pixels by which the line height lifts words above the middle of their line."""
_BUBBLE_SHARE = 0.8
_SAID_MILLISECONDS = 1500
_LONG_LINE = re.compile(r"([^\n]{4000})")


class MessageView(QWidget):
    """One message; `arrange` places its parts and says how tall it is."""

    link_clicked = Signal(str)
    copied = Signal(str)

    @property
    def in_use(self) -> bool:
        """Whether taking the widgets away would take away the keyboard's place."""
        focus = self.window().focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    def show_message(self, message: Message) -> bool:
        """Show *message*, or a part of what is new in it; True when there is more to be laid out."""
        raise NotImplementedError

    def set_looks(self, looks: Looks) -> None:
        """Show the same in other colours and fonts."""
        raise NotImplementedError

    def arrange(self, width: int) -> int:
        """Place the parts in *width* pixels; the height that they take."""
        raise NotImplementedError


class QuestionView(MessageView):
    """What the person wrote: plain text in a bubble on the right."""

    def __init__(self, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks = looks
        self._text = ""
        self.setAccessibleName("You said")
        self._bubble = QFrame(self)
        self._bubble.setProperty("role", "bubble")
        self._view = TextView(self._bubble)

    def show_message(self, message: Message) -> bool:
        """Show the whole text."""
        if message.text != self._text:
            self._text = message.text
            self._write()
        return False

    def set_looks(self, looks: Looks) -> None:
        """Write the text again."""
        self._looks = looks
        self._write()

    def arrange(self, width: int) -> int:
        """As wide as the text needs, up to four fifths of the column."""
        most = int(width * _BUBBLE_SHARE) - 2 * _BUBBLE_PADDING_X
        self._view.height_for(most)
        inner = min(most, ceil(self._view.document().idealWidth()) + 1)
        height = self._view.height_for(inner)
        outer = inner + 2 * _BUBBLE_PADDING_X
        self._bubble.setGeometry(width - outer, 0, outer, height + 2 * _BUBBLE_PADDING_Y)
        self._view.setGeometry(_BUBBLE_PADDING_X, _BUBBLE_PADDING_Y + _RISE, inner, height)
        return height + 2 * _BUBBLE_PADDING_Y

    def _write(self) -> None:
        document = self._view.document()
        document.clear()
        document.setDefaultFont(self._looks.body)
        block = QTextBlockFormat()
        block.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(document)
        cursor.setBlockFormat(block)
        cursor.insertText(_LONG_LINE.sub("\\1\n", self._text))


class AnswerView(MessageView):
    """What a model wrote, and how that went."""

    def __init__(self, theme: Theme, looks: Looks, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks = looks
        self._message = message
        self._fed = 0
        self._finished = False
        self._body: AnswerBody | None = None
        self.setAccessibleName(f"{message.model or 'The model'} answered")
        self._avatar = _Avatar(theme, message.model, self)
        self._name = label(message.model or "The model")
        self._time = label(_clock(message.created), role="second")
        self._waiting = label("Waiting for the first word", role="second")
        self._card = QFrame()
        self._card.setProperty("role", "notice")
        self._card.setProperty("tone", "bad")
        self._reason = label(wrap=True)
        self._reason.setParent(self._card)
        self._copy = IconButton(theme, "copy", "Copy answer", self._on_copy_clicked)
        self._status = label(role="second")
        for part in (self._name, self._time, self._waiting, self._card, self._copy, self._status):
            part.setParent(self)
        self._said = QTimer(self)
        self._said.setSingleShot(True)
        self._said.timeout.connect(self._show_status)
        self._set_fonts()
        self._show_status()

    @property
    def body(self) -> "AnswerBody | None":
        """The blocks; None before the first word."""
        return self._body

    def show_message(self, message: Message) -> bool:
        """Take in what was appended; anything else than appending starts again."""
        before = self._message
        self._message = message
        goes_on = message.text.startswith(before.text[: self._fed])
        if not goes_on or (self._finished and len(message.text) != self._fed):
            self._drop_body()
        more = self._feed(message.text, final=message.state is not MessageState.STREAMING)
        if not more and message.state is not MessageState.STREAMING:
            self._finish()
        if message != before or not more:
            self._show_status()
        return more

    def set_looks(self, looks: Looks) -> None:
        """Write everything again."""
        self._looks = looks
        self._set_fonts()
        if self._body:
            self._body.set_looks(looks)

    def arrange(self, width: int) -> int:
        """Name, blocks or the words of waiting, card, footer."""
        self._place_header(width)
        bottom = _HEADER + 8
        if self._body:
            height = self._body.arrange(width)
            self._body.setGeometry(0, bottom, width, height)
            bottom += height
        if not self._waiting.isHidden():
            self._waiting.setGeometry(0, bottom, width, self._waiting.sizeHint().height())
            bottom += self._waiting.height() + 8
        if not self._card.isHidden():
            bottom += self._place_card(bottom, width) + 8
        copy = 0 if self._copy.isHidden() else _FOOTER
        self._copy.setGeometry(-5, bottom, _FOOTER, _FOOTER)
        self._status.setGeometry(copy, bottom, width - copy, _FOOTER)
        return bottom + _FOOTER

    def _place_header(self, width: int) -> None:
        self._avatar.setGeometry(0, (_HEADER - _AVATAR) // 2, _AVATAR, _AVATAR)
        left = _AVATAR + 10
        time_width = self._time.sizeHint().width()
        name_width = min(self._name.sizeHint().width(), width - left - time_width - 8)
        self._name.setGeometry(left, 0, name_width, _HEADER)
        self._time.setGeometry(left + name_width + 8, 0, time_width, _HEADER)

    def _place_card(self, top: int, width: int) -> int:
        inner = width - 2 * _CARD_PADDING
        height = self._reason.heightForWidth(inner)
        self._card.setGeometry(0, top, width, height + 2 * _CARD_PADDING)
        self._reason.setGeometry(_CARD_PADDING, _CARD_PADDING, inner, height)
        return height + 2 * _CARD_PADDING

    def _feed(self, text: str, *, final: bool) -> bool:
        if self._fed >= len(text):
            return False
        part = text[self._fed : self._fed + (SLICE if self._fed else FIRST_SLICE)]
        if self._body is None:
            self._body = self._make_body()
        self._fed += len(part)
        more = self._fed < len(text)
        self._finished = final and not more
        self._body.feed(part, final=self._finished)
        return more

    def _make_body(self) -> "AnswerBody":
        # The Markdown parser and Pygments cost 50 ms to import, which a window that opens does not need.
        from desktop_app.ui.widgets.answer_body import AnswerBody  # noqa: PLC0415

        body = AnswerBody(self._looks, self)
        body.link_clicked.connect(self.link_clicked)
        body.copied.connect(self.copied)
        body.show()
        return body

    def _finish(self) -> None:
        if self._body and not self._finished:
            self._body.finish()
        self._finished = True

    def _drop_body(self) -> None:
        if self._body:
            self._body.hide()
            self._body.deleteLater()
        self._body, self._fed, self._finished = None, 0, False

    def _set_fonts(self) -> None:
        name = QFont(self._looks.body)
        name.setWeight(QFont.Weight.DemiBold)
        self._name.setFont(name)
        small = QFont(self._looks.body)
        small.setPointSizeF(small.pointSizeF() * 0.9)
        self._time.setFont(small)
        self._status.setFont(small)

    def _show_status(self) -> None:
        message = self._message
        streaming = message.state is MessageState.STREAMING
        self._waiting.setVisible(streaming and not message.text)
        self._copy.setVisible(bool(message.text) and not streaming)
        self._card.setVisible(message.state is MessageState.FAILED and bool(message.error))
        self._reason.setText(message.error)
        state = "" if streaming and not message.text else _WORDS.get(message.state, "")
        self._status.setText(" · ".join(part for part in (state, message.timing.words()) if part))

    def _on_copy_clicked(self) -> None:
        text = safe_to_paste(self._message.text)
        QGuiApplication.clipboard().setText(text)
        self._status.setText("Copied")
        self._said.start(_SAID_MILLISECONDS)
        self.copied.emit(text)


def make_view(theme: Theme, looks: Looks, message: Message, parent: QWidget) -> MessageView:
    """The view for *message*, empty yet."""
    if message.role is Role.USER:
        return QuestionView(looks, parent)
    return AnswerView(theme, looks, message, parent)


class _Avatar(QWidget):
    """The first letter of a model's name on the accent colour."""

    def __init__(self, theme: Theme, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._letter = next((letter.upper() for letter in name if letter.isalnum()), "?")

    def paintEvent(self, event: QPaintEvent) -> None:
        """A rounded square and the letter in it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.tokens.accent))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        painter.setPen(QColor(self._theme.tokens.on_accent))
        painter.setFont(self._theme.body_font(9, QFont.Weight.DemiBold))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)
        painter.end()


def _clock(seconds: float) -> str:
    """Hours and minutes where the person is; empty when the time is not known."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M") if seconds else ""
