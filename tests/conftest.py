"""What every test has: a data folder of its own, no display by accident, a theme for widgets, bounded waiting."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

# A shell that runs the suite in the background has it ignore Ctrl+C, and every program that it starts would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Widgets in this process need no screen; programs under test get one from `tests/e2e`.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.paths import Paths, resources
from desktop_app.ui.theme import Theme


@pytest.fixture(scope="session", autouse=True)
def runtime_folder() -> Iterator[None]:
    """Sockets of data folders with long paths go below this one, and go away with it."""
    with tempfile.TemporaryDirectory(prefix="vd-") as folder:
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = folder
        yield
        os.environ.pop("XDG_RUNTIME_DIR")
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """An empty data folder."""
    made = Paths(tmp_path / "data")
    made.make()
    return made


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """The light theme, applied to the application."""
    return Theme(qapp, resources(), Appearance.LIGHT)


_PATIENCE_SECONDS = 60.0
"""How long a test waits for what comes at once: a machine that several share can stand still for many seconds."""


class PatientBot(QtBot):
    """pytest-qt's, with that patience; its own is five seconds."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = int(_PATIENCE_SECONDS * 1000)) -> None:
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """In place of pytest-qt's own."""
    return PatientBot(request)


def wait_until(condition: Callable[[], object], what: str, seconds: float = _PATIENCE_SECONDS) -> None:
    """Wait for *condition* outside an event loop; fails with *what* when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for: {what}"
        time.sleep(0.02)


async def reach(condition: Callable[[], object], what: str, seconds: float = _PATIENCE_SECONDS) -> None:
    """The same inside an event loop."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for: {what}"
        await asyncio.sleep(0.01)


def bytes_of(files: Iterable[Path]) -> int:
    """The size of *files* together; one that has got another name meanwhile has none."""
    total = 0
    for file in files:
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total
