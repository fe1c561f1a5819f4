"""`python -m tests.e2e.kill_streams FOLDER` lets answers stream into databases and kills each writer at some moment.

Writers are forked from one process that has loaded everything, so that their short lives are spent on writing. Each
notes in a file when it had received how much; what it wrote there survives it.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import count, pairwise
from pathlib import Path

from desktop_app.domain.chat import Delta, Message, MessageState, Role
from desktop_app.services.answer import Answer
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database

KILLS = 50
BEFORE = "It was said before. " * 50_000
"""What an answer that is continued begins with: 1 MB."""
_AT_ONCE = 10
_SHORTEST_NANOSECONDS = 100_000_000
_LONGEST_NANOSECONDS = 1_900_000_000
HICCUP = 50_000_000
"""Nanoseconds between two batches, which come every 5 ms, after which the machine counts as having had other work."""
_LOOK_SECONDS = 0.01
_BATCH_SECONDS = 0.005
_WORDS = 5
"""In a batch: a thousand a second."""
_REASONING_BATCHES = 60


def words(batch: int) -> str:
    """What the stream brings in a batch: no two batches are alike."""
    return "".join(f"w{batch}.{number} " for number in range(_WORDS))


def database_of(folder: Path, number: int) -> Path:
    """The file that a writer writes into; odd ones continue an answer."""
    return folder / f"{number}.sqlite3"


def log_of(folder: Path, number: int) -> Path:
    """Lines of nanoseconds and characters that had been received by then; the last line is the moment of the kill."""
    return folder / f"{number}.log"


async def _stream(log: int) -> AsyncGenerator[list[Delta], None]:
    received = 0
    for batch in count():
        text = words(batch)
        yield [Delta(reasoning=text) if batch < _REASONING_BATCHES else Delta(text)]
        received += len(text)
        os.write(log, b"%d %d\n" % (time.monotonic_ns(), received))
        await asyncio.sleep(_BATCH_SECONDS)


async def _write(folder: Path, number: int, log: int) -> None:
    database = Database(database_of(folder, number))
    await database.open()
    store = ConversationStore(database)
    empty = Message(0, Role.ASSISTANT, BEFORE if number % 2 else "", MessageState.STREAMING, model="m")
    _, (message,) = await store.create("chat", (empty,))
    tasks = Tasks(lambda name, error: print(name, repr(error), file=sys.stderr, flush=True))
    answer = Answer(message, store, tasks, time.monotonic, lambda _: None, lambda _: None)
    await answer.run(_stream(log))


def alive(moments: Sequence[int]) -> Iterator[int]:
    """How long a writer with batches at these *moments* had lived before the last of them, from each on, backwards."""
    lived = 0
    for later, earlier in pairwise(reversed(moments)):
        lived += min(later - earlier, HICCUP)
        yield lived


def _lived(folder: Path, number: int) -> int:
    """Nanoseconds so far; however slow the machine is, some get old."""
    log = log_of(folder, number)
    # The last line may be under way.
    lines = log.read_bytes().split(b"\n")[:-1] if log.exists() else []
    return max(alive([int(line.split()[0]) for line in lines]), default=0)


def _begin(folder: Path, number: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    log = os.open(log_of(folder, number), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        asyncio.run(_write(folder, number, log))
    finally:
        os._exit(1)


def _end(folder: Path, number: int, writer: int) -> None:
    killed = time.monotonic_ns()
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    with log_of(folder, number).open("ab") as log:
        log.write(b"%d killed\n" % killed)


def main() -> None:
    """Run all writers, some at a time."""
    folder, source = Path(sys.argv[1]), random.Random()
    for first in range(0, KILLS, _AT_ONCE):
        numbers = range(first, min(KILLS, first + _AT_ONCE))
        writers = {number: _begin(folder, number) for number in numbers}
        lives = {number: source.uniform(_SHORTEST_NANOSECONDS, _LONGEST_NANOSECONDS) for number in numbers}
        try:
            while writers:
                time.sleep(_LOOK_SECONDS)
                assert os.waitpid(-1, os.WNOHANG)[0] == 0, "a writer ended by itself"
                for number in [number for number in writers if _lived(folder, number) >= lives[number]]:
                    _end(folder, number, writers.pop(number))
        finally:
            for writer in writers.values():
                os.kill(writer, signal.SIGKILL)


if __name__ == "__main__":
    main()
