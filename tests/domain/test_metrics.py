"""What is read from `/metrics`: recorded texts of the real engine, other servers' ways, and texts of somebody hostile.

`tests/data/metrics/` is what vLLM 0.32.0 (CPU) said during the questions of `tests/e2e/test_figures_real.py`: before
any, in the middle of twelve of which four may run at once, and when all was over. A third of the families is kept.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain.histogram import NOTHING, Histogram
from desktop_app.domain.metrics import EngineMetrics, parse_metrics, rate

_RECORDED = Path(__file__).resolve().parents[1] / "data" / "metrics"


def recorded(moment: str) -> str:
    return (_RECORDED / f"0.32.0-{moment}.txt").read_text("utf-8")


def test_the_real_engine_before_any_question() -> None:
    assert parse_metrics(recorded("before")) == EngineMetrics(kv_tokens=8192, kv_block=128)


def test_the_real_engine_in_the_middle_of_answers() -> None:
    metrics = parse_metrics(recorded("middle"))
    assert (metrics.generated_tokens, metrics.prompt_tokens) == (11765, 762)
    assert (metrics.running, metrics.waiting, metrics.finished, metrics.preemptions) == (4, 4, 4, 0)
    assert metrics.kv_cache == pytest.approx(40 / 63)
    assert (metrics.kv_tokens, metrics.kv_block) == (8192, 128)
    assert (metrics.prefix_queries, metrics.prefix_hits) == (762, 0)
    # Four began at once, four when those were done; a token at a time, the first of each answer apart.
    assert (metrics.first_word.total, metrics.between.total) == (8, 11765 - 8)
    assert (len(metrics.first_word.bounds), len(metrics.between.bounds)) == (22, 19)
    assert [metrics.first_word.percentile(share) for share in (0.5, 0.75, 1)] == [0.04, 1.75, 2.5]
    assert metrics.between.counts[:3] == (11753, 4, 0)


def test_the_real_engine_when_all_was_over() -> None:
    metrics = parse_metrics(recorded("after"))
    assert (metrics.generated_tokens, metrics.prompt_tokens) == (31640, 2650)
    assert (metrics.running, metrics.waiting, metrics.finished, metrics.preemptions) == (0, 0, 18, 1)
    assert (metrics.kv_cache, metrics.prefix_queries, metrics.prefix_hits) == (0, 2650, 384)
    assert (metrics.first_word.total, metrics.between.total) == (18, 31640 - 18)


def test_equal_readings_are_equal() -> None:
    assert parse_metrics(recorded("after")) == parse_metrics(recorded("after"))
    assert parse_metrics(recorded("after")) != parse_metrics(recorded("middle"))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("comments", [True, False])
def test_comments_and_line_ends_do_not_matter(end: str, comments: bool) -> None:
    whole = recorded("after")
    lines = [line for line in whole.splitlines() if comments or not line.startswith("#")]
    assert parse_metrics(end.join(lines)) == parse_metrics(whole)


def test_engines_beside_one_another_are_one() -> None:
    lines = []
    for line in recorded("middle").splitlines():
        lines.append(line)
        if 'engine="0"' in line:
            lines.append(line.replace('engine="0"', 'engine="1"'))
    one, two = parse_metrics(recorded("middle")), parse_metrics("\n".join(lines))
    assert two.generated_tokens == 2 * one.generated_tokens
    assert (two.running, two.waiting, two.finished) == (2 * one.running, 2 * one.waiting, 2 * one.finished)
    assert two.first_word == one.first_word + one.first_word
    assert two.between == one.between + one.between
    assert (two.kv_tokens, two.kv_block, two.kv_cache) == (2 * one.kv_tokens, one.kv_block, one.kv_cache)


def test_metrics_are_summed_over_engines_and_survive_nonsense() -> None:
    text = "\n".join(
        [
            "# HELP vllm:generation_tokens_total x",
            'vllm:generation_tokens_total{engine="0",model_name="a b"} 10.0',
            'vllm:generation_tokens_total{engine="1",model_name="a b"} 5.0',
            'vllm:kv_cache_usage_perc{engine="0"} 0.25',
            "vllm:num_requests_running 2.0",
            "vllm:num_requests_waiting{} not-a-number",
            "",
        ]
    )
    metrics = parse_metrics(text)
    assert (metrics.generated_tokens, metrics.kv_cache, metrics.running, metrics.waiting) == (15.0, 0.25, 2, 0)


_OLD = """# HELP vllm:cache_config_info Information of the LLMEngine CacheConfig
# TYPE vllm:cache_config_info gauge
vllm:cache_config_info{block_size="16",cache_dtype="auto",num_cpu_blocks="2048",num_gpu_blocks="1000"} 1.0
# TYPE vllm:gpu_cache_usage_perc gauge
vllm:gpu_cache_usage_perc{model_name="m"} 0.5
# TYPE vllm:cpu_cache_usage_perc gauge
vllm:cpu_cache_usage_perc{model_name="m"} 0.9
# TYPE vllm:gpu_prefix_cache_queries_total counter
vllm:gpu_prefix_cache_queries_total{model_name="m"} 40.0
# TYPE vllm:gpu_prefix_cache_hits_total counter
vllm:gpu_prefix_cache_hits_total{model_name="m"} 10.0
# TYPE vllm:time_per_output_token_seconds histogram
vllm:time_per_output_token_seconds_sum{model_name="m"} 0.5
vllm:time_per_output_token_seconds_bucket{le="0.01",model_name="m"} 3.0
vllm:time_per_output_token_seconds_bucket{le="+Inf",model_name="m"} 4.0
vllm:time_per_output_token_seconds_count{model_name="m"} 4.0
"""


def test_older_servers_have_older_names() -> None:
    metrics = parse_metrics(_OLD)
    assert (metrics.kv_cache, metrics.kv_tokens, metrics.kv_block) == (0.5, 16_000, 16)
    assert (metrics.prefix_queries, metrics.prefix_hits) == (40, 10)
    assert metrics.between == Histogram((0.01,), (3.0, 1.0))


def test_a_newer_name_is_believed_rather_than_an_older_one() -> None:
    metrics = parse_metrics(f'{_OLD}# -\nvllm:kv_cache_usage_perc{{engine="0"}} 0.0\n')
    assert metrics.kv_cache == 0


@pytest.mark.parametrize(
    "name",
    [
        "a } b {c}",
        r"with \"quotes\", le=\"0.5\" and } 7",
        r"back\\",
        r"two\nlines # HELP vllm:generation_tokens_total",
        "Модель 模型 🦙",
        'vllm:generation_tokens_total{engine=\\"0\\"} 99',
        "",
    ],
)
def test_names_may_hold_anything(name: str) -> None:
    text = (
        f'vllm:generation_tokens_total{{model_name="{name}",engine="0"}} 5.0\n# -\n'
        f'vllm:time_to_first_token_seconds_bucket{{a="{name}",le="0.5",model_name="{name}"}} 2.0 1795279000000\n'
        f'vllm:time_to_first_token_seconds_bucket{{a="{name}",le="+Inf",model_name="{name}"}} 3.0\n# -\n'
        f'vllm:cache_config_info{{a="{name}",block_size="16",kv_cache_size_tokens="160",num_gpu_blocks="99"}} 1.0\n'
    )
    metrics = parse_metrics(text)
    assert metrics.generated_tokens == 5
    assert metrics.first_word == Histogram((0.5,), (2.0, 1.0))
    assert (metrics.kv_tokens, metrics.kv_block) == (160, 16)


def test_names_that_begin_alike_are_others() -> None:
    text = (
        'vllm:num_requests_waiting_by_reason{reason="capacity"} 7.0\n'
        "vllm:generation_tokens_total_created 1.7e9\n"
        'vllm:cache_config_info{hash_block_size="3",mamba_block_size="5",num_gpu_blocks_override="4"} 1.0\n'
    )
    assert parse_metrics(text) == EngineMetrics()


@pytest.mark.parametrize(
    "word", ["NaN", "+Inf", "-Inf", "-1.0", "1e300", "9" * 5000, "0x10", "", "5.0.0", "5.0x", "{}"]
)
def test_values_that_cannot_be_meant_are_passed_over(word: str) -> None:
    text = "".join(
        f'vllm:{name}{{engine="0"}} {word}\n# -\n'
        for name in (
            "generation_tokens_total",
            "kv_cache_usage_perc",
            "num_requests_running",
            "request_success_total",
            "num_preemptions_total",
        )
    )
    text += f'vllm:time_to_first_token_seconds_bucket{{le="0.1"}} {word}\n'
    text += f'vllm:cache_config_info{{block_size="{word}",kv_cache_size_tokens="{word}"}} 1.0\n'
    assert parse_metrics(text) == EngineMetrics()


def test_a_cache_is_at_most_full() -> None:
    assert parse_metrics('vllm:kv_cache_usage_perc{engine="0"} 37.5').kv_cache == 1


@pytest.mark.parametrize(
    "line",
    [
        "vllm:time_to_first_token_seconds_bucket{" + 'le="1",' * 40_000 + "}" * 100_000,
        "vllm:time_to_first_token_seconds_bucket{" + 'a="' * 80_000,
        "vllm:time_to_first_token_seconds_bucket{" * 9_000,
        'vllm:generation_tokens_total{a="' + "\\" * 300_000,
        "vllm:generation_tokens_total{" + "}" * 300_000,
        "vllm:generation_tokens_total{" + '""' * 150_000,
        "vllm:generation_tokens_total{a=" + " " * 300_000,
        "vllm:cache_config_info{" + ",block_size=" * 30_000,
        "vllm:num_requests_running{\n" * 100_000,
        'vllm:inter_token_latency_seconds_bucket{le="0.1"} 1.0\n' * 70_000,
    ],
    ids=range(10),
)
def test_no_text_is_so_bad_that_it_takes_long(line: str) -> None:
    # What goes back over what it has read would not be through before the limit of a test.
    metrics = parse_metrics(line)
    assert metrics.generated_tokens == 0
    assert metrics.between.total < 70_000


_WORDS = st.sampled_from(
    [
        *(
            "vllm:generation_tokens_total",
            "vllm:time_to_first_token_seconds_bucket",
            "vllm:cache_config_info",
            "{",
            "}",
        ),
        *('engine="0"', ",", 'le="0.5"', 'le="+Inf"', 'block_size="16"', 'num_gpu_blocks="8"', " ", "\n", "# HELP x"),
        *("1.0", "NaN", "+Inf", "-3", '"', "\\", "vllm:kv_cache_usage_perc"),
    ]
)


@given(st.lists(_WORDS, max_size=60).map("".join) | st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    metrics = parse_metrics(text)
    assert 0 <= metrics.kv_cache <= 1
    assert metrics == parse_metrics(text)


def test_of_a_text_without_an_end_only_the_beginning_is_looked_at() -> None:
    figure = "\nvllm:num_requests_running 1\n"
    assert parse_metrics("x" * 500_000 + figure).running == 1
    assert parse_metrics("x" * 3_000_000 + figure).running == 0


def test_nothing_is_known_of_an_empty_text() -> None:
    assert parse_metrics("") == EngineMetrics()
    assert EngineMetrics().between is NOTHING


def test_a_counter_that_was_reset_has_no_rate() -> None:
    assert rate(100, 5, 1.0) == 0
    assert rate(100, 150, 2.0) == 25
