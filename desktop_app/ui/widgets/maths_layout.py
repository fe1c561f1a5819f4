r"""LaTeX as a small vector picture: ziamath draws glyph outlines, without the system's fonts and without a network.

`maths` calls it. What a model writes is drawn only when that is known to be quick: ziamath lays out every row twice, so
that its time doubles with every level of nesting, and macros could grow without end. Importing it takes 0.2 s.
"""

import re
import sys
import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass
from xml.etree import ElementTree

LONGEST = 1000
"""Characters of LaTeX that are drawn."""

MOST_WORK = 5000
"""Glyphs that ziamath lays out, counted as often as it does it; each takes about 0.05 ms."""

_WIDEST = 6000.0
_MACROS = re.compile(
    r"\\(?:def|gdef|edef|xdef|let|futurelet|(?:re)?newcommand|providecommand|newenvironment)(?![a-zA-Z])"
)
_ROWS = {"mrow", "mfenced", "msqrt", "mtd", "mstyle", "mpadded", "mphantom", "menclose", "merror", "mroot", "math"}
_TAGS = _ROWS | {
    *("mi", "mn", "mo", "mtext", "mspace", "ms", "mfrac", "msub", "msup", "msubsup", "munder", "mover", "munderover"),
    *("mmultiscripts", "mprescripts", "none", "mtable", "mtr", "mlabeledtr"),
}


TURN = threading.Lock()
"""Whoever calls `draw` or `warm_up` holds it: ziamath keeps its fonts for all callers, and is imported here."""


class UndrawableError(Exception):
    """This formula is shown as its LaTeX."""


class TooMuchError(UndrawableError):
    """It would take too long."""


@dataclass(frozen=True)
class Drawing:
    """A formula as SVG; all sizes in pixels."""

    svg: bytes
    """Compressed by zlib."""
    width: float
    ascent: float
    """Above the line on which letters stand."""
    descent: float


def is_warm() -> bool:
    """Whether drawing would begin at once; ask while holding `TURN`."""
    return "ziamath" in sys.modules


def warm_up() -> None:
    """Import ziamath, which takes 0.2 s."""
    with TURN, suppress(UndrawableError):
        draw("x", 16, "#000000", display=False)


def draw(latex: str, size: float, colour: str, *, display: bool, most_work: int = MOST_WORK) -> Drawing:
    """Draw *latex* in letters of *size* pixels.

    Raises:
        TooMuchError: ziamath would lay out more than *most_work* glyphs.
        UndrawableError: it is too long, wrong, or has signs that the font lacks.
    """
    if len(latex) > LONGEST or _MACROS.search(latex) or not latex.strip():
        raise UndrawableError
    import ziamath  # noqa: PLC0415 - takes 0.2 s; `maths` sees to it that this happens in a thread

    ziamath.config.svg2 = False  # QtSvg knows SVG Tiny only
    try:
        tree = _tree(latex, display=display)
        if _work(tree, 1) > most_work:
            raise TooMuchError
        tree.set("mathcolor", colour)
        formula = ziamath.Math(tree, size=size)
        width, height = formula.getsize()
        descent = max(0.0, -formula.getyofst())
        if not (0 < width <= _WIDEST and 0 < height <= _WIDEST):
            raise UndrawableError
        return Drawing(zlib.compress(formula.svg().encode(), 1), width, height - descent, descent)
    except UndrawableError:
        raise
    # latex2mathml and ziamath raise whatever comes to pass on LaTeX that is wrong: KeyError, IndexError, their own.
    except Exception as error:
        raise UndrawableError from error


def _tree(latex: str, *, display: bool) -> ElementTree.Element:
    """The formula as MathML, with nothing in it but formulas and letters that can be drawn."""
    from ziamath.escapes import unescape  # noqa: PLC0415 - see `draw`
    from ziamath.tex import tex2mml  # noqa: PLC0415
    from ziamath.zmath import loadedfonts  # noqa: PLC0415

    text = unescape(tex2mml(latex, inline=not display))
    if "<!" in text:
        raise UndrawableError
    tree = ElementTree.fromstring(text)  # noqa: S314 - without a declaration there are no entities in it
    font = loadedfonts["default"]
    for element in tree.iter():
        element.tag = element.tag.split("}")[-1]
        letters = (element.text or "").strip()
        unknown = any(not font.glyphindex(letter) for letter in letters if not letter.isspace())
        # latex2mathml passes a command that it does not know on as a word.
        if element.tag not in _TAGS or unknown or letters.startswith("\\"):
            raise UndrawableError
    return tree


def _work(element: ElementTree.Element, times: int) -> int:
    """How many glyphs ziamath lays out; counting ends when that is too many."""
    if times > MOST_WORK:
        return times
    inner = times * (4 if element.tag == "mfenced" else 2 if element.tag in _ROWS else 1)
    total = times * max(1, len((element.text or "").strip()))
    for child in element:
        total += _work(child, inner)
        if total > MOST_WORK:
            break
    return total
