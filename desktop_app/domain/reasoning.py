"""What a model thinks aloud (`<think>…</think>`), told from its answer; for engines without a parser of their own.

`services/answer` feeds it with the words of an answer as they come. Any way to cut them into pieces gives the same.
"""

import re
from enum import Enum, auto
from typing import NamedTuple

OPEN = "<think>"
CLOSE = "</think>"
_TAG = re.compile(r"<think>|</think>[ \t]{0,200}(?P<end>\r?\n|\Z)?")
_BLANKS = 1_000
"""So many in a row are no frame of anything; they are not collected further."""


class Split(NamedTuple):
    """What a piece adds."""

    text: str = ""
    reasoning: str = ""
    text_was_reasoning: bool = False
    """Set when everything that was given as answer before turns out to have been thought: a chat template that opens
    the thoughts itself lets the model send nothing but their end."""


class _Phase(Enum):
    BEGINNING = auto()
    """Nothing but blanks or a part of the first tag has come."""
    THINKING = auto()
    UNSURE = auto()
    """It looks like an answer, but the end tag may still come."""
    AFTER = auto()
    """Behind the end tag, before the first word."""
    ANSWER = auto()


class ThinkSplitter:
    """Splits an answer as it arrives.

    Thoughts are told only where models put them: between the two tags at the very beginning, or, when no first tag
    has come, before an end tag that ends a line. Tags that an answer speaks of are left as they stand.
    """

    def __init__(self) -> None:
        self._phase = _Phase.BEGINNING
        self._held = ""
        """What may be a part of a tag, or blanks that do not count if thoughts end behind them."""
        self._thought = False
        """Whether a word was thought."""

    @property
    def thinking(self) -> bool:
        """Whether the next word would be a thought."""
        return self._phase is _Phase.THINKING

    def passes(self, piece: str) -> bool:
        """Whether *piece* is answer as it stands, so that it need not be fed."""
        if self._phase is _Phase.UNSURE:
            return not self._held and "<" not in piece
        return self._phase is _Phase.ANSWER

    def feed(self, piece: str) -> Split:
        """What *piece* adds."""
        if self.passes(piece):
            return Split(piece)
        piece, self._held = self._held + piece, ""
        if self._phase is _Phase.BEGINNING:
            piece = self._begin(piece)
        if self._phase is _Phase.THINKING:
            return self._think(piece)
        if self._phase is _Phase.UNSURE:
            return self._doubt(piece)
        return Split(self._answer(piece))

    def end(self) -> Split:
        """What was held back, when nothing more comes."""
        held, self._held = self._held, ""
        if self._phase is _Phase.THINKING:
            return Split(reasoning=held.rstrip())
        if self._phase is _Phase.UNSURE and _TAG.fullmatch(held):
            return Split(text_was_reasoning=True)
        return Split(held)

    def _begin(self, piece: str) -> str:
        """Decide how the answer begins; what is left to look at."""
        words = piece.lstrip()
        few_blanks = len(piece) - len(words) <= _BLANKS
        if few_blanks and OPEN.startswith(words) and words != OPEN:
            self._held = piece
            return ""
        if few_blanks and words.startswith(OPEN):
            self._phase = _Phase.THINKING
            return words[len(OPEN) :]
        self._phase = _Phase.UNSURE
        return piece

    def _think(self, piece: str) -> Split:
        thoughts, found, rest = piece.partition(CLOSE)
        if found:
            self._phase = _Phase.AFTER
            kept = thoughts.rstrip()
        else:
            tail = _tail(thoughts, CLOSE)
            kept = thoughts[: len(thoughts) - tail].rstrip()
            if len(thoughts) - len(kept) > _BLANKS:
                kept = thoughts
            self._held = thoughts[len(kept) :]
        if not self._thought:
            kept = kept.lstrip()
            # Blanks before the first word never count.
            self._held = self._held if kept or found else self._held.lstrip()
        self._thought = self._thought or bool(kept)
        return Split(self._answer(rest) if found else "", kept)

    def _doubt(self, piece: str) -> Split:
        for tag in _TAG.finditer(piece):
            if tag[0] == OPEN:
                self._phase = _Phase.ANSWER
                return Split(piece)
            if tag["end"]:
                self._phase = _Phase.AFTER
                return Split(self._answer(piece[tag.end() :]), piece[: tag.start()], text_was_reasoning=True)
            if tag["end"] is not None:
                self._held = piece[tag.start() :]
                return Split(piece[: tag.start()])
        tail = max(_tail(piece, OPEN), _tail(piece, CLOSE), _tail_of_line(piece))
        self._held = piece[len(piece) - tail :]
        return Split(piece[: len(piece) - tail])

    def _answer(self, piece: str) -> str:
        if self._phase is _Phase.AFTER:
            piece = piece.lstrip()
            self._phase = _Phase.ANSWER if piece else _Phase.AFTER
        return piece


def split(text: str) -> tuple[str, str]:
    """The thoughts and the answer in a whole *text*."""
    splitter = ThinkSplitter()
    thoughts, answer = "", ""
    for part in (splitter.feed(text), splitter.end()):
        if part.text_was_reasoning:
            thoughts, answer = (answer + part.reasoning).strip(), part.text
        else:
            thoughts, answer = thoughts + part.reasoning, answer + part.text
    return thoughts, answer


def _tail(text: str, tag: str) -> int:
    """How many characters at the end of *text* may be the beginning of *tag*."""
    return next((size for size in range(min(len(text), len(tag) - 1), 0, -1) if text.endswith(tag[:size])), 0)


def _tail_of_line(text: str) -> int:
    """How many characters at the end are an end tag with half a line end behind it."""
    found = re.search(r"</think>[ \t]{0,200}\r\Z", text)
    return len(found[0]) if found else 0
