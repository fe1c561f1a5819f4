"""The folder of a download: what is already there, whether there is room for the rest, and what goes with it.

Called by `download` and `removal`, in threads.
"""

import contextlib
import os
import shutil
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.library import HubFile, HubModel
from desktop_app.hub import download_errors, manifest
from desktop_app.hub.manifest import Manifest, Seen
from desktop_app.transfer import names
from desktop_app.transfer.jobs import part_file

_MARGIN_SHARE, _MARGIN_BYTES = 0.05, 256_000_000
"""What is left free beside the files: five per cent of what is missing, at most this."""


def parts_folder(folder: Path) -> Path:
    """Where unfinished files stay."""
    return folder / names.OURS / "parts"


def job_file(folder: Path) -> Path:
    """What the fetcher is told."""
    return folder / names.OURS / "job.json"


def prepare(folder: Path, model: HubModel, endpoint: str) -> Manifest:
    """The record of this download, written down, with what an earlier attempt left; its lock must be held.

    Raises:
        UserError: the folder holds something else, or there is not enough room.
        OSError: it cannot be written to.
    """
    before = _record(folder)
    if before is None and not is_free(folder):
        raise UserError(
            "Something else lies where this model belongs.",
            f"{folder} was not made by the program. Move it away, then download again.",
            Remedy.RETRY,
        )
    if before is not None and (before.model.repo_id, before.model.commit) != (model.repo_id, model.commit):
        reason = f"{folder} holds {before.model.repo_id} as of {before.model.commit[:12]}."
        raise UserError("Another version of this model lies here.", reason, Remedy.CHOOSE_MODEL)
    record = Manifest(model, endpoint, _still_right(folder, before, model) if before else {})
    manifest.write(folder, record)
    parts = parts_folder(folder)
    if parts.is_symlink():
        parts.unlink()
    parts.mkdir(exist_ok=True)
    _remove_strangers(folder, model)
    needed, free = room(folder, model)
    if needed > free:
        raise download_errors.no_room(needed, free)
    return record


def is_free(folder: Path) -> bool:
    """Whether there is nothing in *folder*, or what a download without a record left."""
    if not folder.exists():
        return True
    found = {path.name for path in folder.iterdir()}
    return found <= {names.OURS} and not manifest.manifest_file(folder).exists()


def _still_right(folder: Path, before: Manifest, model: HubModel) -> dict[str, Seen]:
    """What was found to be right and lies there unchanged."""
    right = set(before.model.files) - set(before.unverified(folder))
    return {file.path: before.verified[file.path] for file in model.files if file in right}


def _record(folder: Path) -> Manifest | None:
    """The record that is there; one that cannot be read is none of ours."""
    try:
        return manifest.read(folder)
    except UserError:
        return None


def there(folder: Path, model: HubModel) -> dict[str, int]:
    """Bytes of each file that are there, right or not, by path."""
    return {file.path: min(_there(folder, file), file.size_bytes) for file in model.files}


def _there(folder: Path, file: HubFile) -> int:
    seen = manifest.look(folder, file.path)
    if seen is None:
        part = part_file(Path(), file.path, file.sha256 or file.git_sha1)
        seen = manifest.look(parts_folder(folder), part.as_posix())
    return seen.size if seen else 0


def room(folder: Path, model: HubModel) -> tuple[int, int]:
    """Bytes that are needed for what is missing, with a margin, and bytes that are free.

    Raises:
        OSError: the disk cannot be asked.
    """
    missing = model.download_bytes - sum(there(folder, model).values())
    disk = os.statvfs(folder)
    needed = missing + int(min(missing * _MARGIN_SHARE, _MARGIN_BYTES))
    return needed, disk.f_bavail * disk.f_frsize


def _remove_strangers(folder: Path, model: HubModel) -> None:
    """Take away unfinished files that do not belong to this download."""
    wanted = {part_file(parts_folder(folder), file.path, file.sha256 or file.git_sha1) for file in model.files}
    for path in list(parts_folder(folder).rglob("*")):
        if not path.is_dir() and path.with_suffix(".part") not in wanted:
            path.unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Take away what only an unfinished download needs."""
    shutil.rmtree(parts_folder(folder), ignore_errors=True)
    job_file(folder).unlink(missing_ok=True)


def files_of(folder: Path, model: HubModel) -> list[Path]:
    """What a download put there and `discard` takes away: the files of *model*, and our own notes."""
    mine = [folder / file.path for file in model.files if manifest.look(folder, file.path)]
    return mine + [Path(place, name) for place, _, found in os.walk(folder / names.OURS) for name in found]


def discard(folder: Path, model: HubModel) -> None:
    """Take away the files of *model* and our own notes; what else lies there stays. Its lock must be held.

    The record goes last: when this is interrupted, it can be done again.

    Raises:
        OSError: something cannot be removed.
    """
    for file in model.files:
        if manifest.look(folder, file.path):
            (folder / file.path).unlink()
    tidy(folder)
    shutil.rmtree(folder / names.OURS)
    folders = {folder / parent for file in model.files for parent in Path(file.path).parents}
    for empty in sorted(folders, key=lambda path: -len(path.parts)):
        with contextlib.suppress(OSError):
            empty.rmdir()  # only when it is
    with contextlib.suppress(OSError):
        folder.parent.rmdir()
