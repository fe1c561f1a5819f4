"""What vLLM says about memory, read from its own lines."""

from pathlib import Path

from desktop_app.domain.fit import Measured
from desktop_app.engine.measured import FigureReader

LOGS = Path(__file__).parents[1] / "data" / "vllm_logs"
GIB = 2**30
USAGE = (
    "Free memory on device (23.1/23.6 GiB) on startup. Desired GPU memory utilization is (0.92, 21.7 GiB). Actual "
    "usage is 14.75 GiB for consumed memory (weights + non-torch), 1.0 GiB for peak activation, and 0.5 GiB for "
    "CUDAGraph memory. Replace gpu_memory_utilization config with `--kv-cache-memory=1`."
)
"""Composed as `v1/worker/gpu_worker.py` of 0.32 does."""


def figures(lines: list[str], kv_bytes: int = 0, memory: int = 0) -> Measured:
    reader = FigureReader(kv_bytes)
    for line in lines:
        reader.feed(line)
    return reader.measured(memory)


def test_a_recorded_start_on_a_processor() -> None:
    found = figures(
        [
            "(Worker pid=7) INFO 11-20 [weight_utils.py:1108] Checkpoint size: 1.25 GiB. Available RAM: 21.54 GiB.",
            "(Worker pid=7) INFO 11-20 19:09:31 [cpu_worker.py:260] Explicitly set (1.0/11.46) GiB for KV cache.",
            "(EngineCore pid=6) INFO 11-20 [kv_cache_utils.py:2327] CPU KV cache size: 2,097,152 tokens, Maximum …",
        ],
        memory=int(3.5 * GIB),
    )
    assert found == Measured(int(1.25 * GIB), int(1.25 * GIB), 512.0)


def test_a_start_on_a_card_says_what_it_takes_beside_weights_and_cache() -> None:
    found = figures(
        [
            "INFO [gpu_model_runner.py:5150] Model loading took 14.25 GiB memory and 3.1 seconds",
            "INFO [gpu_worker.py:760] Available KV cache memory: 5.0 GiB",
            "INFO [kv_cache_utils.py:2327] GPU KV cache size: 40,960 tokens, Maximum concurrency for 8,192 …",
            USAGE,
        ],
        memory=9 * GIB,
    )
    assert found == Measured(int(14.25 * GIB), 2 * GIB, 5 * GIB / 40_960)


def test_what_was_asked_for_is_better_than_what_is_printed_rounded() -> None:
    line = "CPU KV cache size: 1,024 tokens, Maximum concurrency for 896 tokens per request: 1.14x"
    assert figures([line], kv_bytes=524_288).kv_token_bytes == 512.0


def test_nothing_said_is_nothing_measured() -> None:
    assert figures(["INFO Starting to load model", "Available KV cache memory: soon GiB"]) == Measured()


def test_lines_that_only_look_like_figures_say_nothing() -> None:
    found = figures(
        [
            "Checkpoint size: 1..2 GiB",
            "Model loading took . GiB",
            f"Available KV cache memory: {'9' * 400} GiB",
            "KV cache size: , tokens",
            f"KV cache size: {'9' * 5000} tokens",
        ]
    )
    assert found == Measured(0, 0, 0.0)
