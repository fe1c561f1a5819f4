"""Kinds of layers: windows, latents, states; and configs that strangers wrote.

The bytes of one conversation are what vLLM 0.32's own `get_kv_cache_groups` and `_max_memory_usage_bytes_from_groups`
return for the same layers, as (blocks of 128 tokens and 2,048 under way, blocks of 16 and 4,096 under way).
"""

import json
import math
from collections.abc import Mapping

import pytest

from desktop_app.domain.geometry import CARD_BLOCK, CPU_BLOCK, Geometry, geometry

BASE: dict[str, object] = {"hidden_size": 2048, "num_attention_heads": 16}
GEMMA_3: dict[str, object] = {
    "model_type": "gemma3",
    "text_config": {
        "model_type": "gemma3_text", "hidden_size": 2560, "num_hidden_layers": 34, "sliding_window": 1024,
    },
}  # fmt: skip
GPT_OSS = BASE | {
    "num_hidden_layers": 24, "num_key_value_heads": 8, "head_dim": 64, "sliding_window": 128,
    "layer_types": ["sliding_attention", "full_attention"] * 12,
}  # fmt: skip
MISTRAL = BASE | {"num_hidden_layers": 32, "num_key_value_heads": 8, "head_dim": 128, "sliding_window": 4096}
UNEVEN = BASE | {
    "num_hidden_layers": 22, "num_key_value_heads": 8, "head_dim": 64, "sliding_window": 512,
    "layer_types": ["full_attention"] * 10 + ["sliding_attention"] * 12,
}  # fmt: skip
DEEPSEEK = BASE | {"num_hidden_layers": 61, "kv_lora_rank": 512, "qk_rope_head_dim": 64, "num_key_value_heads": 16}
GEMMA_4 = BASE | {
    "num_hidden_layers": 60, "num_key_value_heads": 16, "head_dim": 256, "global_head_dim": 512,
    "num_global_key_value_heads": 4, "sliding_window": 1024,
    "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 10,
}  # fmt: skip
GEMMA_4_SMALL = BASE | {
    "num_hidden_layers": 35, "num_key_value_heads": 1, "head_dim": 256, "global_head_dim": 512,
    "sliding_window": 512, "num_kv_shared_layers": 20,
    "layer_types": (["sliding_attention"] * 4 + ["full_attention"]) * 7,
}  # fmt: skip
QWEN_35 = BASE | {
    "num_hidden_layers": 64, "num_key_value_heads": 4, "head_dim": 256, "full_attention_interval": 4,
    "linear_num_key_heads": 16, "linear_key_head_dim": 128, "linear_num_value_heads": 48,
    "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "mamba_ssm_dtype": "float32",
}  # fmt: skip
LFM_2 = BASE | {
    "num_hidden_layers": 16, "num_key_value_heads": 8, "head_dim": 64, "conv_L_cache": 3, "conv_dim": 2048,
    "full_attn_idxs": [2, 5, 8, 10, 12, 14],
}  # fmt: skip
NEMOTRON = BASE | {
    "num_hidden_layers": 52, "num_key_value_heads": 2, "head_dim": 128,
    "hybrid_override_pattern": "M" * 23 + "*" * 6 + "E" * 23, "mamba_num_heads": 64, "mamba_head_dim": 64,
    "n_groups": 8, "ssm_state_size": 128, "conv_kernel": 4,
}  # fmt: skip


def shape(config: Mapping[str, object]) -> Geometry:
    found = geometry(config)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("config", "tokens", "processor", "card"),
    [
        (GEMMA_3, 8192, 560_988_160, 798_883_840),
        (GEMMA_3, 131_072, 3_077_570_560, 3_315_466_240),
        (GPT_OSS, 8192, 257_949_696, 305_528_832),
        (UNEVEN, 32_768, 871_366_656, 918_945_792),
        (MISTRAL, 8192, 822_083_584, 1_075_838_976),
        (DEEPSEEK, 32_768, 2_302_672_896, 2_302_672_896),
        (GEMMA_4, 8192, 3_292_528_640, 4_878_499_840),
        (GEMMA_4, 131_072, 13_358_858_240, 14_944_829_440),
        (GEMMA_4_SMALL, 32_768, 235_929_600, 258_342_912),
        (QWEN_35, 8192, 939_524_096, 873_463_808),
        (QWEN_35, 131_072, 8_984_199_168, 8_940_158_976),
        (LFM_2, 8192, 106_954_752, 101_449_728),
    ],
)
def test_a_conversation_takes_what_vllm_reckons(
    config: dict[str, object], tokens: int, processor: int, card: int
) -> None:
    found = shape(config)
    assert found.request_bytes(tokens, 2, CPU_BLOCK, in_flight=2048) == processor
    assert found.request_bytes(tokens, 2, CARD_BLOCK, in_flight=4096) == card


@pytest.mark.parametrize(("tokens", "times"), [(4096, 59.80), (32_768, 22.69)])
def test_windows_hold_as_many_conversations_as_vllm_logged(tokens: int, times: float) -> None:
    config = BASE | {
        "num_hidden_layers": 12, "num_key_value_heads": 2, "head_dim": 64, "sliding_window": 512,
        "sliding_window_pattern": 6,
    }  # fmt: skip
    found = shape(config)
    assert (found.full_layers, found.windowed_layers) == (2, 10)
    assert (1 << 30) / found.request_bytes(tokens, 2, CPU_BLOCK) == pytest.approx(times, abs=0.005)


def test_mamba_keeps_one_state_more() -> None:
    found = shape(NEMOTRON)
    assert (found.full_layers, found.state_layers, found.state_copies) == (6, 23, 3)
    assert found.state_bytes == 3 * (4096 + 2 * 8 * 128) * 2 + 64 * 64 * 128 * 4


def test_states_are_shared_out_among_cards() -> None:
    found = shape(QWEN_35)
    one, two = (found.request_bytes(8192, 2, CARD_BLOCK, cards=cards) for cards in (1, 2))
    assert two == pytest.approx(one / 2, rel=0.05)


def test_heads_of_both_kinds_are_shared_out_among_cards() -> None:
    found = shape(GEMMA_4)
    assert (found.kv_heads, found.windowed_kv_heads) == (4, 16)
    assert found.request_bytes(8192, 2, CARD_BLOCK, cards=2) * 2 == found.request_bytes(8192, 2, CARD_BLOCK)


@pytest.mark.parametrize(
    ("config", "kv_heads", "numbers"),
    [
        # Falcon 7B, Falcon 40B, GPT-2, MPT, ChatGLM, StarCoder, DBRX.
        ({"n_layer": 32, "n_head": 71, "hidden_size": 4544, "multi_query": True}, 1, 128),
        (
            {
                "n_layer": 60, "n_head": 128, "hidden_size": 8192, "multi_query": True,
                "new_decoder_architecture": True, "n_head_kv": 8,
            },
            8, 1024,
        ),
        ({"n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024}, 12, 1536),
        ({"n_layers": 32, "n_heads": 32, "d_model": 4096, "attn_config": {"kv_n_heads": 8}}, 8, 2048),
        (
            {
                "num_layers": 28, "num_attention_heads": 32, "hidden_size": 4096, "multi_query_attention": True,
                "multi_query_group_num": 2, "kv_channels": 128,
            },
            2, 512,
        ),
        ({"n_layer": 24, "n_head": 16, "n_embd": 2048, "multi_query": True}, 1, 256),
    ],
)  # fmt: skip
def test_names_of_older_models(config: dict[str, object], kv_heads: int, numbers: int) -> None:
    found = shape(config)
    assert (found.kv_heads, found.numbers_per_token) == (kv_heads, numbers)


@pytest.mark.parametrize(
    ("more", "layers"),
    [
        ({"use_sliding_window": True, "max_window_layers": 3, "sliding_window": 100}, (3, 5, 0)),
        ({"use_sliding_window": False, "max_window_layers": 3, "sliding_window": 100}, (8, 0, 0)),
        ({"model_type": "gemma2", "sliding_window": 100}, (4, 4, 0)),
        ({"sliding_window_pattern": "LLLG", "sliding_window": 100}, (2, 6, 0)),
        ({"attention_chunk_size": 100}, (2, 6, 0)),
        ({"attention_chunk_size": 100, "no_rope_layers": [1, 0] * 4}, (4, 4, 0)),
        ({"layer_types": ["mamba", "attention"] * 4, "mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 16,
          "mamba_d_conv": 4, "mamba_expand": 2, "mamba_n_groups": 1}, (4, 0, 4)),
        ({"model_type": "falcon_h1", "mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 16, "mamba_d_conv": 4,
          "mamba_d_ssm": 32, "mamba_n_groups": 1}, (8, 0, 8)),
        ({"attn_layer_period": 4, "attn_layer_offset": 2, "mamba_d_state": 16, "mamba_d_conv": 4,
          "mamba_expand": 2}, (2, 0, 6)),
        ({"linear_attn_config": {"full_attn_layers": [4, 8], "kda_layers": [1, 2, 3, 5, 6, 7], "num_heads": 4,
          "head_dim": 32, "short_conv_kernel_size": 4}, "kv_lora_rank": 64, "qk_rope_head_dim": 8}, (2, 0, 6)),
    ],
)  # fmt: skip
def test_rules_for_layers(more: dict[str, object], layers: tuple[int, int, int]) -> None:
    found = shape(BASE | {"num_hidden_layers": 8} | more)
    assert (found.full_layers, found.windowed_layers, found.state_layers) == layers
    assert bool(found.state_bytes) is bool(layers[2])


@pytest.mark.parametrize(
    "more",
    [
        {"layer_types": ["attention", "something_new"] * 4},
        {"layer_types": ["linear_attention", "full_attention"] * 4},
        {"compress_ratios": [4, 128]},
        {"block_configs": [{}]},
        {"state_size": 16},
        {"hybrid_override_pattern": "M*-E?"},
    ],
)
def test_ways_that_are_not_known_are_not_guessed(more: dict[str, object]) -> None:
    assert geometry(BASE | {"num_hidden_layers": 8} | more) is None


HOSTILE: tuple[object, ...] = (
    *(-1, -(10**30), 10**30, 1 << 40, math.nan, math.inf, -math.inf, 1.5, 0),
    *("8", "", [], {}, [1], True, None),
)


@pytest.mark.parametrize("bad", HOSTILE, ids=str)
@pytest.mark.parametrize("config", [QWEN_35, NEMOTRON, GEMMA_4, DEEPSEEK, LFM_2, MISTRAL], ids=len)
def test_odd_numbers_never_raise_or_come_out_negative(config: dict[str, object], bad: object) -> None:
    for name in (*config, "sliding_window", "num_kv_shared_layers", "text_config", "linear_attn_config", "vocab_size"):
        found = geometry(config | {name: bad})
        if found is None:
            continue
        assert found.request_bytes(4096, 2, CARD_BLOCK) >= 0
        assert found.longest(1 << 30, 2, CARD_BLOCK) >= 0
        assert min(found.full_layers, found.windowed_layers, found.window, found.numbers_per_token) >= 0


@pytest.mark.parametrize("bad", [-8, 10**30, math.nan, "8", [8], True])
@pytest.mark.parametrize("name", ["num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim"])
def test_an_odd_number_is_not_taken_for_another(name: str, bad: object) -> None:
    assert geometry(MISTRAL | {name: bad}) is None


def test_a_config_within_itself_ends() -> None:
    config: dict[str, object] = dict(MISTRAL)
    config["text_config"] = config
    assert shape(config).full_layers == 0
    deep = json.loads('{"text_config":' * 900 + "{}" + "}" * 900)
    assert geometry(deep) is None


@pytest.mark.parametrize("config", [GEMMA_3, GPT_OSS, DEEPSEEK, GEMMA_4, QWEN_35, LFM_2, NEMOTRON, MISTRAL], ids=len)
def test_more_tokens_never_take_less_and_the_longest_fits(config: dict[str, object]) -> None:
    found = shape(config)
    sizes = [found.request_bytes(tokens, 2, CARD_BLOCK) for tokens in range(0, 20_000, 333)]
    assert sizes == sorted(sizes)
    previous = 0
    for size in (1 << 20, 1 << 28, 1 << 30, 3 << 30, 1 << 34):
        longest = found.longest(size, 2, CARD_BLOCK)
        assert longest >= previous
        assert not longest or found.request_bytes(longest, 2, CARD_BLOCK) <= size
        previous = longest
