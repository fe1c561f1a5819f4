"""Files below a folder, reached so that no link in between can lead elsewhere. Used by the fetcher."""

import contextlib
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO


class Place:
    """Where a file lies or will lie: its folder is held open, and made when it is missing.

    Args:
        folder: is trusted, and there.
        path: relative, with `/`; each folder in it must be one and no link.

    Attributes:
        folder: the descriptor of the one that it lies in.
        name: its name there.

    Raises:
        OSError: a folder cannot be made, or a link or a file is in its place.
    """

    def __init__(self, folder: Path, path: str) -> None:
        *parents, self.name = path.split("/")
        self.folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        for parent in parents:
            outer = self.folder
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(parent, dir_fd=outer)
                self.folder = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=outer)
            finally:
                os.close(outer)

    def __enter__(self) -> "Place":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.folder)

    def size(self) -> int:
        """Bytes; 0 when there is no file."""
        try:
            about = os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return 0
        return about.st_size if stat.S_ISREG(about.st_mode) else 0

    def is_file(self) -> bool:
        """Whether a file is there, and no link."""
        try:
            return stat.S_ISREG(os.stat(self.name, dir_fd=self.folder, follow_symlinks=False).st_mode)
        except FileNotFoundError:
            return False

    def remove(self) -> None:
        """Take away the file or link, if there is one."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.name, dir_fd=self.folder)

    def link_to(self, source: Path) -> None:
        """Put a link to *source* there."""
        os.symlink(source, self.name, dir_fd=self.folder)

    def read(self) -> BinaryIO:
        """The file, to be read."""
        # Without waiting: a named pipe would keep us for ever.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        return open(os.open(self.name, flags, dir_fd=self.folder), "rb", buffering=0)  # noqa: PTH123

    def write(self, *, anew: bool) -> BinaryIO:
        """The file, to be continued or written *anew*; nothing waits in memory to be written."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | (os.O_TRUNC if anew else os.O_APPEND)
        return open(os.open(self.name, flags, 0o644, dir_fd=self.folder), "wb", buffering=0)  # noqa: PTH123

    def move_to(self, target: "Place") -> None:
        """Rename the file to where *target* is, for good."""
        with self.read() as file:
            os.fsync(file.fileno())  # it may be from an earlier attempt, of which nobody knows what the disk has
        os.rename(self.name, target.name, src_dir_fd=self.folder, dst_dir_fd=target.folder)
        os.fsync(target.folder)


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write *data* as a whole: a disk that becomes full takes a part of it first.

    Raises:
        OSError: the disk is full or cannot be written to.
    """
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
