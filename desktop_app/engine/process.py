"""One run of vLLM as a child process: its start, its words, its end, and the proof that it ended.

`services` makes one with `EngineProcess.start()` from what `launch` says, and asks `failures` when it ends unasked.
vLLM is not our child but the supervisor's; should the supervisor be killed, the recorded processes are ended from here.
"""

import asyncio
import contextlib
import json
import logging
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psutil

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.engine import leftovers, supervisor
from desktop_app.engine.log_pump import LogFile, LogPump
from desktop_app.paths import Paths

_logger = logging.getLogger(__name__)

TAIL_LINES = 1000
"""A failure prints up to 700 lines, and its cause is among the first of them."""
TAIL_LINE_LENGTH = 32 * 1024
_STOP_SECONDS = supervisor.POLITE_SECONDS + supervisor.KILL_SECONDS + 5
_LAST_WORDS_SECONDS = 2.0
"""How long the log is waited for when every process is gone."""


@dataclass(frozen=True)
class Exit:
    """How vLLM ended."""

    code: int | None
    """As Python has it, a signal being negative; None when nobody can tell."""
    asked: bool
    """Whether we asked it to. Its code says nothing: it is 0 after a crash, too."""


@dataclass(frozen=True)
class StopReport:
    """What a stop achieved."""

    seconds: float
    freed_bytes: int
    survivors: tuple[int, ...]
    """Processes that could not be ended; empty is the proof that there is none."""


class EngineProcess:
    """A running vLLM. Make one with `start()`; it is over when `wait()` returns."""

    def __init__(self, process: Process, leader: int, paths: Paths, on_line: Callable[[str], None]) -> None:
        self._process = process
        self._paths = paths
        self._on_line = on_line
        self._asked = False
        self._record = leftovers.begin_record(process.pid, leader)
        self._record_lock = asyncio.Lock()
        self._exit: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._survivors: tuple[int, ...] = ()
        self._watcher: asyncio.Task[None] | None = None
        self._over = False
        self.leader = leader
        """vLLM's first process."""
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        """The last lines that it printed."""

    @classmethod
    async def start(
        cls, argv: Sequence[str], environment: Mapping[str, str], paths: Paths, on_line: Callable[[str], None]
    ) -> "EngineProcess":
        """Start `argv` below a supervisor; *on_line* hears every line that it prints, on the event loop.

        Raises:
            EngineError: the program in *argv* cannot be run, or another window runs an engine in this data folder.
            OSError: the log or the record cannot be written.
        """
        await asyncio.to_thread(_make_room, paths)
        pump = LogPump(LogFile(paths.engine_log))
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", supervisor.__file__, str(paths.socket), str(paths.running), "--", *argv),
                stdin=PIPE,
                stdout=PIPE,
                stderr=pump.sink,
                env=dict(environment),
                cwd=paths.engine_home,
                start_new_session=True,
            )
        finally:
            pump.start()
        try:
            engine = cls(process, await _leader(process), paths, on_line)
            pump.listen(engine._hear)
            engine._watcher = asyncio.create_task(engine._watch(pump))
            await engine.refresh()
        except BaseException:
            # Cancelled, or no record could be written. The end of its input tells the supervisor to end everything.
            if process.stdin is not None:
                process.stdin.close()
            raise
        return engine

    @property
    def pid(self) -> int:
        """The supervisor."""
        return self._process.pid

    async def refresh(self) -> None:
        """Write down the processes there are now: at every phase of a start, so that a later start finds them.

        Raises:
            OSError: the record cannot be written.
        """
        async with self._record_lock:
            await self._look()
            if self._record is not None and not self._over:
                await asyncio.to_thread(leftovers.write_record, self._paths, self._record)

    async def _look(self) -> None:
        if self._record is not None:
            self._record = await asyncio.to_thread(leftovers.refresh, self._record)

    async def mark_ready(self) -> None:
        """From now on a stop is polite first: vLLM listens to SIGTERM only once it has loaded."""
        self._tell(b"ready\n")
        await self.refresh()

    async def wait(self) -> Exit:
        """Wait until it is over, whoever ended it, and nothing of it is left."""
        return await asyncio.shield(self._exit)

    async def memory_bytes(self) -> int:
        """Memory of all its processes: proportional where the kernel counts that, resident otherwise."""
        record = self._record
        return await asyncio.to_thread(_memory, record) if record is not None else 0

    async def stop(self) -> StopReport:
        """End it and prove that it ended: no process, no socket, no shared memory of it is left."""
        begin = time.monotonic()
        memory = await self._last_look()
        self._asked = True
        self._tell(b"stop\n")
        try:
            await asyncio.wait_for(self.wait(), _STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self.wait()
        freed = 0 if self._survivors else memory
        return StopReport(time.monotonic() - begin, freed, self._survivors)

    async def _last_look(self) -> int:
        """See everybody once more before they are ended; gives their memory in bytes, 0 when it cannot be told."""
        try:
            async with self._record_lock:
                await self._look()
            return await self.memory_bytes()
        except Exception:
            # A stop must not depend on whether the processes can be looked at; the supervisor finds them itself.
            _logger.exception("The engine's processes could not be looked at")
            return 0

    def _tell(self, word: bytes) -> None:
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(word)

    def _hear(self, lines: list[str]) -> None:
        self.tail.extend(line[:TAIL_LINE_LENGTH] for line in lines)
        for line in lines:
            self._on_line(line)

    async def _watch(self, pump: LogPump) -> None:
        """Follow the supervisor to its end, then make sure of it. Whatever happens, nobody waits for ever."""
        status: dict[str, object] = {}
        try:
            status = await _next_status(self._process)
            await self._process.wait()
            async with self._record_lock:
                self._over = True
                self._survivors = await asyncio.to_thread(self._prove)
            await asyncio.wait([pump.finished], timeout=_LAST_WORDS_SECONDS)
        except Exception:
            _logger.exception("The end of the engine could not be proved")
            self._survivors = self._unproved()
        code = status.get("exited")
        asked = self._asked or bool(status.get("asked"))
        self._exit.set_result(Exit(code if isinstance(code, int) else None, asked))

    def _unproved(self) -> tuple[int, ...]:
        """The recorded processes that may be there still, when no proof was possible."""
        marks = self._record.members if self._record is not None else ()
        return tuple(mark.pid for mark in marks if psutil.pid_exists(mark.pid))

    def _prove(self) -> tuple[int, ...]:
        """End whatever is still there, and remove what it left on disk."""
        survivors: list[int] = []
        if self._record is not None:
            _, survivors = leftovers.end(self._record)
        if not survivors:
            # A file that cannot be removed must not keep anybody waiting; the next start tries again.
            with contextlib.suppress(OSError):
                leftovers.clean_up(self._paths, self._record.shared_memory if self._record is not None else ())
        return tuple(survivors)


def _make_room(paths: Paths) -> None:
    """Folders there, no socket of an earlier run in the way: vLLM cannot bind where a file is."""
    if leftovers.used_by_another(paths):
        reason = "It uses the same data folder. Stop the model there, or close that window."
        raise EngineError("Another window of vLLM Desktop runs a model.", reason, Remedy.RETRY)
    paths.make()
    paths.socket.unlink(missing_ok=True)


async def _next_status(process: Process) -> dict[str, object]:
    """The supervisor's next word; empty when it died without one."""
    if process.stdout is None:
        return {}
    # Neither a line that is none nor one without an end is a word of the supervisor.
    with contextlib.suppress(ValueError):
        status = json.loads(await process.stdout.readline())
        return status if isinstance(status, dict) else {}
    return {}


async def _leader(process: Process) -> int:
    """The pid of vLLM, from the supervisor's first word."""
    status = await _next_status(process)
    started = status.get("started")
    if isinstance(started, dict):
        return int(started["pid"])
    await process.wait()
    raise EngineError(
        "The engine could not be started.",
        "Its Python cannot be run; its folder may have been moved or removed.",
        Remedy.INSTALL,
        str(status.get("failed", "")),
    )


def _memory(record: leftovers.Record) -> int:
    total = 0
    for pid in leftovers.living(record):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            full = process.memory_full_info()
            total += int(getattr(full, "pss", 0) or full.rss)
    return total
