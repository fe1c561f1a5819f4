"""Programs and modules that stand in for NVIDIA's driver: child processes, never objects inside the tested process."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from desktop_app.domain.machine import GpuSample
from desktop_app.hardware import nvml
from desktop_app.hardware.nvml_samples import parse_cards
from tests.conftest import wait_until

HELPER = Path(nvml.__file__).with_name("nvml_helper.py")
SCENES = Path(__file__).parents[1] / "data" / "nvml"
FAKE = Path(__file__).with_name("fake_pynvml.py")

_WATCH = """
import json, sys
from pathlib import Path
from desktop_app.hardware.card_watch import CardWatch
watch = CardWatch(Path(sys.argv[1]), *map(float, sys.argv[2:]))
for line in sys.stdin:
    asked = json.loads(line)
    watch.poke(asked["details"])
    reading = watch.latest(asked["wait"])
    calls = dict(getattr(sys.modules.get("pynvml"), "CALLS", {}))
    print(json.dumps(reading | {"calls": calls}), flush=True)
watch.close()
"""


def stand_in(folder: Path, scene: str, change: str = "") -> str:
    """Put bindings into *folder* that play *scene* (tests/data/nvml) with a *change* of theirs.

    Returns:
        The beginning of a program that finds them before the real ones; `-I` hides them otherwise.
    """
    shutil.copy(SCENES / f"{scene}.json", folder / "scene.json")
    (folder / "pynvml.py").write_text(f"import os, time\n{FAKE.read_text('utf-8')}\n{change}\n", encoding="utf-8")
    return f"import sys; sys.path.insert(0, {str(folder)!r})\n"


def set_mood(folder: Path, mood: str) -> None:
    """How the driver in *folder* is from now on (`fake_pynvml`); empty when all is well."""
    new = folder / "mood.new"
    new.write_text(mood, "ascii")
    new.replace(folder / "mood")


def helper_with(folder: Path, scene: str, change: str = "") -> list[str]:
    """How to start the real helper with the driver of *scene* (tests/data/nvml) and a *change* of its bindings."""
    start = f"{stand_in(folder, scene, change)}import runpy; runpy.run_path({str(HELPER)!r}, run_name='__main__')"
    return [sys.executable, "-I", "-c", start]


def program(text: str) -> list[str]:
    """How to start a helper that does *text* instead."""
    return [sys.executable, "-I", "-c", f"import sys, time, os\n{text}"]


class WatchedCards:
    """A real `CardWatch` in a process of its own, over the driver of a scene.

    Args:
        folder: where the stand-in lies; also the root that it believes in.
        scene, change: as for `stand_in`.
        answer_seconds, look_seconds: as for `CardWatch`.
    """

    def __init__(
        self, folder: Path, scene: str, change: str = "", answer_seconds: float = 60.0, look_seconds: float = 600.0
    ) -> None:
        (folder / "dev").mkdir(exist_ok=True)
        (folder / "dev/nvidiactl").touch()
        start = stand_in(folder, scene, change)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", start + _WATCH, str(folder), str(answer_seconds), str(look_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, *, details: bool = False, wait: float = 60.0) -> dict[str, Any]:
        """Poke it, wait at most *wait* seconds, and return its reading with the `calls` so far.

        Raises:
            EOFError: the process is gone.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"details": details, "wait": wait}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise EOFError
        told: dict[str, Any] = json.loads(line)
        return told

    def samples(self, *, details: bool = False) -> tuple[GpuSample, ...]:
        """What the window would make of the next reading."""
        return parse_cards(self.ask(details=details)["cards"])

    def until(self, condition: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The first reading for which *condition* is true."""
        found: list[dict[str, Any]] = []

        def told() -> bool:
            found.append(self.ask(wait=0.02))
            return condition(found[-1])

        wait_until(told, what)
        return found[-1]

    def until_noted(self, words: str) -> dict[str, Any]:
        """The first reading whose note holds *words*; for none, the first one without a note."""
        return self.until(lambda told: words in told["note"] if words else not told["note"], f"the note says {words!r}")

    def end(self) -> int:
        """Close its input, and tell how it ended."""
        self._process.communicate(timeout=60)
        return self._process.returncode
