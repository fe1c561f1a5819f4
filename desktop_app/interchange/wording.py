"""What every export that people read says about a message: who, when, what went with it. Used by its writers."""

import time

from desktop_app.domain import answer_words
from desktop_app.domain.chat import Attachment, AttachmentKind, Message, Role
from desktop_app.domain.units import disk_words
from desktop_app.interchange.parcel import Aside
from desktop_app.interchange.values import LATEST, line

_FIRST_WORDS = 60
"""Characters."""


def speaker(message: Message) -> str:
    """Who says it: `You`, or the model's name."""
    return "You" if message.role is Role.USER else line(message.model) or "Answer"


def moment_words(seconds: float) -> str:
    """Unix time as the clock on the wall shows it, e.g. `2026-11-21 10:03`; empty when it is not known."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if 0 < seconds <= LATEST else ""


def under(message: Message) -> str:
    """The line of figures under an answer, and why it failed; empty for questions."""
    words = answer_words.under(message) if message.role is Role.ASSISTANT else ""
    return " · ".join(filter(None, (words, line(message.error, 500))))


def attached(attachment: Attachment) -> str:
    """An attachment in words, e.g. `Picture: plan.png (0.4 MB)`."""
    kind = "Picture" if attachment.kind is AttachmentKind.IMAGE else "Attached"
    facts = [line(attachment.note), disk_words(attachment.size) if attachment.size else ""]
    told = ", ".join(filter(None, facts))
    return f"{kind}: {line(attachment.name)}{f' ({told})' if told else ''}"


def first_words(message: Message) -> str:
    """The beginning of a message, on one line."""
    words = line(message.text, _FIRST_WORDS + 1)
    return words if len(words) <= _FIRST_WORDS else f"{words[:_FIRST_WORDS].rstrip()}…"


def place_words(aside: Aside) -> str:
    """Where another version stands, e.g. `version 1 of 3, after “Why is the sky blue?”`."""
    place = f"version {aside.place.number} of {aside.place.count}, " if aside.place.count > 1 else ""
    return f"{place}after “{first_words(aside.after)}”" if aside.after else f"{place}at the beginning"
