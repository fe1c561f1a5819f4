"""What a model is, from its config and the heads of its weights."""

import json
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.model_spec import Tensors
from desktop_app.hub.spec import spec_from, spec_of_folder
from tests.hub.made import CONFIG, make, model_files, weights

BILLION = 10**9
QWEN_AWQ = {"bits": 4, "group_size": 128, "quant_method": "awq", "zero_point": True}
CT_INT4 = {
    "quant_method": "compressed-tensors",
    "format": "pack-quantized",
    "config_groups": {"group_0": {"weights": {"num_bits": 4, "group_size": 128, "symmetric": True}}},
}
NVFP4 = {"quant_method": "modelopt", "quant_algo": "NVFP4", "group_size": 16}


def test_a_folder(tmp_path: Path) -> None:
    spec = spec_of_folder(make(tmp_path / "tiny"))
    assert (spec.name, spec.weights_bytes, spec.parameters, spec.dtype) == ("tiny", 80, 40, "bfloat16")
    assert spec.geometry is not None
    assert spec.context == 2048
    assert spec.architectures == ("LlamaForCausalLM",)
    assert not spec.vision
    assert not spec.quantization


def test_several_files_count_together(tmp_path: Path) -> None:
    files = model_files()
    del files["model.safetensors"]
    for number in (1, 2):
        files[f"model-0000{number}-of-00002.safetensors"] = weights({f"t{number}": ("F16", [10])})
    spec = spec_of_folder(make(tmp_path / "two", files))
    assert (spec.weights_bytes, spec.parameters, spec.dtype) == (40, 20, "float16")


def test_it_needs_no_tokenizer(tmp_path: Path) -> None:
    files = model_files()
    del files["tokenizer.json"]
    assert spec_of_folder(make(tmp_path / "bare", files), "owner/name").name == "owner/name"


def test_a_second_copy_of_the_weights_is_not_counted(tmp_path: Path) -> None:
    files = model_files() | {"consolidated.safetensors": weights({"a": ("BF16", [999])})}
    assert spec_of_folder(make(tmp_path / "mistral", files)).parameters == 40


@pytest.mark.parametrize("config", ["[]", "{", '{"a": 1}', "[" * 99999])
def test_a_config_that_says_nothing(tmp_path: Path, config: str) -> None:
    with pytest.raises(UserError):
        spec_of_folder(make(tmp_path / "odd", model_files() | {"config.json": config.encode()}))


@pytest.mark.parametrize(
    ("about", "parameters", "expected", "bits"),
    [
        # Qwen2.5-7B-Instruct-AWQ: 6.5 of 7.6 billion numbers are packed, eight to one of 32 bits.
        (QWEN_AWQ, {"I32": 821_788_000, "F16": 1_142_000_000}, 7.6, 4),
        (QWEN_AWQ | {"quant_method": "gptq", "bits": 8}, {"I32": 1_638_000_000, "F16": 1_142_000_000}, 7.6, 8),
        (CT_INT4, {"I32": 815_625_000, "BF16": 1_142_000_000, "I64": 392}, 7.6, 4),
        ({"quant_method": "mxfp4"}, {"BF16": 1_804_459_584, "U8": 10_148_339_712}, 20.9, 4),
        (NVFP4, {"U8": 4 * BILLION, "F8_E4M3": BILLION // 2, "BF16": BILLION, "F32": 400}, 9, 4),
        ({"quant_method": "fp8"}, {"F8_E4M3": 7 * BILLION, "BF16": BILLION, "F32": 4000}, 8, 8),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, {"U8": 3_609_375_000, "F16": BILLION}, 8, 4),
    ],
)
def test_packed_numbers_count_as_they_were(
    about: dict[str, object], parameters: dict[str, int], expected: float, bits: int
) -> None:
    spec = spec_from("m", CONFIG | {"quantization_config": about}, Tensors(parameters, 1, 1))
    assert spec.parameters / BILLION == pytest.approx(expected, rel=0.01)
    assert spec.bits == bits
    assert spec.quantization == about["quant_method"]
    assert spec.dtype == "bfloat16"


def test_quantisation_that_an_own_file_tells(tmp_path: Path) -> None:
    told = json.dumps({"quantization": {"quant_algo": "FP8"}}).encode()
    spec = spec_of_folder(make(tmp_path / "q", model_files() | {"hf_quant_config.json": told}))
    assert (spec.quantization, spec.bits) == ("modelopt", 8)


def test_experts_that_a_token_passes_by_are_not_at_work() -> None:
    config = {
        "num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 14336, "num_local_experts": 8,
        "num_experts_per_tok": 2,
    }  # fmt: skip
    spec = spec_from("mixtral", config, Tensors({"BF16": 46_702_792_704}, 93_405_585_408, 995))
    assert spec.experts == 8
    assert spec.active_parameters / BILLION == pytest.approx(12.88, rel=0.01)


def test_experts_without_figures_are_not_guessed() -> None:
    spec = spec_from("m", {"num_local_experts": 8}, Tensors({"BF16": 100}, 200, 1))
    assert (spec.experts, spec.active_parameters) == (8, 0)


def test_a_model_that_sees() -> None:
    assert spec_from("m", {"vision_config": {"depth": 1}, "text_config": CONFIG}, Tensors()).vision


@pytest.mark.parametrize(
    "odd",
    [
        {"num_hidden_layers": 10**30}, {"hidden_size": -1}, {"torch_dtype": ["x"]}, {"architectures": [1, {}, None]},
        {"architectures": "Llama"}, {"quantization_config": []}, {"quantization_config": {"bits": "4"}},
        {"quantization_config": {"bits": 4, "group_size": True, "quant_method": {}}}, {"num_experts": True},
        {"quantization_config": {"config_groups": {"a": []}}}, {"text_config": 7}, {"vision_config": False},
        {"quantization_config": {"config_groups": [], "quant_method": "x" * 10_000}}, {"num_key_value_heads": "2"},
        {"num_hidden_layers": 2, "mlp_only_layers": "x", "num_experts": 4, "num_experts_per_tok": 9},
    ],
)  # fmt: skip
def test_odd_configs_raise_nothing(odd: dict[str, object]) -> None:
    for tensors in (Tensors(), Tensors({"I32": 5, "U8": 1, "F16": 3}, 27, 3)):
        spec = spec_from("m", {**CONFIG, **odd}, tensors)
        assert spec.parameters >= 0
        assert spec.bits >= 0
        assert len(spec.quantization) <= 50


TIED = CONFIG | {"tie_word_embeddings": True, "intermediate_size": 128}
MATRIX = 100 * 64


@pytest.mark.parametrize("prefix", ["model.", "model.language_model."])
def test_a_tied_matrix_that_is_stored_twice_is_not_loaded_twice(tmp_path: Path, prefix: str) -> None:
    rows = ("BF16", [100, 64])
    both = {f"{prefix}embed_tokens.weight": rows, "lm_head.weight": rows, "a": ("BF16", [8])}
    files = model_files(**TIED) | {"model.safetensors": weights(both)}
    spec = spec_of_folder(make(tmp_path / "both", files))
    assert (spec.weights_bytes, spec.unloaded_bytes) == (4 * MATRIX + 16, 2 * MATRIX)
    untied = files | {"config.json": json.dumps(CONFIG).encode()}
    assert spec_of_folder(make(tmp_path / "untied", untied)).unloaded_bytes == 0
    alone = {"lm_head.weight": rows, "a": ("BF16", [8])}
    files = model_files(**TIED) | {"model.safetensors": weights(alone)}
    assert spec_of_folder(make(tmp_path / "alone", files)).unloaded_bytes == 0, "the only one is loaded"


def test_it_is_told_from_the_numbers_where_the_heads_were_not_read() -> None:
    # Attention of 4 heads of 16 numbers, of which 2 are kept, and three matrices besides, in 2 layers.
    plain = 2 * (2 * 64 * 16 * 6 + 3 * 64 * 128) + MATRIX
    for extra, expected in ((0, 0), (MATRIX, 2 * MATRIX), (MATRIX + 20, 2 * MATRIX), (MATRIX + 100, 0)):
        tensors = Tensors({"BF16": plain + extra}, 2 * (plain + extra))
        found = spec_from("m", TIED, tensors).unloaded_bytes
        assert found == expected, extra
    twice = Tensors({"BF16": plain + MATRIX}, 2 * (plain + MATRIX))
    for other in ({"tie_word_embeddings": False}, {"num_experts": 8}, {"vision_config": {"a": 1}}, {"vocab_size": -1}):
        assert spec_from("m", TIED | other, twice).unloaded_bytes == 0
