"""Models for the real engine that are made here: some that talk a lot, and two that cannot be started."""

import json
import random
import shutil
import struct
from array import array
from pathlib import Path
from typing import Any

from desktop_app.paths import resources

_GUIDE = resources() / "guide"
_ONE = 0x3F80
"""1.0 as bfloat16."""
_NOISE_LENGTH = 65_537
"""A prime, so that no two rows of a tensor are alike."""


_EVERY_WORD = "{% for one in messages %}<|user|> {{ one['content'] }}<|guide|>{% endfor %}"
"""A chat template; the Guide's own passes only a few words of the last question on."""


def attentive(folder: Path, context: int) -> Path:
    """One as `endless`, but it is given every word of a conversation, and keeps *context* tokens in mind."""
    made = endless(folder, context)
    settings = _read(made / "tokenizer_config.json")
    _write(made / "tokenizer_config.json", settings | {"chat_template": _EVERY_WORD})
    return made


def outspoken(folder: Path, tokens: int, seed: int) -> Path:
    """One as `attentive`, but every answer ends after *tokens* tokens; another *seed* is another nonsense."""
    made = endless(folder, 8192, seed)
    settings = _read(made / "tokenizer_config.json")
    _write(made / "tokenizer_config.json", settings | {"chat_template": _EVERY_WORD})
    _write(made / "generation_config.json", {"temperature": 0.0, "max_new_tokens": tokens})
    return made


def endless(folder: Path, context: int = 32_768, seed: int = 7) -> Path:
    """The Guide with noise for weights: it talks nonsense until its context of *context* tokens is full."""
    made = _copy(folder)
    config = _read(made / "config.json")
    _write(made / "config.json", config | {"max_position_embeddings": context})
    _write(made / "generation_config.json", {"temperature": 0.0})
    header, tensors = _open(made / "model.safetensors")
    row = config["hidden_size"]
    body = bytearray()
    for name, shape in tensors:
        data = _tensor(shape, seed)
        if name == "model.embed_tokens.weight":
            # The score of the token that ends an answer is always 0, and one of two thousand others is above.
            end = config["eos_token_id"] * row
            data[end : end + row] = array("H", bytes(2 * row))
        body += data.tobytes()
    (made / "model.safetensors").write_bytes(header + body)
    return made


def truncated(folder: Path) -> Path:
    """The Guide as an interrupted download leaves it."""
    made = _copy(folder)
    weights = made / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    return made


def of_unknown_kind(folder: Path) -> Path:
    """The Guide with an architecture that no vLLM knows."""
    made = _copy(folder)
    config = _read(made / "config.json")
    _write(made / "config.json", config | {"architectures": ["NobodyKnowsForCausalLM"], "model_type": "nobody_knows"})
    return made


def _copy(folder: Path) -> Path:
    shutil.copytree(_GUIDE, folder)
    return folder


def _tensor(shape: list[int], seed: int) -> "array[int]":
    """Ones for a norm, noise for a matrix; bfloat16."""
    size = 1
    for length in shape:
        size *= length
    if len(shape) == 1:
        return array("H", [_ONE]) * size
    noise = _noise(seed)
    return (noise * (size // len(noise) + 1))[:size]


def _noise(seed: int) -> "array[int]":
    dice = random.Random(seed)
    return array("H", (struct.unpack("<HH", struct.pack("<f", dice.gauss(0, 0.08)))[1] for _ in range(_NOISE_LENGTH)))


def _open(file: Path) -> tuple[bytes, list[tuple[str, list[int]]]]:
    """The head of a safetensors file, and name and shape of its bfloat16 tensors in the order of the file."""
    with file.open("rb") as stream:
        head = stream.read(8)
        head += stream.read(struct.unpack("<Q", head)[0])
    tensors = {name: about for name, about in json.loads(head[8:]).items() if name != "__metadata__"}
    assert {about["dtype"] for about in tensors.values()} == {"BF16"}
    in_order = sorted(tensors, key=lambda name: tensors[name]["data_offsets"][0])
    return head, [(name, tensors[name]["shape"]) for name in in_order]


def _read(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return read


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content), "utf-8")
