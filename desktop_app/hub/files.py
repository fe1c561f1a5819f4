"""Which files of a repository serving needs, and why the others stay where they are. Called by `remote`.

vLLM is started on a folder with `--load-format safetensors`, without code of the model's own: weights as safetensors,
its description, its tokenizer, its templates and its licence. What can run programs (pickles, Python) never gets onto
the disk: `trust_remote_code=False` alone has failed several times.
"""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.library import HubFile
from desktop_app.hub.local import is_tokenizer
from desktop_app.hub.small_files import shown
from desktop_app.transfer import names

INDEX = "model.safetensors.index.json"
"""The list of weight files, where there are several."""
_SIDE_LIMIT = 256 << 20
"""Bytes of a file that is no weights. The largest tokenizers have 40 MB."""

_OLD = "old formats that can run programs"
_CODE = "programs"
_OTHER_FORMATS = "copies in other formats"
_TWICE = "a second copy of the weights"
_UNLISTED = "weights that its list of weights does not name"
_ADAPTER = "adapters, which only change another model"
_NAMES = "files whose names are not allowed"
_HUGE = "files larger than such files can be"
_REST = "what serving does not need"

_OLD_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".npy", ".npz")
_CODE_SUFFIXES = (".py", ".pyc", ".sh", ".ipynb", ".so", ".dll", ".exe", ".js", ".bat", ".ps1")
_FORMAT_SUFFIXES = (
    ".gguf",
    ".ggml",
    ".llamafile",
    ".onnx",
    ".onnx_data",
    ".h5",
    ".msgpack",
    ".ot",
    ".tflite",
    ".mlmodel",
)
_FORMAT_FOLDERS = ("original", "metal", "onnx", "openvino", "coreml", "gguf", "flax", "tf")
_WANTED = (
    "*.safetensors", "*.json", "*.jinja", "*.model", "*.tiktoken", "*.txt", "tokenizer*", "readme*", "license*",
    "licence*", "notice*", "copying*", "use_policy*",
)  # fmt: skip
_TEMPLATES = "additional_chat_templates"
"""The one folder inside a repository that transformers reads for a language model."""


def choose(files: Sequence[HubFile], listed: Iterable[str] = ()) -> tuple[tuple[HubFile, ...], dict[str, int]]:
    """The files that serving needs, and why the others are left out with their bytes.

    Args:
        files: all files of the repository.
        listed: the weight files that its index names; nothing when it has none, or it was not read yet.

    Raises:
        UserError: it holds no model that can be served; title and reason say what it holds.
    """
    reasons = {file.path: _unwanted(file) for file in files}
    able = [file for file in files if not reasons[file.path]]
    reasons |= _second_copy({file.path for file in able}, frozenset(listed))
    chosen = tuple(file for file in files if not reasons[file.path])
    _refuse_what_cannot_be_served(files, {file.path for file in chosen}, frozenset(listed))
    left_out: dict[str, int] = {}
    for file in files:
        if reason := reasons[file.path]:
            left_out[reason] = left_out.get(reason, 0) + file.size_bytes
    return chosen, left_out


def weights(files: Iterable[HubFile]) -> tuple[HubFile, ...]:
    """Those of *files* that hold weights."""
    return tuple(file for file in files if file.path.endswith(".safetensors"))


def _unwanted(file: HubFile) -> str:
    """Why *file* is not needed; empty when it is, as far as it can be told from the file alone."""
    if names.problem(file.path):
        return _NAMES
    path = PurePosixPath(file.path.lower())
    if path.suffix in _OLD_SUFFIXES:
        return _OLD
    if path.suffix in _CODE_SUFFIXES:
        return _CODE
    if path.suffix in _FORMAT_SUFFIXES or (len(path.parts) > 1 and path.parts[0] in _FORMAT_FOLDERS):
        return _OTHER_FORMATS
    if len(path.parts) > 1 and not (path.parts[0] == _TEMPLATES and path.suffix == ".jinja" and len(path.parts) == 2):
        return _REST
    if path.name.startswith("adapter_"):
        return _ADAPTER
    if not any(fnmatchcase(path.name, pattern) for pattern in _WANTED):
        return _REST
    return _HUGE if path.suffix != ".safetensors" and file.size_bytes > _SIDE_LIMIT else ""


def _second_copy(able: set[str], listed: frozenset[str]) -> dict[str, str]:
    """The files of the set of weights that is not taken, and what describes it; each with the reason.

    Mistral ships its weights twice. With the file `params.json` and `consolidated*` beside it, vLLM reads the folder in
    Mistral's way, so either this or the usual set may be there, never both.
    """
    own = {path for path in able if path.startswith("consolidated")}
    every = {path for path in able if path.endswith(".safetensors")} - own
    usual = every & listed if listed else every
    unlisted = dict.fromkeys(every - usual, _UNLISTED)
    if not own or not usual:
        return unlisted
    has_tokenizer = bool(able & {"tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt"})
    if "config.json" in able and (has_tokenizer or "params.json" not in able):
        return unlisted | dict.fromkeys(own | (able & {"params.json"}), _TWICE)
    return unlisted | dict.fromkeys(usual | (able & {INDEX}), _TWICE)


def _refuse_what_cannot_be_served(files: Sequence[HubFile], chosen: set[str], listed: frozenset[str]) -> None:
    paths = {file.path for file in files}
    if not any(path.endswith(".safetensors") for path in chosen):
        raise _refusal("This repository holds no model that can be served.", _what_it_holds(paths))
    if "config.json" not in chosen:
        raise _refusal("This model cannot be served yet.", _why_not_described(chosen))
    missing = sorted(listed - paths) if INDEX in chosen else []
    if missing:
        reason = f"{len(missing)} of its {len(listed)} weight files are not there, the first is {shown(missing[0])}."
        raise _refusal("This repository is not complete.", f"{reason} Its owner has to mend that.")
    if not any(is_tokenizer(path) for path in chosen):
        reason = "It has no tokenizer: the file that cuts text into tokens, mostly tokenizer.json."
        raise _refusal("This model cannot be served.", reason)


def _what_it_holds(paths: set[str]) -> str:
    """What there is in place of weights as safetensors."""
    suffixes = {PurePosixPath(path.lower()).suffix for path in paths}
    if "adapter_config.json" in paths:
        return "It holds an adapter (LoRA), which only changes another model. Look for the whole model."
    if "model_index.json" in paths:
        return "It makes pictures or sounds; this program serves models that write."
    if ".gguf" in suffixes:
        return (
            "Its weights are in the GGUF format, which vLLM does not run well. Look for the same model without GGUF in "
            "its name: its files end in .safetensors."
        )
    if suffixes & set(_OLD_SUFFIXES):
        return (
            "Its weights are in an old format (.bin, .pt) that can run programs when it is opened, so they are refused "
            "as unsafe. Look for a copy of the model whose files end in .safetensors."
        )
    if suffixes & set(_FORMAT_SUFFIXES):
        return "Its weights are in a format that vLLM does not read. Look for one whose files end in .safetensors."
    if suffixes & {".parquet", ".jsonl", ".csv", ".arrow"}:
        return "It seems to hold data, not a model."
    return "It has no weights: no file that ends in .safetensors."


def _why_not_described(chosen: set[str]) -> str:
    if "params.json" in chosen:
        return (
            "It comes in Mistral's own form only (params.json, consolidated.safetensors), without the config.json that "
            "this program reads. Look for a copy of it that has one."
        )
    return "It has weights, but no config.json that describes them."


def _refusal(title: str, reason: str) -> UserError:
    return UserError(title, reason, Remedy.CHOOSE_MODEL)
