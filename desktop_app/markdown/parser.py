"""Markdown to tokens: the one configured parser of the program.

`blocks` calls it. Importing this module costs about 30 ms, so it is imported at first use.

Raw HTML stays text. A link is a link only to http, https or mailto; anything else stays the text that the model wrote.
"""

from collections.abc import Callable, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import table
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token

from desktop_app.markdown.links import is_allowed
from desktop_app.markdown.maths import add_maths

MAX_NESTING = 40
"""Deeper text is shown as it was written; markdown-it would leave it out."""

MAX_CELLS = 4000
"""Of one table. Qt lays tables out anew at every change; a larger one is shown as it was written."""

MAX_COLUMNS = 40
"""Of one table."""


MAX_BRACKETS = 120
"""That begin no link or picture, in one paragraph; those after them stay text."""


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - markdown-it names it
        return is_allowed(url)


def make_parser() -> MarkdownIt:
    """CommonMark with tables, strikethrough, task lists and formulas; no HTML."""
    options = {"html": False, "maxNesting": MAX_NESTING, "tasklists": True}
    parser = _Parser("commonmark", options_update=options).enable("strikethrough")
    # As in GitHub's own parser, a line that begins any other block is no table header, whatever stands below it.
    # markdown-it asks for tables first, which would turn a block that has begun into another one.
    parser.block.ruler.before("lheading", "gfm_table", table, {"alt": ["paragraph", "reference"]})
    add_maths(parser)
    parser.inline.ruler.at("link", _few(link, MAX_BRACKETS))
    parser.inline.ruler.at("image", _few(image, MAX_BRACKETS))
    return parser


def _few(rule: Callable[[StateInline, bool], bool], most: int) -> Callable[[StateInline, bool], bool]:
    """*rule*, until it has failed so many times in one paragraph: for each bracket it looks for the one that closes."""

    def limited(state: StateInline, silent: bool) -> bool:
        if state.src[state.pos] not in "[!":
            return False
        # The cache maps places in the text to places; this is none.
        if state.cache.get(-1, 0) < most and rule(state, silent):
            return True
        state.cache[-1] = state.cache.get(-1, 0) + 1
        return False

    return limited


def too_much(tokens: Sequence[Token]) -> bool:
    """Whether these blocks are nested or tabled beyond what is laid out."""
    deepest = max((token.level for token in tokens), default=0)
    if deepest >= MAX_NESTING - 1:
        return True
    cells = sum(token.type in {"td_open", "th_open"} for token in tokens)
    columns = sum(token.type == "th_open" for token in tokens)
    return cells > MAX_CELLS or columns > MAX_COLUMNS


def as_written(source: str) -> list[Token]:
    """Tokens that show *source* letter by letter."""
    inline = Token("inline", "", 0, content=source, level=1)
    inline.children = []
    for number, line in enumerate(source.strip("\n").split("\n")):
        if number:
            inline.children.append(Token("softbreak", "br", 0))
        inline.children.append(Token("text", "", 0, content=line))
    return [Token("paragraph_open", "p", 1), inline, Token("paragraph_close", "p", -1)]
