"""Sizes in words. Memory counts in powers of two, as system monitors do; disks and downloads in powers of ten."""

_SMALL = 0.05
"""Gigabytes below which megabytes are said: they would be rounded to `0.0 GB`."""


def memory_words(size: int) -> str:
    """A size in memory, e.g. `1.3 GB` for 1.3 · 2³⁰ bytes."""
    return f"{size / 2**30:.1f} GB" if not 0 < size < _SMALL * 2**30 else f"{max(1, round(size / 2**20))} MB"


def disk_words(size: int) -> str:
    """A size on disk or of a download, e.g. `0.9 GB` for 0.9 · 10⁹ bytes."""
    return f"{size / 1e9:.1f} GB" if not 0 < size < _SMALL * 1e9 else f"{max(1, round(size / 1e6))} MB"


def span_words(seconds: float) -> str:
    """A length of time, e.g. `45 s`, `1 min 20 s`, `2 h 5 min`."""
    whole = max(1, round(seconds))
    if whole < 100:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60 // 10 * 10} s" if whole % 60 >= 10 else f"{whole // 60} min"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
