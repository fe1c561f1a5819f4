"""Code with colours for HTML: Pygments says what a word is, classes say it to the page. `html_blocks` calls it."""

import html
from functools import cache

from pygments import token as kinds
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class, get_all_lexers

LONGEST = 100_000
"""Characters of code that get colours."""
LONGEST_LINE = 1000
"""Characters. Some of the rules take time that grows with the square of the line."""

_CLASSES = (
    (kinds.Comment, "c"),
    (kinds.Keyword, "k"),
    (kinds.Operator.Word, "k"),
    (kinds.String, "s"),
    (kinds.Generic.Inserted, "s"),
    (kinds.Generic.Deleted, "n"),
    (kinds.Generic.Heading, "f"),
    (kinds.Generic.Subheading, "f"),
    (kinds.Number, "n"),
    (kinds.Name.Function, "f"),
    (kinds.Name.Class, "f"),
    (kinds.Name.Builtin, "f"),
    (kinds.Name.Decorator, "f"),
    (kinds.Name.Tag, "f"),
    (kinds.Name.Attribute, "f"),
)


def coloured(code: str, language: str) -> str:
    """*code* as HTML with elements `span` of the classes c, k, s, n and f."""
    lexer = _lexer(language.lower())
    if lexer is None or len(code) > LONGEST or any(len(line) > LONGEST_LINE for line in code.split("\n")):
        return html.escape(code)
    pieces: list[str] = []
    for kind, words in lexer.get_tokens(code):
        name, escaped = _class(kind), html.escape(words)
        pieces.append(f'<span class="{name}">{escaped}</span>' if name and words.strip() else escaped)
    return "".join(pieces)


@cache
def _class(token: kinds._TokenType) -> str:
    return next((name for family, name in _CLASSES if family in token.split()), "")


@cache
def _names() -> dict[str, str]:
    """Alias to name. Asked here, because Pygments would search every installed package for an unknown language."""
    return {alias: name for name, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases}


@cache
def _lexer(language: str) -> Lexer | None:
    found = find_lexer_class(_names().get(language, ""))
    return found(stripnl=False, ensurenl=False) if found else None
