"""Everything that `bootstrap` made, in one value, and the order in which it opens and closes."""

from dataclasses import dataclass

from desktop_app.domain.engine import ModelRef
from desktop_app.domain.errors import UserError
from desktop_app.domain.observable import Observable
from desktop_app.paths import Paths
from desktop_app.services.conversations import Conversations
from desktop_app.services.first_run import FirstRun
from desktop_app.services.gauges import Gauges
from desktop_app.services.serving import Serving
from desktop_app.services.setup import Setup
from desktop_app.services.tasks import Tasks
from desktop_app.store.database import Database
from desktop_app.store.settings import Settings


@dataclass(frozen=True)
class Program:
    """The services of one running program."""

    paths: Paths
    database: Database
    settings: Settings
    tasks: Tasks
    setup: Setup
    serving: Serving
    conversations: Conversations
    gauges: Gauges
    first_run: FirstRun
    guide: ModelRef
    failure: Observable[UserError | None]
    """What failed last that no service has told."""

    async def open(self) -> UserError | None:
        """Open the database, load what was remembered, end what an earlier run left behind.

        Returns:
            What a person should know, e.g. that a damaged file was put aside.

        Raises:
            UserError: the data folder cannot be used.
        """
        notice = await self.database.open()
        await self.settings.load()
        if self.settings.model_folder is not None:
            self.serving.select_folder(self.settings.model_folder)
        await self.conversations.load(self.settings.last_conversation)
        await self.serving.clean_up()
        return notice

    async def close(self) -> None:
        """Stop answers, installation and engine, in this order; save, and let go of the files."""
        await self.conversations.shutdown()
        await self.setup.shutdown()
        await self.serving.stop()
        await self.tasks.shutdown()
        await self.database.close()
