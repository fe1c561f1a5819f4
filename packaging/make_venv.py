"""Make a virtual environment, or say in a sentence what is missing. Called by `make setup`; standard library only."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from system_libs import apt_install

OLDEST = (3, 11)


def main(folder: Path) -> int:
    """Create *folder* as a virtual environment of the running Python; the exit code is 0 when it is there."""
    if sys.version_info < OLDEST:
        print(f"vLLM Desktop needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")
        print("Install a newer one and run: make run PYTHON=python3.12")
        return 1
    if (folder / "bin" / "pip").exists():
        return 0
    failure = make(folder)
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if failure and os.geteuid() == 0 and shutil.which("apt-get"):
        # Debian's Python comes without it, and the engine's environment is made with it, too.
        apt_install([package])
        failure = make(folder)
    if not failure:
        return 0
    print("Python's venv module is not complete on this machine. Install it and run make again:")
    print(f"    sudo apt install {package}")
    print(failure)
    return 1


def make(folder: Path) -> str:
    """Make the environment; what Python said when it could not, else nothing."""
    command = [sys.executable, "-m", "venv", "--clear", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    return (made.stdout + made.stderr).strip() or "It did not say why." if made.returncode else ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
