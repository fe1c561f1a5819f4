"""What the processor takes of energy, as it counts it itself (RAPL). Owned by `sampling_helper`; reads only.

The kernel shows a counter for each processor package (https://docs.kernel.org/power/powercap/powercap.html). On most
systems only root may read it, since its steps tell secrets (CVE-2020-8694); then nothing is known.
"""

from pathlib import Path

_ZONES = "sys/class/powercap"
_MICRO = 1e-6


class Rapl:
    """Adds up the packages' counters.

    Args:
        root: the folder that stands for `/`.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        # `intel-rapl:0:0` is a part of `intel-rapl:0`, and a zone named `psys` the whole computer.
        zones = (zone for zone in sorted((root / _ZONES).glob("intel-rapl:*")) if zone.name.count(":") == 1)
        self._packages = [_Package(zone) for zone in zones if _text(zone / "name").startswith("package")]

    def joules(self) -> float | None:
        """Energy that all packages took since some moment; None when one of them does not tell.

        To be asked at least every few minutes: a counter starts again from 0 after some hundred thousand joules.
        """
        told = [package.joules() for package in self._packages]
        return sum(joules for joules in told if joules is not None) if told and None not in told else None


class _Package:
    """One processor package."""

    def __init__(self, zone: Path) -> None:
        self._counter = zone / "energy_uj"
        self._range = _integer(zone / "max_energy_range_uj") or 0
        self._last = 0
        self._before = 0
        """What the counter had reached each time that it started again."""

    def joules(self) -> float | None:
        now = _integer(self._counter)
        if now is None:
            return None
        if now < self._last:
            self._before += self._range
        self._last = now
        return (self._before + now) * _MICRO


def _integer(file: Path) -> int | None:
    text = _text(file).strip()
    return int(text) if text.isdigit() else None


def _text(file: Path) -> str:
    """A small file of the kernel; nothing when it is not there or not ours to read."""
    try:
        return file.read_text("ascii", "replace")
    except OSError:
        return ""
