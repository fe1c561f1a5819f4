"""Which programs hold most of the computer's memory, and which processes are ours. Called by `probe`; reads only.

A process counts with what it has in memory without what it shares: exact for most programs, and unlike the exact
figure (PSS) it costs 50 µs a process and may be read of everybody's.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psutil

from desktop_app.domain.machine import MemoryUser, plain_name, together

_SHOWN = 8
_SMALL_BYTES = 100 << 20
"""Programs below it are not worth closing."""


@dataclass(frozen=True)
class Process:
    """A running process."""

    pid: int
    parent: int
    name: str
    used_bytes: int


def processes() -> list[Process]:
    """Every process that can be seen."""
    found = []
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                memory = process.memory_info()
                used = max(0, memory.rss - getattr(memory, "shared", 0))
                found.append(Process(process.pid, process.ppid(), plain_name(process.name()), used))
        except psutil.Error:
            continue
    return found


def family(table: Sequence[Process], roots: Iterable[int]) -> frozenset[int]:
    """The processes *roots* and everything that descends from them."""
    children: dict[int, list[int]] = {}
    for process in table:
        children.setdefault(process.parent, []).append(process.pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, ())
    return frozenset(found)


def largest(table: Iterable[Process], ours: frozenset[int]) -> tuple[MemoryUser, ...]:
    """The programs that hold most, the largest first, without this very program; *ours* are our engines' processes."""
    users = together(
        MemoryUser(process.name, process.used_bytes, process.pid in ours)
        for process in table
        if process.pid != os.getpid()
    )
    return tuple(user for user in users if user.used_bytes >= _SMALL_BYTES)[:_SHOWN]
