"""Everything that `bootstrap` made, in one value, and the order in which it opens and closes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.observable import Observable
from desktop_app.paths import Paths
from desktop_app.services.bundle import Bundle, BundlePart
from desktop_app.services.chats import Chats
from desktop_app.services.compare_build import ComparePart
from desktop_app.services.conversation_desk import Stores
from desktop_app.services.conversations import Conversations
from desktop_app.services.downloads import Downloads
from desktop_app.services.draft import Draft
from desktop_app.services.first_run import FirstRun
from desktop_app.services.gauges import Gauges
from desktop_app.services.hub_access import HubAccess
from desktop_app.services.idle import IdleWatch
from desktop_app.services.model_settings import ModelSettingsService
from desktop_app.services.models import Models
from desktop_app.services.monitor_build import MonitorPart
from desktop_app.services.self_test import SelfTest
from desktop_app.services.servers import Servers
from desktop_app.services.serving import Serving
from desktop_app.services.setup import Setup
from desktop_app.services.surroundings import Surroundings
from desktop_app.services.tasks import Tasks
from desktop_app.store.database import Database
from desktop_app.store.settings import Settings

if TYPE_CHECKING:
    # Made when they are wanted: a window opens without them.
    from desktop_app.services.compare import Compare
    from desktop_app.services.compare_files import CompareFiles
    from desktop_app.services.experiments import Experiments
    from desktop_app.services.monitor import Monitor
    from desktop_app.services.monitor_files import MonitorFiles


@dataclass(frozen=True)
class Program:
    """The services of one running program."""

    paths: Paths
    database: Database
    settings: Settings
    tasks: Tasks
    setup: Setup
    serving: Serving
    stores: Stores
    conversations: Conversations
    chats: Chats
    draft: Draft
    comparing: ComparePart
    gauges: Gauges
    monitoring: MonitorPart
    first_run: FirstRun
    model_settings: ModelSettingsService
    servers: Servers
    self_test: SelfTest
    idle: IdleWatch
    surroundings: Surroundings
    bundle: Bundle
    hub_access: HubAccess
    downloads: Downloads
    models: Models
    guide: ModelRef
    failure: Observable[UserError | None]
    """What failed last that no service has told."""

    @property
    def compare(self) -> "Compare":
        """The experiment that is open."""
        return self.comparing.compare

    @property
    def experiments(self) -> "Experiments":
        """The list of experiments."""
        return self.comparing.experiments

    @property
    def compare_files(self) -> "CompareFiles":
        """Files of the experiment that is open."""
        return self.comparing.files

    @property
    def monitor(self) -> "Monitor":
        """What the page of gauges shows."""
        return self.monitoring.monitor

    @property
    def monitor_files(self) -> "MonitorFiles":
        """Files of what it shows."""
        return self.monitoring.files

    async def open(self, attended: bool = True) -> UserError | None:
        """Open the database, load what was remembered, end what an earlier run left behind.

        Args:
            attended: whether somebody looks at a window; only then a model is started or stopped by itself.

        Returns:
            What a person should know, e.g. that a damaged file was put aside.

        Raises:
            UserError: the data folder cannot be used.
        """
        notice = await self.database.open()
        await self.settings.load()
        await self.model_settings.load()
        await self.servers.load()
        self.hub_access.load()
        await self.downloads.load()
        if self.settings.model_folder is not None:
            self.serving.select_folder(self.settings.model_folder)
        await self.chats.load()
        listed = self.chats.state.value
        if listed.error is None:
            binned = (one.conversation for one in listed.bin)
            await self.settings.keep_drafts({one.id for one in (*listed.conversations, *binned)})
        await self.conversations.load(self.settings.last_conversation)
        if attended:
            await self.monitoring.begin()
        await self.serving.clean_up()
        if attended:
            self._begin_by_itself()
        return notice

    def _begin_by_itself(self) -> None:
        """What happens without being asked, because it was chosen once."""
        self.tasks.start(self.idle.run(), name="idle")
        if self.settings.warm_start and self.setup.state.value.environment is not None:
            model = self.serving.status.value.model or self.guide
            self.tasks.start(self.serving.start(model), name="warm start")

    async def connect(self, url: str, key: str, model: str, keep_key: bool) -> bool:
        """Keep a server elsewhere and talk to one of its models; True when it is connected. Errors are published."""
        server = await self.servers.add(url, key, keep_key=keep_key)
        if server is None:
            return False
        await self.servers.choose(server, model)
        return await self.serving.start(self.servers.model_ref(server, model))

    async def save_bundle(self, file: Path, parts: Sequence[BundlePart]) -> UserError | None:
        """Write the support bundle that was looked at; what went wrong, or None."""
        try:
            await self.bundle.save(file, parts)
        except UserError as error:
            return error
        return None

    async def close(self) -> None:
        """Stop answers, experiments, downloads, installation, engines, in this order; save, and let go of the files."""
        await self.conversations.shutdown()
        await self.comparing.shutdown()
        await self.downloads.shutdown()
        await self.setup.shutdown()
        await self.monitoring.shutdown()
        await self.serving.stop_all()
        await self.tasks.shutdown()
        await self.stores.temporary.close()
        await self.database.close()
