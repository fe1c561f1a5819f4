"""Killed at any moment while an answer streams, the database is whole and at most the last second is missing."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain.chat import MessageState
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database
from tests.e2e.kill_streams import BEFORE, KILLS, alive, database_of, log_of, words

SECOND = 1_000_000_000


@dataclass(frozen=True)
class Life:
    """What a writer had received."""

    received: int
    """Characters in all."""
    promised: int
    """Characters that had come a second or more before it was killed."""


def life(log: Path) -> Life:
    lines = [line.split() for line in log.read_text("utf-8").splitlines()]
    moments = [int(line[0]) for line in lines]
    amounts = [0, *(int(line[1]) for line in lines[:-1])]
    last = len(moments) - 1
    old = next((last - back for back, lived in enumerate(alive(moments)) if lived >= SECOND), 0)
    return Life(amounts[-1], amounts[old])


async def saved(folder: Path, number: int) -> str:
    """What is there of the stream after a new start."""
    database = Database(database_of(folder, number))
    assert await database.open() is None
    assert await database.run(lambda db: db.execute("PRAGMA integrity_check").fetchone()[0]) == "ok"
    store = ConversationStore(database)
    await store.mark_interrupted()
    chats = await store.conversations()
    answers = [message for chat in chats for message in (await store.read(chat.id)).messages]
    await database.close()
    assert {answer.state for answer in answers} <= {MessageState.INTERRUPTED}
    before = BEFORE if number % 2 else ""
    assert all(answer.text.startswith(before) for answer in answers)
    return "".join(answer.reasoning + answer.text.removeprefix(before) for answer in answers)


async def test_killed_while_streaming(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.kill_streams", tmp_path, cwd=Path(__file__).parents[2]
    )
    assert await child.wait() == 0
    stream = "".join(words(batch) for batch in range(1000))
    lives = []
    for number in range(KILLS):
        lives.append(life(log_of(tmp_path, number)))
        text = await saved(tmp_path, number)
        assert text == stream[: len(text)]
        assert lives[-1].promised <= len(text) <= lives[-1].received
    assert sum(one.promised > 0 for one in lives) > KILLS // 10, "too few lived for longer than a second"
