"""Downloads through everything that goes wrong: killed, cut, refused, lied to, sent elsewhere, and out of disk."""

import asyncio
import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.library import DownloadStage, HubModel
from desktop_app.hub import manifest
from desktop_app.hub.download import Download
from tests.conftest import reach, wait_until
from tests.fakes.hub import GOOD, FakeHub, Repo, running_hub
from tests.hub.downloading import QUICK, Told, hub_model

ROOT = Path(__file__).parents[2]
REPOS = [
    Repo("maker/one", files={"model.safetensors": 4_000_000}),
    Repo(
        "maker/big",
        files={
            "model-1.safetensors": 30_000_000,
            "model-2.safetensors": 20_000_000,
            "tokenizer.json": 700_000,
            "sub/config.json": "{}",
        },
    ),
    Repo("maker/room", files={"model-1.safetensors": 9_000_000, "model-2.safetensors": 7_000_000, "a.json": "{}"}),
    Repo("maker/gated", files={"config.json": "{}", "model.safetensors": 2_000_000}, gate="auto"),
]


@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeHub]:
    with running_hub(tmp_path_factory.mktemp("hub"), REPOS) as running:
        yield running


@pytest.fixture
def hub(shared_hub: FakeHub) -> FakeHub:
    shared_hub.reset()
    return shared_hub


class Job:
    """A download beside the test, in its own folder."""

    def __init__(self, hub: FakeHub, repo_id: str, models: Path, token: str = "") -> None:
        self.model: HubModel = hub_model(hub, repo_id)
        self.folder = models / repo_id
        self.told = Told()
        self.endpoint, self._hub, self._token = hub.endpoint, hub, token
        hub.forget()

    async def run(self, pauses: tuple[float, ...] = QUICK) -> None:
        await Download(self.model, self.folder, self.endpoint, self._token, self.told, pauses).run()
        self.check()

    async def until(self, size: int) -> "asyncio.Task[None]":
        """Begin, and wait until so many bytes are there."""
        running = asyncio.create_task(self.run())
        await reach(lambda: self.told.statuses and self.told.last.done_bytes >= size, f"{size} bytes")
        return running

    async def pause(self, running: "asyncio.Task[None]") -> None:
        running.cancel()
        await asyncio.wait([running], timeout=60)
        assert running.cancelled()

    async def refused(self) -> UserError:
        with pytest.raises(UserError) as caught:
            await self.run()
        assert self.told.last.stage is DownloadStage.FAILED
        assert self.told.last.error is caught.value
        return caught.value

    def check(self) -> None:
        """Every file is there, noted, and of its size; the hashes were the child's affair."""
        record = manifest.read(self.folder)
        assert record is not None
        assert record.unverified(self.folder) == ()

    def sent_at_most(self, share: float) -> None:
        assert self._hub.sent() <= share * self.model.download_bytes


@pytest.fixture
def one(hub: FakeHub, tmp_path: Path) -> Job:
    return Job(hub, "maker/one", tmp_path / "models")


class Process:
    """A download in a program of its own."""

    def __init__(
        self, hub: FakeHub, repo: str, folder: Path, notes: Path, wrap: tuple[str, ...] = (), fill: int = 0
    ) -> None:
        job = notes / "driver.json"
        job.write_text(json.dumps({"endpoint": hub.endpoint, "repo": repo, "folder": str(folder), "fill": fill}))
        argv = [*wrap, sys.executable, "-m", "tests.hub.downloading", str(job)]
        self.process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def fetchers(self) -> list[int]:
        pid = self.process.pid
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def end(self) -> list[dict[str, Any]]:
        """What it said until its end."""
        said, _ = self.process.communicate(timeout=60)
        return [json.loads(line) for line in said.splitlines()]


def test_killed_at_ten_moments_it_continues_where_it_was(hub: FakeHub, tmp_path: Path) -> None:
    model, folder = hub_model(hub, "maker/big"), tmp_path / "models" / "big"
    hub.control(rate=25_000_000, forget=True)
    chance = random.Random(10)
    for moment in sorted(chance.uniform(0.01, 0.95) for _ in range(10)):
        program = Process(hub, "maker/big", folder, tmp_path)
        wait_until(lambda when=moment: hub.sent() >= when * model.download_bytes, "the moment")  # type: ignore[misc]
        # By turns the program itself and the child that fetches, which ends by itself when the program does.
        children = program.fetchers()
        if chance.random() < 0.5 and children:
            subprocess.run(["kill", "-9", *map(str, children)], check=False)
        else:
            program.process.kill()
        program.end()
    hub.control(rate=0)
    assert Process(hub, "maker/big", folder, tmp_path).end()[-1] == {"done": str(folder)}
    assert hub.sent() <= 1.1 * model.download_bytes
    for file in model.files[:2]:
        assert hashlib.sha256((folder / file.path).read_bytes()).hexdigest() == file.sha256


def test_a_full_disk_loses_nothing_says_how_much_is_missing_and_goes_on(hub: FakeHub, tmp_path: Path) -> None:
    model = hub_model(hub, "maker/room")
    disk = tmp_path / "disk"
    disk.mkdir()
    hub.control(rate=16_000_000, forget=True)
    mount = f'mount -t tmpfs -o size=20m none "{disk}" && exec "$@"'
    wrap = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    folder = disk / "maker" / "room"
    said = Process(hub, "maker/room", folder, tmp_path, wrap, fill=6_000_000).end()
    assert said, "the test needs a small disk: are user namespaces forbidden here?"
    [error] = [one for one in said if "title" in one]
    assert error["title"] == "There is not enough room on the disk."
    assert " free: make room for " in error["reason"]
    assert said[-1] == {"done": str(folder)}
    before = max(one["bytes"] for one in said[: said.index(error)] if "bytes" in one)
    assert before >= 6_000_000
    assert hub.sent() <= 1.1 * model.download_bytes


async def test_room_is_asked_for_before_the_first_byte(hub: FakeHub, tmp_path: Path) -> None:
    job = Job(hub, "maker/one", tmp_path / "models")
    huge = job.model.files[0].__class__("huge.safetensors", 1 << 60, sha256="0" * 64)
    job.model = HubModel(job.model.repo_id, job.model.commit, files=(*job.model.files, huge))
    error = await job.refused()
    assert error.title == "There is not enough room on the disk."
    assert "more are needed" in error.reason
    assert hub.log() == []


async def test_paused_against_a_server_that_says_nothing_and_continued(hub: FakeHub, one: Job) -> None:
    hub.control(stall_after=2_000_000)
    running = await one.until(1_800_000)
    await one.pause(running)
    assert one.told.last.stage is DownloadStage.PAUSED
    assert one.told.last.seconds_left is None
    hub.control(stall_after=None)
    await one.run()
    one.sent_at_most(1.1)
    [again] = [asked for asked in hub.log() if asked["where"] == "cdn"][1:]
    assert again["range"].startswith("bytes=1")
    assert again["status"] == 206


async def test_cut_again_and_again_it_continues(hub: FakeHub, one: Job) -> None:
    hub.control(cut_after=500_000, cuts=7)
    await one.run(pauses=(0.0, 0.0))
    one.sent_at_most(1.1)
    assert len({asked["range"] for asked in hub.log() if asked["where"] == "cdn"}) == 8


@pytest.mark.parametrize("where", ["hub", "cdn"])
async def test_a_busy_server_is_obeyed(where: str, hub: FakeHub, one: Job) -> None:
    hub.control(statuses=[{"where": where, "code": 429, "times": 1, "headers": {"Retry-After": "1"}}])
    await one.run(pauses=())
    one.sent_at_most(1.0)
    assert "The server asks us to wait. Trying again after 1 s." in {status.note for status in one.told.statuses}
    assert one.told.last.note == ""


async def test_a_server_with_trouble_is_asked_again(hub: FakeHub, one: Job) -> None:
    hub.control(statuses=[{"where": "hub", "code": 503, "times": 1}, {"where": "cdn", "code": 500, "times": 2}])
    await one.run()
    one.sent_at_most(1.0)


@pytest.mark.parametrize(
    ("code", "title"), [(500, "The Hub has trouble."), (429, "The Hub has asked us to wait for a while.")]
)
async def test_a_server_whose_trouble_lasts_is_told(code: int, title: str, hub: FakeHub, one: Job) -> None:
    hub.control(statuses=[{"code": code, "times": 100}])
    assert (await one.refused()).title == title


async def test_no_network_is_told_and_what_came_is_kept(hub: FakeHub, one: Job) -> None:
    hub.control(stall_after=2_000_000)
    await one.pause(await one.until(1_800_000))
    one.endpoint = "http://127.0.0.1:9"
    error = await one.refused()
    assert error.title == "The connection to the Hub was lost."
    one.endpoint = hub.endpoint
    hub.control(stall_after=None)
    await one.run()
    one.sent_at_most(1.1)


async def test_a_server_without_ranges_begins_anew_and_that_is_counted(hub: FakeHub, one: Job) -> None:
    hub.control(stall_after=2_000_000)
    await one.pause(await one.until(1_800_000))
    before = one.told.last.done_bytes
    hub.control(ranges=False, stall_after=300_000)
    one.told.statuses.clear()
    running = asyncio.create_task(one.run())
    await reach(lambda: hub.sent() >= 2_200_000, "the server begins anew")
    await reach(lambda: one.told.statuses and 0 < one.told.last.done_bytes < before, "fewer bytes than before")
    hub.control(stall_after=None)
    await running
    assert hub.log()[-1]["status"] == 200


async def test_another_etag_means_that_it_begins_anew(hub: FakeHub, one: Job) -> None:
    hub.control(stall_after=2_000_000)
    await one.pause(await one.until(1_800_000))
    hub.control(stall_after=None, etag="-new")
    await one.run()
    again = hub.log()[-1]
    assert again["if_range"] == f'"{one.model.files[0].sha256}"'
    assert again["range"].startswith("bytes=1")
    assert again["status"] == 200


async def test_another_content_under_another_etag_is_refused(hub: FakeHub, one: Job) -> None:
    hub.control(stall_after=2_000_000)
    await one.pause(await one.until(1_800_000))
    hub.control(stall_after=None, etag="-new", corrupt=["model.safetensors"])
    assert (await one.refused()).title == "Something else came than was asked for."


async def test_wrong_bytes_of_the_right_size_are_refused_until_they_are_right(hub: FakeHub, tmp_path: Path) -> None:
    job = Job(hub, "maker/room", tmp_path / "models")
    hub.control(corrupt=["model-2.safetensors", "a.json"])
    error = await job.refused()
    assert error.title == "Something else came than was asked for."
    assert not (job.folder / "model-2.safetensors").exists()
    assert not (job.folder / "a.json").exists()
    hub.control(corrupt=[], forget=True)
    await job.run()
    asked = {request["path"].rsplit("/", 1)[-1] for request in hub.log() if request["where"] == "hub"}
    assert asked == {"model-2.safetensors", "a.json"}, "what was right is kept"


async def test_a_page_to_log_in_is_not_taken_for_the_file(hub: FakeHub, one: Job) -> None:
    hub.control(location=f"{hub.endpoint}/api/models")
    error = await one.refused()
    assert error.title == "Something else came than was asked for."
    assert "instead of 4000000" in error.details


async def test_sent_elsewhere_no_token_goes_along(hub: FakeHub, tmp_path: Path) -> None:
    job = Job(hub, "maker/gated", tmp_path / "models", GOOD)
    hub.control(location=f"{hub.stranger}{{path}}")
    await job.run()
    assert {(asked["where"], asked["token"]) for asked in hub.log()} == {("hub", GOOD), ("stranger", "")}


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x", "//", "http://[::1/"])
async def test_sent_to_no_server_it_is_refused(location: str, hub: FakeHub, one: Job) -> None:
    hub.control(location=location)
    await one.refused()
    assert not (one.folder / "model.safetensors").exists()


async def test_sent_in_circles_it_gives_up(hub: FakeHub, one: Job) -> None:
    file = f"{hub.endpoint}/maker/one/resolve/{one.model.commit}/model.safetensors"
    hub.control(location=file)
    await one.refused()
    assert len(hub.log()) <= 6


async def test_two_at_once_in_one_folder_do_not_mix(hub: FakeHub, one: Job, tmp_path: Path) -> None:
    hub.control(stall_after=2_000_000)
    running = await one.until(1_800_000)
    beside = Process(hub, "maker/one", one.folder, tmp_path)
    assert (await asyncio.to_thread(beside.end))[-1]["title"] == "This model is being downloaded already."
    hub.control(stall_after=None)
    await running
    one.sent_at_most(1.0)


async def test_a_folder_that_takes_nothing_is_told(hub: FakeHub, one: Job) -> None:
    one.folder.mkdir(parents=True)
    (one.folder / ".vllm-desktop").symlink_to("/nowhere")
    assert (await one.refused()).title == "The disk does not take the model."


async def test_links_in_the_way_lead_nowhere(hub: FakeHub, tmp_path: Path) -> None:
    job = Job(hub, "maker/big", tmp_path / "models")
    outside = tmp_path / "outside"
    outside.mkdir()
    hub.control(stall_after=100_000)
    await job.pause(await job.until(90_000))
    hub.control(stall_after=None)
    shutil.rmtree(job.folder / "sub")
    (job.folder / "sub").symlink_to(outside)
    error = await job.refused()
    assert error.title == "The model's folder cannot be written to."
    assert [path.name for path in tmp_path.glob("outside/*")] == []  # noqa: ASYNC240
