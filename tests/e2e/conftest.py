"""What the end-to-end tests share: one private desktop, data folders with short names, pictures of failures."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from desktop_app.paths import Paths
from tests import engine_cache
from tests.conftest import wait_until
from tests.e2e import traces
from tests.e2e.desktop import SYSTEM_PYTHON, Desktop

_FIRST = "test_main_job.py"
_FAILED = pytest.StashKey[bool]()
_NEEDED = (
    *("Xvfb", "xdotool", "dbus-run-session", SYSTEM_PYTHON),
    *("/usr/libexec/at-spi-bus-launcher", "/usr/lib/python3/dist-packages/pyatspi"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The main job first: where there is no engine yet, it is the window that installs it."""
    places = [index for index, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    ours = sorted((items[index] for index in places), key=lambda item: item.path.name != _FIRST)
    for index, item in zip(places, ours, strict=True):
        items[index] = item


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test failed, for the picture."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A folder with a short name: paths of sockets are limited to 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="vd-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def whole_desktop(short_folder: Path) -> Iterator[Desktop]:
    """The one desktop of this run."""
    missing = [name for name in _NEEDED if not (shutil.which(name) or Path(name).exists())]
    if missing:
        message = f"not installed here: {', '.join(missing)} (python3 packaging/system_libs.py --tests)"
        assert os.environ.get("CI") != "true", message
        pytest.skip(message)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(short_folder / "runtime"))
        made = Desktop(short_folder)
        yield made
        made.close()


@pytest.fixture
def desktop(whole_desktop: Desktop, request: pytest.FixtureRequest) -> Iterator[Desktop]:
    """The desktop, with no program open; a failing test leaves a picture in `build/e2e`."""
    yield whole_desktop
    _put_away(whole_desktop, request)


@pytest.fixture
def data(desktop: Desktop, short_folder: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """An empty data folder; afterwards nothing may be left of it."""
    folder = Path(tempfile.mkdtemp(dir=short_folder, prefix="d-"))
    yield folder
    _put_away(desktop, request)
    nothing_left(folder)


def _put_away(desktop: Desktop, request: pytest.FixtureRequest) -> None:
    if desktop.in_use and request.node.stash.get(_FAILED, False):
        desktop.picture(request.node.name)
    desktop.clear()


@pytest.fixture
def engine_data(data: Path) -> Path:
    """A data folder in which the real engine is installed."""
    engine_cache.borrow(Paths(data))
    return data


def nothing_left(data: Path, seconds: float = 60) -> None:
    """Wait until no process has to do with *data* any more and the socket is gone."""
    wait_until(lambda: not traces.processes_of(data), f"no process of {data}", seconds)
    assert Paths(data).engine_sockets() == []
