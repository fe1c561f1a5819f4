"""The side of the NVML helper that lives in our process: starts it, asks it, and does without it when it fails.

`probe` asks, each time the machine is looked at; how busy the cards are is `sampler`'s. Everything here blocks: call it
in a thread.
"""

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop_app.domain.machine import NO_CARD, Gpu, plain_name
from desktop_app.hardware.card_sleep import card_folders
from desktop_app.hardware.nvml_cards import NO_NAME
from desktop_app.hardware.nvml_samples import parse_size, parse_users

FIRST_ANSWER_SECONDS = 15.0
"""The driver may have to wake the cards for the first answer (no persistence mode)."""
ANSWER_SECONDS = 3.0
_REST_SECONDS = 60.0
"""How long a driver that failed is left alone."""
_ANSWER_LIMIT = 1 << 20
"""Bytes. Sixteen cards need 8 kB, and each process that uses one 100 bytes."""
_ROOT = Path(__file__).parents[2]
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from desktop_app.hardware.nvml_helper import main; main()"
_LIBRARY_FOLDERS = (
    "usr/lib",
    "usr/lib64",
    f"usr/lib/{os.uname().machine}-linux-gnu",
    f"usr/lib/{os.uname().machine}-linux-gnu/nvidia",
    "usr/lib/wsl/lib",
    "usr/local/nvidia/lib64",
    "run/opengl-driver/lib",
)


@dataclass(frozen=True)
class Reading:
    """What the helper said."""

    gpus: tuple[Gpu, ...] = ()
    note: str = ""
    """Why there is no card, in words; empty when there is one."""


def driver_note(root: Path = Path("/")) -> str:
    """Why asking the driver is pointless, in words; empty when there is a driver to ask. Takes no time.

    Args:
        root: the folder that stands for `/`.
    """
    if (root / "dev/nvidiactl").exists():
        return ""
    if any((root / folder / "libnvidia-ml.so.1").exists() for folder in _LIBRARY_FOLDERS):
        return ""
    if card_folders(root):
        return "There is an NVIDIA graphics card, but no NVIDIA driver is installed for it."
    return NO_CARD


class NvmlHelper:
    """The helper process: started by the first question, ended by `close()`, left alone for a while after a failure.

    Args:
        command: how to start it; our own by default.
        first_answer_seconds, answer_seconds: how long to wait for the first answer and for every other.
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        first_answer_seconds: float = FIRST_ANSWER_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._command = list(command or (sys.executable, "-I", "-c", _PROGRAM, str(_ROOT)))
        self._first_answer_seconds = first_answer_seconds
        self._answer_seconds = answer_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._failed: tuple[float, Reading] | None = None
        self._turn = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The running helper; None while there is none."""
        return self._process.pid if self._process else None

    def read(self, ours: Collection[int] | None = None) -> Reading:
        """Ask once and wait for the answer; a failure is a reading with a note and without cards.

        Args:
            ours: processes of our own engines; None not to ask who uses the cards at all.
        """
        with self._turn:
            if self._failed and time.monotonic() - self._failed[0] < _REST_SECONDS:
                return self._failed[1]
            reading = self._ask(ours)
            self._failed = (time.monotonic(), reading) if reading.note else None
            if reading.note:
                self._end()
            return reading

    def close(self) -> None:
        """End the helper. It has nothing to lose, so it is not asked; a question under way ends with it."""
        process = self._process
        if process is not None:
            process.kill()
        with self._turn:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            # Stuck inside the driver; it goes when the driver lets it, and nothing waits for it.
            return

    def _ask(self, ours: Collection[int] | None) -> Reading:
        wait = self._answer_seconds if self._process else self._first_answer_seconds
        try:
            process = self._process = self._process or self._start()
            line = _exchange(process, b"\n" if ours is None else b"users\n", wait)
        except TimeoutError:
            return Reading(note=f"The NVIDIA driver did not answer within {wait:g} seconds.")
        except OSError as error:
            return Reading(note=f"The NVIDIA driver could not be asked ({error.strerror or error}).")
        return parse_reading(line, ours or ())

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )


def _exchange(process: subprocess.Popen[bytes], question: bytes, seconds: float) -> bytes:
    """Send a line, wait for a line; what came before the process ended counts.

    Raises:
        TimeoutError: no whole line within *seconds*.
        OSError: the process is gone.
    """
    if process.stdin is None or process.stdout is None:
        raise BrokenPipeError("the helper has no pipes")
    process.stdin.write(question)
    deadline, answer = time.monotonic() + seconds, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while b"\n" not in answer and len(answer) < _ANSWER_LIMIT:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            chunk = process.stdout.read(1 << 16)
            if not chunk:
                break
            answer += chunk
    return answer


def parse_reading(line: bytes, ours: Collection[int] = ()) -> Reading:
    """Read the helper's line; anything that is not one becomes a note. *ours* are processes of our own engines."""
    try:
        answer = json.loads(line)
        note, driver = str(answer["note"]), plain_name(str(answer["driver"]), "")
        cards = [_parse_card(card, driver, ours) for card in answer["cards"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return Reading(note="The NVIDIA driver ended the program that asked it.")
    if not cards:
        return Reading(note=note or NO_CARD)
    return Reading(tuple(cards))


def _parse_card(card: dict[str, Any], driver: str, ours: Collection[int]) -> Gpu:
    unified = card["total"] is None
    # What such a chip may have follows from the computer's memory, which `probe` knows.
    total, free = (0 if unified else parse_size(card[key]) for key in ("total", "free"))
    return Gpu(
        plain_name(str(card["name"]), NO_NAME),
        total,
        min(free, total),
        driver,
        _capability(card["capability"]),
        uuid=plain_name(str(card["uuid"]), ""),
        mig=plain_name(str(card["mig"]), ""),
        unified=unified,
        display=card["display"] is True,
        users=parse_users(card["users"], ours),
    )


def _capability(value: Sequence[int] | None) -> tuple[int, int] | None:
    return None if value is None else (int(value[0]), int(value[1]))
