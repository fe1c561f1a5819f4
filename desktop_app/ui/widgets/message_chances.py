"""How sure the model was of each token: the answer on coloured ground, and what else it could have been.

Colour is never alone: the unlikeliest tokens are underlined, and the likelihood of the token under the mouse or the
keyboard is said in words.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import exp

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from desktop_app.domain.chat import TokenChance
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label, mixed
from desktop_app.ui.widgets.looks import LINE_HEIGHT, Looks
from desktop_app.ui.widgets.speech import announce, listening
from desktop_app.ui.widgets.text_view import TextView

MOST_TOKENS = 10_000
"""More are not drawn, and it is said how many there are."""

_LEVELS = ((0.9, 0.0, "above 90 %"), (0.5, 0.14, "50–90 %"), (0.2, 0.27, "20–50 %"), (0.05, 0.42, "5–20 %"))
"""Least probability, how much colour, words."""
_LEAST = (0.42, "below 5 %")
_OTHERS = 5
_GAP = 8
_JOINERS = "\u200c\u200d"
"""Signs without a shape of their own that emoji and some scripts need."""


class Chances(QFrame):
    """A legend, the tokens, words for one of them."""

    closed = Signal()

    def __init__(self, theme: Theme, looks: Looks, chances: Sequence[TokenChance], parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "chances")
        self._theme = theme
        self._chances = chances[:MOST_TOKENS]
        self._left_out = len(chances) - len(self._chances)
        self._legend = TextView(self)
        self._legend.setAccessibleName("What the colours mean")
        self.tokens = _Tokens([readable(chance.text) for chance in self._chances], self)
        self.tokens.current.connect(self._show_current)
        self._current = label(wrap=True)
        self._current.setParent(self)
        self._close = button("Show the answer", self.closed.emit, "link")
        self._close.setParent(self)
        self.set_looks(looks)

    def set_looks(self, looks: Looks) -> None:
        """Draw everything in other colours and fonts."""
        self._looks = looks
        self._current.setFont(looks.body)
        self._write_legend()
        self.tokens.write(looks, [self._format(exp(chance.logprob)) for chance in self._chances])
        if not self._current.text():
            self._current.setText("Point at a token, or walk through them with the arrow keys.")

    def arrange(self, width: int) -> int:
        """Place the parts in *width* pixels; the height that they take."""
        bottom = 0
        size = self._close.sizeHint()
        legend = self._legend.height_for(width - size.width() - _GAP)
        self._legend.setGeometry(0, bottom + 3, width - size.width() - _GAP, legend)
        self._close.setGeometry(width - size.width(), 0, size.width(), size.height())
        bottom += max(legend, size.height()) + _GAP
        # Room for two lines, so that nothing moves while the mouse does.
        tall = max(2 * self._current.fontMetrics().lineSpacing() + 4, self._current.heightForWidth(width))
        self._current.setGeometry(0, bottom, width, tall)
        self._current.setAlignment(Qt.AlignmentFlag.AlignTop)
        bottom += tall + _GAP
        height = self.tokens.height_for(width)
        self.tokens.setGeometry(0, bottom, width, height)
        return bottom + height + _GAP

    def _write_legend(self) -> None:
        document = self._legend.document()
        document.clear()
        font = self._looks.body
        document.setDefaultFont(font)
        cursor = QTextCursor(document)
        plain = QTextCharFormat()
        plain.setForeground(self._looks.second)
        cursor.insertText("How likely each token was: ", plain)
        for least, _, words in (*_LEVELS, (0.0, *_LEAST)):
            unbroken = f" {words} ".replace(" ", "\u00a0")
            cursor.insertText(unbroken, self._format(least))
            cursor.insertText("  ", plain)
        if self._left_out:
            shown, total = len(self._chances), len(self._chances) + self._left_out
            cursor.insertText(f"The first {shown:,} of {total:,} tokens are shown.", plain)

    def _format(self, probability: float) -> QTextCharFormat:
        made = QTextCharFormat()
        made.setForeground(self._looks.text)
        strength = next((much for least, much, _ in _LEVELS if probability >= least), _LEAST[0])
        if strength:
            made.setBackground(mixed(QColor(self._theme.tokens.warn), self._looks.background, strength))
        if probability < _LEVELS[-1][0]:
            made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
            made.setUnderlineColor(QColor(self._theme.tokens.bad))
        return made

    def _show_current(self, index: int) -> None:
        words = chance_words(self._chances[index])
        self._current.setText(words)
        if self.tokens.hasFocus() and listening():
            announce(self, words)


class _Tokens(TextView):
    """The tokens one after the other; the current one is framed."""

    current = Signal(int)

    def __init__(self, tokens: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self._starts: list[int] = []
        self._index = -1
        self.setAccessibleName("The answer, token by token")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)

    def write(self, looks: Looks, formats: Sequence[QTextCharFormat]) -> None:
        """Write every token in its format."""
        self._looks = looks
        self.document().clear()
        self.document().setDefaultFont(looks.body)
        block = QTextBlockFormat()
        block.setLineHeight(LINE_HEIGHT + 12, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.setBlockFormat(block)
        self._starts = []
        for token, style in zip(self._tokens, formats, strict=True):
            self._starts.append(cursor.position())
            cursor.insertText(token, style)
        cursor.endEditBlock()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The token under the mouse is the current one."""
        super().mouseMoveEvent(event)
        place = self.document().documentLayout().hitTest(event.position(), Qt.HitTestAccuracy.ExactHit)
        if place >= 0:
            self._choose(bisect_right(self._starts, place) - 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys go to the neighbour."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or event.modifiers():
            super().keyPressEvent(event)
        else:
            self._choose(min(max(0, self._index + step), len(self._starts) - 1))

    def _choose(self, index: int) -> None:
        if index == self._index or not 0 <= index < len(self._starts):
            return
        self._index = index
        end = self._starts[index + 1] if index + 1 < len(self._starts) else self.document().characterCount() - 1
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(self.document())
        mark.cursor.setPosition(self._starts[index])
        mark.cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        mark.format.setBackground(self._looks.link)
        mark.format.setForeground(self._looks.background)
        self.setExtraSelections([mark])
        self.current.emit(index)


def readable(token: str) -> str:
    """*token* with everything that has no shape written out as its number."""
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" or sign in _JOINERS else f"\\u{ord(sign):04x}" for sign in token
    )


def chance_words(chance: TokenChance) -> str:
    """How likely a token was and what else was, e.g. `“Paris” was 63 % likely. Instead: “Lyon” 12 %.`."""
    others = [(text, logprob) for text, logprob in chance.others if text != chance.text][:_OTHERS]
    instead = ", ".join(f"{_quoted(text)} {_percent(logprob)}" for text, logprob in others)
    said = f"{_quoted(chance.text)} was {_percent(chance.logprob)} likely."
    return f"{said} Instead: {instead}." if instead else said


def _quoted(token: str) -> str:
    return f"“{readable(token).replace(chr(10), '⏎').replace(chr(9), '⇥')}”"


def _percent(logprob: float) -> str:
    percent = 100 * exp(min(logprob, 0.0))
    if percent < 0.1:
        return "below 0.1 %"
    return f"{percent:.1f} %" if percent < 10 else f"{min(percent, 99.9):.0f} %" if percent < 99.5 else "over 99 %"
