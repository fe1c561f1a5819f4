"""Sizes in words. Memory counts in powers of two, as system monitors do; disks and downloads in powers of ten."""


def memory_words(size: int) -> str:
    """A size in memory, e.g. `1.3 GB` for 1.3 · 2³⁰ bytes."""
    return f"{size / 2**30:.1f} GB"


def disk_words(size: int) -> str:
    """A size on disk or of a download, e.g. `0.9 GB` for 0.9 · 10⁹ bytes."""
    return f"{size / 1e9:.1f} GB"
