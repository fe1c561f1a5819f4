"""The models on this computer: where they lie, what they are, and whether they are whole. Blocking; called in a thread.

Looks at the Guide, at our downloads, the caches of Hugging Face, folders that somebody added, and `MODEL_PATH`. Nothing
is copied or changed. What lies there may come from strangers: links to folders are not followed, every walk has an end,
and one broken model does not hide the others.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import Condition, LocalModel, Source
from desktop_app.domain.model_spec import ModelSpec, Tensors
from desktop_app.hub import manifest
from desktop_app.hub.local import examine, model_name, read_config
from desktop_app.hub.places import Places, places_from
from desktop_app.hub.removal import delete, deletion
from desktop_app.hub.small_files import shown
from desktop_app.hub.spec import complete_config, spec_from

__all__ = ["Places", "delete", "deletion", "places_from", "scan"]

_DEPTH = 2
"""Folders below one that was added, e.g. `publisher/model` of LM Studio, and below a model."""
_MODELS = 20_000
_ENTRIES = 50_000
"""Folders that are looked into below one that was added, and files that are counted of a model."""
_TEMPLATE_LIMIT = 16 << 20
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf")


@dataclass(frozen=True)
class _Spot:
    """A folder that is, or should be, a model."""

    ref: ModelRef
    source: Source
    repo_id: str = ""
    commit: str = ""
    blobs: Path | None = None
    """Where a cache keeps what it has not finished."""
    record: "manifest.Manifest | UserError | None" = None
    """What our own note says of it."""


def scan(places: Places) -> tuple[LocalModel, ...]:
    """Every model, the program's own first; never raises. A model that lies in two of the places is named once."""
    found: list[LocalModel] = []
    seen: set[tuple[int, int]] = set()
    for spot in islice(_spots(places), _MODELS):
        try:
            about = spot.ref.folder.stat()
        except OSError:
            about = None
        if about is None or (about.st_dev, about.st_ino) not in seen:
            found.append(_read(spot, about.st_mtime if about else 0.0))
        if about:
            seen.add((about.st_dev, about.st_ino))
    return tuple(found)


def _spots(places: Places) -> Iterator[_Spot]:
    if (places.guide.folder / "config.json").is_file():
        yield _Spot(places.guide, Source.GUIDE)
    yield from _ours(places.ours)
    for cache in places.caches:
        for repository in _folders(cache):
            if repository.name.startswith("models--"):
                yield from _cached(repository, Source.CACHE)
    for source, roots in ((Source.ADDED, places.added), (Source.VARIABLE, places.variable)):
        for root in roots:
            below = list(_below(root, source))
            # A folder that somebody named is listed in any case, so that they read why nothing is found there.
            yield from below or [_Spot(ModelRef(model_name(root), root), source)]


def _ours(root: Path) -> Iterator[_Spot]:
    for owner in _folders(root):
        for folder in _folders(owner):
            record: manifest.Manifest | UserError | None
            try:
                record = manifest.read(folder)
            except UserError as error:
                record = error
            except OSError as error:
                record = UserError("The record of this download cannot be read.", str(error.strerror))
            if isinstance(record, manifest.Manifest):
                model = record.model
                ref = ModelRef(model.repo_id, folder)
                yield _Spot(ref, Source.OURS, model.repo_id, model.commit, record=record)
            elif record is not None or (folder / "config.json").is_file():
                # Nothing says that we put it there, so it is treated as somebody else's.
                yield _Spot(ModelRef(model_name(folder), folder), Source.ADDED, record=record)


def _cached(repository: Path, source: Source) -> Iterator[_Spot]:
    """The newest snapshot of a repository in a cache; nothing when it holds no model, e.g. a tokenizer only."""
    repo_id, name = _repo_id(repository), model_name(repository)
    snapshots = {folder.name: folder for folder in _folders(repository / "snapshots")}
    snapshot = snapshots.get(_main(repository)) or max(snapshots.values(), key=_modified, default=None)
    if snapshot is None or not (snapshot / "config.json").exists():
        return
    spot = _Spot(ModelRef(repo_id or name, snapshot), source, repo_id, snapshot.name, repository / "blobs")
    if any(name.endswith(_WEIGHTS) for name in _names(snapshot)) or _has_incomplete(spot):
        yield spot


def _main(repository: Path) -> str:
    try:
        with (repository / "refs" / "main").open("rb") as stream:
            return stream.read(100).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _below(root: Path, source: Source) -> Iterator[_Spot]:
    """The models in *root*: itself, or those some folders below, or a cache of Hugging Face."""
    waiting, looked = [(root, 0)], 0
    while waiting and looked < _ENTRIES:
        folder, depth = waiting.pop(0)
        looked += 1
        if folder.name.startswith("models--"):
            yield from _cached(folder, source)
        elif (folder / "config.json").is_file():
            yield _Spot(ModelRef(model_name(folder), folder), source, *_origin(folder))
        elif depth < _DEPTH:
            waiting += [(inner, depth + 1) for inner in _folders(folder)]


def _origin(snapshot: Path) -> tuple[str, str]:
    """Repository and commit of a snapshot in a cache; empty for any other folder."""
    repository = snapshot.parent.parent
    if snapshot.parent.name != "snapshots" or not repository.name.startswith("models--"):
        return "", ""
    return _repo_id(repository), snapshot.name


def _repo_id(repository: Path) -> str:
    """The repository that a folder of a cache is called by; empty when that is none."""
    name = repository.name.removeprefix("models--").replace("--", "/")
    return name if manifest.is_repo_id(name) else ""


def _read(spot: _Spot, modified: float) -> LocalModel:
    folder = spot.ref.folder
    model = LocalModel(
        ref=spot.ref, source=spot.source, condition=Condition.READY, spec=ModelSpec(spot.ref.name),
        size_bytes=_size(folder), modified=modified, repo_id=spot.repo_id, commit=spot.commit,
        chat=_has_template(folder),
    )  # fmt: skip
    try:
        config, tensors = examine(folder)
    except UserError as error:
        unfinished = _unfinished(spot) or (spot.blobs and _has_incomplete(spot) and _not_finished())
        spec = _described(spot)
        if unfinished:
            return replace(model, condition=Condition.UNFINISHED, spec=spec, problem=unfinished)
        return replace(model, condition=Condition.DAMAGED, spec=spec, problem=_with_remedy(error, spot))
    model = replace(model, spec=spec_from(spot.ref.name, complete_config(folder, config), tensors))
    if unfinished := _unfinished(spot):
        return replace(model, condition=Condition.UNFINISHED, problem=unfinished)
    problem = _changed(spot)
    return replace(model, condition=Condition.DAMAGED, problem=problem) if problem else model


def _described(spot: _Spot) -> ModelSpec:
    """What can be said of a model that is not whole."""
    try:
        return spec_from(spot.ref.name, read_config(spot.ref.folder), Tensors())
    except UserError:
        return ModelSpec(spot.ref.name)


def _unfinished(spot: _Spot) -> UserError | None:
    """Whether some of our download was never fetched."""
    if not isinstance(spot.record, manifest.Manifest):
        return None
    left = spot.record.missing
    return _not_finished(f"{len(left)} of {len(spot.record.model.files)} files are still to come.") if left else None


def _changed(spot: _Spot) -> UserError | None:
    """Whether a file of our download is not as it was when it was checked, or our note is of no use."""
    if isinstance(spot.record, UserError):
        return spot.record
    wrong = spot.record.unverified(spot.ref.folder) if spot.record else ()
    if not wrong:
        return None
    which = shown(wrong[0].path)
    reason = f"{len(wrong)} of its files are missing or wrong, the first is {which}."
    if len(wrong) == 1:
        reason = f"One of its files is missing or wrong: {which}."
    return UserError("The model is damaged.", f"{reason} Repair fetches them again.", Remedy.CHOOSE_MODEL)


def _not_finished(reason: str = "") -> UserError:
    return UserError("Its download is not finished.", reason or "The program that began it can continue it.")


def _with_remedy(error: UserError, spot: _Spot) -> UserError:
    return _changed(spot) or error


def _has_incomplete(spot: _Spot) -> bool:
    return spot.blobs is not None and any(name.endswith(".incomplete") for name in _names(spot.blobs))


def _has_template(folder: Path) -> bool | None:
    """Whether it can hold a conversation; None when its files do not say."""
    if any((folder / name).is_file() for name in ("chat_template.jinja", "chat_template.json", "tekken.json")):
        return True
    file = folder / "tokenizer_config.json"
    try:
        if not file.is_file() or file.stat().st_size > _TEMPLATE_LIMIT:
            return None
        return b'"chat_template"' in file.read_bytes()
    except OSError:
        return None


def _size(folder: Path) -> int:
    """Bytes of the files in *folder* and two folders below; those that links in a cache lead to count, too."""
    total, looked, waiting = 0, 0, [(folder, 0)]
    while waiting and looked < _ENTRIES:
        place, depth = waiting.pop()
        for entry in _entries(place):
            looked += 1
            if _is_folder(entry):
                waiting += [(Path(entry), depth + 1)] if depth < _DEPTH else []
            else:
                with suppress(OSError):  # it went away just now
                    total += entry.stat().st_size if entry.is_file() else 0
    return total


def _folders(folder: Path) -> list[Path]:
    """The folders in *folder*, hidden ones and links left out; none when it cannot be read."""
    return sorted(Path(one) for one in _entries(folder) if _is_folder(one) and not one.name.startswith("."))


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in _entries(folder)]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in *folder*; nothing when it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return list(islice(entries, _ENTRIES))
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, and no link."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _modified(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
