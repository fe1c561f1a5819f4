"""What our own processes use: the window with its helpers, and the engines. Owned by `sampling_helper`.

Both are trees of processes, and vLLM's rename themselves and are adopted by others, so they are told apart by descent
alone: what descends from an engine's first process is engine, what else descends from the window is program. Nothing
here goes wrong when processes vanish between two looks or when their numbers are given to others.
"""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

from desktop_app.domain.machine import Usage

LOOK_SECONDS = 3.0
"""How often new processes are looked for. The known ones are read every time."""


class _Disk(NamedTuple):
    """Bytes from and to disks, those of children that were waited for included: so the kernel counts them."""

    read: int = 0
    written: int = 0

    def plus(self, other: "_Disk") -> "_Disk":
        return _Disk(self.read + other.read, self.written + other.written)

    def less(self, other: "_Disk") -> "_Disk":
        return _Disk(max(0, self.read - other.read), max(0, self.written - other.written))


class _Reading(NamedTuple):
    """One process at one moment; its counters run since it started."""

    parent: int
    cpu: float
    """Processor seconds."""
    private: int
    """Bytes of memory that nobody else has."""
    shared: int
    """Bytes of memory that others may have, too: libraries, files, memory between processes."""
    disk: _Disk


@dataclass
class _Member:
    """A process of ours, as it was read last."""

    process: psutil.Process
    engine: bool
    last: _Reading


class ProcessGroups:
    """Adds up what the window and its engines use.

    A group's memory is what each of its processes has for itself plus, once, the shared memory of the one that shares
    most. That is exact for one process, and for several too small by what only the others share. The exact figure (PSS)
    takes the kernel 5 ms for each GiB, during which it holds the engine's memory map; this one takes 5 µs.

    Args:
        window: the process at the top.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._engines: tuple[psutil.Process, ...] = ()
        self._members: dict[int, _Member] = {}
        self._debts: dict[int, _Disk] = {}
        self._read_at: float | None = None
        self._look_at = float("-inf")

    @property
    def engines(self) -> list[int]:
        """The engines' processes, as of the last reading."""
        return [pid for pid, member in self._members.items() if member.engine]

    def watch(self, engines: Iterable[int]) -> None:
        """Take these processes for the first ones of engines; those that are gone are left out."""
        found = []
        for pid in engines:
            with contextlib.suppress(psutil.Error, ValueError, OverflowError):
                # Known by its start from now on: should its number be given to another process, that is no engine.
                found.append(psutil.Process(pid))
        self._engines = tuple(found)
        self._look_at = float("-inf")

    def read(self, now: float) -> tuple[Usage, Usage]:
        """What the program and the engines use; the rates cover the time since the reading before.

        Args:
            now: seconds of a clock that only moves forward.
        """
        seconds = 0.0 if self._read_at is None else now - self._read_at
        self._read_at = now
        before = {pid: member.last for pid, member in self._members.items()}
        gone = self._refresh()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._look()
        disks = self._disks(before, gone)
        return self._sum(False, before, disks, seconds), self._sum(True, before, disks, seconds)

    def _refresh(self) -> dict[int, _Reading]:
        """Read every member; what it returns are the last readings of those that are gone."""
        gone: dict[int, _Reading] = {}
        for pid, member in list(self._members.items()):
            reading = _read(member.process, member.last.disk)
            if reading is None:
                gone[pid] = self._members.pop(pid).last
            else:
                member.last = reading
        return gone

    def _look(self) -> None:
        """Find the processes there are now, parents before their children."""
        roots = [root.pid for root in self._engines if root.is_running()]
        engine = dict.fromkeys(pid for root in roots for pid in _descent(root))
        program = dict.fromkeys(pid for pid in _descent(self._window) if pid not in engine)
        known, self._members = self._members, {}
        for found, is_engine in ((program, False), (engine, True)):
            for pid in found:
                member = known.get(pid) or _join(pid)
                if member:
                    member.engine = is_engine
                    self._members[pid] = member

    def _disks(self, before: dict[int, _Reading], gone: dict[int, _Reading]) -> dict[int, _Disk]:
        """What each process read and wrote since *before*, without what it inherited from children that ended.

        A child's counters are added to those of its parent when that waits for it, be they of the last hour: a finished
        download of 20 GB would be a peak of 20 GB in one tick. The counters of those that are *gone* are what their
        parents are about to inherit, in this reading or, when they were read a moment too early, in the next.
        """
        stale, fresh = self._debts, dict[int, _Disk]()
        for pid, last in reversed(gone.items()):
            own = last.disk.plus(fresh.pop(pid, _Disk())).plus(stale.pop(pid, _Disk()))
            fresh[last.parent] = fresh.get(last.parent, _Disk()).plus(own)
        self._debts, used = {}, {}
        for pid, member in self._members.items():
            grown = member.last.disk.less(before.get(pid, member.last).disk).less(stale.get(pid, _Disk()))
            used[pid] = grown.less(fresh.get(pid, _Disk()))
            # Not for longer: a child that nobody waited for is inherited by nobody.
            self._debts[pid] = fresh.get(pid, _Disk()).less(grown)
        return used

    def _sum(self, engine: bool, before: dict[int, _Reading], disks: dict[int, _Disk], seconds: float) -> Usage:
        cpu, private, shared, disk = 0.0, 0, 0, _Disk()
        for pid, member in self._members.items():
            if member.engine is engine:
                cpu += max(0.0, member.last.cpu - before.get(pid, member.last).cpu)
                private, shared = private + member.last.private, max(shared, member.last.shared)
                disk = disk.plus(disks[pid])
        if seconds <= 0:
            return Usage(memory_bytes=private + shared)
        return Usage(cpu / seconds, private + shared, disk.read / seconds, disk.written / seconds)


def _join(pid: int) -> _Member | None:
    """A process that is new to us; None when it is gone already."""
    try:
        process = psutil.Process(pid)
    except (psutil.Error, OSError):
        return None
    reading = _read(process, _Disk())
    return _Member(process, False, reading) if reading else None


def _read(process: psutil.Process, disk: _Disk) -> _Reading | None:
    """How a process is now; None when it is gone. *disk* stands where its counters may not be read (any more)."""
    try:
        if not process.is_running():
            return None
        with process.oneshot():
            parent, times, memory = process.ppid(), process.cpu_times(), process.memory_info()
            shared = min(memory.rss, getattr(memory, "shared", 0))
            with contextlib.suppress(psutil.AccessDenied, psutil.ZombieProcess, AttributeError, RuntimeError, OSError):
                counters = process.io_counters()
                disk = _Disk(counters.read_bytes, counters.write_bytes)
            return _Reading(parent, times.user + times.system, memory.rss - shared, shared, disk)
    except (psutil.Error, OSError):
        return None


def _descent(root: int) -> list[int]:
    """*root* and everything that descends from it, parents before their children."""
    found = [root]
    if Path(f"/proc/self/task/{os.getpid()}/children").exists():
        for pid in found:
            found += _children(pid)
    else:
        # A kernel without that list, or no Linux: every process of the computer is asked for its parent.
        with contextlib.suppress(psutil.Error):
            found += [child.pid for child in psutil.Process(root).children(recursive=True)]
    return found


def _children(pid: int) -> list[int]:
    """The children of a process, which the kernel lists thread by thread (proc(5)). 2 µs a thread."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names are wanted
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found += map(int, _content(f"/proc/{pid}/task/{thread}/children").split())
    return found


def _content(name: str) -> bytes:
    """A small file of the kernel; a third of the time that `Path` takes."""
    file = os.open(name, os.O_RDONLY)
    try:
        return os.read(file, 1 << 16)
    finally:
        os.close(file)
