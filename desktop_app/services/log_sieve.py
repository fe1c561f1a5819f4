"""Which records of a log somebody wants to see, found a few milliseconds at a time. `ui/widgets/log_model` owns two."""

import re
import time
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from desktop_app.services.engine_log import EngineLog, Piece
from desktop_app.services.log_reading import Level, words_of

_PLAIN = re.compile(r"[ !#-\[\]-~]+")
"""A text that JSON does not write differently: if a message has it, so has the raw line."""


@dataclass(frozen=True)
class Criteria:
    """What a record must have."""

    lowest: Level = Level.OTHER
    """At least this level."""
    process: str | None = None
    """This process; None for any, "" for the lines that do not say theirs."""
    words: str = ""
    """These words somewhere in the message, large and small letters alike."""
    since: int = 0
    """This number, or a later one."""

    @property
    def everything(self) -> bool:
        """Whether every line passes."""
        return self.lowest is Level.OTHER and self.process is None and not self.words


class Sieve:
    """The numbers of the records in *log* that pass. Call `step` whenever the log grew, and until it says True."""

    def __init__(self, log: EngineLog, criteria: Criteria) -> None:
        self._log = log
        self.criteria = criteria
        self._numbers = array("q")
        self._begin = 0
        """Those before it in `_numbers` are gone from the log."""
        self._next = criteria.since
        self._needle = criteria.words.lower()
        self._plain = bool(_PLAIN.fullmatch(self._needle))

    @property
    def count(self) -> int:
        """How many records passed so far."""
        if self.criteria.everything:
            return max(0, self._log.end - self._first())
        return len(self._numbers) - self._begin

    def number(self, position: int) -> int:
        """The number of the record at *position*, counted from 0."""
        return self._first() + position if self.criteria.everything else self._numbers[self._begin + position]

    def position(self, number: int) -> int:
        """Where *number* stands, or the next one that passed."""
        if self.criteria.everything:
            return min(max(0, number - self._first()), self.count)
        return bisect_left(self._numbers, number, self._begin) - self._begin

    def numbers(self, begin: int, end: int) -> Sequence[int]:
        """The numbers at the positions from *begin* to before *end*."""
        if self.criteria.everything:
            return range(self._first() + begin, self._first() + end)
        return self._numbers[self._begin + begin : self._begin + end]

    def step(self, deadline: float) -> bool:
        """Look at what is new until *deadline* (`time.perf_counter`), a block at least; whether all was looked at."""
        if self.criteria.everything:
            return True
        self._begin = bisect_left(self._numbers, self._log.oldest)
        if self._begin > len(self._numbers) // 2:
            del self._numbers[: self._begin]
            self._begin = 0
        self._next = max(self._next, self._log.oldest)
        while self._next < self._log.end:
            piece = self._log.piece(self._next)
            self._numbers.extend(self._passing(piece))
            self._next = piece.end
            if time.perf_counter() > deadline:
                break
        return self._next >= self._log.end

    def _first(self) -> int:
        return max(self._log.oldest, self.criteria.since)

    def _passing(self, piece: Piece) -> Iterator[int]:
        wanted = self.criteria
        if max(piece.levels) < wanted.lowest or (self._plain and piece.text and self._needle not in piece.text.lower()):
            return
        process = None
        if wanted.process is not None:
            if wanted.process not in self._log.processes:
                return
            process = self._log.processes.index(wanted.process)
        for at, line in enumerate(piece.lines):
            if (
                piece.levels[at] >= wanted.lowest
                and (process is None or piece.processes[at] == process)
                and (not self._needle or self._has_words(line))
            ):
                yield piece.first + at

    def _has_words(self, line: str) -> bool:
        if self._plain and self._needle not in line.lower():
            return False
        return self._needle in words_of(line).lower()
