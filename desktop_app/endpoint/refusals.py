"""Refusals that mean the same whoever says them, in words: what a model or its template cannot do. Pure.

`errors.py` asks here first. The sentences that are looked for were captured from vLLM 0.32.
"""

import re

from desktop_app.domain.errors import Remedy, UserError

_CONTEXT = re.compile(r"maximum context length is (\d{1,12}) tokens")
_TOO_MUCH = re.compile(r"max_(?:completion_)?tokens=(\d{1,12}) cannot be greater than max_model_len=(\d{1,12})")
_NO_PICTURES = re.compile(
    r"is not a multimodal model|At most 0 image\(s\) may be provided|does not support image", re.IGNORECASE
)
_PICTURES = re.compile(r"At most (\d{1,9}) image\(s\) may be provided")


class NoTemplateError(UserError):
    """The model comes without a chat template: it can go on with a text, but not hold a conversation."""


def known(message: str, details: str) -> UserError | None:
    """The refusal *message* in words; None when it is none of these."""
    return _about_length(message, details) or _about_template(message, details) or _about_content(message, details)


def first_sentence(message: str) -> str:
    """The first line of what a server says, at most 200 characters."""
    return message.strip().partition("\n")[0][:200]


def _about_length(message: str, details: str) -> UserError | None:
    if found := _CONTEXT.search(message):
        return UserError(
            f"This conversation is longer than the model can keep in mind ({int(found[1]):,} tokens).",
            "Start a new chat, or ask with fewer words.",
            details=details,
        )
    if found := _TOO_MUCH.search(message):
        return UserError(
            f"Answers may have {int(found[1]):,} tokens, but this model keeps only {int(found[2]):,} in mind.",
            "Allow fewer tokens for an answer.",
            details=details,
        )
    return None


def _about_template(message: str, details: str) -> UserError | None:
    if "chat template" in message and "allowed" in message:
        return NoTemplateError(
            "This model cannot hold a conversation.",
            "It comes without a chat template, the rule by which questions and answers are written down. "
            "Models with “Instruct” or “Chat” in their name have one.",
            Remedy.CHOOSE_MODEL,
            details,
        )
    if "continue_final_message is set but" in message:
        return UserError(
            "This model cannot continue an answer.",
            "Its chat template, the rule by which questions and answers are written down, does not allow it. "
            "Ask again instead.",
            details=details,
        )
    return None


def _about_content(message: str, details: str) -> UserError | None:
    if _NO_PICTURES.search(message):
        return UserError(
            "This model does not understand pictures.",
            "Take the picture out, or choose a model that does.",
            Remedy.CHOOSE_MODEL,
            details,
        )
    if found := _PICTURES.search(message):
        count = "one picture" if int(found[1]) == 1 else f"{int(found[1]):,} pictures"
        return UserError(f"This model takes at most {count} in a conversation.", "Take some out.", details=details)
    if message.startswith("Grammar error"):
        return UserError(
            "The form that answers are held to cannot be used.", first_sentence(message).rstrip(":"), details=details
        )
    return None
