"""Models that lie in folders of this computer: what can be served, and why something cannot.

`inspect` is called before an engine is started, in a thread, and answers in milliseconds: it reads a few small files
and the heads of the weight files, never a tensor. `shelf` and `spec` use its parts. Everything in such a folder was
written by strangers: nothing is executed, sizes are limited, and names inside files lead nowhere outside the folder.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.model_spec import Tensors
from desktop_app.hub.safetensors import read_tensors, together
from desktop_app.hub.small_files import read_json, reject_stand_in, shown

_CONFIG_LIMIT = 8 << 20
"""Bytes. The largest `config.json` of a current model has 60 kB."""
_INDEX_LIMIT = 64 << 20
"""Bytes. The index of a model with 90,000 tensors has 9 MB."""
_ENTRIES = 20_000
"""Of a folder that is looked at; no model has more."""

_UNSAFE = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl"})
_SHARD = re.compile(r"(.+)-(\d{5,6})-of-(\d{5,6})\.safetensors")
_TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model*",
    "tekken.json",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "*.tiktoken",
)
_CACHE_FOLDER = re.compile(r"models--(.+?)--(.+)")


def guide(resources: Path) -> ModelRef:
    """The model that ships with the program; its folder is not looked at."""
    return ModelRef("Guide", resources / "guide", is_guide=True)


def inspect(folder: Path) -> ModelRef:
    """The model in *folder*, found complete as far as that can be seen without reading tensors.

    Raises:
        UserError: it cannot be served; title and reason say why.
    """
    examine(folder)
    return ModelRef(model_name(folder), folder)


def examine(folder: Path) -> tuple[dict[str, object], Tensors]:
    """What `config.json` says and which tensors there are, of a model that is complete as far as that can be seen.

    Raises:
        UserError: it cannot be served; title and reason say why.
    """
    with _told(folder):
        _inspect_folder(folder)
        described = read_config(folder), read_weights(folder)
        _check_tokenizer(folder)
        return described


def model_name(folder: Path) -> str:
    """What a model is called: the folder's name, or `owner/name` inside the cache of Hugging Face."""
    for part in (folder.absolute().parent.parent.name, folder.name):
        cached = _CACHE_FOLDER.fullmatch(part)
        if cached:
            return shown(f"{cached[1]}/{cached[2]}")
    return shown(folder.absolute().name)


def read_config(folder: Path) -> dict[str, object]:
    """What `config.json` in *folder* says; raises UserError when it describes no model."""
    with _told(folder):
        if not (folder / "config.json").is_file():
            raise _refusal("There is no model in this folder.", _what_is_there_instead(folder))
        config = read_json(folder / "config.json", _CONFIG_LIMIT)
        if not isinstance(config, dict) or not (config.get("model_type") or config.get("architectures")):
            raise _refusal(
                "This model's description is not usable.", "Its config.json does not name the kind of model."
            )
        return config


def read_weights(folder: Path) -> Tensors:
    """The tensors of the weight files that the engine would read; raises UserError unless all of them are whole."""
    with _told(folder):
        files = _weights_of(folder)
        if not files:
            reason = _other_formats(folder) or "There is no file ending in .safetensors. Is the download complete?"
            raise _refusal("This model's weights cannot be used.", reason)
        return together(read_tensors(file) for file in files)


def is_tokenizer(name: str) -> bool:
    """Whether a file of this name is what cuts text into tokens."""
    return any(fnmatchcase(name, pattern) for pattern in _TOKENIZERS)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Says of an OSError which file could not be read."""
    try:
        yield
    except OSError as error:
        file = shown(str(error.filename or folder))
        raise _refusal("The model's files cannot be read.", f"{error.strerror or error}: {file}") from error


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in islice(entries, _ENTRIES))


def _inspect_folder(folder: Path) -> None:
    if folder.is_file():
        raise _refusal("This is a file, not a model.", f"Choose the folder that {shown(folder.name)} lies in.")
    if not folder.is_dir():
        reason = f"There is no folder {shown(str(folder))}. Was it moved, or a disk removed?"
        raise _refusal("The model's folder is not there.", reason)


def _what_is_there_instead(folder: Path) -> str:
    """Help for a folder without `config.json`: one level too high, an adapter, or another format."""
    if (folder / "adapter_config.json").is_file():
        return "It holds an adapter (LoRA), which only changes another model. Choose the whole model."
    inner = _inner_models(folder)
    if inner:
        return f"The model lies in the folder inside it: choose {shown(str(inner[0].relative_to(folder)))}."
    return _other_formats(folder) or "A model's folder has a file named config.json; this one has none."


def _inner_models(folder: Path) -> list[Path]:
    patterns = ("*/config.json", "snapshots/*/config.json")
    return [found.parent for pattern in patterns for found in sorted(folder.glob(pattern)) if found.is_file()]


def _other_formats(folder: Path) -> str:
    """What to say about weights that are there in a format that is not served; empty when there are none."""
    suffixes = {Path(name).suffix.lower() for name in _names(folder)}
    if ".gguf" in suffixes:
        return (
            "Its weights are in the GGUF format, which vLLM does not run well. Look for the same model without GGUF in "
            "its name: its files end in .safetensors."
        )
    if suffixes & _UNSAFE:
        return (
            "Its weights are in an old format (.bin, .pt) that can run programs when it is opened, so they are refused "
            "as unsafe. Look for a copy of the model whose files end in .safetensors."
        )
    return ""


def _weights_of(folder: Path) -> list[Path]:
    """The weight files that the engine will read, all of them present.

    Raises:
        UserError: some that belong to the model are missing.
    """
    names = {name for name in _names(folder) if name.endswith(".safetensors")}
    # Mistral ships the same weights a second time under this name.
    present = {name for name in names if not name.startswith(("consolidated", "adapter_"))} or names
    index = folder / "model.safetensors.index.json"
    wanted = _names_in_index(index) if index.is_file() else _names_of_shards(present) or present
    missing = sorted(wanted - present)
    # Without a single weight file the format is what has to be talked about.
    if missing and present:
        reason = f"{len(missing)} of {len(wanted)} weight files are missing, the first is {shown(missing[0])}."
        raise _refusal("The model is incomplete.", f"{reason} Download it again.")
    return [] if missing else [folder / name for name in sorted(wanted)]


def _names_in_index(index: Path) -> set[str]:
    listed = read_json(index, _INDEX_LIMIT)
    weights = listed.get("weight_map") if isinstance(listed, dict) else None
    if not isinstance(weights, dict) or not weights:
        raise _refusal("The model's list of weight files is not usable.", f"{index.name} lists no files.")
    names = set(map(str, weights.values()))
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise _refusal(
                "The model's list of weight files is not usable.",
                f"{index.name} names something that is no weight file of this folder: {name[:80]!r}.",
            )
    return names


def _names_of_shards(present: set[str]) -> set[str]:
    """All names of a numbered set, from those that are there: `model-00001-of-00004.safetensors` and so on."""
    names: set[str] = set()
    for shard in filter(None, map(_SHARD.fullmatch, present)):
        stem, number, total = shard.groups()
        if int(total) <= 1000:
            names |= {f"{stem}-{index:0{len(number)}}-of-{total}.safetensors" for index in range(1, int(total) + 1)}
    return names


def _check_tokenizer(folder: Path) -> None:
    found = [name for name in _names(folder) if is_tokenizer(name)]
    if not found:
        raise _refusal(
            "The model is incomplete.",
            "Its tokenizer is missing: the file that cuts text into tokens, mostly tokenizer.json. Download it again.",
        )
    for name in found:
        reject_stand_in(folder / name)


def _refusal(title: str, reason: str) -> UserError:
    return UserError(title, reason, Remedy.CHOOSE_MODEL)
