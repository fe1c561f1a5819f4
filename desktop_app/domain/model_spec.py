"""What a model is, as far as memory and suitability follow from it: established from its files, or from the catalogue.

Nothing here is guessed: what is not known is empty or zero, and `domain/fit` then says "not known". Sizes in bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from desktop_app.domain.geometry import Geometry, dtype_bytes


@dataclass(frozen=True)
class Tensors:
    """The tensors of a model's safetensors files, from their heads alone."""

    parameters: Mapping[str, int] = field(default_factory=dict)
    """How many numbers there are of each format, by safetensors' names (`BF16`, `F8_E4M3`, `I32`…)."""
    size_bytes: int = 0
    """Bytes of all tensors together."""
    names: int = 0
    """How many tensors there are."""
    output_bytes: int = 0
    """Bytes of the matrix that makes words of the last layer (`lm_head.weight`), where the heads were read."""
    input_bytes: int = 0
    """Bytes of the matrix that takes words in (`embed_tokens.weight`), where the heads were read."""


@dataclass(frozen=True)
class ModelSpec:
    """What is known of a model."""

    name: str
    """The repository, e.g. `Qwen/Qwen3-0.6B`, or the folder's name."""
    geometry: Geometry | None = None
    """The shape that the KV cache follows from; None when it is not known."""
    weights_bytes: int = 0
    """Bytes of its tensors on the disk; 0 when that is not known."""
    parameters: int = 0
    """Numbers in all, those of a quantised model as they were before; 0 when that is not known."""
    active_parameters: int = 0
    """Numbers that one token goes through, for a mixture of experts; 0 for all of them."""
    dtype: str = ""
    """The format of most numbers by torch's name, e.g. `bfloat16`; empty when that is not known."""
    quantization: str = ""
    """How the weights were made smaller, by vLLM's name (`awq`, `fp8`, `mxfp4`…); empty when they were not."""
    bits: float = 0.0
    """Bits of a quantised weight, e.g. 4; 0 when it is not quantised, or not known."""
    experts: int = 0
    """Experts in each layer; 0 when it is no mixture."""
    architectures: tuple[str, ...] = ()
    """The model classes that it names."""
    vision: bool = False
    """Whether it takes pictures."""
    state_bytes: int = 0
    """What layers without a KV cache (Mamba and its kin) keep of each conversation; 0 when there are none."""
    unloaded_bytes: int = 0
    """Bytes among `weights_bytes` that vLLM does not load: an output matrix that is stored besides the input's although
    both are one; 0 when there are none, or that is not known."""

    @property
    def context(self) -> int:
        """The longest conversation that it was made for, in tokens; 0 when that is not known."""
        return self.geometry.context if self.geometry else 0


def loaded_bytes(spec: ModelSpec, dtype: str = "auto") -> int:
    """Bytes of the weights of *spec* once loaded as *dtype* (`--dtype`); 0 when that is not known.

    Quantised weights stay as they are. `auto` keeps the checkpoint's format, but for float32, which becomes half. Where
    the size of the files is not known, it follows from the number of parameters and their format.
    """
    wanted = "bfloat16" if dtype in ("", "auto") else dtype
    stored = max(0, spec.weights_bytes - spec.unloaded_bytes)
    if spec.quantization:
        return stored or int(spec.parameters * spec.bits / 8)
    if stored:
        return int(stored * dtype_bytes(wanted) / dtype_bytes(spec.dtype or "bfloat16"))
    return int(spec.parameters * dtype_bytes(wanted)) if spec.dtype else 0


def active_bytes(spec: ModelSpec) -> int:
    """Bytes of weights that are read for every token; all of them where experts do not divide the work."""
    loaded = loaded_bytes(spec)
    if 0 < spec.active_parameters < spec.parameters:
        return loaded * spec.active_parameters // spec.parameters
    return loaded
