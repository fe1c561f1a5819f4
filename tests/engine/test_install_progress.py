"""How far an installation is said to be, and how long it will still take."""

import time
from pathlib import Path

import pytest

from desktop_app.domain.installation import CheckProgress, InstallProgress, InstallStep
from desktop_app.engine import install_progress
from desktop_app.engine.install_progress import Downloads, ProgressKeeper, Unpacking

TORCH = "torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl"


class Clock:
    """Time as the tests say it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_growing_file_moves_the_bar_and_is_named(clock: Clock) -> None:
    downloads = Downloads([TORCH, "small-1.0-py3-none-any.whl"])
    downloads.sizes({TORCH: 8_000_000, "small-1.0-py3-none-any.whl": 2_000_000})
    downloads.measured({})
    clock.now += 4
    downloads.measured({TORCH: 2_000_000})
    assert downloads.words() == "2 of 10 MB, torch 2.13.0"
    assert downloads.share == pytest.approx(0.2)
    assert downloads.left() == pytest.approx(16)


def test_what_was_there_before_does_not_count_as_fast(clock: Clock) -> None:
    downloads = Downloads([TORCH])
    downloads.sizes({TORCH: 10_000_000})
    downloads.measured({TORCH: 8_000_000})
    clock.now += 10
    downloads.measured({TORCH: 9_000_000})
    assert downloads.left() == pytest.approx(10)


def test_a_server_that_does_not_say_how_much_leads_to_no_wrong_number(clock: Clock) -> None:
    downloads = Downloads([TORCH])
    assert downloads.left() is None
    downloads.measured({TORCH: 3_000_000})
    assert downloads.share <= 1.0
    assert downloads.words().startswith("3 of 3 MB")


def test_unpacking_counts_by_size(clock: Clock) -> None:
    unpacking = Unpacking({"small": 100_000, "big-one": 9_900_000})
    clock.now += 5
    unpacking.measured(["small", "of-somebody-else"])
    assert unpacking.words() == "1 of 2 packages"
    assert unpacking.share == pytest.approx(0.01)
    unpacking.measured(["big-one"])
    assert (unpacking.share, unpacking.left()) == (1.0, 0.0)


def test_the_number_never_goes_back_and_the_phases_neither(clock: Clock) -> None:
    reports: list[InstallProgress] = []
    keeper = ProgressKeeper(reports.append)
    downloads = Downloads([TORCH])
    downloads.sizes({TORCH: 100})
    downloads.measured({TORCH: 90})
    for _attempt in range(2):
        keeper.enter(InstallStep.RESOLVE)
        keeper.line("Collecting torch")
        keeper.enter(InstallStep.DOWNLOAD)
        keeper.downloads(downloads)
        keeper.enter(InstallStep.INSTALL)
    keeper.enter(InstallStep.VERIFY)
    keeper.checked(CheckProgress("x", 10, 100))
    keeper.enter(InstallStep.TRY)
    keeper.done()
    fractions = [report.fraction or 0.0 for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    steps = [list(InstallStep).index(report.step) for report in reports]
    assert steps == sorted(steps)


def test_seconds_left_are_of_all_phases_to_come(clock: Clock) -> None:
    reports: list[InstallProgress] = []
    keeper = ProgressKeeper(reports.append)
    keeper.enter(InstallStep.RESOLVE)
    assert [report.left for report in reports] == [None]
    keeper.enter(InstallStep.VERIFY)
    first = reports[-1].left
    clock.now += 5
    keeper.enter(InstallStep.VERIFY)
    keeper.done()
    assert [report.left for report in reports[1:]] == [first, pytest.approx((first or 0.0) - 5), 0.0]


def test_a_file_that_disappears_while_it_is_measured_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "pip-unpack-x").mkdir()
    (tmp_path / "pip-unpack-x" / "gone-1.0-py3-none-any.whl").symlink_to(tmp_path / "nowhere")
    (tmp_path / "pip-unpack-x" / TORCH).write_bytes(b"12345")
    assert install_progress.sizes_of(tmp_path) == {TORCH: 5}
