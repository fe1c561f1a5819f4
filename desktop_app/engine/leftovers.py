"""What running engines consist of, written down, so that a later start can end what an earlier one left behind.

`process` writes a record for every engine while it runs and removes it after a proved stop. `services` calls
`end_leftovers` when the program opens, and shows `strangers`. Nothing is ended that cannot be told by pid and start
time, within the same boot, to be ours and without an owner.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from desktop_app.engine import shared_memory
from desktop_app.engine.supervisor import PART_NAMES, Entry, entry, family, kill_all, table
from desktop_app.paths import EnginePlaces, Paths

_NAME = re.compile(r"[\w-]+")
"""What a key must look like, or a record's name could lead out of our folders."""
_KEY = re.compile(r"[0-9a-f]{10}")
"""What `ModelRef.key` looks like: without a record nothing else in the folder of sockets is an engine's."""
_FRESH_SECONDS = 60.0
"""A TMPDIR without a record that is younger may be that of an engine that another window starts just now."""


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
    """One run of an engine, as written to `EnginePlaces.record`."""

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


@dataclass(frozen=True)
class Stranger:
    """A process of a vLLM that is not ours, or of another data folder: to be shown, never touched."""

    pid: int
    name: str
    memory_bytes: int
    """Resident memory; of a graphics card's nothing is known here."""


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
    shared = dict.fromkeys((*record.shared_memory, *shared_memory.used_by(found)))
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


def write_record(file: Path, record: Record) -> None:
    """Replace the record in *file* in one step; an engine has one writer.

    Raises:
        OSError: the data folder cannot be written.
    """
    new = _unfinished(file)
    with open(new, "w", encoding="utf-8", opener=_private) as stream:
        stream.write(json.dumps(asdict(record)))
    new.replace(file)


def _unfinished(file: Path) -> Path:
    return file.with_name(f"{file.name}.new")


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def read_records(paths: Paths) -> dict[str, Record]:
    """The records of this boot that can be read, by the key of their engine."""
    found = {file.stem: read_record(file) for file in sorted(paths.records.glob("*.json"))}
    return {key: record for key, record in found.items() if record is not None}


def read_record(file: Path) -> Record | None:
    """The record in *file*; None when there is none that can be read or that belongs to this boot."""
    try:
        data = json.loads(file.read_text("utf-8"))
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
    """End every engine whose program is dead, and remove its socket, TMPDIR, shared memory and record.

    Engines of this very program and of another one that lives are left alone, and so are their records.
    """
    return await asyncio.to_thread(_end_leftovers, paths)


def _end_leftovers(paths: Paths) -> list[Leftover]:
    ended: list[Leftover] = []
    taken: set[str] = set()
    for places in _recorded(paths):
        if owned(places.record):
            taken.add(places.key)
        else:
            ended += end_leftover(places)
    _tidy(paths, taken)
    return ended


def _recorded(paths: Paths) -> list[EnginePlaces]:
    keys = sorted(file.stem for file in paths.records.glob("*.json"))
    return [paths.engine(key) for key in keys if _NAME.fullmatch(key)]


def _tidy(paths: Paths, taken: set[str]) -> None:
    """Remove sockets and TMPDIRs that no record tells of."""
    for item in paths.runtime.iterdir() if paths.runtime.is_dir() else ():
        key = item.stem if item.suffix == ".sock" else item.name
        if not _KEY.fullmatch(key) or key in taken:
            continue
        with contextlib.suppress(OSError):
            if item.suffix == ".sock":
                item.unlink()
            elif item.is_dir() and time.time() - item.stat().st_mtime > _FRESH_SECONDS:
                shutil.rmtree(item)


def owned(file: Path) -> bool:
    """Whether the program that wrote the record in *file* lives: this one, or another."""
    record = read_record(file)
    return record is not None and record.owner.fits(entry(record.owner.pid))


def end_leftover(places: EnginePlaces) -> list[Leftover]:
    """End what the record of one engine tells of, whoever wrote it, and remove its files; nothing without a record."""
    record = read_record(places.record)
    if record is None:
        clean_up(places, ())
        return []
    found, survivors = end(record)
    if not survivors:
        clean_up(places, record.shared_memory)
    return [Leftover(item.pid, item.name, item.pid not in survivors) for item in found.values()]


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


def clean_up(places: EnginePlaces, memory: Iterable[str]) -> list[str]:
    """Remove what a dead engine left: socket, shared memory, TMPDIR, record; gives the shared memory that stays.

    Raises:
        OSError: a file cannot be removed.
    """
    places.socket.unlink(missing_ok=True)
    left = shared_memory.remove(memory)
    shutil.rmtree(places.tmp, ignore_errors=True)
    _unfinished(places.record).unlink(missing_ok=True)
    places.record.unlink(missing_ok=True)
    return left


async def strangers(paths: Paths) -> list[Stranger]:
    """Processes of vLLM on this computer that are not engines of this data folder."""
    return await asyncio.to_thread(_strangers, paths)


def _strangers(paths: Paths) -> list[Stranger]:
    ours = {pid for record in read_records(paths).values() for pid in living(record)}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid not in ours and (name := _vllm_name(process.name(), process.cmdline())):
                found.append(Stranger(process.pid, name, process.memory_info().rss))
    return found


def _vllm_name(name: str, line: Sequence[str]) -> str:
    """What to call a process of vLLM; empty for any other one."""
    if name.startswith(PART_NAMES):
        # It has overwritten its command line with its whole name; the kernel keeps 15 letters.
        return line[0] if line and line[0].startswith(name) else name
    called = [Path(word).name for word in line[:3]]
    module = line[line.index("-m") + 1] if "-m" in line[1:4] and line.index("-m") + 1 < len(line) else ""
    if module.startswith("vllm.") or ("vllm" in called[:2] and "serve" in called):
        return "vLLM server"
    return ""


def _program(pid: int) -> str:
    """The file that a process runs; empty when it cannot be told."""
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).exe()
    return ""
