"""Full-text search over titles, questions, answers and the names of attachments. Called by `conversations.py`.

How much is looked at is limited, so that a word that is in every message costs no more than a rare one.
"""

import sqlite3

from desktop_app.domain.chat import Found
from desktop_app.store.search_words import Query, read_query, snippet

_CANDIDATES = 1_000
"""The newest hits that are ranked; whatever is older than a thousand hits is not what somebody looks for."""
_TITLES = 50
_READ_CHARACTERS = 400_000
_FRESH_SECONDS = 60 * 24 * 3600.0
"""After two months a hit has lost half of what being new gave it."""
_FRESH_WEIGHT = 2.0
"""How often better than an old hit a new one of the same worth counts, less one."""

_FIND_TITLES = """
SELECT c.id, c.title, c.updated FROM title_index CROSS JOIN conversations c ON c.id = title_index.rowid
WHERE title_index MATCH ? AND c.deleted IS NULL ORDER BY c.touched DESC LIMIT ?
"""
_FIND_MESSAGES = """
SELECT m.id, m.created, bm25(message_index) AS worth
FROM message_index CROSS JOIN messages m ON m.id = message_index.rowid
CROSS JOIN conversations c ON c.id = m.conversation
WHERE message_index MATCH ? AND NOT m.deleted AND c.deleted IS NULL ORDER BY message_index.rowid DESC LIMIT ?
"""
_READ_MESSAGE = """
SELECT m.conversation, c.title, substr(m.text, 1, ?) AS text, m.created,
    (SELECT group_concat(name, ' ') FROM message_attachments WHERE message = m.id) AS names
FROM messages m JOIN conversations c ON c.id = m.conversation WHERE m.id = ?
"""


def search(db: sqlite3.Connection, text: str, limit: int, now: float) -> tuple[Found, ...]:
    """Where *text* is found: titles first, then messages, the most fitting and newest first. Never raises for a query.

    Args:
        db: inside a transaction.
        text: what a person typed; see `search_words.read_query()`.
        limit: how many places at most.
        now: Unix time in seconds.
    """
    query = read_query(text)
    if query is None:
        return ()
    titles = db.execute(_FIND_TITLES, (query.match, min(limit, _TITLES))).fetchall()
    found = [_found(query, row["id"], row["title"], None, row["title"], row["updated"]) for row in titles]
    messages = db.execute(_FIND_MESSAGES, (query.match, _CANDIDATES)).fetchall()
    messages.sort(key=lambda row: row["worth"] * (1 + _FRESH_WEIGHT * _freshness(now - row["created"])))
    return (*found, *(_read(db, query, row["id"]) for row in messages[: limit - len(found)]))


def _freshness(age: float) -> float:
    """1 for what was just written, 0.5 after two months, towards 0."""
    return 1 / (1 + max(0.0, age) / _FRESH_SECONDS)


def _read(db: sqlite3.Connection, query: Query, message: int) -> Found:
    row = db.execute(_READ_MESSAGE, (_READ_CHARACTERS, message)).fetchone()
    found = _found(query, row["conversation"], row["title"], message, row["text"], row["created"])
    if found.marks or not row["names"]:
        return found
    return _found(query, row["conversation"], row["title"], message, row["names"], row["created"])


def _found(query: Query, conversation: int, title: str, message: int | None, text: str, created: float) -> Found:
    return Found(conversation, title, message, *snippet(text, query), created)
