"""The heads of safetensors files: which tensors there are, held against the file's size. No tensor is read.

The format (https://huggingface.co/docs/safetensors): 8 bytes with the length of the header, little-endian; the header,
JSON that gives each tensor's format, shape and `[begin, end)` in the data; the data, without gaps, to the end of the
file. Used by `local` for files on the disk and by `remote` for the first bytes of files of the Hub. A header was
written by strangers: it is bounded before it is parsed, and everything in it is checked.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.model_spec import Tensors
from desktop_app.hub.small_files import reject_stand_in, shown

HEADER_LIMIT = 100_000_000
"""Bytes; the limit of the safetensors library itself."""
_COMMAS = 4_000_000
"""Of a header that is parsed at all: ten for each of 400,000 tensors. One takes some forty bytes once parsed."""
_DIMENSIONS = 32
_LARGEST = 1 << 63

_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
"""Bits of a number in each format (`safetensors/src/tensor.rs`, 0.7)."""


def dtype_bits(name: str) -> int:
    """Bits of a number in a format by safetensors' name; 0 for one that is not known."""
    return _BITS.get(name, 0)


def read_tensors(file: Path) -> Tensors:
    """The tensors of *file*.

    Raises:
        UserError: it is truncated, or no safetensors file.
        OSError: it cannot be read.
    """
    size = reject_stand_in(file).st_size
    with file.open("rb") as stream:
        length = header_length(stream.read(8), size, file.name)
        return parse_header(stream.read(length), size, file.name)


def header_length(begin: bytes, size: int, name: str) -> int:
    """Bytes of the header, from the first 8 bytes of a file of *size* bytes; raises UserError when that is none."""
    length = int.from_bytes(begin, "little")
    if len(begin) < 8 or not 2 <= length <= HEADER_LIMIT:
        raise _damaged(name, "does not begin like a weight file")
    if 8 + length > size:
        raise _damaged(name, "ends in the middle of its header")
    return length


def parse_header(header: bytes, size: int, name: str) -> Tensors:
    """The tensors that *header* describes, of the file *name* of *size* bytes.

    Raises:
        UserError: the header contradicts itself or the file's size.
    """
    if header.count(b",") > _COMMAS:
        raise _damaged(name, "has a header that is too long to be one")
    try:
        described = json.loads(header.decode("utf-8"), object_pairs_hook=_no_twins)
        spans, parameters = _read(described)
        outputs, inputs = (_bytes_of(described, name) for name in ("lm_head.weight", "embed_tokens.weight"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(name, "has a header that cannot be read", str(error)) from error
    end = 0
    for begin, stop in sorted(spans):
        if begin != end:
            raise _damaged(name, "has a header that contradicts itself")
        end = stop
    if 8 + len(header) + end != size:
        raise _damaged(name, f"should have {8 + len(header) + end:,} bytes but has {size:,}")
    return Tensors(parameters, end, len(spans), outputs, inputs)


def together(several: Iterable[Tensors]) -> Tensors:
    """The tensors of several files as one."""
    parameters: Counter[str] = Counter()
    size = names = outputs = inputs = 0
    for one in several:
        parameters.update(one.parameters)
        size, names = size + one.size_bytes, names + one.names
        outputs, inputs = outputs + one.output_bytes, inputs + one.input_bytes
    return Tensors(dict(parameters), size, names, outputs, inputs)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; the same name twice would let two readers see two different files."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("it has the same name twice")
    return found


def _read(described: Any) -> tuple[list[tuple[int, int]], dict[str, int]]:  # noqa: ANN401 - JSON of a stranger
    """Each tensor's span in the data, and how many numbers there are of each format."""
    if not isinstance(described, dict):
        raise TypeError("it is no object")
    spans: list[tuple[int, int]] = []
    parameters: dict[str, int] = {}
    for name, tensor in described.items():
        if name == "__metadata__":
            continue
        dtype, shape, (begin, end) = tensor["dtype"], tensor["shape"], tensor["data_offsets"]
        if not isinstance(dtype, str) or not isinstance(shape, list) or len(shape) > _DIMENSIONS:
            raise TypeError("a tensor has no format or shape")
        if not all(type(number) is int and 0 <= number < _LARGEST for number in (begin, end, *shape)):
            raise ValueError("a tensor has a size that is none")
        numbers, bits = math.prod(shape), _BITS.get(dtype)
        # A format that is newer than this program is the engine's to judge.
        if end < begin or (bits is not None and numbers * bits != (end - begin) * 8):
            raise ValueError("a tensor's shape and its bytes do not agree")
        spans.append((begin, end))
        parameters[dtype] = parameters.get(dtype, 0) + numbers
    return spans, parameters


def _bytes_of(described: dict[str, Any], name: str) -> int:
    """Bytes of the tensors of that name, wherever in the model they are."""
    found = (tensor["data_offsets"] for key, tensor in described.items() if key == name or key.endswith(f".{name}"))
    return sum(end - begin for begin, end in found)


def _damaged(name: str, what: str, details: str = "") -> UserError:
    reason = f"{shown(name)} {what}. Download it again."
    return UserError("The model is damaged.", reason, Remedy.CHOOSE_MODEL, details[:500])
