"""The shape of a model and what follows from it for memory: the door to `geometry_config` and others.

Used by `engine/` for plans and before a start, by `hub/spec`, by `domain/fit` for verdicts, and by services that show
what a setting costs.
"""

from desktop_app.domain.geometry_config import geometry, quantization, weights_bytes
from desktop_app.domain.geometry_tied import stored_twice, tied
from desktop_app.domain.kv_cache import CARD_BLOCK, CPU_BLOCK, IN_FLIGHT, Geometry, dtype_bytes

__all__ = [
    "CARD_BLOCK",
    "CPU_BLOCK",
    "IN_FLIGHT",
    "Geometry",
    "dtype_bytes",
    "geometry",
    "quantization",
    "stored_twice",
    "tied",
    "weights_bytes",
]
