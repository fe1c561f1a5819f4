"""A conversation as it travels between programs: a value that knows no database. Writers take it, readers make it.

`services/chat_files` fills parcels from the store and puts those that were read into it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from desktop_app.domain.chat import Conversation, Message
from desktop_app.domain.sampling import ChatSettings
from desktop_app.domain.tree import Place, Tree


@dataclass(frozen=True)
class Parcel:
    """One conversation with every version of every turn."""

    conversation: Conversation
    """Read from a file, it has the id 0 and no folder; the folder's name is in `folder`."""
    messages: tuple[Message, ...]
    """Parents come before what follows them; pictures have their data."""
    chosen: Mapping[int | None, int] = field(default_factory=dict)
    """Which child of a message (None: of the beginning) is shown, as in `Tree`."""
    settings: ChatSettings = field(default_factory=ChatSettings)
    folder: str = ""
    seen_from: int | None = None
    """The first message that the model is given; None when it is given all."""
    summary: str = ""
    """What the model is given instead of what is above `seen_from`."""

    def tree(self) -> Tree:
        """Its messages as a tree."""
        return Tree(self.messages, self.chosen)


@dataclass(frozen=True)
class Damaged:
    """A conversation that could not be read."""

    reason: str
    """E.g. `two messages have the id 7`; for the log, not for the window."""


@dataclass(frozen=True)
class Aside:
    """A message that is not on the path that is shown."""

    message: Message
    place: Place
    """Which version of its turn it is."""
    after: Message | None
    """What it follows; None at the beginning."""


class Writer(Protocol):
    """Writes any number of conversations into one text: `begin`, `chat` for each, `end`."""

    def begin(self, titles: Sequence[str]) -> str:
        """What stands above the first of the conversations with these titles."""
        ...

    def chat(self, parcel: Parcel) -> Iterator[str]:
        """One conversation, in pieces."""
        ...

    def end(self) -> str:
        """What stands below the last."""
        ...


def asides(tree: Tree) -> dict[int | None, list[Aside]]:
    """Every version that is not shown, by the message that its branch follows (None: the beginning).

    What follows such a version is listed with it. Deleted ones are left out.
    """
    shown = {message.id for message in tree.path()}
    branch: dict[int, int | None] = {}
    found: dict[int | None, list[Aside]] = {}
    for message in tree.messages:
        if message.id in shown:
            continue
        parent = message.parent
        root = branch[message.id] = parent if parent is None else branch.get(parent, parent)
        if message.deleted:
            continue
        versions = tree.versions(message.id)
        after = None if parent is None else tree.get(parent)
        place = Place(versions.index(message.id) + 1, len(versions))
        found.setdefault(root, []).append(Aside(message, place, after))
    return found
