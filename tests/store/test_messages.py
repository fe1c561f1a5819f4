"""Messages, their versions, attachments and probabilities as the database keeps them."""

import asyncio
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import (
    AnswerRecord,
    Attachment,
    AttachmentKind,
    Message,
    MessageState,
    Role,
    Timing,
    TokenChance,
)
from desktop_app.domain.tree import Tree
from desktop_app.store.conversations import CHAIN, ConversationStore
from desktop_app.store.database import Database

QUESTION = Message(0, Role.USER, "Why?")
ANSWER = Message(0, Role.ASSISTANT, "", MessageState.STREAMING, model="Guide", parent=CHAIN)
PICTURE = Attachment(0, "cat.png", AttachmentKind.IMAGE, "image/png", data=b"\x89PNG", size=900)
PAPER = Attachment(0, "paper.pdf", AttachmentKind.TEXT, "text/plain", "Long.", size=12_000, tokens=3, note="12 pages")


async def one(store: ConversationStore, conversation: int, message: int) -> Message:
    return next(found for found in (await store.read(conversation)).messages if found.id == message)


async def count(database: Database, table: str) -> int:
    return await database.run(lambda db: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]))


async def test_versions_of_a_turn_and_which_is_shown(store: ConversationStore) -> None:
    conversation, (question, first) = await store.create("Why", (QUESTION, replace(ANSWER, text="first")))
    second, after = await store.add(
        conversation.id, replace(ANSWER, text="second", parent=question.id), replace(QUESTION, parent=CHAIN)
    )
    hidden, _ = await store.add(conversation.id, replace(ANSWER, parent=question.id), replace(ANSWER), choose=False)
    stored = await store.read(conversation.id)
    tree = Tree(stored.messages, stored.chosen)
    assert tree.path() == (question, second, after)
    assert tree.versions(second.id) == (first.id, second.id, hidden.id)
    await store.choose(conversation.id, question.id, first.id)
    assert (await store.read(conversation.id)).chosen[question.id] == first.id


async def test_only_a_child_can_be_shown(store: ConversationStore) -> None:
    conversation, (question, answer) = await store.create("Why", (QUESTION, ANSWER))
    other, (elsewhere,) = await store.create("other", (QUESTION,))
    chosen = (await store.read(conversation.id)).chosen
    for parent, child in ((None, answer.id), (question.id, elsewhere.id), (answer.id, answer.id), (999, answer.id)):
        await store.choose(conversation.id, parent, child)
    assert (await store.read(conversation.id)).chosen == chosen
    assert (await store.read(other.id)).chosen == {None: elsewhere.id}


async def test_a_parent_is_in_the_same_conversation(store: ConversationStore) -> None:
    conversation, _ = await store.create("Why", (QUESTION,))
    _, (elsewhere,) = await store.create("other", (QUESTION,))
    for parent in (elsewhere.id, 999):
        with pytest.raises(sqlite3.IntegrityError):
            await store.add(conversation.id, replace(QUESTION, parent=parent))
    with pytest.raises(sqlite3.IntegrityError):
        await store.add(12345, QUESTION)


async def test_messages_are_taken_out_and_brought_back(store: ConversationStore) -> None:
    conversation, (question, answer) = await store.create("Why", (QUESTION, ANSWER))
    await store.set_deleted([question.id, answer.id], True)
    assert [message.deleted for message in (await store.read(conversation.id)).messages] == [True, True]
    await store.set_deleted([answer.id], False)
    assert [message.deleted for message in (await store.read(conversation.id)).messages] == [True, False]


async def test_an_answer_is_saved_with_all_that_is_known(store: ConversationStore) -> None:
    conversation, (_, answer) = await store.create("Why", (QUESTION, ANSWER))
    done = replace(
        answer,
        text="Because.",
        state=MessageState.CUT,
        timing=Timing(0.5, 2.0, 11, 3),
        error="Cut.",
        model="Other",
        reasoning="Hm.",
        record=AnswerRecord("length", cached_tokens=7, request='{"seed": 1}', queue_seconds=0.25),
    )
    await store.save(done)
    assert await one(store, conversation.id, answer.id) == done


async def test_while_it_streams_only_what_is_new_is_written(store: ConversationStore, database: Database) -> None:
    conversation, (_, answer) = await store.create("Why", (QUESTION, ANSWER))
    answer = answer.with_text("x" * 1_000_000)
    await store.save(answer)
    for number in range(20):
        answer = replace(answer, text=f"{answer.text} {number}", reasoning=f"{answer.reasoning}{number}·")
        await store.save(answer)
        await store.save(answer)
    assert await one(store, conversation.id, answer.id) == answer
    sizes = await database.run(lambda db: [len(row["text"]) for row in db.execute("SELECT text FROM growth")])
    assert len(sizes) == 20
    assert sum(sizes) < 100
    rewritten = replace(answer, text="", reasoning=answer.text)
    await store.save(rewritten)
    assert await one(store, conversation.id, answer.id) == rewritten
    await store.save(replace(rewritten, text="Yes."))
    done = replace(rewritten, text="Yes!", state=MessageState.STOPPED)
    await store.save(done)
    assert await one(store, conversation.id, answer.id) == done
    assert await count(database, "growth") == 0


async def test_a_save_that_failed_is_made_good_by_the_next(store: ConversationStore, database: Database) -> None:
    conversation, (_, answer) = await store.create("Why", (QUESTION, ANSWER))
    await store.save(answer.with_text("a"))
    saving = asyncio.create_task(store.save(answer.with_text("ab")))
    await asyncio.sleep(0)
    saving.cancel()
    await store.save(answer.with_text("abcd"))
    assert (await one(store, conversation.id, answer.id)).text == "abcd"


@pytest.mark.parametrize("text", ["a\ud83d b", "\x00nul", "👩‍👩‍👧 عربي e\u0301", "x" * 1_000_000])
async def test_any_text_can_be_stored(store: ConversationStore, text: str) -> None:
    conversation, (message, answer) = await store.create(text, (replace(QUESTION, text=text), ANSWER))
    expected = text.replace("\ud83d", "?")
    assert message.text == expected
    for state in (MessageState.STREAMING, MessageState.STREAMING, MessageState.COMPLETE):
        answer = replace(answer, text=answer.text + text, reasoning=text, error=text, model=text, state=state)
        await store.save(answer)
    stored = (await store.read(conversation.id)).messages
    assert stored[0].text == expected
    assert (stored[1].text, stored[1].reasoning, stored[1].error) == (expected * 3, expected, expected)


async def test_unfinished_answers_are_marked_at_start(store: ConversationStore, database: Database) -> None:
    conversation, (question, answer) = await store.create("Why", (QUESTION, ANSWER))
    await store.save(answer.with_text("Beca"))
    await store.save(replace(answer, text="Because", reasoning="Hm"))
    restarted = ConversationStore(database)
    assert await restarted.mark_interrupted() == 1
    assert await restarted.mark_interrupted() == 0
    kept = (await restarted.read(conversation.id)).messages
    assert kept[0] == question
    assert (kept[1].text, kept[1].reasoning, kept[1].state) == ("Because", "Hm", MessageState.INTERRUPTED)
    assert "ended before" in kept[1].error
    assert await count(database, "growth") == 0
    assert [found.message for found in await restarted.search("because")] == [answer.id]


@pytest.mark.parametrize(("column", "value"), [("state", "dreaming"), ("role", "cat"), ("record", "no JSON")])
async def test_a_value_that_is_not_known_does_not_block_the_conversation(
    store: ConversationStore, database: Database, column: str, value: str
) -> None:
    conversation, _ = await store.create("Why", (QUESTION, replace(ANSWER, state=MessageState.INTERRUPTED)))
    await database.run(lambda db: db.execute(f"UPDATE messages SET {column} = ? WHERE role = 'assistant'", (value,)))
    answer = (await store.read(conversation.id)).messages[1]
    assert (answer.role, answer.state, answer.record) == (Role.ASSISTANT, MessageState.INTERRUPTED, AnswerRecord())


async def test_attachments_come_back_without_the_pictures_data(store: ConversationStore) -> None:
    conversation, (question,) = await store.create("Why", (replace(QUESTION, attachments=(PAPER, PICTURE)),))
    (paper, picture) = question.attachments
    assert (await store.read(conversation.id)).messages == (question,)
    assert paper == replace(PAPER, id=paper.id)
    assert picture == replace(PICTURE, id=picture.id, data=b"")
    assert await store.attachment_data(picture.id) == b"\x89PNG"
    assert await store.attachment_data(paper.id) == await store.attachment_data(999) == b""


async def test_one_content_is_stored_once(store: ConversationStore, database: Database) -> None:
    first, (question,) = await store.create("Why", (replace(QUESTION, attachments=(PAPER, PICTURE)),))
    edited = replace(question, text="Why not?")
    (edited,) = await store.add(first.id, edited)
    assert edited.attachments == question.attachments
    again = replace(QUESTION, attachments=(replace(PICTURE, name="other.png"), replace(PAPER, tokens=4)))
    _, (again,) = await store.create("Again", (again,))
    assert [one.name for one in again.attachments] == ["other.png", "paper.pdf"]
    branch = await store.branch(first.id, edited.id)
    assert (await store.read(branch.id)).messages[0].attachments == question.attachments
    assert await count(database, "attachments") == 2


async def test_attachments_go_with_the_last_message_that_has_them(store: ConversationStore, database: Database) -> None:
    first, _ = await store.create("Why", (replace(QUESTION, attachments=(PAPER, PICTURE)),))
    second, (question,) = await store.create("Why", (replace(QUESTION, attachments=(PICTURE,)),))
    await store.delete([first.id])
    await store.empty_bin([first.id])
    assert await count(database, "attachments") == 1
    assert await store.attachment_data(question.attachments[0].id) == b"\x89PNG"
    await store.delete([second.id])
    await store.empty_bin([second.id])
    assert await count(database, "attachments") == await count(database, "message_attachments") == 0


async def test_chances_of_tokens(store: ConversationStore, database: Database) -> None:
    conversation, (question, answer) = await store.create("Why", (QUESTION, ANSWER))
    tokens = (TokenChance("Be", -0.25, (("Be", -0.25), ("A\ud83d", float("-inf")))), TokenChance("cause", -1e-9))
    await store.save_chances(answer.id, tokens)
    assert await store.chances(answer.id) == tokens
    assert await store.chances(question.id) == ()
    assert [message.logprobs for message in (await store.read(conversation.id)).messages] == [False, True]
    branch = await store.branch(conversation.id, answer.id)
    (_, copy) = (await store.read(branch.id)).messages
    assert copy.logprobs
    assert await store.chances(copy.id) == tokens
    for broken in (b"no zlib", b"\x78\x9c\x03\x00\x00\x00\x00\x01"):
        await spoil_chances(database, broken)
        assert await store.chances(answer.id) == ()


async def spoil_chances(database: Database, content: bytes) -> None:
    await database.run(lambda db: db.execute("UPDATE chances SET tokens = ?", (content,)))


WRITER = """
import asyncio, sys
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
    (answer,) = (await store.read(conversation.id)).messages
    assert answer.state is MessageState.INTERRUPTED
    assert len(answer.text) >= acknowledged[-1]
    await database.close()
