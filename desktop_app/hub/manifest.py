"""Our record of a downloaded model: what it is, which files it has, and which of them were found to be right.

`<model>/.vllm-desktop/manifest.json`, written by `download` before the first byte and after each file; read by
`download`, `shelf` and `verify`. The folder may come from elsewhere, so what it says is checked like anything foreign.
"""

import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.library import Gate, HubFile, HubModel
from desktop_app.hub.folder_lock import held
from desktop_app.hub.small_files import read_json
from desktop_app.transfer import names

_VERSION = 1
_LIMIT = 16 << 20
"""Bytes. A record of 10,000 files has 2 MB."""
_FILES = 10_000
_REPO_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}/[A-Za-z0-9_][A-Za-z0-9._-]{0,95}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Seen:
    """How a file looked when it was found to be right."""

    size: int
    """Bytes."""
    modified: int
    """Nanoseconds since 1970."""


_WRONG = Seen(-1, 0)
"""As no file looks: stands with one that came as a whole and was found to be wrong later."""


@dataclass(frozen=True)
class Manifest:
    """What a folder was downloaded as."""

    model: HubModel
    """Its repository, commit, licence and files; the rest is as if nothing were known."""
    endpoint: str = ""
    """Where it came from, without user and password."""
    verified: Mapping[str, Seen] = field(default_factory=dict)
    """Files whose hash was right when they came, by path."""

    @property
    def missing(self) -> tuple[HubFile, ...]:
        """The files that never came as a whole; none once the download had come to its end, whatever became of them."""
        return tuple(file for file in self.model.files if file.path not in self.verified)

    def unverified(self, folder: Path) -> tuple[HubFile, ...]:
        """The files that are not there, or not as they were when they were checked."""
        return tuple(file for file in self.model.files if not self._is_there(folder, file))

    def _is_there(self, folder: Path, file: HubFile) -> bool:
        seen = self.verified.get(file.path)
        return seen is not None and seen.size == file.size_bytes and seen == look(folder, file.path)

    def with_verified(self, folder: Path, paths: Iterable[str]) -> "Manifest":
        """The same, with *paths* noted as right as they lie there now."""
        found = {path: seen for path in paths if (seen := look(folder, path))}
        return replace(self, verified={**self.verified, **found})


def manifest_file(folder: Path) -> Path:
    """Where the record of the model in *folder* lies."""
    return folder / names.OURS / "manifest.json"


def look(folder: Path, path: str) -> Seen | None:
    """How a file looks now; None when there is none, or a link in its place or on the way to it."""
    try:
        if any((folder / parent).is_symlink() for parent in PurePosixPath(path).parents[:-1]):
            return None
        about = (folder / path).lstat()
    except OSError:
        return None
    return Seen(about.st_size, about.st_mtime_ns) if stat.S_ISREG(about.st_mode) else None


def check(model: HubModel) -> None:
    """Refuse a repository, commit or file that may not be used on this disk.

    Raises:
        UserError: which one, and why.
    """
    if not is_repo_id(model.repo_id):
        raise _refusal(f"{model.repo_id[:100]!r} is no name of a repository.")
    if not _COMMIT.fullmatch(model.commit):
        raise _refusal(f"{model.commit[:100]!r} is no commit.")
    if len(model.files) > _FILES:
        raise _refusal(f"It has more than {_FILES:,} files.")
    for file in model.files:
        problem = names.problem(file.path)
        if problem:
            raise _refusal(f"The name of its file {file.path[:100]!r} {problem}.")
        if file.size_bytes < 0 or not (_SHA256.fullmatch(file.sha256) or _SHA1.fullmatch(file.git_sha1)):
            raise _refusal(f"Size or checksum of its file {file.path[:100]!r} is not known.")
    twice = names.clash(file.path for file in model.files)
    if twice:
        raise _refusal(f"Two of its files would lie in the same place: {twice[:100]!r}.")


def is_repo_id(text: str) -> bool:
    """Whether *text* is `owner/name` as the Hub allows them."""
    return _REPO_ID.fullmatch(text) is not None and ".." not in text


def read(folder: Path) -> Manifest | None:
    """The record of the model in *folder*; None when there is none.

    Raises:
        UserError: there is one that cannot be used.
        OSError: it cannot be read.
    """
    file = manifest_file(folder)
    if file.parent.is_symlink() or not file.is_file():
        return None
    told = read_json(file, _LIMIT)
    try:
        manifest = _from_json(told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unusable(f"{type(error).__name__}: {error}") from error
    check(manifest.model)
    return manifest


def write(folder: Path, manifest: Manifest) -> None:
    """Keep the record, so that after a power cut there is the old one or this one.

    Raises:
        OSError: it cannot be written.
    """
    file = manifest_file(folder)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as stream:  # noqa: PTH123
            json.dump(_as_json(manifest), stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)  # on a full disk every byte counts
        raise


def doubt(folder: Path, paths: Iterable[str]) -> None:
    """Note that *paths* are wrong by now, whatever they look like: the next download fetches them again.

    Raises:
        UserError: there is no record that can be used, or it is being downloaded.
        OSError: it cannot be written.
    """
    with held(folder):
        _doubt(folder, paths)


def _doubt(folder: Path, paths: Iterable[str]) -> None:
    manifest = read(folder)
    if manifest is None:
        raise _unusable("there is none")
    doubted = {path: _WRONG for path in paths if path in manifest.verified}
    write(folder, replace(manifest, verified={**manifest.verified, **doubted}))


def _as_json(manifest: Manifest) -> dict[str, Any]:
    model = manifest.model
    return {
        "version": _VERSION,
        "repo_id": model.repo_id,
        "commit": model.commit,
        "endpoint": manifest.endpoint,
        "licence": model.licence,
        "gate": model.gate.value,
        "files": [_file_as_json(file) for file in model.files],
        "verified": {path: [seen.size, seen.modified] for path, seen in manifest.verified.items()},
    }


def _file_as_json(file: HubFile) -> dict[str, Any]:
    hashed = {"sha256": file.sha256} if file.sha256 else {"git_sha1": file.git_sha1}
    return {"path": file.path, "size": file.size_bytes, **hashed}


def _from_json(told: Any) -> Manifest:  # noqa: ANN401 - JSON of a stranger
    if told["version"] != _VERSION:
        raise ValueError(f"version {told['version']!r:.50}")
    model = HubModel(
        repo_id=_text(told["repo_id"]),
        commit=_text(told["commit"]),
        gate=Gate(told["gate"]),
        licence=_text(told["licence"]),
        files=tuple(_file_from_json(one) for one in told["files"]),
    )
    verified = {_text(path): Seen(_number(size), _number(when)) for path, (size, when) in told["verified"].items()}
    return Manifest(model, _text(told["endpoint"]), verified)


def _file_from_json(told: Any) -> HubFile:  # noqa: ANN401 - JSON of a stranger
    sha256, sha1 = _text(told.get("sha256", "")), _text(told.get("git_sha1", ""))
    return HubFile(_text(told["path"]), _number(told["size"]), sha256, sha1)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is missing")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a number is missing")
    return value


def _refusal(reason: str) -> UserError:
    return UserError("This model cannot be downloaded safely.", reason, Remedy.CHOOSE_MODEL)


def _unusable(details: str) -> UserError:
    reason = "The program's own note in its folder was changed. Download the model again."
    return UserError("The record of this download is not usable.", reason, Remedy.CHOOSE_MODEL, details)
