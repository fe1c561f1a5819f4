"""What there is, judged: the machine, the models on this computer, the catalogue, and what the Hub said.

Owns the states that `services/models` publishes; `services/models_care` tells here what came of its work.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desktop_app.domain.catalog import Catalog
from desktop_app.domain.errors import UserError
from desktop_app.domain.fit import Measured, Wish
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import FlagValue, ModelRef
from desktop_app.domain.library import HubModel, LocalModel
from desktop_app.domain.machine import Machine
from desktop_app.domain.observable import Observable
from desktop_app.services.models_check import with_damage
from desktop_app.services.models_detail import drawn
from desktop_app.services.models_rows import Rows, Seen, make_rows
from desktop_app.services.models_view import ModelDetail, ModelsState

if TYPE_CHECKING:
    from desktop_app.hub.shelf import Places


@dataclass(frozen=True)
class Sources:
    """What the rest of the program knows and does."""

    machine: Callable[[], Machine]
    """Describes the computer; blocks, and may raise UserError."""
    environment: Callable[[], EngineEnvironment | None]
    """The chosen engine's."""
    places: Callable[[], "Places"]
    """Where models lie; blocks."""
    catalog: Callable[[], Catalog]
    """The models that are known by heart; blocks, and may raise UserError."""
    apply_flags: Callable[[ModelRef, tuple[tuple[str, FlagValue | None], ...]], Awaitable[None]]
    """Sets flags of vLLM for a model on this computer; raises UserError."""
    stop_engines: Callable[[], Awaitable[None]]
    in_use: Callable[[str], bool] = lambda _key: False
    """Whether the model with a key runs."""
    taken_bytes: Callable[[str], int] = lambda _key: 0
    """Memory promised to engines of ours other than that of a model, by its key; of all of them for the empty one."""
    own_bytes: Callable[[str], int] = lambda _key: 0
    """Memory that a model has because it runs, by its key."""
    measured: Callable[[str], Measured | None] = lambda _key: None
    """What the engine said of a model when it was started last, by its key."""


class Overview:
    """Sees and judges.

    Args:
        sources: what the rest of the program knows and does.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._machine: Machine | None = None
        self._catalog: Catalog | None = None
        self._local: tuple[LocalModel, ...] = ()
        self._found: tuple[HubModel, ...] = ()
        self._looked: dict[str, HubModel] = {}
        self._opened: list[str] = []
        self._damaged: dict[str, UserError] = {}
        self._seen: Seen | None = None
        self._looking = asyncio.Lock()
        self._looker_waits = False
        self._judging = asyncio.Lock()
        self._looked_at: float | None = None
        self.rows = Rows("", (), ())
        self.state = Observable(ModelsState())
        self.detail: Observable[ModelDetail | None] = Observable(None)

    @property
    def age(self) -> float | None:
        """Seconds since machine and folders were looked at; None before that."""
        return None if self._looked_at is None else time.monotonic() - self._looked_at

    async def look(self) -> None:
        """Look at machine and folders again, and judge everything anew; errors are published."""
        if self._looker_waits:
            async with self._looking:
                return  # it had not begun yet, so it saw what is now
        self._looker_waits = True
        async with self._looking:
            self._looker_waits = False
            self._looked_at = time.monotonic()
            self.change(looking=True)
            try:
                await self._look_around()
            finally:
                self.change(looking=False)

    async def judge(self) -> None:
        """Make the rows anew, in a thread, and publish them at once."""
        async with self._judging:
            if self._machine is None:
                return
            seen = self._seen = self._all_seen(self._machine)
            rows = self.rows = await asyncio.to_thread(make_rows, seen)
            self.change(machine=seen.machine, tier=rows.tier, local=rows.local, discover=rows.discover)
            detail = self.detail.value
            if detail is not None:
                row = rows.find(detail.row.key) or rows.find(detail.row.repo_id)
                self.detail.set(drawn(detail, row, detail.wish, seen) if row is not None else None)

    def set_found(self, found: tuple[HubModel, ...]) -> bool:
        """Take what a search brought; whether that is anything new."""
        changed, self._found = found != self._found, found
        return changed

    def add_looked(self, repo_id: str, model: HubModel) -> None:
        """Take what the Hub said of the repository that was asked for; it may have another name by now."""
        self._looked[model.repo_id.lower()] = self._looked[repo_id.lower()] = model

    def put_first(self, repo_id: str) -> None:
        """Have a row for a repository, as the first one."""
        name = repo_id.lower()
        self._opened = [name, *(one for one in self._opened if one != name)]

    def set_damage(self, key: str, problem: UserError | None) -> None:
        """Take what a comparison of a model's files found; None when they are whole."""
        if problem is None:
            self._damaged.pop(key, None)
        else:
            self._damaged[key] = problem

    def show(self, key: str, checking: float | None) -> None:
        """Look at the model of a row more closely; an empty key is none."""
        row = self.rows.find(key)
        if row is None or self._seen is None:
            self.detail.set(None)
            return
        before = self.detail.value
        if before is None or before.row.key != row.key:
            self.detail.set(drawn(ModelDetail(row, checking=checking), row, Wish(), self._seen))

    def wish(self, wish: Wish) -> None:
        """Judge the model that is looked at for another wish."""
        detail = self.detail.value
        if detail is not None and self._seen is not None:
            self.detail.set(drawn(detail, detail.row, wish, self._seen))

    def local(self, key: str) -> LocalModel | None:
        """The model of a row, if it is on this computer."""
        row = self.rows.find(key)
        return row.local if row else None

    def tell(self, key: str, **changes: object) -> None:
        """Publish something about the model of a row, while it is the one that is looked at."""
        detail = self.detail.value
        if detail is not None and detail.row.key == key:
            self.detail.set(replace(detail, **changes))  # type: ignore[arg-type]  # names are `models_view`'s own

    def change(self, **changes: object) -> None:
        """Publish something about all."""
        self.state.set(replace(self.state.value, **changes))  # type: ignore[arg-type]  # names are `models_view`'s own

    async def _look_around(self) -> None:
        """See what there is, and judge it. What cannot be read is published, and the rest is shown."""
        error: UserError | None = None
        for part in (self._read_machine, self._read_catalog, self._read_shelf):
            try:
                await asyncio.to_thread(part)
            except UserError as failure:
                error = error or failure
        if error is not None:
            self.change(error=error)
        await self.judge()

    def _read_machine(self) -> None:
        self._machine = self._sources.machine()

    def _read_catalog(self) -> None:
        if self._catalog is None:
            self._catalog = self._sources.catalog()

    def _read_shelf(self) -> None:
        from desktop_app.hub import shelf  # noqa: PLC0415 - no window waits for it

        self._local = shelf.scan(self._sources.places())

    def _all_seen(self, machine: Machine) -> Seen:
        environment = self._sources.environment()
        keys = [model.ref.key for model in self._local]
        return Seen(
            machine=machine,
            engine=environment.kind if environment else None,
            catalog=self._catalog or Catalog(),
            local=tuple(with_damage(model, self._damaged.get(model.ref.key)) for model in self._local),
            found=self._found,
            looked=dict(self._looked),
            opened=tuple(self._opened),
            taken={key: self._sources.taken_bytes(key) for key in ("", *keys)},
            own={key: self._sources.own_bytes(key) for key in keys},
            measured=self._sources.measured,
        )
