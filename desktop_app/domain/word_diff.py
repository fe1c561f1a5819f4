"""Differences between two answers, word by word.

`ui/widgets/difference_view.py` draws them. Both texts come from models, so there may be any number of any words. The
work grows with the number of words and no faster: words that stand once in each text are anchors (Bram Cohen's patience
diff), then runs of words that do; what is left between anchors is compared in full (Myers 1986, doi:10.1007/BF01840446)
while it differs little and work is left, and becomes one coarse piece otherwise.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts without spaces between words: each sign counts as one."""
_MARKS = "\u0300-\u036f\u200d\ufe0f"
"""What belongs to the sign before it."""
_WORD = re.compile(
    rf"\s*(?:[{_CJK}][{_MARKS}]*|[^\W{_CJK}](?:[^\W{_CJK}]|[{_MARKS}]|['’](?=[^\W{_CJK}]))*|\S[{_MARKS}]*)"
)
_SMALL = 200
"""Words of both sides, up to which they are compared in full at once."""
_LONGEST_RUN = 64
"""Words of the longest runs that are looked for as anchors."""
_WORK_PER_WORD = 15
"""Steps of all comparisons together, for each word of both texts: a text with many changes takes about 8."""
_LEAST_WORK = 200_000
_MOST_CHANGES = 400
"""Words in and out, up to which what lies between anchors is compared in full; its cost is their square."""


class PieceKind(Enum):
    """Which text a piece stands in."""

    SAME = "in both"
    LEFT = "only in the left one"
    RIGHT = "only in the right one"


@dataclass(frozen=True)
class Piece:
    """A run of words and what stands between them."""

    kind: PieceKind
    text: str


@dataclass(frozen=True)
class _Block:
    """A part of both texts, by the places of words; ends are not in it."""

    left_from: int
    left_to: int
    right_from: int
    right_to: int

    @property
    def size(self) -> int:
        return self.left_to - self.left_from + self.right_to - self.right_from


def differences(left: str, right: str) -> tuple[Piece, ...]:
    """Both texts as pieces: those SAME and LEFT are the left text, those SAME and RIGHT the right one, to the letter.

    Where both differ, what stands only in the left text comes first.
    """
    pieces = _Pieces()
    (words, tail), (others, other_tail) = _words(left), _words(right)
    at = other_at = 0
    for same in _Comparison(words, others).same():
        pieces.change("".join(words[at : same.left_from]), "".join(others[other_at : same.right_from]))
        at, other_at = same.left_to, same.right_to
        for word, other in zip(words[same.left_from : at], others[same.right_from : other_at], strict=True):
            pieces.both(word, other)
    pieces.change("".join([*words[at:], tail]), "".join([*others[other_at:], other_tail]))
    return pieces.done()


def similarity(pieces: Sequence[Piece]) -> float:
    """How much of both texts is the same, 0…1, by the number of words; white space does not count."""
    counts = {kind: sum(len(_words(piece.text)[0]) for piece in pieces if piece.kind is kind) for kind in PieceKind}
    same = 2 * counts[PieceKind.SAME]
    total = same + counts[PieceKind.LEFT] + counts[PieceKind.RIGHT]
    return same / total if total else 1.0


def beginning(text: str, words: int) -> str:
    """*text* up to the end of its *words*-th word; all of it when it has no more."""
    last = next(islice(_WORD.finditer(text), words - 1, None), None)
    return text[: last.end()] if last else text


def _words(text: str) -> tuple[list[str], str]:
    """Words and signs, each with the white space before it, and the white space after the last."""
    body = text.rstrip()
    return _WORD.findall(body), text[len(body) :]


class _Pieces:
    """Collects pieces; what stands in both at the edges of a change is taken out of it."""

    def __init__(self) -> None:
        self._runs: list[tuple[PieceKind, list[str]]] = []
        self._left: list[str] = []
        self._right: list[str] = []

    def change(self, left: str, right: str) -> None:
        """Add what stands only in one."""
        self._left.append(left)
        self._right.append(right)

    def both(self, left: str, right: str) -> None:
        """Add a word that stands in both; the white space before it may differ."""
        if left == right and not self._left:
            self._add(PieceKind.SAME, left)
            return
        word = left.lstrip()
        self.change(left[: len(left) - len(word)], right[: len(right) - len(word)])
        self._settle()
        self._add(PieceKind.SAME, word)

    def done(self) -> tuple[Piece, ...]:
        """All pieces."""
        self._settle()
        return tuple(Piece(kind, "".join(texts)) for kind, texts in self._runs)

    def _settle(self) -> None:
        left, right = "".join(self._left), "".join(self._right)
        self._left, self._right = [], []
        start = _shared_space(left, right)
        end = _shared_space(left[start:][::-1], right[start:][::-1])
        self._add(PieceKind.SAME, left[:start])
        self._add(PieceKind.LEFT, left[start : len(left) - end])
        self._add(PieceKind.RIGHT, right[start : len(right) - end])
        self._add(PieceKind.SAME, left[len(left) - end :])

    def _add(self, kind: PieceKind, text: str) -> None:
        if text and self._runs and self._runs[-1][0] is kind:
            self._runs[-1][1].append(text)
        elif text:
            self._runs.append((kind, [text]))


def _shared_space(left: str, right: str) -> int:
    """How many characters of white space both begin with."""
    count = 0
    while count < min(len(left), len(right)) and left[count] == right[count] and left[count].isspace():
        count += 1
    return count


class _Comparison:
    """Finds words that are the same, in order, with work that is bounded."""

    def __init__(self, left: Sequence[str], right: Sequence[str]) -> None:
        numbers = dict[str, int]()
        self._left = [numbers.setdefault(word.lstrip(), len(numbers)) for word in left]
        self._right = [numbers.setdefault(word.lstrip(), len(numbers)) for word in right]
        self._work = _LEAST_WORK + _WORK_PER_WORD * (len(left) + len(right))

    def same(self) -> list[_Block]:
        """Blocks of equal words, in order; both sides of each are as long."""
        found, waiting = list[_Block](), [_Block(0, len(self._left), 0, len(self._right))]
        while waiting:
            block = waiting.pop()
            self._work -= block.size
            inner = self._trimmed(block, found)
            if inner.left_from == inner.left_to or inner.right_from == inner.right_to or self._work <= 0:
                continue
            anchors = self._anchors(inner)
            if anchors:
                waiting += _between(inner, anchors)
            else:
                found += self._compared(inner)
        return sorted(found, key=lambda one: one.left_from)

    def _trimmed(self, block: _Block, found: list[_Block]) -> _Block:
        """What is left without equal words at both ends, which are *found*."""
        left, right = self._left, self._right
        i, j, end, other_end = block.left_from, block.right_from, block.left_to, block.right_to
        while i < end and j < other_end and left[i] == right[j]:
            i, j = i + 1, j + 1
        while i < end and j < other_end and left[end - 1] == right[other_end - 1]:
            end, other_end = end - 1, other_end - 1
        found += [_Block(block.left_from, i, block.right_from, j)] if i > block.left_from else []
        found += [_Block(end, block.left_to, other_end, block.right_to)] if end < block.left_to else []
        return _Block(i, end, j, other_end)

    def _anchors(self, block: _Block) -> list[tuple[int, int]]:
        """Places of words, or of the first word of runs, that stand once in each side, in the order of both."""
        left, right = self._left[block.left_from : block.left_to], self._right[block.right_from : block.right_to]
        run = 1
        while True:
            self._work -= len(left) + len(right)
            if once := _in_order(_once(left), _once(right)):
                return [(block.left_from + i, block.right_from + j) for i, j in once]
            run *= 2
            if run > min(_LONGEST_RUN, len(left), len(right)) or block.size <= _SMALL or self._work <= 0:
                return []
            left, right = _doubled(left, right, run // 2)

    def _compared(self, block: _Block) -> Iterator[_Block]:
        """Equal words by the shortest list of changes; none when that is too long."""
        left, right = self._left[block.left_from : block.left_to], self._right[block.right_from : block.right_to]
        trace = list[dict[int, int]]()
        furthest = {1: 0}
        for changes in range(min(_MOST_CHANGES, len(left) + len(right)) + 1):
            trace.append(dict(furthest))
            for diagonal in range(-changes, changes + 1, 2):
                down = diagonal == -changes or (diagonal != changes and furthest[diagonal - 1] < furthest[diagonal + 1])
                i = start = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
                while i < len(left) and i - diagonal < len(right) and left[i] == right[i - diagonal]:
                    i += 1
                furthest[diagonal] = i
                self._work -= 1 + i - start
                if i >= len(left) and i - diagonal >= len(right):
                    yield from _walked(trace, block)
                    return
            if self._work <= 0:
                return


def _walked(trace: list[dict[int, int]], block: _Block) -> Iterator[_Block]:
    """The equal words on the way that `_compared` found, from its end to its beginning."""
    i, j = block.left_to - block.left_from, block.right_to - block.right_from
    for changes in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[changes], i - j
        down = diagonal == -changes or (diagonal != changes and furthest[diagonal - 1] < furthest[diagonal + 1])
        before = diagonal + 1 if down else diagonal - 1
        came, start = furthest[before], furthest[before] if down else furthest[before] + 1
        if i > start and changes:
            yield _moved(start, i, diagonal, block)
        elif i > 0 and not changes:
            yield _moved(0, i, diagonal, block)
        i, j = came, came - before


def _moved(start: int, end: int, diagonal: int, block: _Block) -> _Block:
    """Equal words on a diagonal of *block*, as a block of the whole texts."""
    shift, other = block.left_from, block.right_from - diagonal
    return _Block(start + shift, end + shift, start + other, end + other)


def _between(block: _Block, anchors: Sequence[tuple[int, int]]) -> Iterator[_Block]:
    """What lies from each anchor to the next one; trimming finds the anchor itself at its beginning."""
    starts = [(block.left_from, block.right_from), *anchors]
    ends = [*anchors, (block.left_to, block.right_to)]
    for (i, j), (end, other_end) in zip(starts, ends, strict=True):
        if i < end or j < other_end:
            yield _Block(i, end, j, other_end)


def _once(words: Sequence[int]) -> dict[int, int]:
    """The words that stand once, and where."""
    counts = Counter(words)
    return {word: place for place, word in enumerate(words) if counts[word] == 1}


def _in_order(left: dict[int, int], right: dict[int, int]) -> list[tuple[int, int]]:
    """The longest list of places of words of both that goes forward in both (patience sorting)."""
    ends, piles, before = list[int](), list[tuple[int, int]](), dict[tuple[int, int], tuple[int, int] | None]()
    for word, place in left.items():
        if word in right:
            pair = place, right[word]
            pile = bisect_left(ends, pair[1])
            before[pair] = piles[pile - 1] if pile else None
            ends[pile : pile + 1], piles[pile : pile + 1] = [pair[1]], [pair]
    found, pair_or_none = list[tuple[int, int]](), piles[-1] if piles else None
    while pair_or_none is not None:
        found.append(pair_or_none)
        pair_or_none = before[pair_or_none]
    return found[::-1]


def _doubled(left: Sequence[int], right: Sequence[int], run: int) -> tuple[list[int], list[int]]:
    """Numbers of runs that are twice as long, of numbers of runs of *run* words: the same for the same run."""
    numbers = dict[tuple[int, int], int]()
    longer = [
        [numbers.setdefault(pair, len(numbers)) for pair in zip(side, side[run:], strict=False)]
        for side in (left, right)
    ]
    return longer[0], longer[1]
