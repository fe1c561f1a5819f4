"""Whole trees of messages put into a conversation: imports and branches. Called by `conversations.py`."""

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from desktop_app.domain.chat import Message, MessageState
from desktop_app.domain.tree import Tree
from desktop_app.store import messages as rows
from desktop_app.store.messages import CHAIN


def insert_tree(
    db: sqlite3.Connection,
    conversation: int,
    messages: Sequence[Message],
    chosen: Mapping[int | None, int],
    now: float,
) -> None:
    """Insert messages that have ids of another place, with their versions and which of them are shown.

    What makes no sense is mended, not refused: an unknown parent makes a beginning, a circle is cut open.
    """
    ids: dict[int | None, int | None] = {None: None}
    for message in _parents_first(messages):
        (stored,) = rows.insert(db, conversation, [_ended(replace(message, parent=ids.get(message.parent)))], now)
        ids[message.id] = stored.id
    for parent, child in chosen.items():
        if ids.get(child) is not None and parent in ids:
            choose(db, conversation, ids[parent], ids[child] or 0)


def copy_path(db: sqlite3.Connection, conversation: int, upto: int, target: int, now: float) -> dict[int, int]:
    """Copy what leads to message *upto* into the conversation *target*; the new ids by the old ones.

    Raises:
        KeyError: the conversation has no such message.
    """
    path = Tree(rows.read(db, conversation)).path_to(upto)
    copies = rows.insert(db, target, [_ended(replace(one, parent=CHAIN)) for one in path], now)
    for before, copy in zip(path, copies, strict=True):
        choose(db, target, copy.parent, copy.id)
        if before.logprobs:
            db.execute("INSERT INTO chances SELECT ?, tokens FROM chances WHERE message = ?", (copy.id, before.id))
            db.execute("UPDATE messages SET has_chances = 1 WHERE id = ?", (copy.id,))
    return {before.id: copy.id for before, copy in zip(path, copies, strict=True)}


def choose(db: sqlite3.Connection, conversation: int, parent: int | None, child: int) -> None:
    """Remember which of the versions below *parent* is shown; one of another place changes nothing."""
    table, key = ("conversations", conversation) if parent is None else ("messages", parent)
    db.execute(
        f"UPDATE {table} SET chosen = ? WHERE id = ? AND EXISTS"  # noqa: S608
        " (SELECT 1 FROM messages WHERE id = ? AND conversation = ? AND parent IS ?)",
        (child, key, child, conversation, parent),
    )


def _ended(message: Message) -> Message:
    """Nobody goes on writing a copy."""
    return replace(message, state=MessageState.INTERRUPTED) if message.state is MessageState.STREAMING else message


def _parents_first(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages, none before its parent and versions of a turn in their order."""
    left = {message.id: message for message in messages}
    waiting: dict[int | None, list[Message]] = {}
    for message in tuple(left.values()):
        waiting.setdefault(message.parent if message.parent in left else None, []).append(message)
    for beginning in (*waiting.get(None, ()), *left.values()):
        # After the beginnings, only circles are left.
        ready = deque([beginning] if beginning.id in left else [])
        while ready:
            message = ready.popleft()
            if left.pop(message.id, None):
                yield message
                ready += waiting.get(message.id, [])
