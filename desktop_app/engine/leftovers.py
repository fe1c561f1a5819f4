"""What a running engine consists of, written down, so that a later start can end what an earlier one left behind.

`process` writes the record while an engine runs and removes it after a proved stop. `services` calls `end_leftovers`
before a start. Nothing is ended that cannot be told by pid and start time, within the same boot, to be ours.
"""

import asyncio
import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from desktop_app.engine.supervisor import Entry, entry, family, kill_all, table
from desktop_app.paths import Paths

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where the kernel puts POSIX shared memory


@dataclass(frozen=True)
class Mark:
    """What tells a process from every other one of this boot."""

    pid: int
    start: float
    """As `supervisor.Entry.start`."""

    @classmethod
    def of(cls, item: Entry) -> "Mark":
        """The mark of a process."""
        return cls(item.pid, item.start)

    def fits(self, item: Entry | None) -> bool:
        """Whether *item* is this very process."""
        return item is not None and (item.pid, item.start) == (self.pid, self.start)


@dataclass(frozen=True)
class Record:
    """One run of the engine, as written to `Paths.running`."""

    boot: str
    owner: Mark
    """The program that started it."""
    supervisor: Mark
    leader: Mark
    """vLLM's first process; its pid is the session of all the others."""
    program: str
    """The file that the leader runs."""
    members: tuple[Mark, ...] = ()
    """Every process seen so far, supervisor and leader included."""
    shared_memory: tuple[str, ...] = ()
    """Files below /dev/shm that they had mapped."""


@dataclass(frozen=True)
class Leftover:
    """A process that an earlier run left behind, and whether it is gone now."""

    pid: int
    name: str
    ended: bool


def boot() -> str:
    """What tells this boot from others."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return str(psutil.boot_time())


def begin_record(supervisor: int, leader: int) -> Record | None:
    """The record of an engine that has just started; None when it is gone again already."""
    owner, guard, first = entry(os.getpid()), entry(supervisor), entry(leader)
    if owner is None or guard is None or first is None:
        return None
    marks = (Mark.of(guard), Mark.of(first))
    return Record(boot(), Mark.of(owner), *marks, program=_program(leader), members=marks)


def refresh(record: Record) -> Record:
    """The record with every process and shared-memory file that there is now."""
    found = living(record)
    members = dict.fromkeys((*record.members, *(Mark.of(item) for item in found.values())))
    shared = dict.fromkeys((*record.shared_memory, *_shared_memory(found)))
    return Record(
        record.boot, record.owner, record.supervisor, record.leader, record.program, tuple(members), tuple(shared)
    )


def living(record: Record) -> dict[int, Entry]:
    """The processes of *record* that live: the recorded ones, their descendants, and their session."""
    processes = table()
    roots = [mark.pid for mark in record.members if mark.fits(processes.get(mark.pid))]
    found = family(processes, roots)
    for item in processes.values():
        if _in_session(item, record, processes):
            found |= family(processes, [item.pid])
    found.pop(os.getpid(), None)
    return found


def _in_session(item: Entry, record: Record, processes: dict[int, Entry]) -> bool:
    """Whether *item* is in the leader's session.

    The kernel does not reuse a pid while a session bears it. A session with another leader is another session; one
    whose leader is dead is ours when its processes are younger than ours and run the same program.
    """
    leader = processes.get(record.leader.pid)
    if item.session != record.leader.pid or item.start < record.leader.start:
        return False
    return record.leader.fits(leader) or (leader is None and _program(item.pid) == record.program != "")


def write_record(paths: Paths, record: Record) -> None:
    """Replace the record in one step.

    Raises:
        OSError: the data folder cannot be written.
    """
    text = json.dumps(asdict(record))
    handle, name = tempfile.mkstemp(dir=paths.running.parent, prefix=".running-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(paths.running)


def read_record(paths: Paths) -> Record | None:
    """The record of the last run; None when there is none that can be read or that belongs to this boot."""
    try:
        data = json.loads(paths.running.read_text("utf-8"))
        record = Record(
            boot=str(data["boot"]),
            owner=_mark(data["owner"]),
            supervisor=_mark(data["supervisor"]),
            leader=_mark(data["leader"]),
            program=str(data["program"]),
            members=tuple(_mark(item) for item in data["members"]),
            shared_memory=tuple(str(name) for name in data["shared_memory"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if record.boot == boot() else None


def _mark(data: dict[str, float]) -> Mark:
    pid = int(data["pid"])
    if pid <= 1:
        raise ValueError("no process of ours has this pid")
    return Mark(pid, float(data["start"]))


async def end_leftovers(paths: Paths) -> list[Leftover]:
    """End what an earlier run left behind, remove its socket and its record.

    An engine whose window still lives is left alone, and so is its record.
    """
    return await asyncio.to_thread(_end_leftovers, paths)


def _end_leftovers(paths: Paths) -> list[Leftover]:
    record = read_record(paths)
    if record is None:
        clean_up(paths, ())
        return []
    if _is_anothers(record):
        return []
    found, survivors = end(record)
    if not survivors:
        clean_up(paths, record.shared_memory)
    return [Leftover(item.pid, item.name, item.pid not in survivors) for item in found.values()]


def _is_anothers(record: Record) -> bool:
    return record.owner.pid != os.getpid() and record.owner.fits(entry(record.owner.pid))


def used_by_another(paths: Paths) -> bool:
    """Whether another living window runs an engine in this data folder."""
    record = read_record(paths)
    return record is not None and _is_anothers(record) and bool(living(record))


def end(record: Record) -> tuple[dict[int, Entry], list[int]]:
    """SIGKILL every process of *record*; returns whom it met and who is still there."""
    met: dict[int, Entry] = {}

    def find() -> dict[int, Entry]:
        # A process that is met once stays known, even when its parents are gone at the next look.
        found = living(record)
        left = {pid: item for pid, item in met.items() if Mark.of(item).fits(entry(pid))}
        met.update(found)
        return found | left

    return met, kill_all(find)


def clean_up(paths: Paths, shared_memory: Iterable[str]) -> None:
    """Remove the files of a dead engine: socket, record, shared memory, internal sockets and rendezvous files."""
    paths.socket.unlink(missing_ok=True)
    for name in shared_memory:
        remove_shared_memory(name)
    with contextlib.suppress(OSError):
        for file in paths.engine_tmp.iterdir():
            if stat.S_ISSOCK(file.lstat().st_mode) or file.name.startswith("vllm_dist_"):
                file.unlink(missing_ok=True)
    paths.running.unlink(missing_ok=True)


def remove_shared_memory(name: str) -> None:
    """Remove one file below /dev/shm that Python's multiprocessing made, if it is there."""
    file = _SHARED_MEMORY / Path(name).name
    if file.name.startswith(("psm_", "sem.mp-")):
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def _shared_memory(pids: Iterable[int]) -> set[str]:
    """Names below /dev/shm that these processes have mapped and that still stand there."""
    names = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/maps").read_text("utf-8", "replace").splitlines():
                path = line[line.find("/") :] if "/" in line else ""
                if path.startswith(f"{_SHARED_MEMORY}/") and not path.endswith(" (deleted)"):
                    names.add(Path(path).name)
    return names


def _program(pid: int) -> str:
    """The file that a process runs; empty when it cannot be told."""
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).exe()
    return ""
