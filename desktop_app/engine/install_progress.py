"""How far an installation is, in words, as one number that never goes back, and in seconds that are left.

Called by `install.py` and `install_download.py`. Downloading counts by bytes, unpacking by the size of what is
unpacked, and the shares of the phases come from a measured installation.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from desktop_app.domain.installation import CheckProgress, InstallProgress, InstallStep
from desktop_app.engine import pip_output

_TICK_SECONDS = 0.25
"""Between two reports, so that there are at most four a second."""

_SHARES = {
    InstallStep.RESOLVE: (0.0, 0.10),
    InstallStep.DOWNLOAD: (0.10, 0.65),
    InstallStep.INSTALL: (0.65, 0.88),
    InstallStep.VERIFY: (0.88, 0.93),
    InstallStep.TRY: (0.93, 1.0),
}
"""Where each phase begins and ends, as a share of the whole; from a measured installation at 100 Mbit/s."""

_INSTALL_BYTES_A_SECOND = 20_000_000
"""Of packages, unpacked and compiled: 0.7 GB took 35 s on two cores."""
_VERIFY_SECONDS = 10.0
_TRY_SECONDS = 20.0
_SPEED_SECONDS = 2.0
"""How long a speed is measured before it is believed."""

_ORDER = tuple(InstallStep)


class Downloads:
    """How much of each file is there, in bytes."""

    def __init__(self, files: Iterable[str]) -> None:
        self._sizes = dict.fromkeys(files, 0)
        self._there = dict.fromkeys(self._sizes, 0)
        self._current = ""
        self._began = time.monotonic()
        self._at_first: int | None = None

    def sizes(self, found: Mapping[str, int]) -> None:
        """Take what each file is in the end; 0 is not known."""
        for file, size in found.items():
            self._sizes[file] = max(size, self._sizes.get(file, 0))

    def measured(self, found: Mapping[str, int]) -> None:
        """Take how much is there now."""
        if self._at_first is None:
            self._at_first, self._began = sum(found.values()), time.monotonic()
        for file, size in found.items():
            if size > self._there.get(file, 0) and not self._is_over(file, size):
                self._current = file
            self._there[file] = size

    def _is_over(self, file: str, size: int) -> bool:
        return 0 < self._sizes.get(file, 0) <= size

    @property
    def done(self) -> int:
        """Bytes that are there."""
        return sum(self._there.values())

    @property
    def total(self) -> int:
        """Bytes that there will be, as far as anybody said."""
        return sum(max(size, self._there.get(file, 0)) for file, size in self._sizes.items())

    @property
    def share(self) -> float:
        """Done, 0…1."""
        return min(1.0, self.done / max(1, self.total))

    def left(self) -> float | None:
        """Seconds until all is there at the speed so far; None before there is one."""
        elapsed = time.monotonic() - self._began
        fetched = self.done - (self._at_first or 0)
        if elapsed < _SPEED_SECONDS or fetched <= 0:
            return None
        return (self.total - self.done) * elapsed / fetched

    def words(self) -> str:
        """E.g. `180 of 690 MB, torch 2.13.0`."""
        name, version = pip_output.wheel_name(self._current)
        title = f"{name} {version.split('+')[0]}".strip()
        amount = f"{self.done / 1e6:.0f} of {self.total / 1e6:.0f} MB"
        return f"{amount}, {title}" if title else amount

    def weight(self, file: str) -> int:
        """Bytes of one file; one that was never seen still counts a little."""
        return max(self._sizes.get(file, 0), self._there.get(file, 0)) + 100_000


class Unpacking:
    """Which of the packages that pip unpacks are in place. *weights* is bytes by project, in the order of unpacking."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._weights = dict(weights)
        self._in_place: frozenset[str] = frozenset()
        self._began = time.monotonic()

    def measured(self, in_place: Iterable[str]) -> None:
        """Take what is in place now."""
        self._in_place |= frozenset(in_place) & self._weights.keys()

    @property
    def total(self) -> int:
        """Bytes of all packages."""
        return sum(self._weights.values())

    @property
    def share(self) -> float:
        """Done, 0…1, by size."""
        done = sum(weight for name, weight in self._weights.items() if name in self._in_place)
        return done / max(1, self.total)

    def left(self) -> float:
        """Seconds until all are in place, at the speed so far."""
        elapsed, share = time.monotonic() - self._began, self.share
        if share < 0.1 or elapsed < _SPEED_SECONDS:
            return max(0.0, self.total / _INSTALL_BYTES_A_SECOND - elapsed)
        return elapsed * (1 - share) / share

    def words(self) -> str:
        """How far it is, e.g. `101 of 148 packages`."""
        return f"{len(self._in_place)} of {len(self._weights)} packages"


def sizes_of(temporary: Path) -> dict[str, int]:
    """Sizes of the files in pip's working folder, `pip-unpack-*/NAME.whl` with every pip since 23.0."""
    sizes: dict[str, int] = {}
    for path in temporary.glob("pip-*/*.whl"):
        with contextlib.suppress(OSError):
            sizes[path.name] = path.stat().st_size
    return sizes


class ProgressKeeper:
    """Reports an installation's progress: `enter` a phase, tell it how far that is, let `keep_reporting` run beside it.

    Args:
        report: is told, on the event loop, at most four times a second and at each new phase.
    """

    def __init__(self, report: Callable[[InstallProgress], None]) -> None:
        self._report = report
        self._began = time.monotonic()
        self._step = InstallStep.RESOLVE
        self._entered = self._began
        self._text = ""
        self._share = 0.0
        self._left: float | None = None
        self._fraction = 0.0
        self._bytes = 0

    def enter(self, step: InstallStep, text: str = "") -> None:
        """Begin *step*. A second attempt does not lead back to an earlier one: only the text changes."""
        self._text = text
        if _ORDER.index(step) > _ORDER.index(self._step):
            self._step, self._share, self._left, self._entered = step, 0.0, None, time.monotonic()
        self._tell()

    def say(self, text: str) -> None:
        """What is being worked on within the phase."""
        self._text = text

    def downloads(self, downloads: Downloads) -> None:
        """How far the download is."""
        self._text, self._bytes = downloads.words(), downloads.total
        self._share, self._left = downloads.share, downloads.left()

    def unpacking(self, unpacking: Unpacking) -> None:
        """How far the installing is."""
        self._text, self._share, self._left = unpacking.words(), unpacking.share, unpacking.left()

    def checked(self, progress: CheckProgress) -> None:
        """How far the comparing of files is."""
        self._text = f"{progress.done:,} of {progress.total:,} files"
        self._share = progress.done / max(1, progress.total)

    def line(self, line: str) -> None:
        """Take one line that pip prints while it looks for the parts."""
        match pip_output.read(line):
            case pip_output.Collecting(name):
                self._text = name
            case pip_output.LocalFile(path):
                self._text = pip_output.wheel_name(path.name)[0]
            case pip_output.Fetching(file, size):
                amount = f", {size / 1e6:.0f} MB" if size >= 1_000_000 else ""
                self._text = pip_output.wheel_name(file)[0] + amount
            case _:
                pass

    def done(self) -> None:
        """Everything is proved."""
        self._step, self._text, self._fraction, self._left = InstallStep.TRY, "", 1.0, 0.0
        self._tell()

    async def keep_reporting(self) -> None:
        """Report until cancelled."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._tell()

    def _tell(self) -> None:
        begin, end = _SHARES[self._step]
        self._fraction = max(self._fraction, begin + self._share * (end - begin))
        seconds = time.monotonic() - self._began
        self._report(InstallProgress(self._step, self._text, self._fraction, seconds, self._whole_left()))

    def _whole_left(self) -> float | None:
        """Seconds of this phase and of those after it."""
        later = {
            InstallStep.DOWNLOAD: self._bytes / _INSTALL_BYTES_A_SECOND + _VERIFY_SECONDS + _TRY_SECONDS,
            InstallStep.INSTALL: _VERIFY_SECONDS + _TRY_SECONDS,
            InstallStep.VERIFY: _TRY_SECONDS,
            InstallStep.TRY: 0.0,
        }
        here = self._left
        if self._step in (InstallStep.VERIFY, InstallStep.TRY) and here is None:
            expected = _VERIFY_SECONDS if self._step is InstallStep.VERIFY else _TRY_SECONDS
            here = max(0.0, expected - (time.monotonic() - self._entered))
        return None if here is None or self._step not in later else here + later[self._step]
