"""Programs and modules that stand in for NVIDIA's driver: child processes, never objects inside the tested process."""

import shutil
import sys
from pathlib import Path

from desktop_app.hardware import nvml

HELPER = Path(nvml.__file__).with_name("nvml_helper.py")
SCENES = Path(__file__).parents[1] / "data" / "nvml"
FAKE = Path(__file__).with_name("fake_pynvml.py")


def helper_with(folder: Path, scene: str, change: str = "") -> list[str]:
    """How to start the real helper with the driver of *scene* (tests/data/nvml) and a *change* of its bindings."""
    shutil.copy(SCENES / f"{scene}.json", folder / "scene.json")
    (folder / "pynvml.py").write_text(f"import os, time\n{FAKE.read_text('utf-8')}\n{change}\n", encoding="utf-8")
    # The helper's own `-I` would hide the stand-in; the path is put in front by hand instead.
    start = (
        f"import sys, runpy; sys.path.insert(0, {str(folder)!r}); runpy.run_path({str(HELPER)!r}, run_name='__main__')"
    )
    return [sys.executable, "-I", "-c", start]


def program(text: str) -> list[str]:
    """How to start a helper that does *text* instead."""
    return [sys.executable, "-I", "-c", f"import sys, time, os\n{text}"]
