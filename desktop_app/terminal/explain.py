"""`vllm-desktop explain`: why an engine stopped, told from its log. No window, no network; nothing is changed.

A log of any size is read once, piece by piece, and only a bounded part of it is kept.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from desktop_app.domain.errors import EngineError, Fix, Remedy
from desktop_app.engine.failures import decisive_line, explain_reading
from desktop_app.engine.log_pump import LineSplitter
from desktop_app.engine.phases import PhaseReader
from desktop_app.engine.tracebacks import LogReading, cleaned

_PIECE = 1 << 20
_LONGEST_LINE = 64 * 1024
"""Of a longer line the rest is not looked at."""
_REMEDIES = {
    Remedy.RETRY: "Try again.",
    Remedy.INSTALL: "Install the engine again.",
    Remedy.CHOOSE_MODEL: "Choose another model, or download this one again.",
    Remedy.SETTINGS: "Change the settings it was started with.",
    Remedy.ENGINES: "Try another version of vLLM.",
    Remedy.SHOW_LOG: "Look at the log from this line on.",
}
CANNOT_READ = 2
"""The exit code when there is no log to explain."""


def run(path: Path | None, code: int | None) -> int:
    """Print why the engine stopped whose log is at *path*, and what to do.

    Args:
        path: the log; None or `-` for standard input.
        code: the engine's exit code, negative for a signal; None when it is not known.

    Returns:
        The exit code of the command: 0, or `CANNOT_READ`.
    """
    try:
        if path is None or str(path) == "-":
            told = _explained(sys.stdin.buffer, code)
        else:
            with path.open("rb") as log:
                told = _explained(log, code)
    except OSError as failure:
        print(_line(f"{path} cannot be read: {failure.strerror or failure}."), file=sys.stderr)
        return CANNOT_READ
    print("\n".join(map(_line, told.split("\n"))))
    return 0


def text(error: EngineError) -> str:
    """*error* for people: the sentence, what to do, and the words in the log that it was taken from."""
    lines = [error.sentence(), "", f"What to do: {_remedy(error)}"]
    if decisive := decisive_line(error):
        lines += ["", f"In the log: {decisive}"]
    return "\n".join(lines)


def _remedy(error: EngineError) -> str:
    if error.fix and error.fix.flags:
        return f"{error.fix.words}: {_flags(error.fix)}."
    words = _REMEDIES.get(error.remedy, "Look at the log.")
    return f"{words} It may pass by itself." if error.transient and error.remedy is not Remedy.RETRY else words


def _flags(fix: Fix) -> str:
    """What to write on vLLM's command line, and what to leave out."""
    written = [name if value is True else f"{name} {value}" for name, value in fix.flags if value not in (None, False)]
    left_out = [name for name, value in fix.flags if value in (None, False)]
    parts = [f"add {' '.join(written)}"] if written else []
    parts += [f"leave out {' and '.join(left_out)}"] if left_out else []
    return ", ".join(parts)


def _explained(log: BinaryIO, code: int | None) -> str:
    reading, reader = LogReading(), PhaseReader()
    for line in _lines(log):
        reading.feed(line)
        if not reading.served:
            reader.feed(line)
    if not reading.failed and code in (None, 0) and (reading.served or reading.empty):
        return "This log tells of no failure." if reading.served else "This log says nothing."
    return text(explain_reading(code, reading, None, None if reading.served else reader.progress.phase))


def _lines(log: BinaryIO) -> Iterator[str]:
    splitter = LineSplitter()
    while piece := log.read(_PIECE):
        for line in splitter.feed(piece):
            yield line[:_LONGEST_LINE]
    for line in splitter.end():
        yield line[:_LONGEST_LINE]


def _line(line: str) -> str:
    """One line that a terminal can print and does not obey."""
    return "".join(sign if sign.isprintable() else "?" for sign in cleaned(line))
