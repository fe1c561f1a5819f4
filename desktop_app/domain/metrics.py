"""The engine's own figures, read from the Prometheus text of `/metrics`."""

from dataclasses import dataclass

_WANTED = {
    "vllm:generation_tokens_total": "generated",
    "vllm:prompt_tokens_total": "prompted",
    "vllm:kv_cache_usage_perc": "kv",
    "vllm:num_requests_running": "running",
    "vllm:num_requests_waiting": "waiting",
}


@dataclass(frozen=True)
class EngineMetrics:
    """One reading of `/metrics`, summed over engines (the KV share is the largest of them)."""

    generated_tokens: float = 0.0
    prompt_tokens: float = 0.0
    kv_cache: float = 0.0
    """Share of the KV cache in use, 0…1."""
    running: int = 0
    waiting: int = 0


def parse_metrics(text: str) -> EngineMetrics:
    """Read the figures that the gauges need; lines that are not understood are passed over."""
    found: dict[str, list[float]] = {key: [] for key in _WANTED.values()}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, _, rest = line.partition("{")
        key = _WANTED.get(name if rest else line.partition(" ")[0])
        if key is None:
            continue
        try:
            found[key].append(float(line.rsplit(" ", 1)[1]))
        except (IndexError, ValueError):
            continue
    return EngineMetrics(
        generated_tokens=sum(found["generated"]),
        prompt_tokens=sum(found["prompted"]),
        kv_cache=max(found["kv"], default=0.0),
        running=int(sum(found["running"])),
        waiting=int(sum(found["waiting"])),
    )


def rate(before: float, after: float, seconds: float) -> float:
    """Growth of a counter per second; 0 when it was reset or no time has passed."""
    if seconds <= 0 or after < before:
        return 0.0
    return (after - before) / seconds
