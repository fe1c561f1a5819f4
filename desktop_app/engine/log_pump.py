"""vLLM's words on their way from its pipe to the log on disk and, as lines, to the event loop; `process` uses it.

Reading happens on a thread of its own, so that neither a slow disk nor a flood of words holds up the window.
"""

import asyncio
import contextlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

LOG_BYTES = 20 * 1024 * 1024
"""When the log file is this long, it becomes `engine.log.1` and a new one begins."""
LINE_BYTES = 1024 * 1024
"""A longer line is cut into pieces of this size."""
_LINE_END = re.compile(rb"[\r\n]+")


class LineSplitter:
    """Makes lines of bytes as they come: ended by LF, CR or both, none of them empty, none longer than `LINE_BYTES`."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that *data* completes."""
        # Only what is new is searched, or a long line would be searched again with every piece of it.
        first, *more = _LINE_END.split(data)
        if not more:
            self._rest += first
            return self._cut()
        whole = [self._rest + first, *more[:-1]]
        self._rest = more[-1]
        return [_text(line[start : start + LINE_BYTES]) for line in whole for start in range(0, len(line), LINE_BYTES)]

    def end(self) -> list[str]:
        """What is left when nothing more comes."""
        rest, self._rest = self._rest, b""
        return [_text(rest)] if rest else []

    def _cut(self) -> list[str]:
        lines = []
        while len(self._rest) >= LINE_BYTES:
            lines.append(_text(self._rest[:LINE_BYTES]))
            self._rest = self._rest[LINE_BYTES:]
        return lines


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


class LogFile:
    """The log on disk, readable by nobody else, never longer than twice `LOG_BYTES`."""

    def __init__(self, path: Path, limit: int = LOG_BYTES) -> None:
        self._path = path
        self._limit = limit
        self._file: int | None = None
        self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o600)
        self._size = 0

    def write(self, data: bytes) -> None:
        """Append; a full disk or a folder that is gone must not stop the engine: what cannot be written is lost."""
        with contextlib.suppress(OSError):
            if self._file is None or self._size + len(data) > self._limit:
                self._begin_anew()
            if self._file is not None:
                os.write(self._file, data)
        self._size += len(data)

    def _begin_anew(self) -> None:
        self.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        self._open()

    def close(self) -> None:
        """Done; a second time does nothing."""
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)


class LogPump(threading.Thread):
    """Reads vLLM's words off the event loop, writes them to the log, and hands lines to the loop in batches."""

    def __init__(self, log: LogFile) -> None:
        super().__init__(name="engine-log", daemon=True)
        self._source, self.sink = os.pipe()
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._early: list[str] = []
        self._listener: Callable[[list[str]], None] = self._early.extend
        self.finished: asyncio.Future[None] = self._loop.create_future()

    def start(self) -> None:
        """Begin to read; whoever was to inherit `sink` has it by now."""
        os.close(self.sink)
        super().start()

    def listen(self, listener: Callable[[list[str]], None]) -> None:
        """Hand everything to *listener*, what came before included."""
        self._listener = listener
        listener(self._early)

    def run(self) -> None:
        """Read until the last process that holds the other end is gone."""
        splitter = LineSplitter()
        try:
            while data := os.read(self._source, 1 << 16):
                self._log.write(data)
                self._hand_over(splitter.feed(data))
            self._hand_over(splitter.end())
        finally:
            os.close(self._source)
            # A disk that is gone can refuse even this.
            with contextlib.suppress(OSError):
                self._log.close()
            self._call(self._finish)

    def _finish(self) -> None:
        self.finished.set_result(None)

    def _hand_over(self, lines: list[str]) -> None:
        if lines:
            self._call(self._deliver, lines)

    def _deliver(self, lines: list[str]) -> None:
        self._listener(lines)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(function, *arguments)
