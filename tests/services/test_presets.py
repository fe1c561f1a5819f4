"""Settings under names."""

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.sampling import ChatSettings, Preset, Sampling
from desktop_app.services.presets import presets_as_json, presets_from_json
from tests.services.chat_world import ChatWorld

SHORT = ChatSettings(system="Be short.", sampling=Sampling(temperature=0.2, stop=("END",)))


def names(world: ChatWorld) -> list[str]:
    return [preset.name for preset in world.state.presets]


async def test_saved_used_renamed_deleted_and_brought_back(world: ChatWorld) -> None:
    await world.chat.set_settings(SHORT)
    await world.chat.save_preset("  Short\nones ")
    await world.chat.save_preset(" ")
    assert names(world) == ["Short ones"]
    world.chat.new()
    await world.chat.save_preset("Nothing")
    preset = world.state.presets[1]
    await world.chat.use_preset(preset.id)
    assert world.state.settings == SHORT
    await world.chat.rename_preset(preset.id, "Nothing")
    assert world.error() is not None
    await world.chat.rename_preset(preset.id, "Brief")
    assert names(world) == ["Brief", "Nothing"]
    await world.chat.delete_preset(preset.id)
    assert names(world) == ["Nothing"]
    assert world.state.undo == "Deleted the preset “Brief”."
    await world.chat.undo()
    assert names(world) == ["Brief", "Nothing"]
    assert world.state.presets[0].settings == SHORT


async def test_a_name_that_is_there_is_changed(world: ChatWorld) -> None:
    await world.chat.save_preset("Mine")
    await world.chat.set_settings(SHORT)
    await world.chat.save_preset("Mine")
    assert [(one.name, one.settings) for one in world.state.presets] == [("Mine", SHORT)]


async def test_carried_as_a_file(world: ChatWorld) -> None:
    text = presets_as_json([Preset(1, "Short", SHORT), Preset(2, "Plain", ChatSettings())])
    assert presets_from_json(text) == (("Short", SHORT), ("Plain", ChatSettings()))
    await world.chat.take_presets(text)
    await world.chat.take_presets(text)
    assert names(world) == ["Plain", "Short"]
    await world.chat.take_presets("{}")
    assert world.error() is not None


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, '{"form": "other", "presets": []}', "null"])
def test_what_is_no_file_of_presets_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="no presets"):
        presets_from_json(text)


def test_nothing_in_a_file_is_trusted() -> None:
    text = """{"form": "vllm-desktop presets", "presets": [3, {"name": 4}, {"name": "A", "settings": {
        "system": 5, "sampling": {"temperature": 1e9, "seed": "x"}}}, {"name": "B", "settings": null}]}"""
    assert presets_from_json(text) == (("A", ChatSettings()), ("B", ChatSettings()))
