"""Models that tests of this room make themselves, as small as they can be."""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

from desktop_app.domain.library import HubFile, HubModel
from desktop_app.hub import manifest
from desktop_app.hub.safetensors import dtype_bits

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "torch_dtype": "bfloat16",
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "hidden_size": 64,
    "max_position_embeddings": 2048,
    "vocab_size": 100,
}
COMMIT = "c1899de289a04d12100db370d81485cdf75e47ca"


def head_of(tensors: Mapping[str, tuple[str, list[int]]]) -> tuple[bytes, int]:
    """The header of a weight file, and how many bytes of data go with it."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (dtype, shape) in tensors.items():
        size = math.prod(shape) * dtype_bits(dtype) // 8
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    return json.dumps(header).encode(), end


def weights(tensors: Mapping[str, tuple[str, list[int]]]) -> bytes:
    """A whole weight file."""
    raw, size = head_of(tensors)
    return struct.pack("<Q", len(raw)) + raw + bytes(size)


def model_files(**changes: object) -> dict[str, bytes]:
    """The files of a whole model."""
    return {
        "config.json": json.dumps(CONFIG | changes).encode(),
        "model.safetensors": weights({"a": ("BF16", [8, 4]), "b": ("BF16", [8])}),
        "tokenizer.json": b"{}",
        "tokenizer_config.json": b'{"chat_template": "{{ messages }}"}',
    }


def make(folder: Path, files: Mapping[str, bytes] | None = None) -> Path:
    """A folder with a model."""
    for name, content in (files or model_files()).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def make_cached(cache: Path, repo_id: str, commit: str = COMMIT, files: Mapping[str, bytes] | None = None) -> Path:
    """A snapshot in a cache of Hugging Face."""
    import hashlib

    repository = cache / f"models--{repo_id.replace('/', '--')}"
    snapshot = repository / "snapshots" / commit
    for folder in (repository / "blobs", repository / "refs", snapshot):
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in (files or model_files()).items():
        sha256, sha1 = hashlib.sha256(content), hashlib.sha1(b"blob %d\0" % len(content) + content)
        blob = repository / "blobs" / (sha256 if name.endswith(".safetensors") else sha1).hexdigest()
        blob.write_bytes(content)
        (snapshot / name).symlink_to(Path("../../blobs") / blob.name)
    (repository / "refs" / "main").write_text(commit)
    return snapshot


def make_ours(
    ours: Path, repo_id: str, files: Mapping[str, bytes] | None = None, verified: tuple[str, ...] | None = None
) -> Path:
    """A download of ours with its record; *verified* are the files that were fetched, all when None."""
    import hashlib

    contents = files or model_files()
    folder = make(ours / repo_id, contents)
    listed = tuple(
        HubFile(name, len(content), sha256=hashlib.sha256(content).hexdigest()) for name, content in contents.items()
    )
    manifest.manifest_file(folder).parent.mkdir()
    record = manifest.Manifest(HubModel(repo_id, commit=COMMIT, files=listed), "https://huggingface.co")
    names = tuple(contents) if verified is None else verified
    manifest.write(folder, record.with_verified(folder, names))
    for name in set(contents) - set(names):
        (folder / name).unlink()
    return folder
