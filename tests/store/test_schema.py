"""An older file becomes one of the present form with everything in it, or stays what it was."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from desktop_app.domain.chat import MessageState, Timing
from desktop_app.domain.errors import UserError
from desktop_app.domain.tree import Tree
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database
from desktop_app.store.schema import MIGRATIONS
from desktop_app.store.settings import Settings

STEPS = [one for one in MIGRATIONS[1].split(";\n") if one.strip()]


def make_first_form(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"PRAGMA journal_mode = WAL; {MIGRATIONS[0]} PRAGMA user_version = 1;")
        for number, title in enumerate(("sky", "deleted", "empty", "never given"), 1):
            db.execute("INSERT INTO conversations VALUES (?, ?, ?, 1.0, 2.0, ?, NULL)", (number, title, 0, number))
        db.execute("UPDATE conversations SET deleted = 5.0, titled = 1 WHERE title = 'deleted'")
        turns = [(1, "user", "Why blue?"), (2, "user", "gone?"), (1, "assistant", "Rayleigh."), (1, "user", "天气")]
        for conversation, role, text in turns:
            db.execute(
                "INSERT INTO messages (conversation, role, text, state, model, created, first_token_seconds,"
                " decode_seconds, prompt_tokens, answer_tokens, error) VALUES (?, ?, ?, 'complete', 'm', 3.0, 0.5, 2.0,"
                " 11, 3, 'e')",
                (conversation, role, text),
            )
        db.execute(
            "INSERT INTO messages (conversation, role, text, state, created) VALUES (1, 'a', 'Be', 'streaming', 4)"
        )
        db.execute("INSERT INTO messages (conversation, role, text, state, created) VALUES (4, 'user', '', 'cut', 4)")
        db.execute("DELETE FROM messages WHERE id = 6")
        db.execute("DELETE FROM conversations WHERE id = 4")
        db.execute("INSERT INTO settings VALUES ('idle_unload_minutes', '30')")
        db.commit()


def everything(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [*db.iterdump(), str(db.execute("PRAGMA user_version").fetchone())]


async def test_conversations_in_a_line_become_chains(path: Path) -> None:
    make_first_form(path)
    database = Database(path)
    assert await database.open() is None
    store = ConversationStore(database, lambda: 10.0)
    assert [one.title for one in await store.conversations()] == ["empty", "sky"]
    stored = await store.read(1)
    assert stored.messages == Tree(stored.messages, stored.chosen).path()
    assert [(message.id, message.parent, message.text) for message in stored.messages] == [
        (1, None, "Why blue?"),
        (3, 1, "Rayleigh."),
        (4, 3, "天气"),
        (5, 4, "Be"),
    ]
    assert stored.chosen == {None: 1, 1: 3, 3: 4, 4: 5}
    answer = stored.messages[1]
    assert (answer.timing, answer.model, answer.error, answer.created) == (Timing(0.5, 2.0, 11, 3), "m", "e", 3.0)
    assert stored.messages[3].state is MessageState.STREAMING
    assert [message.text for message in (await store.read(2)).messages] == ["gone?"]
    settings = Settings(database)
    await settings.load()
    assert settings.idle_unload_minutes == 30
    await database.close()


async def test_what_was_there_before_is_found(path: Path) -> None:
    make_first_form(path)
    database = Database(path)
    await database.open()
    store = ConversationStore(database)
    assert [one.message for one in await store.search("sky")] == [None]
    assert [one.message for one in await store.search("气")] == [4]
    await store.mark_interrupted()
    assert [one.message for one in await store.search("be")] == [5]
    await store.restore([2])
    assert [one.message for one in await store.search("gone")] == [2]
    await store.delete([1, 2])
    assert await store.purge(older_than=-1) == 2
    words = "CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, message_index, row)"
    await database.run(lambda db: db.execute(words))
    assert await database.run(lambda db: db.execute("SELECT count(*) FROM temp.words").fetchone()[0]) == 0
    await database.close()


async def test_no_id_is_given_twice(path: Path) -> None:
    make_first_form(path)
    database = Database(path)
    await database.open()
    store = ConversationStore(database)
    conversation, _ = await store.create("new")
    (stored,) = await store.add(conversation.id, (await store.read(1)).messages[0])
    assert (conversation.id, stored.id) == (5, 7)
    await database.close()


@pytest.mark.parametrize("step", range(len(STEPS) + 1))
async def test_broken_off_before_any_step_it_stays_what_it_was(path: Path, step: int) -> None:
    make_first_form(path)
    before = everything(path)
    script = ";\n".join([*STEPS[:step], "INSERT INTO nowhere VALUES (1)"])
    broken = Database(path, (MIGRATIONS[0], script))
    with pytest.raises(UserError):
        await broken.open()
    await broken.close()
    assert everything(path) == before
    database = Database(path)
    assert await database.open() is None
    assert len((await ConversationStore(database).read(1)).messages) == 4
    await database.close()


async def test_a_migrated_file_has_the_form_of_a_new_one_and_is_whole(path: Path, tmp_path: Path) -> None:
    make_first_form(path)
    fresh = tmp_path / "fresh.sqlite3"
    forms = []
    for file in (path, fresh):
        database = Database(file)
        await database.open()
        forms.append(
            await database.run(lambda db: [tuple(row) for row in db.execute("SELECT name, sql FROM sqlite_master")])
        )
        assert await database.run(lambda db: db.execute("PRAGMA foreign_key_check").fetchall()) == []
        assert await database.run(lambda db: db.execute("PRAGMA integrity_check").fetchone()[0]) == "ok"
        await database.close()
    assert sorted(forms[0]) == sorted(forms[1])
