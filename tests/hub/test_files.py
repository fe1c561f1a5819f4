"""Which files of a repository are fetched, which stay, and what is said of repositories that hold no model."""

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.library import HubFile
from desktop_app.hub.files import INDEX, choose

WHOLE = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")


def files(*names: str, size: int = 10) -> list[HubFile]:
    return [HubFile(name, size, sha256="0" * 64) for name in names]


def chosen(*names: str, listed: tuple[str, ...] = ()) -> set[str]:
    return {file.path for file in choose(files(*names), listed)[0]}


def refusal(*names: str, listed: tuple[str, ...] = ()) -> UserError:
    with pytest.raises(UserError) as caught:
        choose(files(*names), listed)
    return caught.value


def test_what_serving_needs_is_taken() -> None:
    wanted = (
        *WHOLE, "chat_template.jinja", "merges.txt", "vocab.json", "tokenizer.model", "qwen.tiktoken", "LICENSE",
        "README.md", "USE_POLICY.md", "additional_chat_templates/tools.jinja", "special_tokens_map.json",
    )  # fmt: skip
    assert chosen(*wanted) == set(wanted)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("pytorch_model.bin", "old formats that can run programs"),
        ("training_args.bin", "old formats that can run programs"),
        ("model.PT", "old formats that can run programs"),
        ("tokenizer.pkl", "old formats that can run programs"),
        ("modeling_custom.py", "programs"),
        ("tokenizer_setup.py", "programs"),
        ("model.q4.gguf", "copies in other formats"),
        ("tf_model.h5", "copies in other formats"),
        ("flax_model.msgpack", "copies in other formats"),
        ("onnx/model.onnx", "copies in other formats"),
        ("original/params.json", "copies in other formats"),
        ("metal/model.safetensors", "copies in other formats"),
        ("adapter_model.safetensors", "adapters, which only change another model"),
        ("picture.png", "what serving does not need"),
        (".gitattributes", "what serving does not need"),
        ("checkpoint-500/model.safetensors", "what serving does not need"),
        ("../config.json", "files whose names are not allowed"),
        ("a\u202ejson.config", "files whose names are not allowed"),
        ("con.json", "files whose names are not allowed"),
        (".vllm-desktop/manifest.json", "files whose names are not allowed"),
        ("a\nb.json", "files whose names are not allowed"),
    ],
)
def test_everything_else_stays_and_is_counted(name: str, why: str) -> None:
    taken, left_out = choose([*files(*WHOLE), *files(name, size=77)])
    assert {file.path for file in taken} == set(WHOLE)
    assert left_out == {why: 77}


def test_a_gigabyte_of_json_stays() -> None:
    _, left_out = choose([*files(*WHOLE), *files("huge.json", size=1 << 30)])
    assert left_out == {"files larger than such files can be": 1 << 30}


def test_of_two_sets_of_weights_the_usual_one_is_taken() -> None:
    names = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", INDEX)
    taken = chosen(*WHOLE[:4], *names, "consolidated.safetensors", "params.json", "tekken.json")
    assert taken == {*WHOLE[:4], *names, "tekken.json"}


def test_the_other_set_is_taken_where_only_mistrals_tokenizer_is_there() -> None:
    kept = ("config.json", "params.json", "tekken.json", "consolidated.safetensors")
    assert chosen(*kept, "model-00001-of-00001.safetensors", INDEX) == set(kept)


def test_mistrals_own_set_alone_is_enough_with_a_config() -> None:
    kept = ("config.json", "params.json", "tekken.json", "consolidated.safetensors")
    assert chosen(*kept) == set(kept)


def test_weights_that_the_index_does_not_name_stay() -> None:
    listed = ("model-00001-of-00001.safetensors",)
    taken = chosen(*WHOLE[:4], INDEX, *listed, "model.fp16.safetensors", listed=listed)
    assert taken == {*WHOLE[:4], INDEX, *listed}


def test_weights_that_the_index_names_and_nobody_has() -> None:
    listed = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    assert "1 of its 2 weight files" in refusal(*WHOLE[:4], INDEX, listed[0], listed=listed).reason


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("config.json", "tokenizer.json", "pytorch_model.bin"), "unsafe"),
        (("README.md", "model-q4.gguf"), "GGUF"),
        (("adapter_config.json", "adapter_model.safetensors"), "LoRA"),
        (("model_index.json", "vae/model.safetensors"), "pictures"),
        (("data/train.parquet", "README.md"), "data"),
        (("README.md",), "no weights"),
        ((), "no weights"),
        (("config.json", "tf_model.h5"), "format"),
        (("params.json", "consolidated.safetensors", "tekken.json"), "Mistral's own form"),
        (("model.safetensors", "tokenizer.json"), "no config.json"),
        (("model.safetensors", "config.json"), "tokenizer"),
    ],
)
def test_repositories_without_a_model_are_refused_in_words(names: tuple[str, ...], words: str) -> None:
    assert words in refusal(*names).reason
