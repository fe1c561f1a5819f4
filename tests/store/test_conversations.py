"""Conversations and messages as the database keeps them."""

import asyncio
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import Message, MessageState, Role, Timing
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database

QUESTION = Message(0, Role.USER, "Why?")
ANSWER = Message(0, Role.ASSISTANT, "", MessageState.STREAMING, model="Guide")


class Clock:
    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Clock) -> ConversationStore:
    return ConversationStore(database, clock)


async def titles(store: ConversationStore) -> list[str]:
    return [conversation.title for conversation in await store.conversations()]


async def test_created_with_its_first_messages(store: ConversationStore, clock: Clock) -> None:
    conversation, (question, answer) = await store.create("Why", (QUESTION, ANSWER))
    assert (conversation.title, conversation.titled, conversation.updated) == ("Why", False, clock.time)
    assert question.id < answer.id
    assert await store.messages(conversation.id) == (question, answer)
    assert await store.conversations() == (conversation,)


async def test_the_one_written_to_last_comes_first_even_when_the_clock_jumps_back(
    store: ConversationStore, clock: Clock
) -> None:
    first, _ = await store.create("first")
    await store.create("second")
    clock.time -= 5000
    await store.add(first.id, QUESTION)
    assert await titles(store) == ["first", "second"]


async def test_an_answer_is_saved_as_it_grows(store: ConversationStore) -> None:
    conversation, (_, answer) = await store.create("Why", (QUESTION, ANSWER))
    done = replace(
        answer, text="Because.", state=MessageState.CUT, timing=Timing(0.5, 2.0, 11, 3), error="", model="Other"
    )
    await store.save(done)
    assert (await store.messages(conversation.id))[1] == done


@pytest.mark.parametrize("text", ["a\ud83d b", "\x00nul", "👩‍👩‍👧 عربي e\u0301", "x" * 1_000_000])
async def test_any_text_can_be_stored(store: ConversationStore, text: str) -> None:
    conversation, (message,) = await store.create(text, (replace(QUESTION, text=text),))
    expected = text.replace("\ud83d", "?")
    assert message.text == expected
    assert (await store.messages(conversation.id))[0].text == expected


async def test_a_chosen_title_is_known_as_chosen(store: ConversationStore) -> None:
    conversation, _ = await store.create("Why")
    await store.rename(conversation.id, "Reasons")
    (renamed,) = await store.conversations()
    assert (renamed.title, renamed.titled) == ("Reasons", True)


async def test_deleted_comes_back_with_its_messages_in_its_place(store: ConversationStore) -> None:
    conversation, messages = await store.create("Why", (QUESTION,))
    await store.create("newer")
    await store.delete(conversation.id)
    assert await titles(store) == ["newer"]
    await store.restore(conversation.id)
    assert await titles(store) == ["newer", "Why"]
    assert await store.messages(conversation.id) == messages


async def test_purge_takes_only_what_was_deleted_long_ago(store: ConversationStore, clock: Clock) -> None:
    old, _ = await store.create("old", (QUESTION,))
    await store.delete(old.id)
    clock.time += 40 * 24 * 3600
    young, _ = await store.create("young")
    await store.create("kept")
    await store.delete(young.id)
    assert await store.purge() == 1
    assert await store.messages(old.id) == ()
    await store.restore(young.id)
    assert await titles(store) == ["kept", "young"]


async def test_unfinished_answers_are_marked_at_start(store: ConversationStore) -> None:
    conversation, (question, answer) = await store.create("Why", (QUESTION, ANSWER))
    await store.save(answer.with_text("Beca"))
    assert await store.mark_interrupted() == 1
    assert await store.mark_interrupted() == 0
    kept = await store.messages(conversation.id)
    assert kept[0] == question
    assert (kept[1].text, kept[1].state) == ("Beca", MessageState.INTERRUPTED)
    assert "ended before" in kept[1].error


async def test_a_value_that_is_not_known_does_not_block_the_conversation(
    store: ConversationStore, database: Database
) -> None:
    conversation, _ = await store.create("Why", (QUESTION, ANSWER))
    await database.run(lambda db: db.execute("UPDATE messages SET state = 'dreaming' WHERE role = 'assistant'"))
    assert [message.state for message in await store.messages(conversation.id)] == [
        MessageState.COMPLETE,
        MessageState.INTERRUPTED,
    ]


async def test_a_message_needs_a_conversation(store: ConversationStore) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await store.add(12345, QUESTION)


WRITER = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database

async def main() -> None:
    database = Database(Path(sys.argv[1]))
    await database.open()
    store = ConversationStore(database)
    answer = Message(0, Role.ASSISTANT, "", MessageState.STREAMING)
    conversation, (answer,) = await store.create("Why", (answer,))
    while True:
        answer = answer.with_text(answer.text + "word ")
        await store.save(answer)
        print(len(answer.text), flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 40, 200])
async def test_killed_while_writing_keeps_everything_that_was_saved(path: Path, lines: int) -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, path, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    acknowledged = [int(await child.stdout.readline()) for _ in range(lines)]
    child.kill()
    acknowledged += [int(line) for line in (await child.stdout.read()).split(b"\n") if line]
    await child.wait()
    database = Database(path)
    assert await database.open() is None
    store = ConversationStore(database)
    await store.mark_interrupted()
    (conversation,) = await store.conversations()
    (answer,) = await store.messages(conversation.id)
    assert answer.state is MessageState.INTERRUPTED
    assert len(answer.text) >= acknowledged[-1]
    await database.close()
