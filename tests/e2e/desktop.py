"""A private desktop for the program under test: a screen, a D-Bus session, an accessibility bus, a keyboard.

`conftest.py` makes one for the whole run. Programs are started in it as a person would start them, and worked through
`robot.py` and xdotool only. It has no window manager: a new window is given the keyboard here.
"""

import contextlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop_app.paths import Paths

REPOSITORY = Path(__file__).resolve().parents[2]
PICTURES = REPOSITORY / "build" / "e2e"
SYSTEM_PYTHON = "/usr/bin/python3"
_ROBOT = Path(__file__).with_name("robot.py")
_SIZE = "1280x860x24"
_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 60.0
"""For what comes at once: see `tests/conftest.py`."""
_END_SECONDS = 120.0
"""For a program that is to end, and its engines with it."""
_LOG_LINES = 40
"""What the report of a failure has of the program's own log."""
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_PASSED_ON_PREFIXES = ("PIP_", "HTTP", "http", "no_proxy", "NO_PROXY", "CUDA_", "NVIDIA_")
"""What an installation with pip may need; nothing else of the outside is known inside."""

_QT_SAYS = (
    "qt.accessibility.atspi: AtSpiAdaptor::applicationInterface does not implement",
    "qt.accessibility.atspi: Could not find accessible on path",
)
"""Questions of the accessibility bus that Qt does not answer, harmlessly: the robot asked for what has just gone."""

_GRAB = """
import sys
from PySide6.QtGui import QGuiApplication
app = QGuiApplication([])
app.primaryScreen().grabWindow(0).save(sys.argv[1])
"""
_SET_STATE = """
import ctypes, sys
x11 = ctypes.CDLL("libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
display = ctypes.c_void_p(x11.XOpenDisplay(None))
name = x11.XInternAtom(display, b"WM_STATE", 0)
state = (ctypes.c_ulong * 2)(int(sys.argv[2]), 0)
x11.XChangeProperty(display, ctypes.c_ulong(int(sys.argv[1])), name, name, 32, 0, state, 2)
x11.XSync(display, 0)
"""
"""What a window manager notes at a window that it minimises: 1 for normal, 3 for an icon (ICCCM, 4.1.3.1)."""


@dataclass(frozen=True)
class Element:
    """What was seen of one element of a window."""

    number: int
    role: str
    name: str
    description: str
    text: str
    states: tuple[str, ...]
    box: tuple[int, int, int, int]
    """Left, top, width, height on the screen, pixels."""

    @property
    def middle(self) -> tuple[int, int]:
        """A point inside it."""
        left, top, width, height = self.box
        return left + width // 2, top + height // 2


class Robot:
    """The other end of `robot.py`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["dbus-run-session", "--", SYSTEM_PYTHON, "-I", str(_ROBOT)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        self.bus = str(self._read()["bus"])

    def find(self, pid: int, **wanted: str) -> "Element | None":
        """The first element that program *pid* shows and that is as wanted."""
        number = self._ask("find", pid=pid, **wanted)
        facts = self._ask("facts", number=number) if number else None
        if not facts:
            return None
        facts["states"], facts["box"] = tuple(facts["states"]), tuple(facts["box"])
        return Element(number, **facts)

    def press(self, element: "Element") -> bool:
        """Use what an element does; False when it does nothing."""
        return bool(self._ask("press", number=element.number))

    def focus(self, element: "Element") -> bool:
        """Give an element the keyboard."""
        return bool(self._ask("focus", number=element.number))

    def tree(self, pid: int) -> list[str]:
        """Everything that program *pid* shows, a line each."""
        return list(self._ask("tree", pid=pid) or [])

    def windows(self, pid: int) -> int:
        """How many windows program *pid* shows."""
        return int(self._ask("windows", pid=pid) or 0)

    def listen(self, on: bool) -> None:
        """From now on remember what programs have a screen reader say, or forget about it."""
        self._ask("listen", on=on)

    def heard(self) -> list[str]:
        """What was said since this was asked last."""
        return list(self._ask("heard") or [])

    def _ask(self, do: str, **request: object) -> Any:  # noqa: ANN401 - JSON
        """What *do* gives; None when the element went away meanwhile."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
        self._process.stdin.flush()
        return self._read().get("ok")

    def close(self) -> None:
        """End it and its session."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], _PATIENCE_SECONDS)
        line = self._process.stdout.readline() if readable else ""
        assert line, "the accessibility bus does not answer"
        answer: dict[str, Any] = json.loads(line)
        return answer


class Desktop:
    """A screen that nobody looks at.

    Args:
        folder: HOME and everything that a session writes lies below it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._windows: list[Window] = []
        self._started: list[subprocess.Popen[bytes]] = []
        self._screen, display = _start_screen()
        self.environment = _environment(folder, display)
        try:
            self.robot = Robot(self.environment)
        except BaseException:
            _end(self._screen)
            raise
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self.robot.bus

    def open(self, data: Path, *arguments: str) -> "Window":
        """Start the program with the data folder *data* and wait for its window."""
        window = Window(self, self.start(data, *arguments), Paths(data).logs / "program.log")
        self._windows.append(window)
        window.take_keyboard()
        return window

    def start(self, data: Path, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start the program; what it complains of goes to `printed(pid)`."""
        errors = self._folder / "errors.txt"
        with errors.open("wb") as file:
            process = subprocess.Popen(
                _command(data, *arguments),
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=file,
            )
        self._started.append(process)
        errors.rename(self._errors_of(process.pid))
        return process

    def printed(self, pid: int) -> list[str]:
        """The lines that a started program has printed as errors, but for what Qt says of itself."""
        lines = self._errors_of(pid).read_text("utf-8").splitlines()
        return [line for line in lines if not line.startswith(_QT_SAYS)]

    def run(self, data: Path, *arguments: str, seconds: float = 400) -> "subprocess.CompletedProcess[str]":
        """Run the program in a terminal, with nobody to answer questions, to its end."""
        return subprocess.run(
            _command(data, *arguments),
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def _errors_of(self, pid: int) -> Path:
        return self._folder / f"errors-{pid}.txt"

    def xdotool(self, *arguments: str) -> str:
        """What `xdotool` prints."""
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        return done.stdout

    def picture(self, name: str) -> Path:
        """Keep what is on the screen as `build/e2e/NAME.png`."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        file = PICTURES / f"{re.sub(r'[^a-zA-Z0-9_.-]+', '-', name)}.png"
        environment = {**self.environment, "QT_QPA_PLATFORM": "xcb"}
        environment.pop("QT_LINUX_ACCESSIBILITY_ALWAYS_ON")
        subprocess.run(
            [sys.executable, "-c", _GRAB, str(file)], env=environment, timeout=_PATIENCE_SECONDS, check=False
        )
        return file

    @property
    def in_use(self) -> bool:
        """Whether a program is open."""
        return any(window.lives for window in self._windows)

    def tell(self) -> str:
        """Everything that is shown, for the report of a failure."""
        shown = [line for window in self._windows if window.lives for line in window.tree()]
        return "\n".join(shown)

    def clear(self) -> None:
        """End every program that is still open."""
        for process in self._started:
            process.kill()
            process.wait()
        self._started.clear()
        self._windows.clear()

    def close(self) -> None:
        """End everything."""
        self.clear()
        self.robot.close()
        _end(self._screen)


class Window:
    """One open program, as somebody knows it who only has a screen reader and a keyboard."""

    def __init__(self, desktop: Desktop, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._desktop = desktop
        self._log = log
        self._number = ""
        """Of the program's first window, on the screen."""
        self.process = process

    @property
    def pid(self) -> int:
        """The program's process."""
        return self.process.pid

    @property
    def lives(self) -> bool:
        """Whether the program is still there."""
        return self.process.poll() is None

    def look(self, **wanted: str) -> Element | None:
        """The first element that is showing and is as wanted, if there is one.

        What can be wanted: `role`, `name`, `has`, `state`; `inside` is the name of what it lies in, the last such one.
        """
        return self._desktop.robot.find(self.pid, **wanted)

    def find(self, seconds: float = _PATIENCE_SECONDS, **wanted: str) -> Element:
        """The same, waited for."""
        found: list[Element] = []

        def there() -> bool:
            element = self.look(**wanted)
            found.extend([element] if element else [])
            return element is not None

        self.wait(there, f"an element that is {wanted}", seconds)
        return found[0]

    def gone(self, seconds: float = _PATIENCE_SECONDS, **wanted: str) -> None:
        """Wait until no such element is showing."""
        self.wait(lambda: self.look(**wanted) is None, f"no element that is {wanted}", seconds)

    def wait(self, condition: Callable[[], object], what: str, seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait for *condition* while the program lives."""
        end = time.monotonic() + seconds
        while not condition():
            assert self.lives, f"the program ended with {self.process.returncode} while waiting for {what}"
            assert time.monotonic() < end, f"waited {seconds} s for: {what}.\n{self._report()}"
            time.sleep(_POLL_SECONDS)

    def _report(self) -> str:
        """What the program wrote last, and everything that is on the screen."""
        log = self._log.read_text("utf-8", errors="replace").splitlines() if self._log.exists() else []
        wrote = [*log[-_LOG_LINES:], *self._desktop.printed(self.pid)[-_LOG_LINES:]]
        return "\n".join(["It wrote:", *wrote, "On the screen:", self._desktop.tell()])

    def press(self, seconds: float = _PATIENCE_SECONDS, **wanted: str) -> None:
        """Use a button, as a screen reader does; what has no action is clicked with the mouse."""
        element = self.find(seconds, **{"state": "enabled", **wanted})
        if not self._desktop.robot.press(element):
            self.click(element)

    def click(self, element: Element, button: int = 1) -> None:
        """Click into the middle of *element*."""
        x, y = element.middle
        self._desktop.xdotool("mousemove", str(x), str(y), "click", str(button))

    def focus(self, **wanted: str) -> None:
        """Give an element the keyboard, as a screen reader does."""
        element = self.find(_PATIENCE_SECONDS, **wanted)
        self._desktop.robot.focus(element)
        wanted["state"] = "focused"
        self.find(_PATIENCE_SECONDS, **wanted)

    def type(self, text: str) -> None:
        """Type *text* on the keyboard."""
        self._desktop.xdotool("type", "--delay", "6", "--", text)

    def key(self, *keys: str) -> None:
        """Press keys, e.g. `ctrl+n`."""
        self._desktop.xdotool("key", "--delay", "20", *keys)

    def take_keyboard(self, title: str = "vLLM Desktop") -> None:
        """Wait for the window called *title* and give it the keyboard: there is no window manager that would."""
        self.wait(lambda: self._windows_called(title), f"a window {title}")
        self.wait(lambda: self._desktop.robot.windows(self.pid), "the window on the accessibility bus")
        window = self._windows_called(title)[-1]
        if not self._number:
            self._number = window
        self._desktop.xdotool("windowfocus", "--sync", window)

    def minimise(self) -> None:
        """Make it an icon, as a window manager does."""
        self._set_state(3)
        self._desktop.xdotool("windowunmap", "--sync", self._number)

    def restore(self) -> None:
        """Bring it back from an icon."""
        self._set_state(1)
        self._desktop.xdotool("windowmap", "--sync", self._number)
        self.take_keyboard()

    def _set_state(self, state: int) -> None:
        line = [sys.executable, "-c", _SET_STATE, self._number, str(state)]
        subprocess.run(line, env=self._desktop.environment, timeout=_PATIENCE_SECONDS, check=True)

    def wait_for_menu(self) -> None:
        """Wait until a menu is open: a window without the program's name, of which AT-SPI is told nothing."""

        def there() -> bool:
            search = ("search", "--onlyvisible", "--all", "--pid", str(self.pid), "--name", "")
            return len(self._desktop.xdotool(*search).split()) > len(self._windows_called("vLLM Desktop"))

        self.wait(there, "a menu")

    def _windows_called(self, title: str) -> list[str]:
        found = self._desktop.xdotool("search", "--onlyvisible", "--all", "--pid", str(self.pid), "--name", title)
        return found.split()

    def tree(self) -> list[str]:
        """Everything that it shows, a line each."""
        return self._desktop.robot.tree(self.pid)

    def close(self, expected: str = "") -> int:
        """Close the window and wait for the end of the program: its exit code.

        It must have had no complaint but those with the words *expected* in them.
        """
        self.key("ctrl+q")
        code = self.process.wait(_END_SECONDS)
        complaints = self._desktop.printed(self.pid)
        assert not complaints, complaints
        logged = self._log.read_text("utf-8").splitlines()
        warned = [line for line in logged if re.search(" (WARNING|ERROR|CRITICAL) ", line)]
        assert [line for line in warned if not expected or expected not in line] == []
        return code

    def kill(self) -> None:
        """End the program as a crash does."""
        if self.lives:
            self.process.kill()
        self.process.wait()


def _command(data: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "desktop_app", "--data-dir", str(data), *arguments]


def _start_screen() -> tuple[subprocess.Popen[bytes], str]:
    """Xvfb on a free display that cannot be reached over the network, and the display's name."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", _SIZE, "-nolisten", "tcp", "-noreset"]
    log = subprocess.DEVNULL
    screen = subprocess.Popen(command, pass_fds=[writing], start_new_session=True, stdout=log, stderr=log)
    os.close(writing)
    with os.fdopen(reading) as numbers:
        number = numbers.readline().strip()
    assert number, "Xvfb did not start"
    return screen, f":{number}"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def _environment(folder: Path, display: str) -> dict[str, str]:
    """What a program in this desktop knows of the world: its own HOME, and the person's settings of pip."""
    home = folder / "home"
    runtime = folder / "runtime"
    for made in (home, runtime, home / ".config"):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    outside = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    for theirs, ours in ((Path(outside) / "pip", home / ".config" / "pip"), (Path.home() / ".pip", home / ".pip")):
        if theirs.is_dir():
            shutil.copytree(theirs, ours, dirs_exist_ok=True)
    passed = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    return passed | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
        "XDG_RUNTIME_DIR": str(runtime),
        "DISPLAY": display,
        "QT_QPA_PLATFORM": "xcb",
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        "PYTHONUNBUFFERED": "1",
    }
