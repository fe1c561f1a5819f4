"""The SHA-256 of every file of a model, as they lie here now. Blocking, and as long as the disk takes.

`services/provenance.py` asks, in a thread. What a download noted of a file counts as long as the file looks as it did
then; what was reckoned before is asked for by path, size and time of change.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from desktop_app.domain.errors import UserError
from desktop_app.hub import manifest
from desktop_app.hub.small_files import shown
from desktop_app.transfer import names

_BLOCK = 1 << 20
_ENTRIES = 20_000
"""Of a folder that is looked at; no model has more."""


@dataclass(frozen=True)
class ModelFile:
    """A file of a model as it lies here."""

    path: Path
    name: str
    """Below the model's folder, as it may be shown."""
    size: int
    """Bytes."""
    modified: int
    """Nanoseconds since 1970."""
    sha256: str = ""
    """From the record of its download; empty where that says nothing, or something else lies here now."""


def files_of(folder: Path) -> tuple[ModelFile, ...]:
    """Every file of the model in *folder* by name, hidden ones left out; what cannot be looked at is left out, too."""
    verified = _verified(folder)
    found = []
    for path in sorted(_files(folder)):
        name = path.relative_to(folder).as_posix()
        try:
            about = path.stat()
        except OSError:
            continue
        found.append(ModelFile(path, shown(name), about.st_size, about.st_mtime_ns, verified.get(name, "")))
    return tuple(found)


def sha256_of(path: Path, cancelled: Callable[[], bool]) -> str:
    """The SHA-256 of a file; empty when it was cancelled, asked after each megabyte.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            if cancelled():
                return ""
            digest.update(block)
    return digest.hexdigest()


def commit_of(folder: Path) -> str:
    """The commit that the record of a download names; empty without one."""
    record = _record(folder)
    return record.model.commit if record else ""


def _record(folder: Path) -> manifest.Manifest | None:
    try:
        return manifest.read(folder)
    except (OSError, UserError):
        return None


def _verified(folder: Path) -> Mapping[str, str]:
    """The hashes of files that look as they did when these were found to be right."""
    record = _record(folder)
    if record is None:
        return {}
    changed = {file.path for file in record.unverified(folder)}
    return {file.path: file.sha256 for file in record.model.files if file.sha256 and file.path not in changed}


def _files(folder: Path) -> Iterator[Path]:
    """Files below *folder* that are no folders, no pipes and not hidden."""
    for place, folders, files in islice(os.walk(folder), _ENTRIES):
        folders[:] = sorted(name for name in folders if name != names.OURS and not name.startswith("."))
        for name in files:
            path = Path(place) / name
            if not name.startswith(".") and path.is_file():
                yield path
