"""Looking after models on this computer: the folders that they lie in, checking, repairing and deleting them.

A part of `services/models`, which hands its verbs on.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.library import Condition, Deletion, LocalModel
from desktop_app.domain.units import disk_words
from desktop_app.services import models_check
from desktop_app.services.downloads import Downloads
from desktop_app.services.models_overview import Overview, Sources
from desktop_app.store.settings import Settings

# ruff: noqa: PLC0415 - what looks at folders is imported when the page is opened: no window waits for it


class Care:
    """Looks after models.

    Args:
        sources: what the rest of the program knows and does.
        settings: keeps the folders that somebody added.
        downloads: fetches what is missing.
        overview: where models are found, and where is told what came of it.
    """

    def __init__(self, sources: Sources, settings: Settings, downloads: Downloads, overview: Overview) -> None:
        self._sources = sources
        self._settings = settings
        self._downloads = downloads
        self._overview = overview
        self._check: tuple[str, models_check.Check] | None = None

    @property
    def checking(self) -> str:
        """The key of the model whose files are being compared; empty for none."""
        return self._check[0] if self._check is not None else ""

    async def add_folder(self, folder: Path) -> LocalModel | None:
        """Show the models in a folder from now on; the first of them. Errors are published, also that there is none."""
        from desktop_app.hub.places import folder_named

        folder = await asyncio.to_thread(folder_named, str(folder))
        self._overview.change(error=None)
        kept = self._settings.model_folders
        try:
            await asyncio.to_thread(self._must_hold_models, folder)
            if folder not in kept:
                await self._settings.set_model_folders((*kept, folder))
        except UserError as error:
            self._overview.change(error=error)
            return None
        await self._overview.look()
        models = (row.local for row in self._overview.rows.local)
        return next((model for model in models if model is not None and _is_in(model, folder)), None)

    async def remove_folder(self, folder: Path) -> None:
        """Do not show the models in a folder any more; their files stay. Errors are published.

        For a folder inside one that was added it is that one.
        """
        kept = self._settings.model_folders
        around = [one for one in kept if one == folder or one in folder.parents]
        gone = max(around, key=lambda one: len(one.parts), default=None)
        if gone is None:
            reason = "It lies in a folder that is always looked at. Move the model elsewhere, or delete it there."
            self._overview.change(error=UserError("This folder was not added by hand.", reason))
            return
        try:
            await self._settings.set_model_folders([one for one in kept if one != gone])
        except UserError as error:
            self._overview.change(error=error)
        else:
            self._overview.change(note=f"Off the list: {gone}. Its files are where they were.", error=None)
        await self._overview.look()

    async def deletion(self, key: str) -> Deletion | None:
        """What deleting the model of a row would do; None for what is not on this computer. Errors are published."""
        from desktop_app.hub import shelf

        local = self._overview.local(key)
        if local is None:
            return None
        try:
            return await asyncio.to_thread(lambda: shelf.deletion(local, self._sources.places()))
        except UserError as error:
            self._overview.tell(key, error=error)
            return None

    async def delete(self, key: str) -> None:
        """Delete the model of a row, after the person was shown what that does; errors are published with it."""
        from desktop_app.hub import shelf

        local = self._overview.local(key)
        if local is None:
            return
        key = local.ref.key
        if self._sources.in_use(key):
            title = f"{local.repo_id or local.ref.name} is running."
            self._overview.tell(key, error=UserError(title, "Stop it, then delete it."))
            return
        try:
            await self._downloads.release(local.ref.folder)
            freed = await asyncio.to_thread(lambda: shelf.delete(local, self._sources.places()))
        except UserError as error:
            self._overview.tell(key, error=error)
        else:
            self._overview.set_damage(key, None)
            self._overview.change(note=f"Deleted: {disk_words(freed)} are free again.")
        await self._overview.look()

    async def verify(self, key: str) -> None:
        """Compare every file of a model with its published hash; what was found is told with it.

        One model at a time; `stop_verifying()` ends it.
        """
        from desktop_app.hub.verify import doubt

        local = self._overview.local(key)
        if local is None or self._check is not None:
            return
        key = local.ref.key
        check = models_check.Check(local.ref.folder, lambda share: self._on_checked(key, share))
        self._check = (key, check)
        self._overview.tell(key, checking=0.0, note="", error=None)
        try:
            found = await check.run()
            await asyncio.to_thread(doubt, local.ref.folder, found)
        except UserError as error:
            self._overview.tell(key, error=error)
            return
        finally:
            self._check = None
            self._overview.tell(key, checking=None)
        self._overview.tell(key, note=models_check.words(found))
        if (found.wrong or found.missing) and local.condition is not Condition.UNFINISHED:
            self._overview.set_damage(key, models_check.damage(found))
        elif found.whole:
            self._overview.set_damage(key, None)
        await self._overview.judge()

    def stop_verifying(self) -> None:
        """End the comparison that is under way."""
        if self._check is not None:
            self._check[1].stop()

    async def repair(self, key: str) -> None:
        """Fetch again what is wrong or missing of the model of a row; errors are published with it."""
        local = self._overview.local(key)
        if local is None:
            return
        if not local.repo_id:
            reason = "It is not known where this model came from. Copy it into its folder once more, or choose another."
            error = UserError("This model cannot be repaired from here.", reason, Remedy.CHOOSE_MODEL)
            self._overview.tell(local.ref.key, error=error)
            return
        await self._downloads.repair(local)

    def _must_hold_models(self, folder: Path) -> None:
        """Refuse a folder with nothing in it that could be a model, in the words of whoever looked; blocks."""
        from desktop_app.hub import shelf

        places = self._sources.places()
        models = [one for one in shelf.scan(replace(places, added=(*places.added, folder))) if _is_in(one, folder)]
        if any(one.ref.folder != folder for one in models) or (folder / "config.json").exists():
            return
        problem = next((one.problem for one in models if one.problem), None)
        raise problem or UserError("There is no model in this folder.", str(folder), Remedy.CHOOSE_MODEL)

    def _on_checked(self, key: str, share: float) -> None:
        if self._check is not None and self._check[0] == key:
            self._overview.tell(key, checking=share)


def _is_in(model: LocalModel, folder: Path) -> bool:
    return folder == model.ref.folder or folder in model.ref.folder.absolute().parents
