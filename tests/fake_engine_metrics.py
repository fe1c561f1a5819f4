"""What the stand-in engine counts, and how it tells: the families of `/metrics` that vLLM 0.32 has and gauges read.

`fake_engine.py` uses it; standard library only.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate

_FIRST = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0)
_BETWEEN = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0)
KV_TOKENS = 131_072
"""What there is room for; the stand-in's log says so as well."""
_REASONS = ("stop", "length", "abort", "error", "repetition")


class Times:
    """A histogram: how many took how long."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)

    def note(self, seconds: float) -> None:
        """One that took so long."""
        self._counts[bisect_left(self._bounds, seconds)] += 1

    def lines(self, name: str, labels: str) -> list[str]:
        """As Prometheus has it: every bucket counts what is in those before it as well."""
        pairs = zip((*map(str, self._bounds), "+Inf"), accumulate(self._counts), strict=True)
        told = [f'{name}_bucket{{engine="0",le="{bound}",{labels}}} {float(count)}' for bound, count in pairs]
        total = f'{name}_count{{engine="0",{labels}}} {float(sum(self._counts))}'
        return [f"# HELP {name} .", f"# TYPE {name} histogram", *told, total]


@dataclass
class Counters:
    """Everything that was counted since the start."""

    generated: int = 0
    prompted: int = 0
    running: int = 0
    hits: int = 0
    """Tokens of prompts that were found in the prefix cache."""
    finished: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_REASONS, 0))
    first: Times = field(default_factory=lambda: Times(_FIRST))
    between: Times = field(default_factory=lambda: Times(_BETWEEN))

    def begin(self, seconds: float) -> None:
        """An answer's first token came after *seconds*."""
        self.generated += 1
        self.first.note(seconds)

    def go_on(self, seconds: float) -> None:
        """The next token came *seconds* after the one before."""
        self.generated += 1
        self.between.note(seconds)

    def text(self, model: str, block: int, length: int) -> str:
        """What `/metrics` says: of *model*, with blocks of *block* tokens, and at least *length* characters long."""
        labels = f'model_name="{model}"'
        series = [
            ("gauge", "vllm:num_requests_running", self.running),
            ("gauge", "vllm:num_requests_waiting", 0),
            ("gauge", "vllm:kv_cache_usage_perc", min(1.0, self.running * 0.1)),
            ("counter", "vllm:prefix_cache_queries", self.prompted),
            ("counter", "vllm:prefix_cache_hits", self.hits),
            ("counter", "vllm:num_preemptions", 0),
            ("counter", "vllm:prompt_tokens", self.prompted),
            ("counter", "vllm:generation_tokens", self.generated),
        ]
        lines = []
        for kind, name, value in series:
            exposed = f"{name}_total" if kind == "counter" else name
            head = [f"# HELP {exposed} .", f"# TYPE {exposed} {kind}"]
            lines += [*head, f'{exposed}{{engine="0",{labels}}} {float(value)}']
        lines += ["# TYPE vllm:request_success_total counter"]
        for reason, count in self.finished.items():
            lines += [f'vllm:request_success_total{{engine="0",finished_reason="{reason}",{labels}}} {float(count)}']
        lines += self.first.lines("vllm:time_to_first_token_seconds", labels)
        lines += self.between.lines("vllm:inter_token_latency_seconds", labels)
        blocks = KV_TOKENS // block
        sizes = f'block_size="{block}",engine="0",kv_cache_size_tokens="{blocks * block}",num_gpu_blocks="{blocks}"'
        lines += ["# TYPE vllm:cache_config_info gauge", f"vllm:cache_config_info{{{sizes}}} 1.0"]
        lines += ["# TYPE vllm:iteration_tokens_total histogram"]
        missing = max(0, length - sum(len(line) + 1 for line in lines))
        for bucket in range(missing // 80):
            lines += [f'vllm:iteration_tokens_total_bucket{{engine="0",le="{bucket:027}"}} 1.0']
        return "\n".join(lines) + "\n"
