"""The story of the first run: get an engine, start the Guide, and from then on go straight to the chat."""

from pathlib import Path

from desktop_app.domain.engine import ModelRef
from desktop_app.domain.observable import Observable
from desktop_app.services.serving import Serving
from desktop_app.services.setup import Setup
from desktop_app.store.settings import Settings


class FirstRun:
    """Joins set-up and serving: an installation stops what runs, and is followed by the Guide the first time."""

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
        """Install or repair the engine; what runs is stopped first."""
        await self._serving.stop()
        return self._tell(await self._setup.install())

    async def adopt(self, path: Path) -> bool:
        """Use a vLLM that is there already; what runs is stopped first. In the first run the Guide is started, too."""
        first = not self.done.value
        await self._serving.stop()
        adopted = self._tell(await self._setup.adopt(path))
        return await self._serving.start(self._guide) if adopted and first else adopted

    async def skip(self) -> None:
        """Leave the welcome page without an engine, for good; it can be had later on the engine page."""
        self.done.set(True)
        await self._settings.set_setup_skipped(True)

    def _tell(self, installed: bool) -> bool:
        """Have everybody know what became of an installation: a failed one may have taken the engine away."""
        self._serving.refresh()
        self.done.set(self.done.value or installed)
        return installed
