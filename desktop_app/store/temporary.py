"""Conversations that are never written to the disk: the same store over a database in memory. Services are the callers.

Its ids begin where those of stored conversations never get, so that an id says which store it belongs to.
"""

import sqlite3
import time
from collections.abc import Callable

from desktop_app.store import conversation_rows
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import MemoryDatabase

TEMPORARY_IDS = conversation_rows.TEMPORARY_IDS
"""Ids of temporary conversations and their messages are greater than this."""
_NUMBERED = ("conversations", "messages", "folders", "attachments")


class TemporaryStore(ConversationStore):
    """Keeps conversations until `close()` or the end of the program.

    Args:
        now: Unix time in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._memory = MemoryDatabase(_begin_high)
        super().__init__(self._memory, now)

    async def close(self) -> None:
        """Forget everything."""
        await self._memory.close()


def _begin_high(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM sqlite_sequence")
    db.executemany(
        "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [(name, TEMPORARY_IDS) for name in _NUMBERED]
    )
