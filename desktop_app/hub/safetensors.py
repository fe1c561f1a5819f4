"""The head of a safetensors file, held against the file's size. Used by `local`; no tensor is read.

The format (https://huggingface.co/docs/safetensors): 8 bytes with the length of the header, little-endian; the header,
JSON that gives each tensor's `[begin, end)` in the data; the data, without gaps, to the end of the file.
"""

import json
from pathlib import Path
from typing import Any

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.hub.small_files import reject_stand_in

_HEADER_LIMIT = 100_000_000
"""Bytes; the limit of the safetensors library itself."""


def check_weights(file: Path) -> None:
    """Refuse *file* unless its header is sound and its data is all there.

    Raises:
        UserError: it is truncated, or no safetensors file.
        OSError: it cannot be read.
    """
    reject_stand_in(file)
    with file.open("rb") as stream:
        size = file.stat().st_size
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or not 2 <= length <= _HEADER_LIMIT:
            raise _damaged(file, "does not begin like a weight file")
        if 8 + length > size:
            raise _damaged(file, "ends in the middle of its header")
        end = _end_of_data(file, stream.read(length))
    if 8 + length + end != size:
        raise _damaged(file, f"should have {8 + length + end:,} bytes but has {size:,}")


def _end_of_data(file: Path, header: bytes) -> int:
    """Bytes of data that the tensors of *header* cover, one after the other."""
    try:
        tensors = json.loads(header)
        spans = sorted(_span(tensor) for name, tensor in tensors.items() if name != "__metadata__")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(file, "has a header that cannot be read") from error
    end = 0
    for begin, stop in spans:
        if begin != end or stop < begin:
            raise _damaged(file, "has a header that contradicts itself")
        end = stop
    return end


def _span(tensor: dict[str, Any]) -> tuple[int, int]:
    begin, end = tensor["data_offsets"]
    return int(begin), int(end)


def _damaged(file: Path, what: str) -> UserError:
    return UserError("The model is damaged.", f"{file.name} {what}. Download it again.", Remedy.CHOOSE_MODEL)
