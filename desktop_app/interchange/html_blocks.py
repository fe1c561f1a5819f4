"""Markdown's tokens as HTML: the window's own parser and splitter, so that a page shows what the window showed.

`html_writer` calls it. HTML in a text stays text, pictures are named and never loaded, links are those that the window
would open.
"""

import html
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from markdown_it.token import Token

from desktop_app.interchange.html_code import coloured
from desktop_app.interchange.mathml import mathml
from desktop_app.markdown.blocks import BlockSplitter, Prose, clean
from desktop_app.markdown.fence import CodeAdded, CodeClosed, CodeOpened
from desktop_app.markdown.links import is_allowed, split_bare
from desktop_app.markdown.maths import is_display

_TAGS = {
    "paragraph": "p",
    "blockquote": "blockquote",
    "bullet_list": "ul",
    "list_item": "li",
    "tr": "tr",
    "thead": "thead",
    "tbody": "tbody",
    "strong": "strong",
    "em": "em",
    "s": "s",
}
_FIXED = {
    "hr": "<hr>\n",
    "table_open": '<div class="table"><table>\n',
    "table_close": "</table></div>\n",
    "ordered_list_close": "</ol>\n",
}
_ALIGNMENTS = {"text-align:left", "text-align:right", "text-align:center"}
_LOWEST_HEADING = 6


def markdown_html(text: str) -> Iterator[str]:
    """*text* as HTML, block by block."""
    splitter = BlockSplitter()
    pieces = [*splitter.feed(text), *splitter.finish()]
    language, code = "", list[str]()
    for piece in pieces:
        match piece:
            case Prose():
                final = splitter.reparse(piece) if splitter.has_references and "[" in piece.source else piece
                yield "".join(_blocks(final.tokens))
            case CodeOpened():
                language, code = piece.language, []
            case CodeAdded():
                code.append(piece.text)
            case CodeClosed():
                yield code_html("".join(code), language)


def code_html(code: str, language: str) -> str:
    """A block of code with its language above it."""
    label = f'<div class="language">{html.escape(clean(language[:40]))}</div>' if language else ""
    return f'<div class="code">{label}<pre><code>{coloured(clean(code), language)}</code></pre></div>\n'


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "inline":
                yield "".join(_inline(token.children or []))
            case "fence" | "code_block":
                yield code_html(token.content.removesuffix("\n"), (token.info.split() or [""])[0])
            case "math_block":
                yield f'<div class="math">{mathml(token.content, display=True)}</div>\n'
            case _ if token.type in _FIXED:
                yield _FIXED[token.type]
            case _ if token.hidden:
                yield "" if token.nesting > 0 else "\n"
            case _ if token.nesting:
                yield _edge(token)
            case _:
                yield html.escape(token.content)


def _edge(token: Token) -> str:
    """Where an element begins or ends."""
    opens = token.nesting > 0
    kind = token.type.rsplit("_", 1)[0]
    if kind == "heading":
        # The page's own headings stand above those of a text.
        tag = f"h{min(_LOWEST_HEADING, int(token.tag[1]) + 2)}"
        return f"<{tag}>" if opens else f"</{tag}>\n"
    if kind == "ordered_list":
        return f'<ol start="{int(token.attrs.get("start", 1))}">\n'
    if kind in {"th", "td"}:
        return _cell(token) if opens else f"</{kind}>"
    tag = _TAGS.get(kind, "div")
    box = _box(token) if kind == "list_item" and opens else ""
    return f"<{tag}>{box}" if opens else f"</{tag}>\n"


def _cell(token: Token) -> str:
    style = str(token.attrs.get("style", ""))
    return f'<{token.tag} style="{style}">' if style in _ALIGNMENTS else f"<{token.tag}>"


def _box(token: Token) -> str:
    checked = token.meta.get("checked")
    return "" if checked is None else "☑ " if checked else "☐ "


def _inline(tokens: Sequence[Token]) -> Iterator[str]:
    within = 0
    for token in tokens:
        kind = token.type.rsplit("_", 1)[0]
        match token.type:
            case "softbreak" | "hardbreak":
                yield "<br>\n"
            case "code_inline":
                yield f"<code>{html.escape(token.content)}</code>"
            case "math_inline":
                yield mathml(token.content, display=is_display(token))
            case "image":
                yield html.escape(f"{token.content} ({token.attrs.get('src', '')})".strip())
            case "link_open":
                address = str(token.attrs.get("href", ""))
                within += is_allowed(address)
                yield _link_open(address) if is_allowed(address) else ""
            case "link_close":
                yield "</a>" if within else ""
                within = max(0, within - 1)
            case _ if kind in _TAGS and token.nesting:
                yield f"<{_TAGS[kind]}>" if token.nesting > 0 else f"</{_TAGS[kind]}>"
            case _:
                yield html.escape(token.content) if within else "".join(_words(token.content))


def _words(text: str) -> Iterator[str]:
    """Text in which addresses are links."""
    for words, address in split_bare(text):
        yield f"{_link_open(address)}{html.escape(words)}</a>" if address else html.escape(words)


def _link_open(address: str) -> str:
    """A link that says its real host, tells the other side nothing, and is not followed by machines."""
    host = urlsplit(address).hostname or ""
    told = f' title="{html.escape(_ascii(host))}"' if host else ""
    return f'<a href="{html.escape(address)}"{told} rel="noopener noreferrer nofollow">'


def _ascii(host: str) -> str:
    """A host's name in the letters that no other can be mistaken for."""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode("ascii")
