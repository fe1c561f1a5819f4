"""Makes the services of chats and ties them together; `bootstrap` is the caller."""

from dataclasses import dataclass

from desktop_app.services.chats import Chats
from desktop_app.services.conversation_asking import Listeners
from desktop_app.services.conversation_desk import Stores
from desktop_app.services.conversations import Conversations
from desktop_app.services.draft import Draft, Reads
from desktop_app.services.ready_model import ReadyModel
from desktop_app.services.serving import Serving
from desktop_app.services.tasks import Tasks
from desktop_app.services.titles import Titles
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database
from desktop_app.store.presets import PresetStore
from desktop_app.store.settings import Settings
from desktop_app.store.temporary import TemporaryStore


@dataclass(frozen=True)
class ChatServices:
    """What pages talk to, and what lies behind it."""

    stores: Stores
    conversations: Conversations
    chats: Chats
    draft: Draft


def build_chat(
    database: Database, serving: Serving, settings: Settings, attachments: Reads, tasks: Tasks
) -> ChatServices:
    """The services of chats, over a database that need not be open yet."""
    stores = Stores(ConversationStore(database), TemporaryStore())

    def model_changed() -> None:
        conversations.model_changed()
        draft.model_changed()

    async def refresh() -> None:
        await chats.refresh()

    model = ReadyModel(serving.status, serving.plan_of, tasks, model_changed)
    draft = Draft(attachments, model.takes_pictures)
    titles = Titles(
        stores,
        lambda: serving.endpoint,
        enabled=lambda: settings.improve_titles,
        allowed=model.finds_titles,
        changed=refresh,
        tasks=tasks,
    )
    conversations = Conversations(
        stores,
        PresetStore(database),
        lambda: serving.endpoint,
        serving.ready,
        model.defaults,
        model.record,
        tasks,
        Listeners(changed=refresh, asked=titles.asked, answered=titles.answered),
    )
    chats = Chats(stores, conversations, tasks)
    return ChatServices(stores, conversations, chats, draft)
