"""Where the program keeps its things: everything under one data folder, private to the person.

`--data-dir` chooses it; otherwise it is `$XDG_DATA_HOME/vllm-desktop`, `~/.local/share/vllm-desktop` by default.
"""

import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SOCKET_PATH_LIMIT = 100
"""Bytes. The kernel allows 107 for a Unix socket's path; a margin is kept for the name of the socket."""


@dataclass(frozen=True)
class EnginePlaces:
    """Where one running engine has its things; every engine has its own."""

    key: str
    """Tells it from others (`ModelRef.key`)."""
    socket: Path
    """Its Unix socket."""
    log: Path
    """What it printed since it was last started."""
    record: Path
    """Pid and start time of each of its processes; gone when there is none."""
    tmp: Path
    """Its TMPDIR: internal sockets and rendezvous files."""


@dataclass(frozen=True)
class Paths:
    """Folders and files below the data folder. Nothing is made until `make()`."""

    root: Path
    shelf: Path | None = None
    """Where models lie instead: a temporary data folder has those of the one that it stands in for."""

    @property
    def database(self) -> Path:
        """Conversations and settings."""
        return self.root / "vllm-desktop.sqlite3"

    @property
    def keys(self) -> Path:
        """Keys of servers elsewhere; never in the database."""
        return self.root / "keys.json"

    @property
    def engines(self) -> Path:
        """Virtual environments with vLLM."""
        return self.root / "engines"

    @property
    def models(self) -> Path:
        """Models that were downloaded, `<owner>/<name>` each."""
        return self.shelf or self.root / "models"

    @property
    def token(self) -> Path:
        """The Hub's token where the system has no keyring."""
        return self.root / "hub-token"

    @property
    def cache(self) -> Path:
        """vLLM's own caches. They hold compiled code, so they are as private as the rest."""
        return self.root / "cache"

    @property
    def engine_home(self) -> Path:
        """The HOME that the engine sees."""
        return self.root / "engine-home"

    @property
    def logs(self) -> Path:
        """Logs of the engine and of the program."""
        return self.root / "logs"

    @property
    def install_log(self) -> Path:
        """What pip printed during the last installation."""
        return self.logs / "install.log"

    @property
    def records(self) -> Path:
        """Records of running engines, `<key>.json` each."""
        return self.root / "running"

    @property
    def runtime(self) -> Path:
        """A 0700 folder for sockets, with a path short enough for one."""
        folder = self.root / "run"
        if len(os.fsencode(folder)) + len("/0123456789/") + 36 <= _SOCKET_PATH_LIMIT:
            return folder
        from hashlib import sha256  # noqa: PLC0415 - hardly anybody gets here

        base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        digest = sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(base) / f"vllm-desktop-{os.getuid()}-{digest}"

    def engine(self, key: str) -> EnginePlaces:
        """Where the engine *key* has its things."""
        return EnginePlaces(
            key=key,
            socket=self.runtime / f"{key}.sock",
            log=self.logs / f"engine-{key}.log",
            record=self.records / f"{key}.json",
            tmp=self.runtime / key,
        )

    def engine_sockets(self) -> list[Path]:
        """The sockets of engines that there are, or of which a crash left the file."""
        return sorted(self.runtime.glob("?" * 10 + ".sock"))

    def make(self) -> None:
        """Create every folder, readable by nobody else.

        Raises:
            OSError: a folder cannot be made, or the one for sockets is a link or belongs to somebody else.
        """
        # It may lie below /tmp, where anybody can put a link under its name.
        if self.runtime.is_symlink():
            raise PermissionError(f"{self.runtime} is a link and no folder")
        for folder in (
            self.root,
            self.engines,
            self.root / "models",
            self.cache,
            self.engine_home,
            self.logs,
            self.records,
            self.runtime,
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.root, self.runtime):
            about = folder.stat()
            if about.st_uid != os.getuid():
                raise PermissionError(f"{folder} belongs to somebody else")
            # Nothing is allowed that was not before: who forbade writing there meant it.
            folder.chmod(stat.S_IMODE(about.st_mode) & 0o700)


def default_root() -> Path:
    """The data folder when nobody chose one."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "vllm-desktop"
    base = os.environ.get("XDG_DATA_HOME") or ""
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "share") / "vllm-desktop"


def resources() -> Path:
    """The folder with what the program ships: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"
