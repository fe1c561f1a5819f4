"""Settings of models that are remembered."""

import pytest

from desktop_app.domain.launch import ModelSettings, Preset
from desktop_app.store.database import Database
from desktop_app.store.model_settings import ModelSettingsStore, decode, encode

CHOSEN = ModelSettings(Preset.SPEED, (("--max-model-len", "4096"), ("--enforce-eager", False)), (("A", "1 2"),))


async def reloaded(database: Database) -> ModelSettingsStore:
    store = ModelSettingsStore(database)
    await store.load()
    return store


async def test_nothing_was_chosen_yet(database: Database) -> None:
    store = await reloaded(database)
    assert store.get("a") == ModelSettings()
    assert store.allowed_code("a") == ""


async def test_choices_are_there_the_next_time(database: Database) -> None:
    store = await reloaded(database)
    await store.put("a", CHOSEN)
    await store.allow_code("a", "hash")
    for known in (store, await reloaded(database)):
        assert known.get("a") == CHOSEN
        assert known.get("b") == ModelSettings()
        assert known.allowed_code("a") == "hash"


async def test_defaults_leave_nothing_behind(database: Database) -> None:
    store = await reloaded(database)
    await store.put("a", CHOSEN)
    await store.allow_code("a", "hash")
    await store.put("a", ModelSettings())
    await store.allow_code("a", "")
    assert await database.run(lambda db: db.execute("SELECT count(*) FROM settings").fetchone()[0]) == 0


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", "1", '{"preset": "QUICK"}', '{"preset": "NONE", "flags": [], "variables": []}'),
        '{"preset": "QUICK", "flags": [["--a", 1]], "variables": []}',
        '{"preset": "QUICK", "flags": [["--a", "b\\u0000"]], "variables": []}',
        '{"preset": "QUICK", "flags": [["--a"]], "variables": []}',
        "[" * 100_000,
    ],
)
async def test_what_cannot_be_read_counts_as_not_chosen(database: Database, text: str) -> None:
    rows = [("model_settings:a", text), ("allowed_code:a", text)]
    await database.run(lambda db: db.executemany("INSERT INTO settings VALUES (?, ?)", rows))
    store = await reloaded(database)
    assert store.get("a") == ModelSettings()
    assert store.allowed_code("a") == ""


def test_there_and_back() -> None:
    assert decode(encode(CHOSEN)) == CHOSEN
