"""What an engine prints, the last 20 MB of it. `serving` owns one per engine and feeds it; the Log page looks into it.

A million lines a second may come: lines are kept as they are, in blocks of text, and understood when somebody looks at
them, or a few milliseconds' worth at every announcement. Records have running numbers; the oldest are dropped by block.
"""

import asyncio
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from desktop_app.domain.observable import Observable
from desktop_app.services.log_reading import Level, Mark, Owner, Record, mark_of, owner_of, record_of

LIMIT_BYTES = 20 * 1024 * 1024
_BLOCK_BYTES = 64 * 1024
_BLOCK_LINES = 512
"""Understanding so many lines takes about 2 ms: nobody who looks has to wait for more than one block."""
_ANNOUNCE_SECONDS = 1 / 30
_SURVEY_SECONDS = 0.004
"""Of every announcement's 33 ms."""
_PROCESS_NAMES = 250
_OVERHEAD_BYTES = 500
"""Of a block, beside its text."""


@dataclass
class _Block:
    """Lines one after the other. The last block of a log is open: its lines are a list; the others are one text."""

    first: int
    lines: list[str] = field(default_factory=list)
    """Empty once it is closed."""
    text: str = ""
    closed: bool = False
    count: int = 0
    size: int = _OVERHEAD_BYTES
    """Bytes of memory."""
    levels: bytearray = field(default_factory=bytearray)
    """`Level` of the lines that were understood so far."""
    processes: bytearray = field(default_factory=bytearray)
    """Numbers of process names, of the same lines."""
    tail: Owner = field(default_factory=Owner)
    """Of the last of these lines."""
    marks: dict[int, Mark] = field(default_factory=dict)
    """Lines, counted within the block, that mean something for the first error."""

    @property
    def end(self) -> int:
        return self.first + self.count

    def add(self, lines: list[str]) -> None:
        self.lines += lines
        self.count += len(lines)
        self.size += sum(map(len, lines)) + 3 * len(lines)

    def close(self) -> None:
        self.text = "\n".join(self.lines)
        self.lines = []
        self.closed = True
        self.size = sys.getsizeof(self.text) + 2 * self.count + _OVERHEAD_BYTES


@dataclass(frozen=True)
class Piece:
    """Lines one after the other, for whoever sifts them."""

    first: int
    """The number of the first line."""
    lines: Sequence[str]
    levels: bytes
    """`Level` of every line."""
    processes: bytes
    """Of every line, its process's place in `EngineLog.processes`."""
    text: str
    """At least these lines in one, as long as they are a whole block; otherwise empty."""

    @property
    def end(self) -> int:
        """The number after the last one."""
        return self.first + len(self.lines)


class EngineLog:
    """Lines, and what is known about them. Everything happens in the event loop.

    Args:
        limit_bytes: the memory that the lines may take.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self.limit = limit_bytes
        """The memory that the lines may take, in bytes."""
        self.dropped = False
        """Whether the oldest lines had to go."""
        self._blocks: list[_Block] = []
        self._end = 0
        self._bytes = 0
        self._counts = dict.fromkeys(Level, 0)
        self._surveyed = 0
        self._timer: asyncio.TimerHandle | None = None
        self._split = lru_cache(maxsize=16)(lambda text: text.split("\n"))
        self.processes: list[str] = [""]
        """Every process that was heard of; the first stands for lines that do not say theirs."""
        self.grew = Observable(0)
        """Counts up when lines came or went, or more is known about them; at most 30 times a second."""

    @property
    def oldest(self) -> int:
        """The number of the oldest record that is kept; `end` when there is none."""
        return self._blocks[0].first if self._blocks else self._end

    @property
    def end(self) -> int:
        """The number that the next record will have."""
        return self._end

    @property
    def size(self) -> int:
        """The memory that the kept lines take, in bytes."""
        return self._bytes

    @property
    def counts(self) -> dict[Level, int]:
        """How many of the kept lines have which level, as far as they are understood."""
        return dict(self._counts)

    def feed(self, lines: list[str]) -> None:
        """Take lines, none of which has a line break."""
        for start in range(0, len(lines), _BLOCK_LINES):
            self._append(lines[start : start + _BLOCK_LINES])
        self._drop_oldest()
        self._announce()

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        self._blocks.clear()
        self._bytes = 0
        self.dropped = False
        self._surveyed = self._end
        self._counts = dict.fromkeys(Level, 0)
        self._announce()

    def record(self, number: int) -> Record:
        """The record *number*; raises LookupError when it is not kept any more, or not there yet."""
        block = self._blocks[self._place(number)]
        self._understand(block)
        at = number - block.first
        owner = Owner(Level(block.levels[at]), self.processes[block.processes[at]])
        return record_of(number, self._lines(block)[at], owner)

    def first_error(self) -> int | None:
        """The line that names the first cause, else the first one with an error's level; None without either.

        Once the engine was ready, what failed since then comes first, as in `engine/failures`. Errors after somebody
        asked the engine to stop do not count, and neither do lines that are not understood yet: these are looked at
        within a second or so, and `grew` tells.
        """
        found: dict[Mark, int] = {}
        before_ready = None
        for number, mark in self._marks():
            if mark is Mark.SHUTDOWN:
                break
            if mark is Mark.READY:
                before_ready = _first(found, before_ready)
                found = {}
            found.setdefault(mark, number)
        return _first(found, before_ready)

    def piece(self, number: int) -> Piece:
        """The lines from *number* to the end of its block, understood; raises LookupError as `record` does."""
        block = self._blocks[self._place(number)]
        self._understand(block)
        at = number - block.first
        lines = self._lines(block)[at:]
        return Piece(number, lines, bytes(block.levels[at:]), bytes(block.processes[at:]), block.text)

    async def text(self, numbers: Sequence[int]) -> str:
        """These records as people copy them, one below the other; *numbers* go up. Those that are gone are left out."""
        rendered: list[str] = []
        wanted = 0
        for block in list(self._blocks):
            begin = bisect_left(numbers, block.first, wanted)
            wanted = bisect_left(numbers, block.end, begin)
            lines = self._lines(block)
            rendered += [_readable(lines[number - block.first]) for number in numbers[begin:wanted]]
            # A thread would take the interpreter from the window for 5 ms at a time; a block takes 4.
            await asyncio.sleep(0)
        return "\n".join(rendered)

    async def hand_over(self, numbers: Sequence[int], taker: Callable[[str], object]) -> None:
        """Give that text to *taker*."""
        taker(await self.text(numbers))

    async def save(self, numbers: Sequence[int], path: Path, tell: Callable[[str], object]) -> None:
        """Write that text to *path*; *tell* is told in words what became of it."""
        text = await self.text(numbers)
        try:
            await asyncio.to_thread(path.write_text, text + "\n", "utf-8", "replace")
        except OSError as error:
            tell(f"{path.name} could not be written: {error.strerror or error}.")
        else:
            tell(f"Saved as {path.name}.")

    def _append(self, lines: list[str]) -> None:
        if not self._blocks or self._blocks[-1].closed:
            self._blocks.append(_Block(self._end))
            self._bytes += _OVERHEAD_BYTES
        block = self._blocks[-1]
        self._bytes -= block.size
        block.add(lines)
        if block.count >= _BLOCK_LINES or block.size >= _BLOCK_BYTES:
            block.close()
        self._bytes += block.size
        self._end = block.end

    def _drop_oldest(self) -> None:
        while self._bytes > self.limit and len(self._blocks) > 1:
            block = self._blocks.pop(0)
            self.dropped = True
            self._bytes -= block.size
            for level in Level:
                self._counts[level] -= block.levels.count(level)

    def _place(self, number: int) -> int:
        """Where the block with *number* stands among the blocks."""
        if not self.oldest <= number < self._end:
            raise LookupError(f"no record {number}: {self.oldest} to {self._end - 1} are kept")
        return bisect_right(self._blocks, number, key=lambda block: block.first) - 1

    def _lines(self, block: _Block) -> list[str]:
        return self._split(block.text) if block.closed else block.lines

    def _understand(self, block: _Block) -> None:
        """Find out about those of its lines of which nothing is known yet."""
        known = len(block.levels)
        if known == block.count:
            return
        owner = block.tail if known else self._tail_before(block)
        for at, line in enumerate(self._lines(block)[known:], known):
            owner = owner_of(line, owner)
            block.levels.append(owner.level)
            block.processes.append(self._process(owner.process))
            self._mark(block, at, line, owner.level)
        block.tail = owner
        for level in Level:
            self._counts[level] += block.levels.count(level, known)

    @staticmethod
    def _mark(block: _Block, at: int, line: str, level: Level) -> None:
        """Remember what *line* means; after a cause only what ends the search for others."""
        last = next(reversed(block.marks.values()), None)
        if level is Level.ERROR and last in (Mark.CAUSE, Mark.SHUTDOWN):
            return
        mark = mark_of(line, level)
        if mark is not None and mark is not last:
            block.marks[at] = mark

    def _marks(self) -> Iterator[tuple[int, Mark]]:
        return ((block.first + at, mark) for block in self._blocks for at, mark in block.marks.items())

    def _tail_before(self, block: _Block) -> Owner:
        """What the lines before *block* belong to; unknown when nobody looked at them yet."""
        place = self._place(block.first)
        before = self._blocks[place - 1] if place else None
        return before.tail if before else Owner()

    def _process(self, name: str) -> int:
        try:
            return self.processes.index(name)
        except ValueError:
            if len(self.processes) >= _PROCESS_NAMES:
                return 0
            self.processes.append(name)
            return len(self.processes) - 1

    def _survey(self, deadline: float) -> bool:
        """Understand what is new, until *deadline*; whether there is more."""
        self._surveyed = max(self._surveyed, self.oldest)
        while self._surveyed < self._end:
            block = self._blocks[self._place(self._surveyed)]
            self._understand(block)
            self._surveyed = block.end
            if time.perf_counter() > deadline:
                break
        return self._surveyed < self._end

    def _announce(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_ANNOUNCE_SECONDS, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        behind = self._survey(time.perf_counter() + _SURVEY_SECONDS)
        self.grew.set(self.grew.value + 1)
        if behind:
            self._announce()


def _first(found: dict[Mark, int], otherwise: int | None) -> int | None:
    return found.get(Mark.CAUSE, found.get(Mark.ERROR, otherwise))


def _readable(raw: str) -> str:
    return record_of(0, raw, owner_of(raw, Owner())).line
