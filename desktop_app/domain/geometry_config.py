"""The shape of a model from its `config.json`. Called through `domain/geometry`.

The names are those that vLLM reads (`transformers_utils/model_arch_config_convertor.py`, 0.32). A config was written by
strangers: nothing in it raises here, and what is odd counts as not known.
"""

from collections.abc import Mapping

from desktop_app.domain.config_reader import OddConfigError, Said
from desktop_app.domain.geometry_layers import layers_of
from desktop_app.domain.geometry_tied import stored_twice
from desktop_app.domain.kv_cache import Geometry, dtype_bytes

_LENGTHS = (
    *("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "model_max_length"),
    *("max_sequence_length", "max_seq_length", "seq_len"),
)
_MOST_NUMBERS = 1 << 24
"""Numbers of one token in one layer; the largest models have 2¹⁵."""
_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "gemma3_text": {
        "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
        "max_position_embeddings": 131_072, "vocab_size": 262_208, "sliding_window": 4096,
    }
}  # fmt: skip
"""What files of these kinds leave out (transformers' `Gemma3TextConfig`)."""


def geometry(config: Mapping[str, object]) -> Geometry | None:
    """The shape that a `config.json` describes; None when it does not say enough, or not in terms that are known."""
    try:
        return _geometry(_completed(Said(config)))
    except OddConfigError:
        return None


def _completed(said: Said) -> Said:
    defaults = _DEFAULTS.get(said.text("model_type"))
    if not defaults:
        return said
    return Said({**defaults, **{key: value for key, value in said.values.items() if value is not None}})


def _geometry(said: Said) -> Geometry | None:
    count = said.whole("num_hidden_layers", "n_layer", "num_layers", "n_layers")
    heads = said.whole("num_attention_heads", "n_head", "n_heads")
    hidden = said.whole("hidden_size", "n_embd", "d_model")
    if not count or not heads or not hidden:
        return None
    layers = layers_of(said, count)
    kv_heads, numbers = _kept(said, heads, hidden)
    if layers is None or numbers > _MOST_NUMBERS or (layers.full + layers.windowed and not numbers):
        return None
    windowed_heads, windowed_numbers = 0, 0
    if layers.windowed and said.has("global_head_dim", "num_global_key_value_heads"):
        windowed_heads, windowed_numbers = kv_heads, numbers
        kv_heads = said.whole("num_global_key_value_heads") or kv_heads
        numbers = 2 * kv_heads * (said.whole("global_head_dim") or windowed_numbers // 2 // windowed_heads)
    return Geometry(
        full_layers=layers.full,
        windowed_layers=layers.windowed,
        window=layers.window,
        numbers_per_token=numbers,
        heads=heads,
        kv_heads=kv_heads,
        context=min((length for name in _LENGTHS if (length := said.whole(name))), default=0),
        vocabulary=said.whole("vocab_size"),
        hidden=hidden,
        windowed_numbers=windowed_numbers if windowed_numbers != numbers else 0,
        windowed_kv_heads=windowed_heads if windowed_heads != kv_heads else 0,
        state_layers=layers.state,
        state_bytes=layers.state_bytes,
        state_copies=layers.state_copies,
    )


def _kept(said: Said, heads: int, hidden: int) -> tuple[int, int]:
    """Heads that are kept (0 for a latent), and numbers kept of one token by one layer."""
    latent = said.whole("kv_lora_rank")
    if latent:
        index = said.whole("index_head_dim")
        # DeepSeek's index of keys: a byte each and four for every 128, beside numbers of two bytes.
        return 0, latent + said.whole("qk_rope_head_dim") + (index + index // 128 * 4) // 2
    kv_heads = _kv_heads(said, heads)
    size = said.whole("head_dim", "kv_channels", "attention_head_dim", "hidden_size_per_head") or hidden // heads
    return kv_heads, kv_heads * (size + (said.whole("v_head_dim") or size))


def _kv_heads(said: Said, heads: int) -> int:
    # Falcon and StarCoder: all heads share one, but for Falcon's newer kind.
    if said.values.get("multi_query") is True and said.values.get("new_decoder_architecture") is not True:
        return 1
    if said.values.get("multi_query_attention") is False:
        return heads
    inner = said.inside("attn_config").whole("kv_n_heads")
    names = ("n_head_kv", "num_kv_heads", "num_key_value_heads", "multi_query_group_num", "num_attention_groups")
    return inner or said.whole(*names) or heads


def quantization(config: Mapping[str, object]) -> str:
    """The way in which the weights were made smaller, e.g. `awq`; empty when they were not."""
    inner = config.get("text_config")
    for place in (config, inner if isinstance(inner, Mapping) else {}):
        about = place.get("quantization_config") or place.get("compression_config")
        if isinstance(about, Mapping):
            return str(about.get("quant_method") or about.get("quantization") or "").lower()
    return ""


def weights_bytes(on_disk: int, config: Mapping[str, object], dtype: str) -> int:
    """What weights of *on_disk* bytes take once loaded as *dtype* (`--dtype`); an estimate.

    Quantised weights stay as they are. `auto` keeps the checkpoint's format, but for float32, which becomes half. An
    output matrix that is the input's is loaded once, however often it is stored.
    """
    if quantization(config):
        return on_disk
    inner = config.get("text_config")
    places = (config, inner if isinstance(inner, Mapping) else {})
    named = next((str(said) for place in places if (said := place.get("torch_dtype") or place.get("dtype"))), "")
    wanted = "bfloat16" if dtype in ("", "auto") else dtype
    numbers = int(on_disk / dtype_bytes(named or "bfloat16"))
    return int((numbers - stored_twice(config, numbers)) * dtype_bytes(wanted))
