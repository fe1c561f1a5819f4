"""Energy of processors that are described by files."""

from pathlib import Path

import pytest

from desktop_app.hardware.rapl import Rapl
from tests.hardware.test_cgroup import write

_ZONES = "sys/class/powercap"


def _zone(root: Path, zone: str, name: str, counter: int | str, most: int = 262_143_328_850) -> None:
    write(
        root,
        {
            f"{_ZONES}/{zone}/name": f"{name}\n",
            f"{_ZONES}/{zone}/energy_uj": f"{counter}\n",
            f"{_ZONES}/{zone}/max_energy_range_uj": f"{most}\n",
        },
    )


def test_packages_are_added_up_without_their_parts_and_the_whole_computer(tmp_path: Path) -> None:
    _zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    _zone(tmp_path, "intel-rapl:0:0", "core", 3_000_000)
    _zone(tmp_path, "intel-rapl:1", "package-1", 2_500_000)
    _zone(tmp_path, "intel-rapl:2", "psys", 9_000_000)
    _zone(tmp_path, "intel-rapl-mmio:0", "package-0", 5_000_000)
    assert Rapl(tmp_path).joules() == pytest.approx(7.5)


def test_a_counter_that_starts_again_goes_on(tmp_path: Path) -> None:
    _zone(tmp_path, "intel-rapl:0", "package-0", 9_000_000, most=10_000_000)
    rapl = Rapl(tmp_path)
    told = [rapl.joules()]
    for counter in (9_500_000, 500_000, 1_500_000, 200_000):
        _zone(tmp_path, "intel-rapl:0", "package-0", counter, most=10_000_000)
        told.append(rapl.joules())
    assert told == pytest.approx([9.0, 9.5, 10.5, 11.5, 20.2])


@pytest.mark.parametrize("counter", ["", "a secret", "-5"])
def test_a_package_that_does_not_tell_leaves_the_sum_unknown(tmp_path: Path, counter: str) -> None:
    _zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    _zone(tmp_path, "intel-rapl:1", "package-1", counter)
    assert Rapl(tmp_path).joules() is None


def test_counters_that_may_not_be_read_are_unknown(tmp_path: Path) -> None:
    _zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    counter = tmp_path / _ZONES / "intel-rapl:0" / "energy_uj"
    counter.unlink()
    counter.mkdir()  # not even root can read it
    assert Rapl(tmp_path).joules() is None


def test_a_computer_without_such_counters(tmp_path: Path) -> None:
    assert Rapl(tmp_path).joules() is None
