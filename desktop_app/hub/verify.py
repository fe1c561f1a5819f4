"""Whether the files of a model are byte for byte what was published. Blocking, and as long as the disk takes.

Held against our own record of a download, or against the names of the files in a cache of Hugging Face, which are their
hashes. Called by services and the command line, in a thread. Nothing is asked of any network.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.library import HubFile
from desktop_app.hub import manifest
from desktop_app.hub.small_files import shown

_BLOCK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")
_FILES = 20_000


@dataclass(frozen=True)
class Findings:
    """What was found."""

    checked: int = 0
    """Files that were read to their end."""
    wrong: tuple[str, ...] = ()
    """Files whose content is not what was published."""
    missing: tuple[str, ...] = ()
    """Files that belong to the model and are not there."""
    unknown: int = 0
    """Files of which nobody says what they should be."""
    cancelled: bool = False
    """Whether it was ended before all were read."""

    @property
    def whole(self) -> bool:
        """Whether every file is there and as it was published."""
        return not (self.wrong or self.missing or self.cancelled)


@dataclass(frozen=True)
class _Expected:
    """A file, and what it should be."""

    file: Path
    name: str
    size: int
    """Bytes; -1 when only the hash is known."""
    sha256: str = ""
    git_sha1: str = ""


@dataclass
class _Tally:
    """What was found so far."""

    done: int = 0
    checked: int = 0
    wrong: list[str] = field(default_factory=list)


class NothingToCompareError(UserError):
    """Nobody says what the files of a model should be."""


class _CancelledError(Exception):
    """The person does not want to wait."""


def verify(
    folder: Path, progress: Callable[[int, int], None] | None = None, cancelled: Callable[[], bool] | None = None
) -> Findings:
    """Read every file of the model in *folder* and compare.

    Args:
        folder: one of our downloads, or a snapshot in a cache of Hugging Face.
        progress: told the bytes that were read, and those of all files.
        cancelled: asked after each megabyte whether to stop.

    Raises:
        NothingToCompareError: nobody says what they should be.
        UserError: a file cannot be read.
    """
    try:
        record = manifest.read(folder)
        if record is not None:
            expected, unknown = [_of_record(folder, one) for one in record.model.files], 0
        else:
            expected, unknown = _of_cache(folder)
        return _compare(expected, unknown, progress or _nothing, cancelled or _never)
    except OSError as error:
        reason = f"{error.strerror or error}: {shown(str(error.filename or folder))}"
        raise UserError("The model's files cannot be read.", reason, Remedy.RETRY) from error


def doubt(folder: Path, found: Findings) -> None:
    """Note in our record of a download which files are wrong: the next download fetches them, whatever their size says.

    Raises:
        UserError: the record cannot be written.
    """
    try:
        record = manifest.read(folder) if found.wrong else None
        if record is not None:
            manifest.doubt(folder, [file.path for file in record.model.files if shown(file.path) in found.wrong])
    except OSError as error:
        reason = f"{error.strerror or error}: {shown(str(error.filename or folder))}"
        raise UserError("What was found could not be noted.", reason, Remedy.RETRY) from error


def _of_record(folder: Path, file: HubFile) -> _Expected:
    return _Expected(folder / file.path, file.path, file.size_bytes, file.sha256, file.git_sha1)


def _of_cache(folder: Path) -> tuple[list[_Expected], int]:
    """The links of a snapshot to files that are called like their hash, and how many other files there are."""
    expected, unknown = [], 0
    repository = folder.parent.parent
    if folder.parent.name == "snapshots" and repository.name.startswith("models--"):
        for file in _files(folder):
            hashed = _hash_in_name(file, repository)
            name = file.relative_to(folder).as_posix()
            if hashed is None:
                unknown += 1
            else:
                sha256, git_sha1 = (hashed, "") if len(hashed) == 64 else ("", hashed)
                expected.append(_Expected(file, name, -1, sha256, git_sha1))
    if not expected:
        reason = "Neither this program nor the Hugging Face cache fetched it, so there is nothing to compare with."
        raise NothingToCompareError("Nobody says what this model's files should be.", reason)
    return expected, unknown


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(islice(folder.rglob("*"), _FILES)):
        if file.is_symlink() or file.is_file():
            yield file


def _hash_in_name(file: Path, repository: Path) -> str | None:
    """The hash that the blob behind *file* is called by; None when it is no link to one."""
    if not file.is_symlink():
        return None
    # One step only: the blob itself may be a link into a store that is shared, under another name.
    target = (file.parent / file.readlink()).parent.resolve() / file.readlink().name
    if target.parent != (repository / "blobs").resolve():
        return None
    return target.name if _SHA256.fullmatch(target.name) or _SHA1.fullmatch(target.name) else None


def _compare(
    expected: list[_Expected], unknown: int, progress: Callable[[int, int], None], cancelled: Callable[[], bool]
) -> Findings:
    there = [one for one in expected if one.file.is_file()]
    missing = tuple(shown(one.name) for one in expected if not one.file.is_file())
    total, tally = sum(one.file.stat().st_size for one in there), _Tally()
    progress(0, total)
    try:
        for one in there:
            before = tally.done
            right = _is_right(one, tally, lambda: progress(tally.done, total), cancelled)
            tally.done = before + one.file.stat().st_size
            tally.checked += 1
            if not right:
                tally.wrong.append(shown(one.name))
    except _CancelledError:
        return Findings(tally.checked, tuple(tally.wrong), missing, unknown, cancelled=True)
    progress(total, total)
    return Findings(tally.checked, tuple(tally.wrong), missing, unknown)


def _is_right(one: _Expected, tally: _Tally, told: Callable[[], None], cancelled: Callable[[], bool]) -> bool:
    """Whether a file has the size and the hash that it should."""
    size = one.file.stat().st_size
    if one.size not in (-1, size):
        return False
    # Git's hash begins with the size: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects.
    digest = hashlib.sha256() if one.sha256 else hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with one.file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            if cancelled():
                raise _CancelledError
            digest.update(block)
            tally.done += len(block)
            told()
    return digest.hexdigest() == (one.sha256 or one.git_sha1)


def _nothing(_done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


def _never() -> bool:
    return False
