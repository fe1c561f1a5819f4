"""What a model is, from its `config.json` and the heads of its weight files. Called by `shelf`, `remote` and services.

Nothing is guessed: what the files do not say stays empty or zero. Both were written by strangers; nothing in them
raises here but where a folder cannot be read at all.
"""

from collections.abc import Mapping
from pathlib import Path

from desktop_app.domain.errors import UserError
from desktop_app.domain.geometry import geometry, quantization, stored_twice, tied
from desktop_app.domain.model_spec import ModelSpec, Tensors
from desktop_app.hub.local import model_name, read_config, read_weights
from desktop_app.hub.safetensors import dtype_bits
from desktop_app.hub.small_files import read_json, shown

_TORCH = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "I8": "int8", "U8": "uint8", "I32": "int32",
}  # fmt: skip
"""Torch's names of safetensors' formats."""
_PLAIN = ("F32", "F16", "BF16")
"""Formats in which numbers that are not packed lie beside those that are."""
_BITS_BY_METHOD = {
    "fp8": 8.0, "fbgemm_fp8": 8.0, "ptpc_fp8": 8.0, "mxfp8": 8.0, "experts_int8": 8.0, "modelopt_mxfp8": 8.0,
    "mxfp4": 4.0, "gpt_oss_mxfp4": 4.0, "modelopt_fp4": 4.0, "nvfp4": 4.0, "petit_nvfp4": 4.0,
}  # fmt: skip
"""Of methods that know one size only (`vllm/model_executor/layers/quantization` of 0.32)."""
_BITS_BY_WORD = (("fp4", 4.0), ("int4", 4.0), ("w4a16", 4.0), ("fp8", 8.0), ("int8", 8.0), ("w8a", 8.0))
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts", "num_routed_experts")
_AT_WORK = (
    "num_experts_per_tok",
    "num_experts_per_token",
    "moe_top_k",
    "moe_topk",
    "top_k_experts",
    "experts_per_token",
)
_SEES = (
    "vision_config",
    "vit_config",
    "visual",
    "vision_tower",
    "mm_vision_tower",
    "image_token_id",
    "image_token_index",
)
QUANT_FILE = "hf_quant_config.json"
"""Where ModelOpt's older copies say how they were made smaller."""


def spec_of_folder(folder: Path, name: str = "") -> ModelSpec:
    """What the model in *folder* is; it need not be complete but for its weights.

    Raises:
        UserError: its description or its weights cannot be used.
    """
    return spec_from(name or model_name(folder), complete_config(folder, read_config(folder)), read_weights(folder))


def with_quantisation(config: Mapping[str, object], told: object) -> dict[str, object]:
    """*config* with what `QUANT_FILE` beside it says."""
    about = told.get("quantization") if isinstance(told, Mapping) else None
    more = {"quantization_config": {"quant_method": "modelopt", **about}} if isinstance(about, Mapping) else {}
    return {**config, **more}


def complete_config(folder: Path, config: Mapping[str, object]) -> Mapping[str, object]:
    """*config* with what a file beside it in *folder* says about quantisation, where it says nothing itself."""
    if config.get("quantization_config") or not (folder / QUANT_FILE).is_file():
        return config
    try:
        return with_quantisation(config, read_json(folder / QUANT_FILE, 1 << 20))
    except (UserError, OSError):
        return config


def spec_from(name: str, config: Mapping[str, object], tensors: Tensors) -> ModelSpec:
    """What the model *name* is, as `config.json` and the heads of its weights say."""
    inner = config.get("text_config") or config.get("llm_config")
    text = {**config, **inner} if isinstance(inner, Mapping) else config
    about = _quantised(config)
    method = shown(quantization(config), 40)
    bits = _bits(about, method) if method else 0.0
    parameters = _parameters(tensors, about, bits)
    experts = _whole(text, *_EXPERTS)
    return ModelSpec(
        name=name,
        geometry=geometry(config),
        weights_bytes=tensors.size_bytes,
        parameters=parameters,
        active_parameters=_active(text, parameters, experts),
        dtype=_dtype(config, text, tensors, quantised=bool(method)),
        quantization=method,
        bits=bits,
        experts=experts if experts > 1 else 0,
        architectures=_architectures(config),
        vision=any(config.get(key) for key in _SEES),
        unloaded_bytes=_unloaded(config, tensors, 0 if method else parameters),
    )


def _unloaded(config: Mapping[str, object], tensors: Tensors, parameters: int) -> int:
    """Bytes of an output matrix that is stored although it is the input's.

    Where the heads did not tell, it follows from the number of parameters, 0 for those of a quantised model.
    """
    if tensors.output_bytes:
        return tensors.output_bytes if tied(config) and tensors.output_bytes == tensors.input_bytes else 0
    numbers = stored_twice(config, parameters)
    return tensors.size_bytes * numbers // parameters if numbers else 0


def _architectures(config: Mapping[str, object]) -> tuple[str, ...]:
    named = config.get("architectures")
    return tuple(shown(one, 100) for one in named[:8] if isinstance(one, str)) if isinstance(named, list) else ()


def _quantised(config: Mapping[str, object]) -> Mapping[str, object]:
    inner = config.get("text_config")
    for place in (config, inner if isinstance(inner, Mapping) else {}):
        about = place.get("quantization_config") or place.get("compression_config")
        if isinstance(about, Mapping):
            return about
    return {}


def _bits(about: Mapping[str, object], method: str) -> float:
    """Bits of a quantised weight, as each method writes it down; 0 when it does not."""
    weights = _weights_of_groups(about)
    said = _whole(about, "bits", "w_bit", "nbits", "weight_bits") or _whole(weights, "num_bits")
    if 0 < said <= 16:
        return float(said)
    if about.get("load_in_4bit") or about.get("load_in_8bit"):
        return 4.0 if about.get("load_in_4bit") else 8.0
    words = " ".join(str(one).lower() for one in (about.get("quant_algo"), about.get("format"), weights.get("dtype")))
    return next((bits for word, bits in _BITS_BY_WORD if word in words), _BITS_BY_METHOD.get(method, 0.0))


def _weights_of_groups(about: Mapping[str, object]) -> Mapping[str, object]:
    """How the weights of the first group are written down (compressed-tensors, ModelOpt, Quark); empty for none."""
    groups = about.get("config_groups")
    first = next(iter(groups.values()), None) if isinstance(groups, Mapping) else about.get("global_quant_config")
    weights = (first.get("weights") or first.get("weight")) if isinstance(first, Mapping) else None
    return weights if isinstance(weights, Mapping) else {}


def _parameters(tensors: Tensors, about: Mapping[str, object], bits: float) -> int:
    """Numbers of a model, those that are packed as they were before; 0 when that is not known.

    Several small numbers share one of 8 or 32 bits. Beside them lie a scale for each group, and mostly a zero point
    that is packed like them; neither is a number of the model.
    """
    counts = tensors.parameters
    packed = "I32" if counts.get("I32") else "U8"
    if not bits or not counts.get(packed) or bits >= dtype_bits(packed):
        return sum(count for dtype, count in counts.items() if dtype != "F8_E8M0")
    group = _group_size(about, packed, nvfp4=packed == "U8" and "F8_E4M3" in counts)
    size = bits / dtype_bits(packed)
    numbers = counts[packed] / (size + _beside(counts, about, packed) * size / group)
    scales = 0.0 if packed == "U8" and "F8_E4M3" not in counts else numbers / group
    others = sum(counts.get(dtype, 0) for dtype in (*_PLAIN, "F8_E4M3"))
    return round(numbers + max(0.0, others - scales))


def _group_size(about: Mapping[str, object], packed: str, nvfp4: bool) -> int:
    """Numbers that share a scale."""
    for place in (about, _weights_of_groups(about)):
        said = place.get("group_size") or place.get("q_group_size")
        if isinstance(said, int) and said:
            return said if said > 0 else 4096  # -1: a whole row
    if packed == "U8":
        return 16 if nvfp4 else 64 if about.get("load_in_4bit") else 32
    return 128


def _beside(counts: Mapping[str, int], about: Mapping[str, object], packed: str) -> float:
    """What lies in the same format beside each group, in packed numbers: a zero point, or the scale itself."""
    if packed == "U8":
        return 0.0 if "F8_E4M3" in counts else 2.0
    return 0.0 if _weights_of_groups(about).get("symmetric") else 1.0


def _dtype(config: Mapping[str, object], text: Mapping[str, object], tensors: Tensors, quantised: bool) -> str:
    """Torch's name of the format of most numbers; of a quantised model the one that it is reckoned in."""
    said = next((one for place in (config, text) for key in ("torch_dtype", "dtype") if (one := place.get(key))), "")
    configured = shown(said, 40).removeprefix("torch.") if isinstance(said, str) else ""
    counts = {dtype: count for dtype, count in tensors.parameters.items() if not quantised or dtype in _PLAIN}
    most = _TORCH.get(max(counts, key=lambda dtype: counts[dtype]), "") if counts else ""
    return (configured or most) if quantised else (most or configured)


def _active(text: Mapping[str, object], parameters: int, experts: int) -> int:
    """Numbers that one token goes through: all but those of the experts that it passes by; 0 when not known."""
    at_work = _whole(text, *_AT_WORK)
    hidden, inner = _whole(text, "hidden_size"), _whole(text, "moe_intermediate_size", "intermediate_size")
    layers = _layers_with_experts(text)
    if not parameters or not 0 < at_work < experts or not hidden or not inner or not layers:
        return 0
    idle = layers * (experts - at_work) * 3 * hidden * inner
    return parameters - idle if idle < parameters else 0


def _layers_with_experts(text: Mapping[str, object]) -> int:
    layers, dense = _whole(text, "num_hidden_layers"), _whole(text, "first_k_dense_replace", "num_dense_layers")
    every = _whole(text, "interleave_moe_layer_step", "decoder_sparse_step", "moe_layer_freq") or 1
    listed = text.get("mlp_only_layers")
    return max(0, (layers - dense) // every - (len(listed) if isinstance(listed, list) else 0))


def _whole(text: Mapping[str, object], *names: str) -> int:
    """The first of *names* that is a positive whole number of a sensible size; 0 for none."""
    for name in names:
        value = text.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 40:
            return value
    return 0
