"""Who may write into the folder of a download: one at a time, also of several programs. Used by `hub`."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop_app.hub import download_errors
from desktop_app.transfer import names


class FolderLock:
    """Says that somebody writes into a folder; it ends with the processes that have it, however they end."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / names.OURS / "lock"
        self.descriptor = -1
        """To be handed to the fetcher, which may outlive us by a moment."""

    def take(self) -> bool:
        """Whether it is ours now.

        Raises:
            OSError: the folder cannot be used.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        if self._file.parent.is_symlink():
            raise OSError(f"{self._file.parent} is a link")
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self.descriptor = descriptor
        return True

    def release(self) -> None:
        """Give it back."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Write into *folder* alone.

    Raises:
        UserError: somebody else does.
        OSError: the folder cannot be used.
    """
    lock = FolderLock(folder)
    if not lock.take():
        raise download_errors.busy()
    try:
        yield
    finally:
        lock.release()
