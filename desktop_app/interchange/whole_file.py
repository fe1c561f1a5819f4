"""A file that a person asked for: written as a whole or not at all, readable by nobody else. Everything here blocks.

`services/chat_files`, `services/experiment_files` and `prompt_sets` write with it.
"""

import contextlib
import errno
import os
import secrets
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class WholeFile:
    """Writes beside *file* what takes its place in the end. Raises OSError.

    Args:
        file: what is replaced by `keep()`, if it is there.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._draft = file.with_name(f".{file.name[:100]}.{secrets.token_hex(4)}.part")
        opened = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._stream = os.fdopen(opened, "wb")

    def write(self, data: bytes) -> None:
        """Write more."""
        self._stream.write(data)

    def keep(self) -> None:
        """All is written: it is the file from now on, also after a power cut."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._draft.replace(self._file)

    def close(self) -> None:
        """Nothing is left of what was not kept."""
        with contextlib.suppress(OSError):
            self._stream.close()  # a full disk refuses what is still in its buffer once more
        self._draft.unlink(missing_ok=True)


def disk_words(error: OSError, file: Path) -> str:
    """Why *file* could not be written, as a sentence."""
    if error.errno in _FULL:
        return f"There is no room left where “{file.name}” should go."
    if error.errno in _FORBIDDEN:
        return f"You are not allowed to write to {file.parent}."
    return f"{file}: {error.strerror or error}."
