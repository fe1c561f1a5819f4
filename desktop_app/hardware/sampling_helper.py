"""A program of its own that reads how busy the machine is and says so; started by `sampler`, imported by nobody else.

It pushes one line of JSON for every tick (`sampling_frames` says what is in it), so that whoever reads it wakes once
for each and never asks. The graphics cards are read by a thread (`card_watch`): a driver that hangs holds up nothing,
and one that crashes takes this program along, not the window. A frame that nobody has read yet keeps the next one back.

It hears lines of JSON with any of these: `{"pace": seconds between two frames, "details": whether to tell who holds
the cards' memory, "engines": [first process of each engine], "cards": whether to read the cards at all}`. It ends at
the end of its input and when its parent is gone.
"""

import array
import contextlib
import fcntl
import json
import os
import select
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from desktop_app.domain.clock import seconds_now
from desktop_app.hardware.cgroup import tightest_memory
from desktop_app.hardware.process_groups import ProcessGroups
from desktop_app.hardware.rapl import Rapl

if TYPE_CHECKING:
    from desktop_app.hardware.card_watch import CardWatch

FIRST_SECONDS = 0.1
"""How much time the first frame covers; every other covers the time since the one before it."""
_PACE_SECONDS = 2.0
"""Between two frames while nothing else was said."""
_SLOWEST_SECONDS = 3600.0
_CARDS_SECONDS = 0.05
"""How long the figures of the cards are waited for; when they take longer, the frame has those of the tick before."""
_WORDS_LIMIT = 1 << 16
"""Bytes of a line that is listened to; a thousand engines take 10 kB."""


class Core(NamedTuple):
    """How long a core was busy, and how much time it had in all, since the machine started. Seconds."""

    busy: float
    total: float

    def since(self, before: "Core") -> "Core":
        """The time since *before*; counters of some kernels go back a little at times."""
        return Core(max(0.0, self.busy - before.busy), max(0.0, self.total - before.total))

    @property
    def share(self) -> float:
        """0…1; 0 when no time has passed: the counters move in hundredths of a second."""
        return round(min(1.0, self.busy / self.total), 4) if self.total > 0 else 0.0


def read_cores() -> list[Core]:
    """Every core that is switched on."""
    # Not psutil.cpu_percent(), whose memory is not ours, and whose shares of all and of each would be two readings.
    return [_core(times._asdict()) for times in psutil.cpu_times(percpu=True)]


def _core(times: dict[str, float]) -> Core:
    # The time of guests is counted as the core's own already.
    total = sum(seconds for name, seconds in times.items() if not name.startswith("guest"))
    return Core(total - times["idle"] - times.get("iowait", 0.0), total)


def shares(before: list[Core], now: list[Core]) -> tuple[float, list[float]]:
    """The busy share of all cores together and of each; 0 when one was switched on or off meanwhile."""
    if len(now) != len(before):
        before = now
    grown = [core.since(old) for core, old in zip(now, before, strict=True)]
    both = Core(sum(core.busy for core in grown), sum(core.total for core in grown))
    return both.share, [core.share for core in grown]


class SamplingHelper:
    """Reads and tells until its input ends.

    Args:
        root: the folder that stands for `/`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._parent = os.getppid()
        self._heard = b""
        self._unsaid = b""
        self._pace = _PACE_SECONDS
        self._details = False
        self._watch: CardWatch | None = None
        self._group = tightest_memory(root)
        self._rapl = Rapl(root)
        self._groups = ProcessGroups(self._parent)
        self._groups.read(time.monotonic())
        self._cores = read_cores()
        self._ticked = time.monotonic()
        self._due = self._ticked + FIRST_SECONDS

    def run(self) -> None:
        """Until the end of the input, or of whom it is for."""
        os.set_blocking(1, False)
        while self._listen() and os.getppid() == self._parent:
            if time.monotonic() >= self._due:
                self._tick()

    def _listen(self) -> bool:
        """Wait for a word or the next tick; false at the end of the input."""
        if not select.select([0], [], [], max(0.0, self._due - time.monotonic()))[0]:
            return True
        data = os.read(0, _WORDS_LIMIT)
        *lines, heard = (self._heard + data).split(b"\n")
        self._heard = heard[:_WORDS_LIMIT]
        for line in lines:
            with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
                self._obey(json.loads(line))
        return bool(data)

    def _obey(self, words: dict[str, Any]) -> None:
        if "pace" in words:
            self._pace = min(_SLOWEST_SECONDS, max(FIRST_SECONDS, float(words["pace"])))
            self._due = min(self._due, self._ticked + self._pace)
        if "details" in words:
            self._details = bool(words["details"])
        if "engines" in words:
            self._groups.watch(int(pid) for pid in words["engines"])
        if "cards" in words:
            self._read_cards(bool(words["cards"]))

    def _read_cards(self, wanted: bool) -> None:
        if self._watch and not wanted:
            self._watch.close()
            self._watch = None
        elif wanted and not self._watch:
            from desktop_app.hardware.card_watch import CardWatch  # noqa: PLC0415 - most computers have no such card

            self._watch = CardWatch(self._root)
            # It may take the driver longer than the first tick to wake up.
            self._watch.poke(self._details)

    def _tick(self) -> None:
        now = time.monotonic()
        self._due = max(self._due + self._pace, now + self._pace / 2)
        if self._is_behind():
            return
        if not self._unsaid:
            self._unsaid = json.dumps(self.frame(now), separators=(",", ":")).encode() + b"\n"
            self._ticked = now
        # Of a frame that is larger than the pipe, the rest is said when there is room.
        with contextlib.suppress(BlockingIOError):
            self._unsaid = self._unsaid[os.write(1, self._unsaid) :]

    def frame(self, now: float) -> dict[str, Any]:
        """What is told at *now*, `time.monotonic()`, of the time since the last frame that was told."""
        at = seconds_now()
        if self._watch:
            self._watch.poke(self._details)
        before, self._cores = self._cores, read_cores()
        cpu, cores = shares(before, self._cores)
        used, total = self._memory()
        program, engine = self._groups.read(now)
        frame: dict[str, Any] = {
            "at": at,
            # Shares of other cores than before cover no time.
            "seconds": round(now - self._ticked, 4) if len(before) == len(self._cores) else 0,
            "cpu": cpu,
            "cores": cores,
            "used": used,
            "total": total,
            "program": [round(program.cpu, 4), program.memory_bytes, round(program.read), round(program.written)],
            "engine": [round(engine.cpu, 4), engine.memory_bytes, round(engine.read), round(engine.written)],
            "joules": self._rapl.joules(),
        }
        if self._watch:
            reading, engines = self._watch.latest(_CARDS_SECONDS), self._groups.engines
            for user in (user for card in reading["cards"] for user in card.get("users", ())):
                user["ours"] = user["pid"] in engines
            frame |= {"cards": reading["cards"], "note": reading["note"]}
        return frame

    def _memory(self) -> tuple[int, int]:
        """Used and usable bytes, of the control group where that is the tighter limit."""
        memory = psutil.virtual_memory()
        if self._group and self._group.limit_bytes < memory.total:
            used = self._group.used_bytes()
            if used is not None:
                return used, self._group.limit_bytes
        return memory.total - memory.available, memory.total

    def _is_behind(self) -> bool:
        """Whether something that was said is not read yet. Then the next frame tells of that time, too."""
        unread = array.array("i", [0])
        # Tells of a pipe how much is in it, at its writing end, too (pipe(7) names it for the reading one).
        fcntl.ioctl(1, termios.FIONREAD, unread)
        return unread[0] > 0


def main(arguments: list[str]) -> None:
    """Run; *arguments* are those of the process, the second one being the folder that stands for `/`."""
    with contextlib.suppress(BrokenPipeError):
        SamplingHelper(Path(arguments[1])).run()
    # A driver that hangs has a thread of ours, which nothing may wait for.
    os._exit(0)
