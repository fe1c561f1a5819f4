"""What is saved of damaged files, and what a person is told."""

import asyncio
import random
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from desktop_app.domain.chat import Attachment, AttachmentKind, Message, Role, TokenChance
from desktop_app.domain.errors import UserError
from desktop_app.domain.tree import Tree
from desktop_app.store.conversations import CHAIN, ConversationStore
from desktop_app.store.database import Database
from desktop_app.store.settings import Settings
from tests.store.test_schema import make_first_form

PAGE = 4096
CHATS = 12
TURNS = 30
PAPER = Attachment(0, "paper.pdf", AttachmentKind.TEXT, "text/plain", "Long. " * 50)


async def fill(path: Path) -> None:
    database = Database(path)
    await database.open()
    store = ConversationStore(database)
    settings = Settings(database)
    await settings.load()
    await settings.set_idle_unload_minutes(30)
    folder = await store.add_folder("work")
    for chat in range(CHATS):
        texts = [f"chat {chat} turn {turn} " + "word " * (turn * 7 % 60) for turn in range(TURNS)]
        messages = [Message(0, Role.USER, text, parent=CHAIN) for text in texts]
        messages[0] = replace(messages[0], attachments=(PAPER,))
        conversation, stored = await store.create(f"chat {chat}", messages)
        await store.save_chances(stored[1].id, [TokenChance("a", -1.0)])
        await store.move([conversation.id], folder.id)
    await database.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "things.sqlite3"
    asyncio.run(fill(path))
    return path.read_bytes()


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def digest(path: Path) -> bytes:
    return sha256(path.read_bytes()).digest()


def damaged_by_chance(whole: bytes, seed: int) -> bytes:
    source, content = random.Random(seed), bytearray(whole)
    for _ in range(source.choice((1, 3, 30))):
        begin = source.randrange(PAGE * (seed % 2), len(content))
        length = source.choice((1, 8, 600))
        content[begin : begin + length] = source.randbytes(length)
    del content[source.choice((len(whole), source.randrange(PAGE, len(whole)))) :]
    # A file that says that it is newer is refused, whatever else is wrong with it.
    content[60:64] = whole[60:64]
    return bytes(content)


async def reopened(path: Path) -> tuple[Database, UserError | None]:
    database = Database(path)
    return database, await database.open()


async def texts_of(database: Database) -> set[str]:
    """Every message, each of which is on a path from a beginning."""
    store = ConversationStore(database)
    texts = set()
    for conversation in await store.conversations():
        stored = await store.read(conversation.id)
        tree = Tree(stored.messages, stored.chosen)
        tree.path()
        assert all(len(tree.path_to(message.id)) > 0 for message in stored.messages)
        texts |= {message.text for message in stored.messages}
    return texts


async def check_whole(database: Database) -> None:
    def pragmas(db: sqlite3.Connection) -> tuple[object, list[sqlite3.Row]]:
        return db.execute("PRAGMA integrity_check").fetchone()[0], db.execute("PRAGMA foreign_key_check").fetchall()

    assert await database.run(pragmas) == ("ok", [])


def leaf_pages(path: Path, table: str) -> list[int]:
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,))
        return [row[0] for row in rows]


def spoil(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[(page - 1) * PAGE : page * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)


async def test_around_a_broken_page_everything_is_saved_and_told(path: Path, whole: bytes) -> None:
    put(path, whole)
    pages = leaf_pages(path, "messages")
    spoil(path, pages[len(pages) // 2])
    broken = digest(path)
    database, notice = await reopened(path)
    assert notice is not None
    saved = await texts_of(database)
    assert CHATS * TURNS - 80 < len(saved) < CHATS * TURNS
    assert notice.title == "A part of your saved conversations and experiments could not be read."
    assert f"Saved from the file: {len(saved)} messages in {CHATS} chats." in notice.reason
    (aside,) = path.parent.glob("things.damaged-*.sqlite3")
    assert str(aside) in notice.reason
    assert digest(aside) == broken
    await check_whole(database)
    settings = Settings(database)
    await settings.load()
    assert settings.idle_unload_minutes == 30
    store = ConversationStore(database)
    assert len(await store.search("turn", limit=1000)) == len(saved)
    assert len({one.folder for one in await store.conversations()} - {None}) == 1
    await store.create("new", [Message(0, Role.USER, "goes on")])
    await database.close()
    database, notice = await reopened(path)
    assert notice is None
    await database.close()


async def test_messages_whose_conversation_is_lost_get_one(path: Path, whole: bytes) -> None:
    put(path, whole)
    for page in leaf_pages(path, "conversations"):
        spoil(path, page)
    database, notice = await reopened(path)
    assert notice is not None
    assert len(await texts_of(database)) == CHATS * TURNS
    titles = {one.title for one in await ConversationStore(database).conversations()}
    assert titles == {"Messages from a damaged file"}
    await check_whole(database)
    await database.close()


async def test_a_file_of_the_first_form_is_saved_and_brought_up_to_date(path: Path) -> None:
    make_first_form(path)
    with closing(sqlite3.connect(path)) as db:
        db.executemany(
            "INSERT INTO messages (conversation, role, text, state, created) VALUES (1, 'user', ?, 'complete', 9)",
            [(f"{number} " + "x" * 500,) for number in range(50)],
        )
        db.commit()
    pages = leaf_pages(path, "messages")
    spoil(path, pages[-2])
    database, notice = await reopened(path)
    assert notice is not None
    texts = await texts_of(database)
    assert 30 < len(texts) < 54
    assert "Rayleigh." in texts
    await check_whole(database)
    await database.close()


async def test_when_nothing_can_be_read_the_copy_from_before_an_update_is_taken(path: Path) -> None:
    make_first_form(path)
    database, _ = await reopened(path)
    await database.close()
    put(path, b"<html>no</html>" * 4000)
    database, notice = await reopened(path)
    assert notice is not None
    copy = path.with_name("things.before-form-2.sqlite3")
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(copy.stat().st_mtime))
    told = f"From a copy of {made}, which was made before an update ({copy}): 5 messages in 3 chats, and settings. "
    assert told + "What came later is lost." in notice.reason
    assert "Rayleigh." in await texts_of(database)
    await check_whole(database)
    await database.close()


async def test_what_was_not_yet_in_the_file_itself_is_saved_too(path: Path, whole: bytes) -> None:
    put(path, whole)
    database, _ = await reopened(path)
    await ConversationStore(database).create("newest", [Message(0, Role.USER, "only in the log")])
    files = {name: path.with_name(path.name + name).read_bytes() for name in ("", "-wal")}
    await database.close()
    put(path, files[""])
    spoil(path, leaf_pages(path, "attachments")[0])
    put(path.with_name(path.name + "-wal"), files["-wal"])
    database, notice = await reopened(path)
    assert notice is not None
    assert len(list(path.parent.glob("things.damaged-*.sqlite3-wal"))) == 1
    assert "only in the log" in await texts_of(database)
    await database.close()


async def test_a_text_with_broken_bytes_is_shown_with_the_rest_of_its_conversation(path: Path, whole: bytes) -> None:
    put(path, whole.replace(b"chat 3 turn 5 ", b"chat 3 t\xffrn 5 "))
    database, notice = await reopened(path)
    assert notice is None
    texts = await texts_of(database)
    assert len(texts) == CHATS * TURNS
    assert any(text.startswith("chat 3 t\ufffdrn 5 ") for text in texts)
    await database.close()


@pytest.mark.parametrize("seed", range(16))
async def test_damage_anywhere_never_ends_in_a_crash_nor_in_silence(path: Path, whole: bytes, seed: int) -> None:
    put(path, damaged_by_chance(whole, seed))
    database, notice = await reopened(path)
    try:
        texts = await texts_of(database)
    except UserError as later:
        # What no check at the start sees is seen when it is read.
        notice = later
        texts = await texts_of(database)
    if notice is None:
        assert len(texts) == CHATS * TURNS
    else:
        await check_whole(database)
        assert len(list(path.parent.glob("things.damaged-*.sqlite3"))) == 1
    await database.close()


async def test_nothing_is_left_behind(path: Path, whole: bytes) -> None:
    put(path, whole)
    spoil(path, 3)
    database, _ = await reopened(path)
    await database.close()
    names = {file.name for file in path.parent.iterdir()}
    assert {name for name in names if "damaged" not in name} == {path.name}
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir() if "damaged" not in file.name} == {0o600}


async def test_a_broken_search_index_is_made_again_without_a_word(path: Path, whole: bytes) -> None:
    put(path, whole)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE message_index_data SET block = x'00ff00ff00ff' WHERE id > 10")
        db.commit()
    database, notice = await reopened(path)
    assert notice is None
    store = ConversationStore(database)
    assert len(await store.search("turn", limit=1000)) == CHATS * TURNS
    (message,) = await store.add(1, Message(0, Role.USER, "found again"))
    assert [one.message for one in await store.search("found again")] == [message.id]
    await database.close()
