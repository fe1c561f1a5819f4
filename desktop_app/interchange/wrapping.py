"""Markdown around texts that may hold anything: quotations, and texts that end what they began."""

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from desktop_app.markdown.fence import fenced

_HTML_ENDS = (
    (re.compile(r" {0,3}<!--"), "-->"),
    (re.compile(r" {0,3}<\?"), "?>"),
    (re.compile(r" {0,3}<!\[CDATA\["), "]]>"),
    (re.compile(r" {0,3}<![A-Za-z]"), ">"),
    (re.compile(r" {0,3}<(?:script|pre|style|textarea)(?:[\s>]|$)", re.IGNORECASE), ""),
)
"""Beginnings of HTML that other programs read on until its end, over blank lines and all (CommonMark 4.6, 1 to 5)."""
_ROUNDS = 8
"""Beginnings that are made text, one after another; with more of them, all of it becomes a block of code."""
_RAW_END = re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE)


def quoted(text: str) -> str:
    """*text* as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def ended(text: str) -> str:
    """*text* so that nothing which stands below it becomes a part of its code or its HTML."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    for _ in range(_ROUNDS):
        last = _last_block(text)
        if last is None or last.map is None or last.map[1] < text.count("\n") + 1:
            return text
        lines = text.split("\n")
        if last.type == "fence":
            closing = re.compile(rf" {{0,3}}{re.escape(last.markup[0])}{{{len(last.markup)},}}[ \t]*")
            closed = last.map[1] - last.map[0] > 1 and closing.fullmatch(lines[-1])
            return text if closed else f"{text}\n{last.markup}"
        if last.type != "html_block" or not _open_html("\n".join(lines[last.map[0] :])):
            return text
        # As text it can be read, which a comment that is closed cannot.
        lines[last.map[0]] = lines[last.map[0]].replace("<", "\\<", 1)
        text = "\n".join(lines)
    return fenced(text, "")


@cache
def _reader() -> MarkdownIt:
    """Markdown as other programs read it: HTML counts."""
    return MarkdownIt("commonmark")


def _last_block(text: str) -> Token | None:
    """The last block that lies in no other."""
    tokens = _reader().parse(text)
    return next((token for token in reversed(tokens) if token.level == 0 and token.map), None)


def _open_html(html: str) -> bool:
    for begin, end in _HTML_ENDS:
        if begin.match(html):
            return end not in html if end else not _RAW_END.search(html)
    return False
