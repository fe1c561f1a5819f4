"""What a cause of failure is, and how its sentence and its remedy are made of the numbers in the log.

The tables themselves stand in `failure_causes_system`, `…_model`, `…_memory` and `…_settings`; `failures` looks causes
up there. They were made from failures that were produced with vLLM 0.32, and from its source and that of PyTorch and
Transformers where a graphics card would be needed. A row is added when somebody meets a failure that is told badly; the
log goes to `tests/data/vllm_logs`.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from desktop_app.domain.errors import Fix, Remedy
from desktop_app.domain.flags import write_size
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import FlagValue, LaunchPlan
from desktop_app.domain.machine import Machine

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True)
class Found:
    """A cause that was found in a log."""

    text: str
    """What the exception says, with the lines that belong to it."""
    groups: Mapping[str, str]
    """The named parts of it; those that are not there are left out."""
    plan: LaunchPlan | None
    """What was started; None when nobody knows."""
    machine: Machine | None
    given: frozenset[str] = frozenset()
    """Settings that the log says were given, without dashes, e.g. `max-model-len`; empty when it does not say."""
    offered: frozenset[str] = frozenset()
    """Flags that vLLM says it has; empty when it does not say."""

    def number(self, name: str) -> float:
        """The part *name* as a number; 0 when it is none."""
        try:
            return float(self.groups.get(name, "").replace(",", ""))
        except ValueError:
            return 0.0

    def spelled(self, flag: str) -> str | None:
        """How *flag* is written where it was given; None when it was not."""
        if self.plan is None:
            return flag if not self.given or _plain(flag) in self.given else None
        return next((name for name, _ in self.plan.flags if _plain(name) == _plain(flag)), None)

    def value(self, flag: str) -> FlagValue | None:
        """What the plan sets *flag* to; None when it does not."""
        name = self.spelled(flag)
        return self.plan.get(name) if self.plan and name else None

    @property
    def on_card(self) -> bool:
        """Whether the engine is known to use a graphics card."""
        return self.plan is not None and self.plan.environment.kind is EngineKind.CUDA


def _plain(flag: str) -> str:
    return flag.lstrip("-").replace("_", "-").lower()


Mend = Callable[[Found], Fix | None]
"""Makes the fix of a cause; None when there is none in this case."""


@dataclass(frozen=True)
class Cause:
    """A cause: how its words look, and what to say.

    In title and reason `{…}` stands for a named part of the pattern, or for `folder` or `engine`; a part whose name
    ends with `_gib`, `_bytes` or `_size` is shown as a size. `{first:…}` is its first word, `{old:…}` what became of
    the flag that it is, `{near:…}` the flag that was probably meant; with `{…|words}` the words stand where there is
    none.
    """

    pattern: re.Pattern[str]
    title: str
    reason: str
    remedy: Remedy
    mend: Mend | None = None
    transient: bool = False
    """Whether it can pass by itself."""
    within: str = ""
    """A function that must stand in the traceback."""


def cause(
    pattern: str,
    title: str,
    reason: str,
    remedy: Remedy,
    mend: Mend | None = None,
    *,
    transient: bool = False,
    within: str = "",
) -> Cause:
    """A row of a table; a dot in *pattern* stands for the end of a line too."""
    return Cause(re.compile(pattern, re.DOTALL), title, reason, remedy, mend, transient, within)


def without(*flags: str) -> Mend:
    """Take *flags* away, as far as they are set; only the first when nobody knows what is set."""

    def mend(found: Found) -> Fix | None:
        known = found.plan or found.given
        named = [name for flag in (flags if known else flags[:1]) if (name := found.spelled(flag))]
        return taken_away(*named) if named else None

    return mend


def taken_away(*flags: str) -> Fix:
    """The fix that takes *flags* away."""
    return Fix(f"Start without {' and '.join(flags)}", tuple((name, None) for name in flags))


def with_flags(words: str, *flags: tuple[str, FlagValue | None]) -> Mend:
    """Set *flags*, whatever they were."""
    return lambda _found: Fix(words, flags)


def first_of(*mends: Mend) -> Mend:
    """The first of *mends* that has a fix."""
    return lambda found: next((fix for mend in mends if (fix := mend(found))), None)


def size_words(size: float) -> str:
    """A size in bytes, e.g. `7.4 GB` (of 2³⁰ bytes), `64 MB`."""
    if size >= GIB / 10:
        return f"{size / GIB:.1f} GB"
    return f"{size / MIB:.0f} MB" if size >= MIB else "almost nothing"


_UNITS = {"K": 1024.0, "M": float(MIB), "G": float(GIB), "b": 1.0}


def sized(name: str, value: str) -> str:
    """The part *name* of a cause as it is shown."""
    try:
        match name.rpartition("_")[2]:
            case "gib":
                return size_words(float(value) * GIB)
            case "bytes":
                return size_words(float(value))
            case "size":
                number, unit = value.split()
                return size_words(float(number) * _UNITS[unit[0]])
    except (ValueError, KeyError):
        pass
    return value


def conversation_room(size: float) -> tuple[str, str]:
    """The flag that gives *size* bytes, rounded down to 64 MiB, to conversations."""
    step = 64 * MIB
    return "--kv-cache-memory-bytes", write_size(max(step, int(size) // step * step))


def rounded_down(share: float) -> float:
    """A share with two digits, never more than it is."""
    return math.floor(share * 100 + 1e-6) / 100
