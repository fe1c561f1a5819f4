"""Conversations as Markdown for people: what was shown, then the other versions. `services/chat_files` calls it."""

from collections.abc import Iterator, Sequence

from desktop_app.domain.chat import Attachment, AttachmentKind, Message
from desktop_app.interchange import wording
from desktop_app.interchange.parcel import Parcel, asides
from desktop_app.interchange.values import line
from desktop_app.interchange.wrapping import ended, quoted
from desktop_app.markdown.fence import fenced

MOST_ATTACHED = 20_000
"""Characters of a document that are written out; whatever is left out is said."""

_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>#|~$"})


class MarkdownWriter:
    """One heading for each conversation, one below it for each message."""

    def begin(self, titles: Sequence[str]) -> str:
        """A list of the conversations where there are several."""
        if len(titles) < 2:
            return ""
        return "".join(f"- {_plain(title)}\n" for title in titles) + "\n"

    def chat(self, parcel: Parcel) -> Iterator[str]:
        """One conversation."""
        tree = parcel.tree()
        yield f"# {_plain(parcel.conversation.title)}\n\n"
        if parcel.settings.system:
            yield f"{quoted(f'**System prompt**{chr(10)}{chr(10)}{parcel.settings.system}')}\n\n"
        places = tree.places()
        for message in tree.path():
            place = places.get(message.id)
            yield from _message(message, "##", f"version {place.number} of {place.count}" if place else "")
        others = [aside for found in asides(tree).values() for aside in found]
        if others:
            yield "## Other versions\n\n"
        for aside in others:
            yield from _message(aside.message, "###", wording.place_words(aside))

    def end(self) -> str:
        """Nothing stands below the last."""
        return ""


def _message(message: Message, level: str, place: str) -> Iterator[str]:
    facts = filter(None, (wording.moment_words(message.created), _plain(place)))
    yield f"{level} {_plain(wording.speaker(message))}\n\n"
    if told := " · ".join(facts):
        yield f"*{told}*\n\n"
    for attachment in message.attachments:
        yield f"{_attached(attachment)}\n\n"
    if message.reasoning:
        yield f"{quoted(f'**Thoughts**{chr(10)}{chr(10)}{message.reasoning.strip()}')}\n\n"
    if message.text.strip():
        yield f"{ended(message.text)}\n\n"
    if figures := wording.under(message):
        yield f"*{_plain(figures)}*\n\n"


def _attached(attachment: Attachment) -> str:
    name = f"*{_plain(wording.attached(attachment))}*"
    if attachment.kind is AttachmentKind.IMAGE or not attachment.text:
        return name
    left_out = len(attachment.text) - MOST_ATTACHED
    more = f"\n\n*The last {left_out:,} characters of it are left out here.*" if left_out > 0 else ""
    return f"{name}\n\n{fenced(attachment.text[:MOST_ATTACHED], '')}{more}"


def _plain(words: str) -> str:
    """A line in which nothing means anything to Markdown."""
    return line(words, 1000).translate(_SIGNS)
