"""The services of models with real folders and a database, beside a small Hub in a process of its own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import keyring
from keyring.backends.fail import Keyring as NoKeyring

from desktop_app.domain.catalog import Catalog, CatalogModel
from desktop_app.domain.errors import UserError
from desktop_app.domain.fit import Measured
from desktop_app.domain.geometry import Geometry
from desktop_app.domain.launch import FlagValue, ModelRef
from desktop_app.domain.library import Condition, DownloadStage, DownloadStatus
from desktop_app.domain.machine import Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.domain.tiers import tier_of
from desktop_app.hub import local
from desktop_app.hub.shelf import Places
from desktop_app.paths import Paths, resources
from desktop_app.services.downloads import Downloads
from desktop_app.services.hub_access import HubAccess
from desktop_app.services.models import Models, Sources
from desktop_app.services.models_view import ModelDetail, ModelRow
from desktop_app.services.tasks import Tasks
from desktop_app.store.database import Database
from desktop_app.store.settings import Settings
from desktop_app.store.tokens import Tokens
from tests.conftest import reach
from tests.fakes.hub import FakeHub, Repo

MACHINE = Machine("a processor", 8, 16 << 30, frozenset({"avx2", "avx512f"}), available_bytes=12 << 30)
TINY = Repo("guide/tiny", folder=resources() / "guide")
GB = 1 << 30
SHAPE = Geometry(28, 0, 0, 2048, 16, 8, 32_768, 150_000, 2048)
OTHER = Repo("guide/other", TINY.folder)


def spec(name: str, gigabytes: float, quantization: str = "") -> ModelSpec:
    size = int(gigabytes * GB)
    return ModelSpec(name, SHAPE, size, size // 2, dtype="bfloat16", quantization=quantization)


def model(name: str, gigabytes: float, *siblings: ModelSpec) -> CatalogModel:
    return CatalogModel(spec(name, gigabytes), "Good.", "apache-2.0", commit="c" * 40, siblings=siblings)


SMALL = spec("them/large-awq", 3, "awq")
CATALOG = Catalog(
    (model("them/small", 1), model("them/large", 30, SMALL), model("guide/tiny", 0.01)),
    {tier_of(MACHINE).name: ("them/large", "them/small", "guide/tiny")},
)


@dataclass
class World:
    """Everything around the Models page; what it asks of the rest of the program can be changed."""

    paths: Paths
    settings: Settings
    tokens: Tokens
    access: HubAccess
    tasks: Tasks
    failed: list[BaseException]
    downloads: Downloads
    catalog: Catalog = field(default_factory=Catalog)
    machine: Machine = MACHINE
    caches: tuple[Path, ...] = ()
    flags: list[tuple[ModelRef, tuple[tuple[str, FlagValue | None], ...]]] = field(default_factory=list)
    running: dict[str, int] = field(default_factory=dict)
    """What each model that runs was promised, by its key."""
    measured: dict[str, Measured] = field(default_factory=dict)
    looks: int = 0
    stops: int = 0

    def models(self) -> Models:
        """A page's service, as if the program had just begun."""
        sources = Sources(
            machine=self._look,
            environment=lambda: None,
            places=self._places,
            catalog=lambda: self.catalog,
            apply_flags=self._apply,
            stop_engines=self._stop,
            in_use=lambda key: key in self.running,
            taken_bytes=lambda key: sum(size for one, size in self.running.items() if one != key),
            own_bytes=lambda key: self.running.get(key, 0),
            measured=self.measured.get,
        )
        return Models(sources, self.settings, self.access, self.downloads, self.tasks)

    def status(self, repo_id: str = TINY.id) -> DownloadStatus:
        """Where a download stands."""
        status = self.downloads.state.value.find(repo_id)
        assert status is not None
        return status

    async def at(self, stage: DownloadStage, repo_id: str = TINY.id) -> DownloadStatus:
        """Where a download stands once it has come to *stage*."""
        await reach(lambda: self.status(repo_id).stage is stage, f"{repo_id} {stage.value}: {self.status(repo_id)}")
        return self.status(repo_id)

    async def moving(self, repo_id: str = TINY.id, least: int = 1) -> None:
        """Wait until so many of its bytes came."""
        await reach(lambda: self.status(repo_id).done_bytes >= least, f"{least} bytes")

    def _look(self) -> Machine:
        self.looks += 1
        return self.machine

    def _places(self) -> Places:
        return Places(local.guide(resources()), self.paths.models, self.caches, self.settings.model_folders, ())

    async def _apply(self, model: ModelRef, flags: tuple[tuple[str, FlagValue | None], ...]) -> None:
        if not flags[0][1]:
            raise UserError("This cannot be set.")
        self.flags.append((model, flags))

    async def _stop(self) -> None:
        self.stops += 1
        self.running.clear()


@asynccontextmanager
async def world(paths: Paths, hub: FakeHub | None, environ: Mapping[str, str] | None = None) -> AsyncIterator[World]:
    """One run of the program on a data folder."""
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # that of whoever runs the tests is none of their business
    database = Database(paths.database)
    await database.open()
    settings = Settings(database)
    await settings.load()
    tokens = Tokens(paths.token)
    around = {"HF_ENDPOINT": hub.endpoint} if hub else {}
    access = HubAccess(settings, tokens, {**around, **(environ or {})})
    access.load()
    failed: list[BaseException] = []
    tasks = Tasks(lambda _name, error: failed.append(error))
    downloads = Downloads(paths.models, access, tasks)
    try:
        yield World(paths, settings, tokens, access, tasks, failed, downloads)
    finally:
        await downloads.shutdown()
        await tasks.shutdown()
        await database.close()
    assert not failed


async def opened(there: World) -> Models:
    models = there.models()
    await models.open()
    return models


def row_of(models: Models, name: str) -> ModelRow:
    return next(row for row in models.state.value.discover if row.name == name)


def here(models: Models, name: str) -> ModelRow:
    return next(row for row in models.state.value.local if row.name == name)


def condition(models: Models, name: str) -> Condition | None:
    found = [row.local.condition for row in models.state.value.local if row.name == name and row.local]
    return found[0] if found else None


def detail_of(models: Models) -> ModelDetail:
    assert models.detail.value is not None
    return models.detail.value


async def downloaded(there: World, models: Models) -> ModelRow:
    await there.downloads.start(TINY.id)
    await there.at(DownloadStage.DONE)
    await reach(lambda: any(row.name == TINY.id for row in models.state.value.local), "the model in the list")
    return here(models, TINY.id)


def title_of(models: Models) -> str:
    """What failed last; empty for nothing."""
    error = models.state.value.error
    return error.title if error else ""
