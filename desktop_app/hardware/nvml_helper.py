"""A program of its own that asks NVIDIA's driver how the graphics cards are, once or a few times; `nvml` starts it.

It stands apart because a driver that hangs or crashes must not take the window along. It answers each line on standard
input with one line of JSON, holds no CUDA context, and ends at the end of its input, thus with its parent. A driver
that does not answer ends it by SIGALRM.

The question is an empty line, or `users` to be told who holds the cards' memory, too. The answer: `{"note": "",
"driver": "580.95", "cards": [{"name", "uuid", "mig", "total", "free", "capability", "display", "users": [{"pid",
"name", "used"}]}]}`, sizes in bytes, `total` and `free` null for a card that shares the computer's memory, `capability`
two integers or null. Of a card that is divided (MIG) every instance is told of instead, `mig` being its profile. A
failure has no cards and a sentence as its note.
"""

import json
import signal
import sys
from types import ModuleType
from typing import Any

from desktop_app.hardware.nvml_cards import NO_CARDS, NO_INSTANCE, NOT_INSTALLED, described, sentence, text

HANG_SECONDS = 20
"""Longer than the slowest first answer seen of a driver without persistence mode, shorter than a person's patience."""


def main() -> None:
    """Answer line by line until the input ends."""
    driver = _Driver()
    for question in sys.stdin:
        signal.alarm(HANG_SECONDS)
        answer = driver.answer(users=question.strip() == "users")
        signal.alarm(0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class _Driver:
    """NVML, opened at the first question."""

    def __init__(self) -> None:
        self._nvml: ModuleType | None = None

    def answer(self, *, users: bool) -> dict[str, Any]:
        """All cards, or the sentence that says why there are none."""
        try:
            import pynvml  # noqa: PLC0415 - only after a question NVIDIA's library is loaded
        except ImportError:
            return _failure(NOT_INSTALLED)
        try:
            if self._nvml is None:
                pynvml.nvmlInit()
                self._nvml = pynvml
            return _cards(pynvml, users=users)
        except pynvml.NVMLError as error:
            return _failure(sentence(error))


def _cards(nvml: ModuleType, *, users: bool) -> dict[str, Any]:
    if not nvml.nvmlDeviceGetCount():
        return _failure(NO_CARDS)
    driver = text(nvml.nvmlSystemGetDriverVersion())
    cards = described(nvml, users=users)
    return {"note": "", "driver": driver, "cards": cards} if cards else _failure(NO_INSTANCE)


def _failure(note: str) -> dict[str, Any]:
    return {"note": note, "driver": "", "cards": []}


if __name__ == "__main__":
    main()
