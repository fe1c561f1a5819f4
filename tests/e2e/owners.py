"""The hand of a test on `owner.py`: starts it, hears it, finds the processes of its engines, and sees them go."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop_app.engine import shared_memory
from desktop_app.engine.supervisor import family, table
from desktop_app.paths import EnginePlaces, Paths
from tests.conftest import wait_until
from tests.e2e import traces

_ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240


def title(pid: int) -> str:
    """What a process of vLLM has written over its command line; empty for others."""
    with contextlib.suppress(OSError):
        line = Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
        return line if "::" in line.partition("\0")[0] else ""
    return ""


@dataclass(frozen=True)
class Snapshot:
    """What there is of an engine at one moment."""

    pids: frozenset[int]
    memory: frozenset[str]
    places: EnginePlaces

    def left(self) -> list[str]:
        """What is there still, in words."""
        files = (self.places.socket, self.places.record, self.places.tmp)
        shared = (Path("/dev/shm") / name for name in self.memory)
        return [
            *(f"process {pid}" for pid in traces.living(self.pids)),
            *(str(file) for file in (*files, *shared) if os.path.lexists(file)),
        ]

    def wait_until_nothing(self) -> None:
        """Wait until nothing of it is left."""
        wait_until(lambda: not self.left(), f"the end of {self}")


class Owner:
    """A running `owner.py`."""

    def __init__(self, data: Path, models: Sequence[Path], variables: Sequence[str] = ()) -> None:
        self.paths = Paths(data)
        self._said: list[dict[str, Any]] = []
        self.streams = False
        """Whether it was asked for an answer."""
        self._words = data.parent / f"{data.name}.err"
        with self._words.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.owner", str(data), *variables, *map(str, models)],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.append(json.loads(line))

    def heard(self, status: str, model: str = "") -> dict[str, Any] | None:
        """The last line with that *status*, of *model* or of any."""
        found = [line for line in list(self._said) if line["status"] == status and model in ("", line["model"])]
        return found[-1] if found else None

    def wait_for(self, status: str, model: str = "", seconds: float = START_SECONDS) -> dict[str, Any]:
        def ended() -> bool:
            return self._is_over() or (status == "ready" and self.heard("exited", model) is not None)

        wait_until(lambda: self.heard(status, model) or ended(), f"{status} {model}", seconds)
        found = self.heard(status, model)
        assert found is not None, f"it ended instead: {self._said[-3:]} {self._words.read_text('utf-8', 'replace')}"
        return found

    def _is_over(self) -> bool:
        return self.process.poll() is not None and not self._listener.is_alive()

    def tell(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{words}\n".encode())
        self.process.stdin.flush()

    def stream(self, model: str = "") -> None:
        """Ask for a long answer."""
        self.streams = True
        self.tell(f"stream {model or self.wait_for('ready')['model']}")

    def places(self, model: str = "") -> EnginePlaces:
        return self.paths.engine(str(self.wait_for("started", model)["key"]))

    def supervisor(self, model: str = "") -> int:
        return int(self.wait_for("started", model)["supervisor"])

    def leader(self, model: str = "") -> int:
        return int(self.wait_for("started", model)["leader"])

    def part(self, name: str, model: str = "") -> int:
        """EngineCore (`core`) or its worker (`worker`); 0 when there is none."""
        wanted = {"core": "EngineCore", "worker": "Worker"}[name]
        found = family(table(), [self.leader(model)])
        return next((pid for pid in found if wanted in title(pid)), 0)

    def snapshot(self, model: str = "") -> Snapshot:
        """All of an engine: its supervisor, what descends from it, and its session."""
        leader = self.leader(model)
        pids = set(family(table(), [self.supervisor(model)], [leader])) - {self.process.pid}
        return Snapshot(frozenset(pids), frozenset(shared_memory.used_by(pids)), self.places(model))

    def close(self) -> None:
        """End it, whatever it does; its engines end with it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        self._listener.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
