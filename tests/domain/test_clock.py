"""The clock of Monitor."""

from pathlib import Path

import pytest

from desktop_app.domain.clock import seconds_now


def test_it_never_goes_back() -> None:
    told = [seconds_now() for _ in range(1000)]
    assert told == sorted(told)


@pytest.mark.skipif(not Path("/proc/uptime").exists(), reason="another kernel's clock")
def test_it_counts_from_the_start_of_the_computer_and_its_sleep_counts() -> None:
    assert seconds_now() == pytest.approx(float(Path("/proc/uptime").read_text().split()[0]), abs=60)
