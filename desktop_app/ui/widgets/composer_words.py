"""What the composer says: about a file that hangs on a question, about the room in the context, about what is chosen.

Pure functions; the widgets of the composer call them, and the chat page for the chips of a conversation's settings.
"""

import re
from collections.abc import Sequence
from enum import Enum

from desktop_app.domain.chat import Attachment, AttachmentKind
from desktop_app.domain.sampling import ChatSettings, Mode, Preset, Sampling, StructureKind
from desktop_app.domain.units import disk_words
from desktop_app.services.chat_view import ContextState

FIRST_WORDS = 60
"""Characters of a question that waits which are shown."""
_WARN_SHARE = 0.8
"""Of the context in use: from here on people are told to expect its end."""
_PAGES = re.compile(r"\d+ pages?\b")


class Room(Enum):
    """How much of the context is left."""

    ENOUGH = ""
    LITTLE = "warn"
    NONE = "bad"


def room(context: ContextState) -> Room:
    """How much is left with what is written and attached."""
    if not context.limit:
        return Room.ENOUGH
    if context.total > context.limit:
        return Room.NONE
    return Room.LITTLE if context.total >= _WARN_SHARE * context.limit else Room.ENOUGH


def counter_words(context: ContextState) -> str:
    """What stands beside the button, e.g. `1,284 / 32,768`; empty when there is nothing to say."""
    about = "≈ " if context.estimated else ""
    if room(context) is Room.NONE:
        return f"{about}{_tokens(context.total - context.limit)} too many"
    if context.limit:
        return f"{about}{context.total:,} / {context.limit:,}"
    return f"{about}{_tokens(context.total)}" if context.total else ""


def short_counter_words(context: ContextState) -> str:
    """The same where there is no room for it, e.g. `86 %`."""
    return f"{context.total / context.limit:.0%}".replace("%", " %") if context.limit else counter_words(context)


def counter_sentence(context: ContextState) -> str:
    """The same in full sentences, for a tooltip and a screen reader."""
    about = "About " if context.estimated else ""
    if not context.limit:
        return f"{about}{_tokens(context.total)} in this chat." if context.total else ""
    share = f"{about}{context.total:,} of {context.limit:,} tokens: how much the model can keep in mind."
    mine = f" What you are writing takes {context.draft:,} of them." if context.draft else ""
    left = context.limit - context.total
    rest = f" {_tokens(left)} are left for the answer." if left > 0 else ""
    return f"{share}{mine}{rest}"


def too_many_words(context: ContextState) -> str:
    """What happens when this is sent all the same; empty when it fits."""
    if room(context) is not Room.NONE:
        return ""
    much = f"{'about ' if context.estimated else ''}{_tokens(context.total - context.limit)}"
    return f"This is {much} more than the model can keep in mind. When you send it, you choose what is left out."


def attachment_words(attachment: Attachment) -> str:
    """What stands behind the name of a file, e.g. `12 pages · 3,410 tokens`."""
    pages = _PAGES.match(attachment.note)
    size = size_words(attachment.size) if attachment.size else ""
    much = _attached_tokens(attachment) or size
    return " · ".join(part for part in (pages[0] if pages else "", much) if part)


def attachment_sentence(attachment: Attachment) -> str:
    """All that is known of a file, for a tooltip and a screen reader."""
    kind = "Picture" if attachment.kind is AttachmentKind.IMAGE else "File"
    size = size_words(attachment.size) if attachment.size else ""
    parts = (size, _attached_tokens(attachment), attachment.note)
    return f"{kind} “{attachment.name}”: {' · '.join(part for part in parts if part) or 'attached'}"


def _attached_tokens(attachment: Attachment) -> str:
    """What it takes of the context; of a picture nobody knows before it is sent."""
    about = "≈ " if attachment.kind is AttachmentKind.IMAGE else ""
    return f"{about}{_tokens(attachment.tokens)}" if attachment.tokens else ""


def size_words(size: int) -> str:
    """The size of a small file, e.g. `12 KB`; bytes in powers of ten, as on a disk."""
    return disk_words(size) if size >= 1_000_000 else f"{max(1, round(size / 1000))} KB"


def first_words(text: str) -> str:
    """The beginning of a question on one line, cut at a word."""
    line = " ".join(text[: 4 * FIRST_WORDS].split())
    if len(line) <= FIRST_WORDS and len(text) <= 4 * FIRST_WORDS:
        return line
    return f"{line[:FIRST_WORDS].rsplit(' ', 1)[0]}…"


def reading_words(names: Sequence[str]) -> str:
    """What is being read, e.g. `report.pdf` or `3 files`."""
    return names[0] if len(names) == 1 else f"{len(names)} files"


def choice_chips(settings: ChatSettings, presets: Sequence[Preset] = ()) -> tuple[str, ...]:
    """What is chosen for a conversation, a word or two each: the preset's name when it is one, or every choice."""
    if settings == ChatSettings():
        return ()
    preset = next((one.name for one in presets if one.settings == settings), "")
    if preset:
        return (preset,)
    chips = [Mode.COMPLETION.value] if settings.mode is Mode.COMPLETION else []
    if settings.system and settings.mode is Mode.CHAT:
        chips.append("System prompt")
    chips += _sampling_chips(settings.sampling)
    if settings.thinking is not None and settings.mode is Mode.CHAT:
        chips.append(f"Thinking {'on' if settings.thinking else 'off'}")
    if settings.structure.kind is not StructureKind.NONE:
        chips.append(settings.structure.kind.value)
    if settings.logprobs:
        chips.append("Probabilities")
    return tuple(chips)


def _sampling_chips(sampling: Sampling) -> list[str]:
    short = {
        "Temp": sampling.temperature,
        "Top P": sampling.top_p,
        "Top K": sampling.top_k,
        "Min P": sampling.min_p,
        "Seed": sampling.seed,
    }
    chips = [f"{name} {value:g}" if name != "Seed" else f"Seed {value}" for name, value in short.items() if _set(value)]
    if sampling.max_tokens is not None:
        chips.append(f"At most {sampling.max_tokens:,} tokens")
    penalties = (sampling.frequency_penalty, sampling.presence_penalty, sampling.repetition_penalty)
    if any(_set(one) for one in penalties):
        chips.append("Penalties")
    if sampling.stop:
        chips.append("Stop texts")
    if sampling.skip_special_tokens is False:
        chips.append("Special tokens")
    return chips


def _set(value: float | None) -> bool:
    return value is not None


def _tokens(count: int) -> str:
    return "1 token" if count == 1 else f"{count:,} tokens"
