"""The list of servers in the table of settings."""

import sqlite3

import pytest

from desktop_app.store.database import Database
from desktop_app.store.servers import Server, ServerStore
from desktop_app.store.settings import Settings

ONE = Server("home", "http://nas:8000/v1", "tiny")
TWO = Server("work", "https://example.org/v1")


async def test_the_list_is_kept_in_its_order(database: Database) -> None:
    store = ServerStore(database)
    assert await store.load() == ()
    await store.save([ONE, TWO])
    assert await store.load() == (ONE, TWO)
    await store.save([TWO])
    assert await store.load() == (TWO,)


@pytest.mark.parametrize(
    "value", ["", "{", "{}", "null", "[1]", '[{"name": "x"}]', '[{"name": "x", "url": ""}]', '[{"name": 1, "url": 2}]']
)
async def test_entries_that_make_no_sense_are_passed_over(database: Database, value: str) -> None:
    def action(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO settings (key, value) VALUES ('servers', ?)", (value,))

    await database.run(action)
    assert await ServerStore(database).load() == ()


async def test_other_settings_are_not_disturbed(database: Database) -> None:
    await ServerStore(database).save([ONE])
    settings = Settings(database)
    await settings.load()
    await settings.set_setup_skipped(True)
    assert await ServerStore(database).load() == (ONE,)
