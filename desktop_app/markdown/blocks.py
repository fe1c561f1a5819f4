"""Cuts a growing Markdown text into blocks that are finished and a live tail.

`answer_body` feeds it with what has arrived. A block is finished when no further text can change it; it is laid out
once and never again. Only the tail is parsed anew with every piece of text, and code between top-level fences not even
once: it is passed on as it comes. Any chunking of a text gives the same blocks as the whole text at once.

Two things of Markdown do not go with that, and are done once at the end: a link definition may stand below its use
(`references`, `reparse`), and a blank line in a long list makes the whole list loose (never drawn differently here).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from markdown_it.token import Token

from desktop_app.markdown.fence import CodeOpened, CodePiece, Fence, language_of, whole_code
from desktop_app.markdown.parser import as_written, make_parser, too_much

LONGEST_LINE = 6000
"""Characters. Laying out one line costs Qt the square of its length, so a longer one is cut after a word."""

LONGEST_TABLE = 4000
"""Characters. What is not finished is parsed and laid out anew with every piece of text, so a longer one is cut."""

LONGEST_BLOCK = 4 * LONGEST_TABLE
"""Characters of any other block; it costs less, and a cut shows more."""

_LONG_LINE = re.compile(rf"[^\n]{{{LONGEST_LINE}}}(?:[^\n\s]{{0,1999}}(?=\s)|[^\n\s]{{2000}})")
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffc]"
)
_INTERRUPTS = {"fence", "hr", "heading_open", "list_item_open", "blockquote_open", "math_block"}
"""Blocks whose first line ends whatever stands above it."""
_ENDS_ITSELF = {"fence", "hr", "heading_open", "math_block"}
"""Blocks that no later line can continue."""


@dataclass(frozen=True)
class Prose:
    """Finished blocks other than code."""

    tokens: Sequence[Token]
    source: str
    number: int | None = None
    """What the first item of a numbered list that was begun earlier is numbered; None for everything else."""


Piece = Prose | CodePiece


class _Cut(NamedTuple):
    """A place where a block, or an item of a top-level list, begins."""

    line: int
    token: int
    kind: str
    number: int | None


class _Parsed(NamedTuple):
    """The unfinished text, parsed."""

    tokens: list[Token]
    cuts: list[_Cut]
    starts: list[int]
    """Where each line begins; the last entry is the line that is still being written."""
    references: dict[str, Any]

    @property
    def last_line(self) -> int:
        """The line that is still being written; empty after a line break."""
        return len(self.starts) - 1


class BlockSplitter:
    """Feed text, take pieces; `tail` holds the tokens of what is not finished yet."""

    def __init__(self) -> None:
        self._parser = make_parser()
        self._references: dict[str, Any] = {}
        self._seen_references = False
        self._text = ""
        self._carry = ""
        self._number: int | None = None
        self._header = ""
        """What the text began with after a table had been cut."""
        self._fence: Fence | None = None
        self.tail: Sequence[Token] = ()

    @property
    def has_references(self) -> bool:
        """Whether the text defined links by label, or looked like it for a moment."""
        return self._seen_references

    def feed(self, text: str) -> list[Piece]:
        """Take more text; the pieces that became finished, in order."""
        text = self._carry + text
        self._carry = ""
        if text.endswith("\r"):  # half of a line break, perhaps
            text, self._carry = text[:-1], "\r"
        return self._take(clean(text))

    def finish(self) -> list[Piece]:
        """The text has ended: everything that is left becomes finished."""
        pieces = self._take("\n" if self._carry else "")
        self._carry = ""
        if self._text == self._header:
            self._text = ""
        if self._text and not self._fence:
            self._text += "" if self._text.endswith("\n") else "\n"
            pieces += self._advance(final=True)
        if self._fence:
            pieces += self._fence.end(self._text)
        self._fence, self._text, self.tail = None, "", ()
        return pieces

    def reparse(self, prose: Prose) -> Prose:
        """The same blocks with the link definitions that are known by now."""
        tokens = self._parser.parse(prose.source, {"references": dict(self._references)})
        _renumber(tokens, prose.number)
        return Prose(_bearable(tokens, prose.source), prose.source, prose.number)

    def _take(self, text: str) -> list[Piece]:
        """Take *text* in parts, so that a block which grows too long is cut at the same line however it arrives."""
        pieces: list[Piece] = []
        while not self._fence:
            lines = self._text.rfind("\n") + 1
            limit = (lines // LONGEST_TABLE + 1) * LONGEST_TABLE
            end = text.find("\n", max(0, limit - len(self._text) - 1)) + 1
            if not end:
                break
            pieces += self._take_lines(text[:end])
            text = text[end:]
            if not self._fence and len(self._text) >= limit:
                pieces += self._cut_block()
        return [*pieces, *self._take_lines(text)] if text else pieces

    def _cut_block(self) -> list[Piece]:
        """End the block if it has grown too long; the rest of a table gets its first lines again."""
        parsed = self._parse()
        last = parsed.cuts[-1] if parsed.cuts else None
        header = ""
        if last and parsed.tokens[last.token].type == "table_open":
            header = self._text[parsed.starts[last.line] : parsed.starts[last.line + 2]]
        elif len(self._text) < LONGEST_BLOCK:
            return []
        pieces = self._cut_off(parsed, len(parsed.cuts), parsed.last_line)
        self._text = self._header = header
        return pieces

    def _take_lines(self, text: str) -> list[Piece]:
        last_line = self._text[self._text.rfind("\n") + 1 :]
        if not _LONG_LINE.search(last_line + text):
            return self._take_part(text)
        # Whether a long line is code decides whether it is cut; so that has to be known before.
        pieces: list[Piece] = []
        for line in text.splitlines(keepends=True):
            pieces += self._take_part(line)
        return pieces

    def _take_part(self, text: str) -> list[Piece]:
        self._text += text
        if self._fence:
            return self._in_fence(self._fence, final=False)
        self._text = _LONG_LINE.sub(r"\g<0>\n\n", self._text)
        return self._advance(final=False) if self._text else []

    def _in_fence(self, fence: Fence, *, final: bool) -> list[Piece]:
        code, self._text, closed = fence.take(self._text)
        if not closed:
            return [*code]
        self._fence = None
        if final:
            return [*code, *self._advance(final=True)]
        rest, self._text = self._text, ""
        return [*code, *self._take(rest)]

    def _advance(self, *, final: bool) -> list[Piece]:
        """Parse the tail, pass on what is finished in it, and keep the rest."""
        parsed = self._parse()
        cuts = parsed.cuts
        fences = [i for i, cut in enumerate(cuts) if cut.kind == "fence" and cut.line < parsed.last_line]
        if fences:
            return self._open_fence(parsed, fences[-1], final=final)
        if final:
            return self._cut_off(parsed, len(cuts), parsed.last_line)
        keep = _first_unfinished(parsed, self._text)
        return self._cut_off(parsed, keep, cuts[keep].line if keep else 0)

    def _parse(self) -> _Parsed:
        env: dict[str, Any] = {"references": dict(self._references)}
        tokens = self._parser.parse(self._text, env)
        _renumber(tokens, self._number)
        starts = [0, *(found.end() for found in re.finditer("\n", self._text))]
        self._seen_references |= bool(env["references"])
        return _Parsed(tokens, _cuts(tokens), starts, env["references"])

    def _open_fence(self, parsed: _Parsed, index: int, *, final: bool) -> list[Piece]:
        """Pass on everything above the last fence; what follows its first line is code."""
        cut = parsed.cuts[index]
        token = parsed.tokens[cut.token]
        pieces = self._cut_off(parsed, index, cut.line)
        opener, self._text = self._text.split("\n", 1)
        self._fence = Fence(token.markup, len(opener) - len(opener.lstrip(" ")))
        self._number, self.tail = None, ()
        return [*pieces, CodeOpened(language_of(token.info)), *self._in_fence(self._fence, final=final)]

    def _cut_off(self, parsed: _Parsed, keep: int, line: int) -> list[Piece]:
        """Pass on the blocks before cut *keep*, which begins at *line*; it and the rest become the tail."""
        cuts = parsed.cuts
        pieces: list[Piece] = []
        begin = 0
        for index in range(keep):
            if cuts[index].kind == "fence":
                pieces += self._prose(parsed, begin, index, cuts[index].line)
                pieces += whole_code(parsed.tokens[cuts[index].token])
                begin = index + 1
        pieces += self._prose(parsed, begin, keep, line)
        self._keep_references(parsed.references, line)
        # A fence whose first line is still being written is not shown: its language would look like text.
        shown = len(cuts) - 1 if cuts and cuts[-1].kind == "fence" else len(cuts)
        self._text = self._text[parsed.starts[line] :]
        self._number = cuts[keep].number if keep < len(cuts) else None
        self.tail = _bearable(_slice(parsed, keep, shown), self._text)
        return pieces

    def _prose(self, parsed: _Parsed, begin: int, end: int, line: int) -> list[Piece]:
        """The blocks from cut *begin* to before cut *end*, which is at *line*."""
        if begin >= end:
            return []
        first = parsed.cuts[begin]
        source = self._text[parsed.starts[first.line] : parsed.starts[line]]
        return [Prose(_bearable(_slice(parsed, begin, end), source), source, first.number)]

    def _keep_references(self, references: dict[str, Any], line: int) -> None:
        """Keep the definitions above *line*; those below may still be half written."""
        for label, entry in references.items():
            if label not in self._references and entry["map"][1] <= line:
                self._references[label] = entry


def clean(text: str) -> str:
    """*text* with plain line breaks, and without signs that control a screen, turn round what is read, or are Qt's own.

    Right-to-left text needs none of them: its direction comes from its letters.
    """
    return _UNFIT.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def _renumber(tokens: Sequence[Token], number: int | None) -> None:
    """Let the first list go on with *number*."""
    if number is not None and tokens and tokens[0].type == "ordered_list_open":
        tokens[0].attrs = {**tokens[0].attrs, "start": number}


def _cuts(tokens: Sequence[Token]) -> list[_Cut]:
    """All places at which the text could be cut in two."""
    cuts: list[_Cut] = []
    number: int | None = None
    for index, token in enumerate(tokens):
        if token.map is None or token.level > 1:
            continue
        if token.type in {"ordered_list_open", "bullet_list_open"} and token.level == 0:
            number = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
        elif token.type == "list_item_open":
            cuts.append(_Cut(token.map[0], index, token.type, number))
            number = None if number is None else number + 1
        elif token.level == 0:
            cuts.append(_Cut(token.map[0], index, token.type, None))
    return cuts


def _first_unfinished(parsed: _Parsed, text: str) -> int:
    """The last cut above which nothing can change any more; 0 when there is none."""
    best = 0
    for index, (above, cut) in enumerate(pairwise(parsed.cuts), start=1):
        if cut.line >= parsed.last_line:
            break
        line_above = text[parsed.starts[cut.line - 1] : parsed.starts[cut.line]]
        if not line_above.strip() or cut.kind in _INTERRUPTS or above.kind in _ENDS_ITSELF:
            best = index
    return best


def _slice(parsed: _Parsed, begin: int, end: int) -> list[Token]:
    """The blocks from cut *begin* to before cut *end*; a list that is cut in two is a list in both halves."""
    tokens, cuts = parsed.tokens, parsed.cuts
    if begin >= end:
        return []
    first = _outer(tokens, cuts[begin])
    last = _outer(tokens, cuts[end]) if end < len(cuts) else len(tokens)
    part = tokens[first:last]
    if part[0].type == "list_item_open":
        part.insert(0, _list_open(cuts[begin].number))
    if end < len(cuts) and tokens[last].type == "list_item_open":
        part.append(next(token for token in tokens[last:] if token.level == 0))
    return part


def _outer(tokens: list[Token], cut: _Cut) -> int:
    """The first token of a block: for the first item of a list, the list's own."""
    if cut.kind == "list_item_open" and tokens[cut.token - 1].type.endswith("_list_open"):
        return cut.token - 1
    return cut.token


def _list_open(number: int | None) -> Token:
    if number is None:
        return Token("bullet_list_open", "ul", 1)
    return Token("ordered_list_open", "ol", 1, attrs={"start": number})


def _bearable(tokens: Sequence[Token], source: str) -> Sequence[Token]:
    return as_written(source) if too_much(tokens) else tokens
