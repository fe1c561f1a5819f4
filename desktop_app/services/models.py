"""The story of choosing a model: what is on this computer, what there is to discover, and how each would run here.

Publishes `ModelsState`, and the `ModelDetail` of the model that is looked at more closely. The Models page draws them
and calls the verbs. The Hub is asked when somebody searches, names a repository or wants to see more of one, never
otherwise.
"""

import asyncio
from pathlib import Path

from desktop_app.domain.errors import UserError
from desktop_app.domain.fit import Proposal, Wish
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import Deletion, DownloadStage, HubModel
from desktop_app.domain.observable import Observable
from desktop_app.services.downloads import Downloads
from desktop_app.services.hub_access import HubAccess
from desktop_app.services.models_care import Care
from desktop_app.services.models_overview import Overview, Sources
from desktop_app.services.models_view import DownloadsState, HubState, ModelDetail, ModelRow, ModelsState
from desktop_app.services.tasks import Tasks
from desktop_app.store.settings import Settings

__all__ = ["Models", "Sources"]

_STALE_SECONDS = 30.0
"""After which opening the page looks at machine and folders again."""

_SEEN_ON_DISK = (DownloadStage.RUNNING, DownloadStage.PAUSED, DownloadStage.FAILED, DownloadStage.DONE)
"""Stages of a download at the beginning of which there is something else to see in its folder."""


class Models:
    """Finds, judges and looks after models.

    Args:
        sources: what the rest of the program knows and does.
        settings: keeps the folders that somebody added.
        access: the way to the Hub.
        downloads: fetches models.
        tasks: runs what nobody waits for.
    """

    def __init__(
        self, sources: Sources, settings: Settings, access: HubAccess, downloads: Downloads, tasks: Tasks
    ) -> None:
        self._sources = sources
        self._access = access
        self._downloads = downloads
        self._tasks = tasks
        self._overview = Overview(sources)
        self._care = Care(sources, settings, downloads, self._overview)
        self._searches = 0
        self._settled: frozenset[tuple[str, DownloadStage]] = frozenset()
        access.state.watch(self._on_access_changed)
        downloads.state.watch(self._on_downloads_changed)

    @property
    def state(self) -> Observable[ModelsState]:
        """The lists."""
        return self._overview.state

    @property
    def detail(self) -> Observable[ModelDetail | None]:
        """The model that is looked at more closely."""
        return self._overview.detail

    async def open(self) -> None:
        """Show the page: machine and folders are looked at when that was some time ago. No network is asked."""
        age = self._overview.age
        if age is None or age > _STALE_SECONDS:
            await self.look()

    async def refresh(self) -> None:
        """Look again because something changed; nothing happens before the page was opened."""
        if self._overview.age is not None:
            await self.look()

    async def look(self) -> None:
        """Look at machine and folders again, and judge everything anew; errors are published."""
        await self._overview.look()

    async def search(self, text: str) -> None:
        """Ask the Hub for models; an empty text ends the search. Errors are published."""
        self._searches += 1
        number, text = self._searches, text.strip()
        self._overview.change(searched=text, searching=bool(text), error=None)
        found: tuple[HubModel, ...] = ()
        error: UserError | None = None
        try:
            if text:
                found = await asyncio.to_thread(lambda: self._access.hub().search(text))
        except UserError as failure:
            error = failure
        if number != self._searches:
            return  # somebody searched for something else meanwhile
        self._overview.change(searching=False, error=error)
        if self._overview.set_found(found):
            await self._overview.judge()

    async def open_address(self, text: str) -> None:
        """Show the model that somebody named, by its repository, a link to it or a folder; errors are published."""
        from desktop_app.hub.remote import read_address  # noqa: PLC0415 - no window waits for it

        if text.strip().startswith(("/", "~")):
            await self.add_folder(Path(text.strip()))
            return
        self._overview.change(searching=True, error=None)
        try:
            repo_id, revision = read_address(text)
            model = await asyncio.to_thread(self._ask, repo_id, revision)
        except UserError as error:
            self._overview.change(error=error)
            return
        finally:
            self._overview.change(searching=False)
        self._overview.put_first(model.repo_id)
        await self._overview.judge()
        await self.select(model.repo_id)

    async def select(self, key: str) -> None:
        """Look at the model of a row more closely; an empty key is none. The Hub is not asked."""
        self._overview.show(key, 0.0 if key and key == self._care.checking else None)

    async def look_closer(self) -> None:
        """Ask the Hub about the model that is looked at; errors are published with it."""
        detail = self.detail.value
        if detail is None or not detail.row.repo_id or detail.looking:
            return
        key, repo_id = detail.row.key, detail.row.repo_id
        earlier = detail.row.found.commit if detail.row.found else ""
        self._overview.tell(key, looking=True, error=None)
        try:
            await asyncio.to_thread(self._ask, repo_id, earlier)
        except UserError as error:
            self._overview.tell(key, error=error)
            return
        finally:
            self._overview.tell(key, looking=False)
        await self._overview.judge()

    def set_wish(self, wish: Wish) -> None:
        """Say how the model that is looked at is meant to be used: context, people, format. Takes milliseconds."""
        self._overview.wish(wish)

    async def apply(self, proposal: Proposal) -> None:
        """Do what was proposed for the model that is looked at; errors are published with it.

        Closing another program is left to the person; the machine is only looked at again.
        """
        detail = self.detail.value
        if detail is None:
            return
        if proposal.stop:
            await self._sources.stop_engines()
        if proposal.stop or proposal.program:
            await self.look()
        if proposal.sibling:
            self._overview.put_first(proposal.sibling)
            await self._overview.judge()
            await self.select(proposal.sibling)
        if proposal.wish is not None:
            self.set_wish(proposal.wish)
        if proposal.flags and detail.row.local is not None and not proposal.sibling:
            await self._set_flags(detail.row.key, detail.row.local.ref, proposal)

    async def download(self, key: str) -> None:
        """Fetch the model of a row, in the version that its figures are of, or else the newest."""
        row = self._overview.rows.find(key)
        if row is not None and row.repo_id:
            await self._downloads.start(row.repo_id, _version(row))

    async def add_folder(self, folder: Path) -> None:
        """Show the models in a folder from now on, where they are; errors are published, also that there is none."""
        model = await self._care.add_folder(folder)
        if model is not None:
            await self.select(model.ref.key)

    async def remove_folder(self, folder: Path) -> None:
        """Do not show the models in a folder any more; their files stay. Errors are published.

        For a folder inside one that was added it is that one.
        """
        await self._care.remove_folder(folder)

    async def deletion(self, key: str) -> Deletion | None:
        """What deleting the model of a row would do; None for what is not on this computer. Errors are published."""
        return await self._care.deletion(key)

    async def delete(self, key: str) -> None:
        """Delete the model of a row, after the person was shown what that does; errors are published with it."""
        await self._care.delete(key)

    async def verify(self, key: str) -> None:
        """Compare every file of a model with its published hash; what was found is told with it.

        One model at a time; `stop_verifying()` ends it.
        """
        await self._care.verify(key)

    def stop_verifying(self) -> None:
        """End the comparison that is under way."""
        self._care.stop_verifying()

    async def repair(self, key: str) -> None:
        """Fetch again what is wrong or missing of the model of a row; errors are published with it."""
        await self._care.repair(key)

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        self._overview.change(error=None)
        if self.detail.value is not None:
            self._overview.tell(self.detail.value.row.key, error=None)

    def _ask(self, repo_id: str, revision: str) -> HubModel:
        """Look at a repository; blocks. Raises UserError."""
        model = self._access.hub().look(repo_id, revision)
        self._overview.add_looked(repo_id, model)
        return model

    async def _set_flags(self, key: str, ref: ModelRef, proposal: Proposal) -> None:
        try:
            await self._sources.apply_flags(ref, proposal.flags)
        except UserError as error:
            self._overview.tell(key, error=error)
            return
        self._overview.tell(key, note="Set for this model; it holds from its next start.", error=None)

    def _on_access_changed(self, access: HubState) -> None:
        self._overview.change(offline=access.offline)

    def _on_downloads_changed(self, state: DownloadsState) -> None:
        """What is on this computer changes when files begin to come, a download comes to rest, or is thrown away."""
        for one in state.downloads:
            if one.model is not None:
                self._overview.set_damage(one.model.key, None)
        steps = ((one.repo_id, one.stage) for one in state.downloads)
        settled = frozenset(step for step in steps if step[1] in _SEEN_ON_DISK)
        if settled != self._settled:
            self._settled = settled
            if self._overview.age is not None:
                self._tasks.start(self.refresh(), name="look at the models")


def _version(row: ModelRow) -> str:
    """The commit that a download of *row* fetches: what was begun, what the Hub said, what the catalogue knows.

    Empty where nobody says one: the newest.
    """
    said = [row.local.commit if row.local else "", row.found.commit if row.found else ""]
    return next(filter(None, [*said, row.known.commit if row.known else ""]), "")
