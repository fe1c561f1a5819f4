"""The table of what can be wrong when vLLM stops, and how each is told to people. `failures` looks causes up here.

It was made from failures that were produced with vLLM 0.32, and from its source where a graphics card would be needed.
A row is added when somebody meets a failure that is told badly; the log goes to `tests/data/vllm_logs`.
"""

import re
from dataclasses import dataclass

from desktop_app.domain.errors import Remedy


@dataclass(frozen=True)
class Cause:
    """A cause: how its line looks, and what to say. `{…}` are named groups, or model, folder, version."""

    pattern: re.Pattern[str]
    title: str
    reason: str
    remedy: Remedy


def _cause(pattern: str, title: str, reason: str, remedy: Remedy) -> Cause:
    return Cause(re.compile(pattern), title, reason, remedy)


_SMALLER = "Close other programs or choose a smaller model."
_AGAIN = "Download the model again."

_INSTALLATION = (
    _cause(
        r"No module named '?vllm'?(?!\.)|named 'vllm\.entrypoints",
        "The engine is not installed.",
        "The Python that was chosen for it has no vLLM that can be started.",
        Remedy.INSTALL,
    ),
    _cause(
        r"lscpu",
        "The program lscpu is missing on this computer.",
        "vLLM needs it to look at the processor; it belongs to the package util-linux.",
        Remedy.RETRY,
    ),
    _cause(
        r"NVIDIA driver on your system is too old|CUDA driver version is insufficient",
        "The driver of the graphics card is too old.",
        "Install a newer NVIDIA driver.",
        Remedy.RETRY,
    ),
    _cause(
        r"no kernel image is available for execution|Bfloat16 is only supported on GPUs with compute capability",
        "The graphics card is too old for this.",
        "vLLM {version} needs a card of a later generation.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"(?:ModuleNotFoundError|ImportError|PackageNotFoundError): (?P<what>.*)"
        r"|(?P<operator>operator \S+ does not exist)|Failed to infer device type",
        "The engine's installation is damaged.",
        "Install it again.",
        Remedy.INSTALL,
    ),
)

_MODEL = (
    _cause(
        r"Repo id must be",
        "The model's folder is missing.",
        "There is no folder {folder}.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"LocalEntryNotFoundError|OfflineModeIsEnabled|We couldn't connect to",
        "The model is incomplete.",
        "It wants files from the internet, and the engine is kept off it. Download the whole model first.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"config file at '[^']*\.gguf'|quantization method: gguf",
        "GGUF files cannot be used.",
        "vLLM needs the model as a folder with safetensors files.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"Invalid repository ID or local directory specified|does not appear to have a file named config\.json",
        "This is not a model's folder.",
        "{folder} has no config.json.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"is not a valid JSON file",
        "The model is damaged.",
        f"Its config.json cannot be read. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"Should have a `model_type` key|Unrecognized model in",
        "The model is damaged.",
        f"Its config.json does not say what kind of model it is. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"Cannot find any model weights with",
        "The model has no weights.",
        "{folder} has no safetensors file. The download may be incomplete, or the model comes in another format.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"incomplete metadata, file not fully covered",
        "A weight file is incomplete.",
        f"Its end is missing. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"SafetensorError.*header too large",
        "A weight file holds something else.",
        f"A web page or a Git LFS placeholder was saved in its place. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"SafetensorError",
        "A weight file is damaged.",
        _AGAIN,
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"Following weights were not initialized from checkpoint: \{'(?P<first>[^']*)'",
        "The model is incomplete.",
        f"Weights are missing, “{{first}}” among them. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"exceeds dimension size|size mismatch for|Attempted to load weight .* into parameter"
        r"|The size of tensor a .* must match|There is no module or parameter named",
        "The model is damaged.",
        f"Its config.json does not match its weights. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"Couldn't instantiate the backend tokenizer|Can't load tokenizer|Unable to load vocabulary",
        "The model has no tokenizer.",
        f"Without tokenizer.json it cannot read text. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"contains custom code which must be executed|[Tt]rust_remote_code|trust-remote-code",
        "The model wants to run a program of its own.",
        "It comes with Python code that would run on this computer. vLLM Desktop does not allow that.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"Model architectures \['?(?P<names>[^\]]*?)'?\] (?:are not supported|failed to be inspected)",
        "vLLM {version} does not know this kind of model.",
        "Its architecture is {names}. A newer vLLM may know it.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"has model type `(?P<type>[^`]*)` but Transformers does not recognize",
        "vLLM {version} does not know this kind of model.",
        "Its type is {type}. A newer vLLM may know it.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"Unknown quantization method: (?P<name>[\w-]+)|Cannot find the config file for (?P<name2>\w+)",
        "The model is compressed in a way that vLLM {version} cannot read.",
        "The way is called {name}{name2}. Choose another edition of the model.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"quantization method \S+ is not supported for the current GPU|[Mm]in(?:imum)? capability: \d+",
        "The graphics card cannot run a model that is compressed like this one.",
        "Choose another edition of the model.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"static_scaled_fp8_quant|requires AMX",
        "This processor cannot run FP8 models.",
        "Choose another edition of the model.",
        Remedy.CHOOSE_MODEL,
    ),
)

_MEMORY = (
    _cause(
        r"larger than the available KV cache memory \((?P<free>[\d.]+) GiB\).*"
        r"estimated maximum model length is (?P<tokens>\d+)",
        "Not enough memory for a context of this length.",
        "There is room for {tokens} tokens.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"larger than the available KV cache memory|No available memory for the cache blocks"
        r"|Cannot auto-fit max_model_len: not enough",
        "Not enough memory for a conversation.",
        f"The model leaves no room for one. {_SMALLER}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"Available memory on node \d+ \((?P<free>[\d.]+)/(?P<total>[\d.]+) GiB\)"
        r".*?(?:utilization \([\d.]+, |memory for kv \()(?P<wanted>[\d.]+) GiB",
        "Not enough memory.",
        f"{{wanted}} GiB are needed, and {{free}} of {{total}} GiB are free. {_SMALLER}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"Free memory on device \S+ \((?P<free>[\d.]+)/(?P<total>[\d.]+) GiB\)"
        r".*?utilization \([\d.]+, (?P<wanted>[\d.]+) GiB",
        "Not enough memory on the graphics card.",
        f"{{wanted}} GiB are needed, and {{free}} of {{total}} GiB are free. {_SMALLER}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"CUDA out of memory|Failed to load model - not enough GPU memory",
        "Not enough memory on the graphics card.",
        _SMALLER,
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"Error in memory profiling",
        "Another program used the graphics card at the same time.",
        "Its memory changed while vLLM measured it.",
        Remedy.RETRY,
    ),
    _cause(
        r"you tried to allocate (?P<bytes>\d+) bytes",
        "Not enough memory.",
        f"{{bytes}} more were needed and not there. {_SMALLER}",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r"^MemoryError|can't allocate memory|Cannot allocate memory|std::bad_alloc|[Uu]nable to mmap \d+ bytes",
        "Not enough memory.",
        _SMALLER,
        Remedy.CHOOSE_MODEL,
    ),
)

_SETTINGS = (
    _cause(
        r"User-specified max_model_len \((?P<asked>\d+)\) is greater than .*?max_position_embeddings=(?P<limit>\d+)",
        "The context is longer than this model can keep in mind.",
        "{asked} tokens were asked for, and it can take {limit}.",
        Remedy.CHOOSE_MODEL,
    ),
    _cause(
        r": error: (?P<what>.*)",
        "vLLM {version} does not understand a setting.",
        "It says: {what}.",
        Remedy.SHOW_LOG,
    ),
    _cause(
        r"Address already in use",
        "Another engine is still there.",
        "The socket of this one is in use.",
        Remedy.RETRY,
    ),
    _cause(
        r"No working C\+\+ compiler found",
        "The engine needs a C++ compiler for these settings.",
        "Install g++.",
        Remedy.SHOW_LOG,
    ),
    _cause(
        r"Errno 28|No space left on device",
        "The disk is full.",
        "The engine needs some room for its temporary files.",
        Remedy.RETRY,
    ),
    _cause(
        r"\[Errno (?:1|2|13|30)\] (?P<why>[^:]+): '(?P<path>[^']*)'",
        "The engine cannot use a file or folder.",
        "{path}: {why}.",
        Remedy.SHOW_LOG,
    ),
)

CAUSES = _INSTALLATION + _MODEL + _MEMORY + _SETTINGS
"""The first one that fits is the one that is told."""

KILLED = (
    "The engine was ended from outside.",
    f"The system does that when memory runs out. {_SMALLER}",
    Remedy.CHOOSE_MODEL,
)
SIGNALS = {
    -9: KILLED,
    -4: (
        "This processor is too old for the engine.",
        "It lacks instructions that vLLM was built with.",
        Remedy.INSTALL,
    ),
    -15: ("The engine was ended from outside.", "Another program told it to stop.", Remedy.RETRY),
}
"""What an end by a signal means when the engine said nothing, by its exit code."""
