"""How a question is written down for the model: normal form, special tokens and the chat template."""

from __future__ import annotations

USER = "<|user|>"
GUIDE = "<|guide|>"
END = "<|end|>"
SPECIAL_TOKENS = (END, USER, GUIDE)

MAX_WORDS = 32
"""Longer questions are cut here: the model is trained on short ones and would only guess beyond."""

REMOVED = "'’‘´"
"""Left out altogether, so that "don't" and "dont" are the same word."""

SPACED = '?!.,;:"()[]{}<>|/\\-_+=~`“”„«»…–—#&@'
"""Become a space, so that no answer hangs on punctuation."""


def normalise(question: str) -> str:
    """Return the question as the chat template writes it: lower case, no punctuation, at most MAX_WORDS."""
    text = question.lower()
    for char in REMOVED:
        text = text.replace(char, "")
    for char in SPACED:
        text = text.replace(char, " ")
    return " ".join(text.split()[:MAX_WORDS])


def prompt(normal_question: str) -> str:
    """Return what the model reads for a question that is already in normal form."""
    return f"{USER} {normal_question}{GUIDE}"


def chat_template() -> str:
    """Return the Jinja template: it keeps the last user message only and does what `normalise` does.

    The Guide has no memory, so system prompts and earlier turns would only confuse it.
    """
    steps = "".join(f".replace({_quoted(char)}, '')" for char in REMOVED)
    steps += "".join(f".replace({_quoted(char)}, ' ')" for char in SPACED)
    return (
        "{%- set asked = messages | selectattr('role', 'equalto', 'user') | list -%}\n"
        "{%- set question = (asked[-1]['content'] if asked else '') | string | lower -%}\n"
        f"{{%- set words = question{steps}.split() -%}}\n"
        f"{{{{- '{USER} ' + words[:{MAX_WORDS}] | join(' ') + '{GUIDE}' -}}}}\n"
        # An answer that was cut is continued where it ended.
        "{%- if messages and messages[-1]['role'] == 'assistant' -%}{{- messages[-1]['content'] -}}{%- endif -%}\n"
    )


def _quoted(char: str) -> str:
    """Return a Jinja string literal of one character."""
    if char == "\\":
        return "'\\\\'"
    return f'"{char}"' if char == "'" else f"'{char}'"
