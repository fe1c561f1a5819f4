"""The messages of a conversation as a tree: every version of every turn, and the path through it that is shown.

`services/conversations` owns one for the open conversation, `interchange` writes and reads them. A version is never
overwritten: asking again, editing and continuing in another way add a sibling. Which of several versions is shown is
remembered for each turn.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from desktop_app.domain.chat import Message


@dataclass(frozen=True)
class Place:
    """Where a message stands among the versions of its turn, for `2/3`."""

    number: int
    """Counted from 1."""
    count: int


class Tree:
    """Messages by parent; small enough that the path is walked anew whenever it is asked for.

    Args:
        messages: of one conversation, in the order in which they were made.
        chosen: for a message's id (None for the beginning), which of its children is shown; the newest by default.
    """

    def __init__(self, messages: Iterable[Message] = (), chosen: Mapping[int | None, int] | None = None) -> None:
        self._messages: dict[int, Message] = {}
        self._children: dict[int | None, list[int]] = {}
        self._chosen: dict[int | None, int] = dict(chosen or {})
        for message in messages:
            self._hang(message)

    def __contains__(self, message: object) -> bool:
        return message in self._messages

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every version of every turn, deleted ones too, in the order in which they were made."""
        return tuple(self._messages.values())

    @property
    def chosen(self) -> dict[int | None, int]:
        """Which child of each message is shown, where somebody chose or added one."""
        return dict(self._chosen)

    def get(self, message: int) -> Message:
        """A message by its id; KeyError when there is none."""
        return self._messages[message]

    def path(self) -> tuple[Message, ...]:
        """What is shown, from the first turn to the last."""
        return tuple(message for message in self._walk() if not message.deleted)

    def leaf(self) -> int | None:
        """The message after which the next one comes; None for an empty conversation."""
        line = self._walk()
        return line[-1].id if line else None

    def path_to(self, message: int) -> tuple[Message, ...]:
        """What leads to *message*, it included, deleted turns left out."""
        line: list[Message] = []
        step: int | None = message
        while step is not None:
            one = self._messages[step]
            line.append(one)
            step = one.parent
        return tuple(one for one in reversed(line) if not one.deleted)

    def versions(self, message: int) -> tuple[int, ...]:
        """The ids of all versions of a turn that are not deleted, the oldest first."""
        siblings = self._children[self._messages[message].parent]
        return tuple(one for one in siblings if not self._messages[one].deleted)

    def places(self) -> dict[int, Place]:
        """For every message that is shown and has other versions: where it stands."""
        found = {}
        for message in self.path():
            versions = self.versions(message.id)
            if len(versions) > 1:
                found[message.id] = Place(versions.index(message.id) + 1, len(versions))
        return found

    def add(self, message: Message) -> None:
        """Hang a new message below its parent and show it."""
        self._hang(message)
        self._chosen[message.parent] = message.id

    def put(self, message: Message) -> None:
        """Replace a message by what became of it; KeyError when there is none with its id."""
        if self._messages[message.id].parent != message.parent:
            raise ValueError("a message does not change its parent")
        self._messages[message.id] = message

    def choose(self, message: int) -> None:
        """Show this version, and of what follows it what was shown last."""
        self._chosen[self._messages[message].parent] = message

    def delete(self, message: int, *, with_following: bool = False) -> tuple[int, ...]:
        """Take a message out, or it and everything after it; the ids that were taken out, for `restore()`."""
        wanted = self._below(message) if with_following else (message,)
        taken = [one for one in wanted if not self._messages[one].deleted]
        for one in taken:
            self._messages[one] = replace(self._messages[one], deleted=True)
        return tuple(taken)

    def restore(self, messages: Iterable[int]) -> None:
        """Bring back what was taken out."""
        for one in messages:
            self._messages[one] = replace(self._messages[one], deleted=False)

    def _hang(self, message: Message) -> None:
        # A parent that is not there (a damaged file) makes a message a beginning: shown, rather than lost.
        parent = message.parent if message.parent in self._messages else None
        self._messages[message.id] = message if parent == message.parent else replace(message, parent=parent)
        self._children.setdefault(parent, []).append(message.id)

    def _walk(self) -> list[Message]:
        """What is shown, and deleted turns on the way to something that is."""
        line: list[Message] = []
        step: int | None = None
        leading: set[int | None] | None = None
        while children := self._children.get(step):
            shown = self._messages.get(self._chosen.get(step, children[-1]))
            if shown is None or shown.parent != step or shown.deleted:
                leading = self._leading() if leading is None else leading
                candidates = [one for one in children if one in leading]
                if not candidates:
                    break
                shown = self._messages[shown.id if shown and shown.id in candidates else candidates[-1]]
            line.append(shown)
            step = shown.id
        return line

    def _leading(self) -> set[int | None]:
        """Every message that is not deleted, or that anything below it is not."""
        found: set[int | None] = set()
        # A message hangs below one that was there before it, so all children come before their parent here.
        for message in reversed(self._messages.values()):
            if not message.deleted or message.id in found:
                found |= {message.id, message.parent}
        return found

    def _below(self, message: int) -> Iterable[int]:
        """*message* and everything after it."""
        waiting = [message]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += self._children.get(one, [])
