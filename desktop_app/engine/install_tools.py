"""What an installation works with: the lock, the log, an environment with pip, and the engine's own environment.

Called by `install.py`. pip lies in an environment of its own, `engines/installer`, so that it knows the person's
settings before there is an engine, and is the same for all of them; an engine's environment is made without one.
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.engine import contents, environments, pip_failures, pythons
from desktop_app.engine.pip_failures import PipFault
from desktop_app.engine.pip_runner import Pip
from desktop_app.paths import Paths
from desktop_app.transfer import children

_LIGHT_PIP = (26, 0)
"""From then on a report costs no download of whole packages; 23.2, which Python 3.11 brings along, fetches 1 GB for it
(measured with 23.2 and 26.3; pypa/pip#12603)."""

_UPGRADE = ("install", "--upgrade", "--no-deps", "--retries", "0", "pip")
_ANSWER_SECONDS = 60


@contextlib.contextmanager
def locked(paths: Paths) -> Iterator[int]:
    """Hold the lock on the engines' folder; gives its file descriptor.

    Raises:
        EngineError: another window holds it.
    """
    paths.engines.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(paths.engines / "install.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            title = "The engine is being installed already."
            reason = "Another window of this program is busy with it. Wait until it is done."
            raise EngineError(title, reason, Remedy.RETRY) from None
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def log(paths: Paths) -> Iterator[TextIO]:
    """What everybody says during an installation goes there."""
    paths.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with paths.install_log.open("w", encoding="utf-8", errors="replace") as file:
        paths.install_log.chmod(0o600)
        file.write(time.strftime("# Installing the engine, %Y-%m-%d %H:%M:%S\n"))
        yield file


class Tools:
    """The environments of one installation.

    Args:
        paths: the data folder.
        temporary: a folder for what is not kept.
        log: where the programs' words go.
        lock: kept open by every program that is started.
    """

    def __init__(self, paths: Paths, temporary: Path, log: TextIO, lock: int) -> None:
        self._folder = paths.engines / "installer"
        self._temporary = temporary
        self.light = False
        """Whether pip can look into packages without downloading them."""
        self.pip = Pip(self._folder / "bin" / "python", temporary, log, lock)

    async def make(self, offline: bool = False) -> None:
        """Make the environment with pip, unless it is there and works. *offline*, an old pip has to do.

        Raises:
            EngineError: there is no Python that it could be made with.
            OSError: the disk.
        """
        if self._pip_version() is None or not await self.works(self._folder):
            environments.discard(self._folder)
            python = await pythons.suitable(pythons.candidates(), self._temporary)
            await self._venv(python, self._folder)
        version = self._pip_version()
        if not offline and (version is None or version < _LIGHT_PIP):
            # From an index that has none or does not answer, the old one has to do.
            with contextlib.suppress(TimeoutError):
                await self.pip.run(*_UPGRADE, seconds=_ANSWER_SECONDS)
            version = self._pip_version()
        self.light = version is not None and version >= _LIGHT_PIP

    async def make_engine(self, folder: Path) -> None:
        """Make the engine's environment in *folder*, unless it is there and works.

        Raises:
            EngineError: it cannot be made.
            OSError: the disk.
        """
        if await self.works(folder):
            return
        environments.discard(folder)
        await self._venv(self._folder / "bin" / "python", folder, "--without-pip")

    async def works(self, folder: Path) -> bool:
        """Whether the interpreter of the environment *folder* runs, of the version that its packages are for."""
        python = folder / "bin" / "python"
        ask = "import sys; print(*sys.version_info[:2], sep='.')"
        said: list[str] = []
        try:
            argv = (str(python), "-I", "-S", "-c", ask)
            code = await children.run(argv, _plain(), self._temporary, said.append, _ANSWER_SECONDS)
        except (OSError, TimeoutError):
            return False
        packages = contents.packages_of(folder)
        return code == 0 and packages.is_dir() and packages.parent.name == f"python{''.join(said[-1:])}"

    async def _venv(self, python: Path, folder: Path, *options: str) -> None:
        lines: list[str] = []
        argv = (str(python), "-I", "-m", "venv", *options, str(folder))
        if code := await children.run(argv, _plain(), self._temporary, lines.append):
            raise pip_failures.explain(lines, code)

    def _pip_version(self) -> tuple[int, int] | None:
        """Which pip there is; None without one that is whole."""
        version = contents.in_place(contents.packages_of(self._folder)).get("pip", "")
        found = re.match(r"(\d+)\.(\d+)", version)
        return (int(found[1]), int(found[2])) if found else None


def _plain() -> dict[str, str]:
    """Without PYTHONHOME and the like, which would end up in the environment."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def fresh_temporary(paths: Paths) -> Path:
    """An empty folder for what is not kept; a killed attempt may have left gigabytes in it."""
    folder = paths.engines / "pip-tmp"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    return folder


def disk_error(error: OSError) -> EngineError:
    """What to tell of a disk that did not do what it should."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return pip_failures.in_words(PipFault.DISK_FULL, str(error))
    title = "The engine's folder cannot be used."
    return EngineError(title, error.strerror or "", Remedy.RETRY, str(error))
