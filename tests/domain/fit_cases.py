"""Models and machines that the tests of verdicts and proposals share."""

from dataclasses import replace

from desktop_app.domain.geometry import Geometry, geometry
from desktop_app.domain.machine import Gpu, Machine, MemoryUser
from desktop_app.domain.model_spec import ModelSpec

GIB = 1 << 30


def _shape(layers: int, hidden: int, heads: int, kv_heads: int, context: int) -> Geometry:
    found = geometry(
        {
            "num_hidden_layers": layers, "hidden_size": hidden, "num_attention_heads": heads,
            "num_key_value_heads": kv_heads, "max_position_embeddings": context, "vocab_size": 128_256,
        }
    )  # fmt: skip
    if found is None:
        raise AssertionError
    return found


SMALL = ModelSpec("small", _shape(28, 1536, 12, 2, 32_768), int(2.1 * GIB), int(1.05 * GIB), dtype="bfloat16")
LLAMA = ModelSpec("llama", _shape(32, 4096, 32, 8, 131_072), 15 * GIB, int(7.5 * GIB), dtype="bfloat16")
BIG = ModelSpec("big", _shape(80, 8192, 64, 8, 131_072), 131 * GIB, int(65.5 * GIB), dtype="bfloat16")
MOE = ModelSpec(
    "experts", _shape(48, 2048, 32, 4, 262_144), 57 * GIB, int(28.5 * GIB), 3 * GIB, "bfloat16", experts=128
)
QUANTISED = replace(LLAMA, name="llama-AWQ", weights_bytes=5 * GIB, quantization="awq", bits=4.0)


def sized(spec: ModelSpec, weights: float) -> ModelSpec:
    """*spec* with weights of so many GiB."""
    return replace(spec, weights_bytes=int(weights * GIB))


def machine(memory: float, *cards: Gpu, available: float | None = None, users: tuple[MemoryUser, ...] = ()) -> Machine:
    """A computer with so many GiB of memory, of which 85 % are free unless said otherwise."""
    free = memory * 0.85 if available is None else max(available, 1e-6)
    return Machine(
        "a processor", 8, int(memory * GIB), frozenset(), cards, available_bytes=int(free * GIB), users=users
    )


def card(
    total: float,
    free: float | None = None,
    name: str = "a card",
    mig: str = "",
    unified: bool = False,
    capability: tuple[int, int] = (8, 9),
    users: tuple[MemoryUser, ...] = (),
) -> Gpu:
    """A card of so many GiB, all free unless said otherwise."""
    left = int((total if free is None else free) * GIB)
    return Gpu(name, int(total * GIB), left, "580.65", capability, mig=mig, unified=unified, users=users)
