"""An open database in a folder of its own, and the conversations in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database


class Clock:
    """Unix time that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "things.sqlite3"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = Database(path)
    assert await database.open() is None
    yield database
    await database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Clock) -> ConversationStore:
    return ConversationStore(database, clock)
