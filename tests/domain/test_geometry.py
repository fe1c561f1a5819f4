"""What a model takes, against vLLM's own figures."""

import pytest

from desktop_app.domain.geometry import CPU_BLOCK, Geometry, dtype_bytes, geometry, quantization, weights_bytes

TINY: dict[str, object] = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": 2048,
}
LLAMA_8B: dict[str, object] = {
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131_072,
    "vocab_size": 128_256,
}


def shape(config: dict[str, object]) -> Geometry:
    found = geometry(config)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("size", "tokens"), [(1 << 30, 2_097_152), (int(11.15 * 2**30), 23_382_912), (65_536, 128), (1, 0)]
)
def test_the_pool_is_what_vllm_printed(size: int, tokens: int) -> None:
    assert abs(shape(TINY).pool_tokens(size, 2, CPU_BLOCK) - tokens) <= 20_000


def test_one_token_of_the_tiny_model_is_256_bytes_a_layer() -> None:
    assert shape(TINY).token_bytes(2) == 256
    assert shape(TINY).request_bytes(128, 2, CPU_BLOCK) == 65_536


@pytest.mark.parametrize(("size", "longest"), [(524_288, 896), (65_536, 0), (1 << 30, 2048), (131_072, 128)])
def test_the_longest_context_is_what_vllm_printed(size: int, longest: int) -> None:
    assert shape(TINY).longest(size, 2, CPU_BLOCK) == longest


def test_grouped_heads_and_shared_cards() -> None:
    llama = shape(LLAMA_8B)
    assert llama.token_bytes(2) == 2 * 8 * 128 * 2
    assert llama.request_bytes(8192, 2, 16) == 1 << 30
    assert llama.token_bytes(2, cards=4) == llama.token_bytes(2) // 4
    # More cards than heads: each card keeps one.
    assert llama.token_bytes(2, cards=16) == llama.token_bytes(2) // 8
    assert llama.token_bytes(1) == llama.token_bytes(2) // 2


def test_a_latent_is_kept_whole_on_every_card() -> None:
    deepseek = shape(LLAMA_8B | {"kv_lora_rank": 512, "qk_rope_head_dim": 64, "v_head_dim": 128})
    assert deepseek.token_bytes(2) == 1152
    assert deepseek.token_bytes(2, cards=8) == 1152


def test_a_window_keeps_its_length_and_what_is_in_flight() -> None:
    kinds = ["sliding_attention"] * 5 + ["full_attention"]
    gemma = shape(TINY | {"num_hidden_layers": 6, "layer_types": kinds, "sliding_window": 512})
    assert (gemma.full_layers, gemma.windowed_layers, gemma.window) == (1, 5, 512)
    page = 16 * 256
    blocks = -(-(511 + 2048) // 16) + 1
    assert gemma.request_bytes(32_768, 2, 16) == page * (32_768 // 16 + 5 * blocks)
    # A window may begin within a block, so there is one more.
    assert gemma.request_bytes(256, 2, 16) == page * (16 + 5 * 17)
    # On a card two steps are under way.
    assert gemma.request_bytes(32_768, 2, 16, in_flight=4096) > gemma.request_bytes(32_768, 2, 16)


@pytest.mark.parametrize(
    ("more", "layers"),
    [
        ({"sliding_window": 4096}, (0, 2)),
        ({"sliding_window": 4096, "use_sliding_window": False}, (2, 0)),
        ({"sliding_window": None}, (2, 0)),
        ({"sliding_window": 512, "sliding_window_pattern": 2}, (1, 1)),
        ({"layer_types": ["full_attention", "full_attention"], "num_kv_shared_layers": 1}, (1, 0)),
        ({"layer_types": ["sliding_attention", "full_attention"]}, (2, 0)),
    ],
)
def test_kinds_of_layers(more: dict[str, object], layers: tuple[int, int]) -> None:
    found = shape(TINY | more)
    assert (found.full_layers, found.windowed_layers) == layers


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"hidden_size": 64},
        TINY | {"layer_types": ["linear_attention", "full_attention"]},
        TINY | {"mamba_d_state": 128},
        TINY | {"num_hidden_layers": "many"},
        TINY | {"num_attention_heads": -1},
    ],
)
def test_what_is_not_known_is_not_guessed(config: dict[str, object]) -> None:
    assert geometry(config) is None


def test_a_model_that_sees_is_described_inside() -> None:
    assert shape({"model_type": "some_vl", "text_config": LLAMA_8B}).context == 131_072


def test_weights_follow_the_number_format() -> None:
    assert weights_bytes(100, {"torch_dtype": "bfloat16"}, "auto") == 100
    assert weights_bytes(100, {"torch_dtype": "float32"}, "auto") == 50
    assert weights_bytes(100, {"dtype": "float16"}, "float32") == 200
    quantised = {"torch_dtype": "float16", "quantization_config": {"quant_method": "AWQ"}}
    assert weights_bytes(100, quantised, "float32") == 100
    twice = {"tie_word_embeddings": True, "num_hidden_layers": 1, "num_attention_heads": 2, "hidden_size": 8}
    twice |= {"intermediate_size": 4, "vocab_size": 1000}
    numbers = 2 * 8 * 4 * 4 + 3 * 8 * 4 + 2 * 8000
    assert weights_bytes(2 * numbers, twice, "auto") == 2 * (numbers - 8000)
    assert weights_bytes(2 * numbers, twice | {"tie_word_embeddings": False}, "auto") == 2 * numbers
    assert quantization(quantised) == "awq"
    assert quantization({}) == ""


@pytest.mark.parametrize(("name", "size"), [("torch.float32", 4), ("fp8_e4m3", 1), ("auto", 2), ("", 2)])
def test_sizes_of_numbers(name: str, size: float) -> None:
    assert dtype_bytes(name) == size
