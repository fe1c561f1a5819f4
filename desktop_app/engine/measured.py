"""What vLLM says about memory while it starts: weights, KV cache, everything else. Fed by `services/local_engine`.

The lines were taken from recorded logs of vLLM 0.32 on a processor and, for cards, from its source
(`v1/worker/gpu_worker.py`, `gpu_model_runner.py`, `v1/core/kv_cache_utils.py`). Bytes; for cards, of each card.
"""

import re

from desktop_app.domain.fit import Measured

_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
"""What stands in a log may come from strangers: no more digits than a machine has bytes."""
_CHECKPOINT = re.compile(rf"Checkpoint size: {_NUMBER} GiB")
_LOADED = re.compile(rf"Model loading took {_NUMBER} GiB")
_KV_SET = re.compile(rf"(?:Explicitly|Auto) set \({_NUMBER}/[\d.]+\) GiB for KV cache")
_KV_AVAILABLE = re.compile(rf"Available KV cache memory: {_NUMBER} GiB")
_KV_TOKENS = re.compile(r"KV cache size: (\d[\d,]{0,15}) tokens")
_USAGE = re.compile(
    rf"Actual usage is {_NUMBER} GiB for consumed memory \(weights \+ non-torch\), {_NUMBER} GiB for peak activation,"
    rf" and {_NUMBER} GiB for CUDAGraph memory"
)
_GIB = 2**30
_HINTS = ("GiB", "KV cache size")
"""A line without one of these says nothing about memory; the patterns are tried on the others only."""


class FigureReader:
    """Collects the figures of one start.

    Args:
        kv_bytes: the size of the KV cache that was asked for, which vLLM prints rounded; 0 when it decides itself.
    """

    def __init__(self, kv_bytes: int = 0) -> None:
        self._kv_asked = kv_bytes
        self._kv_said = 0
        self._checkpoint = 0
        self._loaded = 0
        self._tokens = 0
        self._beyond = 0

    def feed(self, line: str) -> None:
        """Read a line of the log."""
        if not any(hint in line for hint in _HINTS):
            return
        self._checkpoint = _bytes(_CHECKPOINT, line) or self._checkpoint
        self._loaded = _bytes(_LOADED, line) or self._loaded
        self._kv_said = _bytes(_KV_SET, line) or _bytes(_KV_AVAILABLE, line) or self._kv_said
        if found := _KV_TOKENS.search(line):
            self._tokens = int(found[1].replace(",", ""))
        if found := _USAGE.search(line):
            consumed, peak, graphs = (float(part) for part in found.groups())
            self._beyond = max(0, int((consumed + peak + graphs) * _GIB) - self._loaded)

    @property
    def kv_cache(self) -> int:
        """Bytes of the KV cache; 0 when it was not said."""
        return self._kv_asked or self._kv_said

    def measured(self, memory_bytes: int = 0) -> Measured:
        """The figures.

        Args:
            memory_bytes: what the engine's processes take of the computer's memory now that it is ready; on a
                processor that is everything, and vLLM itself does not say what it takes beside weights and cache.
        """
        weights = self._loaded or self._checkpoint
        overhead = self._beyond
        if not self._loaded and memory_bytes:
            overhead = max(0, memory_bytes - weights - self.kv_cache)
        return Measured(weights, overhead, self.kv_cache / self._tokens if self._tokens else 0.0)


def _bytes(pattern: re.Pattern[str], line: str) -> int:
    found = pattern.search(line)
    return int(float(found[1]) * _GIB) if found else 0
