"""The open conversation and those in which something goes on, and the one state that pages draw.

`conversations.py` makes one and hands it to the verbs in the other `conversation_*` files.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from desktop_app.domain.chat import Conversation, Delta, Message, MessageState
from desktop_app.domain.errors import UserError
from desktop_app.domain.observable import Observable
from desktop_app.domain.sampling import Preset, Sampling
from desktop_app.services.chat_view import ChatState
from desktop_app.services.conversation_talk import Talk
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import INTERRUPTED_WORDS, ConversationStore
from desktop_app.store.temporary import TEMPORARY_IDS, TemporaryStore

KEPT_FOR_UNDO = 8
"""Chats that are kept in memory only because something can be undone in them."""


class ChatEndpoint(Protocol):
    """An engine that is ready; `endpoint.client.Endpoint` is one."""

    context_tokens: int
    """The longest conversation that it accepts; 0 when unknown."""

    @property
    def model(self) -> str:
        """The name of the model that answers."""

    @property
    def elsewhere(self) -> bool:
        """Whether it is somebody else's server, to which nothing goes that nobody sent."""

    def stream_chat(
        self,
        messages: Sequence[Message],
        request: Mapping[str, object] = ...,
        *,
        continue_last: bool = ...,
        images: Mapping[int, bytes] = ...,
    ) -> AsyncGenerator[list[Delta], None]:
        """The answer as it arrives; raises UserError."""

    def stream_text(self, prompt: str, request: Mapping[str, object] = ...) -> AsyncGenerator[list[Delta], None]:
        """How the model goes on with a text; raises UserError."""

    async def count_tokens(self, text: Sequence[Message] | str, request: Mapping[str, object] = ...) -> int:
        """How many tokens that would be; raises UserError."""


@dataclass(frozen=True)
class Stores:
    """Where conversations are kept: on the disk, or in memory only."""

    kept: ConversationStore
    temporary: TemporaryStore

    def of(self, id_: int) -> ConversationStore:
        """Where the conversation or the message with this id lies."""
        return self.temporary if id_ >= TEMPORARY_IDS else self.kept

    def of_talk(self, talk: Talk) -> ConversationStore:
        """Where a conversation lies, or will lie."""
        return self.temporary if talk.temporary else self.kept


class Desk:
    """Owns the talks and publishes the open one.

    Args:
        stores: where conversations lie.
        endpoint: the way to the engine that is ready now; None while there is none.
        defaults: what the model that is ready takes where nothing is chosen.
        tasks: runs what goes on by itself.
    """

    def __init__(
        self,
        stores: Stores,
        endpoint: Callable[[], ChatEndpoint | None],
        defaults: Callable[[], Sampling],
        tasks: Tasks,
    ) -> None:
        self.stores = stores
        self.endpoint = endpoint
        self.tasks = tasks
        self.closing = False
        self.open = Talk()
        self._defaults = defaults
        self._talks: list[Talk] = [self.open]
        self._presets: tuple[Preset, ...] = ()
        self._draft = 0
        self._attached: tuple[int, ...] = ()
        self._draft_estimated = False
        self._error: UserError | None = None
        self._views = 0
        self.state = Observable(ChatState())

    @property
    def talks(self) -> tuple[Talk, ...]:
        """The open one, those in which something goes on, and some in which something can be undone."""
        return tuple(self._talks)

    def show(self, talk: Talk) -> None:
        """Make *talk* the open one; of the others, what is on the disk is let go."""
        self._views += 1
        self.open = talk
        others = [one for one in self._talks if one is not talk]
        undoable = [one for one in others if one.undo and one.id is not None and not one.lively]
        self._talks = [*(one for one in others if one.lively), *undoable[-KEPT_FOR_UNDO:], talk]
        self.publish()

    def drop(self, talk: Talk) -> None:
        """Forget a talk whose conversation was deleted."""
        self._talks = [one for one in self._talks if one is not talk]

    def find(self, conversation: int) -> Talk | None:
        """The talk of a conversation that is open or lively."""
        return next((talk for talk in self._talks if talk.id == conversation), None)

    def show_new(self, talk: Talk) -> None:
        """Show a new conversation; before that, one that is in no list because it could not be stored."""
        others = (one for one in self._talks if one is not self.open and one.temporary == talk.temporary)
        self.show(next((one for one in others if one.id is None and one.unsaved()), talk))

    async def show_stored(self, conversation: int) -> None:
        """Show a conversation of the list, unless another one was shown while the disk was asked."""
        self._views += 1
        view = self._views
        talk = self.find(conversation) or await self._read(conversation)
        if talk is not None and view == self._views:
            # While the disk was asked, it may have been opened by somebody else.
            self.show(self.find(conversation) or talk)

    async def _read(self, conversation: int) -> Talk | None:
        store = self.stores.of(conversation)
        listed = next((one for one in await store.conversations() if one.id == conversation), None)
        if listed is None:
            return None
        stored = await store.read(conversation)
        talk = Talk(
            listed, listed.temporary, settings=stored.settings, seen_from=stored.seen_from, summary=stored.summary
        )
        from_disk = (_settled(message) for message in stored.messages)
        talk.tree = type(talk.tree)(from_disk, stored.chosen)
        talk.reshape()
        return talk

    def set_presets(self, presets: tuple[Preset, ...]) -> None:
        """Publish what presets there are."""
        self._presets = presets
        self.publish()

    def set_draft(self, written: int, attached: tuple[int, ...], *, estimated: bool) -> None:
        """Publish how many tokens are written and not sent, and how many each thing attached has."""
        self._draft, self._attached, self._draft_estimated = written + sum(attached), attached, estimated
        self.publish()

    def told(self, error: UserError | None) -> None:
        """Publish what failed, or that it has been read."""
        self._error = error
        self.publish()

    @contextmanager
    def failures_told(self) -> Iterator[None]:
        """A UserError inside is published."""
        try:
            yield
        except UserError as error:
            self.told(error)

    def listed(self, conversations: Sequence[Conversation]) -> None:
        """The list was read again: titles, pins and folders may be others."""
        known = {one.id: one for one in conversations}
        for talk in self._talks:
            if talk.id is not None and talk.id in known:
                talk.conversation = known[talk.id]
        self.publish()

    def publish(self) -> None:
        """Publish the open conversation as it is now."""
        talk, endpoint = self.open, self.endpoint()
        limit = endpoint.context_tokens if endpoint else 0
        self.state.set(
            ChatState(
                conversation=talk.conversation,
                temporary=talk.temporary,
                messages=talk.path,
                places=talk.places,
                answering=talk.busy,
                answering_ids=frozenset(one.id for one in self._talks if one.busy and one.id is not None),
                waiting=talk.waiting,
                queued=tuple(waiting.queued for waiting in talk.queued),
                settings=talk.settings,
                defaults=self._defaults(),
                presets=self._presets,
                context=replace(
                    talk.context,
                    draft=self._draft,
                    attached=self._attached,
                    limit=limit,
                    estimated=talk.context.estimated or self._draft_estimated,
                ),
                full=talk.full,
                seen_from=talk.seen,
                summary=talk.summary if talk.seen is not None else "",
                undo=talk.undo[-1].words if talk.undo else "",
                suggestion=talk.suggestion,
                error=self._error,
            )
        )


def _settled(message: Message) -> Message:
    """A message as it was read. Whatever writes in it is in memory: what says so on the disk alone is a left-over."""
    if message.state is not MessageState.STREAMING:
        return message
    return replace(message, state=MessageState.INTERRUPTED, error=INTERRUPTED_WORDS)
