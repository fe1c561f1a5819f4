"""Downloads as a story: begun, paused, continued after a restart, refused, thrown away; against a small Hub."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from desktop_app.domain.errors import Remedy
from desktop_app.domain.library import DownloadStage
from desktop_app.hub import local
from desktop_app.paths import Paths
from desktop_app.services.models_view import DownloadsState
from tests.conftest import reach
from tests.fakes.hub import GOOD, FakeHub, Repo, running_hub
from tests.services.models_world import TINY, World, world

OTHERS = tuple(Repo(f"guide/{name}", TINY.folder) for name in ("second", "third"))
GATED = Repo("guide/closed", TINY.folder, gate="manual")
SIZE = 5_000_000
"""Bytes. The largest file of a repository is a little larger."""
STALL = 2_000_000
"""Bytes of a file after which the Hub says no more."""
CAME = STALL - (1 << 17)
"""What of them has come then at least: whoever looks sooner and breaks off loses what is on its way."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeHub]:
    with running_hub(tmp_path, [TINY, *OTHERS, GATED]) as running:
        yield running


@pytest.fixture
async def there(paths: Paths, hub: FakeHub) -> AsyncIterator[World]:
    async with world(paths, hub) as made:
        yield made


async def test_begun_paused_continued_and_done(there: World, hub: FakeHub) -> None:
    hub.control(stall_after=STALL)
    await there.downloads.start(TINY.id)
    await there.moving(least=CAME)
    await there.downloads.pause(TINY.id)
    paused = there.status()
    assert (paused.stage, paused.bytes_per_second, paused.error) == (DownloadStage.PAUSED, 0.0, None)
    assert not there.tasks.names
    hub.control(stall_after=None)
    await there.downloads.resume(TINY.id)
    done = await there.at(DownloadStage.DONE)
    assert done.model is not None
    assert done.model.folder == there.paths.models / "guide" / "tiny"
    assert done.commit == hub.commits[TINY.id]
    assert done.done_bytes == done.total_bytes > SIZE
    local.inspect(done.model.folder)
    assert hub.sent() <= 1.1 * done.total_bytes


async def test_the_next_run_shows_what_is_unfinished_and_asks_nobody(paths: Paths, hub: FakeHub) -> None:
    async with world(paths, hub) as first:
        hub.control(stall_after=STALL)
        await first.downloads.start(TINY.id)
        await first.moving(least=CAME)
    hub.control(stall_after=None)
    came = hub.sent()
    hub.forget()
    async with world(paths, hub) as second:
        await second.downloads.load()
        assert second.status().stage is DownloadStage.PAUSED
        assert second.status().total_bytes > SIZE
        assert hub.log() == []
        await second.downloads.resume(TINY.id)
        done = await second.at(DownloadStage.DONE)
        assert came + hub.sent() <= 1.1 * done.total_bytes
        assert all("/api/" not in asked["path"] for asked in hub.log()), "the manifest knows the files"
    async with world(paths, hub) as third:
        await third.downloads.load()
        assert third.downloads.state.value.downloads == ()


async def test_two_at_once_and_the_third_waits(there: World, hub: FakeHub) -> None:
    hub.control(stall_after=1_000_000)
    for repo in (TINY, *OTHERS):
        await there.downloads.start(repo.id)
    await there.moving(TINY.id)
    await there.moving(OTHERS[0].id)
    assert there.status(OTHERS[1].id).stage is DownloadStage.WAITING
    await there.downloads.pause(TINY.id)
    await there.moving(OTHERS[1].id)
    hub.control(stall_after=None)
    await there.at(DownloadStage.DONE, OTHERS[0].id)
    await there.at(DownloadStage.DONE, OTHERS[1].id)
    assert there.status().stage is DownloadStage.PAUSED


async def test_starting_twice_is_one_download(there: World, hub: FakeHub) -> None:
    hub.control(stall_after=1_000_000)
    await there.downloads.start(TINY.id)
    await there.downloads.start(TINY.id)
    await there.moving()
    assert there.tasks.names == (f"download {TINY.id}",)
    await there.downloads.pause(TINY.id)
    hub.control(stall_after=None, commits={TINY.id: "b" * 40})
    await there.downloads.start(TINY.id)
    assert (await there.at(DownloadStage.DONE)).commit == hub.commits[TINY.id], "the commit that was begun"


async def test_starting_again_takes_up_what_left_the_list(there: World, hub: FakeHub) -> None:
    hub.control(stall_after=STALL)
    await there.downloads.start(TINY.id)
    await there.moving(least=CAME)
    await there.downloads.pause(TINY.id)
    await there.downloads.dismiss(TINY.id)
    hub.control(stall_after=None, commits={TINY.id: "b" * 40})
    await asyncio.gather(there.downloads.start(TINY.id), there.downloads.start(TINY.id))
    done = await there.at(DownloadStage.DONE)
    assert done.commit == hub.commits[TINY.id]
    assert hub.sent() <= 1.1 * done.total_bytes


async def test_giving_up_deletes_what_came(there: World, hub: FakeHub) -> None:
    hub.control(stall_after=2_000_000)
    await there.downloads.start(TINY.id)
    await there.moving()
    await there.downloads.cancel(TINY.id)
    assert there.downloads.state.value.downloads == ()
    assert [one for one in there.paths.models.rglob("*") if one.is_file()] == []


async def test_taking_a_finished_one_off_the_list_keeps_its_files(there: World) -> None:
    await there.downloads.start(TINY.id)
    folder = there.paths.models / "guide" / "tiny"
    await there.downloads.dismiss(TINY.id)
    assert there.status().active, "nothing that goes on leaves the list"
    await there.at(DownloadStage.DONE)
    await there.downloads.dismiss(TINY.id)
    assert there.downloads.state.value.downloads == ()
    await there.downloads.start(TINY.id)
    await there.at(DownloadStage.DONE)
    await there.downloads.cancel(TINY.id)
    assert there.downloads.state.value.downloads == ()
    local.inspect(folder)


async def test_offline_mode_pauses_what_runs(there: World, hub: FakeHub) -> None:
    hub.control(stall_after=1_000_000)
    await there.downloads.start(TINY.id)
    await there.moving()
    await there.access.set_offline(True)
    paused = await there.at(DownloadStage.PAUSED)
    assert "offline" in paused.note
    asked = len(hub.log())
    await there.downloads.resume(TINY.id)
    failed = await there.at(DownloadStage.FAILED)
    assert failed.error is not None
    assert failed.error.title.startswith("You work offline")
    assert len(hub.log()) == asked
    hub.control(stall_after=None)
    await there.access.set_offline(False)
    await there.downloads.resume(TINY.id)
    assert (await there.at(DownloadStage.DONE)).error is None


async def test_offline_mode_asks_nothing(there: World, hub: FakeHub) -> None:
    await there.access.set_offline(True)
    await there.downloads.load()
    await there.downloads.start(TINY.id)
    await there.at(DownloadStage.FAILED)
    assert hub.log() == []


async def test_a_folder_that_cannot_be_used_is_told(there: World) -> None:
    (there.paths.models / "guide").write_text("in the way")
    await there.downloads.start(TINY.id)
    failed = await there.at(DownloadStage.FAILED)
    assert failed.error is not None
    assert failed.error.remedy is Remedy.RETRY


async def test_a_hub_that_is_gone_can_be_tried_again(paths: Paths, tmp_path: Path) -> None:
    with running_hub(tmp_path, [TINY]) as hub:
        pass
    async with world(paths, hub) as there:
        await there.downloads.start(TINY.id)
        failed = await there.at(DownloadStage.FAILED)
        assert failed.error is not None
        assert failed.error.remedy is Remedy.RETRY
        await there.downloads.dismiss(TINY.id)
        assert there.downloads.state.value.downloads == ()


async def test_a_closed_model_says_what_to_do_and_the_token_goes_to_the_hub_only(there: World, hub: FakeHub) -> None:
    await there.downloads.start(GATED.id)
    failed = await there.at(DownloadStage.FAILED, GATED.id)
    assert failed.error is not None
    assert "1." in failed.error.reason
    assert "token" in failed.error.reason
    await there.access.set_token(GOOD)
    await there.downloads.resume(GATED.id)
    await there.at(DownloadStage.DONE, GATED.id)
    with_token = {asked["where"] for asked in hub.log() if asked["token"]}
    assert with_token == {"hub"}
    assert not [file for file in there.paths.models.rglob("*") if file.is_file() and GOOD.encode() in file.read_bytes()]


async def test_another_revision_lies_beside_the_first(there: World, hub: FakeHub) -> None:
    await there.downloads.start(TINY.id)
    first = await there.at(DownloadStage.DONE)
    hub.control(commits={TINY.id: "b" * 40})
    await there.downloads.start(TINY.id)
    await reach(lambda: there.status().commit == "b" * 40 and not there.status().active, "the newer one")
    second = there.status()
    assert first.model is not None
    assert second.model is not None
    assert second.model.folder.name == "tiny@bbbbbbbbbbbb"
    local.inspect(first.model.folder)


async def test_giving_up_deletes_nothing_of_a_model_that_was_whole_before(there: World, hub: FakeHub) -> None:
    await there.downloads.start(TINY.id)
    await there.at(DownloadStage.DONE)
    await there.downloads.dismiss(TINY.id)
    folder = there.paths.models / "guide" / "tiny"
    (folder / "model.safetensors").unlink()
    hub.control(stall_after=1_000_000)
    await there.downloads.start(TINY.id)
    await reach(lambda: there.status().stage is DownloadStage.RUNNING, "the file that is missing")
    await there.downloads.cancel(TINY.id)
    hub.control(stall_after=None)
    assert (folder / "tokenizer.json").is_file()


async def test_of_two_versions_that_are_unfinished_each_has_its_turn(paths: Paths, hub: FakeHub) -> None:
    async with world(paths, hub) as first:
        for commit in (hub.commits[TINY.id], "b" * 40):
            hub.control(stall_after=1_000_000, commits={TINY.id: commit})
            await first.downloads.start(TINY.id, commit)
            await reach(lambda commit=commit: first.status().commit == commit and first.status().done_bytes > 0, commit)  # type: ignore[misc]
            await first.downloads.pause(TINY.id)
    async with world(paths, hub) as second:
        await second.downloads.load()
        assert second.status().commit == hub.commits[TINY.id]
        await second.downloads.cancel(TINY.id)
        assert second.status().commit == "b" * 40
        hub.control(stall_after=None)
        await second.downloads.resume(TINY.id)
        await second.at(DownloadStage.DONE)
        await second.downloads.dismiss(TINY.id)
        assert second.downloads.state.value.downloads == ()


async def test_what_nobody_foresaw_ends_a_download_in_words(there: World, hub: FakeHub) -> None:
    def break_down(state: DownloadsState) -> None:
        if any(one.stage is DownloadStage.RUNNING for one in state.downloads):
            raise ZeroDivisionError

    there.downloads.state.watch(break_down)
    await there.downloads.start(TINY.id)
    failed = await there.at(DownloadStage.FAILED)
    assert failed.error is not None
    assert failed.error.remedy is Remedy.RETRY
    assert [type(one) for one in there.failed] == [ZeroDivisionError]
    there.failed.clear()
