"""Models on this computer looked after: folders added, files checked, mended, deleted; against a small Hub."""

import os
import shutil
from pathlib import Path

from desktop_app.domain.library import Condition, DownloadStage, Source
from desktop_app.paths import resources
from desktop_app.services.models_view import ModelDetail
from tests.conftest import reach
from tests.fakes.hub import FakeHub
from tests.services.models_world import (
    TINY,
    World,
    condition,
    detail_of,
    downloaded,
    here,
    opened,
    row_of,
    title_of,
)


async def test_an_error_that_was_read_goes_away(there: World) -> None:
    models = await opened(there)
    (guide,) = models.state.value.local
    await models.select(guide.key)
    await models.verify(guide.key)
    assert "Nobody says" in str(detail_of(models).error)
    models.dismiss_error()
    assert detail_of(models).error is None


async def test_a_damaged_file_is_found_and_mended(there: World, hub: FakeHub) -> None:
    models = await opened(there)
    row = await downloaded(there, models)
    await models.select(row.key)
    await models.verify(row.key)
    assert "as published" in detail_of(models).note
    weights = there.paths.models / "guide" / "tiny" / "model.safetensors"
    content, about = bytearray(weights.read_bytes()), weights.stat()
    content[-1] ^= 1
    weights.write_bytes(content)
    os.utime(weights, ns=(about.st_atime_ns, about.st_mtime_ns))  # as a disk does it that loses a bit
    await models.look()
    assert condition(models, TINY.id) is Condition.READY
    await models.verify(row.key)
    assert "model.safetensors" in detail_of(models).note
    assert detail_of(models).checking is None
    assert condition(models, TINY.id) is Condition.DAMAGED
    await models.look()
    assert condition(models, TINY.id) is Condition.DAMAGED
    assert condition(await opened(there), TINY.id) is not Condition.READY, "the next run knows it, too"
    hub.forget()
    await models.repair(row.key)
    await there.at(DownloadStage.DONE)
    await reach(lambda: condition(models, TINY.id) is Condition.READY, "the mended one")
    assert weights.read_bytes()[-1] == content[-1] ^ 1
    fetched = {asked["path"].rsplit("/", 1)[-1] for asked in hub.log() if asked["where"] == "hub" and asked["sent"]}
    assert "tokenizer.json" not in fetched, "only what is wrong comes again"


async def test_giving_up_a_repair_deletes_nothing(there: World, hub: FakeHub) -> None:
    models = await opened(there)
    row = await downloaded(there, models)
    (there.paths.models / "guide" / "tiny" / "config.json").write_text("{}")
    hub.control(stall_after=0)
    await models.repair(row.key)
    assert there.status().keeps
    await there.downloads.cancel(TINY.id)
    assert (there.paths.models / "guide" / "tiny" / "model.safetensors").is_file()
    hub.control(stall_after=None)


async def test_a_repair_goes_where_the_model_lies(there: World, hub: FakeHub) -> None:
    models = await opened(there)
    await downloaded(there, models)
    hub.control(commits={TINY.id: "b" * 40})
    await there.downloads.start(TINY.id)
    newer = (await there.at(DownloadStage.DONE)).model
    await reach(lambda: there.status().commit == "b" * 40 and there.status().model is not None, "the newer one")
    newer = there.status().model
    assert newer is not None
    usual = there.paths.models / "guide" / "tiny"
    shutil.rmtree(usual)
    (newer.folder / "tokenizer_config.json").unlink()
    await models.look()
    assert condition(models, TINY.id) is Condition.DAMAGED
    await models.repair(newer.key)
    mended = await there.at(DownloadStage.DONE)
    assert mended.model == newer
    assert not usual.exists()


async def test_a_model_of_unknown_origin_cannot_be_mended(there: World) -> None:
    models = await opened(there)
    (guide,) = models.state.value.local
    await models.select(guide.key)
    await models.repair(guide.key)
    assert "cannot be repaired" in str(detail_of(models).error)


async def test_deleting_says_what_it_frees_and_frees_it(there: World) -> None:
    models = await opened(there)
    row = await downloaded(there, models)
    planned = await models.deletion(row.key)
    assert planned is not None
    assert planned.allowed
    assert planned.freed_bytes > 5_000_000
    await models.delete(row.key)
    assert TINY.id not in [one.name for one in models.state.value.local]
    assert "free again" in models.state.value.note
    assert not (there.paths.models / "guide" / "tiny").exists()
    assert row_of(models, TINY.id).local is None
    assert await models.deletion("them/small") is None


async def test_deleting_what_is_being_fetched_ends_that_first(there: World, hub: FakeHub) -> None:
    models = await opened(there)
    hub.control(stall_after=2_000_000)
    await there.downloads.start(TINY.id)
    await there.moving()
    await models.look()
    await models.delete(here(models, TINY.id).key)
    assert there.downloads.state.value.downloads == ()
    assert not (there.paths.models / "guide" / "tiny").exists()
    hub.control(stall_after=None)


async def test_what_ships_with_the_program_stays(there: World) -> None:
    models = await opened(there)
    (guide,) = models.state.value.local
    planned = await models.deletion(guide.key)
    assert planned is not None
    assert not planned.allowed
    await models.select(guide.key)
    await models.delete(guide.key)
    assert detail_of(models).error is not None
    assert (resources() / "guide" / "config.json").is_file()


async def test_a_folder_of_ones_own_is_shown_remembered_and_taken_away_again(there: World, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shutil.copytree(resources() / "guide", shelf / "mine")
    models = await opened(there)
    await models.open_address(str(shelf / "mine"))
    assert models.state.value.error is None
    mine = detail_of(models).row.local
    assert mine is not None
    assert (mine.source, mine.ref.folder) == (Source.ADDED, shelf / "mine")
    again = await opened(there)
    assert mine.ref.key in [row.key for row in again.state.value.local]
    await again.remove_folder(mine.ref.folder)
    assert mine.ref.key not in [row.key for row in again.state.value.local]
    assert str(shelf) in again.state.value.note
    assert (shelf / "mine" / "config.json").is_file()
    await again.remove_folder(tmp_path)
    assert title_of(again) == "This folder was not added by hand."


async def test_a_folder_without_a_model_says_why(there: World, tmp_path: Path) -> None:
    models = await opened(there)
    (tmp_path / "empty").mkdir()
    await models.add_folder(tmp_path / "empty")
    assert title_of(models)
    assert there.settings.model_folders == ()


async def test_a_check_can_be_stopped(there: World) -> None:
    models = await opened(there)
    row = await downloaded(there, models)
    await models.select(row.key)

    def stop(detail: ModelDetail | None) -> None:
        if detail is not None and detail.checking is not None:
            models.stop_verifying()

    end = models.detail.watch(stop)
    await models.verify(row.key)
    end()
    assert detail_of(models).checking is None
    assert "stopped" in detail_of(models).note
