"""What a person chooses for a chat, and what comes back of it: an echo never undoes what was chosen after it.

The service takes a moment to store a choice and publishes older states meanwhile, while an answer streams thirty times
a second. `ChatSettingsPanel` asks here whether a published state is news.
"""

from desktop_app.domain.sampling import ChatSettings

_KEPT = 100
"""Choices of which no echo has come back; a service that answers none of them must not make this list grow."""


class Edits:
    """The settings as the panel shows them."""

    def __init__(self) -> None:
        self.settings = ChatSettings()
        self._published = ChatSettings()
        self._told: list[ChatSettings] = []
        self._chat: int | None = None

    def edit(self, settings: ChatSettings) -> bool:
        """A person chose these; False when nothing is different."""
        if settings == self.settings:
            return False
        self.settings = settings
        self._told = [*self._told[-_KEPT:], settings]
        return True

    def publish(self, chat: int | None, settings: ChatSettings) -> bool:
        """The service says that *chat* has these; True when they are news, and have to be drawn."""
        stored_now = self._chat is None and settings in (self._published, self.settings, *self._told)
        another = chat != self._chat and not stored_now
        self._chat = chat
        if not another and settings == self._published:
            return False
        self._published = settings
        if not another and settings in self._told:
            self._told = self._told[self._told.index(settings) + 1 :]
            return False
        self._told = []
        self.settings = settings
        return True
