"""How long a search over 100,000 messages takes, and how long a conversation of 10,000 is read."""

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing
from desktop_app.store.conversations import CHAIN, ConversationStore
from desktop_app.store.database import Database
from tests.benchmarks.machinery import Figures, median

RUNS = 9
MESSAGES = 100_000
LONG = 10_000
_CHAT = 100
_VOCABULARY = 60_000
_SHARE_OF_IDEOGRAPHS = 0.1
QUERIES = {
    "in_every_message": "the",
    "two_in_every_message": "the w1",
    "beginning_of_many": "w1",
    "two_letters": "th",
    "rare": "w51234",
    "three_words": "w15 w120 w900",
    "phrase": '"the w1 w2"',
    "ideograph": "天",
    "part_of_ideographs": "天气很好",
    "nowhere": "xylophone",
}
_SPEECH = "今天天气很好我们去公园散步吧明天可能会下雨"


def measure(runs: int = RUNS, messages: int = MESSAGES) -> Figures:
    """Milliseconds from the query to its snippets, the median and the worst of *runs* for each; reading likewise."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.sqlite3"
        found = asyncio.run(_measure(path, runs, messages))
        return {"messages": messages, "file_bytes": path.stat().st_size, **found}


async def _measure(path: Path, runs: int, messages: int) -> Figures:
    database = Database(path)
    await database.open()
    store = ConversationStore(database)
    fill = await _fill(store, messages)
    found = {name: await _timed(partial(store.search, query), runs) for name, query in QUERIES.items()}
    long, _ = await store.create("long", list(_conversation(random.Random(1), LONG)))
    read = await _timed(partial(store.read, long.id), runs)
    await database.close()
    begin = time.perf_counter()
    await _open_and_close(path)
    opened = time.perf_counter() - begin
    return {
        "fill_seconds": round(fill, 1),
        "worst_query_ms": max(one["median_ms"] for one in found.values()),
        "queries": found,
        f"read_{LONG}": read,
        "open_ms": round(opened * 1000, 1),
    }


async def _open_and_close(path: Path) -> None:
    database = Database(path)
    await database.open()
    await database.close()


async def _timed(action: Callable[[], Awaitable[object]], runs: int) -> Figures:
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        await action()
        seconds.append(time.perf_counter() - begin)
    return {"median_ms": median(one * 1000 for one in seconds), "worst_ms": round(max(seconds) * 1000, 2)}


async def _fill(store: ConversationStore, messages: int) -> float:
    source = random.Random(0)
    begin = time.perf_counter()
    for number in range(messages // _CHAT):
        await store.create(f"chat w{number}", list(_conversation(source, _CHAT)))
    return time.perf_counter() - begin


def _conversation(source: random.Random, length: int) -> Iterator[Message]:
    record = AnswerRecord("stop", cached_tokens=12, context_tokens=8192, engine="vLLM 0.32.0", sent_messages=4)
    for number in range(length):
        text = _text(source, 150 if number % 2 else 30)
        if number % 2:
            yield Message(
                0,
                Role.ASSISTANT,
                text,
                MessageState.COMPLETE,
                "m",
                0,
                Timing(0.3, 2.0, 90, 200),
                record=record,
                parent=-1,
            )
        else:
            yield Message(0, Role.USER, text, parent=CHAIN)


def _text(source: random.Random, words: int) -> str:
    if source.random() < _SHARE_OF_IDEOGRAPHS:
        return "".join(source.choice(_SPEECH) for _ in range(words))
    # Words are as frequent as in speech: the n-th one as 1/n (Zipf).
    chosen = (f"w{int(_VOCABULARY ** source.random())}" for _ in range(words))
    return "the " + " ".join(chosen)
