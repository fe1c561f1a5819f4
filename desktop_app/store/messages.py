"""Messages as rows: read, inserted, saved while they grow, and told to the search index. Called by `conversations.py`.

An answer that is being written comes twice a second, each time as a whole. Only what is new of it is written, into
`growth`; its row is written again, and indexed, when it has ended. `fold()` does that for an answer whose program was
killed. Everything here runs inside a transaction of `database.py`, on its thread.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing
from desktop_app.store.attachments import attach, attachments_of
from desktop_app.store.cleaning import clean

CHAIN = -1
"""As a parent: the message before this one in the same call; for the first of them the beginning."""

_COLUMNS = (
    "id, parent, role, state, model, created, first_token_seconds, decode_seconds, prompt_tokens, answer_tokens,"
    " deleted, has_chances, error, record, reasoning, text"
)
_ROLES = {role.value: role for role in Role}
_STATES = {state.value: state for state in MessageState}
_NO_TIMING = Timing()
_NO_RECORD = AnswerRecord()


def read(db: sqlite3.Connection, conversation: int) -> tuple[Message, ...]:
    """Every version of every turn, in the order in which they were made; pictures without their data."""
    cursor = db.cursor()
    cursor.row_factory = None
    rows = cursor.execute(f"SELECT {_COLUMNS} FROM messages WHERE conversation = ? ORDER BY id", (conversation,))  # noqa: S608
    messages = [_message(*row) for row in rows]
    attached = attachments_of(db, conversation)
    grown = _grown(db, [one for one in messages if one.state is MessageState.STREAMING])
    if not attached and not grown:
        return tuple(messages)
    whole = (grown.get(one.id, one) for one in messages)
    return tuple(replace(one, attachments=attached[one.id]) if one.id in attached else one for one in whole)


def chosen(db: sqlite3.Connection, conversation: int, first: int | None) -> dict[int | None, int]:
    """Which child of each message is shown; *first* is that of the beginning."""
    cursor = db.cursor()
    cursor.row_factory = None
    found: dict[int | None, int] = dict(
        cursor.execute(
            "SELECT id, chosen FROM messages WHERE conversation = ? AND chosen IS NOT NULL ORDER BY id", (conversation,)
        ).fetchall()
    )
    return found if first is None else {None: first, **found}


def insert(db: sqlite3.Connection, conversation: int, messages: Sequence[Message], now: float) -> tuple[Message, ...]:
    """New messages, each below its parent (or `CHAIN`); returns them with their ids, parents and times.

    A time of their own is kept: messages that are imported have one.
    """
    added: list[Message] = []
    for message in messages:
        parent = message.parent
        if parent == CHAIN:
            parent = added[-1].id if added else None
        created = message.created or now
        cursor = db.execute(
            "INSERT INTO messages (conversation, parent, role, created, deleted, state, model, first_token_seconds,"
            " decode_seconds, prompt_tokens, answer_tokens, error, record, reasoning, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (conversation, parent, message.role.value, created, message.deleted, *_values(message)),
        )
        stored = replace(
            message,
            id=int(cursor.lastrowid or 0),
            parent=parent,
            created=created,
            text=clean(message.text),
            reasoning=clean(message.reasoning),
            logprobs=False,
        )
        added.append(replace(stored, attachments=attach(db, stored.id, message.attachments)))
        if message.state is not MessageState.STREAMING:
            index(db, stored.id)
    return tuple(added)


def write(db: sqlite3.Connection, message: Message) -> None:
    """Write the whole row of a message that is there, and index it when it has ended."""
    unindex(db, [message.id])
    db.execute(
        "UPDATE messages SET state = ?, model = ?, first_token_seconds = ?, decode_seconds = ?, prompt_tokens = ?,"
        " answer_tokens = ?, error = ?, record = ?, reasoning = ?, text = ? WHERE id = ?",
        (*_values(message), message.id),
    )
    db.execute("DELETE FROM growth WHERE message = ?", (message.id,))
    if message.state is not MessageState.STREAMING:
        index(db, message.id)


def grow(db: sqlite3.Connection, before: Message, after: Message) -> None:
    """Write what *after* has more than *before*, which is how the message was saved last."""
    # Kept under the place where it begins: a save that was given up half way is overwritten by the next one.
    db.execute(
        "INSERT OR REPLACE INTO growth (message, begin, reasoning, text) VALUES (?, ?, ?, ?)",
        (
            after.id,
            len(before.text) + len(before.reasoning),
            clean(after.reasoning[len(before.reasoning) :]),
            clean(after.text[len(before.text) :]),
        ),
    )


def has_only_grown(before: Message, after: Message) -> bool:
    """Whether *after* is *before* and more text."""
    return (
        after.text.startswith(before.text)
        and after.reasoning.startswith(before.reasoning)
        and replace(before, text="", reasoning="") == replace(after, text="", reasoning="")
    )


def end_streams(db: sqlite3.Connection, state: MessageState, error: str) -> int:
    """Give every answer that is still being written an end; returns how many."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM messages WHERE state = 'streaming'").fetchall()  # noqa: S608
    messages = [_message(*row) for row in rows]
    grown = _grown(db, messages)
    for message in messages:
        write(db, replace(grown.get(message.id, message), state=state, error=error))
    return len(messages)


def index(db: sqlite3.Connection, message: int) -> None:
    """Make a message findable."""
    db.execute(f"INSERT INTO message_index (rowid, text, names) {_INDEXED}", (message,))
    db.execute("UPDATE messages SET indexed = 1 WHERE id = ?", (message,))


def unindex(db: sqlite3.Connection, messages: Iterable[int]) -> None:
    """Take messages out of the index; call it before their text changes or goes."""
    for message in messages:
        # An index without a text of its own has to be told the words that it shall forget.
        db.execute(
            f"INSERT INTO message_index (message_index, rowid, text, names) SELECT 'delete', * FROM ({_INDEXED})"  # noqa: S608
            " WHERE (SELECT indexed FROM messages WHERE id = ?)",
            (message, message),
        )
        db.execute("UPDATE messages SET indexed = 0 WHERE id = ? AND indexed", (message,))


_INDEXED = (
    "SELECT id, search_words(text), search_words(coalesce((SELECT group_concat(name, ' ') FROM"
    " (SELECT name FROM message_attachments WHERE message = messages.id ORDER BY id)), ''))"
    " FROM messages WHERE id = ?"
)


def _grown(db: sqlite3.Connection, messages: Iterable[Message]) -> dict[int, Message]:
    """Those of *messages* that have grown since their row was written, by id."""
    grown = {}
    for message in messages:
        pieces = db.execute(
            "SELECT reasoning, text FROM growth WHERE message = ? ORDER BY begin", (message.id,)
        ).fetchall()
        if pieces:
            text = message.text + "".join(piece["text"] for piece in pieces)
            reasoning = message.reasoning + "".join(piece["reasoning"] for piece in pieces)
            grown[message.id] = replace(message, text=text, reasoning=reasoning)
    return grown


def _values(message: Message) -> tuple[str | float, ...]:
    timing, record = message.timing, message.record.as_json()
    return (
        message.state.value,
        clean(message.model),
        timing.first_token_seconds,
        timing.decode_seconds,
        timing.prompt_tokens,
        timing.answer_tokens,
        clean(message.error),
        clean(json.dumps(record, ensure_ascii=False)) if record else "",
        clean(message.reasoning),
        clean(message.text),
    )


def _message(
    id_: int,
    parent: int | None,
    role: str,
    state: str,
    model: str,
    created: float,
    first: float,
    decode: float,
    prompt_tokens: int,
    answer_tokens: int,
    deleted: int,
    has_chances: int,
    error: str,
    record: str,
    reasoning: str,
    text: str,
) -> Message:
    return Message(
        id_,
        # One value that is not known must not make a whole conversation unreadable.
        _ROLES.get(role, Role.ASSISTANT),
        text,
        _STATES.get(state, MessageState.INTERRUPTED),
        model,
        created,
        Timing(first, decode, prompt_tokens, answer_tokens) if first or prompt_tokens else _NO_TIMING,
        error,
        parent,
        reasoning,
        (),
        _record(record) if record else _NO_RECORD,
        bool(has_chances),
        bool(deleted),
    )


def _record(text: str) -> AnswerRecord:
    try:
        return AnswerRecord.from_json(json.loads(text))
    except (ValueError, RecursionError):
        return _NO_RECORD
