"""Make a virtual environment, or say in a sentence what is missing. Called by `make setup`; standard library only."""

import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)


def main(folder: Path) -> int:
    """Create *folder* as a virtual environment of the running Python; the exit code is 0 when it is there."""
    if sys.version_info < OLDEST:
        print(f"vLLM Desktop needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")
        print("Install a newer one and run: make run PYTHON=python3.12")
        return 1
    if (folder / "bin" / "pip").exists():
        return 0
    made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        return 0
    print("Python's venv module is not complete on this machine. Install it and run make again:")
    print(f"    sudo apt install python{sys.version_info.major}.{sys.version_info.minor}-venv")
    print((made.stdout + made.stderr).strip())
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
