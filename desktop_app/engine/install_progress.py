"""How far an installation is: turns pip's lines, and the files that grow, into one number that never goes back.

Called by `install.py`. Downloading counts by bytes, unpacking by the size of what is unpacked, and the shares of the
steps come from a measured installation.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from desktop_app.domain.engine import InstallProgress, InstallStep
from desktop_app.engine import pip_output

_TICK_SECONDS = 0.25
"""Between two reports, so that there are at most four a second."""

# Where each step begins and ends, as a share of the whole. Measured on two cores: 3 s to make the environment, 25 s to
# unpack, 5 s to prove; 0.9 GB take 70 s at 100 Mbit/s.
_SHARES = {
    InstallStep.CHECK: (0.0, 0.01),
    InstallStep.ENVIRONMENT: (0.01, 0.03),
    InstallStep.RESOLVE: (0.03, 0.04),
    InstallStep.DOWNLOAD: (0.04, 0.70),
    InstallStep.UNPACK: (0.70, 0.95),
    InstallStep.VERIFY: (0.95, 1.0),
}

_ORDER = tuple(InstallStep)


class Downloads:
    """Bytes that pip has fetched, by file."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._announced: dict[str, int] = {}
        self._current = ""
        self.local: tuple[Path, ...] = ()
        """Files that pip uses where they lie."""

    def begin(self, file: str, size: int) -> None:
        """pip said that it fetches *file* of *size* bytes."""
        self._current = file
        self._announced[file] = size

    def use(self, path: Path) -> None:
        """pip said that it uses *path*, which needs no fetching."""
        self._current = path.name
        self.local = (*self.local, path)

    def measured(self, sizes: dict[str, int]) -> None:
        """Take what `sizes_of` found."""
        for file, size in sizes.items():
            self._sizes[file] = max(size, self._sizes.get(file, 0))

    @property
    def done(self) -> int:
        """Bytes so far."""
        return sum(self._sizes.values())

    def words(self) -> str:
        """The current file, e.g. `torch 2.13.0, 180 of 240 MB`."""
        name, version = pip_output.wheel_name(self._current)
        total = self._announced.get(self._current, 0)
        title = f"{name} {version.split('+')[0]}".strip()
        if total < 1_000_000:
            return title
        done = min(self._sizes.get(self._current, 0), total)
        return f"{title}, {done / 1e6:.0f} of {total / 1e6:.0f} MB"

    def weight(self, name: str) -> int:
        """Bytes of one project's file; a package whose file was never seen still counts a little."""
        sizes = (size for file, size in self._sizes.items() if pip_output.wheel_name(file)[0] == name)
        return max(sizes, default=0) + 100_000


class Unpacking:
    """Which of the packages that pip unpacks, in this order, are in place."""

    def __init__(self, names: tuple[str, ...], downloads: Downloads) -> None:
        self._weights = {name: downloads.weight(name) for name in map(pip_output.project, names)}
        self._in_place: frozenset[str] = frozenset()

    def measured(self, in_place: frozenset[str]) -> None:
        """Take what `projects_in` found."""
        self._in_place |= in_place & self._weights.keys()

    @property
    def share(self) -> float:
        """Done, 0…1, by size."""
        done = sum(weight for name, weight in self._weights.items() if name in self._in_place)
        return done / max(1, sum(self._weights.values()))

    def words(self) -> str:
        """What is unpacked now, e.g. `torch, 101 of 154`."""
        waiting = [name for name in self._weights if name not in self._in_place]
        if not waiting:
            return ""
        return f"{waiting[0]}, {len(self._weights) - len(waiting) + 1} of {len(self._weights)}"


def sizes_of(temporary: Path, local: tuple[Path, ...]) -> dict[str, int]:
    """Sizes of *local* and of the files in pip's working folder, `pip-unpack-*/NAME.whl` with every pip since 23.0."""
    sizes: dict[str, int] = {}
    for path in (*temporary.glob("*/*.whl"), *local):
        with contextlib.suppress(OSError):
            sizes[path.name] = path.stat().st_size
    return sizes


def projects_in(packages: Path) -> frozenset[str]:
    """The packages that are in place: pip writes INSTALLER into the `.dist-info` folder when the rest is there."""
    finished = packages.glob("*.dist-info/INSTALLER")
    return frozenset(pip_output.project(path.parent.name.split("-")[0]) for path in finished)


class ProgressKeeper:
    """Reports an installation's progress: `enter` a step, give it pip's lines, let `keep_reporting` run beside it.

    Args:
        temporary: pip's working folder.
        packages: finds the environment's `site-packages` once it exists.
        download_bytes: what the plan expects to be fetched.
        report: is told, on the event loop, at most four times a second and at each new step.
    """

    def __init__(
        self,
        temporary: Path,
        packages: Callable[[], Path],
        download_bytes: int,
        report: Callable[[InstallProgress], None],
    ) -> None:
        self._packages = packages
        self._download_bytes = max(1, download_bytes)
        self._report = report
        self._began = time.monotonic()
        self._step = InstallStep.CHECK
        self._text = ""
        self._fraction = 0.0
        self._temporary = temporary
        self._downloads = Downloads()
        self._unpacking: Unpacking | None = None

    def enter(self, step: InstallStep, text: str = "") -> None:
        """Begin *step*. A second attempt does not lead back to an earlier one: only the text changes."""
        self._text = text
        if _ORDER.index(step) >= _ORDER.index(self._step):
            self._step = step
        self._tell(_SHARES[self._step][0])

    def say(self, text: str) -> None:
        """What is being worked on within the step."""
        self._text = text

    def done(self) -> None:
        """Everything is proved."""
        self._text = ""
        self._tell(1.0)

    def line(self, line: str) -> None:
        """Take one line of `pip install`."""
        match pip_output.read(line):
            case pip_output.Collecting(name) | pip_output.AlreadyThere(name):
                self._text = name
            case pip_output.Fetching(file, size):
                self._downloads.begin(file, size)
                self._advance(InstallStep.DOWNLOAD)
            case pip_output.LocalFile(path):
                self._downloads.use(path)
                self._advance(InstallStep.DOWNLOAD)
            case pip_output.Installing(names):
                self._unpacking = Unpacking(names, self._downloads)
                self._advance(InstallStep.UNPACK)
            case _:
                pass

    async def keep_reporting(self) -> None:
        """Report until cancelled."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            share = await self._measure()
            begin, end = _SHARES[self._step]
            self._tell(begin + share * (end - begin))

    def _advance(self, step: InstallStep) -> None:
        if _ORDER.index(step) > _ORDER.index(self._step):
            self._step = step
            self._text = ""

    async def _measure(self) -> float:
        """The share of the present step that is done."""
        if self._step is InstallStep.DOWNLOAD:
            self._downloads.measured(await asyncio.to_thread(sizes_of, self._temporary, self._downloads.local))
            self._text = self._downloads.words()
            return min(1.0, self._downloads.done / self._download_bytes)
        if self._step is InstallStep.UNPACK and self._unpacking:
            self._unpacking.measured(await asyncio.to_thread(lambda: projects_in(self._packages())))
            self._text = self._unpacking.words() or self._text
            return self._unpacking.share
        return 0.0

    def _tell(self, fraction: float) -> None:
        self._fraction = max(self._fraction, fraction)
        seconds = time.monotonic() - self._began
        self._report(InstallProgress(self._step, self._text, self._fraction, seconds))
