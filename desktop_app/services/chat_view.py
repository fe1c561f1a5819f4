"""What services publish about chats: the list, the open one, its context. Pages draw these and keep no copy."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from desktop_app.domain.chat import Attachment, Conversation, DeletedConversation, Folder, Found, Message
from desktop_app.domain.errors import UserError
from desktop_app.domain.sampling import ChatSettings, Preset, Sampling
from desktop_app.domain.tree import Place


@dataclass(frozen=True)
class ChatsState:
    """The list of conversations; `services.chats.Chats` publishes it."""

    conversations: tuple[Conversation, ...] = ()
    """Those not deleted: pinned ones first, then the one written to last."""
    folders: tuple[Folder, ...] = ()
    bin: tuple[DeletedConversation, ...] = ()
    """Deleted less than 30 days ago, the last one first."""
    searched: str = ""
    """The text that `found` belongs to; empty when nothing is searched."""
    found: tuple[Found, ...] = ()
    """Where `searched` was met, at most 200 places, the best first."""
    undo: str = ""
    """What `undo()` would bring back, e.g. `Deleted “KV cache”.`; empty for nothing."""
    error: UserError | None = None


@dataclass(frozen=True)
class Queued:
    """A question that waits until the answer before it has ended."""

    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class ContextState:
    """How much of what the model can keep in mind is in use. Tokens."""

    used: int = 0
    """Of the conversation as it would be sent, without the draft."""
    draft: int = 0
    """Of what is written and attached but not sent."""
    limit: int = 0
    """What the engine accepts; 0 when unknown."""
    estimated: bool = True
    """Whether some of `total` was estimated, because the engine has not counted it."""
    attached: tuple[int, ...] = ()
    """Of each thing attached, as far as `draft` counts them."""

    @property
    def total(self) -> int:
        """With the draft."""
        return self.used + self.draft


@dataclass(frozen=True)
class ContextFull:
    """A question that was not sent, because the conversation with it does not fit. Tokens."""

    needed: int
    limit: int
    droppable: int
    """How many of the oldest messages would have to be left out; 0 when that does not help."""
    words: str
    """The sentence a person reads."""
    text: str = ""
    """What was asked, for the composer; empty when an answer was asked for again."""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class ChatState:
    """The open conversation; `services.conversations.Conversations` publishes it."""

    conversation: Conversation | None = None
    """As it is in the list; None for a new one, which is stored with its first question."""
    temporary: bool = False
    """Whether it is never written; true for a new one that shall not be, too."""
    messages: tuple[Message, ...] = ()
    """The path that is shown, oldest first."""
    places: Mapping[int, Place] = field(default_factory=dict)
    """For each message that has other versions."""
    answering: bool = False
    """Whether an answer is being written here."""
    answering_ids: frozenset[int] = frozenset()
    """Every conversation in which an answer is being written."""
    waiting: str = ""
    """What an answer waits for before its model can be asked, e.g. `Starting Qwen3-8B`; empty for nothing."""
    queued: tuple[Queued, ...] = ()
    settings: ChatSettings = field(default_factory=ChatSettings)
    defaults: Sampling = field(default_factory=Sampling)
    """What the model that is ready takes where nothing is chosen (its generation_config.json)."""
    presets: tuple[Preset, ...] = ()
    context: ContextState = field(default_factory=ContextState)
    full: ContextFull | None = None
    """Set when a question waits for a choice: `leave_out_oldest()`, `summarise_oldest()`, or a larger context."""
    seen_from: int | None = None
    """The first message that the model is given; None when it is given all."""
    summary: str = ""
    """What the model is given instead of what is above `seen_from`; empty when that is only left out."""
    undo: str = ""
    """What `undo()` would bring back here, e.g. `Deleted a message.`; empty for nothing."""
    suggestion: str = ""
    """A sentence with one way out, e.g. for a model without a chat template; empty for none."""
    error: UserError | None = None

    @property
    def open_id(self) -> int | None:
        """The id of the open conversation."""
        return self.conversation.id if self.conversation else None
