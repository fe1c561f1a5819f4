"""Stands between the program and vLLM, and sees to it that nothing of vLLM outlives either.

Run as a script of its own, `[sys.executable, "-I", "-S", <this file>, *files, "--", *argv]`, with the standard
library only: *argv* is vLLM, and the *files* (its socket, its record) are removed once nothing of it is left. The
process table here is also used by `leftovers` and `process`. Why it is needed: a killed vLLM server leaves its engine
process behind for ever, a killed window leaves everything behind, and neither a new session nor a parent-death signal
alone helps (https://github.com/vllm-project/vllm/issues/19849).

Where the kernel lets us, vLLM gets a network of its own in which there is nothing but loopback: then it cannot send a
byte anywhere, and the ports that its libraries open on 127.0.0.1 (gloo's, with nothing behind them) are reached by
nobody else. Its Unix socket is a file and works across.

What it hears on standard input: `ready` (from now on SIGTERM comes before SIGKILL) and `stop`; the end of the input,
SIGTERM, SIGINT and SIGHUP mean `stop` too. What it says on standard output, a JSON object a line:
`{"started": {"pid", "start", "cut_off"}}` or `{"failed": why}`, then `{"exited": code, "asked": bool,
"survivors": [pid]}`. vLLM's own words go to standard error.
"""

import contextlib
import ctypes
import fcntl
import functools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

POLITE_SECONDS = 5.0
"""How long vLLM may take after SIGTERM; it takes 0.3 s when idle and 0.7 s while it streams."""
KILL_SECONDS = 10.0
"""How long dying may take after SIGKILL; a graphics driver can need seconds."""
_TRACKER_SECONDS = 2.0
"""How long Python's resource tracker is left alone: it removes the others' shared memory once they are gone."""
_STEP_SECONDS = 0.025
_PARENT_CHECK_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


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
    if fields[0] in "ZX":
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
    try:
        return b"multiprocessing.resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


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


def _prctl(option: int, value: int) -> None:
    """Linux's prctl; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _say(**status: object) -> None:
    """One status line; the window may be gone by now."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(status).encode() + b"\n")


def _cut_off() -> None:
    """Give this process a network of its own with loopback only (network_namespaces(7), user_namespaces(7)).

    Raises:
        OSError: the kernel does not let us.
    """
    libc, user, group = ctypes.CDLL(None, use_errno=True), os.getuid(), os.getgid()
    flags = _CLONE_NEWNET if user == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")
    if flags & _CLONE_NEWUSER:
        # The same person inside as outside, and no rights gained: execve() drops them.
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def _can_cut_off() -> bool:
    """Whether `_cut_off()` works here, found out in a process that is thrown away."""
    if sys.platform != "linux":
        return False
    pid = os.fork()
    if pid == 0:
        try:
            _cut_off()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _before_exec(cut_off: bool) -> None:
    """In vLLM's process, before it becomes vLLM: die with the supervisor, and go first when memory runs out."""
    if cut_off:
        _cut_off()
    # After the change of namespaces, which would clear it.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")


class Supervisor:
    """One run of vLLM, from its start until nothing of it is left."""

    def __init__(self, argv: list[str], files: list[str]) -> None:
        self._argv = argv
        self._files = files
        self._parent = os.getppid()
        self._ready = False
        self._asked = False
        self._leader = 0
        self._code: int | None = None
        self._heard = b""
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    def run(self) -> int:
        """Start, wait for the end or for the word to end it, clean up, report."""
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self._listen_to_signals()
        try:
            self._start()
        except OSError as error:
            _say(failed=str(error))
            return 1
        while self._code is None and not self._asked:
            self._wait(_PARENT_CHECK_SECONDS)
            self._asked = self._asked or os.getppid() != self._parent
        survivors = self._end()
        _say(exited=self._code, asked=self._asked, survivors=survivors)
        return 0

    def _listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (*_STOP_SIGNALS, signal.SIGCHLD):
            signal.signal(number, lambda _number, _frame: None)

    def _start(self) -> None:
        cut_off = _can_cut_off()
        # One thread and an exec right after it: the fork is safe.
        process = subprocess.Popen(
            self._argv,
            stdin=subprocess.DEVNULL,
            stdout=2,
            start_new_session=True,
            umask=0o077,
            preexec_fn=functools.partial(_before_exec, cut_off),  # noqa: PLW1509
        )
        self._leader = process.pid
        process.returncode = 0  # reaped below with every orphan, not by Popen
        found = entry(process.pid)
        start = found.start if found else 0.0
        _say(started={"pid": process.pid, "start": start, "cut_off": cut_off})

    def _wait(self, seconds: float) -> None:
        """Wait for a word, a signal or the death of a child."""
        watched = [self._wake_read] if self._asked else [self._wake_read, 0]
        readable, _, _ = select.select(watched, [], [], seconds)
        if self._wake_read in readable:
            numbers = os.read(self._wake_read, 512)
            self._asked = self._asked or any(number in numbers for number in _STOP_SIGNALS)
        if 0 in readable:
            self._hear(os.read(0, 4096))
        self._reap()

    def _hear(self, data: bytes) -> None:
        """Words from the window; no data is its end."""
        *words, self._heard = (self._heard + data).split(b"\n")
        self._ready = self._ready or b"ready" in words
        self._asked = self._asked or not data or b"stop" in words

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
        if self._ready and self._code is None:
            send(self._leader, signal.SIGTERM)
            end = time.monotonic() + POLITE_SECONDS
            while self._code is None and (left := end - time.monotonic()) > 0:
                self._wait(left)
        survivors = kill_all(self._members)
        self._reap()
        if not survivors:
            for name in self._files:
                with contextlib.suppress(OSError):
                    Path(name).unlink(missing_ok=True)
        return survivors

    def _members(self) -> dict[int, Entry]:
        """All that is left: whoever lost its parent has become our child, whatever its session."""
        self._reap()
        found = family(table(), [os.getpid()], [self._leader])
        found.pop(os.getpid(), None)
        return found


if __name__ == "__main__":
    _split = sys.argv.index("--")
    sys.exit(Supervisor(sys.argv[_split + 1 :], sys.argv[1:_split]).run())
