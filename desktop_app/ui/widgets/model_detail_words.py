"""What a person reads of a model: its size, its format, its marks, in words.

Pure; `ModelDetailView` and its parts show them. What lists say as well is in `model_list_words`.
"""

import re
from dataclasses import dataclass

from desktop_app.domain.library import Gate
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.services.models_view import ModelRow

HUB = "https://huggingface.co"
"""Where a person agrees to a repository's terms and makes a token, whatever mirror the files come from."""
_SIGN_OR_RUN = re.compile(r"[-_./@]|[^-_./@\s]{16}")
_WORDS_PER_TOKEN = 0.75
"""English words of one token, on average (OpenAI's own rule of thumb)."""
_METHODS = {
    "awq": "AWQ",
    "gptq": "GPTQ",
    "gptq_marlin": "GPTQ",
    "awq_marlin": "AWQ",
    "fp8": "FP8",
    "mxfp4": "MXFP4",
    "nvfp4": "NVFP4",
    "modelopt": "ModelOpt",
    "modelopt_fp4": "NVFP4",
    "bitsandbytes": "bitsandbytes",
    "compressed-tensors": "compressed-tensors",
}
_DTYPES = {"bfloat16": 16, "float16": 16, "half": 16, "float32": 32, "float": 32}


@dataclass(frozen=True)
class Mark:
    """A short word about a model, with what it means."""

    word: str
    meaning: str
    tone: str = ""
    """As the style sheet names it; empty for none."""


def breakable(name: str) -> str:
    """*name* as a text that may go on in the next line after its signs, or after many letters without one.

    Qt would do neither by itself, and a path of the Hugging Face cache has a word of 40 letters.
    """
    return _SIGN_OR_RUN.sub("\\g<0>\u200b", name)


def context_words(tokens: int) -> str:
    """A context in words, e.g. `Keeps about 6,100 words in mind` of 8,192 tokens."""
    return f"Keeps about {_two_digits(tokens * _WORDS_PER_TOKEN):,} words in mind"


def parameter_words(spec: ModelSpec) -> str:
    """How many numbers the model has, e.g. `4.0 billion parameters`; empty when that is not known."""
    if not spec.parameters:
        return ""
    words = f"{_count(spec.parameters)} parameters"
    if spec.active_parameters and spec.active_parameters < spec.parameters:
        return f"{words}, {_count(spec.active_parameters)} of them at work for each word"
    return words


def format_words(spec: ModelSpec) -> str:
    """The format of its weights, e.g. `made smaller to 4 bits (AWQ)`; empty when that is not known."""
    if spec.quantization:
        method = _METHODS.get(spec.quantization, spec.quantization)
        return f"made smaller to {spec.bits:g} bits ({method})" if spec.bits else f"made smaller ({method})"
    bits = _DTYPES.get(spec.dtype)
    return f"{bits} bits, as published ({spec.dtype})" if bits else spec.dtype


def marks(row: ModelRow) -> list[Mark]:
    """What is worth a short word beside the verdict, the most useful first."""
    known = row.known
    found: list[Mark] = []
    if row.suggested:
        found.append(Mark("Suggested for this computer", "The best to begin with on a computer like this.", "accent"))
    if known is not None and known.learning:
        found.append(Mark("For learning only", "Old, or far behind its size today: good for learning how models work."))
    if is_gated(row):
        found.append(Mark("Ask its owner first", "Its owner wants you to agree to terms first.", "warn"))
    if row.spec.vision:
        found.append(Mark("Pictures", "It takes pictures as well as text."))
    if known is not None and known.reasoning_parser:
        found.append(Mark("Thinks", "It can think before it answers."))
    if known is not None and known.tool_parser:
        found.append(Mark("Tools", "It can call tools."))
    if has_chat(row) is False:
        found.append(Mark("No chat", "It continues a text; it was not made to answer."))
    if row.spec.quantization:
        found.append(
            Mark(f"{row.spec.bits:g}-bit" if row.spec.bits else "Made smaller", "Its weights were made smaller.")
        )
    return found


def is_gated(row: ModelRow) -> bool:
    """Whether its owner must be asked before the files can be had; the Hub knows better than the catalogue."""
    if row.found is not None and row.found.files:
        return row.found.gate is not Gate.OPEN
    listed = row.found is not None and row.found.gate is not Gate.OPEN
    return listed or bool(row.known and row.known.gated)


def has_chat(row: ModelRow) -> bool | None:
    """Whether it was made for conversations; None when that is not known."""
    if row.local is not None and row.local.chat is not None:
        return row.local.chat
    return row.known.chat if row.known else None


def licence(row: ModelRow) -> str:
    """Its licence; empty when that is not known."""
    return (row.found.licence if row.found else "") or (row.known.licence if row.known else "")


def released_words(row: ModelRow) -> str:
    """When it came out, as year and month; empty when that is not known."""
    if row.known and row.known.released:
        return row.known.released
    return row.found.modified[:7] if row.found else ""


def page_address(repo_id: str) -> str:
    """A repository's page for people."""
    return f"{HUB}/{repo_id}"


def _count(number: int) -> str:
    if number >= 999.5e6:
        return f"{number / 1e9:.1f} billion"
    return f"{number / 1e6:.0f} million" if number >= 1e6 else f"{number:,}"


def _two_digits(number: float) -> int:
    """Rounded to two digits: more would be a promise."""
    whole = max(1, round(number))
    unit = int(10.0 ** max(0, len(str(whole)) - 2))
    return round(whole / unit) * unit
