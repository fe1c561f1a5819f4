"""Code between two top-level fences, passed on as it comes; `blocks` hands over what lies between them."""

import re
from dataclasses import dataclass

from markdown_it.token import Token


@dataclass(frozen=True)
class CodeOpened:
    """A fenced block of code begins."""

    language: str


@dataclass(frozen=True)
class CodeAdded:
    """More text of the open block of code."""

    text: str


@dataclass(frozen=True)
class CodeClosed:
    """The open block of code is complete."""


CodePiece = CodeOpened | CodeAdded | CodeClosed


class Fence:
    """The text between two top-level fences."""

    def __init__(self, markup: str, indent: int) -> None:
        sign = re.escape(markup[0])
        self._closing = re.compile(rf" {{0,3}}{sign}{{{len(markup)},}}[ \t]*")
        self._perhaps_closing = re.compile(rf"[ \t]*{sign}*[ \t]*")
        self._indent = indent
        self._empty = True
        self._in_line = False

    def take(self, text: str) -> tuple[list[CodePiece], str, bool]:
        """Pieces, the text that is not used up, and whether the fence was closed."""
        pieces: list[CodePiece] = []
        if self._in_line:
            rest_of_line, line_break, text = text.partition("\n")
            pieces += [CodeAdded(rest_of_line)] if rest_of_line else []
            self._in_line = not line_break
            if not line_break:
                return pieces, "", False
        *lines, begun = text.split("\n")
        end = next((i for i, line in enumerate(lines) if self._closing.fullmatch(line)), None)
        pieces += self._added(lines[:end])
        if end is not None:
            return [*pieces, CodeClosed()], "\n".join([*lines[end + 1 :], begun]), True
        if self._perhaps_closing.fullmatch(begun):
            return pieces, begun, False
        self._in_line = True
        return [*pieces, *self._added([begun])], "", False

    def end(self, rest: str) -> list[CodePiece]:
        """The text ended inside of the fence, with *rest* as its last line."""
        more = [] if not rest.strip() or self._closing.fullmatch(rest) else self._added([rest])
        return [*more, CodeClosed()]

    def _added(self, lines: list[str]) -> list[CodePiece]:
        if not lines:
            return []
        text = "\n".join(_unindented(line, self._indent) for line in lines)
        text = text if self._empty else f"\n{text}"
        self._empty = False
        return [CodeAdded(text)]


def language_of(info: str) -> str:
    """The first word after a fence; empty when there is none."""
    return info.split(maxsplit=1)[0] if info.strip() else ""


def fenced(code: str, language: str) -> str:
    """*code* between fences that are longer than any row of backticks in it."""
    longest = max((len(row) for row in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def whole_code(token: Token) -> list[CodePiece]:
    """The pieces of a fenced block that is complete."""
    text = token.content.removesuffix("\n")
    return [CodeOpened(language_of(token.info)), *([CodeAdded(text)] if text else []), CodeClosed()]


def _unindented(line: str, columns: int) -> str:
    """*line* without up to *columns* columns of white space; what is left of a tab becomes spaces."""
    seen = used = 0
    while seen < columns and used < len(line) and line[used] in " \t":
        seen += 4 - seen % 4 if line[used] == "\t" else 1
        used += 1
    return " " * (seen - columns) + line[used:]
