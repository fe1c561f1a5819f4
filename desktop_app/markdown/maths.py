r"""Formulas as tokens: `$…$`, `\(…\)`, `$$…$$` and `\[…\]`, the four ways in which models write LaTeX.

`parser` adds both rules; whoever draws or exports a text finds `math_inline` and `math_block` tokens, whose `content`
is the LaTeX and whose `markup` is the sign before it. Prices ("$5 and $10"), names of variables ("$HOME/$USER") and
code are no formulas, and one that is not closed (yet) stays the text that was written.

A formula has no blank line in it, so that a text which ends in the middle of one is cut into the same blocks as the
whole text: whatever follows `$$` at the beginning of a line belongs to it up to the closing sign or a blank line.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

LONGEST_INLINE = 2000
"""Characters between two signs; further away they do not belong together."""

_CLOSING = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$"}
_UNITS = re.compile(r"[\d.,]+[kKmMbB%]?(?:/\w+|[ \-\u2013]*[A-Za-z]{2,}\b)")
"""A number and a word: money."""

_LOOKS_LIKE_MATHS = re.compile(r"[\\^_={}+*/<>|-]|^\s*[^\W\d]\s*$")
_INTERRUPTED = ["paragraph", "reference", "blockquote", "list"]


def add_maths(parser: MarkdownIt) -> None:
    """Let *parser* know formulas."""
    parser.inline.ruler.before("escape", "math_inline", _inline)
    parser.block.ruler.before("fence", "math_block", _block, {"alt": _INTERRUPTED})


def source_of(token: Token) -> str:
    """A formula as Markdown that is read as the same formula again."""
    closing = _CLOSING[token.markup]
    return f"{token.markup}\n{token.content}\n{closing}" if token.block else f"{token.markup}{token.content}{closing}"


def is_display(token: Token) -> bool:
    """Whether a formula is written large, as one that stands alone."""
    return token.markup in ("$$", "\\[")


def _inline(state: StateInline, silent: bool) -> bool:
    opening = _opening(state.src, state.pos)
    if not opening:
        return False
    begin = state.pos + len(opening)
    end = _closing(state.src, begin, min(state.posMax, begin + LONGEST_INLINE), opening)
    if end < 0:
        # Else the second sign of `$$` would be tried by itself.
        if opening == "$$" and not silent:
            state.pending += opening
        state.pos += len(opening) if opening == "$$" else 0
        return opening == "$$"
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.markup, token.content = opening, state.src[begin:end]
    state.pos = end + len(_CLOSING[opening])
    return True


def _opening(text: str, place: int) -> str:
    """The sign at *place* that may begin a formula; empty when there is none."""
    two = text[place : place + 2]
    if two in ("\\(", "\\[", "$$"):
        return two
    before = text[place - 1] if place else " "
    fits = two[:1] == "$" and len(two) > 1 and not two[1].isspace() and not before.isalnum() and before != "$"
    return "$" if fits else ""


def _closing(text: str, begin: int, limit: int, opening: str) -> int:
    """Where the formula that begins at *begin* ends; -1 when nothing there closes it."""
    closing = _CLOSING[opening]
    end = begin
    while True:
        end = text.find(closing, end, limit)
        if end < 0:
            return -1
        if _escaped(text, end, begin):
            end += 1
            continue
        return end if _is_formula(text, begin, end, opening) else -1


def _is_formula(text: str, begin: int, end: int, opening: str) -> bool:
    content = text[begin:end]
    if not content.strip() or "`" in content or "$" in content.replace("\\$", ""):
        return False
    if opening != "$" and opening in content:
        return False
    if opening == "\\[":
        return bool(_LOOKS_LIKE_MATHS.search(content))
    if opening != "$":
        return True
    after = text[end + 1 : end + 2]
    return not content[-1].isspace() and not after.isalnum() and after != "$" and not _UNITS.match(content)


def _escaped(text: str, place: int, begin: int) -> bool:
    """Whether an odd number of backslashes stands before *place*."""
    before = text[begin:place]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    if state.is_code_block(first):
        return False
    line = _line(state, first)
    opening = line[:2]
    if opening not in ("$$", "\\["):
        return False
    closing = _CLOSING[opening]
    begun = line[2:]
    if closing in begun:
        alone = begun.rstrip().endswith(closing) and begun.count(closing) == 1 and begun.strip() != closing
        end = first if alone else -1
        if end < 0:
            return False
    else:
        end = -1
    if silent:
        return True
    if end < 0:
        _many_lines(state, first, last, opening)
    else:
        _push(state, first, first + 1, opening, begun.rstrip()[:-2])
    return True


def _many_lines(state: StateBlock, first: int, last: int, opening: str) -> None:
    """The lines up to the closing sign; without one, up to a blank line, as words."""
    closing = _CLOSING[opening]
    number = first + 1
    while number < last and not state.isEmpty(number) and state.sCount[number] >= state.blkIndent:
        line = _line(state, number).rstrip()
        number += 1
        if line.endswith(closing) and not _escaped(line, len(line) - 2, 0):
            content = state.getLines(first, number, state.blkIndent, False).strip()
            if content.count(closing) == (2 if opening == "$$" else 1) and content[2:-2].strip():
                _push(state, first, number, opening, content[2:-2])
                return
    _push_words(state, first, number)


def _push(state: StateBlock, first: int, after: int, opening: str, content: str) -> None:
    token = state.push("math_block", "math", 0)
    token.block, token.markup, token.content, token.map = True, opening, content.strip(), [first, after]
    state.line = after


def _push_words(state: StateBlock, first: int, after: int) -> None:
    """A paragraph of these lines."""
    state.line = after
    token = state.push("paragraph_open", "p", 1)
    token.map = [first, after]
    words = state.push("inline", "", 0)
    words.content = state.getLines(first, after, state.blkIndent, False).strip()
    words.map, words.children = [first, after], []
    state.push("paragraph_close", "p", -1)


def _line(state: StateBlock, number: int) -> str:
    """A line without what stands before its first letter."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
