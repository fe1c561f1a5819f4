"""Checkpoints of many shapes for the real engine: right heads, nothing but zeros behind them, so they take no disk.

What a model takes of the memory follows from shapes and formats alone; what it would answer does not matter here.
"""

import json
import shutil
import struct
from collections.abc import Callable
from math import prod
from pathlib import Path

from desktop_app.paths import resources

Shapes = dict[str, list[int]]
_BYTES = {"BF16": 2, "F16": 2, "F32": 4}
_TORCH = {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}
_VOCABULARY = 65_536
"""Large, so that the weights are: vLLM prints their size in hundredths of a GiB."""


def tied_llama(folder: Path) -> Path:
    """Grouped heads, and the embedding used twice."""
    config = _config("LlamaForCausalLM", "llama", hidden=1024, inner=2816, layers=8, heads=16, kept=4, size=64)
    return _write(folder, config | {"tie_word_embeddings": True}, _llama(config, tied=True), "BF16")


def whole_numbers_llama(folder: Path) -> Path:
    """As many kept heads as heads, in 32 bits, which vLLM halves."""
    config = _config("LlamaForCausalLM", "llama", hidden=768, inner=2048, layers=6, heads=12, kept=12, size=64)
    return _write(folder, config, _llama(config), "F32")


def wide_headed_qwen(folder: Path) -> Path:
    """Heads larger than their share of the hidden size, with norms of their own, in float16."""
    config = _config("Qwen3ForCausalLM", "qwen3", hidden=1024, inner=3072, layers=10, heads=16, kept=8, size=128)
    return _write(folder, config, _llama(config) | _head_norms(config), "F16")


def windowless_qwen(folder: Path) -> Path:
    """A window in the description that is switched off, two kept heads, biases."""
    config = _config("Qwen2ForCausalLM", "qwen2", hidden=896, inner=2432, layers=12, heads=14, kept=2, size=64)
    config |= {"use_sliding_window": False, "sliding_window": 4096, "max_window_layers": 6}
    tensors = _llama(config, tied=True) | _biases(config)
    return _write(folder, config | {"tie_word_embeddings": True}, tensors, "BF16")


def mixtral(folder: Path) -> Path:
    """Eight experts, two of them used for each token."""
    config = _config("MixtralForCausalLM", "mixtral", hidden=512, inner=1024, layers=6, heads=8, kept=2, size=64)
    config |= {"num_local_experts": 8, "num_experts_per_tok": 2, "sliding_window": None}
    tensors = {name: shape for name, shape in _llama(config).items() if ".mlp." not in name}
    for layer in range(6):
        place = f"model.layers.{layer}.block_sparse_moe"
        tensors[f"{place}.gate.weight"] = [8, 512]
        for expert in range(8):
            tensors |= {f"{place}.experts.{expert}.w{part}.weight": [1024, 512] for part in (1, 3)}
            tensors[f"{place}.experts.{expert}.w2.weight"] = [512, 1024]
    return _write(folder, config, tensors, "BF16")


def gemma(folder: Path) -> Path:
    """Two layers that keep everything and ten that keep a window of 512."""
    config = _config("Gemma3ForCausalLM", "gemma3_text", hidden=640, inner=2048, layers=12, heads=4, kept=1, size=256)
    kinds = ["full_attention" if layer % 6 == 5 else "sliding_attention" for layer in range(12)]
    config |= {"sliding_window": 512, "layer_types": kinds, "query_pre_attn_scalar": 256, "tie_word_embeddings": True}
    config |= {"hidden_activation": "gelu_pytorch_tanh", "rope_local_base_freq": 10_000.0}
    tensors = _llama(config, tied=True) | _head_norms(config)
    for layer in range(12):
        tensors |= {f"model.layers.{layer}.{when}_feedforward_layernorm.weight": [640] for when in ("pre", "post")}
    return _write(folder, config, tensors, "BF16")


ALL: tuple[Callable[[Path], Path], ...] = (
    tied_llama,
    whole_numbers_llama,
    wide_headed_qwen,
    windowless_qwen,
    mixtral,
    gemma,
)


def _config(
    architecture: str, kind: str, hidden: int, inner: int, layers: int, heads: int, kept: int, size: int
) -> dict[str, object]:
    return {
        "architectures": [architecture],
        "model_type": kind,
        "hidden_size": hidden,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kept,
        "head_dim": size,
        "vocab_size": _VOCABULARY,
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-5,
        "hidden_act": "silu",
        "rope_theta": 10_000.0,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "tie_word_embeddings": False,
    }


def _sizes(config: dict[str, object]) -> tuple[int, int, int, int, int, int]:
    names = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads")
    hidden, inner, layers, heads, kept, size = (int(str(config[name])) for name in (*names, "head_dim"))
    return hidden, inner, layers, heads, kept, size


def _llama(config: dict[str, object], tied: bool = False) -> Shapes:
    hidden, inner, layers, heads, kept, size = _sizes(config)
    layer = {
        "self_attn.q_proj": [heads * size, hidden],
        "self_attn.k_proj": [kept * size, hidden],
        "self_attn.v_proj": [kept * size, hidden],
        "self_attn.o_proj": [hidden, heads * size],
        "mlp.gate_proj": [inner, hidden],
        "mlp.up_proj": [inner, hidden],
        "mlp.down_proj": [hidden, inner],
        "input_layernorm": [hidden],
        "post_attention_layernorm": [hidden],
    }
    tensors = {f"model.layers.{n}.{name}.weight": shape for n in range(layers) for name, shape in layer.items()}
    tensors |= {"model.embed_tokens.weight": [_VOCABULARY, hidden], "model.norm.weight": [hidden]}
    return tensors if tied else tensors | {"lm_head.weight": [_VOCABULARY, hidden]}


def _head_norms(config: dict[str, object]) -> Shapes:
    _, _, layers, _, _, size = _sizes(config)
    return {f"model.layers.{n}.self_attn.{name}_norm.weight": [size] for n in range(layers) for name in "qk"}


def _biases(config: dict[str, object]) -> Shapes:
    _, _, layers, heads, kept, size = _sizes(config)
    widths = {"q": heads * size, "k": kept * size, "v": kept * size}
    return {f"model.layers.{n}.self_attn.{name}_proj.bias": [widths[name]] for n in range(layers) for name in "qkv"}


def _write(folder: Path, config: dict[str, object], tensors: Shapes, dtype: str) -> Path:
    """The Guide's tokenizer with another model; a hole in the file stands for the zeros."""
    shutil.copytree(resources() / "guide", folder)
    (folder / "config.json").write_text(json.dumps(config | {"torch_dtype": _TORCH[dtype]}), "utf-8")
    about, end = {}, 0
    for name, shape in tensors.items():
        begin, end = end, end + _BYTES[dtype] * prod(shape)
        about[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    head = json.dumps(about).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        file.truncate(8 + len(head) + end)
    return folder
