"""Finds a Python that the engine's environment can be made with. Called by `install.py`."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.transfer import children

OLDEST = (3, 11)
NEWEST = (3, 14)
"""vLLM 0.31 to 0.33 say `Requires-Python: <3.15,>=3.11`."""

_PREFERRED = ("python3.12", "python3.13", "python3.11", "python3.14", "python3")
"""On PATH, when the Python that runs this program does not fit: 3.12 has wheels for every build of vLLM."""

_ASK = "import sys; print(*sys.version_info[:2]); import venv, ensurepip"


async def suitable(candidates: Iterable[Path], folder: Path) -> Path:
    """The first candidate of a version that vLLM supports that can make environments. It is run in *folder*.

    Raises:
        EngineError: there is none; the reason has the one command that changes that.
    """
    without_venv: str | None = None
    for candidate in candidates:
        version, complete = await _ask(candidate, folder)
        if version is None or not OLDEST <= version <= NEWEST:
            continue
        if complete:
            return candidate
        without_venv = without_venv or f"python{version[0]}.{version[1]}"
    if without_venv:
        raise _needs_venv(without_venv)
    reason = "The engine needs Python 3.11, 3.12, 3.13 or 3.14. Install one of them, then try again."
    raise EngineError("No suitable Python was found.", reason, Remedy.RETRY)


def candidates() -> Iterator[Path]:
    """The interpreters to consider, the best first."""
    # In a virtual environment the one that it was made from: an environment made from an environment breaks with it.
    # A frozen program is no interpreter at all.
    if not getattr(sys, "frozen", False):
        yield Path(getattr(sys, "_base_executable", sys.executable))
    for name in _PREFERRED:
        if found := shutil.which(name):
            yield Path(found)


async def _ask(python: Path, folder: Path) -> tuple[tuple[int, int] | None, bool]:
    """Its version, None when it does not say; and whether it can make environments."""
    lines: list[str] = []
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        code = await children.run((str(python), "-I", "-c", _ASK), env, folder, lines.append, timeout=30)
    except (OSError, TimeoutError):
        return None, False
    words = lines[0].split() if lines else []
    if len(words) != 2 or not all(word.isdigit() for word in words):
        return None, False
    return (int(words[0]), int(words[1])), code == 0


def _needs_venv(name: str) -> EngineError:
    if Path("/etc/debian_version").exists():
        command = f"sudo apt install {name}-venv"
        reason = f"Debian and Ubuntu keep that in a package of its own. Run `{command}`, then try again."
    else:
        reason = f"Install the package of your system that has the modules venv and ensurepip for {name}."
    return EngineError("Python on this computer cannot make environments.", reason, Remedy.RETRY)
