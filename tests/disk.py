"""A disk that fails, for this process only: the kernel refuses what is written beyond a size, which is an I/O error."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def failing_disk(most: int = 0) -> Iterator[None]:
    """No file takes anything beyond its first *most* bytes; child programs that run already are not affected."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Python ignores SIGXFSZ, so a write returns EFBIG.
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
