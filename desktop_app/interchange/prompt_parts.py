"""What files of prompts have in common, whatever their form: names of columns, limits, and how an error says its line.

`prompt_csv`, `prompt_json` and `prompt_sets` use it.
"""

import re

from desktop_app.domain.experiment import MAX_PROMPTS

PROMPT = ("prompt", "question", "text")
"""What the column, or key, of the question may be called; the first one that is there counts."""
REFERENCE = ("reference", "answer", "expected")
NAME = ("name", "id")
MAX_PROMPT = 1_000_000
"""Characters of a prompt, and of a reference answer."""
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Signs that no text has; others, such as those for Arabic and Hebrew, are a person's business."""


class LineError(ValueError):
    """What is wrong in which line, as a sentence.

    Args:
        line: from 1; 0 for the whole file.
        words: begin with a capital letter.
    """

    def __init__(self, line: int, words: str) -> None:
        super().__init__(f"Line {line:,}: {words}" if line else words)


def fitting(text: str, line: int) -> str:
    """A text without signs that none has.

    Raises:
        LineError: it is too long.
    """
    if len(text) > MAX_PROMPT:
        raise LineError(line, f"A text in it is longer than {MAX_PROMPT:,} characters.")
    return _UNFIT.sub("\ufffd", text)


def within_limit(count: int) -> None:
    """Refuse more prompts than an experiment takes.

    Raises:
        LineError: there are more.
    """
    if count > MAX_PROMPTS:
        raise LineError(0, f"It has more than {MAX_PROMPTS:,} prompts. Divide it into several files.")
