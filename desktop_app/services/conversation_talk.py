"""One conversation in memory: its tree, what was chosen for it, what waits in it, and the path as it is shown.

`conversation_desk.py` keeps these; the other files named `conversation_*` work on them. Nothing here touches the disk.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from desktop_app.domain.chat import Conversation, Message
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings
from desktop_app.domain.tree import Place, Tree
from desktop_app.services.answer import Answer
from desktop_app.services.chat_view import ContextFull, ContextState, Queued


@dataclass(frozen=True)
class Asked:
    """What is asked for: a new question with its answer, another answer, or more of one."""

    parent: int | None
    """What the question hangs on, or the answer when there is no new question."""
    question: Message | None = None
    """A new question. Its id is 0 until it is stored; one that was queued is already."""
    begun: Message | None = None
    """The answer that the new one begins with."""
    again: Message | None = None
    """An answer that failed without a word and is filled now."""
    model: ModelRef | None = None
    """Another model than the one that is ready."""


@dataclass(frozen=True)
class Undo:
    """Something that can be taken back."""

    words: str
    take_back: Callable[[], Awaitable[None]]


@dataclass(eq=False)
class Waiting:
    """A question in the queue."""

    queued: Queued
    stored: Message | None = None
    """As it is on the disk; None while it is not."""


@dataclass
class Talk:
    """A conversation that is open, or in which something goes on."""

    conversation: Conversation | None = None
    """None until its first question is stored."""
    temporary: bool = False
    folder: int | None = None
    """Where a new one will lie."""
    tree: Tree = field(default_factory=Tree)
    settings: ChatSettings = field(default_factory=ChatSettings)
    seen_from: int | None = None
    """The first message that the model is given; 0 for a question that is not stored yet."""
    summary: str = ""
    seen_unsaved: bool = False
    """Whether these two are others than on the disk."""
    queued: list[Waiting] = field(default_factory=list)
    waiting: str = ""
    full: ContextFull | None = None
    pending: Asked | None = None
    """What `full` holds up."""
    suggestion: str = ""
    undo: list[Undo] = field(default_factory=list)
    context: ContextState = field(default_factory=ContextState)
    busy: bool = False
    """Whether something is asked for; from the verb to the last word."""
    stopping: bool = False
    """Stop was pressed since."""
    answer: Answer | None = None
    work: asyncio.Task[None] | None = None
    wait: asyncio.Task[object] | None = None
    """What Stop cancels while there is no answer yet: a start, a count, a summary."""

    def __post_init__(self) -> None:
        self._unsaved_id = -1000
        self.reshape()

    @property
    def id(self) -> int | None:
        """Of the conversation; None until it is stored."""
        return self.conversation.id if self.conversation else None

    @property
    def lively(self) -> bool:
        """Whether something would be lost if it was read from the disk again; what can be undone does not count."""
        return bool(self.busy or self.queued or self.full or self.unsaved())

    @property
    def path(self) -> tuple[Message, ...]:
        """What is shown, without walking the tree."""
        return self._path

    @property
    def places(self) -> dict[int, Place]:
        """For each message that has other versions."""
        return self._places

    @property
    def seen(self) -> int | None:
        """`seen_from` when it is on the path; otherwise the model is given everything."""
        return self.seen_from if self.seen_from in self._index else None

    @property
    def streaming_id(self) -> int | None:
        """The answer that is being written."""
        return self.answer.message.id if self.answer else None

    def reshape(self) -> None:
        """Walk the tree again after messages were added, chosen, deleted or brought back."""
        self._path = self.tree.path()
        self._places = self.tree.places()
        self._index = {message.id: number for number, message in enumerate(self._path)}

    def add(self, *messages: Message) -> None:
        """Hang new messages into the tree and show them."""
        for message in messages:
            self.tree.add(message)
        self.reshape()

    def put(self, message: Message) -> None:
        """What became of a message. Cheap however long the conversation is: this happens 30 times a second."""
        self.tree.put(message)
        number = self._index.get(message.id)
        if number is not None:
            self._path = (*self._path[:number], message, *self._path[number + 1 :])

    def leading_to(self, message: int | None) -> tuple[Message, ...]:
        """The turns up to *message*; none for None."""
        return () if message is None else self.tree.path_to(message)

    def unsaved_id(self) -> int:
        """An id that the database never gives, for what could not be stored."""
        self._unsaved_id -= 1
        return self._unsaved_id

    def unsaved(self) -> tuple[Message, ...]:
        """What is shown and could not be stored, oldest first."""
        return tuple(message for message in self._path if message.id < 0)

    def forget(self, messages: Iterable[Message]) -> None:
        """Take what could not be stored out of the tree; nothing hangs below it."""
        self._rebuild({message.id for message in messages}, (), {})

    def saved(self, unsaved: Sequence[Message], stored: Sequence[Message]) -> None:
        """What could not be stored is on the disk now, and has other ids."""
        ids = {before.id: after.id for before, after in zip(unsaved, stored, strict=True)}
        self._rebuild(set(ids), stored, ids)

    def _rebuild(self, gone: set[int], stored: Sequence[Message], ids: dict[int, int]) -> None:
        left = [one for one in self.tree.messages if one.id not in gone]
        late = [replace(one, parent=ids.get(one.parent or 0, one.parent)) for one in left if one.id < 0]
        chosen = {
            ids.get(parent or 0, parent): ids.get(child, child)
            for parent, child in self.tree.chosen.items()
            if child in ids or child not in gone
        }
        self.tree = Tree((*(one for one in left if one.id > 0), *stored, *late), chosen)
        self.reshape()
