"""Runs pip inside the engine's environment, the way the person has set pip up. Called by `install.py`.

Mirrors, proxies, certificates, find-links: whatever `pip.conf` and `PIP_*` say is honoured, because the person's
environment is passed on. Only what would lead the packages elsewhere than into our environment is taken out.
"""

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from desktop_app.transfer import children

_ELSEWHERE = frozenset({"VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_DRY_RUN", "PIP_PYTHON"})

_OURS = {
    "PIP_NO_INPUT": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_QUIET": "0",
    "PIP_VERBOSE": "0",
    "PIP_USER": "0",
    "PIP_NO_COLOR": "1",
    # Asks the index whether there is a newer pip: a request that nobody asked for.
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def pip_environment(temporary: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The environment for pip: *given*, kept to our folder and made readable for a program."""
    kept = {name: value for name, value in given.items() if not name.startswith("PYTHON") and name not in _ELSEWHERE}
    return kept | {
        # pip unpacks gigabytes here, and /tmp is often a small disk in memory. Beside the environment the disk was
        # checked, and the growing files tell how far a download is.
        "TMPDIR": str(temporary),
        **_OURS,
    }


def without_settings(env: Mapping[str, str]) -> dict[str, str]:
    """*env* for a pip that asks nobody."""
    ours = {name: value for name, value in env.items() if not name.startswith("PIP_") or name in _OURS}
    return ours | {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}


class Pip:
    """pip of one environment. Every line that it prints goes to *log* as well.

    Args:
        python: the environment's interpreter.
        temporary: pip's working folder, on the disk of the environment.
        log: where the output goes.
        lock: a file descriptor that pip keeps open, so that the lock on it outlives a killed program.
    """

    def __init__(self, python: Path, temporary: Path, log: TextIO, lock: int) -> None:
        self._python = python
        self._temporary = temporary
        self._log = log
        self.lock = (lock,)
        """What every program of an installation keeps open."""

    async def run(
        self,
        *arguments: str,
        on_line: Callable[[str], None] | None = None,
        seconds: float | None = None,
        private: bool = False,
        offline: bool = False,
    ) -> tuple[int, list[str]]:
        """Run `pip *arguments*`: its exit status and its output. Cancelling, or *seconds* gone, ends it at once.

        pip hides the passwords in addresses that it prints, except when asked for its settings: what is *private* is
        kept out of the log. When *offline*, the person's settings do not count: no index, folder or address in them is
        looked at.

        Raises:
            OSError: the interpreter or the log is out of reach.
            TimeoutError: *seconds* are over.
        """
        lines: list[str] = []

        def take(line: str) -> None:
            lines.append(line)
            if not private:
                self.note(line)
            if on_line:
                on_line(line)

        # -I: neither PYTHONPATH nor the person's own site-packages may decide what gets installed.
        argv = (str(self._python), "-I", "-u", "-X", "utf8", "-m", "pip", *arguments)
        self.note("$ " + shlex.join(argv))
        env = pip_environment(self._temporary, os.environ)
        if offline:
            env = without_settings(env)
        code = await children.run(argv, env, self._temporary, take, seconds, self.lock)
        return code, lines

    def note(self, line: str) -> None:
        """Write a line into the log."""
        self._log.write(line + "\n")
        self._log.flush()
