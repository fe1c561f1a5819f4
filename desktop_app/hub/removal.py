"""Deleting models: what that would free, and what may be deleted at all. Used through `shelf`; blocking.

Only what the program downloaded, and what lies in a cache of Hugging Face, whose other users the person is told of.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.library import Deletion, LocalModel, Source
from desktop_app.domain.units import disk_words
from desktop_app.hub import download_folder, manifest
from desktop_app.hub.folder_lock import held
from desktop_app.hub.library import library
from desktop_app.hub.manifest import Manifest
from desktop_app.hub.places import Places
from desktop_app.hub.small_files import shown

_FILES = 20_000
"""Of a folder that are looked at for those of others."""

_WHY_NOT = {
    Source.GUIDE: "The Guide belongs to the program and stays.",
    Source.ADDED: "This program did not put it there, so it does not delete it. Its folder can be taken off the list.",
    Source.VARIABLE: "MODEL_PATH names its folder; this program did not put it there, so it does not delete it.",
}


def deletion(model: LocalModel, places: Places) -> Deletion:
    """What deleting *model* would do; nothing is changed."""
    if model.source is Source.OURS:
        record = _record_of_ours(model.ref.folder, places.ours)
        return _refused(model, record) if isinstance(record, str) else _deletion_of_ours(model, record)
    if model.source is Source.CACHE:
        return _deletion_from_cache(model)
    return _refused(model, _WHY_NOT[model.source])


def delete(model: LocalModel, places: Places) -> int:
    """Delete *model*; how many bytes the disk gained.

    Raises:
        UserError: it may not be deleted, or could not be.
    """
    planned = deletion(model, places)
    if not planned.allowed:
        raise UserError("This model is not deleted.", planned.words)
    try:
        if model.source is Source.OURS:
            _delete_ours(model.ref.folder, places.ours)
        else:
            _delete_from_cache(model)
    except OSError as error:
        reason = f"{error.strerror or error}: {shown(str(error.filename or model.ref.folder))}"
        raise UserError("The model could not be deleted completely.", reason, Remedy.RETRY) from error
    return planned.freed_bytes


def _record_of_ours(folder: Path, ours: Path) -> Manifest | str:
    """The record of one of our downloads, or why *folder* is none."""
    if folder.parent.parent != ours or folder.is_symlink() or folder.parent.is_symlink():
        return "It does not lie among the downloads of this program, so it is not deleted."
    try:
        record = manifest.read(folder)
    except (UserError, OSError):
        record = None
    return record or "Nothing in its folder says that this program downloaded it, so it is not deleted."


def _deletion_of_ours(model: LocalModel, record: Manifest) -> Deletion:
    folder = model.ref.folder
    mine = set(download_folder.files_of(folder, record.model))
    others = len(set(islice(_files_below(folder), _FILES)) - mine)
    size = _freed(mine)
    words = f"Its folder goes, and {disk_words(size)} of the disk are free again."
    if others:
        stay = "1 file that the program did not put there stays" if others == 1 else f"{others} files of others stay"
        words = f"Its files go, and {disk_words(size)} of the disk are free again. In its folder {stay}."
    return Deletion(model, size, words)


def _delete_ours(folder: Path, ours: Path) -> None:
    with held(folder):
        record = _record_of_ours(folder, ours)
        if not isinstance(record, str):
            download_folder.discard(folder, record.model)


def _files_below(folder: Path) -> Iterator[Path]:
    return (Path(place, name) for place, _, found in os.walk(folder) for name in found)


def _freed(files: Iterable[Path]) -> int:
    """Bytes that the disk gains without *files*: blocks of those that have no other name elsewhere."""
    names: Counter[tuple[int, int]] = Counter()
    about: dict[tuple[int, int], os.stat_result] = {}
    for file in files:
        try:
            found = file.lstat()
        except OSError:
            continue
        key = (found.st_dev, found.st_ino)
        names[key] += 1
        about[key] = found
    return sum(found.st_blocks * 512 for key, found in about.items() if names[key] >= found.st_nlink)


def _deletion_from_cache(model: LocalModel) -> Deletion:
    try:
        size = int(_strategy(model).expected_freed_size)
    except UserError as error:
        return _refused(model, error.sentence())
    words = (
        f"It goes from the Hugging Face cache, and {disk_words(size)} of the disk are free again. Other programs on "
        "this computer use that cache, too, and would have to fetch it again. Files that another version of it shares "
        "stay."
    )
    return Deletion(model, size, words)


def _delete_from_cache(model: LocalModel) -> None:
    _strategy(model).execute()
    # huggingface_hub only logs what it could not delete.
    if model.ref.folder.exists():
        reason = f"Its folder is still there: {shown(str(model.ref.folder))}. Does it belong to somebody else?"
        raise UserError("The model could not be deleted completely.", reason, Remedy.RETRY)


def _strategy(model: LocalModel) -> Any:  # noqa: ANN401 - a class of huggingface_hub, which is imported late
    """How huggingface_hub would delete the model.

    Raises:
        UserError: the cache is not as it should be, so that something else could be hit.
    """
    repository = model.ref.folder.parent.parent
    errors = library("errors")
    try:
        cache = library("utils").scan_cache_dir(repository.parent)
    except (errors.CacheNotFound, ValueError, OSError) as error:
        raise UserError("The Hugging Face cache cannot be read.", shown(str(error))) from error
    own = [repo for repo in cache.repos if repo.repo_path.resolve() == repository.resolve()]
    if not own or not any(one.commit_hash == model.ref.folder.name for one in own[0].revisions):
        reason = "huggingface_hub does not recognise it there, so it is not deleted."
        raise UserError("This model is not as a cache keeps one.", reason)
    # Another repository may bear the same commit.
    strategy = replace(cache, repos=frozenset(own)).delete_revisions(model.ref.folder.name)
    inside = repository.parent.resolve()
    touched = {*strategy.blobs, *strategy.refs, *strategy.repos, *strategy.snapshots}
    if not all(path.parent.resolve().is_relative_to(inside) for path in touched):
        reason = "A link in it leads out of the cache, so it is not deleted."
        raise UserError("This model is not as a cache keeps one.", reason)
    return strategy


def _refused(model: LocalModel, why: str) -> Deletion:
    return Deletion(model, 0, why, allowed=False)
