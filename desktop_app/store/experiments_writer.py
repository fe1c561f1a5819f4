"""Many small writes in one transaction. Called by `experiments.py`.

A prompt set has hundreds of answers under way, and each is saved twice a second: a transaction for each would keep the
disk busy with nothing but confirming them. What comes while the disk is busy is gathered, and confirmed at once.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from desktop_app.store.database import Database

T = TypeVar("T")


class GroupCommit:
    """Does actions in the order in which they come, as many together as have come meanwhile.

    Args:
        database: an open database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathered: list[Callable[[sqlite3.Connection], Any]] = []
        self._next: asyncio.Task[list[Any]] | None = None
        """Will write what is gathered, as soon as the one before it is through."""
        self._turn = asyncio.Lock()

    async def run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Do *action*; it is on the disk when this returns, or was not done at all when it raises.

        Who is cancelled meanwhile does not wait any longer, but the action is done.

        Raises:
            UserError: it could not be done, nor could those that were gathered with it.
        """
        place = len(self._gathered)
        self._gathered.append(action)
        if self._next is None:
            self._next = asyncio.create_task(self._write(), name="save answers of experiments")
            self._next.add_done_callback(_notice)
        # One that is cancelled must not take along the others.
        result: T = (await asyncio.shield(self._next))[place]
        return result

    async def _write(self) -> list[Any]:
        async with self._turn:
            actions, self._gathered, self._next = self._gathered, [], None
            return await self._database.run(lambda db: [action(db) for action in actions])


def _notice(task: asyncio.Task[list[Any]]) -> None:
    """Whoever still waits is told of a failure; when nobody does, asyncio shall not call that an accident."""
    if not task.cancelled():
        task.exception()
