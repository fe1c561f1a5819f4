"""Probabilities of an answer's tokens: one compressed row for each answer. Called by `conversations.py`."""

import json
import sqlite3
import zlib
from collections.abc import Sequence

from desktop_app.domain.chat import TokenChance


def save(db: sqlite3.Connection, message: int, tokens: Sequence[TokenChance]) -> None:
    """Keep the probabilities of *message*'s tokens instead of those that were kept before."""
    plain = json.dumps([(one.text, one.logprob, one.others) for one in tokens])
    db.execute(
        "INSERT OR REPLACE INTO chances (message, tokens) VALUES (?, ?)", (message, zlib.compress(plain.encode()))
    )
    db.execute("UPDATE messages SET has_chances = 1 WHERE id = ?", (message,))


def read(db: sqlite3.Connection, message: int) -> tuple[TokenChance, ...]:
    """The probabilities of *message*'s tokens; nothing when none were kept, or when they cannot be read any more."""
    row = db.execute("SELECT tokens FROM chances WHERE message = ?", (message,)).fetchone()
    if row is None:
        return ()
    try:
        values = json.loads(zlib.decompress(row["tokens"]))
        return tuple(
            TokenChance(text, logprob, tuple((word, chance) for word, chance in others))
            for text, logprob, others in values
        )
    except (zlib.error, ValueError, TypeError, RecursionError):
        return ()
