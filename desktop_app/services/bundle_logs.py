"""The logs of the support bundle: the end of each, and the first error of an engine's. `bundle.py` is the only caller.

A log may have 100 MB: never more than some hundred kilobytes of it are in memory. Everything here blocks.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from desktop_app.services.log_reading import Mark, Owner, mark_of, owner_of, record_of

TAIL_BYTES = 200_000
"""Of each log, its end; a start of vLLM prints about 30 kB."""
_LINE_BYTES = 65_536
"""Of a longer line only the beginning is read when an error is searched for."""
_ERROR_LINES = 40
"""The line of the first error and what follows it: a traceback of vLLM has about 30."""
_ERROR_BYTES = 20_000
_MAY_MATTER = re.compile(
    rb"[Ee]rror|ERROR|CRITICAL|Exception|NotFound|Traceback|terminate called|startup complete|\[shutdown\]"
)
"""A quick look, since a log may have a million lines; `log_reading` decides."""


def tail(file: Path, size: int = TAIL_BYTES) -> str:
    """The last whole lines of *file*, *size* bytes at most; raises OSError."""
    with file.open("rb") as stream:
        length = stream.seek(0, os.SEEK_END)
        start = max(0, length - size)
        # One byte more tells whether a line begins there.
        stream.seek(max(0, start - 1))
        data = stream.read(size + 1 if start else size)
    if not start:
        return data.decode("utf-8", "replace")
    # Half a line may begin with half a key, which nobody would recognise as one.
    _, found, whole = data.partition(b"\n")
    if not found:
        return f"(A single line of more than {size:,} bytes is left out.)"
    return f"(The first {length - len(whole):,} bytes are left out.)\n" + whole.decode("utf-8", "replace")


def first_error(files: Iterable[Path]) -> str:
    """The first error in a log, with what follows it; *files* are its pieces, oldest first. Raises OSError.

    As `EngineLog.first_error`: the first line that names a cause, else the first one with an error's level; what failed
    before the engine was ready counts less than what failed after, and nothing counts that followed the wish to stop.
    """
    before_ready = ""
    wanting: dict[Mark, _Excerpt] = {}
    for line in _lines_of(files):
        for excerpt in wanting.values():
            excerpt.add(line)
        mark = _mark(line)
        if mark is Mark.SHUTDOWN:
            break
        if mark is Mark.READY:
            before_ready = _first(wanting) or before_ready
            wanting = {}
        elif mark is not None and mark not in wanting:
            wanting[mark] = _Excerpt(line)
    return _first(wanting) or before_ready or "No error stands in this log."


class _Excerpt:
    """A line and what follows it, as long as there is room."""

    def __init__(self, line: bytes) -> None:
        self._lines = [line]
        self._size = len(line)

    def add(self, line: bytes) -> None:
        self._size += len(line)
        if len(self._lines) < _ERROR_LINES and self._size < _ERROR_BYTES:
            self._lines.append(line)

    def text(self) -> str:
        return readable("\n".join(line.decode("utf-8", "replace") for line in self._lines))


def _first(found: Mapping[Mark, _Excerpt]) -> str:
    first = found.get(Mark.CAUSE) or found.get(Mark.ERROR)
    return first.text() if first else ""


def _mark(line: bytes) -> Mark | None:
    if not _MAY_MATTER.search(line):
        return None
    text = line.decode("utf-8", "replace")
    return mark_of(text, owner_of(text, Owner()).level)


def _lines_of(files: Iterable[Path]) -> Iterator[bytes]:
    """Every line of *files* without its end; of a very long one only whole words at its beginning."""
    for file in files:
        if not file.exists():
            continue
        with file.open("rb") as stream:
            goes_on = False
            while line := stream.readline(_LINE_BYTES):
                whole = line.endswith(b"\n") or len(line) < _LINE_BYTES
                if not goes_on:
                    yield line.rstrip(b"\r\n") if whole else line.rpartition(b" ")[0] + b" (and so on)"
                goes_on = not whole


def readable(text: str) -> str:
    """The lines of an engine's log as people read them: time, level, process, message."""
    return "\n".join(record_of(0, line, owner_of(line, Owner())).line for line in text.splitlines())
