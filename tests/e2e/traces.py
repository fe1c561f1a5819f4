"""What a run of the program has left on this machine: processes, shared memory, open ports. Looked for in /proc.

Nothing of the program's own book-keeping is believed here, except where it is what is tested.
"""

import contextlib
import json
import os
import signal
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from desktop_app.engine.leftovers import Record, read_records
from desktop_app.engine.supervisor import entry, table
from desktop_app.paths import Paths

_CELLS = """
SELECT *, (SELECT group_concat(text, '') FROM
           (SELECT text FROM cell_growth WHERE cell = cells.id ORDER BY begin)) AS grown
FROM cells ORDER BY experiment, prompt, column_id, repeat
"""


def processes_of(data: Path, but: int = 0) -> dict[int, str]:
    """Every living process that has to do with the data folder *data*, and why; the one with pid *but* is left out."""
    others = [pid for pid in table() if pid not in (os.getpid(), but)]
    return {pid: why for pid in others if (why := _mentions(pid, str(data)))}


def living(pids: Iterable[int]) -> list[int]:
    """Which of these processes live."""
    return [pid for pid in pids if entry(pid) is not None]


def record(data: Path) -> Record | None:
    """What the program wrote down about its running engine."""
    found = read_records(Paths(data))
    return next(iter(found.values()), None)


def everybody(data: Path) -> set[int]:
    """The processes of the engine, all of its session included."""
    known = record(data)
    if known is None:
        return set()
    members = {mark.pid for mark in known.members}
    return members | {pid for pid, item in table().items() if item.session == known.leader.pid}


def serving(data: Path) -> dict[str, list[int]]:
    """The supervisor and the first process of every engine that runs a model below *data*, by the model's folder.

    Of one that is just being started there may be the supervisor only.
    """
    below = Paths(data).models
    return {folder.name: pids for folder, pids in _engines().items() if folder.is_relative_to(below)}


def leader(folder: Path) -> int:
    """The first process of the engine that runs the model in *folder*; 0 as long as there is none."""
    pids = _engines().get(folder, [])
    return pids[1] if len(pids) > 1 else 0


@contextlib.contextmanager
def halted(pid: int) -> Iterator[None]:
    """Process *pid* stands still meanwhile: what it was doing can be looked at for as long as that takes."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def shared_memory(pids: Iterable[int]) -> set[Path]:
    """The files below /dev/shm that these processes have mapped."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/maps").read_text("utf-8", "replace").splitlines():
                name = line.partition("/dev/shm/")[2]
                if name and not name.endswith("(deleted)"):
                    found.add(Path("/dev/shm") / name)
    return found


def doors(pids: Iterable[int]) -> list[str]:
    """TCP ports and UDP sockets of these processes that another computer could reach."""
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            for open_ in psutil.Process(pid).net_connections("inet"):
                address = open_.laddr.ip if open_.laddr else ""
                if open_.status in (psutil.CONN_LISTEN, psutil.CONN_NONE) and address not in ("127.0.0.1", "::1", ""):
                    found.append(f"{pid}: {address} {open_.laddr.port}")
    return found


def turns(data: Path) -> list[dict[str, Any]]:
    """Every message on the disk, all versions and those taken out too, oldest first; `record` as it was read.

    What came of an answer since its row was written lies beside it, in pieces.
    """
    with contextlib.closing(sqlite3.connect(f"file:{Paths(data).database}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("SELECT * FROM messages ORDER BY id")]
        grown = [tuple(row) for row in database.execute("SELECT message, text FROM growth ORDER BY message, begin")]
    for row in rows:
        row["record"] = json.loads(row["record"] or "{}")
        row["text"] += "".join(text for message, text in grown if message == row["id"])
    return rows


def cells(data: Path) -> list[dict[str, Any]]:
    """Every answer of every experiment on the disk as far as it is, by prompt, column and repeat."""
    with contextlib.closing(sqlite3.connect(f"file:{Paths(data).database}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute(_CELLS)]
    for row in rows:
        row["text"] += row.pop("grown") or ""
    return rows


def files_with(data: Path, words: str) -> list[Path]:
    """Which files of the data folder *data* hold these words, but for the engine's own packages."""
    files = [file for file in data.rglob("*") if file.is_file() and not file.is_relative_to(Paths(data).engines)]
    return [file for file in files if words.encode() in file.read_bytes()]


def messages(data: Path) -> list[tuple[str, str, str]]:
    """Role, text and state of every message on the disk, oldest first."""
    return [(row["role"], row["text"], row["state"]) for row in turns(data)]


def _engines() -> dict[Path, list[int]]:
    """The processes that were told to run a model, by its folder, the oldest first."""
    found: dict[Path, list[int]] = {}
    for item in sorted(table().values(), key=lambda item: item.start):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{item.pid}/cmdline").read_text("utf-8", "replace").split("\0")
            if folder := dict(pairwise(words)).get("--model", ""):
                found.setdefault(Path(folder), []).append(item.pid)
    return found


def _mentions(pid: int, words: str) -> str:
    """Where process *pid* mentions *words*; empty when it does not, or may not be looked at."""
    for name in ("cwd", "exe"):
        with contextlib.suppress(OSError):
            if str(target := Path(f"/proc/{pid}/{name}").readlink()).startswith(words):
                return f"{name} {target}"
    for name in ("cmdline", "environ", "maps"):
        with contextlib.suppress(OSError):
            if words.encode() in Path(f"/proc/{pid}/{name}").read_bytes():
                return f"it is in its {name}"
    return ""
