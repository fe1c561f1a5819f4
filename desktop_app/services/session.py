"""The data folder of one run of the window: the usual one, another one, or a temporary one that goes away.

Called by `bootstrap`. Where nothing can be saved in the usual one, a window opens all the same: *without saving*, on a
private copy of what can be read, with engines and models used where they lie. All of this blocks.
"""

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from desktop_app import instance
from desktop_app.domain.errors import UserError
from desktop_app.instance import FolderError
from desktop_app.paths import Paths

_SHARE = 0.5
"""Of the room for temporary files that a copy of conversations may take."""
_NOEXEC = getattr(os, "ST_NOEXEC", 0)
"""Linux's mark of a file system from which no code is run."""
_DATABASE_ENDS = ("", "-wal", "-journal")
"""Of the names of what holds conversations; SQLite makes the rest anew."""


@dataclass(frozen=True)
class Session:
    """A data folder that is held until `end()`."""

    paths: Paths
    held: IO[str]
    words: str = ""
    """What a person should know of it all the time; empty for the usual folder."""
    kept: bool = True
    """False for a temporary folder."""

    def end(self) -> None:
        """Let others have the folder; a temporary one goes away."""
        if not self.kept:
            _remove(self.paths)
        self.held.close()


def usual(paths: Paths) -> Session:
    """The data folder as it was named.

    Raises:
        UserError: another program has it.
        FolderError: nothing can be saved there.
    """
    return Session(paths, instance.take(paths))


def elsewhere(chosen: Path) -> Session:
    """A folder that somebody chose: itself when it is empty or a data folder, otherwise one of our own inside it.

    Raises:
        UserError: another program has it, or nothing can be saved there.
    """
    folder = chosen if _is_free(chosen) else chosen / "vllm-desktop"
    command = f"vllm-desktop --data-dir {shlex.quote(str(folder))}"
    words = f"Everything is kept in {folder} this time. To have it so every time, start with:\n{command}"
    return Session(Paths(folder), instance.take(Paths(folder)), words)


def unsaved(problem: FolderError) -> Session:
    """A temporary folder in place of the one that has a *problem*, with what can be read there.

    Raises:
        UserError: there is no place for one.
    """
    usual_paths = Paths(problem.folder)
    sweep(usual_paths)
    paths = Paths(_make_folder(usual_paths), usual_paths.models if _can_be_read(usual_paths.models) else None)
    try:
        held = instance.take(paths)
    except UserError:
        _remove(paths)
        raise
    words = f"Nothing you do now is kept when the window closes, because {problem.because}."
    _copy_small_files(usual_paths, paths)
    if not _copy_database(usual_paths.database, paths.database):
        words += " What was saved there could not be copied, so the window begins empty."
    return Session(paths, held, words, kept=False)


def summon(paths: Paths) -> bool:
    """Bring the window in front that has the data folder, or that was opened in its place; False when there is none."""
    return any(instance.summon(Paths(folder)) for folder in (paths.root, *_temporary(paths)))


def sweep(paths: Paths) -> None:
    """Remove what a program that was killed has left of temporary folders in place of *paths*."""
    for folder in _temporary(paths):
        with suppress(UserError), instance.lock(Paths(folder)):
            _remove(Paths(folder))


def _is_free(folder: Path) -> bool:
    """Whether nobody else has anything there."""
    try:
        return Paths(folder).database.exists() or not any(folder.iterdir())
    except OSError:
        return True  # whoever takes it will say why it is of no use


def _can_be_read(folder: Path) -> bool:
    try:
        os.scandir(folder).close()
    except OSError:
        return False
    return True


def _places() -> list[Path]:
    """Where temporary folders may lie, the best first: engines run code from there, and need room."""
    named = [os.environ.get("XDG_RUNTIME_DIR", "")]
    with suppress(OSError):  # there is none
        named.append(tempfile.gettempdir())
    found: dict[Path, tuple[bool, int]] = {}
    for place in map(Path, filter(None, named)):
        with suppress(OSError):
            about = os.statvfs(place)
            found[place] = (not about.f_flag & _NOEXEC, about.f_bavail * about.f_frsize)
    return sorted(found, key=lambda place: found[place], reverse=True)


def _prefix(paths: Paths) -> str:
    # Short: paths of sockets are limited.
    return f"vllm-desktop-tmp-{sha256(os.fsencode(paths.root)).hexdigest()[:6]}-"


def _temporary(paths: Paths) -> Iterator[Path]:
    """Temporary folders in place of *paths*."""
    for place in _places():
        with suppress(OSError):
            yield from (one for one in place.glob(f"{_prefix(paths)}*") if one.lstat().st_uid == os.getuid())


def _make_folder(paths: Paths) -> Path:
    problem: OSError | None = None
    for place in _places():
        try:
            return Path(tempfile.mkdtemp(prefix=_prefix(paths), dir=place))
        except OSError as error:
            problem = error
    reason = f"{problem.strerror}: {problem.filename}." if problem else "This computer has no folder for such files."
    raise UserError("Nothing can be written to a temporary folder either.", reason)


def _remove(paths: Paths) -> None:
    for folder in (paths.root, paths.runtime):
        shutil.rmtree(folder, ignore_errors=True)


def _copy_small_files(source: Paths, target: Paths) -> None:
    """Keys, and what is known of engines: each names the folder that it lies in."""
    files = [source.keys, source.token]
    for folder in (source.engines, source.engines / "known"):
        with suppress(OSError):
            files += folder.glob("*.json")
    for file in files:
        with suppress(OSError):
            _copy(file, target.root / file.relative_to(source.root))


def _copy_database(source: Path, target: Path) -> bool:
    """Whether all was copied that there is."""
    names = [(source.with_name(source.name + end), target.with_name(target.name + end)) for end in _DATABASE_ENDS]
    try:
        source.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    try:
        there = [(one, copy) for one, copy in names if one.exists()]
        if sum(one.stat().st_size for one, _ in there) > _SHARE * shutil.disk_usage(target.parent).free:
            return False
        for one, copy in there:
            _copy(one, copy)
    except OSError:
        for _, copy in names:
            copy.unlink(missing_ok=True)
        return False
    return True


def _copy(source: Path, target: Path) -> None:
    """Copy a file for nobody else to read, and for us to write to."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    shutil.copyfile(source, target)
