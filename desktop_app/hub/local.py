"""Models that lie in folders of this computer: what can be served, and why something cannot.

`inspect` is called before an engine is started, in a thread, and answers in milliseconds: it reads a few small files
and the heads of the weight files, never a tensor. Everything in such a folder was written by strangers: nothing is
executed, sizes are limited, and names inside files lead nowhere outside the folder.
"""

import re
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.hub.safetensors import check_weights
from desktop_app.hub.small_files import read_json, reject_stand_in

_CONFIG_LIMIT = 8 << 20
"""Bytes. The largest `config.json` of a current model has 60 kB."""
_INDEX_LIMIT = 64 << 20
"""Bytes. The index of a model with 90,000 tensors has 9 MB."""

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
    try:
        _inspect_folder(folder)
        _check_config(folder)
        _check_all_weights(folder)
        _check_tokenizer(folder)
    except OSError as error:
        raise _refusal("The model's files cannot be read.", f"{error.strerror or error}: {error.filename}") from error
    return ModelRef(model_name(folder), folder)


def model_name(folder: Path) -> str:
    """What a model is called: the folder's name, or `owner/name` inside the cache of Hugging Face."""
    for part in (folder.absolute().parent.parent.name, folder.name):
        cached = _CACHE_FOLDER.fullmatch(part)
        if cached:
            return f"{cached[1]}/{cached[2]}"
    return folder.absolute().name


def _inspect_folder(folder: Path) -> None:
    if folder.is_file():
        raise _refusal("This is a file, not a model.", f"Choose the folder that {folder.name} lies in.")
    if not folder.is_dir():
        raise _refusal(
            "The model's folder is not there.", f"There is no folder {folder}. Was it moved, or a disk removed?"
        )


def _check_config(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise _refusal("There is no model in this folder.", _what_is_there_instead(folder))
    config = read_json(folder / "config.json", _CONFIG_LIMIT)
    if not isinstance(config, dict) or not (config.get("model_type") or config.get("architectures")):
        raise _refusal("This model's description is not usable.", "Its config.json does not name the kind of model.")


def _what_is_there_instead(folder: Path) -> str:
    """Help for a folder without `config.json`: one level too high, an adapter, or another format."""
    if (folder / "adapter_config.json").is_file():
        return "It holds an adapter (LoRA), which only changes another model. Choose the whole model."
    inner = _inner_models(folder)
    if inner:
        return f"The model lies in the folder inside it: choose {inner[0].relative_to(folder)}."
    return _other_formats(folder) or "A model's folder has a file named config.json; this one has none."


def _inner_models(folder: Path) -> list[Path]:
    patterns = ("*/config.json", "snapshots/*/config.json")
    return [found.parent for pattern in patterns for found in sorted(folder.glob(pattern)) if found.is_file()]


def _check_all_weights(folder: Path) -> None:
    files = _weights_of(folder)
    if not files:
        reason = _other_formats(folder) or "There is no file ending in .safetensors. Is the download complete?"
        raise _refusal("This model's weights cannot be used.", reason)
    for file in files:
        check_weights(file)


def _other_formats(folder: Path) -> str:
    """What to say about weights that are there in a format that is not served; empty when there are none."""
    suffixes = {file.suffix.lower() for file in folder.iterdir() if file.is_file()}
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
    present = {file.name for file in folder.glob("*.safetensors")}
    index = folder / "model.safetensors.index.json"
    wanted = _names_in_index(index) if index.is_file() else _names_of_shards(present) or present
    missing = sorted(wanted - present)
    # Without a single weight file the format is what has to be talked about.
    if missing and present:
        raise _refusal(
            "The model is incomplete.",
            f"{len(missing)} of {len(wanted)} weight files are missing, the first is {missing[0]}. Download it again.",
        )
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
    found = [file for pattern in _TOKENIZERS for file in sorted(folder.glob(pattern)) if file.is_file()]
    if not found:
        raise _refusal(
            "The model is incomplete.",
            "Its tokenizer is missing: the file that cuts text into tokens, mostly tokenizer.json. Download it again.",
        )
    for file in found:
        reject_stand_in(file)


def _refusal(title: str, reason: str) -> UserError:
    return UserError(title, reason, Remedy.CHOOSE_MODEL)
