"""Ways to start the sampling helper: the real one with a driver that is played, and programs that do worse."""

import shutil
import sys
from pathlib import Path

import desktop_app
from desktop_app.hardware import nvml
from tests.hardware.fake_driver import FAKE, SCENES

ROOT = Path(desktop_app.__file__).parents[1]
_REAL = "from desktop_app.hardware import sampling_helper; sampling_helper.main(['', {root!r}])"
FRAME = (
    '{"at": 1.0, "seconds": 0.5, "cpu": 0.25, "cores": [0.5, 0.0], "used": 10, "total": 20, '
    '"program": [0.1, 5, 0, 0], "engine": [1.5, 7, 1, 2], "joules": null}'
)


def driver_root(folder: Path) -> Path:
    """A folder that stands for `/` of a computer with a driver."""
    file = folder / "root" / "dev" / "nvidiactl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    assert nvml.driver_note(folder / "root") == ""
    return folder / "root"


def sampling_with(folder: Path, scene: str, change: str = "") -> list[str]:
    """How to start the real helper with the driver of *scene* (tests/data/nvml) and a *change* of its bindings."""
    shutil.copy(SCENES / f"{scene}.json", folder / "scene.json")
    (folder / "pynvml.py").write_text(f"import os, time\n{FAKE.read_text('utf-8')}\n{change}\n", encoding="utf-8")
    return program(_REAL.format(root=str(driver_root(folder))), folder)


def sampling(root: Path = Path("/")) -> list[str]:
    """How to start the real helper."""
    return program(_REAL.format(root=str(root)))


def program(text: str, folder: Path | None = None) -> list[str]:
    """How to start a helper that does *text*; modules in *folder* go before others."""
    first = f"sys.path.insert(0, {str(folder)!r})\n" if folder else ""
    return [sys.executable, "-I", "-c", f"import os, sys, time\n{first}sys.path.append({str(ROOT)!r})\n{text}"]
