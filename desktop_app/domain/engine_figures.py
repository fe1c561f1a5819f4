"""What an engine did between two readings of its `/metrics`: rates and percentiles instead of counters."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Percentiles:
    """How long something took, seconds."""

    p50: float
    p90: float
    p99: float


@dataclass(frozen=True)
class EngineFigures:
    """One engine at one moment."""

    key: str
    """The model's, as in `EngineStatus.key`."""
    name: str
    generation: float = 0.0
    """Tokens written per second, all answers together."""
    prompt: float = 0.0
    """Tokens read per second, those from the prefix cache included."""
    running: int = 0
    """Answers being written."""
    waiting: int = 0
    """Questions in the queue."""
    preempted: int = 0
    """Answers that had to give their KV cache away since the last reading."""
    finished: int = 0
    """Answers finished since the last reading."""
    kv_cache: float = 0.0
    """Share of the KV cache in use, 0…1."""
    kv_tokens: int = 0
    """Tokens that the KV cache has room for; 0 when the engine does not tell."""
    kv_block: int = 0
    """Tokens in a block of it; 0 when the engine does not tell."""
    hit_rate: float | None = None
    """Share of the tokens of questions that were found in the prefix cache, lately; None when none was asked."""
    first_word: Percentiles | None = None
    """Time to the first token, lately; None when no answer began."""
    between: Percentiles | None = None
    """Time between two tokens, lately; None when none was written."""
    generated_tokens: float = 0.0
    """Written since the engine started."""
    at: float = 0.0
    """When it was read, `clock.seconds_now()`."""
    seconds: float = 0.0
    """How much time until then rates and counts cover; 0 when there was no reading before."""
