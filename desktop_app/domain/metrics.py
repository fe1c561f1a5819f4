"""The engine's own figures, read from the Prometheus text of `/metrics`.

The text has 600 lines and more, is read once a second, and little of it is wanted: only that is looked at. The format
(https://prometheus.io/docs/instrumenting/exposition_formats/) keeps the lines of a family together.
"""

import re
from dataclasses import dataclass

from desktop_app.domain.histogram import NOTHING, Histogram

_LABELS = r'(?:\{(?:[^"}\n]++|"(?:[^"\\\n]++|\\.)*+")*+\})?'
"""A value of a label may hold anything: braces, commas, and with a backslash before them quotes."""
_LABEL = r'[^\W\d]\w*="(?:[^"\\\n]++|\\.)*+"'
_VALUE = r"[ \t]+(\S{1,40})(?!\S)"
_BUCKET = rf'\{{(?>(?:{_LABEL},)*?le="([^"\\\n]{{1,40}})")(?:,{_LABEL})*+,?\}}{_VALUE}'
"""Nothing in these goes back over what was read: no text is so bad that it takes longer than it is long."""
_SIZES = re.compile(r'(?:^|,)(kv_cache_size_tokens|num_gpu_blocks|block_size)="([0-9]{1,15})"')
_PAGE = 1 << 20
"""Characters that are looked at. One engine tells 80,000 at most; a server elsewhere may say what it likes, and each
figure that is not there costs a walk through all of it."""
_BLOCK = 256 * 1024
"""Characters of a family that are looked at; the histogram of one engine has about 2,000."""
_MOST = 1e15
"""Counters above that are nonsense; floats count in ones up to here."""


@dataclass(frozen=True)
class EngineMetrics:
    """One reading of `/metrics`, summed over engines (the KV share is the largest of them)."""

    generated_tokens: float = 0.0
    prompt_tokens: float = 0.0
    kv_cache: float = 0.0
    """Share of the KV cache in use, 0…1."""
    running: int = 0
    waiting: int = 0
    preemptions: int = 0
    """Answers that had to give their KV cache away."""
    prefix_queries: float = 0.0
    """Tokens of questions that were looked for in the prefix cache."""
    prefix_hits: float = 0.0
    """How many of them were found."""
    finished: int = 0
    """Answers that ended, whatever the reason; vLLM does not count those whose asker went away."""
    first_word: Histogram = NOTHING
    """Time to the first token, seconds."""
    between: Histogram = NOTHING
    """Time between two tokens, seconds."""
    kv_tokens: int = 0
    """Tokens that the KV cache has room for; 0 when the engine does not tell."""
    kv_block: int = 0
    """Tokens in a block of it; 0 when the engine does not tell."""


def parse_metrics(text: str) -> EngineMetrics:
    """Read the figures that the gauges need; what is not understood is passed over, whatever it is.

    Older names are read where a server has no newer ones (`v1/metrics/loggers.py` of vLLM 0.6 to 0.32).
    """
    page = _Page(text[:_PAGE])
    room, block = page.kv_room("vllm:cache_config_info")
    return EngineMetrics(
        generated_tokens=sum(page.values("vllm:generation_tokens_total")),
        prompt_tokens=sum(page.values("vllm:prompt_tokens_total")),
        kv_cache=min(1.0, max(page.values("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"), default=0.0)),
        running=int(sum(page.values("vllm:num_requests_running"))),
        waiting=int(sum(page.values("vllm:num_requests_waiting"))),
        preemptions=int(sum(page.values("vllm:num_preemptions_total"))),
        prefix_queries=sum(page.values("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total")),
        prefix_hits=sum(page.values("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total")),
        finished=int(sum(page.values("vllm:request_success_total"))),
        first_word=page.histogram("vllm:time_to_first_token_seconds"),
        between=page.histogram("vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"),
        kv_tokens=room,
        kv_block=block,
    )


def rate(before: float, after: float, seconds: float) -> float:
    """Growth of a counter per second; 0 when it was reset or no time has passed."""
    if seconds <= 0 or after < before:
        return 0.0
    return (after - before) / seconds


class _Page:
    """The text of one reading. Several names are of the same figure: the first that the text has counts."""

    def __init__(self, text: str) -> None:
        self._text = f"\n{text}"

    def values(self, *names: str) -> list[float]:
        """What each engine says."""
        for name in names:
            pattern = re.compile(rf"\n{name}{_LABELS}{_VALUE}")
            found = [number for word in pattern.findall(self._family(name)) if (number := _number(word)) is not None]
            if found:
                return found
        return []

    def histogram(self, *names: str) -> Histogram:
        """What all engines say, together."""
        for name in names:
            pairs = re.compile(rf"\n{name}_bucket{_BUCKET}").findall(self._family(f"{name}_bucket"))
            if pairs:
                return Histogram.of_cumulative((_float(bound), _float(count)) for bound, count in pairs)
        return NOTHING

    def kv_room(self, name: str) -> tuple[int, int]:
        """Room and block size of the KV cache, tokens; engines have room of their own, and blocks of one size."""
        room = block = 0
        for labels in re.compile(rf"\n{name}\{{([^\n]*)").findall(self._family(name)):
            sizes = {size: int(value) for size, value in _SIZES.findall(labels)}
            block = max(block, sizes.get("block_size", 0))
            blocks = sizes.get("num_gpu_blocks", 0) * sizes.get("block_size", 0)
            room += sizes.get("kv_cache_size_tokens", blocks)
        return room, block

    def _family(self, name: str) -> str:
        """The lines of *name*, each behind a line end, and what follows up to a comment."""
        start = self._text.find(f"\n{name}{{")
        if start < 0:
            start = self._text.find(f"\n{name} ")
        if start < 0:
            return ""
        end = self._text.find("\n#", start, start + _BLOCK)
        return self._text[start : end if end > 0 else start + _BLOCK]


def _number(word: str) -> float | None:
    """A count or a share; None for what cannot be one."""
    number = _float(word)
    return number if 0 <= number <= _MOST else None


def _float(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")
