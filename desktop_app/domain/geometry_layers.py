"""What kinds of layers a model has, and the state that those without a KV cache keep. Used by `geometry_config`.

Names and formulas after vLLM 0.32: its model classes (`get_mamba_state_shape_from_config`),
`layers/mamba/mamba_utils.py`, and the defaults of transformers' configs where a file leaves them out.
"""

from dataclasses import dataclass

from desktop_app.domain.config_reader import Said
from desktop_app.domain.kv_cache import dtype_bytes

_FULL = frozenset(("full_attention", "attention", "full", "global_attention", "*"))
_WINDOWED = frozenset(("sliding_attention", "sliding_window", "local_attention", "chunked_attention"))
_STATE = frozenset(("linear_attention", "mamba", "mamba2", "conv", "short_conv", "M"))
_NOTHING = frozenset(("mlp", "moe", "-", "E"))
_BOTH = "both"
"""A layer with attention and a state (Falcon-H1)."""
_MOST_LAYERS = 4096

_OWN_WAYS = (
    *("block_configs", "compress_ratios", "hybrid_layer_pattern", "attn_type_list", "attention_other_setting"),
    *("ssm_cfg", "attention_types", "layer_group_size"),
)
"""Keys of models that keep their conversations in ways of their own, which are not reckoned here."""
_PATTERNS = {"gemma2": 2, "gemma3": 6, "gemma3_text": 6, "cohere2": 4}
"""Of so many layers the last is a full one, where the file does not say (transformers' defaults)."""


@dataclass(frozen=True)
class Layers:
    """How many layers there are of each kind."""

    full: int
    windowed: int = 0
    window: int = 0
    state: int = 0
    state_bytes: int = 0
    """Of one layer, for one conversation."""
    state_copies: int = 2


def layers_of(said: Said, count: int) -> Layers | None:
    """The kinds of *count* layers; None when they are not known. Raises OddConfigError."""
    if count > _MOST_LAYERS or said.has(*_OWN_WAYS):
        return None
    window = said.whole("sliding_window", "attention_chunk_size")
    if said.values.get("use_sliding_window") is False:
        window = 0
    names = _names(said, count, window)
    if names is None:
        return None
    shared = min(said.whole("num_kv_shared_layers"), len(names))
    names = names[: len(names) - shared]
    full, windowed, state = (sum(name in kind for name in names) for kind in (_FULL, _WINDOWED, _STATE))
    both = names.count(_BOTH)
    if full + windowed + state + both + sum(name in _NOTHING for name in names) != len(names):
        return None
    size = _state_bytes(said) if state or both else 0
    if size is None or (state + both and not size):
        return None
    if not window:
        full, windowed = full + windowed, 0
    # Mamba 2 keeps one more, from within a step (`layers/mamba/mamba_mixer2.py`).
    copies = 3 if said.has("mamba_num_heads", "mamba_n_heads") else 2
    return Layers(full + both, windowed, window if windowed else 0, state + both, size, copies)


def _names(said: Said, count: int, window: int) -> list[str] | None:
    """The kind of each layer by name; None when it is not known."""
    pattern = said.text("hybrid_override_pattern")
    if pattern:
        return list(pattern) if len(pattern) <= _MOST_LAYERS else None
    listed = said.listed("layer_types") or said.listed("layers_block_type")
    if listed is not None:
        return [str(kind) for kind in listed] if len(listed) <= _MOST_LAYERS else None
    if said.text("model_type") == "falcon_h1":
        return [_BOTH] * count
    return _regular(said, count) or _windows(said, count, window)


def _regular(said: Said, count: int) -> list[str] | None:
    """Layers with a state, of models whose files name a rule rather than each layer; None when there are none."""
    linear = said.inside("linear_attn_config")
    if linear.listed("full_attn_layers") is not None:
        # Counted from one.
        full = {place for place in linear.listed("full_attn_layers") or () if isinstance(place, int)}
        return ["attention" if place in full else "linear_attention" for place in range(1, count + 1)]
    if said.has("linear_num_key_heads"):
        every = said.whole("full_attention_interval") or 4
        return _every(count, every, "attention", "linear_attention")
    if said.has("full_attn_idxs"):
        full = {place for place in said.listed("full_attn_idxs") or () if isinstance(place, int)}
        return ["attention" if place in full else "conv" for place in range(count)]
    if said.has("attn_layer_period"):
        every, first = said.whole("attn_layer_period"), said.whole("attn_layer_offset")
        return ["attention" if every and place % every == first else "mamba" for place in range(count)]
    if said.has("attn_layer_indices"):
        full = {place for place in said.listed("attn_layer_indices") or () if isinstance(place, int)}
        return ["attention" if place in full else "mamba" for place in range(count)]
    return ["unknown"] if said.has("mamba_d_state", "state_size", "ssm_state_size") else None


def _windows(said: Said, count: int, window: int) -> list[str]:
    """Full layers and those with a window."""
    if not window:
        return ["attention"] * count
    if said.has("attention_chunk_size"):
        marks = said.listed("no_rope_layers")
        if marks is not None and len(marks) == count:
            return ["chunked_attention" if mark else "attention" for mark in marks]
        return _every(count, said.whole("no_rope_layer_interval") or 4, "attention", "chunked_attention")
    letters = said.text("sliding_window_pattern")
    if letters and set(letters) <= {"L", "G"}:
        return ["attention" if letters[place % len(letters)] == "G" else "sliding_attention" for place in range(count)]
    named = 0 if letters else said.whole("sliding_window_pattern", "_sliding_window_pattern")
    pattern = named or _PATTERNS.get(said.text("model_type"), 0)
    if pattern > 1:
        return _every(count, pattern, "attention", "sliding_attention")
    first = said.whole("max_window_layers") if said.values.get("use_sliding_window") is True else 0
    return ["attention" if place < first else "sliding_attention" for place in range(count)]


def _every(count: int, period: int, last: str, others: str) -> list[str]:
    return [last if place % period == 0 else others for place in range(1, count + 1)]


def _state_bytes(said: Said) -> int | None:
    """Bytes of the state that one layer keeps of a conversation; None when the formula is not known.

    Convolutions are kept in the model's 16 bits, states in the format that the file names.
    """
    kernel = said.whole("linear_conv_kernel_dim", "conv_kernel", "mamba_d_conv", "conv_L_cache") - 1
    linear = said.inside("linear_attn_config")
    if linear.has("short_conv_kernel_size"):
        heads, size = linear.whole("num_heads"), linear.whole("head_dim")
        return (linear.whole("short_conv_kernel_size") - 1) * 3 * heads * size * 2 + heads * size * size * 4
    if kernel < 1:
        return None
    if said.has("linear_num_key_heads"):
        keys = said.whole("linear_num_key_heads") * said.whole("linear_key_head_dim")
        values = said.whole("linear_num_value_heads") * said.whole("linear_value_head_dim")
        return kernel * (2 * keys + values) * 2 + values * said.whole("linear_key_head_dim") * _state_element(said, 2)
    if said.has("conv_L_cache"):
        return kernel * said.whole("conv_dim", "hidden_size") * 2
    return _mamba_bytes(said, kernel)


def _mamba_bytes(said: Said, kernel: int) -> int | None:
    inner = said.whole("mamba_expand") * said.whole("hidden_size")
    if said.has("mamba_num_heads"):
        heads, size, groups = said.whole("mamba_num_heads"), said.whole("mamba_head_dim"), said.whole("n_groups")
        return _mamba2(kernel, heads * size, groups, heads, size, said.whole("ssm_state_size"), _state_element(said, 4))
    state = said.whole("mamba_d_state")
    if said.has("mamba_n_heads"):
        heads, size, groups = said.whole("mamba_n_heads"), said.whole("mamba_d_head"), said.whole("mamba_n_groups")
        return _mamba2(kernel, said.whole("mamba_d_ssm") or inner, groups, heads, size or inner // heads, state, 2)
    if said.has("attn_layer_period"):
        return kernel * inner * 2 + inner * state * 2
    return None


def _mamba2(kernel: int, inner: int, groups: int, heads: int, size: int, state: int, element: int) -> int:
    return kernel * (inner + 2 * groups * state) * 2 + heads * size * state * element


def _state_element(said: Said, otherwise: int) -> int:
    name = said.text("mamba_ssm_dtype") or said.text("mamba_ssm_cache_dtype")
    return int(dtype_bytes(name)) if name else otherwise
