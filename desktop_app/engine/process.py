"""One run of vLLM as a child process: its start, its words, its end, and the proof that it ended.

Several may run at once; each has its own places (`paths.EnginePlaces`) and knows nothing of the others. `services`
makes one with `EngineProcess.start()` from what `launch` says, and asks `failures` when it ends unasked. vLLM is not
our child but the supervisor's; should the supervisor be killed, the recorded processes are ended from here.
"""

import asyncio
import contextlib
import json
import logging
import os
import shutil
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import psutil

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.engine import leftovers, supervisor
from desktop_app.engine.log_pump import LogFile, LogPump
from desktop_app.paths import EnginePlaces, Paths

OnLines = Callable[[list[str]], None]

_logger = logging.getLogger(__name__)

TAIL_LINES = 1000
"""A failure prints up to 700 lines, and its cause is among the first of them."""
TAIL_LINE_LENGTH = 32 * 1024
_STOP_SECONDS = supervisor.POLITE_SECONDS + supervisor.KILL_SECONDS + 5
_LAST_WORDS_SECONDS = 2.0
"""How long the log is waited for when every process is gone."""
_ABANDON_SECONDS = 2.0
"""How long a start that is cancelled waits for the end of what it had begun; that goes on in any case."""


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
    """What its processes had of the computer's memory before the stop; 0 when that could not be measured, or when
    not all of it is back."""
    survivors: tuple[int, ...]
    """Processes that could not be ended; empty is the proof that there is none."""
    released: bool
    """Whether it was seen that all memory is back: every process ended with its last thread, which is when the kernel
    takes back what it had (a driver what it had of a card), and none of their shared memory stands any more."""


class EngineProcess:
    """A running vLLM. Make one with `start()`; it is over when `wait()` returns."""

    def __init__(self, process: Process, leader: int, places: EnginePlaces, on_lines: OnLines) -> None:
        self._process = process
        self._on_lines = on_lines
        self._asked = False
        self._record = leftovers.begin_record(process.pid, leader)
        self._record_lock = asyncio.Lock()
        self._exit: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._survivors: tuple[int, ...] = ()
        self._released = False
        self._watcher: asyncio.Task[None] | None = None
        self._over = False
        self.places = places
        """Its socket, log and so on."""
        self.leader = leader
        """vLLM's first process."""
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        """The last lines that it printed."""

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        environment: Mapping[str, str],
        places: EnginePlaces,
        paths: Paths,
        on_lines: OnLines,
        *,
        needs_network: bool = False,
    ) -> "EngineProcess":
        """Start `argv` below a supervisor.

        Args:
            argv: its command line.
            environment: all that it sees of the environment.
            places: what is its own: the log is begun anew, TMPDIR is made.
            paths: the data folder that they are in.
            on_lines: hears what it prints, on the event loop: lines in batches of at most `log_pump.BATCH_LINES`.
            needs_network: leave it in our network; otherwise it is cut off from it where the kernel lets us.

        Raises:
            EngineError: the program in *argv* cannot be run, or this engine runs already, here or in another window.
            OSError: a folder, the log or the record cannot be written.
        """
        await asyncio.to_thread(_make_room, places, paths)
        files = (places.socket, places.tmp, places.record)
        pump = LogPump(LogFile(places.log))
        try:
            process = await asyncio.create_subprocess_exec(
                *supervisor.command(argv, files, needs_network),
                stdin=PIPE,
                stdout=PIPE,
                stderr=pump.sink,
                env=dict(environment),
                cwd=paths.engine_home,
                start_new_session=True,
            )
        finally:
            pump.start()
        over: Callable[[], Awaitable[object]] = process.wait
        try:
            engine = cls(process, await _leader(process), places, on_lines)
            pump.listen(engine._hear)
            engine._watcher = asyncio.create_task(engine._watch(pump))
            over = engine.wait
            await engine.refresh()
        except BaseException:
            # Cancelled, or no record could be written. The end of its input tells the supervisor to end everything.
            if process.stdin is not None:
                process.stdin.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over(), _ABANDON_SECONDS)
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
                await asyncio.to_thread(leftovers.write_record, self.places.record, self._record)

    async def _look(self) -> None:
        if self._record is not None:
            self._record = await asyncio.to_thread(leftovers.refresh, self._record)

    async def mark_ready(self) -> None:
        """From now on a stop is polite first: vLLM can end by itself only once it has loaded."""
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
        freed = memory if self._released else 0
        return StopReport(time.monotonic() - begin, freed, self._survivors, self._released)

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
        self._on_lines(lines)

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
            memory = self._record.shared_memory if self._record is not None else ()
            # A file that cannot be removed must not keep anybody waiting; the next start tries again.
            with contextlib.suppress(OSError):
                self._released = not leftovers.clean_up(self.places, memory)
        return tuple(survivors)


def _make_room(places: EnginePlaces, paths: Paths) -> None:
    """Folders there, nothing of an earlier run in the way: vLLM cannot bind where a file is.

    Raises:
        EngineError: this engine runs already.
        OSError: a folder cannot be made.
    """
    record = leftovers.read_record(places.record)
    if record is not None and leftovers.owned(places.record) and leftovers.living(record):
        raise _runs_already(record)
    leftovers.end_leftover(places)
    paths.make()
    shutil.rmtree(places.tmp, ignore_errors=True)
    places.tmp.mkdir(mode=0o700, exist_ok=True)


def _runs_already(record: leftovers.Record) -> EngineError:
    if record.owner.pid == os.getpid():
        title, reason = "This model is running already.", "Stop it first; if that was tried, its end takes long."
    else:
        title = "Another window of vLLM Desktop runs this model."
        reason = "It uses the same data folder. Stop the model there, or close that window."
    return EngineError(title, reason, Remedy.RETRY)


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
