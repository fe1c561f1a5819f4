"""Colours for code, line by line, so that code which is still being written is not coloured anew from its first line.

`code_block` and `prose` call it. Pygments keeps its state only while it reads a whole text; here its table of rules
is read one line at a time and the stack of states is kept between lines. Importing Pygments costs about 20 ms and the
rules of a language up to 25 more, so this module is imported at first use.
"""

from enum import Enum
from functools import cache

from pygments import token as kinds
from pygments.lexer import ExtendedRegexLexer, Lexer, RegexLexer
from pygments.lexers import find_lexer_class, get_all_lexers
from pygments.util import ClassNotFound

LONGEST_LINE = 1000
"""Characters. Some of the rules take time that grows with the square of the line; longer lines stay without colours."""

DEEPEST = 100
"""States on the stack; more than code that somebody reads ever needs."""


class Kind(Enum):
    """What a piece of code is, as far as its colour goes."""

    TEXT = "text"
    KEYWORD = "keyword"
    STRING = "string"
    NUMBER = "number"
    COMMENT = "comment"
    NAME = "name"


Run = tuple[str, Kind]

_KINDS = (
    (kinds.Comment, Kind.COMMENT),
    (kinds.Keyword, Kind.KEYWORD),
    (kinds.Operator.Word, Kind.KEYWORD),
    (kinds.String, Kind.STRING),
    (kinds.Generic.Inserted, Kind.STRING),
    (kinds.Generic.Deleted, Kind.NUMBER),
    (kinds.Generic.Heading, Kind.NAME),
    (kinds.Generic.Subheading, Kind.NAME),
    (kinds.Number, Kind.NUMBER),
    (kinds.Name.Function, Kind.NAME),
    (kinds.Name.Class, Kind.NAME),
    (kinds.Name.Builtin, Kind.NAME),
    (kinds.Name.Decorator, Kind.NAME),
    (kinds.Name.Tag, Kind.NAME),
    (kinds.Name.Attribute, Kind.NAME),
)


class LineHighlighter:
    """Colours the lines of one block of code, in their order."""

    def __init__(self, language: str) -> None:
        self._lexer = _lexer(language)
        self._stack = ["root"]

    def line(self, line: str, *, keep: bool = True) -> list[Run]:
        """The runs of *line*; without *keep* the next call is about the same line, which has grown."""
        if self._lexer is None or len(line) > LONGEST_LINE:
            return [(line, Kind.TEXT)]
        stack = list(self._stack)
        runs = _runs(self._lexer, f"{line}\n", stack)
        if keep:
            self._stack = stack if len(stack) <= DEEPEST else ["root"]
        return runs


def warm_up(language: str) -> None:
    """Load the rules of *language*."""
    LineHighlighter(language).line("x = 1")


def _runs(lexer: RegexLexer, text: str, stack: list[str]) -> list[Run]:
    """The loop of `RegexLexer.get_tokens_unprocessed` over one line, with a stack that outlives it."""
    table = lexer._tokens  # type: ignore[attr-defined]  # noqa: SLF001 - Pygments has no other way in
    runs: list[Run] = []
    position = 0
    while position < len(text):
        for matches, action, new_state in table[stack[-1]]:
            found = matches(text, position)
            if not found:
                continue
            if action is not None:
                if isinstance(action, kinds._TokenType):  # noqa: SLF001 - the type of every token
                    _add(runs, found.group(), _kind(action))
                else:
                    for _, kind, value in action(lexer, found):
                        _add(runs, value, _kind(kind))
            position = found.end()
            _change(stack, new_state)
            break
        else:
            if text[position] == "\n":
                stack[:] = ["root"]
            _add(runs, text[position], Kind.TEXT)
            position += 1
    return _without_line_break(runs)


def _change(stack: list[str], new_state: object) -> None:
    """Pygments' way to say which state comes next."""
    if new_state is None:
        return
    if isinstance(new_state, tuple):
        for state in new_state:
            _change(stack, state)
    elif isinstance(new_state, int):
        del stack[max(1, len(stack) + new_state) :]
    elif new_state == "#pop":
        del stack[max(1, len(stack) - 1) :]
    elif new_state == "#push":
        stack.append(stack[-1])
    else:
        stack.append(str(new_state))


def _add(runs: list[Run], text: str, kind: Kind) -> None:
    if runs and runs[-1][1] is kind:
        runs[-1] = (runs[-1][0] + text, kind)
    elif text:
        runs.append((text, kind))


def _without_line_break(runs: list[Run]) -> list[Run]:
    text, kind = runs[-1]
    text = text.removesuffix("\n")
    return [*runs[:-1], (text, kind)] if text else runs[:-1]


def _families(token: kinds._TokenType) -> list[kinds._TokenType]:
    return list(token.split())


@cache
def _kind(token: kinds._TokenType) -> Kind:
    return next((kind for family, kind in _KINDS if family in _families(token)), Kind.TEXT)


@cache
def _names() -> dict[str, str]:
    """Alias to name. Asked here, because Pygments would search every installed package for an unknown language."""
    return {alias: name for name, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases}


@cache
def _lexer(language: str) -> RegexLexer | None:
    name = _names().get(language.lower())
    if name is None:
        return None
    try:
        found = find_lexer_class(name)
    except ClassNotFound:
        return None
    lexer: Lexer | None = found() if found else None
    # An extended lexer keeps more state than the stack; its languages stay without colours.
    return lexer if isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer) else None
