"""vLLM's words on their way from its pipe to the log on disk and, as lines, to the event loop; `process` uses it.

Reading happens on a thread of its own, so that neither a slow disk nor a flood of words holds up the window. What the
window cannot take in time is left out for it, never for the log: vLLM is not held up either.
"""

import asyncio
import contextlib
import os
import re
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

LOG_BYTES = 20 * 1024 * 1024
"""When the log file is this long, it becomes `engine.log.1` and a new one begins."""
LINE_BYTES = 1024 * 1024
"""A longer line is cut into pieces of this size."""
BATCH_LINES = 500
"""At most so many lines are handed over at a time: the window draws in between, every 16 ms."""
_PAUSE_SECONDS = 0.02
"""From one batch to the next; together with `BATCH_LINES` 25,000 lines a second."""
_BACKLOG_LINES = 20_000
_BACKLOG_BYTES = 4 * LINE_BYTES
"""Not more than that waits to be handed over, or the oldest of it is left out."""
_READ_BYTES = 1 << 14
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


class Backlog:
    """What was read and not yet handed over: as much as `_BACKLOG_BYTES` and `_BACKLOG_LINES` allow, the newest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: deque[tuple[bytes, int]] = deque()
        self._bytes = 0
        self._lines = 0
        self._left_out = 0
        self._splitter = LineSplitter()
        self._whole: deque[str] = deque()
        self._over = False

    def put(self, data: bytes) -> None:
        """Add what was read; called by the thread that reads."""
        count = data.count(b"\n")
        with self._lock:
            self._pieces.append((data, count))
            self._bytes += len(data)
            self._lines += count
            while len(self._pieces) > 1 and (self._bytes > _BACKLOG_BYTES or self._lines > _BACKLOG_LINES):
                self._left_out += max(1, self._pop()[1])

    def end(self) -> None:
        """Nothing more comes."""
        with self._lock:
            self._over = True

    def take(self) -> list[str]:
        """The next lines, at most `BATCH_LINES`; empty when there is none yet. Called by the one who listens."""
        while len(self._whole) < BATCH_LINES and self._split():
            pass
        return [self._whole.popleft() for _ in range(min(BATCH_LINES, len(self._whole)))]

    def _split(self) -> bool:
        """Make lines of the next piece; False when there is none."""
        with self._lock:
            left_out, self._left_out = self._left_out, 0
            data = self._pop()[0] if self._pieces else b""
            last = not data and self._over
        if left_out:
            # The lines before and behind the gap are no longer whole.
            self._whole.extend((*self._splitter.end(), gap(left_out)))
            self._whole.extend(self._splitter.feed(data[data.find(b"\n") + 1 :]))
        else:
            self._whole.extend(self._splitter.end() if last else self._splitter.feed(data))
        return bool(data)

    def _pop(self) -> tuple[bytes, int]:
        data, count = self._pieces.popleft()
        self._bytes -= len(data)
        self._lines -= count
        return data, count


def gap(lines: int) -> str:
    """What the window gets in place of so many lines."""
    return f"… {lines:,} lines left out here …"


class LogPump(threading.Thread):
    """Reads vLLM's words off the event loop, writes them to the log, and hands lines to the loop in batches."""

    def __init__(self, log: LogFile) -> None:
        super().__init__(name="engine-log", daemon=True)
        self._source, self.sink = os.pipe()
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._backlog = Backlog()
        self._listener: Callable[[list[str]], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._awake = False
        self._read_all = False
        self.finished: asyncio.Future[None] = self._loop.create_future()
        """Done when everything was read and handed over."""

    def start(self) -> None:
        """Begin to read; whoever was to inherit `sink` has it by now."""
        os.close(self.sink)
        super().start()

    def listen(self, listener: Callable[[list[str]], None]) -> None:
        """Hand everything to *listener*, what came before included; called on the loop."""
        self._listener = listener
        self._hand_over()

    def run(self) -> None:
        """Read until the last process that holds the other end is gone."""
        try:
            while data := os.read(self._source, _READ_BYTES):
                self._log.write(data)
                self._backlog.put(data)
                if not self._awake:
                    self._awake = True
                    self._call(self._look)
        finally:
            os.close(self._source)
            # A disk that is gone can refuse even this.
            with contextlib.suppress(OSError):
                self._log.close()
            self._backlog.end()
            self._read_all = True
            self._call(self._look)

    def _call(self, function: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(function)

    def _look(self) -> None:
        if self._timer is None:
            self._hand_over()

    def _hand_over(self) -> None:
        """Give one batch to the listener, and the next one after a pause in which others have their turn."""
        self._timer = None
        # Before the look, not after it: whatever comes from now on calls again.
        self._awake = False
        all_read = self._read_all
        lines = self._backlog.take() if self._listener else []
        if self._listener and lines:
            self._awake = True
            self._timer = self._loop.call_later(_PAUSE_SECONDS, self._hand_over)
            self._listener(lines)
        elif all_read and not self.finished.done():
            self.finished.set_result(None)
