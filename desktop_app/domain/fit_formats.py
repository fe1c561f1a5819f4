"""Which formats of weights vLLM reads where. Called by `fit_judge`.

After vLLM 0.32: its list of methods (`layers/quantization/__init__.py`), each method's `get_min_capability`, and the
kernels that it has for processors (`kernels/linear`, `fused_moe/oracle`).
"""

from collections.abc import Set

from desktop_app.domain.machine import Gpu
from desktop_app.domain.model_spec import ModelSpec

_ON_CARDS = {
    "awq": (7, 5), "auto_awq": (7, 5), "awq_marlin": (7, 5),
    "gptq": (7, 5), "auto_gptq": (7, 5), "gptq_marlin": (7, 5),
    "compressed-tensors": (7, 5), "fp8": (7, 5), "torchao": (7, 5), "humming": (7, 5), "quark": (7, 0),
    "inc": (7, 5), "auto-round": (7, 5), "moe_wna16": (7, 0),
    "modelopt": (8, 0), "modelopt_fp4": (7, 5), "modelopt_mxfp8": (8, 0), "modelopt_mixed": (7, 5), "mxfp8": (8, 0),
    "mxfp4": (8, 0), "gpt_oss_mxfp4": (8, 0), "experts_int8": (8, 0), "fbgemm_fp8": (8, 0),
    "deepseek_v4_fp8": (9, 0), "fp_quant": (10, 0),
}  # fmt: skip
"""The lowest compute capability for each method."""
_ON_PROCESSORS = frozenset(
    ("awq", "auto_awq", "gptq", "auto_gptq", "compressed-tensors", "inc", "auto-round", "experts_int8", "moe_wna16")
)
_FOUR_BITS, _FOUR = frozenset(("awq", "auto_awq", "gptq", "auto_gptq")), 4
"""Of those, what a processor reads with 4 bits only (`kernels/linear/mixed_precision/cpu.py`)."""
_WRAPPED = (("nvfp4", "modelopt_fp4"), ("mxfp4", "modelopt_fp4"), ("mxfp8", "modelopt_mxfp8"), ("fp8", "fp8"))
"""Formats in `compressed-tensors`, and the method that has the same demands."""
_KNOWN_AS = {"modelopt_fp4": "nvfp4", "modelopt_mxfp8": "mxfp8"}
_MATRIX_UNITS = "amx_tile"
_SHORT_FLOATS = "avx512_bf16"
_FP8_CACHE = (8, 9)
"""Compute capability for a KV cache in fp8 (`attention/backends/triton_attn.py`)."""


def refusal(spec: ModelSpec, card: Gpu | None, cpu_flags: Set[str]) -> str:
    """Why vLLM cannot read the weights of *spec* on *card*, or on a processor (None), in words; empty if it can.

    What is not known of card or processor does not count against them.
    """
    method = _method(spec)
    if not method:
        return ""
    if method not in _ON_CARDS:
        return f"Its weights are in the format {_plain(method)}, which vLLM does not read."
    if card is None:
        return _on_processor(method, spec.bits, cpu_flags)
    least, own = _ON_CARDS[method], card.compute_capability
    if own is None or own >= least:
        return ""
    needs = f"needs a card with compute capability {least[0]}.{least[1]}"
    return f"Its format {_plain(method)} {needs}; {card.name} has {own[0]}.{own[1]}."


def _method(spec: ModelSpec) -> str:
    """How the weights are written down.

    `compressed-tensors` is a wrapping for many formats; which one, their makers put in the name.
    """
    method = spec.quantization.lower()
    if method != "compressed-tensors":
        return method
    name = spec.name.lower()
    return next((inner for word, inner in _WRAPPED if word in name), method)


def _on_processor(method: str, bits: float, cpu_flags: Set[str]) -> str:
    if method in _FOUR_BITS and bits > _FOUR:
        return f"Its {bits:g} bits in the format {_plain(method)} need a graphics card; on a processor vLLM reads 4."
    if method in _ON_PROCESSORS:
        return ""
    if method == "fp8":
        fit = _MATRIX_UNITS in cpu_flags or not cpu_flags
        return "" if fit else "Its format fp8 needs a processor with AMX, which this one has not."
    if method in ("mxfp4", "gpt_oss_mxfp4"):
        fit = bool(cpu_flags & {_MATRIX_UNITS, _SHORT_FLOATS}) or not cpu_flags
        return "" if fit else "Its format mxfp4 needs a processor with AVX-512 BF16 or AMX, which this one has not."
    return f"Its format {_plain(method)} needs a graphics card."


def cache_refusal(spec: ModelSpec, kv_dtype: str, card: Gpu | None) -> str:
    """Why vLLM cannot keep the KV cache of *spec* as *kv_dtype* there, in words; empty if it can."""
    if not kv_dtype.startswith("fp8"):
        return ""
    if card is None:
        # The processor's attention has it, but neither its latents nor its states (`attention/backends/cpu_attn.py`).
        plain = spec.geometry is not None and not spec.geometry.latent and not spec.geometry.state_layers
        return "" if plain else "On a processor vLLM cannot keep its conversations in fp8."
    known = card.compute_capability
    return "" if known is None or known >= _FP8_CACHE else f"{card.name} cannot keep conversations in fp8."


def _plain(method: str) -> str:
    """A method's name, which strangers wrote, fit to be shown."""
    method = _KNOWN_AS.get(method, method)
    clean = "".join(sign for sign in method if sign.isascii() and (sign.isalnum() or sign in "-_."))
    return clean[:24] or "of a name that cannot be shown"
