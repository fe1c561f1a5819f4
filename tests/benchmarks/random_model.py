"""A language model of 0.2 billion random numbers: as much work as a real one of that size, and nothing to download."""

import json
import random
import shutil
import struct
from array import array
from math import prod
from pathlib import Path

from desktop_app.paths import resources

_HIDDEN, _LAYERS, _INNER, _HEADS, _KEPT = 1024, 16, 2816, 16, 8
_NOISE = 65_537
"""A prime, so that no two rows of a tensor are alike."""
_ONE = 0x3F80
"""1.0 as bfloat16."""


def random_model(folder: Path) -> Path:
    """Make it in *folder* (382 MB, 2 s): a Llama with the Guide's tokenizer."""
    guide = resources() / "guide"
    shutil.copytree(guide, folder)
    shape = {
        "hidden_size": _HIDDEN,
        "num_hidden_layers": _LAYERS,
        "intermediate_size": _INNER,
        "num_attention_heads": _HEADS,
        "num_key_value_heads": _KEPT,
        "head_dim": _HIDDEN // _HEADS,
        "max_position_embeddings": 4096,
    }
    config = json.loads((guide / "config.json").read_text("utf-8")) | shape
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    tensors = dict(_tensors(config["vocab_size"]))
    about, end = {}, 0
    for name, sizes in tensors.items():
        begin, end = end, end + 2 * prod(sizes)
        about[name] = {"dtype": "BF16", "shape": sizes, "data_offsets": [begin, end]}
    head = json.dumps(about).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for sizes in tensors.values():
            file.write(_numbers(sizes))
    return folder


def _tensors(vocabulary: int) -> list[tuple[str, list[int]]]:
    kept = _KEPT * _HIDDEN // _HEADS
    layer = {
        "self_attn.q_proj": [_HIDDEN, _HIDDEN],
        "self_attn.k_proj": [kept, _HIDDEN],
        "self_attn.v_proj": [kept, _HIDDEN],
        "self_attn.o_proj": [_HIDDEN, _HIDDEN],
        "mlp.gate_proj": [_INNER, _HIDDEN],
        "mlp.up_proj": [_INNER, _HIDDEN],
        "mlp.down_proj": [_HIDDEN, _INNER],
        "input_layernorm": [_HIDDEN],
        "post_attention_layernorm": [_HIDDEN],
    }
    layers = [(f"model.layers.{n}.{name}.weight", sizes) for n in range(_LAYERS) for name, sizes in layer.items()]
    return [("model.embed_tokens.weight", [vocabulary, _HIDDEN]), *layers, ("model.norm.weight", [_HIDDEN])]


def _numbers(sizes: list[int]) -> bytes:
    """Ones for a norm, noise for a matrix; bfloat16."""
    if len(sizes) == 1:
        return (array("H", [_ONE]) * sizes[0]).tobytes()
    dice = random.Random(7)
    noise = array("H", (struct.unpack("<HH", struct.pack("<f", dice.gauss(0, 0.02)))[1] for _ in range(_NOISE)))
    count = prod(sizes)
    return (noise * (count // _NOISE + 1))[:count].tobytes()
