"""What a model takes of memory: its shape from `config.json`, the weights, and what a conversation needs on top.

Pure arithmetic after vLLM's own (`v1/kv_cache_interface.py`, `v1/core/kv_cache_utils.py` of 0.32 and 0.33). Used by
`engine/launch` for plans, by `engine/preflight` before a start, and by services that show what a setting costs. Sizes
in bytes, lengths in tokens.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

CPU_BLOCK = 128
"""Tokens of a block of KV cache on a processor (`platforms/cpu.py`)."""
CARD_BLOCK = 16
"""The same on a graphics card."""
IN_FLIGHT = 2048
"""Tokens of one step (`--max-num-batched-tokens`), kept beside a sliding window."""

_DTYPE_BYTES = {
    "float32": 4.0, "float": 4.0, "bfloat16": 2.0, "float16": 2.0, "half": 2.0,
    "fp8": 1.0, "fp8_e4m3": 1.0, "fp8_e5m2": 1.0, "fp8_inc": 1.0, "fp8_ds_mla": 1.14,
    "int8_per_token_head": 1.0, "int4_per_token_head": 0.5, "nvfp4": 0.5,
}  # fmt: skip
"""`fp8_ds_mla` keeps 656 bytes for 576 numbers."""

_FULL = ("full_attention", "attention", "full", "global_attention")
_WINDOWED = ("sliding_attention", "sliding_window", "local_attention", "chunked_attention")


def dtype_bytes(name: str) -> float:
    """Bytes of one number in a format by vLLM's or torch's name; 2 for `auto` and for those that are not known."""
    return _DTYPE_BYTES.get(name.lower().removeprefix("torch."), 2.0)


@dataclass(frozen=True)
class Geometry:
    """The shape of a model, as far as memory follows from it."""

    full_layers: int
    """Layers that keep the whole conversation."""
    windowed_layers: int
    """Layers that keep the last `window` tokens of it."""
    window: int
    numbers_per_token: int
    """Numbers that one layer keeps of one token, on one card of one."""
    heads: int
    """Attention heads; several cards must divide them."""
    kv_heads: int
    """Heads that are kept, shared out among cards; 0 for a latent (MLA), which every card keeps whole."""
    context: int
    """The longest conversation that the model was made for; 0 when it does not say."""
    vocabulary: int
    hidden: int

    def token_bytes(self, element: float, cards: int = 1) -> int:
        """Bytes that one token takes in one layer, on each of *cards* cards; *element* is the bytes of a number."""
        share = 1 if not self.kv_heads else max(1, self.kv_heads // cards) / self.kv_heads
        return math.ceil(self.numbers_per_token * element * share)

    def request_bytes(self, tokens: int, element: float, block: int, cards: int = 1) -> int:
        """Bytes of KV cache that one conversation of *tokens* tokens takes on each card."""
        page = block * self.token_bytes(element, cards)
        full = _ceil(tokens, block)
        return page * (self.full_layers * full + self.windowed_layers * self._window_blocks(tokens, block))

    def pool_tokens(self, size: int, element: float, block: int, cards: int = 1) -> int:
        """Tokens that *size* bytes hold in all, as vLLM reports them for a model without windows."""
        layers = self.full_layers + self.windowed_layers
        page = block * self.token_bytes(element, cards) * layers
        return size // page * block if page else 0

    def longest(self, size: int, element: float, block: int, cards: int = 1) -> int:
        """The longest conversation that *size* bytes have room for, at most the model's own; 0 for none.

        One block is vLLM's own (the null block).
        """
        low, high = 0, max(1, _ceil(self.context or 1 << 24, block))
        reserved = self._block_bytes(element, block, cards)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self.request_bytes(middle * block, element, block, cards) + reserved <= size
            low, high = (middle, high) if fits else (low, middle - 1)
        return min(low * block, self.context or low * block)

    def _block_bytes(self, element: float, block: int, cards: int) -> int:
        """What one block of the pool costs: a page for each layer of a group."""
        kinds = [count for count in (self.full_layers, self.windowed_layers) if count]
        return (min(kinds) if kinds else 0) * block * self.token_bytes(element, cards)

    def _window_blocks(self, tokens: int, block: int) -> int:
        return min(_ceil(tokens, block), _ceil(self.window - 1 + IN_FLIGHT, block) + 1)


def _ceil(amount: int, unit: int) -> int:
    return -(-amount // unit)


def geometry(config: Mapping[str, object]) -> Geometry | None:
    """The shape that a `config.json` describes; None when it does not say enough, or not in terms that are known."""
    inner = config.get("text_config") or config.get("llm_config")
    text = {**config, **inner} if isinstance(inner, Mapping) else config
    layers = _whole(text, "num_hidden_layers", "n_layer", "num_layers")
    heads = _whole(text, "num_attention_heads", "n_head")
    hidden = _whole(text, "hidden_size", "n_embd", "d_model")
    if not layers or not heads or not hidden:
        return None
    kv_heads, numbers = _kept(text, heads, hidden)
    kinds = _kinds(text, layers)
    if kinds is None:
        return None
    return Geometry(
        full_layers=kinds[0],
        windowed_layers=kinds[1],
        window=_whole(text, "sliding_window", "attention_chunk_size"),
        numbers_per_token=numbers,
        heads=heads,
        kv_heads=kv_heads,
        context=_whole(text, "max_position_embeddings", "n_positions", "max_seq_len", "seq_length"),
        vocabulary=_whole(text, "vocab_size"),
        hidden=hidden,
    )


def _kept(text: Mapping[str, object], heads: int, hidden: int) -> tuple[int, int]:
    """Heads that are kept (0 for a latent), and numbers kept of one token by one layer."""
    latent = _whole(text, "kv_lora_rank")
    if latent:
        return 0, latent + _whole(text, "qk_rope_head_dim")
    kv_heads = _whole(text, "num_key_value_heads", "multi_query_group_num") or heads
    size = _whole(text, "head_dim", "kv_channels") or hidden // heads
    return kv_heads, kv_heads * (size + (_whole(text, "v_head_dim") or size))


def _kinds(text: Mapping[str, object], layers: int) -> tuple[int, int] | None:
    """How many layers keep everything, and how many a window; None for kinds that keep a state (Mamba and its kin)."""
    listed = text.get("layer_types")
    window = _whole(text, "sliding_window", "attention_chunk_size")
    shared = _whole(text, "num_kv_shared_layers")
    if isinstance(listed, list) and listed:
        names = [str(kind) for kind in listed[: len(listed) - shared]]
        windowed = sum(name in _WINDOWED for name in names)
        full = sum(name in _FULL for name in names)
        known = full + windowed == len(names)
        return ((full, windowed) if window else (full + windowed, 0)) if known else None
    if any(
        key in text for key in ("mamba_d_state", "ssm_cfg", "state_size", "linear_num_key_heads", "attn_layer_period")
    ):
        return None
    own = layers - shared
    pattern = _whole(text, "sliding_window_pattern")
    if not window or text.get("use_sliding_window") is False:
        return own, 0
    if pattern > 1:
        return own // pattern, own - own // pattern
    return 0, own


def _whole(text: Mapping[str, object], *names: str) -> int:
    """The first of *names* that is a positive whole number; 0 for none."""
    for name in names:
        value = text.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return 0


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

    Quantised weights stay as they are. `auto` keeps the checkpoint's format, but for float32, which becomes half.
    """
    if quantization(config):
        return on_disk
    stored = str(config.get("torch_dtype") or config.get("dtype") or "bfloat16").removeprefix("torch.")
    wanted = "bfloat16" if dtype in ("", "auto") else dtype
    return int(on_disk * dtype_bytes(wanted) / dtype_bytes(stored))
