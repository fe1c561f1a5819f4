"""Every place where models lie, models that are not whole, and what may be deleted."""

import os
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import Condition, LocalModel, Source
from desktop_app.hub import manifest
from desktop_app.hub.folder_lock import FolderLock
from desktop_app.hub.shelf import Places, delete, deletion, places_from, scan
from tests.hub.made import COMMIT, make, make_cached, make_ours, model_files

OTHER = "d" * 40


@pytest.fixture
def places(tmp_path: Path) -> Places:
    guide = make(tmp_path / "resources" / "guide")
    (tmp_path / "ours").mkdir()
    return Places(
        ModelRef("Guide", guide, is_guide=True),
        tmp_path / "ours",
        (tmp_path / "cache",),
        (tmp_path / "mine",),
        (tmp_path / "variable",),
    )


def found(places: Places, source: Source) -> list[LocalModel]:
    return [model for model in scan(places) if model.source is source]


def only(places: Places, source: Source) -> LocalModel:
    (model,) = found(places, source)
    return model


def test_every_place_has_its_models(places: Places) -> None:
    make_ours(places.ours, "owner/tiny")
    make_cached(places.caches[0], "Qwen/Qwen3-0.6B")
    make(places.added[0] / "publisher" / "one")
    make(places.variable[0])
    models = scan(places)
    assert [(model.source, model.ref.name) for model in models] == [
        (Source.GUIDE, "Guide"),
        (Source.OURS, "owner/tiny"),
        (Source.CACHE, "Qwen/Qwen3-0.6B"),
        (Source.ADDED, "one"),
        (Source.VARIABLE, "variable"),
    ]
    assert all(model.condition is Condition.READY and model.chat and not model.problem for model in models)
    assert all(model.spec.parameters == 40 and model.size_bytes > 200 for model in models)
    assert (models[1].repo_id, models[1].commit) == ("owner/tiny", COMMIT)
    assert (models[2].repo_id, models[2].commit) == ("Qwen/Qwen3-0.6B", COMMIT)


def test_a_model_in_two_places_is_named_once(places: Places) -> None:
    snapshot = make_cached(places.caches[0], "Qwen/Qwen3-0.6B")
    twice = Places(places.guide, places.ours, (*places.caches, places.caches[0]), (snapshot, places.caches[0]))
    assert len(scan(twice)) == 2


def test_an_added_cache_shows_its_models_with_their_repositories(places: Places) -> None:
    make_cached(places.added[0] / "hub", "Qwen/Qwen3-0.6B")
    model = only(places, Source.ADDED)
    assert (model.repo_id, model.condition) == ("Qwen/Qwen3-0.6B", Condition.READY)


def test_the_newest_snapshot_counts(places: Places) -> None:
    cache = places.caches[0]
    make_cached(cache, "Qwen/Qwen3-0.6B", OTHER)
    make_cached(cache, "Qwen/Qwen3-0.6B", COMMIT)
    assert only(places, Source.CACHE).commit == COMMIT
    (cache / "models--Qwen--Qwen3-0.6B" / "refs" / "main").write_text("gone")
    assert only(places, Source.CACHE).commit in (COMMIT, OTHER)


def test_a_cache_with_a_tokenizer_only_is_no_model(places: Places) -> None:
    files = model_files()
    del files["model.safetensors"]
    make_cached(places.caches[0], "Qwen/Qwen3-0.6B", files=files)
    assert not found(places, Source.CACHE)


def test_a_download_of_somebody_else_that_is_not_finished(places: Places) -> None:
    files = model_files()
    del files["model.safetensors"]
    snapshot = make_cached(places.caches[0], "Qwen/Qwen3-0.6B", files=files)
    (snapshot.parents[1] / "blobs" / "abc.1234abcd.incomplete").write_bytes(b"x")
    model = only(places, Source.CACHE)
    assert model.condition is Condition.UNFINISHED
    assert model.problem
    assert model.spec.geometry


def test_our_download_that_is_not_finished(places: Places) -> None:
    make_ours(places.ours, "owner/tiny", verified=("config.json", "tokenizer.json"))
    model = only(places, Source.OURS)
    assert model.condition is Condition.UNFINISHED
    assert model.problem is not None
    assert "2 of 4 files" in model.problem.reason
    assert model.spec.context == 2048


def test_our_download_with_a_file_that_was_changed(places: Places) -> None:
    folder = make_ours(places.ours, "owner/tiny")
    (folder / "tokenizer_config.json").write_text("{}  ")
    model = only(places, Source.OURS)
    assert model.condition is Condition.DAMAGED
    assert model.problem is not None
    assert "tokenizer_config.json" in model.problem.reason


def test_our_download_whose_record_was_spoiled(places: Places) -> None:
    folder = make_ours(places.ours, "owner/tiny")
    (folder / ".vllm-desktop" / "manifest.json").write_text("{")
    (model,) = found(places, Source.ADDED)[:1]
    assert model.condition is Condition.DAMAGED
    assert not deletion(model, places).allowed


def test_one_damaged_model_does_not_hide_the_others(places: Places) -> None:
    make(places.added[0] / "a", model_files() | {"model.safetensors": b"no"})
    make(places.added[0] / "b")
    assert [model.condition for model in found(places, Source.ADDED)] == [Condition.DAMAGED, Condition.READY]


def test_a_folder_that_somebody_named_is_listed_with_the_reason(places: Places) -> None:
    empty = places.added[0]
    empty.mkdir()
    model = only(places, Source.ADDED)
    assert model.problem is not None
    assert "no model" in model.problem.title
    assert "not there" in str(only(places, Source.VARIABLE).problem)


def test_places_that_the_environment_names(tmp_path: Path) -> None:
    environ = {
        "HOME": "/home/a", "HF_HOME": "/disk/hf", "HF_HUB_CACHE": "/disk/hub", "MODEL_PATH": "/m/one: :/m/two:/m/one",
    }  # fmt: skip
    places = places_from(environ, ModelRef("Guide"), tmp_path)
    assert places.caches == (Path("/disk/hub"), Path("/disk/hf/hub"), Path("/home/a/.cache/huggingface/hub"))
    assert places.variable == (Path("/m/one"), Path("/m/two"))


def test_a_home_of_nobody_is_a_folder_like_any_other(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "HF_HOME": "~nobody-at-all/hf", "MODEL_PATH": "~nobody-at-all/models"}
    places = places_from(environ, ModelRef("Guide", tmp_path / "guide", is_guide=True), tmp_path / "ours")
    assert [model.condition for model in scan(places)] == [Condition.DAMAGED]


def test_deleting_our_download_frees_its_blocks_and_leaves_the_neighbour(places: Places) -> None:
    folder, other = make_ours(places.ours, "owner/tiny"), make_ours(places.ours, "owner/other")
    (folder / ".vllm-desktop" / "parts").mkdir()
    (folder / ".vllm-desktop" / "parts" / "x").write_bytes(bytes(5000))
    model = next(model for model in found(places, Source.OURS) if model.ref.folder == folder)
    planned = deletion(model, places)
    blocks = sum(file.lstat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())
    assert planned.allowed
    assert planned.freed_bytes == blocks
    assert delete(model, places) == blocks
    assert not folder.exists()
    assert other.exists()
    assert sorted(one.name for one in places.ours.iterdir()) == ["owner"]
    delete(only(places, Source.OURS), places)
    assert not list(places.ours.iterdir())


def test_files_with_another_name_elsewhere_free_nothing(places: Places, tmp_path: Path) -> None:
    folder = make_ours(places.ours, "owner/tiny")
    before = deletion(only(places, Source.OURS), places).freed_bytes
    os.link(folder / "model.safetensors", tmp_path / "kept.safetensors")
    blocks = (folder / "model.safetensors").stat().st_blocks * 512
    assert deletion(only(places, Source.OURS), places).freed_bytes == before - blocks


def test_a_deletion_that_was_interrupted_leaves_a_model_that_is_not_offered_and_can_be_deleted(places: Places) -> None:
    folder = make_ours(places.ours, "owner/tiny")
    (folder / "config.json").unlink()
    (folder / "model.safetensors").unlink()
    model = only(places, Source.OURS)
    assert model.condition is Condition.DAMAGED
    delete(model, places)
    assert not list(places.ours.iterdir())


def test_deleting_a_download_leaves_what_others_put_into_its_folder(places: Places, tmp_path: Path) -> None:
    folder = make_ours(places.ours, "owner/tiny")
    alone = deletion(only(places, Source.OURS), places)
    (folder / "notes.txt").write_text("mine")
    (folder / "mine").mkdir()
    (folder / "mine" / "more.txt").write_bytes(bytes(100_000))
    model = only(places, Source.OURS)
    planned = deletion(model, places)
    assert planned.freed_bytes == alone.freed_bytes
    assert "2 files" in planned.words
    delete(model, places)
    assert sorted(file.name for file in folder.rglob("*") if file.is_file()) == ["more.txt", "notes.txt"]


def test_what_is_being_downloaded_is_not_deleted(places: Places) -> None:
    folder = make_ours(places.ours, "owner/tiny")
    model, lock = only(places, Source.OURS), FolderLock(folder)
    assert lock.take()
    with pytest.raises(UserError, match="being downloaded"):
        delete(model, places)
    lock.release()
    assert (folder / "model.safetensors").is_file()


def test_wrong_bytes_that_were_found_are_damage_also_in_the_next_run(places: Places) -> None:
    folder = make_ours(places.ours, "owner/tiny")
    manifest.doubt(folder, ["model.safetensors"])
    model = only(places, Source.OURS)
    assert model.condition is Condition.DAMAGED
    assert model.problem is not None
    assert "model.safetensors" in model.problem.reason
    assert [file.path for file in _record(folder).unverified(folder)] == ["model.safetensors"]


def _record(folder: Path) -> manifest.Manifest:
    record = manifest.read(folder)
    assert record is not None
    return record


def test_what_the_program_did_not_put_there_is_never_deleted(places: Places) -> None:
    make(places.added[0])
    make(places.variable[0])
    make(places.ours / "owner" / "copied")
    models = scan(places)
    assert len(models) == 4
    for model in models:
        assert not deletion(model, places).allowed
        with pytest.raises(UserError):
            delete(model, places)
        assert (model.ref.folder / "model.safetensors").exists()


def test_a_record_alone_does_not_make_a_folder_elsewhere_ours(places: Places) -> None:
    folder = make_ours(places.added[0], "owner/tiny")
    model = only(places, Source.ADDED)
    claimed = LocalModel(ModelRef("x", folder), Source.OURS, Condition.READY, model.spec, 1)
    assert not deletion(claimed, places).allowed
    with pytest.raises(UserError):
        delete(claimed, places)


def test_deleting_from_the_cache_leaves_what_another_version_shares(places: Places) -> None:
    cache = places.caches[0]
    old = make_cached(cache, "Qwen/Qwen3-0.6B", OTHER)
    make_cached(cache, "Qwen/Qwen3-0.6B", COMMIT, model_files(vocab_size=101))
    model = only(places, Source.CACHE)
    planned = deletion(model, places)
    assert "Other programs" in planned.words
    assert 0 < planned.freed_bytes < 5000
    assert delete(model, places) == planned.freed_bytes
    assert (old / "model.safetensors").read_bytes()
    assert only(places, Source.CACHE).commit == OTHER
    delete(only(places, Source.CACHE), places)
    assert not (cache / "models--Qwen--Qwen3-0.6B").exists()


def test_a_snapshot_that_leads_out_of_the_cache_is_not_deleted(places: Places, tmp_path: Path) -> None:
    cache, precious = places.caches[0], tmp_path / "precious.json"
    precious.write_text("mine")
    make_cached(cache, "Qwen/Qwen3-0.6B", OTHER)
    snapshot = make_cached(cache, "Qwen/Qwen3-0.6B", COMMIT, model_files(vocab_size=101))
    (snapshot / "extra.json").symlink_to(precious)
    model = only(places, Source.CACHE)
    assert "leads out" in deletion(model, places).words
    with pytest.raises(UserError):
        delete(model, places)
    assert precious.read_text() == "mine"
