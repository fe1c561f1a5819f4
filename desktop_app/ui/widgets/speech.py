"""What a screen reader is told while an answer arrives: every sentence once, when it is finished.

`Transcript` feeds it; nothing is said, and next to nothing done, while no assistive technology listens.
"""

import re

from PySide6.QtWidgets import QWidget

from desktop_app.domain.chat import Message, MessageState, Role

_END = re.compile(r"(?<=[.!?…:])[\"')\]*_]*\s|(?<=[。！？])|\n")
_LINE_SIGNS = re.compile(r"^\s*(?:#{1,6}\s|>+\s?|[-*+]\s)|\|")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_WORD_SIGNS = re.compile(r"[*`]|~~|(?<![\w)}\]])_+(?![{\\])|_+(?![\w{\\])")
"""Not the `_` of formulas, which stands before a brace, a command or a letter."""
_MOST = 4000
"""Characters of a message that are read out in one go; the rest can be read in its texts."""
_FENCE = re.compile(r"\s*(```|~~~)")


class Sentences:
    """Cuts a growing text into finished sentences, without Markdown's signs and without code."""

    def __init__(self) -> None:
        self._rest = ""
        self._fence = ""

    def feed(self, text: str) -> list[str]:
        """The sentences that *text* finishes."""
        self._rest += text
        finished: list[str] = []
        begin = 0
        for found in _END.finditer(self._rest):
            finished += self._spoken(self._rest[begin : found.end()])
            begin = found.end()
        self._rest = self._rest[begin:]
        return finished

    def finish(self) -> list[str]:
        """What is left when the answer has ended."""
        rest, self._rest = self._rest, ""
        return self._spoken(rest)

    def _spoken(self, sentence: str) -> list[str]:
        fence = _FENCE.match(sentence)
        if self._fence:
            if fence and fence.group(1) == self._fence:
                self._fence = ""
            return []
        if fence:
            self._fence = fence.group(1)
            return ["Code."]
        words = " ".join(_WORD_SIGNS.sub("", _LINK.sub(r"\1", _LINE_SIGNS.sub(" ", sentence))).split())
        return [words] if any(letter.isalnum() for letter in words) else []


class Speaker:
    """Says the sentences of answers that arrive, each once, while somebody listens."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self.muted = False
        """Whether somebody else is being listened to."""
        self._begun: dict[int, tuple[Sentences, int]] = {}

    def forget(self) -> None:
        """Another conversation is shown."""
        self._begun.clear()

    def mute(self, muted: bool) -> None:
        """Say nothing, or go on with what comes from now on: what was missed is not said in one go."""
        self.muted = muted
        if muted:
            self.forget()

    def say(self, before: Message | None, message: Message) -> None:
        """Say what *message* finishes, if somebody listens."""
        if message.role is Role.ASSISTANT and not self.muted and listening():
            for words in self.finished(before, message):
                announce(self._widget, words)

    def finished(self, before: Message | None, message: Message) -> list[str]:
        """The sentences that *message* finishes; of an answer that began unheard, only what is new since *before*."""
        sentences, said = self._begun.get(message.id) or _after(before.text if before else "", message.text)
        finished = sentences.feed(message.text[said:])
        self._begun[message.id] = sentences, len(message.text)
        if message.state is not MessageState.STREAMING:
            finished += sentences.finish()
            del self._begun[message.id]
        return finished


def spoken(text: str) -> str:
    """A message as it is read out in one go: without Markdown's signs and without code; a long one's beginning."""
    sentences = Sentences()
    said = " ".join((*sentences.feed(text[:_MOST]), *sentences.finish()))
    return f"{said} …" if len(text) > _MOST else said


def _after(known: str, text: str) -> tuple[Sentences, int]:
    """Sentences that know what was there before anybody listened, and how much that is; nothing of it is said again."""
    sentences = Sentences()
    if not text.startswith(known):
        return sentences, 0
    sentences.feed(known)
    return sentences, len(known)


def listening() -> bool:
    """Whether assistive technology is active."""
    from PySide6.QtGui import QAccessible  # noqa: PLC0415 - 2 ms, and not before there are words to say

    return QAccessible.isActive()


def announce_shown(widget: QWidget, words: str) -> None:
    """Say what *widget* shows from now on, if it can be seen and somebody listens."""
    if words and widget.isVisible() and listening():
        announce(widget, words)


def announce(widget: QWidget, words: str) -> None:
    """Say *words* without interrupting what is being said."""
    from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent  # noqa: PLC0415

    event = QAccessibleAnnouncementEvent(widget, words)
    event.setPoliteness(QAccessible.AnnouncementPoliteness.Polite)
    QAccessible.updateAccessibility(event)
