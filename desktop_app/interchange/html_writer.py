"""Conversations as one HTML file that needs no network and runs nothing. `services/chat_files` calls it.

The page forbids itself scripts and everything from elsewhere; pictures that were attached stand in it as data.
"""

import html
from base64 import b64encode
from collections.abc import Iterator, Sequence

from desktop_app.domain.chat import Attachment, AttachmentKind, Message, Role
from desktop_app.interchange import wording
from desktop_app.interchange.html_blocks import markdown_html
from desktop_app.interchange.html_sheet import sheet
from desktop_app.interchange.parcel import Aside, Parcel, asides
from desktop_app.interchange.values import line
from desktop_app.markdown.blocks import clean

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_MEDIA = {"image/png", "image/jpeg"}
"""What our pictures are stored as; anything else is only named."""


def page_head(title: str, rules: str = "") -> str:
    """A page up to where its body begins, which no script and nothing from elsewhere may enter.

    Args:
        title: what its window is called.
        rules: of style, besides those of every page.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="generator" content="vLLM Desktop">\n'
        f"<title>{html.escape(_line(title))}</title>\n<style>\n{sheet()}{rules}</style>\n</head>\n<body>\n"
    )


class HtmlWriter:
    """One page for all conversations."""

    def __init__(self) -> None:
        self._number = 0

    def begin(self, titles: Sequence[str]) -> str:
        """The head of the page, and a list of the conversations where there are several."""
        self._number = 0
        title = titles[0] if len(titles) == 1 else f"{len(titles)} chats"
        return f"{page_head(title)}{_contents(titles)}"

    def chat(self, parcel: Parcel) -> Iterator[str]:
        """One conversation."""
        self._number += 1
        tree = parcel.tree()
        others, places = asides(tree), tree.places()
        yield f'<main id="chat-{self._number}">\n<h1 dir="auto">{html.escape(_line(parcel.conversation.title))}</h1>\n'
        if parcel.settings.system:
            yield '<details class="system"><summary>System prompt</summary><div dir="auto">'
            yield from markdown_html(parcel.settings.system)
            yield "</div></details>\n"
        for message in tree.path():
            place = places.get(message.id)
            yield from _message(message, f"version {place.number} of {place.count}" if place else "")
            yield from _others(others.pop(message.parent, []))
        for left in others.values():
            yield from _others(left)
        yield "</main>\n"

    def end(self) -> str:
        """Closes the page."""
        return "</body>\n</html>\n"


def _contents(titles: Sequence[str]) -> str:
    if len(titles) < 2:
        return ""
    links = (f'<li><a href="#chat-{n}">{html.escape(_line(title))}</a></li>' for n, title in enumerate(titles, 1))
    return f"<nav><ol>\n{chr(10).join(links)}\n</ol></nav>\n"


def _others(found: Sequence[Aside]) -> Iterator[str]:
    if not found:
        return
    yield f'<details class="versions"><summary>Other versions ({len(found)})</summary>\n'
    for aside in found:
        yield from _message(aside.message, wording.place_words(aside))
    yield "</details>\n"


def _message(message: Message, place: str) -> Iterator[str]:
    facts = " · ".join(filter(None, (wording.moment_words(message.created), place)))
    kind = "you" if message.role is Role.USER else "model"
    told = f' <span class="when">{html.escape(_line(facts))}</span>' if facts else ""
    yield f'<article class="{kind}">\n<h2>{html.escape(_line(wording.speaker(message)))}{told}</h2>\n'
    for attachment in message.attachments:
        yield _attached(attachment)
    if message.reasoning:
        yield '<details class="thoughts"><summary>Thoughts</summary><div dir="auto">'
        yield from markdown_html(message.reasoning)
        yield "</div></details>\n"
    if message.text.strip():
        yield '<div class="text" dir="auto">\n'
        yield from markdown_html(message.text)
        yield "</div>\n"
    if figures := wording.under(message):
        yield f'<p class="under">{html.escape(_line(figures))}</p>\n'
    yield "</article>\n"


def _attached(attachment: Attachment) -> str:
    name = html.escape(_line(wording.attached(attachment)))
    if attachment.kind is AttachmentKind.IMAGE:
        picture = ""
        if attachment.data and attachment.media in _MEDIA:
            data, words = b64encode(attachment.data).decode("ascii"), html.escape(_line(attachment.name))
            picture = f'<img src="data:{attachment.media};base64,{data}" alt="{words}">'
        return f'<div class="attached">{name}{picture}</div>\n'
    text = f'<pre class="document" dir="auto">{html.escape(clean(attachment.text))}</pre>'
    return f'<details class="document"><summary>{name}</summary>{text}</details>\n'


def _line(words: str) -> str:
    """A single line without signs that would turn it around."""
    return line(words, 1000)
