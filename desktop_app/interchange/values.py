"""Reading values that nobody vouches for: files of chats come from other programs and other people.

Every reader of this room takes what it needs through these functions. What is of another kind counts as not there.
"""

import heapq
import math
import re
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

MAX_MESSAGES = 100_000
"""Of one conversation."""
MAX_TEXT = 20_000_000
"""Characters of one message or one document."""
MAX_IMAGE = 20_000_000
"""Bytes of one picture."""
MAX_ATTACHMENTS = 100
"""Of one message."""
MAX_LINE = 200
"""Characters of a title, a name, a model."""
LATEST = 253_402_300_799.0
"""Unix time of the end of the year 9999, after which no calendar goes on."""

_HALVES = re.compile("[\ud800-\udfff]")
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
"""Signs that a single line must not have: those that control a screen, and those that turn the direction of writing."""

K = TypeVar("K", bound=Hashable)


class DamagedError(ValueError):
    """What was to be read is not what it should be; the words say what."""


def text(value: object, most: int = MAX_TEXT) -> str:
    """A text, cut at *most* characters, without halves of characters; empty for anything else."""
    return _HALVES.sub("\ufffd", value[:most]) if isinstance(value, str) else ""


def line(value: object, most: int = MAX_LINE) -> str:
    """A text as a single line of visible signs; empty for anything else."""
    return " ".join(_UNFIT.sub(" ", value[: 4 * most]).split())[:most].rstrip() if isinstance(value, str) else ""


def file_name(value: object) -> str:
    """The last part of a path, as a name to show."""
    return line(re.split(r"[/\\]", value)[-1]) if isinstance(value, str) else ""


def number(value: object, most: float = 1e15) -> float:
    """A number from 0 to *most*; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.0
    return float(value) if 0 <= value <= most else 0.0


def whole(value: object) -> int:
    """A whole number from 0 to 10¹⁵; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**15 else 0


def moment(value: object) -> float:
    """Unix time in seconds, of a time in seconds, milli-, micro- or nanoseconds; 0 for anything else."""
    seconds = number(value, 1e20)
    while seconds > LATEST / 10:
        seconds /= 1000
    return seconds


def mapping(value: object) -> Mapping[str, Any]:
    """An object; empty for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object, most: int = MAX_MESSAGES) -> list[Any]:
    """A list of at most *most*; empty for anything else."""
    return value[:most] if isinstance(value, list) else []


def parents_first(parents: Mapping[K, K | None]) -> list[K]:
    """The keys of *parents*, each after its parent, otherwise in their order; those in a circle are left out.

    A parent that is no key counts as none.
    """
    keys = list(parents)
    order = {key: index for index, key in enumerate(keys)}
    below: dict[K, list[int]] = {}
    ready: list[int] = []
    for index, key in enumerate(keys):
        parent = parents[key]
        if parent is None or parent not in order:
            ready.append(index)
        else:
            below.setdefault(parent, []).append(index)
    sorted_keys: list[K] = []
    while ready:
        key = keys[heapq.heappop(ready)]
        sorted_keys.append(key)
        for index in below.get(key, ()):
            heapq.heappush(ready, index)
    return sorted_keys
