"""What the Log page says about a log, in words."""

from collections.abc import Sequence

from desktop_app.services.engine_log import EngineLog
from desktop_app.services.log_reading import Level
from desktop_app.ui.widgets.log_choice import Option

ANY = "*"
"""The key of "all processes"; no process can be called that."""
_LEVELS = {Level.OTHER: "All levels", Level.WARNING: "Warnings and errors", Level.ERROR: "Errors"}
_MIB = 1024 * 1024


def level_options() -> list[Option]:
    """The levels that a log can be filtered by; the key is the level's number."""
    return [(str(int(level)), words) for level, words in _LEVELS.items()]


def process_options(names: Sequence[str]) -> list[Option]:
    """The processes that a log can be filtered by; the key is the name, empty for lines that do not say theirs."""
    known = [(name, name) for name in sorted(names) if name]
    return [(ANY, "All processes"), *known, ("", "Without a name")] if known else [(ANY, "All processes")]


def summary(log: EngineLog, shown: int) -> str:
    """E.g. `1,204 lines · 12 warning lines · 3 error lines`: one traceback has many."""
    kept = log.end - log.oldest
    parts = [lines(kept) if shown == kept else f"{shown:,} of {lines(kept)}"]
    for level, kind in ((Level.WARNING, "warning"), (Level.ERROR, "error")):
        if count := log.counts[level]:
            parts.append(f"{count:,} {kind} line{'' if count == 1 else 's'}")
    if log.dropped:
        parts.append(f"older lines were dropped ({round(log.limit / _MIB)} MB are kept)")
    return " · ".join(parts)


def lines(count: int) -> str:
    """E.g. `1,204 lines`."""
    return f"{count:,} line{'' if count == 1 else 's'}"
