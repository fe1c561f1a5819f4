"""Prompts as people bring them along: from a file, or from a set that the program ships.

`interchange/prompt_sets.py` reads and writes them, `services/compare_editing.py` makes an experiment's prompts of them.
"""

from dataclasses import dataclass

from desktop_app.domain.experiment import Prompt


@dataclass(frozen=True)
class PromptFile:
    """What a file of prompts says."""

    prompts: tuple[Prompt, ...]
    """Their ids are 0: the store gives them."""
    words: str
    """What was read and what was left out, e.g. `120 prompts, 80 with a reference answer; 2 empty rows left out.`"""


@dataclass(frozen=True)
class PromptSet:
    """A set of prompts that the program ships."""

    key: str
    """Name of its file, without the ending."""
    title: str
    description: str
    """What it shows, in a sentence or two."""
    prompts: tuple[Prompt, ...]
    """With checks of their own; their ids are 0."""
