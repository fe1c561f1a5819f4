"""What goes with questions, stored once for all versions and chats that have it.

Called by `messages.py` and `conversations.py`, inside a transaction of `database.py`.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from desktop_app.domain.chat import Attachment, AttachmentKind
from desktop_app.store.cleaning import clean


def attach(db: sqlite3.Connection, message: int, attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Let a message have *attachments*, in this order; returns them as `attachments_of()` would.

    A picture without data, as one that was read from here, is known by its id.
    """
    stored = []
    for one in attachments:
        one_stored = replace(one, id=_known(db, one) or _keep(db, one), data=b"", name=clean(one.name))
        db.execute(
            "INSERT INTO message_attachments (message, attachment, name) VALUES (?, ?, ?)",
            (message, one_stored.id, one_stored.name),
        )
        stored.append(one_stored)
    return tuple(stored)


def attachments_of(db: sqlite3.Connection, conversation: int) -> dict[int, tuple[Attachment, ...]]:
    """The attachments of a conversation by message, without the data of pictures."""
    rows = db.execute(
        "SELECT l.message, l.name, a.id, a.kind, a.media, a.size, a.tokens, a.note, a.text"
        " FROM messages m JOIN message_attachments l ON l.message = m.id JOIN attachments a ON a.id = l.attachment"
        " WHERE m.conversation = ? ORDER BY l.id",
        (conversation,),
    )
    found: dict[int, tuple[Attachment, ...]] = {}
    for row in rows:
        kind = AttachmentKind.IMAGE if row["kind"] == AttachmentKind.IMAGE.value else AttachmentKind.TEXT
        one = Attachment(
            row["id"],
            row["name"],
            kind,
            row["media"],
            row["text"],
            size=row["size"],
            tokens=row["tokens"],
            note=row["note"],
        )
        found[row["message"]] = (*found.get(row["message"], ()), one)
    return found


def data_of(db: sqlite3.Connection, attachment: int) -> bytes:
    """A picture as it is sent; empty for a document and for one that is not there."""
    row = db.execute("SELECT data FROM attachments WHERE id = ?", (attachment,)).fetchone()
    return bytes(row["data"]) if row else b""


def remove_orphans(db: sqlite3.Connection) -> None:
    """Remove what no message has any more."""
    db.execute("DELETE FROM attachments WHERE id NOT IN (SELECT attachment FROM message_attachments)")


def _known(db: sqlite3.Connection, one: Attachment) -> int:
    if one.kind is not AttachmentKind.IMAGE or one.data:
        return 0
    row = db.execute("SELECT id FROM attachments WHERE id = ? AND kind = ?", (one.id, one.kind.value)).fetchone()
    return int(row["id"]) if row else 0


def _keep(db: sqlite3.Connection, one: Attachment) -> int:
    values = (one.kind.value, clean(one.media), one.size, clean(one.note), clean(one.text), one.data)
    digest = sha256()
    for value in values:
        encoded = value if isinstance(value, bytes) else str(value).encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    row = db.execute("SELECT id FROM attachments WHERE sha256 = ?", (digest.digest(),)).fetchone()
    if row:
        return int(row["id"])
    cursor = db.execute(
        "INSERT INTO attachments (sha256, kind, media, size, note, text, data, tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (digest.digest(), *values, one.tokens),
    )
    return int(cursor.lastrowid or 0)
