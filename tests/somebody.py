"""Somebody without special rights: root may write to everything, so what is forbidden is tried as this person."""

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HEADER = (ctypes.c_uint32 * 2)(0x20080522, 0)
"""Linux's third form of capabilities, of this thread (capset(2)); threads that it starts have the same."""
_PAST_MODES = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: what lets root write and read whatever a file's mode says."""


@contextmanager
def folder_of_somebody() -> Iterator[Path]:
    """A folder of theirs, with a short name; until the end, modes of files hold for this thread as for anybody."""
    folder = Path(tempfile.mkdtemp(prefix="vd-"))
    before = _rights()
    # Effective, permitted, inheritable, twice.
    _set_rights([before[0] & ~_PAST_MODES, *before[1:]])
    try:
        yield folder
    finally:
        _set_rights(before)
        for place, folders, _ in os.walk(folder):
            for name in folders:
                Path(place, name).chmod(0o700)
        shutil.rmtree(folder)


def _rights() -> list[int]:
    found = (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None, use_errno=True).capget(_HEADER, found) == 0, os.strerror(ctypes.get_errno())
    return list(found)


def _set_rights(rights: list[int]) -> None:
    done = ctypes.CDLL(None, use_errno=True).capset(_HEADER, (ctypes.c_uint32 * 6)(*rights))
    assert done == 0, os.strerror(ctypes.get_errno())
