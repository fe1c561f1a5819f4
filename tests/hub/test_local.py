"""Folders with a whole model, and with every kind of half a model that people have."""

import json
import os
import struct
from pathlib import Path

import pytest

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.hub.local import guide, inspect, model_name
from desktop_app.paths import resources

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935\nsize 12345\n"
PAGE = "<!DOCTYPE html><html><body>Not found</body></html>"


def safetensors(sizes: dict[str, int]) -> bytes:
    """A weight file whose tensors have these numbers of bytes."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, size in sizes.items():
        header[name] = {"dtype": "U8", "shape": [size], "data_offsets": [end, end + size]}
        end += size
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + bytes(end)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "Tiny-1B"
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(safetensors({"a": 64, "b": 32}))
    (folder / "tokenizer.json").write_text("{}")
    return folder


def shard(model: Path, names: list[str], present: list[str]) -> None:
    (model / "model.safetensors").unlink()
    weight_map = {f"layer.{number}": name for number, name in enumerate(names)}
    (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    for name in present:
        (model / name).write_bytes(safetensors({name: 8}))


def refusal(folder: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        inspect(folder)
    assert caught.value.remedy is Remedy.CHOOSE_MODEL
    return caught.value


def test_a_whole_model_is_named_after_its_folder(model: Path) -> None:
    found = inspect(model)
    assert (found.name, found.folder, found.is_guide) == ("Tiny-1B", model, False)


def test_a_model_in_the_cache_of_hugging_face_keeps_its_name_and_its_links(model: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "models--Qwen--Qwen3-0.6B" / "snapshots" / "c1899de289a04d12100db370d81485cdf75e47ca"
    snapshot.mkdir(parents=True)
    for file in model.iterdir():
        (snapshot / file.name).symlink_to(file)
    assert inspect(snapshot).name == "Qwen/Qwen3-0.6B"


def test_names_do_not_depend_on_how_a_folder_is_written(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(model)
    assert model_name(Path()) == "Tiny-1B"


def test_the_guide_lies_among_the_resources(tmp_path: Path) -> None:
    assert guide(tmp_path).folder == tmp_path / "guide"
    assert guide(tmp_path).is_guide


@pytest.mark.skipif(not (resources() / "guide" / "config.json").exists(), reason="the Guide is not trained here")
def test_the_shipped_guide_is_whole() -> None:
    assert inspect(guide(resources()).folder)


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "not there" in refusal(tmp_path / "gone").title


def test_a_file_in_place_of_a_folder(model: Path) -> None:
    assert "Choose the folder" in refusal(model / "config.json").reason


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "config.json" in refusal(tmp_path).reason


def test_one_level_too_high_says_where_the_model_is(model: Path) -> None:
    assert "choose Tiny-1B" in refusal(model.parent).reason


def test_an_adapter_is_called_one(model: Path) -> None:
    (model / "config.json").rename(model / "adapter_config.json")
    assert "LoRA" in refusal(model).reason


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "null", "[]", '{"a": 1}'])
def test_a_config_that_describes_nothing(model: Path, text: str) -> None:
    (model / "config.json").write_text(text)
    assert "config.json" in refusal(model).reason


def test_a_config_that_is_far_too_big(model: Path) -> None:
    (model / "config.json").write_text('{"model_type": "llama", "x": "' + "x" * (9 << 20) + '"}')
    assert "larger" in refusal(model).reason


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_pointer_of_git_lfs(model: Path, name: str) -> None:
    (model / name).write_text(POINTER)
    assert "git lfs pull" in refusal(model).reason


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_web_page_saved_as_a_file(model: Path, name: str) -> None:
    (model / name).write_text(f"\n  {PAGE}")
    assert "web page" in refusal(model).reason


def test_only_pickled_weights_are_refused_as_unsafe(model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    assert "unsafe" in refusal(model).reason


def test_only_gguf_says_what_to_look_for(model: Path) -> None:
    (model / "model.safetensors").rename(model / "tiny-q4.gguf")
    assert ".safetensors" in refusal(model).reason


def test_a_folder_with_nothing_but_a_gguf_file(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF")
    assert "GGUF" in refusal(tmp_path).reason


def test_no_weights_at_all(model: Path) -> None:
    (model / "model.safetensors").unlink()
    assert "download complete" in refusal(model).reason


@pytest.mark.parametrize("kept", [0, 4, 8, 20, -33, -1])
def test_a_truncated_weight_file(model: Path, kept: int) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    assert "model.safetensors" in refusal(model).reason


def test_a_weight_file_with_something_behind_its_end(model: Path) -> None:
    with (model / "model.safetensors").open("ab") as stream:
        stream.write(b"x")
    assert "bytes" in refusal(model).reason


@pytest.mark.parametrize(
    "header",
    [
        b"not json",
        b"[]",
        b'{"a": {"data_offsets": [0]}}',
        b'{"a": {"data_offsets": [4, 8]}}',
        b'{"a": {"data_offsets": [0, 8]}, "b": {"data_offsets": [4, 8]}}',
        b'{"a": {"data_offsets": [8, 0]}}',
    ],
)
def test_a_header_that_makes_no_sense(model: Path, header: bytes) -> None:
    (model / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    assert "header" in refusal(model).reason


def test_shards_that_are_all_there(model: Path) -> None:
    names = [f"model-{number:05}-of-00003.safetensors" for number in (1, 2, 3)]
    shard(model, names, names)
    assert inspect(model)


def test_a_missing_shard_is_named(model: Path) -> None:
    names = [f"model-{number:05}-of-00003.safetensors" for number in (1, 2, 3)]
    shard(model, names, names[::2])
    assert "1 of 3" in refusal(model).reason
    assert names[1] in refusal(model).reason


def test_a_missing_shard_is_seen_without_an_index(model: Path) -> None:
    (model / "model.safetensors").rename(model / "model-00001-of-00002.safetensors")
    assert "model-00002-of-00002.safetensors" in refusal(model).reason


@pytest.mark.parametrize("name", ["../other/model.safetensors", "/etc/passwd", "..", "sub/a.safetensors", "a.bin"])
def test_an_index_that_leads_out_of_the_folder(model: Path, name: str) -> None:
    shard(model, [name], ["model-00001-of-00001.safetensors"])
    assert "no weight file of this folder" in refusal(model).reason


@pytest.mark.parametrize("text", ["{}", "[]", '{"weight_map": {}}', '{"weight_map": []}'])
def test_an_index_without_files(model: Path, text: str) -> None:
    (model / "model.safetensors.index.json").write_text(text)
    assert "lists no files" in refusal(model).reason


def test_a_named_pipe_does_not_keep_us_waiting(model: Path) -> None:
    (model / "model.safetensors").unlink()
    os.mkfifo(model / "model.safetensors")
    assert "regular file" in refusal(model).reason


def test_a_missing_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").unlink()
    assert "tokenizer" in refusal(model).reason


@pytest.mark.parametrize(
    "name", ["tokenizer.model", "tokenizer.model.v3", "tekken.json", "qwen.tiktoken", "vocab.json"]
)
def test_other_kinds_of_tokenizer(model: Path, name: str) -> None:
    (model / "tokenizer.json").rename(model / name)
    assert inspect(model)


def test_a_broken_link_among_the_weights(model: Path) -> None:
    (model / "model.safetensors").unlink()
    (model / "model.safetensors").symlink_to("nowhere")
    assert "cannot be read" in refusal(model).title
