"""What several tests of services begin with: packages made by hand instead of gigabytes, a small Hub, models, chats."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.machine import Machine
from desktop_app.engine import install_plan
from desktop_app.paths import Paths
from desktop_app.services.setup import Setup
from tests.engine.wheelhouse import isolate_pip, make_environment_with_pip, vllm_files
from tests.fakes.hub import FakeHub, running_hub
from tests.services.chat_world import ChatWorld, opened
from tests.services.models_world import CATALOG, OTHER, TINY, World, world

MACHINE = Machine("a processor", 2, 8 << 30, frozenset())


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the only place that pip looks in; and an engine that is as small as what lies there."""
    monkeypatch.setitem(install_plan._DISK_BYTES, EngineKind.CPU, 50_000_000)
    return isolate_pip(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def bare_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but pip, to copy: `venv` takes seconds."""
    return make_environment_with_pip(tmp_path_factory.mktemp("template") / "environment")


@pytest.fixture
def theirs(bare_environment: Path, tmp_path: Path) -> Path:
    """An environment with vLLM 0.33.1 that somebody else made."""
    folder = tmp_path / "theirs"
    shutil.copytree(bare_environment, folder, symlinks=True)
    packages = next(folder.glob("lib/python3.*/site-packages"))
    for name, text in vllm_files("0.33.1").items():
        file = packages / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return folder


class Trier:
    """Stands where a model is started on a new engine, and knows which engines are in use."""

    def __init__(self) -> None:
        self.tried: list[EngineEnvironment] = []
        self.refuses: UserError | None = None
        self.used: list[EngineEnvironment] = []

    async def __call__(self, environment: EngineEnvironment) -> None:
        self.tried.append(environment)
        if self.refuses is not None:
            raise self.refuses

    def in_use(self, environment: EngineEnvironment) -> bool:
        return environment in self.used


@pytest.fixture
def trier() -> Trier:
    return Trier()


@pytest.fixture
def setup(paths: Paths, wheels: Path, bare_environment: Path, trier: Trier) -> Setup:
    """pip is ready, so that an installation comes to the packages at once."""
    shutil.copytree(bare_environment, paths.engines / "installer", symlinks=True)
    return Setup(paths, lambda: MACHINE, trier, trier.in_use)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeHub]:
    """A Hub with two models, as a program of its own."""
    with running_hub(tmp_path, [TINY, OTHER]) as running:
        yield running


@pytest.fixture
async def there(paths: Paths, hub: FakeHub) -> AsyncIterator[World]:
    """The services of models at that Hub."""
    async with world(paths, hub) as made:
        made.catalog = CATALOG
        yield made


@pytest.fixture(name="world")
async def chat_world(tmp_path: Path) -> AsyncIterator[ChatWorld]:
    """The services of chats, without an engine."""
    made = await opened(tmp_path / "c.sqlite3")
    yield made
    await made.close()
    assert made.failures == []
