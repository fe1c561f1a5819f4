"""What the Hub's JSON says of a repository, as values. Used by `remote`; nothing in an answer is trusted.

The fields are those of `huggingface_hub.hf_api.ModelInfo`. What is odd counts as not said, but for the commit and the
files, without which nothing can be fetched.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.library import Gate, HubFile, HubModel
from desktop_app.domain.model_spec import Tensors
from desktop_app.hub.manifest import is_repo_id
from desktop_app.hub.safetensors import dtype_bits
from desktop_app.hub.small_files import shown
from desktop_app.hub.spec import spec_from

_FILES = 50_000
"""Of a repository that is looked at."""
_LARGEST = 1 << 50
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_KINDS = ("text-generation", "image-text-to-text", "any-to-any", "text2text-generation")
"""What models that write are called (https://huggingface.co/tasks)."""


def found_model(told: object) -> HubModel | None:
    """A repository as a list names it, with what a first verdict needs; None when it is no model that writes."""
    if not isinstance(told, Mapping):
        return None
    name, kind = told.get("id") or told.get("modelId"), told.get("pipeline_tag")
    if not isinstance(name, str) or not is_repo_id(name) or told.get("disabled") is True:
        return None
    if kind not in (None, "", *_KINDS) or told.get("library_name") == "peft":
        return None
    tensors = tensors_of(told)
    spec = spec_from(name, config_of(told), tensors) if tensors.size_bytes else None
    return _model(told, name, HubModel(name, spec=spec))


def described_model(told: object, repo_id: str) -> HubModel | None:
    """A repository as the question about it is answered, without its files; None when that is no answer of a Hub."""
    if not isinstance(told, Mapping):
        return None
    name, commit = told.get("id") or repo_id, told.get("sha")
    if not isinstance(name, str) or not is_repo_id(name):
        return None
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        return None
    return _model(told, name, HubModel(name))


def files_of(told: object) -> tuple[HubFile, ...]:
    """The files of a repository, whatever they are called.

    Raises:
        UserError: sizes or checksums are missing, so that a download could not be checked.
    """
    listed = told.get("siblings") if isinstance(told, Mapping) else None
    if not isinstance(listed, list) or len(listed) > _FILES:
        raise _unusable("It does not list its files." if not isinstance(listed, list) else "It has too many files.")
    return tuple(_file(one) for one in listed)


def tensors_of(told: Mapping[str, Any]) -> Tensors:
    """How many numbers of each format the Hub counted in a repository; empty when it did not."""
    about = told.get("safetensors")
    counted = about.get("parameters") if isinstance(about, Mapping) else None
    if not isinstance(counted, Mapping):
        return Tensors()
    parameters = {
        dtype: count for dtype, count in counted.items()
        if isinstance(dtype, str) and dtype_bits(dtype) and _is_size(count)
    }  # fmt: skip
    if len(parameters) != len(counted):
        return Tensors()
    return Tensors(parameters, sum(count * dtype_bits(dtype) for dtype, count in parameters.items()) // 8)


def config_of(told: Mapping[str, Any]) -> Mapping[str, object]:
    """What the Hub repeats of `config.json`: the kind of model and how it was made smaller, no sizes."""
    config = told.get("config")
    return config if isinstance(config, Mapping) else {}


def _model(told: Mapping[str, Any], name: str, model: HubModel) -> HubModel:
    commit, modified = told.get("sha"), told.get("lastModified")
    return HubModel(
        repo_id=name,
        commit=commit if isinstance(commit, str) and _COMMIT.fullmatch(commit) else "",
        gate=_gate(told.get("gated")),
        licence=_licence(told),
        downloads=_count(told.get("downloads")),
        likes=_count(told.get("likes")),
        modified=modified[:10] if isinstance(modified, str) and _DATE.match(modified) else "",
        spec=model.spec,
    )


def _file(told: object) -> HubFile:
    if not isinstance(told, Mapping) or not isinstance(told.get("rfilename"), str):
        raise _unusable("It does not say what its files are called.")
    path, size = told["rfilename"], told.get("size")
    lfs = told["lfs"] if isinstance(told.get("lfs"), Mapping) else {}
    sha256, sha1 = lfs.get("sha256") or lfs.get("oid") or "", told.get("blobId") or ""
    if not _is_size(size):
        raise _unusable(f"It does not say how large {shown(path)} is.")
    if lfs:
        # What git keeps of such a file is a pointer; its hash says nothing of the file.
        sha1 = ""
    sha256 = sha256 if isinstance(sha256, str) and _SHA256.fullmatch(sha256) else ""
    sha1 = sha1 if isinstance(sha1, str) and _COMMIT.fullmatch(sha1) else ""
    if not sha256 and not sha1:
        raise _unusable(f"It does not say how {shown(path)} can be checked.")
    return HubFile(path, size, sha256, sha1)


def _gate(told: object) -> Gate:
    if told == "manual":
        return Gate.MANUAL
    return Gate.AUTOMATIC if told == "auto" or told is True else Gate.OPEN


def _licence(told: Mapping[str, Any]) -> str:
    card, tags = told.get("cardData"), told.get("tags")
    named = card.get("license") if isinstance(card, Mapping) else None
    named = named[0] if isinstance(named, list) and named else named
    if not isinstance(named, str) and isinstance(tags, list):
        named = next((tag[8:] for tag in tags if isinstance(tag, str) and tag.startswith("license:")), "")
    return shown(named, 60) if isinstance(named, str) else ""


def _count(value: object) -> int:
    return value if _is_size(value) else 0


def _is_size(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST


def _unusable(reason: str) -> UserError:
    more = "This is how some mirrors are. Ask the Hub itself, or another mirror."
    return UserError("This repository cannot be downloaded safely.", f"{reason} {more}", Remedy.CHOOSE_MODEL)
