"""Settings under names as the database keeps them."""

from desktop_app.domain.sampling import ChatSettings, Preset, Sampling
from desktop_app.store.database import Database
from desktop_app.store.presets import PresetStore

BRIEF = ChatSettings(system="Be brief.", sampling=Sampling(temperature=0.1))


async def test_presets_are_kept_by_name(database: Database) -> None:
    store = PresetStore(database)
    poet = await store.add("poet\ud83d", ChatSettings(sampling=Sampling(temperature=1.5)))
    brief = await store.add("Brief", BRIEF)
    assert await store.all() == (brief, poet)
    assert (poet.name, brief) == ("poet?", Preset(brief.id, "Brief", BRIEF))
    await store.rename(poet.id, "A poet")
    await store.save(poet.id, BRIEF)
    assert await PresetStore(database).all() == (Preset(poet.id, "A poet", BRIEF), brief)
    await store.delete(brief.id)
    assert [preset.name for preset in await store.all()] == ["A poet"]


async def test_settings_that_make_no_sense_count_as_not_chosen(database: Database) -> None:
    store = PresetStore(database)
    await store.add("Brief", BRIEF)
    await database.run(lambda db: db.execute("UPDATE presets SET settings = '{'"))
    assert [preset.settings for preset in await store.all()] == [ChatSettings()]
