"""Two answers as they are compared word by word: what is marked, where the differences are, and what is said of them.

Pure; `difference_view` draws it.
"""

from dataclasses import dataclass

from desktop_app.domain.word_diff import Piece, PieceKind, beginning, differences, similarity
from desktop_app.ui.widgets.text_view import safe_to_paste

LONGEST = 24_000
"""Characters of an answer that are compared, and words: a window that is busy with them is so for less than 100 ms."""
MOST_WORDS = 6_000
"""Each sign counts as one in scripts without spaces."""
_SPOKEN = 200
"""Characters of a difference that are read out."""


@dataclass(frozen=True)
class Change:
    """A place in which both texts differ: from where to where in each, in UTF-16 units as Qt counts."""

    left: tuple[int, int]
    right: tuple[int, int]
    only_left: str
    only_right: str

    def spoken(self) -> str:
        """What differs, in a sentence."""
        left, right = _short(self.only_left), _short(self.only_right)
        if left and right:
            return f"Left says “{left}”, right says “{right}”."
        return f"Only left says “{left}”." if left else f"Only right says “{right}”."


@dataclass(frozen=True)
class Compared:
    """Both texts in pieces."""

    pieces: tuple[Piece, ...] = ()
    changes: tuple[Change, ...] = ()
    words: str = ""
    """How much of both is the same, in a sentence."""
    marked: bool = True
    """Whether what stands only in one is marked."""


def prepared(text: str) -> str:
    """What of *text* is compared: no signs that reverse what is read, and not too much."""
    return beginning(safe_to_paste(text[:LONGEST]), MOST_WORDS)


def is_cut(text: str) -> bool:
    """Whether there is more of *text* than is compared."""
    return len(text) > LONGEST or len(prepared(text)) < len(safe_to_paste(text))


def compared(left: str, right: str) -> Compared:
    """Both texts, which were `prepared`, word by word."""
    if left == right:
        return Compared((Piece(PieceKind.SAME, left),), (), "Both answers are the same, word for word.")
    pieces = differences(left, right)
    return Compared(pieces, tuple(_changes(pieces)), _words(similarity(pieces)))


def unmarked(left: str, right: str) -> Compared:
    """Both texts with nothing said of them: one is not there yet."""
    return Compared((Piece(PieceKind.LEFT, left), Piece(PieceKind.RIGHT, right)), marked=False)


def _words(share: float) -> str:
    # Rounded down: what is not all of them is not said to be all of them.
    return f"{int(100 * share)} % of the words are the same"


def _changes(pieces: tuple[Piece, ...]) -> list[Change]:
    found: list[Change] = []
    left = right = 0
    only: dict[PieceKind, str] = {}
    for piece in (*pieces, Piece(PieceKind.SAME, "")):
        if piece.kind is not PieceKind.SAME:
            only[piece.kind] = only.get(piece.kind, "") + piece.text
            continue
        if only:
            one, other = only.get(PieceKind.LEFT, ""), only.get(PieceKind.RIGHT, "")
            ends = left + _units(one), right + _units(other)
            found.append(Change((left, ends[0]), (right, ends[1]), one, other))
            left, right = ends
            only = {}
        left, right = left + _units(piece.text), right + _units(piece.text)
    return found


def _units(text: str) -> int:
    """Its length as Qt counts: a sign beyond the first 65,536 counts twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SPOKEN else f"{words[:_SPOKEN]}…"
