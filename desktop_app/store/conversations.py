"""Conversations, their messages and their folders in the database. The services are the callers.

A deleted conversation is only marked, so that it can come back; `purge()` removes what has been marked for long. A
version of a message is never overwritten by another one: a new version is a new message below the same parent.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from desktop_app.domain.chat import (
    Conversation,
    DeletedConversation,
    Folder,
    Found,
    Message,
    MessageState,
    TokenChance,
)
from desktop_app.domain.sampling import ChatSettings
from desktop_app.store import attachments, chances, copies
from desktop_app.store import conversation_rows as heads
from desktop_app.store import messages as rows
from desktop_app.store.cleaning import clean
from desktop_app.store.database import Database
from desktop_app.store.search import search

BIN_SECONDS = 30 * 24 * 3600.0
"""How long a deleted conversation can still be brought back: 30 days."""

CHAIN = rows.CHAIN
"""As a new message's parent: the message before it in the same call; for the first of them the beginning."""

INTERRUPTED_WORDS = "The program ended before this answer was complete."


@dataclass(frozen=True)
class Stored:
    """What is stored of one conversation besides its line in the list."""

    messages: tuple[Message, ...] = ()
    """Every version of every turn, deleted ones too, in the order in which they were made; pictures without data."""
    chosen: dict[int | None, int] = field(default_factory=dict)
    """Which child of each message is shown, where somebody chose or added one; None is the beginning."""
    settings: ChatSettings = field(default_factory=ChatSettings)
    seen_from: int | None = None
    """The first message that the model is given; None for all."""
    summary: str = ""
    """What the model is given instead of the messages before that one."""


class ConversationStore:
    """Reads and writes conversations; every method is one transaction and raises UserError when it fails.

    Args:
        database: an open database.
        now: Unix time in seconds.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        self._growing: dict[int, Message] = {}
        """Answers that are being written, as they were saved last."""

    async def conversations(self) -> tuple[Conversation, ...]:
        """Every conversation that is not deleted: pinned ones first, then the one written to last."""
        return await self._database.run(heads.listed)

    async def read(self, conversation: int) -> Stored:
        """Everything of a conversation; nothing when there is none with this id."""

        def action(db: sqlite3.Connection) -> Stored:
            head = heads.head(db, conversation)
            if head is None:
                return Stored()
            return Stored(rows.read(db, conversation), rows.chosen(db, conversation, head.chosen), *head.kept)

        return await self._database.run(action)

    async def create(
        self, title: str, messages: Sequence[Message] = (), settings: ChatSettings | None = None
    ) -> tuple[Conversation, tuple[Message, ...]]:
        """Make a conversation with its first messages, all or nothing; the ids are given here, as in `add()`."""
        now = self._now()

        def action(db: sqlite3.Connection) -> tuple[Conversation, tuple[Message, ...]]:
            made = heads.insert(db, Conversation(0, title, now), settings or ChatSettings(), now)
            return made, _insert(db, made.id, messages, now, choose=True)

        return await self._database.run(action)

    async def add(self, conversation: int, *messages: Message, choose: bool = True) -> tuple[Message, ...]:
        """Add messages to a conversation, all or nothing; returns them with their ids, parents and times.

        Args:
            conversation: where to.
            messages: each hangs below its `parent`, with `CHAIN` below the one before it in this call.
            choose: whether they are shown from now on, instead of other versions of their turns.
        """
        now = self._now()

        def action(db: sqlite3.Connection) -> tuple[Message, ...]:
            added = _insert(db, conversation, messages, now, choose=choose)
            heads.touch(db, conversation, now)
            return added

        return await self._database.run(action)

    async def save(self, message: Message) -> None:
        """Write text, reasoning, state, model, timing, error and record of a message that is already there.

        Cheap while it is STREAMING, however long it is: then only what is new is written.
        """
        before = self._growing.get(message.id)
        if message.state is not MessageState.STREAMING:
            self._growing.pop(message.id, None)
            await self._database.run(lambda db: rows.write(db, message))
        elif before is None or not rows.has_only_grown(before, message):
            await self._database.run(lambda db: rows.write(db, message))
            self._growing[message.id] = message
        elif before != message:
            await self._database.run(lambda db: rows.grow(db, before, message))
            self._growing[message.id] = message

    async def choose(self, conversation: int, parent: int | None, child: int) -> None:
        """Show *child* of the versions below *parent*; None is the beginning."""
        await self._database.run(lambda db: copies.choose(db, conversation, parent, child))

    async def set_deleted(self, messages: Iterable[int], deleted: bool) -> None:
        """Take messages out of their conversation, or bring them back; what follows them stays."""
        values = [(deleted, message) for message in messages]
        await self._database.run(lambda db: db.executemany("UPDATE messages SET deleted = ? WHERE id = ?", values))

    async def rename(self, conversation: int, title: str, by_person: bool = True) -> None:
        """Give a conversation a title; one that a person chose is never replaced by one that nobody chose."""
        await self._database.run(lambda db: heads.rename(db, conversation, title, by_person=by_person))

    async def set_pinned(self, conversations: Iterable[int], pinned: bool) -> None:
        """Keep conversations at the top of the list, or no longer."""
        await self._set(conversations, "pinned = ?", pinned)

    async def move(self, conversations: Iterable[int], folder: int | None) -> None:
        """Put conversations into a folder, or out of it (None, or one that is gone)."""
        await self._set(conversations, "folder = (SELECT id FROM folders WHERE id = ?)", folder)

    async def delete(self, conversations: Iterable[int]) -> None:
        """Put conversations into the bin; `restore()` brings them back for 30 days."""
        await self._set(conversations, "deleted = coalesce(deleted, ?)", self._now())

    async def restore(self, conversations: Iterable[int]) -> None:
        """Bring deleted conversations back to the places they had."""
        await self._set(conversations, "deleted = ?", None)

    async def bin(self) -> tuple[DeletedConversation, ...]:
        """The deleted conversations, the one deleted last first."""
        return await self._database.run(heads.deleted)

    async def purge(self, older_than: float = BIN_SECONDS) -> int:
        """Remove for good what was deleted more than *older_than* seconds ago; returns how many conversations."""
        limit = self._now() - older_than
        return await self._database.run(lambda db: heads.remove(db, heads.deleted_before(db, limit)))

    async def empty_bin(self, conversations: Iterable[int]) -> int:
        """Remove these for good, as far as they are in the bin; returns how many."""
        wanted = set(conversations)

        def action(db: sqlite3.Connection) -> int:
            return heads.remove(db, [one.conversation.id for one in heads.deleted(db) if one.conversation.id in wanted])

        return await self._database.run(action)

    async def set_settings(self, conversation: int, settings: ChatSettings) -> None:
        """Remember what was chosen for a conversation."""
        await self._set([conversation], "settings = ?", heads.encode_settings(settings))

    async def set_seen_from(self, conversation: int, message: int | None, summary: str = "") -> None:
        """Remember from which message on the model is given a conversation, and what instead of the others."""
        await self._set([conversation], "summary = ?", clean(summary), then=("seen_from = ?", message))

    async def folders(self) -> tuple[Folder, ...]:
        """All folders by name."""
        return await self._database.run(heads.folders)

    async def add_folder(self, name: str) -> Folder:
        """Make an empty folder."""
        return await self._database.run(lambda db: heads.add_folder(db, name))

    async def rename_folder(self, folder: int, name: str) -> None:
        """Give a folder another name."""
        values = (clean(name), folder)
        await self._database.run(lambda db: db.execute("UPDATE folders SET name = ? WHERE id = ?", values))

    async def remove_folder(self, folder: int) -> None:
        """Remove a folder; its conversations stay, outside."""
        await self._database.run(lambda db: db.execute("DELETE FROM folders WHERE id = ?", (folder,)))

    async def attachment_data(self, attachment: int) -> bytes:
        """A picture as it is sent; empty for a document and for one that is not there."""
        return await self._database.run(lambda db: attachments.data_of(db, attachment))

    async def save_chances(self, message: int, tokens: Sequence[TokenChance]) -> None:
        """Keep the probabilities of an answer's tokens."""
        await self._database.run(lambda db: chances.save(db, message, tokens))

    async def chances(self, message: int) -> tuple[TokenChance, ...]:
        """The probabilities of an answer's tokens; nothing when none were kept."""
        return await self._database.run(lambda db: chances.read(db, message))

    async def search(self, text: str, limit: int = 200) -> tuple[Found, ...]:
        """Where *text* is found, titles first; see `search.search()`."""
        return await self._database.run(lambda db: search(db, text, limit, self._now()))

    async def mark_interrupted(self) -> int:
        """Mark answers that were still being written when an earlier run ended; returns how many."""
        self._growing.clear()
        return await self._database.run(
            lambda db: rows.end_streams(db, MessageState.INTERRUPTED, INTERRUPTED_WORDS),
        )

    async def import_tree(
        self,
        conversation: Conversation,
        messages: Sequence[Message],
        chosen: Mapping[int | None, int],
        settings: ChatSettings,
    ) -> Conversation:
        """Store a conversation from elsewhere, all or nothing; it and its messages get ids of this database.

        Each message has an id of its own. What makes no sense otherwise is mended: an unknown parent makes a beginning,
        an unknown folder none.
        """
        now = self._now()

        def action(db: sqlite3.Connection) -> Conversation:
            made = heads.insert(db, conversation, settings, now)
            copies.insert_tree(db, made.id, messages, chosen, now)
            return made

        return await self._database.run(action)

    async def branch(self, conversation: int, upto_message: int) -> Conversation:
        """A new conversation of what leads to *upto_message*; attachments are shared, not copied.

        Raises:
            KeyError: there is no such conversation, or no such message in it.
        """
        now = self._now()

        def action(db: sqlite3.Connection) -> Conversation:
            made = heads.copy(db, conversation, now)
            ids = copies.copy_path(db, conversation, upto_message, made.id, now)
            heads.copy_seen_from(db, conversation, made.id, ids)
            return made

        return await self._database.run(action)

    async def _set(
        self, conversations: Iterable[int], assignment: str, value: object, then: tuple[str, object] | None = None
    ) -> None:
        ids = list(conversations)

        def action(db: sqlite3.Connection) -> None:
            for words, new in ((assignment, value), *([then] if then else [])):
                statement = f"UPDATE conversations SET {words} WHERE id = ?"  # noqa: S608
                db.executemany(statement, [(new, one) for one in ids])

        await self._database.run(action)


def _insert(
    db: sqlite3.Connection, conversation: int, messages: Sequence[Message], now: float, *, choose: bool
) -> tuple[Message, ...]:
    added = rows.insert(db, conversation, messages, now)
    if choose:
        for message in added:
            copies.choose(db, conversation, message.parent, message.id)
    return added
