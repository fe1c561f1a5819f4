"""For the tests of installing: packages made by hand instead of gigabytes, and an environment to begin with."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app.domain.engine import EngineKind
from desktop_app.domain.machine import Machine
from desktop_app.engine import install
from desktop_app.paths import Paths
from desktop_app.services.setup import Setup
from tests.engine.wheelhouse import isolate_pip, vllm_files

MACHINE = Machine("a processor", 2, 8 << 30, frozenset())


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the only place that pip looks in; and an engine that is as small as what lies there."""
    monkeypatch.setitem(install._DISK_BYTES, EngineKind.CPU, 50_000_000)
    return isolate_pip(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def bare_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but pip, to copy: `venv` takes seconds."""
    folder = tmp_path_factory.mktemp("template") / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder


@pytest.fixture
def theirs(bare_environment: Path, tmp_path: Path) -> Path:
    """An environment with vLLM 0.33.1 that somebody else made."""
    folder = tmp_path / "theirs"
    shutil.copytree(bare_environment, folder, symlinks=True)
    packages = next(folder.glob("lib/python3.*/site-packages"))
    for name, text in vllm_files("0.33.1").items():
        file = packages / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return folder


@pytest.fixture
def setup(paths: Paths, wheels: Path, bare_environment: Path) -> Setup:
    """Its environment is begun, so that an installation comes to the packages at once."""
    shutil.copytree(bare_environment, paths.engines / "vllm-cpu", symlinks=True)
    return Setup(paths, lambda: MACHINE)
