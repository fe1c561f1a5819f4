"""The story of the first run: get an engine, start the Guide, and from then on go straight to the chat."""

from collections.abc import Awaitable
from pathlib import Path

from desktop_app.domain.launch import ModelRef
from desktop_app.domain.observable import Observable
from desktop_app.services.serving import Serving
from desktop_app.services.setup import Setup
from desktop_app.store.settings import Settings


class FirstRun:
    """Joins set-up and serving: the first installation is followed by the Guide; later ones leave what runs alone."""

    def __init__(self, setup: Setup, serving: Serving, settings: Settings, guide: ModelRef) -> None:
        self._setup = setup
        self._serving = serving
        self._settings = settings
        self._guide = guide
        self.done = Observable(setup.state.value.environment is not None)
        """True as soon as the welcome page has nothing more to say."""

    async def run(self) -> bool:
        """Install the engine if there is none, then start the Guide; True when it is ready."""
        if self._setup.state.value.environment is None and not self._tell(await self._setup.install()):
            return False
        return await self._serving.start(self._guide)

    async def install(self) -> bool:
        """Install an engine, beside those that are there."""
        return self._tell(await self._setup.install())

    async def adopt(self, path: Path) -> bool:
        """Use a vLLM that is there already. In the first run the Guide is started, too."""
        first = not self.done.value
        adopted = self._tell(await self._setup.adopt(path))
        return await self._serving.start(self._guide) if adopted and first else adopted

    async def change(self, work: Awaitable[bool]) -> bool:
        """Do something else to the engines that are installed, and have everybody know; True when it was done."""
        return self._tell(await work)

    async def skip(self) -> None:
        """Leave the welcome page without an engine, for good; it can be had later on the engine page."""
        self.done.set(True)
        await self._settings.set_setup_skipped(True)

    def _tell(self, installed: bool) -> bool:
        """Have everybody know what became of it: the engine may be there now, or gone."""
        self._serving.refresh()
        self.done.set(self.done.value or self._setup.state.value.environment is not None)
        return installed
