"""Stands between the program and vLLM, and sees to it that nothing of vLLM outlives either. Standard library only.

Run as a process of its own (`command()`); the *files* and folders that it is told (socket, TMPDIR, record) are removed
once nothing of vLLM is left. The process table here is also used by `leftovers` and `process`. Why it is needed: a
killed vLLM server leaves its engine process behind for ever, a killed window leaves everything behind, and neither a
new session nor a parent-death signal alone helps (https://github.com/vllm-project/vllm/issues/19849).

What it hears on standard input: `ready` (from now on a polite signal comes before SIGKILL) and `stop`; the end of the
input means `stop` too. What it says on standard output, a JSON object a line: `{"started": {"pid", "start",
"cut_off"}}` or `{"failed": why}`, then `{"exited": code, "asked": bool, "survivors": [pid]}`. `asked` says whether the
window's word or its end was the reason; the code is null when neither that was it nor the end of vLLM's first process:
somebody sent a signal to the supervisor, or ended another process of vLLM. vLLM's own words go to standard error.
"""

import contextlib
import functools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine import isolation, shared_memory
from desktop_app.engine.process_ends import ProcessEnds

POLITE_SECONDS = 3.0
"""How long vLLM may take after being asked; it takes 0.3 s when idle and 0.7 s while it streams."""
KILL_SECONDS = 10.0
"""How long dying may take after SIGKILL; a graphics driver can need seconds."""
_TRACKER_SECONDS = 2.0
"""How long Python's resource tracker is left alone: it removes the others' shared memory once they are gone."""
_STEP_SECONDS = 0.025
_LOOK_SECONDS = 1.0
"""How often it looks for what no signal tells, while that does not tell of itself either."""
_LAST_WORDS_SECONDS = 1.5
"""How long vLLM may go on without one of its processes. It needs five seconds itself, and says why in the first."""
_GLANCE_SECONDS = 0.1
_ALONE_SECONDS = 1.0
"""How long vLLM's server may take to end once its other processes have; it takes a tenth of that."""
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PART_NAMES = ("VLLM::", "vllm-desktop::")
"""How the names of vLLM's processes begin, with and without the prefix that `launch` gives."""
_NETWORK = "--network"
_RUN = (
    "import sys; sys.path.append(sys.argv.pop(1)); from desktop_app.engine import supervisor; supervisor.main(sys.argv)"
)


def command(argv: Sequence[str], leftovers: Iterable[Path], needs_network: bool = False) -> list[str]:
    """The command line of a supervisor of *argv*.

    Args:
        argv: the command line to run.
        leftovers: files and folders to remove when nothing of it is left, in this order.
        needs_network: neither cut *argv* off from the network nor take its handlers of SIGTERM away.
    """
    root = str(Path(__file__).parents[2])
    options = [_NETWORK] if needs_network else []
    return [sys.executable, "-I", "-S", "-c", _RUN, root, *options, *map(str, leftovers), "--", *argv]


# --- the process table ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One process. With the boot, pid and start identify it for good."""

    pid: int
    parent: int
    session: int
    start: float
    """Clock ticks since boot on Linux, Unix time elsewhere."""
    name: str


def entry(pid: int) -> Entry | None:
    """The process *pid*, or None when it is gone or only waits to be reaped."""
    if not Path("/proc/self/stat").exists():
        return table().get(pid)
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    # The name stands in brackets and may hold any character, brackets and spaces included.
    name, _, rest = text.partition("(")[2].rpartition(") ")
    fields = rest.split()
    # The first thread of a process can be dead while others still hold its memory.
    if fields[0] in "ZX" and int(fields[17]) <= 1:
        return None
    return Entry(pid, int(fields[1]), int(fields[3]), float(fields[19]), name)


def table() -> dict[int, Entry]:
    """Every living process."""
    if not Path("/proc/self/stat").exists():
        return _table_from_ps()
    found = (entry(int(name)) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - names are wanted
    return {item.pid: item for item in found if item is not None}


def _table_from_ps() -> dict[int, Entry]:
    """The same without /proc (macOS): the process group stands for the session, which vLLM never leaves."""
    command = ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,lstart=,comm="]
    environment = {"PATH": "/bin:/usr/bin", "LC_ALL": "C"}
    found: dict[int, Entry] = {}
    for line in subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    ).stdout.splitlines():
        fields = line.split(None, 9)
        if len(fields) == 10 and not fields[3].startswith("Z"):
            start = time.mktime(time.strptime(" ".join(fields[4:9])))
            found[int(fields[0])] = Entry(int(fields[0]), int(fields[1]), int(fields[2]), start, fields[9])
    return found


def family(processes: dict[int, Entry], roots: Iterable[int], sessions: Iterable[int] = ()) -> dict[int, Entry]:
    """The *roots*, all that descend from them, and all in *sessions*."""
    wanted, known = set(roots), set(sessions)
    found: dict[int, Entry] = {}
    while True:
        more = {
            pid: item
            for pid, item in processes.items()
            if pid not in found and (pid in wanted or item.session in known or item.parent in found)
        }
        if not more:
            return found
        found |= more


def is_tracker(pid: int) -> bool:
    """Whether *pid* is Python's resource tracker, which has to die last."""
    return b"multiprocessing.resource_tracker" in _line(pid)


def _line(pid: int) -> bytes:
    """The command line of a process; empty when it cannot be read."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def kill_all(find: Callable[[], dict[int, Entry]], seconds: float = KILL_SECONDS) -> list[int]:
    """SIGKILL what *find* finds until it finds nothing; what is still there after *seconds* is returned."""
    begin = time.monotonic()
    while left := find():
        elapsed = time.monotonic() - begin
        if elapsed > seconds:
            break
        for pid in left:
            if elapsed >= _TRACKER_SECONDS or not is_tracker(pid):
                send(pid, signal.SIGKILL)
        time.sleep(_STEP_SECONDS)
    return sorted(left)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


# --- the supervisor ---------------------------------------------------------------------------------------------------


def _say(**status: object) -> None:
    """One status line; the window may be gone by now."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(status).encode() + b"\n")


class Supervisor:
    """One run of vLLM, from its start until nothing of it is left."""

    def __init__(self, argv: list[str], files: list[str], needs_network: bool) -> None:
        self._argv = argv
        self._files = files
        self._needs_network = needs_network
        # vLLM takes both for the same wish, and SIGTERM ends its processes the hard way (`isolation`).
        self._polite = signal.SIGINT if sys.platform == "linux" and not needs_network else signal.SIGTERM
        self._parent = os.getppid()
        self._ready = False
        self._asked = False
        self._outside = False
        self._broken = False
        self._leader = 0
        self._code: int | None = None
        self._parts: dict[int, Entry] = {}
        self._incomplete_since = 0.0
        self._ends = ProcessEnds()
        self._pause: float | None = _LOOK_SECONDS
        self._heard = b""
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    def run(self) -> int:
        """Start, wait for the end or for the word to end it, clean up, report."""
        isolation.adopt_orphans()
        self._listen_to_signals()
        try:
            self._start()
        except OSError as error:
            _say(failed=str(error))
            return 1
        while self._code is None and not self._asked and not self._outside:
            self._wait(self._pause)
            self._look()
        by_itself = self._code is not None
        survivors = self._end()
        _say(exited=self._code if by_itself or self._asked else None, asked=self._asked, survivors=survivors)
        return 0

    def _listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (*_STOP_SIGNALS, signal.SIGCHLD):
            signal.signal(number, lambda _number, _frame: None)

    def _start(self) -> None:
        cut_off = not self._needs_network and isolation.can_cut_off()
        # One thread and an exec right after it: the fork is safe.
        process = subprocess.Popen(
            self._argv,
            stdin=subprocess.DEVNULL,
            stdout=2,
            start_new_session=True,
            umask=0o077,
            preexec_fn=functools.partial(isolation.before_exec, cut_off, not self._needs_network),  # noqa: PLW1509
        )
        self._leader = process.pid
        process.returncode = 0  # reaped below with every orphan, not by Popen
        found = entry(process.pid)
        start = found.start if found else 0.0
        _say(started={"pid": process.pid, "start": start, "cut_off": cut_off})

    def _wait(self, seconds: float | None) -> None:
        """Wait for a word, a signal or the death of a process."""
        watched = [self._wake_read, *self._ends.files] if self._asked else [self._wake_read, *self._ends.files, 0]
        readable, _, _ = select.select(watched, [], [], seconds)
        self._ends.forget(readable)
        if self._wake_read in readable:
            numbers = os.read(self._wake_read, 512)
            self._outside = self._outside or any(number in numbers for number in _STOP_SIGNALS)
        if 0 in readable:
            self._hear(os.read(0, 4096))
        self._reap()

    def _hear(self, data: bytes) -> None:
        """Words from the window; no data is its end."""
        *words, self._heard = (self._heard + data).split(b"\n")
        self._ready = self._ready or b"ready" in words
        self._asked = self._asked or not data or b"stop" in words

    def _look(self) -> None:
        """See what no signal tells: the end of the window, and of a process of vLLM that is not our child."""
        # In this order: what ends after the look tells of itself.
        told = self._ready and self._ends.watch([self._parent, *self._parts])
        self._asked = self._asked or os.getppid() != self._parent
        if not self._ready:
            # All parts are there before it is ready; looking at every process is not for free.
            found = family(table(), [self._leader], [self._leader])
            self._parts |= {pid: item for pid, item in found.items() if self._is_part(item, found)}
        whole = all(map(self._is_there, self._parts.values()))
        # Without a pause between looks, all were there until something woke it just now.
        if whole or self._pause is None:
            self._incomplete_since = time.monotonic()
        elif time.monotonic() - self._incomplete_since > _LAST_WORDS_SECONDS:
            self._outside = self._broken = True
        self._pause = None if told and whole else _LOOK_SECONDS

    def _is_part(self, item: Entry, found: dict[int, Entry]) -> bool:
        """Whether vLLM cannot do without this process; told by the name that it gives itself once it is imported."""
        if item.parent == self._leader and b"multiprocessing.spawn" in _line(item.pid):
            return True
        parent = found.get(item.parent)
        # A part that runs another program, e.g. a compiler, lends it its own name for a moment.
        return item.name.startswith(PART_NAMES) and parent is not None and parent.name != item.name

    @staticmethod
    def _is_there(part: Entry) -> bool:
        now = entry(part.pid)
        return now is not None and now.start == part.start

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == self._leader:
                self._code = os.waitstatus_to_exitcode(status)

    def _end(self) -> list[int]:
        """Stop everything; returns what could not be stopped."""
        memory = shared_memory.used_by(self._members())
        if self._ready and self._code is None and not self._broken:
            self._ask_to_end()
        survivors = kill_all(self._members)
        self._reap()
        if not survivors:
            shared_memory.remove(memory)
            for name in self._files:
                _remove(Path(name))
        return survivors

    def _ask_to_end(self) -> None:
        send(self._leader, self._polite)
        end = time.monotonic() + POLITE_SECONDS
        while self._code is None and (left := end - time.monotonic()) > 0:
            self._wait(min(left, _GLANCE_SECONDS))
            if self._parts and not any(map(self._is_there, self._parts.values())):
                # Its server can wait for ever for an answer that nobody writes any more to be read to its end.
                end = min(end, time.monotonic() + _ALONE_SECONDS)

    def _members(self) -> dict[int, Entry]:
        """All that is left: whoever lost its parent has become our child, whatever its session."""
        self._reap()
        found = family(table(), [os.getpid()], [self._leader])
        found.pop(os.getpid(), None)
        return found


def _remove(path: Path) -> None:
    """Remove a file, or a folder and all that is in it; what cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def main(arguments: list[str]) -> None:
    """Run what `command()` says; *arguments* are those of the process."""
    split = arguments.index("--")
    needs_network = _NETWORK in arguments[:split]
    files = [name for name in arguments[1:split] if name != _NETWORK]
    sys.exit(Supervisor(arguments[split + 1 :], files, needs_network).run())
