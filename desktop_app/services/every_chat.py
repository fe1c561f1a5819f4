"""Both stores of conversations as one, so that temporary chats are exported, too; `bootstrap` gives it to `ChatFiles`.

What is imported is always kept on the disk.
"""

from collections.abc import Mapping, Sequence

from desktop_app.domain.chat import Conversation, Folder, Message
from desktop_app.domain.sampling import ChatSettings
from desktop_app.services.conversation_desk import Stores
from desktop_app.store.conversations import Stored


class EveryChat:
    """What `chat_files.ChatStore` asks for.

    Args:
        stores: both of them.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def conversations(self) -> tuple[Conversation, ...]:
        """Every conversation; raises UserError, as everything here."""
        return (*await self._stores.kept.conversations(), *await self._stores.temporary.conversations())

    async def read(self, conversation: int) -> Stored:
        """Everything of one."""
        return await self._stores.of(conversation).read(conversation)

    async def folders(self) -> tuple[Folder, ...]:
        """All folders; temporary chats lie in none."""
        return await self._stores.kept.folders()

    async def add_folder(self, name: str) -> Folder:
        """Make one."""
        return await self._stores.kept.add_folder(name)

    async def attachment_data(self, attachment: int) -> bytes:
        """The bytes of a picture."""
        return await self._stores.of(attachment).attachment_data(attachment)

    async def import_tree(
        self,
        conversation: Conversation,
        messages: Sequence[Message],
        chosen: Mapping[int | None, int],
        settings: ChatSettings,
    ) -> Conversation:
        """Store one from elsewhere."""
        return await self._stores.kept.import_tree(conversation, messages, chosen, settings)

    async def set_seen_from(self, conversation: int, message: int | None, summary: str = "") -> None:
        """From which message on the model is given it."""
        await self._stores.of(conversation).set_seen_from(conversation, message, summary)
