"""Conversations and messages in the database. `services/conversations.py` is the caller.

A deleted conversation is only marked, so that it can come back; `purge()` removes what has been marked for long.
"""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace

from desktop_app.domain.chat import Conversation, Message, MessageState, Role, Timing
from desktop_app.store.database import Database

BIN_SECONDS = 30 * 24 * 3600.0
"""How long a deleted conversation can still be brought back: 30 days."""

INTERRUPTED_WORDS = "The program ended before this answer was complete."

_TOUCH = "(SELECT coalesce(max(touched), 0) + 1 FROM conversations)"


class ConversationStore:
    """Reads and writes conversations; every method is one transaction and raises UserError when it fails.

    Args:
        database: an open database.
        now: Unix time in seconds.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def conversations(self) -> tuple[Conversation, ...]:
        """Every conversation that is not deleted, the one written to last first."""
        rows = await self._database.run(
            lambda db: db.execute(
                "SELECT id, title, updated, titled FROM conversations WHERE deleted IS NULL ORDER BY touched DESC"
            ).fetchall()
        )
        return tuple(_conversation(row) for row in rows)

    async def messages(self, conversation: int) -> tuple[Message, ...]:
        """The messages of a conversation, oldest first."""
        rows = await self._database.run(
            lambda db: db.execute(
                "SELECT * FROM messages WHERE conversation = ? ORDER BY id", (conversation,)
            ).fetchall()
        )
        return tuple(_message(row) for row in rows)

    async def create(self, title: str, messages: tuple[Message, ...] = ()) -> tuple[Conversation, tuple[Message, ...]]:
        """Make a conversation with its first messages, all or nothing; the ids are given here."""
        now = self._now()

        def action(db: sqlite3.Connection) -> tuple[Conversation, tuple[Message, ...]]:
            cursor = db.execute(
                f"INSERT INTO conversations (title, created, updated, touched) VALUES (?, ?, ?, {_TOUCH})",  # noqa: S608
                (_clean(title), now, now),
            )
            conversation = Conversation(int(cursor.lastrowid or 0), _clean(title), now)
            return conversation, tuple(_insert(db, conversation.id, message, now) for message in messages)

        return await self._database.run(action)

    async def add(self, conversation: int, *messages: Message) -> tuple[Message, ...]:
        """Append messages to a conversation, all or nothing; returns them with their ids and times."""
        now = self._now()

        def action(db: sqlite3.Connection) -> tuple[Message, ...]:
            added = tuple(_insert(db, conversation, message, now) for message in messages)
            db.execute(
                f"UPDATE conversations SET updated = ?, touched = {_TOUCH} WHERE id = ?",  # noqa: S608
                (now, conversation),
            )
            return added

        return await self._database.run(action)

    async def save(self, message: Message) -> None:
        """Write text, state, model, timing and error of a message that is already there."""
        values = (*_values(message), message.id)
        await self._database.run(
            lambda db: db.execute(
                "UPDATE messages SET text = ?, state = ?, model = ?, first_token_seconds = ?, decode_seconds = ?,"
                " prompt_tokens = ?, answer_tokens = ?, error = ? WHERE id = ?",
                values,
            )
        )

    async def rename(self, conversation: int, title: str) -> None:
        """Give a conversation the title that a person chose."""
        await self._database.run(
            lambda db: db.execute(
                "UPDATE conversations SET title = ?, titled = 1 WHERE id = ?", (_clean(title), conversation)
            )
        )

    async def delete(self, conversation: int) -> None:
        """Take a conversation out of the list; `restore()` brings it back for 30 days."""
        now = self._now()
        await self._database.run(
            lambda db: db.execute("UPDATE conversations SET deleted = ? WHERE id = ?", (now, conversation))
        )

    async def restore(self, conversation: int) -> None:
        """Bring a deleted conversation back to the place it had."""
        await self._database.run(
            lambda db: db.execute("UPDATE conversations SET deleted = NULL WHERE id = ?", (conversation,))
        )

    async def purge(self, older_than: float = BIN_SECONDS) -> int:
        """Remove for good what was deleted more than *older_than* seconds ago; returns how many conversations."""
        limit = self._now() - older_than
        return await self._database.run(
            lambda db: db.execute("DELETE FROM conversations WHERE deleted < ?", (limit,)).rowcount
        )

    async def mark_interrupted(self) -> int:
        """Mark answers that were still being written when an earlier run ended; returns how many."""
        return await self._database.run(
            lambda db: (
                db.execute(
                    "UPDATE messages SET state = ?, error = ? WHERE state = ?",
                    (MessageState.INTERRUPTED.value, INTERRUPTED_WORDS, MessageState.STREAMING.value),
                ).rowcount
            )
        )


def _insert(db: sqlite3.Connection, conversation: int, message: Message, now: float) -> Message:
    cursor = db.execute(
        "INSERT INTO messages (text, state, model, first_token_seconds, decode_seconds, prompt_tokens, answer_tokens,"
        " error, conversation, role, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*_values(message), conversation, message.role.value, now),
    )
    return replace(message, id=int(cursor.lastrowid or 0), text=_clean(message.text), created=now)


def _values(message: Message) -> tuple[str | float, ...]:
    timing = message.timing
    return (
        _clean(message.text),
        message.state.value,
        _clean(message.model),
        timing.first_token_seconds,
        timing.decode_seconds,
        timing.prompt_tokens,
        timing.answer_tokens,
        _clean(message.error),
    )


def _clean(text: str) -> str:
    # Half a surrogate pair is not UTF-8, and sqlite3 raises on it; keyboards and broken models do send them.
    return text.encode("utf-8", "replace").decode("utf-8")


def _conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(row["id"], row["title"], row["updated"], bool(row["titled"]))


def _message(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        role=Role.USER if row["role"] == Role.USER.value else Role.ASSISTANT,
        text=row["text"],
        state=_state(row["state"]),
        model=row["model"],
        created=row["created"],
        timing=Timing(row["first_token_seconds"], row["decode_seconds"], row["prompt_tokens"], row["answer_tokens"]),
        error=row["error"],
    )


def _state(value: str) -> MessageState:
    # One value that is not known must not make a whole conversation unreadable.
    try:
        return MessageState(value)
    except ValueError:
        return MessageState.INTERRUPTED
