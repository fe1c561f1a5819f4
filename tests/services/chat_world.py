"""What conversations need around them in tests: real stores in a folder, and an engine that tests may change."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from desktop_app.domain.chat import AnswerRecord, Conversation, Message, Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import Sampling
from desktop_app.services.chat_view import ChatsState, ChatState
from desktop_app.services.chats import Chats
from desktop_app.services.conversation_asking import Listeners
from desktop_app.services.conversation_desk import ChatEndpoint, Stores
from desktop_app.services.conversations import Conversations
from desktop_app.services.tasks import Tasks
from desktop_app.services.titles import Titles
from desktop_app.store.conversations import ConversationStore, Stored
from desktop_app.store.database import Database
from desktop_app.store.presets import PresetStore
from desktop_app.store.temporary import TemporaryStore
from tests.endpoint.running import Running


class ChatWorld:
    """The services of chats; `engine` is what runs now."""

    def __init__(self, database: Database) -> None:
        self.engine: ChatEndpoint | None = None
        self.others: dict[str, ChatEndpoint | UserError | None] = {}
        """What becomes of a model that is to be started; one that is not here never becomes ready."""
        self.defaults = Sampling()
        self.titles_on = False
        self.database = database
        self.failures: list[str] = []
        self.tasks = Tasks(lambda name, error: self.failures.append(f"{name}: {error!r}"))
        self.store = ConversationStore(database)
        self.temporary = TemporaryStore()
        stores = Stores(self.store, self.temporary)
        self.chat = Conversations(
            stores,
            PresetStore(database),
            lambda: self.engine,
            self._ensure,
            lambda: self.defaults,
            lambda: AnswerRecord(revision="abc", engine="vLLM"),
            self.tasks,
            Listeners(self._changed, self._asked, self._answered),
        )
        self.chats = Chats(stores, self.chat, self.tasks, pause=0.0)
        self.titles = Titles(
            stores, lambda: self.engine, lambda: self.titles_on, lambda: True, self._changed, self.tasks, idle=0.0
        )

    @property
    def state(self) -> ChatState:
        return self.chat.state.value

    @property
    def listed(self) -> ChatsState:
        return self.chats.state.value

    @property
    def last(self) -> Message:
        return self.state.messages[-1]

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.state.messages]

    def begin(self, text: str) -> asyncio.Task[None]:
        return self.tasks.start(self.chat.send(text), name="send")

    def arrived(self) -> bool:
        return bool(self.state.messages) and self.last.role is Role.ASSISTANT and bool(self.last.text)

    def error(self) -> UserError | None:
        return self.state.error

    async def stored(self) -> Stored:
        assert self.state.open_id is not None
        store = self.temporary if self.state.temporary else self.store
        return await store.read(self.state.open_id)

    async def stored_messages(self) -> tuple[Message, ...]:
        return (await self.stored()).messages

    async def reopened(self) -> ChatState:
        """The open conversation as it is read from the disk."""
        open_id = self.state.open_id
        assert open_id is not None
        self.chat.new()
        await self.chat.open(open_id)
        return self.state

    async def limit_pages(self, pages: int) -> None:
        # SQLite never goes below the present size, and answers "full" at the limit as it does when the disk is full.
        await self.database.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone())

    async def close(self) -> None:
        await self.chat.shutdown()
        await self.tasks.shutdown()
        await self.temporary.close()
        await self.database.close()

    async def _ensure(self, model: ModelRef) -> ChatEndpoint | None:
        if model.name not in self.others:
            await asyncio.Event().wait()
        found = self.others[model.name]
        if isinstance(found, UserError):
            raise found
        self.engine = found or self.engine
        return found

    async def _changed(self) -> None:
        await self.chats.refresh()

    def _asked(self) -> None:
        self.titles.asked()

    def _answered(self, conversation: Conversation, messages: Sequence[Message]) -> None:
        self.titles.answered(conversation, messages)


async def opened(path: Path) -> ChatWorld:
    """The services over the database *path*."""
    database = Database(path)
    assert await database.open() is None
    world = ChatWorld(database)
    await world.chat.load()
    await world.chats.load()
    return world


async def generating(engine: Running) -> bool:
    return (await engine.metrics()).running == 1
