"""What the person wrote: plain text in a bubble on the right, what is attached above it."""

import re
from collections.abc import Sequence
from math import ceil

from PySide6.QtGui import QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from desktop_app.domain.chat import Attachment, Message
from desktop_app.ui.widgets.basics import button
from desktop_app.ui.widgets.looks import LINE_HEIGHT, Looks
from desktop_app.ui.widgets.message_attachments import Chips
from desktop_app.ui.widgets.message_unfolded import Unfolded
from desktop_app.ui.widgets.message_view import MessageView, Surroundings, put_away
from desktop_app.ui.widgets.text_view import TextView
from desktop_app.ui.widgets.transcript_marks import hits

FOLD_LINES = 30
"""A question with more lines than these is folded."""

FOLD_CHARACTERS = 4000
"""The same for one with few line breaks."""

_PADDING_X = 16
_PADDING_Y = 10
_RISE = 2
"""Pixels by which the line height lifts words above the middle of their line."""
_SHARE = 0.8
"""Of the column, the widest that a bubble gets."""
_GAP = 6
_LONG_LINE = re.compile(r"([^\n]{4000})")


class QuestionView(MessageView):
    """A bubble as wide as its text needs, and quiet buttons below it."""

    def __init__(self, around: Surroundings, message: Message, unfolded: Unfolded, parent: QWidget) -> None:
        super().__init__(around, message, unfolded, parent)
        self.setAccessibleName("You said")
        self._text = ""
        self._attachments: tuple[Attachment, ...] = ()
        self._chips: Chips | None = None
        self._more: QPushButton | None = None
        self._bubble = QFrame(self)
        self._bubble.setProperty("role", "bubble")
        self._view = TextView(self._bubble)
        self._watch_parts()
        self._actions.show_offer(self._offers(message))

    def show_message(self, message: Message) -> bool:
        """Show the whole text."""
        self._message = message
        if message.text != self._text:
            self._text = message.text
            self._write()
        if message.attachments != self._attachments:
            self._attachments = message.attachments
            self._show_chips()
        return False

    def set_looks(self, looks: Looks) -> None:
        """Write the text again."""
        self._looks = looks
        self._write()
        if self._chips:
            self._chips.set_looks(looks)

    def parts(self) -> Sequence[QWidget]:
        """The text."""
        return (self._view,)

    def sections(self) -> Sequence[QWidget]:
        """Text, what unfolds it, buttons."""
        return [one for one in (self._editor, self._view, self._more, self._actions, self._versions) if one]

    def reveal(self, words: str) -> None:
        """Unfold a long question when its beginning does not have *words*."""
        if self._more and not self._unfolded.whole and not hits(self._folded(), words):
            self._on_more_clicked()

    def arrange(self, width: int) -> int:
        """Chips, bubble or editor, buttons; the bubble up to four fifths of the column."""
        bottom = 0
        if self._chips:
            height = self._chips.arrange(width)
            self._chips.setGeometry(0, bottom, width, height)
            bottom += height + _GAP
        self._bubble.setVisible(self._editor is None and bool(self._text))
        if self._editor:
            height = self._editor.arrange(width)
            self._editor.setGeometry(0, bottom, width, height)
            bottom += height
        elif self._text:
            bottom += self._place_bubble(bottom, width)
        return bottom + self._place_buttons(bottom, width)

    def _place_bubble(self, top: int, width: int) -> int:
        most = int(width * _SHARE) - 2 * _PADDING_X
        self._view.height_for(most)
        inner = min(most, max(ceil(self._view.document().idealWidth()) + 1, self._more_width()))
        height = self._view.height_for(inner)
        self._view.setGeometry(_PADDING_X, _PADDING_Y + _RISE, inner, height)
        below = _PADDING_Y + height
        if self._more:
            size = self._more.sizeHint()
            self._more.setGeometry(_PADDING_X - 4, below + 2, size.width(), size.height())
            below += size.height() + 2
        outer = inner + 2 * _PADDING_X
        self._bubble.setGeometry(width - outer, top, outer, below + _PADDING_Y)
        return below + _PADDING_Y

    def _place_buttons(self, top: int, width: int) -> int:
        self._actions.setVisible(self._editor is None)
        size, arrows = self._actions.sizeHint(), self._versions.sizeHint().width()
        self._actions.setGeometry(width - size.width(), top, size.width(), size.height())
        self._versions.setGeometry(width - size.width() - arrows - _GAP, top, arrows, size.height())
        self._actions.fit()
        self._versions.fit()
        return size.height()

    def _more_width(self) -> int:
        return self._more.sizeHint().width() if self._more else 0

    def _folded(self) -> str:
        """What is shown of a long text."""
        lines = self._text.split("\n", FOLD_LINES)
        return "\n".join(lines[:FOLD_LINES])[:FOLD_CHARACTERS]

    def _write(self) -> None:
        folded = self._folded()
        long = len(folded) < len(self._text)
        whole = not long or self._unfolded.whole
        self._show_more(long=long)
        document = self._view.document()
        document.clear()
        document.setDefaultFont(self._looks.body)
        block = QTextBlockFormat()
        block.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(document)
        cursor.setBlockFormat(block)
        cursor.insertText(_LONG_LINE.sub("\\1\n", self._text if whole else f"{folded}…"))

    def _show_more(self, *, long: bool) -> None:
        if long and self._more is None:
            self._more = button("", self._on_more_clicked, "link")
            self._more.setParent(self._bubble)
            self._more.show()
        elif not long:
            put_away(self._more)
            self._more = None
        if self._more:
            lines = self._text.count("\n") + 1
            words = "Show less" if self._unfolded.whole else f"Show all ({lines:,} lines)" if lines > 1 else "Show all"
            self._more.setText(words)
            self._more.setAccessibleName(words)

    def _on_more_clicked(self) -> None:
        self._unfolded.whole = not self._unfolded.whole
        self._write()
        self.grown.emit()

    def _show_chips(self) -> None:
        put_away(self._chips)
        self._chips = None
        if self._attachments:
            self._chips = Chips(self._theme, self._looks, self._attachments, self)
            self._chips.show()
