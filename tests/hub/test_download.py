"""Downloads of models from the small Hub: what ends up on the disk, what is asked for, and how it is refused."""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import DownloadStage, HubFile, HubModel
from desktop_app.hub import local, manifest
from desktop_app.hub.download import Download, Speed, discard, done_bytes, target_folder, unfinished
from desktop_app.paths import resources
from tests.conftest import reach
from tests.fakes.hub import GOOD, OTHER, FakeHub, Repo, running_hub
from tests.hub.downloading import QUICK, Told, hub_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHA256 = "0" * 64
REPOS = [
    Repo("guide/tiny", folder=resources() / "guide"),
    Repo("maker/model", files={"model.safetensors": 3_000_000, "sub/folder/notes.json": '{"a": 1}', "empty.txt": ""}),
    Repo("maker/gated", files={"config.json": "{}", "model.safetensors": 2_000_000}, gate="manual"),
    Repo("maker/hidden", files={"config.json": "{}"}, private=True),
]


@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeHub]:
    with running_hub(tmp_path_factory.mktemp("hub"), REPOS) as running:
        yield running


@pytest.fixture
def hub(shared_hub: FakeHub) -> FakeHub:
    shared_hub.reset()
    return shared_hub


async def fetch(hub: FakeHub, repo_id: str, models: Path, token: str = "") -> ModelRef:
    model = hub_model(hub, repo_id)
    hub.forget()
    return await Download(model, target_folder(models, model), hub.endpoint, token, Told(), QUICK).run()


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def children_on(folder: Path) -> list[Path]:
    """The processes that were told to work in *folder*."""
    return [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if str(folder).encode() in path.read_bytes()]


def contents(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in files_below(folder)}


async def test_a_downloaded_model_is_complete_and_can_be_served(hub: FakeHub, tmp_path: Path) -> None:
    told, model = Told(), hub_model(hub, "guide/tiny")
    folder = target_folder(tmp_path, model)
    made = await Download(model, folder, hub.endpoint, "", told, QUICK).run()
    assert made == ModelRef("guide/tiny", tmp_path / "guide" / "tiny")
    assert local.inspect(folder).folder == folder
    for source in (resources() / "guide").iterdir():
        assert (folder / source.name).read_bytes() == source.read_bytes()
    assert told.last.stage is DownloadStage.DONE
    assert told.last.model == made
    assert told.last.done_bytes == told.last.total_bytes == model.download_bytes
    assert told.last.files_done == told.last.files_total == 7
    assert contents(folder / ".vllm-desktop") == {"lock", "manifest.json"}, "nothing unfinished is left"


async def test_sub_folders_and_empty_files_are_files_too(hub: FakeHub, tmp_path: Path) -> None:
    made = await fetch(hub, "maker/model", tmp_path)
    assert (made.folder / "sub" / "folder" / "notes.json").read_text() == '{"a": 1}'
    assert (made.folder / "empty.txt").read_bytes() == b""


async def test_what_is_known_to_be_right_is_not_asked_for_again(hub: FakeHub, tmp_path: Path) -> None:
    await fetch(hub, "guide/tiny", tmp_path)
    await fetch(hub, "guide/tiny", tmp_path)
    assert hub.log() == []


@pytest.mark.parametrize("how", ["gone", "changed", "doubted"])
async def test_a_file_that_is_no_longer_right_is_fetched_again(how: str, hub: FakeHub, tmp_path: Path) -> None:
    made = await fetch(hub, "guide/tiny", tmp_path)
    broken = made.folder / "tokenizer.json"
    if how == "gone":
        broken.unlink()
    elif how == "changed":
        broken.write_bytes(b"x")
    else:
        about = broken.stat()
        broken.write_bytes(bytes(about.st_size))
        os.utime(broken, ns=(about.st_atime_ns, about.st_mtime_ns))
        manifest.doubt(made.folder, ["tokenizer.json"])
    await fetch(hub, "guide/tiny", tmp_path)
    assert broken.read_bytes() == (resources() / "guide" / "tokenizer.json").read_bytes()
    assert [one["path"].rsplit("/", 1)[-1] for one in hub.log()] == ["tokenizer.json"]


async def test_a_file_that_is_there_but_not_noted_is_checked_and_not_fetched(hub: FakeHub, tmp_path: Path) -> None:
    made = await fetch(hub, "guide/tiny", tmp_path)
    manifest.doubt(made.folder, ["model.safetensors", "config.json"])
    await fetch(hub, "guide/tiny", tmp_path)
    assert hub.log() == []


async def test_the_token_goes_to_the_hub_alone_and_is_written_nowhere(hub: FakeHub, tmp_path: Path) -> None:
    model = hub_model(hub, "maker/gated")
    folder, told = target_folder(tmp_path, model), Told()
    hub.control(forget=True, stall_after=500_000)
    running = asyncio.create_task(Download(model, folder, hub.endpoint, GOOD, told, QUICK).run())
    await reach(lambda: told.last.done_bytes >= 400_000 if told.statuses else False, "the first bytes")
    [child] = children_on(folder)
    assert GOOD.encode() not in (child / "cmdline").read_bytes() + (child / "environ").read_bytes()
    written = [file.read_bytes() for file in files_below(tmp_path)]
    assert written
    assert not any(GOOD.encode() in content for content in written)
    hub.control(stall_after=None)
    await running
    tokens = {(one["where"], one["token"]) for one in hub.log()}
    assert tokens == {("hub", GOOD), ("cdn", "")}


@pytest.mark.parametrize(
    ("token", "title", "reason"),
    [
        ("", "This model's owner wants to know who uses it.", "First sign in"),
        (OTHER, "Your account was not let into this model yet.", "/maker/gated with the account"),
        ("hf_old", "The Hub does not accept your token.", "run out"),
        ("a b", "This is not a token.", "one word"),
    ],
)
async def test_a_gated_model_says_what_to_do(token: str, title: str, reason: str, hub: FakeHub, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        await fetch(hub, "maker/gated", tmp_path, token)
    assert caught.value.title == title
    assert reason in caught.value.reason
    assert len(hub.log()) <= 2, "one refusal is enough"


async def test_a_model_that_is_gone_is_told(hub: FakeHub, tmp_path: Path) -> None:
    model = hub_model(hub, "maker/model")
    hub.control(gone=["maker/model"])
    with pytest.raises(UserError, match="does not have this model"):
        await Download(model, tmp_path / "x", hub.endpoint, GOOD, Told(), QUICK).run()


async def test_a_version_that_is_gone_is_told(hub: FakeHub, tmp_path: Path) -> None:
    model = replace(hub_model(hub, "maker/model"), commit=COMMIT)
    with pytest.raises(UserError, match="This version of the model is not there any more"):
        await Download(model, tmp_path / "x", hub.endpoint, "", Told(), QUICK).run()


@pytest.mark.parametrize(
    "path",
    ["../evil", "/etc/passwd", "a/../../b", "a//b", "a\nb", "a\u202eb", "con.json", ".vllm-desktop/manifest.json",
     "a\\b", "x" * 240, "", "a/.", "b ", "\ud800", "c:d"],
)  # fmt: skip
async def test_names_that_lead_elsewhere_are_refused(path: str, tmp_path: Path) -> None:
    model = HubModel("a/b", COMMIT, files=(HubFile(path, 1, SHA256),))
    told = Told()
    with pytest.raises(UserError, match="cannot be downloaded safely"):
        await Download(model, tmp_path / "folder", "http://127.0.0.1:9", "", told).run()
    assert told.last.stage is DownloadStage.FAILED
    assert contents(tmp_path) == set()
    assert not (tmp_path / "folder").exists()


@pytest.mark.parametrize("paths", [("a", "A"), ("a/b", "a"), ("A", "a/b"), ("\u00e4", "a\u0308")])
def test_files_that_would_lie_in_the_same_place_are_refused(paths: tuple[str, str], tmp_path: Path) -> None:
    model = HubModel("a/b", COMMIT, files=tuple(HubFile(path, 1, SHA256) for path in paths))
    with pytest.raises(UserError, match="cannot be downloaded safely"):
        target_folder(tmp_path, model)


@pytest.mark.parametrize("repo_id", ["../x", "a/..", "a", "a/b/c", "/a", "a/b\n", ".a/b", "a/b@c"])
def test_repositories_with_strange_names_are_refused(repo_id: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be downloaded safely"):
        target_folder(tmp_path, HubModel(repo_id, COMMIT))


async def test_another_version_gets_a_folder_of_its_own(hub: FakeHub, tmp_path: Path) -> None:
    made = await fetch(hub, "maker/model", tmp_path)
    model = hub_model(hub, "maker/model")
    assert target_folder(tmp_path, model) == made.folder
    assert target_folder(tmp_path, replace(model, commit=COMMIT)).name == "model@0123456789ab"
    (tmp_path / "maker" / "new" / ".vllm-desktop").mkdir(parents=True)
    assert target_folder(tmp_path, replace(model, repo_id="maker/new")).name == "new", "it never came to a record there"
    (tmp_path / "maker" / "gated").mkdir()
    (tmp_path / "maker" / "gated" / "mine").write_text("x")
    assert target_folder(tmp_path, replace(model, repo_id="maker/gated")).name.startswith("gated@")


async def test_what_others_put_there_is_left_alone(hub: FakeHub, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("mine")
    with pytest.raises(UserError, match="Something else lies"):
        await Download(hub_model(hub, "maker/model"), folder, hub.endpoint, "", Told(), QUICK).run()
    assert (folder / "config.json").read_text() == "mine"


async def test_an_unfinished_download_is_found_continued_or_thrown_away(hub: FakeHub, tmp_path: Path) -> None:
    model = hub_model(hub, "maker/model")
    folder, told = target_folder(tmp_path, model), Told()
    assert unfinished(tmp_path) == ()
    hub.control(stall_after=1_000_000)
    running = asyncio.create_task(Download(model, folder, hub.endpoint, "", told, QUICK).run())
    await reach(lambda: told.last.done_bytes >= 900_000 if told.statuses else False, "the first bytes")
    with pytest.raises(UserError, match="being downloaded already"):
        discard(folder)
    running.cancel()
    await asyncio.wait([running], timeout=60)
    assert running.cancelled(), "it does not wait for a server that says nothing"
    assert told.last.stage is DownloadStage.PAUSED
    assert unfinished(tmp_path) == ((model, folder),)
    assert 900_000 <= done_bytes(model, folder) < model.download_bytes
    (folder / "mine.txt").write_text("x")
    discard(folder)
    assert contents(tmp_path) == {"maker/model/mine.txt"}


async def test_throwing_away_follows_no_link_to_a_folder(hub: FakeHub, tmp_path: Path) -> None:
    made = await fetch(hub, "maker/model", tmp_path / "models")
    precious = tmp_path / "precious"
    (made.folder / "sub" / "folder").rename(precious)
    (made.folder / "sub" / "folder").symlink_to(precious)
    record = manifest.read(made.folder)
    assert record is not None
    assert [file.path for file in record.unverified(made.folder)] == ["sub/folder/notes.json"]
    discard(made.folder)
    assert (precious / "notes.json").is_file()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2), ("repo_id", "../x"), ("commit", "main"), ("files", 7), ("files", [{"path": "../x", "size": 1}]),
        ("files", [{"path": "x", "size": -1, "sha256": SHA256}]), ("verified", {"x": 1}), ("gate", "maybe"),
    ],
)  # fmt: skip
async def test_a_record_that_was_tampered_with_is_not_believed(
    key: str, value: object, hub: FakeHub, tmp_path: Path
) -> None:
    made = await fetch(hub, "maker/model", tmp_path)
    file = manifest.manifest_file(made.folder)
    file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))
    with pytest.raises(UserError):
        manifest.read(made.folder)
    assert unfinished(tmp_path) == ()


@pytest.mark.parametrize("endpoint", ["file:///etc", "huggingface.co", "http://", "https://me:s3cret@hub"])
async def test_an_address_that_is_none_is_refused_without_its_password(endpoint: str, tmp_path: Path) -> None:
    model = HubModel("a/b", COMMIT, files=(HubFile("x", 1, SHA256),))
    with pytest.raises(UserError) as caught:
        await Download(model, tmp_path / "x", endpoint, "", Told()).run()
    assert "address" in caught.value.title
    assert "s3cret" not in f"{caught.value.sentence()} {caught.value.details}"


def test_the_speed_is_that_of_the_last_seconds() -> None:
    speed = Speed()
    assert speed.add(0.0, 0) == 0.0
    assert speed.add(1.0, 100) == 100.0
    for second in range(2, 20):
        last = speed.add(float(second), 100 + (second - 1) * 10)
    assert last == 10.0
