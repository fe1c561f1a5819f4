"""What every measurement needs: child processes, medians, the machine's facts and how busy it is with other work."""

import ctypes
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from desktop_app.engine import environments
from desktop_app.hardware.probe import probe
from desktop_app.paths import Paths
from tests.benchmarks.words import MIXED
from tests.engine_fakes import FAKE_ENGINE, make_environment, make_model

Figures = dict[str, Any]
"""What a measurement found: numbers by name, nested where it measured several things."""

HERE = Path(__file__).parent
MODEL = "stand-in"
_WAIT_SECONDS = 120.0


def environment() -> dict[str, str]:
    """What children see: this process's variables, but Python may keep its bytecode, as it does for people."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def python(script: str, *words: str) -> list[str]:
    """The command line that runs *script* of this folder; nothing beside it can be imported by accident."""
    return [sys.executable, "-P", str(HERE / script), *words]


def median(values: Iterable[float]) -> float:
    """The middle one, with four digits."""
    return float(f"{statistics.median(values):.4g}")


class Child:
    """A process that writes lines like `usable 123 45` and obeys the lines that it is sent."""

    def __init__(self, command: Sequence[str]) -> None:
        self.started = time.monotonic_ns()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(), cwd=HERE.parents[1]
        )
        self.pid = self._process.pid

    def tell(self, words: str) -> None:
        """Send a line."""
        assert self._process.stdin
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()

    def hear(self, what: str) -> list[int]:
        """Wait for the line that begins with *what*; its numbers."""
        for line in self._lines():
            name, *numbers = line.split()
            if name == what:
                return [int(number) for number in numbers]
        raise RuntimeError(f"a child of the benchmark ended without saying {what!r}: {self._process.wait()}")

    def hear_all(self) -> dict[str, list[int]]:
        """Every line until it ends."""
        lines = [line.split() for line in self._lines()]
        assert self._process.wait(_WAIT_SECONDS) == 0, "a child of the benchmark failed"
        return {name: [int(number) for number in numbers] for name, *numbers in lines}

    def hear_json(self) -> Figures:
        """The next line, which is JSON."""
        for line in self._lines():
            found: Figures = json.loads(line)
            return found
        raise RuntimeError("a child of the benchmark ended without a result")

    def end(self) -> None:
        """Close its input and wait until it has gone."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _lines(self) -> IO[str]:
        assert self._process.stdout
        return self._process.stdout


@contextmanager
def child(command: Sequence[str]) -> Iterator[Child]:
    """A child that is gone in the end."""
    made = Child(command)
    try:
        yield made
    finally:
        made.end()


def data_with_stand_in(folder: Path, **behaviour: object) -> Paths:
    """A data folder in which the stand-in engine counts as installed and as what was used last."""
    paths = Paths(folder / "data")
    paths.make()
    environments.remember(make_environment(folder), paths)
    make_model(folder, MODEL, **({"answer": MIXED, "characters": 3.4, "max_model_len": 65_536} | behaviour))
    return paths


@contextmanager
def stand_in(folder: Path, **behaviour: object) -> Iterator[Path]:
    """The stand-in engine as a child process; its socket."""
    model = make_model(folder, MODEL, **({"answer": MIXED, "characters": 3.4, "max_model_len": 65_536} | behaviour))
    socket = folder / "e.sock"
    flags = ("--model", str(model.folder), "--served-model-name", MODEL, "--uds", str(socket))
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(FAKE_ENGINE), *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(socket.exists, "the stand-in engine")
        yield socket
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for *condition*, two minutes at most."""
    end = time.monotonic() + _WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def hold_screen() -> None:
    """Stay connected to the X server: it begins anew whenever its last client goes, and then refuses the next one."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    if xcb.xcb_connection_has_error(xcb.xcb_connect(None, None)):
        raise SystemExit("There is no X screen here: `make bench` brings one.")


def load() -> float:
    """Processes that wanted to run during the last minute, on average (getloadavg(3)); ours are among them."""
    return round(os.getloadavg()[0], 2)


def facts() -> Figures:
    """The machine and what the figures were made with."""
    machine = probe()
    return {
        "processor": machine.cpu_name,
        "cores": machine.cores,
        "memory_bytes": machine.memory_bytes,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("PySide6-Essentials", "qasync", "openai", "markdown-it-py")},
    }
