"""What comes from the copy that was made before an update, when a part of a damaged file is lost as a whole."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import Message, Role
from desktop_app.domain.errors import UserError
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database
from desktop_app.store.experiments import ExperimentStore
from desktop_app.store.opening import copies
from desktop_app.store.schema import MIGRATIONS
from desktop_app.store.settings import Settings
from tests.store.test_experiments import SKY, TRIAL
from tests.store.test_salvage import check_whole, leaf_pages, put, spoil, texts_of

NEXT = (*MIGRATIONS, "CREATE TABLE more (id INTEGER PRIMARY KEY)")
OLD, NEW = "asked before the update", "asked after the update"
TABLES_OF_EXPERIMENTS = ("experiments", "experiment_columns", "experiment_prompts", "cells", "votes")


async def add(database: Database, text: str) -> None:
    """A chat and an experiment."""
    await ConversationStore(database).create(text, [Message(0, Role.USER, f"{text} {n} {'y' * 999}") for n in range(9)])
    await ExperimentStore(database).create(replace(TRIAL, title=text, prompts=(replace(SKY, text=text),)))


async def fill(path: Path) -> None:
    database = Database(path)
    await database.open()
    await add(database, OLD)
    settings = Settings(database)
    await settings.load()
    await settings.set_idle_unload_minutes(30)
    await database.close()
    database = Database(path, NEXT)
    assert await database.open() is None
    await add(database, NEW)
    await database.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A file, and the copy of it that was made before the update."""
    path = tmp_path_factory.mktemp("whole") / "things.sqlite3"
    asyncio.run(fill(path))
    (copy,) = copies(path)
    return path.read_bytes(), copy.read_bytes()


@pytest.fixture
def copy(path: Path, whole: tuple[bytes, bytes]) -> Path:
    """The copy; the file lies beside it."""
    copy = path.with_name(f"things.before-form-{len(NEXT)}.sqlite3")
    path.write_bytes(whole[0])
    copy.write_bytes(whole[1])
    os.utime(copy, (0, 1_700_000_000))
    return copy


def lose(path: Path, *tables: str) -> None:
    for page in [page for table in tables for page in leaf_pages(path, table)]:
        spoil(path, page)


async def opened(path: Path) -> tuple[Database, UserError]:
    database = Database(path, NEXT)
    notice = await database.open()
    assert notice is not None
    await check_whole(database)
    return database, notice


async def chats(database: Database) -> set[str]:
    return {text.rsplit(" ", 2)[0] for text in await texts_of(database)}


async def experiments(database: Database) -> set[str]:
    store = ExperimentStore(database)
    return {(await store.read(one.id)).prompts[0].text for one in await store.experiments()}


def from_copy(notice: UserError, copy: Path, what: str) -> bool:
    return f", which was made before an update ({copy}): {what}. What came later is lost." in notice.reason


async def test_when_only_experiments_are_lost_those_of_the_copy_are_taken(path: Path, copy: Path) -> None:
    lose(path, *TABLES_OF_EXPERIMENTS)
    database, notice = await opened(path)
    assert (await chats(database), await experiments(database)) == ({OLD, NEW}, {OLD})
    assert "Saved from the file: 18 messages in 2 chats. From a copy of 2023-11-1" in notice.reason
    assert from_copy(notice, copy, "1 message in 1 experiment")
    assert notice.title == "A part of your saved conversations and experiments could not be read."
    await database.close()


async def test_when_only_chats_are_lost_those_of_the_copy_are_taken(path: Path, copy: Path) -> None:
    lose(path, "messages")
    database, notice = await opened(path)
    assert (await chats(database), await experiments(database)) == ({OLD}, {OLD, NEW})
    assert "Saved from the file: 2 messages in 2 chats and 2 experiments. " in notice.reason
    assert from_copy(notice, copy, "9 messages")
    assert len(await ConversationStore(database).search("before")) == 10
    assert {one.title for one in await ConversationStore(database).conversations()} == {OLD, NEW}
    await database.close()


async def test_when_only_settings_are_lost_those_of_the_copy_are_taken(path: Path, copy: Path) -> None:
    lose(path, "settings")
    database, notice = await opened(path)
    assert (await chats(database), await experiments(database)) == ({OLD, NEW}, {OLD, NEW})
    assert from_copy(notice, copy, "settings")
    settings = Settings(database)
    await settings.load()
    assert settings.idle_unload_minutes == 30
    await database.close()


async def test_a_file_with_nothing_but_experiments_comes_from_the_copy_too(path: Path) -> None:
    for migrations, text in ((MIGRATIONS, OLD), (NEXT, NEW)):
        database = Database(path, migrations)
        await database.open()
        await ExperimentStore(database).create(replace(TRIAL, prompts=(replace(SKY, text=text),)))
        await database.close()
    put(path, b"<html>no</html>" * 4000)
    database, notice = await opened(path)
    assert await experiments(database) == {OLD}
    assert notice.reason.startswith("No chat and no experiment could be saved from the file. From a copy of ")
    assert from_copy(notice, copies(path)[0], "1 message in 1 experiment")
    await database.close()


async def test_an_empty_file_comes_from_the_copy(path: Path, copy: Path) -> None:
    put(path, b"")
    database, notice = await opened(path)
    assert (await chats(database), await experiments(database)) == ({OLD}, {OLD})
    assert from_copy(notice, copy, "10 messages in 1 chat and 1 experiment, and settings")
    await database.close()


async def test_a_copy_of_which_nothing_can_be_read_is_passed_over(
    path: Path, copy: Path, whole: tuple[bytes, bytes]
) -> None:
    older = path.with_name("things.before-form-2.sqlite3")
    put(older, whole[1])
    put(copy, b"<html>no</html>" * 4000)
    put(path, b"<html>no</html>" * 4000)
    database, notice = await opened(path)
    assert await chats(database) == {OLD}
    assert from_copy(notice, older, "10 messages in 1 chat and 1 experiment, and settings")
    await database.close()


async def test_what_a_person_deleted_does_not_come_back(path: Path, copy: Path) -> None:
    database = Database(path, NEXT)
    await database.open()
    store, trials = ConversationStore(database), ExperimentStore(database)
    await store.delete([one.id for one in await store.conversations() if one.title == OLD])
    await store.purge(-9e9)
    for one in await trials.experiments():
        await trials.delete(one.id)
    await trials.purge(-9e9)
    await database.close()
    lose(path, "messages")
    database, notice = await opened(path)
    assert (await chats(database), await experiments(database)) == (set(), set())
    assert [one.title for one in await ConversationStore(database).conversations()] == [NEW]
    assert copy.name not in notice.reason
    left = await database.run(
        lambda db: [db.execute(f"SELECT * FROM {one}").fetchall() for one in ("messages", "votes")]
    )
    assert left == [[], []]
    await database.close()


async def test_where_the_lists_are_lost_too_all_of_the_copy_comes_back(path: Path, copy: Path) -> None:
    lose(path, "conversations", "messages", "settings", *TABLES_OF_EXPERIMENTS)
    database, notice = await opened(path)
    assert (await chats(database), await experiments(database)) == ({OLD}, {OLD})
    assert from_copy(notice, copy, "10 messages in 1 chat and 1 experiment, and settings")
    await database.close()


async def test_damage_that_costs_nothing_is_called_that(path: Path, copy: Path) -> None:
    lose(path, "cells_heads", "conversations_by_touch")
    database, notice = await opened(path)
    assert (await chats(database), await experiments(database)) == ({OLD, NEW}, {OLD, NEW})
    assert notice.title == (
        "The file of your conversations and experiments was damaged, and all that is in it could be read."
    )
    assert copy.name not in notice.reason
    await database.close()


async def test_when_there_is_nothing_and_no_copy_it_is_said(path: Path) -> None:
    put(path, b"<html>no</html>" * 4000)
    database, notice = await opened(path)
    assert notice.title.endswith("could not be read, so the program began with empty lists.")
    await database.close()


def test_the_newest_copy_comes_first(path: Path) -> None:
    for form in ("2", "10", "9", "x"):
        path.with_name(f"things.before-form-{form}.sqlite3").touch()
    assert [one.name.split("-")[2] for one in copies(path)] == ["10.sqlite3", "9.sqlite3", "2.sqlite3"]
