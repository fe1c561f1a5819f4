"""Choices that are remembered."""

from pathlib import Path

import pytest

from desktop_app.domain.appearance import Appearance
from desktop_app.store.database import Database
from desktop_app.store.settings import Settings, peek
from tests.somebody import folder_of_somebody


async def reloaded(database: Database) -> Settings:
    settings = Settings(database)
    await settings.load()
    return settings


async def test_nothing_was_chosen_yet(database: Database) -> None:
    settings = await reloaded(database)
    assert settings.appearance is Appearance.SYSTEM
    assert settings.last_conversation is None
    assert settings.model_folder is None
    assert settings.setup_skipped is False
    assert settings.geometry == b""
    assert settings.start_history is None
    assert settings.idle_unload_minutes == 0
    assert settings.warm_start is False


async def test_choices_are_there_the_next_time(database: Database) -> None:
    settings = await reloaded(database)
    await settings.set_appearance(Appearance.DARK)
    await settings.set_last_conversation(7)
    await settings.set_model_folder(Path("/models/a"))
    await settings.set_setup_skipped(True)
    await settings.set_geometry(b"\x00\xff geometry")
    await settings.set_start_history([{"model": "a"}])
    await settings.set_idle_unload_minutes(30)
    await settings.set_warm_start(True)
    for known in (settings, await reloaded(database)):
        assert known.appearance is Appearance.DARK
        assert known.last_conversation == 7
        assert known.model_folder == Path("/models/a")
        assert known.setup_skipped is True
        assert known.geometry == b"\x00\xff geometry"
        assert known.start_history == [{"model": "a"}]
        assert known.idle_unload_minutes == known.idle_unload.value == 30
        assert known.warm_start is True


async def test_a_choice_can_be_taken_back(database: Database) -> None:
    settings = await reloaded(database)
    await settings.set_model_folder(Path("/models/a"))
    await settings.set_model_folder(None)
    assert (await reloaded(database)).model_folder is None


@pytest.mark.parametrize("value", ["not json", "null", "[]", '"é!"', "-1", '{"a": 1}'])
async def test_a_value_that_makes_no_sense_counts_as_not_chosen(database: Database, value: str) -> None:
    rows = [(key, value) for key in ("appearance", "geometry", "idle_unload_minutes", "warm_start")]
    await database.run(lambda db: db.executemany("INSERT INTO settings VALUES (?, ?)", rows))
    settings = await reloaded(database)
    assert settings.appearance is Appearance.SYSTEM
    assert settings.geometry == b""
    assert settings.idle_unload_minutes == 0
    assert settings.warm_start is False


async def test_the_chosen_model_can_be_read_beside_an_open_program(
    database: Database, path: Path, tmp_path: Path
) -> None:
    settings = await reloaded(database)
    assert peek(path).model_folder is None
    await settings.set_model_folder(Path("/models/a"))
    assert peek(path).model_folder == Path("/models/a")
    assert peek(tmp_path / "nothing here").model_folder is None
    (tmp_path / "text").write_text("no database")
    assert peek(tmp_path / "text").model_folder is None
    assert peek(tmp_path / "text").hub_offline, "who may have chosen it is not sent to the network"
    assert not peek(tmp_path / "nothing here").hub_offline


@pytest.mark.parametrize("left", [(), ("-wal",)])
async def test_where_nothing_may_be_written_choices_can_be_looked_at(left: tuple[str, ...]) -> None:
    with folder_of_somebody() as folder:
        path = folder / "data.sqlite3"
        database = Database(path)
        await database.open()
        await Settings(database).set_text_scale(1.5)
        await database.close()
        for end in left:
            path.with_name(path.name + end).touch()
        folder.chmod(0o500)
        settings = peek(path)
        assert (settings.text_scale, settings.hub_offline) == ((1.0, True) if left else (1.5, False))
        folder.chmod(0)
        assert peek(path).hub_offline, "who may have chosen it is not sent to the network"
        folder.chmod(0o700)


async def test_what_was_chosen_for_the_chat_is_remembered(database: Database) -> None:
    settings = await reloaded(database)
    assert (settings.shortcuts, settings.text_scale, settings.improve_titles) == ({}, 1.0, True)
    assert settings.folded("list") is None
    await settings.set_shortcuts({"new-chat": "Ctrl+T"})
    await settings.set_text_scale(1.5)
    await settings.set_improve_titles(False)
    await settings.set_folded("list", True)
    again = await reloaded(database)
    assert (again.shortcuts, again.text_scale, again.improve_titles) == ({"new-chat": "Ctrl+T"}, 1.5, False)
    assert again.folded("list") is True


@pytest.mark.parametrize("value", ["null", "[1]", '"x"', "true", '{"a": 1}'])
async def test_a_choice_for_the_chat_that_makes_no_sense_counts_as_none(database: Database, value: str) -> None:
    rows = [(key, value) for key in ("shortcuts", "text_scale")]
    await database.run(lambda db: db.executemany("INSERT INTO settings VALUES (?, ?)", rows))
    settings = await reloaded(database)
    assert (settings.shortcuts, settings.text_scale) == ({}, 1.0)


async def test_drafts_of_chats_that_are_gone_are_forgotten(database: Database) -> None:
    settings = await reloaded(database)
    for conversation in (None, 1, 2):
        await settings.set_draft(conversation, f"words {conversation}")
    await settings.keep_drafts({2})
    again = await reloaded(database)
    assert [again.draft(one) for one in (None, 1, 2)] == ["words None", "", "words 2"]
