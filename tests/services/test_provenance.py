"""Where answers come from: files and their hashes, the engine's arguments without this computer's folders, hardware."""

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import LaunchPlan, ModelRef, ModelSettings
from desktop_app.domain.library import HubFile, HubModel
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.engine import launch
from desktop_app.hub import hashes, manifest
from desktop_app.paths import Paths
from desktop_app.services.provenance import Provenances, arguments_of, hardware_line
from desktop_app.store.database import Database
from desktop_app.store.experiments import ExperimentStore
from desktop_app.transfer import names
from tests.engine_fakes import make_environment, make_model

MACHINE = Machine("a processor", 2, 8 << 30, frozenset())


class _Hashes:
    """Keeps hashes in memory, or cannot."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Path, int, int], str] = {}
        self.failure: UserError | None = None

    async def file_hash(self, path: Path, size: int, mtime_ns: int) -> str | None:
        if self.failure:
            raise self.failure
        return self.kept.get((path, size, mtime_ns))

    async def keep_file_hash(self, path: Path, size: int, mtime_ns: int, hashed: str) -> None:
        if self.failure:
            raise self.failure
        self.kept[path, size, mtime_ns] = hashed


@pytest.fixture
async def store(paths: Paths) -> AsyncIterator[ExperimentStore]:
    database = Database(paths.database)
    assert await database.open() is None
    yield ExperimentStore(database)
    await database.close()


def plan_of(model: ModelRef, paths: Paths, folder: Path, *flags: tuple[str, str]) -> LaunchPlan:
    settings = ModelSettings(flags=flags)
    return launch.plan(model, make_environment(folder), paths.engine(model.key), MACHINE, settings)


def hash_of(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


async def test_every_file_has_its_hash_and_is_read_once(store: ExperimentStore, tmp_path: Path) -> None:
    model = make_model(tmp_path)
    (model.folder / "sub").mkdir()
    (model.folder / "sub" / "more.txt").write_text("more", "utf-8")
    (model.folder / ".hidden").write_text("no", "utf-8")
    os.mkfifo(model.folder / "pipe")
    (model.folder / "loose").symlink_to("nowhere")
    found = Provenances(store, lambda: MACHINE)

    files = dict(await found.files(model))

    expected = ["config.json", "fake_engine.json", "model.safetensors", "sub/more.txt", "tokenizer.json"]
    assert files == {name: hash_of(model.folder / name) for name in expected}
    weights = model.folder / "model.safetensors"
    about = weights.stat()
    assert await store.file_hash(weights, about.st_size, about.st_mtime_ns) == files["model.safetensors"]
    await store.keep_file_hash(weights, about.st_size, about.st_mtime_ns, "0" * 64)
    assert dict(await found.files(model))["model.safetensors"] == "0" * 64, "what is known is not read again"
    weights.write_bytes(b"other")
    assert dict(await found.files(model))["model.safetensors"] == hash_of(weights)


async def test_what_a_download_verified_counts_until_the_file_changes(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / names.OURS).mkdir(parents=True)
    weights = folder / "model.safetensors"
    weights.write_bytes(b"weights")
    said = "a" * 64
    model = HubModel("owner/name", "c" * 40, files=(HubFile("model.safetensors", 7, said, ""),))
    manifest.write(folder, manifest.Manifest(model).with_verified(folder, ["model.safetensors"]))
    kept = _Hashes()
    found = Provenances(kept, lambda: MACHINE)
    assert dict(await found.files(ModelRef("name", folder))) == {"model.safetensors": said}
    assert kept.kept == {}
    os.utime(weights, ns=(1, 1))
    assert dict(await found.files(ModelRef("name", folder))) == {"model.safetensors": hash_of(weights)}
    assert hashes.commit_of(folder) == "c" * 40


async def test_without_a_cache_it_is_reckoned_and_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    model = make_model(tmp_path)
    kept = _Hashes()
    kept.failure = UserError("The disk is full.")
    assert len(await Provenances(kept, lambda: MACHINE).files(model)) == 4
    assert await Provenances(kept, lambda: MACHINE).files(ModelRef("none", tmp_path / "none")) == ()


def test_hashing_ends_when_nobody_waits(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(bytes(3 << 20))
    ended = threading.Event()
    ended.set()
    assert hashes.sha256_of(file, ended.is_set) == ""
    assert hashes.sha256_of(file, threading.Event().is_set) == hash_of(file)


async def test_an_engine_says_what_it_was_started_with(paths: Paths, tmp_path: Path) -> None:
    model = make_model(tmp_path)
    template = "{{ messages }}"
    (model.folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}), "utf-8")
    plan = plan_of(model, paths, tmp_path, ("--kv-cache-dtype", "fp8"))
    found = await Provenances(_Hashes(), lambda: MACHINE).of_engine(model, plan, (("a", "b"),))
    assert (found.model, found.engine, found.files) == ("tiny", "vLLM 0.32.0 (CPU)", (("a", "b"),))
    assert found.template == sha256(template.encode()).hexdigest()
    assert found.hardware == "a processor, 2 cores, 8.0 GB of memory"
    assert found.program
    assert "fp8" in found.arguments
    assert str(tmp_path) not in " ".join(found.arguments)
    assert not {"--model", "--uds"} & set(found.arguments)
    assert "tiny" not in " ".join(found.arguments)
    moved = replace(model, name="other", folder=model.folder.rename(tmp_path / "moved"))
    again = await Provenances(_Hashes(), lambda: MACHINE).of_engine(model, replace(plan, model=moved), ())
    assert again.arguments == found.arguments, "where it lies makes no difference"


def test_arguments_show_no_folders_and_no_keys_and_variables_count(paths: Paths, tmp_path: Path) -> None:
    settings = ModelSettings(
        flags=(
            ("--lora-modules", "'one=/home/jo doe/my loras/one' two=/srv/two"),
            ("--model-loader-extra-config", '{"path": "/home/jo doe/a b/c.json", "s3_secret_key": "hush-hush"}'),
            ("--otlp-traces-endpoint", "https://jo:hush-hush@example.org/v1"),
        ),
        variables=(
            ("VLLM_ATTENTION_BACKEND", "TRITON_ATTN"),
            ("VLLM_CACHE", "/home/jo doe/cache"),
            ("MY_PIN", "hush-hush"),
        ),
    )
    model = make_model(tmp_path)
    plan = launch.plan(model, make_environment(tmp_path), paths.engine(model.key), MACHINE, settings)
    words = " ".join(arguments_of(plan))
    assert "--enable-prompt-tokens-details --enable-per-request-metrics" in words
    assert words.count("<masked>") == 3
    for secret in ("hush", "doe", "srv", "loras", "a b"):
        assert secret not in words
    for kept in ("one=…/one", "two=…/two", "…/c.json", "VLLM_ATTENTION_BACKEND=TRITON_ATTN", "VLLM_CACHE=…/cache"):
        assert kept in words


async def test_a_template_that_was_chosen_counts(paths: Paths, tmp_path: Path) -> None:
    model = make_model(tmp_path)
    file = tmp_path / "own.jinja"
    file.write_text("own", "utf-8")
    found = Provenances(_Hashes(), lambda: MACHINE)
    for chosen, text in ((str(file), "own"), ("{{ inline }}", "{{ inline }}")):
        plan = plan_of(model, paths, tmp_path, ("--chat-template", chosen))
        assert (await found.of_engine(model, plan, ())).template == sha256(text.encode()).hexdigest()
        assert str(tmp_path) not in " ".join(arguments_of(plan))


async def test_a_server_elsewhere_is_its_address() -> None:
    found = await Provenances(_Hashes(), lambda: MACHINE).of_server(ModelRef("m", address="https://h/v1"), "")
    assert (found.model, found.address, found.engine, found.hardware) == ("m", "https://h/v1", "", "")


def test_hardware_in_a_line() -> None:
    card = Gpu("NVIDIA H200", 141 << 30, 100 << 30, "570.1")
    machine = replace(MACHINE, gpus=(card, card), cores=1)
    assert hardware_line(machine, EngineKind.CPU) == "a processor, 1 core, 8.0 GB of memory"
    words = "NVIDIA H200 (141.0 GB), NVIDIA H200 (141.0 GB), driver 570.1"
    assert hardware_line(machine, EngineKind.CUDA) == f"a processor, 1 core, 8.0 GB of memory, {words}"


async def test_a_hash_that_nobody_waits_for_is_given_up(tmp_path: Path) -> None:
    model = make_model(tmp_path)
    work = asyncio.create_task(Provenances(_Hashes(), lambda: MACHINE).files(model))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
