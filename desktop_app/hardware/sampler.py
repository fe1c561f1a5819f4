"""How busy the machine is, frame by frame, as long as somebody looks. Owned by `services.gauges`.

The figures are read by a helper process (`sampling_helper`), which pushes one line for every tick: a driver that
crashes takes the helper along, not the window, and the window wakes once for every frame. A helper that ends is started
again, one that says nothing any more is replaced, and when reading the graphics cards seems to be what ends it, they
are left out for a while. While nobody looks there is no helper and no timer.
"""

import asyncio
import contextlib
import json
import logging
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from desktop_app.domain.machine import Attention, MachineSample
from desktop_app.hardware.nvml import driver_note
from desktop_app.hardware.sampling_frames import LINE_LIMIT, parse_frame

CARDS_NOTE = "The program that reads the graphics cards ended twice. They are read again in a minute."
HELD_NOTE = "The NVIDIA driver holds on to a program that asked it. It is asked again when it has let go."
PATIENCE_SECONDS = 5.0
"""A helper that has said nothing for this time is replaced, at the latest after twice as long."""
REST_SECONDS = 60.0
"""An end this soon after another one is a reason to leave the cards out, and that for as long."""
_TIRED_SECONDS = 10.0
"""How long the next start waits when even a helper that leaves the cards out does not stay."""
_HELD_SECONDS = 3.0
"""A killed helper that is there for longer hangs in a driver."""
_REAP_SECONDS = 2.0
"""How long the end waits for killed helpers; one that is stuck in a driver goes when that lets it."""
_RUN = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from desktop_app.hardware import sampling_helper; sampling_helper.main(sys.argv)"
)

Hear = Callable[[MachineSample], None]

_logger = logging.getLogger(__name__)


class Sampler:
    """Reads processor, memory, cards and what our own processes use.

    Args:
        root: the folder that stands for `/`.
        command: how to start the helper; our own by default.
        patience: seconds that a helper may be silent.
        rest: seconds that the cards are left out after the helper ended twice.
    """

    def __init__(
        self,
        root: Path = Path("/"),
        command: Sequence[str] | None = None,
        patience: float = PATIENCE_SECONDS,
        rest: float = REST_SECONDS,
    ) -> None:
        self._root = root
        self._command = list(command or (sys.executable, "-I", "-c", _RUN, str(Path(__file__).parents[2]), str(root)))
        self._patience = patience
        self._attention = Attention.NOBODY
        self._engines: tuple[int, ...] = ()
        self._woken = asyncio.Event()
        self._helper: _Helper | None = None
        self._helpers: set[_Helper] = set()
        self._ends = _Ends(rest)
        self._driver = self._cards = False
        self._silent = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """The running helper; None while there is none."""
        return self._helper.pid if self._helper else None

    def look(self, attention: Attention) -> None:
        """Say who looks. The pace changes at once; after NOBODY the first frame comes as soon as it can be read."""
        if attention is not self._attention:
            self._attention = attention
            self._tell_pace()
            self._woken.set()

    def watch(self, engines: Iterable[int]) -> None:
        """Say which processes are engines: they and all that descends from them count as such.

        Args:
            engines: their first processes; best the supervisors, for those adopt what loses its parent.
        """
        told = tuple(engines)
        if told != self._engines:
            self._engines = told
            if self._helper:
                self._helper.tell(engines=told)

    async def run(self, hear: Hear) -> None:
        """Have *hear* hear every frame, on the event loop, until cancelled; then no helper is left."""
        try:
            while True:
                self._woken.clear()
                await self._arrange(hear)
                await self._woken.wait()
        finally:
            self._part()
            if left := [helper.gone for helper in self._helpers]:
                await asyncio.wait(left, timeout=_REAP_SECONDS)

    async def _arrange(self, hear: Hear) -> None:
        """Have a helper while somebody looks, and none while nobody does."""
        if self._helper and self._helper.over:
            _logger.warning("The program that reads the machine ended with code %s.", self._helper.code)
            self._ends.add(time.monotonic(), with_cards=self._cards)
            self._part()
        if self._attention is Attention.NOBODY:
            self._part()
        elif self._helper is None:
            wait = self._ends.start_at - time.monotonic()
            if wait > 0:
                self._later(wait, self._woken.set)
            else:
                await self._start(hear)

    async def _start(self, hear: Hear) -> None:
        loop = asyncio.get_running_loop()
        helper = _Helper(lambda line: self._on_line(helper, line, hear), self._woken.set)
        try:
            # A session of its own: Ctrl+C in a terminal is for the window, which ends the helper itself.
            await loop.subprocess_exec(
                lambda: helper, *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True
            )
        except OSError:
            _logger.exception("The program that reads the machine could not be started.")
            self._ends.add(time.monotonic(), with_cards=False)
            self._woken.set()
            return
        self._helper = helper
        self._helpers.add(helper)
        helper.gone.add_done_callback(lambda _: self._on_gone(helper))
        # Asked every time: a driver can be installed while the window is open.
        self._driver, self._cards = not driver_note(self._root), False
        self._tell_pace()
        helper.tell(engines=self._engines)
        self._tell_cards()
        self._silent = 0
        self._later(self._patience, self._watch_over)

    def _part(self) -> None:
        """Let go of the helper, without waiting: one that is stuck in a driver would take its time."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._helper:
            self._helper.kill()
            self._helper = None

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, do)

    def _watch_over(self) -> None:
        """See that the helper talks. One slow timer: qasync keeps every cancelled one until its time has come."""
        if self._helper:
            self._silent += 1
            if self._silent >= 2:
                self._helper.kill()
                self._woken.set()
            else:
                self._later(self._patience, self._watch_over)

    def _tell_pace(self) -> None:
        if self._helper and self._attention is not Attention.NOBODY:
            self._helper.tell(pace=self._attention.value, details=self._attention is Attention.PAGE)

    def _tell_cards(self) -> None:
        """Have the cards read if there are any, unless that seems to end helpers, or an older one hangs in the driver.

        One that hangs cannot even be killed, and whoever asks the driver beside it would hang as well: were it asked
        each time that the window is shown, there would be ever more of them.
        """
        if self._helper and self._driver and not self._cards and not self._held():
            self._cards = time.monotonic() >= self._ends.cards_at
            if self._cards:
                self._helper.tell(cards=True)

    def _held(self) -> list[float]:
        """When each of the helpers was killed that are there all the same."""
        return [helper.killed_at for helper in self._helpers if helper is not self._helper]

    def _why_no_cards(self) -> str:
        """Empty as long as it need not be told: a killed helper is gone within moments."""
        now = time.monotonic()
        if now < self._ends.cards_at:
            return CARDS_NOTE
        return HELD_NOTE if now - min(self._held(), default=now) > _HELD_SECONDS else ""

    def _on_gone(self, helper: "_Helper") -> None:
        self._helpers.discard(helper)
        self._tell_cards()

    def _on_line(self, helper: "_Helper", line: bytes, hear: Hear) -> None:
        if helper is not self._helper:
            return
        try:
            sample = parse_frame(line)
        except ValueError as error:
            _logger.debug("A line of the program that reads the machine was left out: %s", error)
            return
        self._silent = 0
        self._tell_cards()
        if self._driver and not self._cards:
            sample = replace(sample, gpu_note=self._why_no_cards())
        hear(sample)


class _Ends:
    """Remembers how helpers ended, and says from when on the next one may start and may read the cards."""

    def __init__(self, rest: float) -> None:
        self._rest = rest
        self.start_at = self.cards_at = self._last = float("-inf")

    def add(self, now: float, *, with_cards: bool) -> None:
        """A helper ended at *now*; *with_cards* says whether it was reading them."""
        if now - self._last < self._rest:
            if with_cards:
                self.cards_at = now + self._rest
            else:
                self.start_at = now + _TIRED_SECONDS
        # Cards that are taken in again are on trial for as long.
        self._last = max(now, self.cards_at)


class _Helper(asyncio.SubprocessProtocol):
    """One helper process and its two pipes.

    Args:
        on_line: hears each line that it says.
        on_end: told once it is over.
    """

    def __init__(self, on_line: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_line = on_line
        self._on_end = on_end
        self._transport: asyncio.SubprocessTransport | None = None
        self._begun = b""
        self.pid = 0
        self.over = False
        """Whether it ended, or was told to."""
        self.killed_at = 0.0
        """`time.monotonic()`; 0 while it was not."""
        self.gone = asyncio.get_running_loop().create_future()
        """Done when it is reaped and its pipes are closed."""

    @property
    def code(self) -> int | None:
        """Its exit code, a signal being negative; None while that is not known."""
        return self._transport.get_returncode() if self._transport else None

    def tell(self, **words: object) -> None:
        """Say something to it; `sampling_helper` knows the words."""
        pipe = self._transport.get_pipe_transport(0) if self._transport else None
        if pipe and not pipe.is_closing():
            cast("asyncio.WriteTransport", pipe).write(json.dumps(words).encode() + b"\n")

    def kill(self) -> None:
        """End it. It has nothing to lose, so it is not asked."""
        self.over, self.killed_at = True, time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            if self._transport:
                self._transport.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It runs."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It said something."""
        *lines, begun = (self._begun + data).split(b"\n")
        # A line without an end is cut, not kept; what is left of it is no frame.
        self._begun = begun[:LINE_LIMIT]
        for line in lines:
            self._on_line(line)

    def process_exited(self) -> None:
        """It ended."""
        self.over = True
        self._on_end()

    def connection_lost(self, exc: Exception | None) -> None:
        """It ended, and nothing of it is left."""
        if self._transport:
            self._transport.close()
        self.gone.set_result(None)
